"""One document that the target will never take: stop with the reason, or quarantine it and go on."""

import pytest
from bson import json_util

from support.refusal import refuse_bad, take_bad
from support.waiting import wait_for

VALIDATOR = {"bad": {"$exists": False}}


@pytest.fixture
def picky(pair, database):
    """The target's collection refuses documents with a field `bad`."""
    refuse_bad(pair.target[database].c)
    return pair.source[database].c, pair.target[database].c


def test_stop_ends_with_4_and_a_restart_continues_after_the_repair(pair, picky, sync, database, settle):
    here, there = picky
    service = sync([f"{database}.c"]).start_and_watch()
    here.insert_many([{"_id": n} for n in range(20)])
    here.insert_one({"_id": "refused one", "bad": True})
    here.insert_many([{"_id": n} for n in range(20, 40)])
    assert service.wait_exit() == 4
    assert "extract geo keys" in service.log and f"{database}.c" in service.log and "refused one" in service.log

    service.start()
    assert service.wait_exit() == 4, "it stays refused, and nothing is skipped"
    take_bad(there)
    service.start_and_watch()
    settle(service, pair.source, pair.target, [f"{database}.c"])
    assert there.find_one({"_id": "refused one"}) == {"_id": "refused one", "bad": True}
    assert service.dead_letters() == []


def test_quarantine_keeps_the_event_and_goes_on(pair, picky, sync, database):
    here, there = picky
    service = sync([f"{database}.c"], on_error="quarantine").start_and_watch()
    here.insert_many([{"_id": n, "v": 0} for n in range(20)])
    refused = {"_id": "refused one", "bad": True, "deep": {"n": 1.5}}
    here.insert_one(refused)
    here.insert_many([{"_id": n, "v": 0} for n in range(20, 40)])
    here.update_many({"_id": {"$lt": 20}}, {"$set": {"v": 1}})
    wait_for(lambda: there.count_documents({"_id": {"$type": "number"}}) == 40, "the others go on")
    wait_for(lambda: there.count_documents({"v": 1}) == 20, "and so do later changes")
    assert there.find_one({"_id": "refused one"}) is None

    records = service.dead_letters()
    assert len(records) == 1
    assert "extract geo keys" in records[0]["error"]["message"]
    assert records[0]["namespace"] == f"{database}.c"
    assert records[0]["time"].endswith("Z")
    event = json_util.loads(json_util.dumps(records[0]["event"]))
    assert event["operationType"] == "insert"
    assert event["fullDocument"] == refused
    assert service.stop() == 0

    service.start_and_watch()
    here.insert_one({"_id": "after the restart"})
    wait_for(lambda: there.find_one({"_id": "after the restart"}), "the next document")
    assert len(service.dead_letters()) == 1, "a quarantined event is done, it is not tried again"
    assert service.stop() == 0


def test_a_quarantined_document_that_becomes_good_arrives(picky, sync, database):
    here, there = picky
    service = sync([f"{database}.c"], on_error="quarantine").start_and_watch()
    here.insert_one({"_id": 1, "bad": True})
    wait_for(service.dead_letters, "the dead letter")
    here.replace_one({"_id": 1}, {"good": True})
    wait_for(lambda: there.find_one({"_id": 1}) == {"_id": 1, "good": True}, "the good version")
    assert service.stop() == 0


def test_an_event_is_in_the_dead_letters_before_the_position_passes_it(picky, sync, database):
    here, there = picky
    service = sync([f"{database}.c"], on_error="quarantine").start_and_watch()
    for turn in range(4):
        here.insert_one({"_id": f"bad {turn}", "bad": True})
        here.insert_one({"_id": f"good {turn}"})
        wait_for(lambda: there.find_one({"_id": f"good {turn}"}), "the good one")  # pylint: disable=cell-var-from-loop
        service.kill()
        service.start_and_watch()
    wait_for(lambda: {r["event"]["fullDocument"]["_id"] for r in service.dead_letters()}
             == {f"bad {turn}" for turn in range(4)}, "every refused event in the file")
    assert service.stop() == 0


@pytest.mark.parametrize("code, name", [(10334, "BSONObjectTooLarge"), (2, "BadValue")])
def test_a_command_refused_as_a_whole_is_split_until_the_culprit_stands_alone(
        pair, new_service, new_proxy, database, code, name):
    """As DocumentDB does with a document over 16 MiB, whatever else the command holds."""
    proxy = new_proxy(pair.target_server)
    proxy.answer(b"the culprit", {"ok": 0.0, "code": code, "codeName": name, "errmsg": "the document is too large"})
    service = new_service(pair.source_server.uri(), pair.target_server.uri(port=proxy.port), [f"{database}.c"],
                          on_error="quarantine").start_and_watch()
    here, there = pair.source[database].c, pair.target[database].c
    here.insert_many([{"_id": n, "text": "the culprit" if n == 321 else "fine"} for n in range(500)])
    wait_for(lambda: there.count_documents({}) == 499, "all but the one")
    wait_for(service.dead_letters, "the dead letter")
    assert there.find_one({"_id": 321}) is None
    assert service.stop() == 0
    letters = service.dead_letters()
    assert [(letter["event"]["documentKey"]["_id"], letter["error"]["code"]) for letter in letters] == [
        ({"$numberInt": "321"}, code)], letters


def test_a_conflict_on_a_unique_index_that_never_ends(pair, sync, database):
    """A document of the target alone holds the value: set aside at first, permanent when nothing moves."""
    there = pair.target[database].c
    there.create_index("e", unique=True)
    there.insert_one({"_id": "of the target alone", "e": 7})
    service = sync([f"{database}.c"], on_error="quarantine").start_and_watch()
    here = pair.source[database].c
    here.insert_many([{"_id": n, "e": n} for n in range(20)])
    wait_for(lambda: there.count_documents({}) == 20, "all but the one")
    wait_for(lambda: len(service.dead_letters()) == 1, "the dead letter", 60)
    assert service.dead_letters()[0]["error"]["code"] == 11000
    here.insert_one({"_id": "later", "e": 100})
    wait_for(lambda: there.find_one({"_id": "later"}), "later changes")
    assert service.stop() == 0


def test_a_conflict_on_a_unique_index_stops_when_asked_to(pair, sync, database, settle):
    there = pair.target[database].c
    there.create_index("e", unique=True)
    there.insert_one({"_id": "of the target alone", "e": 7})
    service = sync([f"{database}.c"]).start_and_watch()
    pair.source[database].c.insert_one({"_id": 1, "e": 7})
    assert service.wait_exit(60) == 4
    assert "11000" in service.log
    there.delete_one({"_id": "of the target alone"})
    service.start_and_watch()
    settle(service, pair.source, pair.target, [f"{database}.c"])


def write_good_and_bad(collection):
    collection.insert_many([{"_id": n, **({"bad": 1} if n % 5 == 0 else {})} for n in range(50)])
    collection.update_many({"_id": {"$lt": 10}}, {"$set": {"bad": 2}})


def test_what_a_validator_refuses_is_written_past_it(pair, sync, database, settle):
    """The source took it: before its validator, or while an update that the stream tells later was still to come."""
    pair.target[database].create_collection("c", validator=VALIDATOR)
    service = sync([f"{database}.*"]).start_and_watch()
    write_good_and_bad(pair.source[database].c)
    write_good_and_bad(pair.source[database].other)
    settle(service, pair.source, pair.target, [f"{database}.*"])
    assert pair.target[database].c.count_documents({"bad": 2}) == 10
    assert pair.target[database].c.options()["validator"] == VALIDATOR
    assert service.log.count("documents are written past validators") == 1


def test_where_the_user_may_not_pass_a_validator_the_document_is_refused(pair, new_service, new_proxy, database):
    proxy = new_proxy(pair.target_server)
    proxy.answer(b"bypassDocumentValidation",
                 {"ok": 0.0, "code": 13, "codeName": "Unauthorized", "errmsg": "not authorized on db"})
    pair.target[database].create_collection("c", validator=VALIDATOR)
    service = new_service(pair.source_server.uri(), pair.target_server.uri(port=proxy.port),
                          [f"{database}.c"]).start_and_watch()
    write_good_and_bad(pair.source[database].c)
    assert service.wait_exit() == 4
    assert "121" in service.log and "lacks the action bypassDocumentValidation" in service.log
