"""What is watched, and by how many streams."""

import contextlib
import threading
import time

import pymongo
import pytest

from support import raw
from support.waiting import wait_for


@pytest.mark.parametrize("scope", ["auto", "database", "cluster"])
def test_a_database_wildcard_takes_collections_that_appear_later(pair, sync, database, settle, scope):
    service = sync([f"{database}.*"], watch={"scope": scope}).start_and_watch()
    names = [f"{database}.{name}" for name in ("early", "later", "with.dots", "with space", "\u00fc\u4e16")]
    for name in names:
        pair.source[database][name.split(".", 1)[1]].insert_one({"_id": 1})
        pair.source[f"{database}_other"].c.insert_one({})
    settle(service, pair.source, pair.target, names)
    assert f"{database}_other" not in pair.target.list_database_names()


def test_a_cluster_wildcard_takes_databases_that_appear_later(new_server, new_service, settle):
    source, target = new_server("source"), new_server("target")
    here, there = source.client(), target.client()
    service = new_service(source.uri(), target.uri(), ["*"], watch={"exclude": ["secret.*", "a.hidden"]})
    service.start_and_watch()
    for name in ("a", "b", "secret"):
        here[name].c.insert_one({"_id": name})
        here[name].hidden.insert_one({"_id": name})
    settle(service, here, there, ["a.c", "b.c", "b.hidden"])
    assert sorted(set(there.list_database_names()) - {"admin", "local", "config"}) == ["a", "b"]
    assert there.a.list_collection_names() == ["c"]


@pytest.mark.parametrize("scope, streams", [("collection", 3), ("database", 2), ("cluster", 1)])
def test_the_scope_says_how_many_streams_are_opened(pair, sync, database, settle, scope, streams):
    names = [f"{database}.a", f"{database}.b", f"{database}_2.a"]
    service = sync(names, watch={"scope": scope}).start_and_watch()
    for name in [*names, f"{database}.not_listed"]:
        pair.source[name.split(".")[0]][name.split(".")[1]].insert_one({"_id": name})
    settle(service, pair.source, pair.target, names)
    assert pair.target[database].not_listed.count_documents({}) == 0
    assert len(service.state()["resume_tokens"]) == streams, service.state()


def test_a_changed_watch_list_says_what_is_not_carried_over(sync, database):
    service = sync([f"{database}.a", f"{database}.b"]).start_and_watch()
    assert service.stop() == 0
    assert "watched" not in service.log
    for names, line in (["b"], f"not watched any more: {database}.a; the position is forgotten"), \
                       (["a", "b"], f"watched from now on: {database}.a; what it holds"):
        service.config["watch"]["collections"] = [f"{database}.{name}" for name in names]
        service.configure(service.config)
        service.start_and_watch()
        assert service.stop() == 0
        assert f"WARNING {line}" in service.log


def test_excluded_collections_stay_away(pair, sync, database, settle):
    service = sync([f"{database}.*"], watch={"exclude": [f"{database}.a", f"{database}.b"]}).start_and_watch()
    for name in "abcd":
        pair.source[database][name].insert_one({"_id": 1})
    pair.source[database].a.drop()
    settle(service, pair.source, pair.target, [f"{database}.c", f"{database}.d"])
    assert sorted(pair.target[database].list_collection_names()) == ["c", "d"]


def test_three_hundred_listed_collections_do_not_delay_one_another(pair, sync, database, settle):
    names = [f"{database}.c{number}" for number in range(300)]
    service = sync(names).start_and_watch(seconds=60)
    source, target = pair.source[database], pair.target[database]
    for number in range(300):
        source[f"c{number}"].insert_many([{"_id": n, "v": number} for n in range(3)])
    pair.wait_equal(names)
    delays = []
    for number in range(0, 300, 20):
        begin = time.monotonic()
        source[f"c{number}"].insert_one({"_id": "timed"})
        wait_for(lambda: target[f"c{number}"].find_one({"_id": "timed"}),  # pylint: disable=cell-var-from-loop
                 f"the document in c{number}", every=0.002)
        delays.append(time.monotonic() - begin)
    # One after the other, 300 waits of a quiet stream would be minutes; a second is far above a healthy delay.
    assert sorted(delays)[len(delays) // 2] < 1.0, delays
    for number in range(0, 300, 7):
        source[f"c{number}"].delete_one({"_id": 0})
    settle(service, pair.source, pair.target, names[::10])


def flood(collection, turn):
    """Inserts without end."""
    collection.insert_many([{"_id": turn * 1_000 + n, "pad": "x" * 900} for n in range(1_000)])


def come_and_go(collection, turn):
    """Lives that end in a rename out of the watch list or in a drop; at the target both are a drop."""
    collection.insert_many([{"_id": n, "turn": turn} for n in range(100)])
    if turn % 2:
        collection.drop()
    else:
        collection.rename("out_of_sight", dropTarget=True)
    time.sleep(0.1)  # turns need not be many


@contextlib.contextmanager
def repeated(uri, database, action):
    """Runs action(collection `restless`, 0), then with 1, 2, ... in a thread of its own; gives how often so far."""
    stop, done = threading.Event(), []

    def work():
        with pymongo.MongoClient(uri) as client:
            while not stop.is_set():
                action(client[database].restless, len(done))
                done.append(None)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield lambda: len(done)
    finally:
        stop.set()
        thread.join(60)


def delays_of_others(pair, database, seconds):
    """How long documents of a, b and c take to arrive, one after the other."""
    delays, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        number, name = len(delays), "abc"[len(delays) % 3]
        begin = time.monotonic()
        pair.source[database][name].insert_one({"_id": number})
        wait_for(lambda: pair.target[database][name].find_one({"_id": number}),  # pylint: disable=cell-var-from-loop
                 f"document {number} in {name}", every=0.002)
        delays.append(time.monotonic() - begin)
    delays.sort()
    print(f"{len(delays)} delays: median {delays[len(delays) // 2]:.3f} s, longest {delays[-1]:.3f} s")
    return delays


def test_a_hot_collection_does_not_hold_up_others_with_streams_of_their_own(pair, sync, database, settle):
    names = [f"{database}.{name}" for name in ("restless", "a", "b", "c")]
    service = sync(names, watch={"scope": "collection"}).start_and_watch()
    with repeated(pair.source_server.uri(), database, flood) as turns:
        wait_for(lambda: turns() >= 3 and pair.target[database].restless.find_one(), "the hot one at work")
        before = turns()
        delays = delays_of_others(pair, database, seconds=4)
        assert turns() > before + 3, "it was hot all the while"
    # Waiting for the reading of the others, each up to a second when it is quiet, would be above a second.
    assert delays[len(delays) // 2] < 0.6, delays
    settle(service, pair.source, pair.target, names, seconds=90)


def test_a_collection_that_comes_and_goes_does_not_hold_up_others_with_streams_of_their_own(
        pair, new_service, new_proxy, database, settle):
    """Each drop takes the target 2 seconds. A shared stream would stand still so long: docs/operations.md."""
    names = [f"{database}.{name}" for name in ("restless", "a", "b", "c")]
    proxy = new_proxy(pair.target_server)
    proxy.slow(b"drop\0" + raw.string(b"restless"), 2.0)
    service = new_service(pair.source_server.uri(), pair.target_server.uri(port=proxy.port), names,
                          watch={"scope": "collection"}).start_and_watch()
    with repeated(pair.source_server.uri(), database, come_and_go) as turns:
        wait_for(lambda: turns() >= 2, "two lives")
        delays = delays_of_others(pair, database, seconds=5)
    assert service.log.count("done on the target: drop of") >= 2
    assert delays[-1] < 1.5, delays
    settle(service, pair.source, pair.target, names[1:], seconds=90)


def test_three_hundred_collections_as_streams_of_their_own(pair, sync, database, settle):
    names = [f"{database}.c{number}" for number in range(300)]
    service = sync(names, watch={"scope": "collection"}).start_and_watch(seconds=90)
    for number in range(300):
        pair.source[database][f"c{number}"].insert_one({"_id": number})
    pair.wait_equal(names, 60)
    settle(service, pair.source, pair.target, names[:3])
    assert len(service.state()["resume_tokens"]) == 300
