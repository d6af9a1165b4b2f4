"""What a service that starts looks at by itself and only warns of; the verdicts: tests/unit/check_verdict_test.cpp."""

import os
import time

import pytest

from support.documentdb import OtherHello

HOUR_S = 3_600


@pytest.fixture
def odd_target(pair, new_proxy):
    return new_proxy(pair.target_server, OtherHello)


def checks(service):
    return [line for line in service.log.splitlines() if " check: " in line]


def test_a_fine_pair_is_no_news(sync):
    service = sync(["db.c"], spool={"limit": "64MiB"}).start_and_watch()
    assert service.stop() == 0
    assert checks(service) == []


def test_what_is_odd_is_warned_of_and_the_service_runs(pair, odd_target, new_service):
    odd_target.version = b"0.107-0"
    odd_target.ahead_ms = 1_000 * HOUR_S
    service = new_service(pair.source_server.uri(), pair.target_server.uri(port=odd_target.port), ["db.c"],
                          spool={"limit": "65536GiB"}).start_and_watch()
    service.wait_for_log("WARNING.* check: target version: DocumentDB 0.107-0: .*; update it")
    service.wait_for_log("WARNING.* check: clocks: .* the target is .3600.* by NTP")
    service.wait_for_log("WARNING.* check: disk: .* for the spool of at most .*; make room")
    assert service.stop() == 0
    assert len(checks(service)) == 3, "each once"


def test_copy_looks_at_the_same(pair, odd_target, new_service):
    odd_target.version = b"0.110-0"
    service = new_service(pair.source_server.uri(), pair.target_server.uri(port=odd_target.port), ["db.c"])
    service.start("copy").wait_for_log("check: target version: DocumentDB 0.110-0")


def test_a_state_older_than_the_history_is_warned_of(sync):
    service = sync(["db.c"]).start_and_watch()
    assert service.stop() == 0
    yesterday = time.time() - 24 * HOUR_S
    os.utime(service.state_path, (yesterday, yesterday))
    service.start_and_watch()
    service.wait_for_log("check: history: the state was saved 1d00h ago, .* may be lost")
    assert service.stop() == 0


def test_a_server_that_does_not_answer_it_holds_up_neither_start_nor_end(pair, new_proxy, new_service):
    proxy = new_proxy(pair.source_server)
    proxy.slow(b"connectionStatus", 60)
    service = new_service(pair.source_server.uri(port=proxy.port), pair.target_server.uri(), ["db.c"])
    service.start_and_watch(seconds=20)
    assert service.stop(seconds=20) == 0
