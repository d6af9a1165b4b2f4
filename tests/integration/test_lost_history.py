"""The source no longer knows a stored position: a gap, loud and with a way out."""

import pytest

from support.waiting import wait_for


@pytest.fixture
def forgetful(new_server):
    """A source that keeps 200 changes, and a target."""
    return new_server("source", oplog_entries=200), new_server("target")


def forget(client):
    client.filler.c.insert_many([{"_id": n} for n in range(1_500)])
    client.filler.c.delete_many({})


def lost(service):
    service.start()
    assert service.wait_exit() == 3
    return service.log


def test_a_lost_history_stops_with_the_reason_and_the_way_out(forgetful, new_service):
    source, target = forgetful
    here, there = source.client(), target.client()
    service = new_service(source.uri(), target.uri(), ["db.c"]).start_and_watch()
    here.db.c.insert_one({"_id": 1})
    wait_for(lambda: there.db.c.find_one(), "the first document")
    assert service.stop() == 0
    token = service.state()["resume_tokens"]["db.c"]
    here.db.c.insert_one({"_id": "in the gap"})
    forget(here)

    log = lost(service)
    assert "db.c" in log and "--accept-gap" in log
    assert "Watching for changes..." not in log
    assert service.state()["resume_tokens"]["db.c"] == token, "a dead position is kept until an operator decides"
    assert "--accept-gap" in lost(service), "never a silent restart from now"

    service.start_and_watch("--accept-gap", "all")
    here.db.c.insert_one({"_id": "after the gap"})
    wait_for(lambda: there.db.c.find_one({"_id": "after the gap"}), "the document after the gap")
    assert there.db.c.find_one({"_id": "in the gap"}) is None
    assert service.stop() == 0
    service.start_and_watch()
    assert service.stop() == 0


def test_check_sees_it_before_a_start(forgetful, new_service):
    source, target = forgetful
    service = new_service(source.uri(), target.uri(), ["db.c"]).start_and_watch()
    assert service.stop() == 0
    assert service.start("check").wait_exit() == 0
    forget(source.client())
    assert service.start("check").wait_exit() == 1
    assert "cannot go on from the saved position: db.c: " in service.log


def test_a_gap_is_accepted_by_its_name(forgetful, new_service, settle):
    source, target = forgetful
    here, there = source.client(), target.client()
    service = new_service(source.uri(), target.uri(), ["db.c"]).start_and_watch()
    assert service.stop() == 0
    forget(here)
    lost(service)
    service.start("--accept-gap", "db.no_such_stream")
    assert service.wait_exit() == 1
    assert "db.c" in service.log, "the streams that are in a gap are named"
    service.start_and_watch("--accept-gap", "db.c")
    here.db.c.insert_one({"_id": 1})
    settle(service, here, there, ["db.c"])


def test_one_lost_stream_does_not_stop_the_others(forgetful, new_service):
    source, target = forgetful
    here, there = source.client(), target.client()
    sections = {"watch": {"scope": "collection"}}
    service = new_service(source.uri(), target.uri(), ["db.a"], **sections).start_and_watch()
    assert service.stop() == 0
    forget(here)
    service.config["watch"]["collections"] = ["db.a", "db.b"]
    service.configure(service.config)
    service.start()
    service.wait_for_log(r"db\.a.*(?s:.)*--accept-gap")
    # b may still be opening: write until one arrives.
    numbers = iter(range(10_000))
    wait_for(lambda: here.db.b.insert_one({"_id": next(numbers)}) and there.db.b.find_one(), "b goes on", every=0.2)
    status = service.status()
    assert "state=gap" in status, status
    assert service.process.exit_code() is None
    wait_for(lambda: "backlog=0" in service.status(), service.status)
    assert service.stop() == 0, "a stop that was asked for, with a stream that lives"


def test_the_reset_also_ends_a_gap(forgetful, new_service, settle):
    source, target = forgetful
    here, there = source.client(), target.client()
    service = new_service(source.uri(), target.uri(), ["db.c"]).start_and_watch()
    assert service.stop() == 0
    forget(here)
    lost(service)
    service.start_and_watch("--reset")
    here.db.c.insert_one({"_id": 1})
    settle(service, here, there, ["db.c"])
