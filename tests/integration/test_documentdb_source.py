"""A source whose change streams have the form of DocumentDB's preview (support/documentdb.py)."""

import re

import pymongo
import pytest

from support.documentdb import DocumentDbForm
from support.waiting import wait_for
from support.workload import Workload

KILLS = 6


@pytest.fixture
def preview(pair, new_proxy):
    return new_proxy(pair.source_server, DocumentDbForm)


def test_the_proxy_gives_the_form_that_was_measured(pair, preview, database):
    uri = pair.source_server.uri(port=preview.port)
    with pymongo.MongoClient(uri) as client, client[database].c.watch(full_document="updateLookup") as stream:
        assert stream.resume_token is None
        client[database].c.insert_one({"_id": 1.5})
        client[database].c.update_one({"_id": 1.5}, {"$set": {"v": 1}})
        client[database].c.replace_one({"_id": 1.5}, {"v": 2})
        client[database].c.delete_one({"_id": 1.5})
        events = [next(stream) for _ in range(4)]
        last = stream.resume_token
        assert stream.try_next() is None and stream.resume_token == last == events[-1]["_id"]
    assert [event["operationType"] for event in events] == ["insert", "update", "update", "delete"]
    assert all(event["documentKey"] == {"": 1.5} and "updateDescription" not in event for event in events)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", event["wallTime"]) for event in events), events[0]


@pytest.mark.parametrize("scope", ["collection", "database"])
def test_a_mixed_workload_with_kills_ends_equal(pair, preview, new_service, database, settle, scope):
    names = [f"{database}.a", f"{database}.b"]
    service = new_service(pair.source_server.uri(port=preview.port), pair.target_server.uri(), names,
                          watch={"scope": scope}).start_and_watch()
    service.kill()  # before the first event: there is no token yet
    pair.source[database].a.insert_one({"_id": "while it was down"})
    service.start_and_watch()
    workload = Workload(pair.source_server.uri(), names, seed=51).start()
    for _ in range(KILLS):
        before = service.state()["sync_stats"]["total_synced"]
        wait_for(lambda: service.state()["sync_stats"]["total_synced"] > before + 20,  # pylint: disable=cell-var-from-loop
                 service.process.log_tail)
        service.kill()
        service.start()
    service.wait_for_log(r"Watching for changes\.\.\.")
    assert workload.stop() > 100
    wait_for(lambda: "update=" in service.status(), service.status)
    assert "replace=" not in service.status()
    settle(service, pair.source, pair.target, names)
    assert preview.events > 100 and preview.tokens_held_back > 0
