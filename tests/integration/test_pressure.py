"""Throttling, errors that pass, and a memory bound that holds."""

import time

import re

import pytest

from support.pair import Pair
from support.server import Server
from support.waiting import wait_for

WRITES = ["insert", "update", "delete"]
MIB = 1 << 20


@pytest.fixture(scope="module")
def failing(tmp_path_factory):
    """A source and a target with fail points (only secantusd-py has them)."""
    folder = tmp_path_factory.mktemp("failing")
    servers = [Server(folder / name, "py", arguments=["--enable-test-commands"]) for name in ("source", "target")]
    try:
        yield Pair(*[server.start() for server in servers])
    finally:
        for server in servers:
            server.discard()


@pytest.fixture
def fail(failing):
    """fail("target", ["insert"], times=3, errorCode=16500); for the service only; ends with the test."""
    def arm(side, commands, times, **data):
        getattr(failing, side).admin.command(
            "configureFailPoint", "failCommand", mode={"times": times},
            data={"failCommands": commands, "appName": "documentdb-sync", **data})
    yield arm
    for client in (failing.source, failing.target):
        client.admin.command("configureFailPoint", "failCommand", mode="off")


@pytest.fixture
def failing_sync(failing, new_service, database):
    """A running service between the two. After an error that tells of another primary the driver asks the server again
    and waits for the answer: a heartbeat long, since a fail point is no real fail-over."""
    def make(**sections):
        uris = [server.uri(heartbeatFrequencyMS=500) for server in (failing.source_server, failing.target_server)]
        return new_service(*uris, [f"{database}.c"], **sections).start_and_watch()
    return make


def change(collection, turn):
    collection.insert_many([{"_id": f"{turn}-{n}", "v": 0} for n in range(50)])
    collection.update_many({"v": 0}, {"$set": {"v": turn + 1}})
    collection.delete_one({"_id": f"{turn}-7"})


@pytest.mark.parametrize("code", [16500, 10107, 13435, 11600, 11602, 189, 91, 89, 6, 7, 262, 50, 112])
def test_a_passing_error_of_the_target_is_retried(failing, fail, failing_sync, database, settle, code):
    service = failing_sync()
    fail("target", WRITES, 4, errorCode=code)
    change(failing.source[database].c, 0)
    settle(service, failing.source, failing.target, [f"{database}.c"])
    assert re.search(rf"\[{code} \w+, retried", service.log), "the log shows the code"
    assert service.dead_letters() == []


def test_long_throttling_is_outlasted(failing, fail, failing_sync, database, settle):
    service = failing_sync(on_error="quarantine")
    fail("target", WRITES, 25, errorCode=16500)
    for turn in range(10):
        change(failing.source[database].c, turn)
    settle(service, failing.source, failing.target, [f"{database}.c"])
    assert service.dead_letters() == []


def test_connections_that_the_target_closes(failing, fail, failing_sync, database, settle):
    service = failing_sync()
    fail("target", WRITES, 5, closeConnection=True)
    change(failing.source[database].c, 0)
    settle(service, failing.source, failing.target, [f"{database}.c"])


def test_a_write_concern_error_is_not_taken_for_done(failing, fail, failing_sync, database, settle):
    service = failing_sync()
    fail("target", WRITES, 3, writeConcernError={"code": 91, "errmsg": "shutting down"})
    change(failing.source[database].c, 0)
    settle(service, failing.source, failing.target, [f"{database}.c"])


@pytest.mark.parametrize("data", [{"errorCode": 43}, {"errorCode": 10107}, {"errorCode": 91}, {"closeConnection": True}],
                         ids=str)
def test_a_stream_that_breaks_is_opened_again(failing, fail, failing_sync, database, settle, data):
    service = failing_sync()
    for turn in range(3):
        fail("source", ["getMore"], 2, **data)
        change(failing.source[database].c, turn)
        failing.wait_equal([f"{database}.c"])
    settle(service, failing.source, failing.target, [f"{database}.c"])


def test_a_source_that_forgot_the_position_in_mid_run_is_a_gap(fail, failing_sync):
    service = failing_sync()
    fail("source", ["getMore", "aggregate"], 1000, errorCode=286)
    assert service.wait_exit() == 3
    assert "286" in service.log and "--accept-gap" in service.log


def test_a_change_that_outgrows_16_mb_is_read_without_the_description_of_its_update(failing, fail, failing_sync, database,
                                                                                  settle):
    service = failing_sync()
    fail("source", ["getMore"], 1, errorCode=10334)
    change(failing.source[database].c, 0)
    settle(service, failing.source, failing.target, [f"{database}.c"])
    assert "10334" in service.log and "read again without the descriptions of updates" in service.log


def test_a_change_that_is_too_large_even_so_is_a_gap(fail, failing_sync):
    service = failing_sync()
    fail("source", ["getMore"], 1000, errorCode=10334)
    assert service.wait_exit() == 3
    assert "larger than 16 MB" in service.log and "--accept-gap" in service.log


def test_memory_stays_within_the_limit_while_the_target_stands_still(new_server, new_service, settle):
    source, target = new_server("source"), new_server("target")
    here, there = source.client(), target.client()
    service = new_service(source.uri(), target.uri(), ["db.*"], memory={"limit": "32 MiB"}).start_and_watch()
    here.db.c.insert_one({"_id": "first"})
    wait_for(lambda: there.db.c.find_one(), "the first document")
    target.pause()
    peak = 0
    for block in range(60):
        here.db.c.insert_many([{"_id": (block * 200) + n, "pad": "x" * 20_000} for n in range(200)])
        peak = max(peak, service.process.resident_bytes())
    begin = time.monotonic()
    while time.monotonic() - begin < 3:  # an observation, not a wait: nothing must grow
        peak = max(peak, service.process.resident_bytes())
        time.sleep(0.05)
    status = service.status()
    target.resume()
    print(f"peak {peak / MIB:.0f} MiB; {status}")
    assert peak < (32 + 64) * MIB
    settle(service, here, there, ["db.*"], seconds=90)
    assert service.process.exit_code() == 0
