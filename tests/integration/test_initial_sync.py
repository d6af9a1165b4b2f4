"""From a filled source and an empty target to two equal servers."""

import re
import time

import pytest

from support.compare import wait_equal
from support.filled import document, fill_every_kind, insert, same_schema
from support.refusal import refuse_bad
from support.service import run
from support.waiting import wait_for
from support.workload import Workload

AUTO = {"mode": "auto"}


def copy(service, seconds=90.0):
    """`documentdb-sync copy`: its exit code."""
    return service.start("copy").wait_exit(seconds)


@pytest.mark.parametrize("scope", ["one database", "everything", "each collection"])
def test_copy_makes_the_target_equal_and_ends(new_server, new_service, scope):
    source, target = new_server("source"), new_server("target")
    here, there = source.client(), target.client()
    fill_every_kind(here.db)
    here.other.small.insert_one({"_id": 1})
    names = {"one database": ["db.*", "other.*"], "everything": ["*"],
             "each collection": ["other.small", *(f"db.{name}" for name in here.db.list_collection_names()
                                                  if not name.startswith("system."))]}[scope]
    service = new_service(source.uri(), target.uri(), names,
                          **({"watch": {"scope": "collection"}} if scope == "each collection" else {}))
    assert copy(service) == 0
    wait_equal(here, there, ["db.*", "other.*"], 0)
    assert same_schema(here, there, "db") == {}


def test_copy_says_in_what_the_sides_still_differ(pair, sync, database):
    pair.source[database].c.insert_many([{"_id": n, **({"bad": 1} if n == 7 else {})} for n in range(20)])
    pair.source[database].c.create_index("u", unique=True, sparse=True)
    refuse_bad(pair.target[database].c)
    service = sync([f"{database}.c"], on_error="quarantine")
    assert copy(service) == 4
    assert "everything is copied, but: 1 documents are in the dead-letter file" in service.log
    assert pair.target[database].c.count_documents({}) == 19


def test_documents_older_than_their_validator_are_copied(pair, sync, database):
    here = pair.source[database]
    insert(here.c, (document(n, n) for n in range(1_000)))
    here.command("collMod", "c", validator={"n": {"$gte": 500}})
    assert copy(sync([f"{database}.*"])) == 0
    wait_equal(pair.source, pair.target, [f"{database}.*"], 0)
    assert pair.target[database].c.options()["validator"] == {"n": {"$gte": 500}}


def test_the_status_says_checking_until_it_is_known_what_is_copied(pair, new_proxy, new_service, database):
    """Before a copy the service counts at the target; the target takes its time."""
    insert(pair.source[database].c, (document(n, n) for n in range(10)))
    proxy = new_proxy(pair.target_server)
    proxy.slow(b"count\0", 8)
    service = new_service(pair.source_server.uri(), pair.target_server.uri(port=proxy.port), [f"{database}.c"],
                          initial_sync=AUTO).start_and_watch()
    assert "state=checking " in service.status(seconds=5)
    service.wait_for_log("is copied; the changes made meanwhile follow")
    wait_for(lambda: "state=live " in service.status(), service.status)


def test_a_limited_copy_takes_its_time_and_tells_how_far_it_is(pair, sync, database):
    insert(pair.source[database].c, ({"_id": n, "pad": "x" * 1_000} for n in range(8_000)))
    service = sync([f"{database}.c"], initial_sync={"max_bytes_per_second": "500 kB"})
    began = time.monotonic()
    assert copy(service) == 0
    assert time.monotonic() - began > 0.9 * 8_000_000 / 500_000
    lines = re.findall(r"copy: phase=copying collections=0/1 documents=([0-9 ]+)/8 000 \((\d+) %\) (.*)", service.log)
    assert lines and 0 < int(lines[0][1]) < 100, service.log
    assert re.match(r"rate=\d+/s 0\.\d MB/s remaining=\d+s errors=0; now: ", lines[0][2]), lines
    wait_equal(pair.source, pair.target, [f"{database}.c"], 0)


def test_views_are_there_in_the_end(pair, sync, database):
    """Also when the target has them already, and of a collection that has documents."""
    here, there = pair.source[database], pair.target[database]
    insert(here.c, (document(n, n) for n in range(100)))
    here.command({"create": "view", "viewOn": "c", "pipeline": [{"$match": {"n": {"$lt": 10}}}]})
    assert copy(sync([f"{database}.*"])) == 0
    wait_equal(pair.source, pair.target, [f"{database}.*"], 0)
    assert same_schema(pair.source, pair.target, database) == {}
    assert there.view.count_documents({}) == 10
    assert copy(sync([f"{database}.*"], name="again", initial_sync={"target_not_empty": "merge"})) == 0
    assert same_schema(pair.source, pair.target, database) == {}


def test_a_copy_that_is_repeated_has_nothing_to_do(pair, sync, database):
    insert(pair.source[database].c, (document(n, n) for n in range(100)))
    service = sync([f"{database}.*"])
    assert copy(service) == 0
    pair.source[database].c.insert_one({"_id": "later"})
    assert copy(service) == 0
    wait_equal(pair.source, pair.target, [f"{database}.*"], 0)


def test_a_copy_that_has_nothing_to_do_says_what_the_target_lost(pair, sync, database):
    """The state says that all is copied; the collection was dropped there, or it is another target."""
    pair.source[database].kept.insert_one({"_id": 1})
    pair.source[database].lost.insert_many([{"_id": n} for n in range(100)])
    service = sync([f"{database}.*"], initial_sync=AUTO)
    assert copy(service) == 0
    assert copy(service) == 0
    assert "an earlier run had copied is not compared" in service.log
    pair.target[database].lost.drop()
    assert copy(service) == 4
    assert f"WARNING the target has no {database}.lost, in which the source holds 100 documents" in service.log
    assert "the target had lost 1 collections of an earlier run" in service.log


def test_a_copy_waits_for_what_is_looked_at_beside_it(pair, new_proxy, new_service, database):
    """What the target lost is known only after the copy, which has nothing to do, would have ended."""
    pair.source[database].lost.insert_many([{"_id": n} for n in range(100)])
    proxy = new_proxy(pair.source_server)
    service = new_service(pair.source_server.uri(port=proxy.port), pair.target_server.uri(), [f"{database}.*"],
                          initial_sync=AUTO)
    assert copy(service) == 0
    pair.target[database].lost.drop()
    proxy.slow(b"count\0", 8)
    assert copy(service) == 4
    assert "the target had lost 1 collections of an earlier run" in service.log


def test_a_copy_says_when_it_does_not_know_what_the_target_lost(pair, new_proxy, new_service, database):
    pair.source[database].kept.insert_one({"_id": 1})
    proxy = new_proxy(pair.target_server)
    service = new_service(pair.source_server.uri(), pair.target_server.uri(port=proxy.port), [f"{database}.*"],
                          initial_sync=AUTO)
    assert copy(service) == 0
    proxy.answer(b"nameOnly", {"ok": 0.0, "code": 50, "errmsg": "operation exceeded time limit"})
    assert copy(service) == 0
    assert "whether the target still has the collections of an earlier run is not known" in service.log


def test_a_copy_that_only_follows_says_what_was_never_copied(pair, sync, database):
    pair.source[database].c.insert_many([{"_id": n} for n in range(100)])
    service = sync([f"{database}.c"]).start_and_watch()
    assert service.stop() == 0
    assert copy(service) == 4
    assert f"WARNING the target has no {database}.c, in which the source holds 100 documents" in service.log


def test_a_copy_of_a_collection_that_is_written_to_can_be_repeated(pair, sync, database):
    service = sync([f"{database}.*"], initial_sync=AUTO)
    workload = Workload(pair.source_server.uri(), [f"{database}.c{n}" for n in range(3)], seed=7).start()
    wait_for(lambda: pair.source[database].c0.find_one(), "documents")
    codes = [copy(service) for _ in range(2)]
    workload.stop()
    assert codes == [0, 0]


def test_a_copy_remembers_the_documents_that_an_earlier_one_put_aside(pair, sync, database):
    pair.source[database].c.insert_many([{"_id": n, **({"bad": 1} if n == 7 else {})} for n in range(20)])
    refuse_bad(pair.target[database].c)
    service = sync([f"{database}.c"], on_error="quarantine")
    assert copy(service) == 4
    assert copy(service) == 4
    assert "holds documents that the target refused in an earlier run" in service.log


def test_a_start_says_when_the_target_lost_a_collection(pair, sync, database):
    pair.source[database].c.insert_one({"_id": 1})
    service = sync([f"{database}.*"], initial_sync=AUTO)
    assert copy(service) == 0
    pair.target[database].c.drop()
    service.start_and_watch()
    service.wait_for_log(f"WARNING the target has no {database}.c, in which the source holds 1 documents")
    assert service.stop() == 0
    service.config["initial_sync"] = {"mode": "off"}
    service.configure(service.config)
    service.start_and_watch()
    assert service.stop() == 0
    assert "the target has no" not in service.log, "nothing tells that it was ever copied"


def test_a_run_goes_on_where_a_copy_ended(pair, sync, database, settle):
    insert(pair.source[database].c, (document(n, n) for n in range(100)))
    service = sync([f"{database}.*"])
    assert copy(service) == 0
    pair.source[database].c.insert_one({"_id": "between"})
    service.start_and_watch()
    settle(service, pair.source, pair.target, [f"{database}.*"])


@pytest.mark.parametrize("policy", ["refuse", "merge", "drop"])
def test_a_target_that_is_not_empty(pair, sync, database, policy):
    here, there = pair.source[database], pair.target[database]
    insert(here.c, (document(n, n) for n in range(100)))
    insert(here.d, (document(n, n) for n in range(10)))
    before = [{"_id": 5, "old": True}, {"_id": "of the target alone", "old": True}]
    there.c.insert_many(before)
    service = sync([f"{database}.*"], initial_sync={"mode": "off", "target_not_empty": policy})
    code = copy(service)
    if policy == "refuse":
        assert code == 1
        assert re.search(rf"{database}\.c holds 2 documents.*target_not_empty.*merge.*drop", service.log)
        assert list(there.c.find()) == before
        assert there.list_collection_names() == ["c"], "nothing is written"
        return
    assert code == 0
    assert bool(there.c.find_one({"_id": "of the target alone"})) == (policy == "merge")
    there.c.delete_one({"_id": "of the target alone"})
    wait_equal(pair.source, pair.target, [f"{database}.*"], 0)


def test_a_refusal_can_be_answered_with_another_setting(pair, sync, database):
    pair.source[database].c.insert_one({"_id": 1, "v": 1})
    pair.target[database].c.insert_one({"_id": 1, "v": 0})
    service = sync([f"{database}.*"])
    assert copy(service) == 1
    pair.source[database].c.insert_one({"_id": 2, "v": 2})
    service.config["initial_sync"] = {"target_not_empty": "merge"}
    service.configure(service.config)
    assert copy(service) == 0
    wait_equal(pair.source, pair.target, [f"{database}.*"], 0)


@pytest.mark.parametrize("when", ["off", "before_copy", "after_copy"])
def test_when_indexes_are_built(pair, sync, database, when):
    fill_every_kind(pair.source[database])
    assert copy(sync([f"{database}.*"], indexes=when)) == 0
    wait_equal(pair.source, pair.target, [f"{database}.*"], 0)
    if when == "off":
        assert [one["name"] for one in pair.target[database].indexed.list_indexes()] == ["_id_"]
    else:
        assert same_schema(pair.source, pair.target, database) == {}


def test_off_copies_nothing_and_says_what_the_target_lacks(pair, sync, database):
    insert(pair.source[database].c, (document(n, n) for n in range(7)))
    insert(pair.target[database].c, (document(n, n) for n in range(3)))
    insert(pair.source[database].there, (document(n, n) for n in range(5)))
    insert(pair.target[database].there, (document(n, n) for n in range(5)))
    service = sync([f"{database}.*"]).start_and_watch()
    assert f"{database}.c: the target lacks 4 existing documents (source 7, target 3)" in service.log, service.log
    assert f"{database}.there" not in service.log
    pair.source[database].c.insert_one({"_id": "later"})
    wait_for(lambda: pair.target[database].c.find_one({"_id": "later"}), "the later document")
    assert pair.target[database].c.count_documents({}) == 4
    assert service.stop() == 0


def test_the_option_of_the_command_line_copies_too(pair, sync, database, settle):
    insert(pair.source[database].c, (document(n, n) for n in range(100)))
    service = sync([f"{database}.*"]).start_and_watch("--initial-sync")
    settle(service, pair.source, pair.target, [f"{database}.*"])


@pytest.mark.parametrize("mode", ["auto", "off"])
def test_a_collection_that_is_added_under_a_stream_of_several(pair, sync, database, settle, mode):
    """The stream has a position; what the collection holds has none."""
    here = pair.source[database]
    for name in ("old", "added", "never"):
        insert(here[name], (document(n, n) for n in range(300)))
    service = sync([f"{database}.old"], watch={"scope": "database"},
                   initial_sync={"mode": mode}).start_and_watch()
    here.old.insert_one({"_id": "live"})
    wait_for(lambda: pair.target[database].old.find_one({"_id": "live"}), "the live document")
    assert service.stop() == 0
    here.added.delete_one({"_id": document(5, 5)["_id"]})
    here.old.insert_one({"_id": "while it was down"})

    service.config["watch"]["collections"].append(f"{database}.added")
    service.configure(service.config)
    service.start_and_watch()
    here.added.insert_one({"_id": "after the start"})
    wait_for(lambda: pair.target[database].added.find_one({"_id": "after the start"}), "what follows")
    assert f"watched, and not copied yet: {database}.added" in service.log
    if mode == "off":
        assert pair.target[database].added.count_documents({}) == 1
        assert service.stop() == 0
        code, report, _ = run("check", "--config", service.config_path)
        assert code == 0 and "the target lacks 299 documents" in report, report
        assert copy(service) == 1
        assert f"{database}.added holds 1 documents on the target" in service.log
        service.start_and_watch()  # what was refused does not stop the changes
        here.old.insert_one({"_id": "after the refusal"})
        wait_for(lambda: pair.target[database].old.find_one({"_id": "after the refusal"}), "what follows")
        assert service.stop() == 0
        pair.target[database].old.delete_many({})  # it was never copied: only of what was added is it told
        here.old.delete_many({})
        service.config["initial_sync"]["target_not_empty"] = "merge"
        service.configure(service.config)
        assert copy(service) == 0
        service.start_and_watch()
    settle(service, pair.source, pair.target, [f"{database}.old", f"{database}.added"])
    assert "never" not in pair.target[database].list_collection_names()
    assert f"copy of {database}.*: collections=1 documents=" in service.all_output()


def test_always_copies_again_at_each_start(pair, sync, database, settle):
    insert(pair.source[database].c, (document(n, n) for n in range(100)))
    service = sync([f"{database}.*"], initial_sync={"mode": "always", "target_not_empty": "merge"})
    for _ in range(2):
        service.start_and_watch()
        service.wait_for_log("all changes made during the copy are applied")  # before that, a start goes on with it
        settle(service, pair.source, pair.target, [f"{database}.*"])
        pair.target[database].c.delete_one({"_id": 7})  # what only another copy brings back


def test_small_collections_do_not_wait_behind_a_large_one(pair, sync, database):
    """The large one is read for several seconds, slowly enough for the writers to be free; the small ones are there long before."""
    here, there = pair.source[database], pair.target[database]
    insert(here.aaa_large, (document(n, n, 900) for n in range(30_000)))
    for number in range(30):
        insert(here[f"small{number}"], (document(n, n) for n in range(20)))
    service = sync([f"{database}.*"], initial_sync={**AUTO, "max_bytes_per_second": "2 MB"}).start()
    small = [f"small{number}" for number in range(30)]
    wait_for(lambda: all(there[name].count_documents({}) == 20 for name in small), "the small collections")
    assert there.aaa_large.estimated_document_count() < 20_000
    wait_equal(pair.source, pair.target, [f"{database}.*"], 60)
    assert service.stop() == 0
