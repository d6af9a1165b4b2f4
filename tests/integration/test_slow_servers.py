"""Servers that are healthy and need longer than they are given."""

import pytest

from support.waiting import wait_for


def impatient(uri, milliseconds):
    return f"{uri}&socketTimeoutMS={milliseconds}"


def test_a_time_limit_of_a_read_is_not_the_end_of_the_stream(pair, new_service, new_proxy, database, settle):
    """DocumentDB makes the time to wait the time that the whole read may take."""
    proxy = new_proxy(pair.source_server)
    proxy.answer(b"maxTimeMS", {"ok": 0.0, "code": 50, "errmsg": "Query exceeded command timeout of 1000ms"})
    service = new_service(pair.source_server.uri(port=proxy.port), pair.target_server.uri(), [f"{database}.c"])
    service.start_and_watch()
    pair.source[database].c.insert_many([{"_id": n} for n in range(100)])
    settle(service, pair.source, pair.target, [f"{database}.c"])
    assert "failed" not in service.log


def test_reads_that_take_longer_than_the_driver_waits_are_waited_for(pair, new_service, new_proxy, database, settle):
    """The first read of a stream that was away for hours looks through all that was written since."""
    proxy = new_proxy(pair.source_server)
    proxy.slow(b"getMore", 3)
    service = new_service(impatient(pair.source_server.uri(port=proxy.port), 2_000), pair.target_server.uri(),
                          [f"{database}.c"])
    service.start_and_watch()
    pair.source[database].c.insert_many([{"_id": n} for n in range(100)])
    settle(service, pair.source, pair.target, [f"{database}.c"])


@pytest.mark.parametrize("mode", ["off", "auto"])
def test_commands_that_take_longer_than_the_driver_waits_become_smaller(pair, new_service, new_proxy, database, settle, mode):
    """A line of 100 KB/s: a command of 600 KB needs 6 s, the driver waits for 2."""
    proxy = new_proxy(pair.target_server)
    if mode == "auto":
        pair.source[database].c.insert_many([{"_id": n, "text": "x" * 1_000} for n in range(600)])
    service = new_service(pair.source_server.uri(), impatient(pair.target_server.uri(port=proxy.port), 2_000),
                          [f"{database}.c"], initial_sync={"mode": mode}, apply={"writers": 1})
    proxy.bytes_per_second = 100_000
    service.start_and_watch()
    if mode == "off":
        pair.source[database].c.insert_many([{"_id": n, "text": "x" * 1_000} for n in range(600)])
    wait_for(lambda: pair.target[database].c.count_documents({}) >= 600, "all documents on the target", 120)
    assert "failed (try 1)" in service.log
    settle(service, pair.source, pair.target, [f"{database}.c"])
