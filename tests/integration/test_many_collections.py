"""Changes of several collections in one command of the target (bulkWrite, MongoDB 8.0)."""

import pytest
from bson import json_util

from support.messages import reply_document
from support.refusal import refuse_bad
from support.waiting import wait_for
from support.workload import every_id

COLLECTIONS = "abcde"


@pytest.fixture
def one_writer(pair, new_service, new_proxy, database):
    """The service writes through a slow proxy with one writer, so that changes have to go together."""
    proxy = new_proxy(pair.target_server)
    proxy.delay_ms = 5

    def make(apply=None, **sections):
        service = new_service(pair.source_server.uri(), pair.target_server.uri(port=proxy.port), [f"{database}.*"],
                              apply={"writers": 1, **(apply or {})}, **sections).start_and_watch()
        return service, proxy
    return make


def spread(source, identifiers):
    """Inserts, replacements and deletions, in turn in each of the collections."""
    for number, identifier in enumerate(identifiers):
        for name in COLLECTIONS:
            source[name].insert_one({"_id": identifier, "v": 0})
            if number % 3 == 1:
                source[name].replace_one({"_id": identifier}, {"v": number})
            if number % 3 == 2:
                source[name].delete_one({"_id": identifier})


def test_documents_of_every_id_arrive_whole(pair, one_writer, database, settle):
    service, proxy = one_writer()
    proxy.count(b"bulkWrite")
    spread(pair.source[database], [*every_id(), *range(1_000, 1_100)])
    spread(pair.source[database], every_id()[2::3])  # other kinds for those that are gone
    settle(service, pair.source, pair.target, [f"{database}.*"])
    assert proxy.counted > 0


def test_without_the_command_each_collection_gets_its_own(pair, one_writer, database, settle):
    service, proxy = one_writer()
    proxy.count(b"bulkWrite")
    proxy.answer(b"bulkWrite", {"ok": 0.0, "code": 59, "codeName": "CommandNotFound", "errmsg": "no such command"})
    spread(pair.source[database], range(100))
    settle(service, pair.source, pair.target, [f"{database}.*"])
    assert proxy.counted == 1
    assert service.log.count("the target refuses a bulkWrite: [59 CommandNotFound") == 1


def test_a_refused_document_does_not_touch_the_others(pair, one_writer, database):
    refuse_bad(pair.target[database].c)
    service, proxy = one_writer(on_error="quarantine")
    proxy.count(b"bulkWrite")
    for number in range(50):
        for name in COLLECTIONS:
            pair.source[database][name].insert_one({"_id": number, **({"bad": 1} if number % 10 == 0 else {})})
    wait_for(lambda: len(service.dead_letters()) == 5, "five dead letters")
    letters = json_util.loads(json_util.dumps(service.dead_letters()))
    assert {letter["namespace"] for letter in letters} == {f"{database}.c"}
    assert sorted(letter["event"]["documentKey"]["_id"] for letter in letters) == [0, 10, 20, 30, 40]
    pair.wait_equal([f"{database}.{name}" for name in COLLECTIONS if name != "c"])
    wait_for(lambda: pair.target[database].c.count_documents({}) == 45, "the others of the same collection")
    assert proxy.counted > 0
    assert service.stop() == 0


def test_a_late_duplicate_does_no_harm(pair, one_writer, database, settle):
    """secantusd-rs refuses it; secantusd-py does not look at the transaction number of a bulkWrite."""
    service, proxy = one_writer(apply={"late_write_max": 6})
    pair.source[database].a.insert_one({"_id": "first"})
    pair.wait_equal([f"{database}.a"])
    proxy.hold(b"bulkWrite")
    spread(pair.source[database], range(20))
    wait_for(lambda: proxy.holding, "a bulkWrite held back")
    names = [f"{database}.{name}" for name in COLLECTIONS]
    pair.wait_equal(names)
    for name in COLLECTIONS:
        pair.source[database][name].delete_many({})
    pair.wait_equal(names)
    assert "suspect" in service.status()
    answer = reply_document(proxy.release())
    assert (answer.get("code") == 225) == pair.target_server.is_rust, answer
    pair.wait_equal(names, 30)
    settle(service, pair.source, pair.target, names)
