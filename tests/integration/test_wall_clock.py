"""The wall clock of the service's machine is set back while something waits for a server that is away."""

import os

import pytest

from support.waiting import wait_for

AN_HOUR_BACK = "-3600"
GOES_ON_S = 20.0  # the wait for a server (5 s), the look at the clock and a retry; far below the hour
SET_BACK = r"WARNING the clock of this machine was set back by 3(600\.0|599\.\d) s: "


@pytest.fixture
def clock(tmp_path):
    """A file with the seconds by which the service's wall clock is off."""
    file = tmp_path / "clock"
    file.write_text("0")
    return file


def environment(clock):
    return {"LD_PRELOAD": os.environ["DDSYNC_MOVABLE_CLOCK"], "MOVABLE_CLOCK": str(clock)}


def test_writes_go_on_after_an_outage_in_which_the_clock_was_set_back(pair, new_service, new_proxy, database, clock,
                                                                      settle):
    proxy = new_proxy(pair.target_server)
    service = new_service(pair.source_server.uri(), pair.target_server.uri(port=proxy.port), [f"{database}.c"],
                          apply={"writers": 1})
    service.start_and_watch(env=environment(clock))
    pair.source[database].c.insert_one({"_id": "before"})
    pair.wait_equal([f"{database}.c"])
    proxy.refuse()
    pair.source[database].c.insert_many([{"_id": number} for number in range(100)])
    service.wait_for_log(r"a write to .* failed")
    wait_for(lambda: "writers_busy=1" in service.status(), "a writer that waits for the target", every=0.2)
    clock.write_text(AN_HOUR_BACK)
    proxy.heal()
    pair.wait_equal([f"{database}.c"], GOES_ON_S)
    service.wait_for_log(SET_BACK)
    settle(service, pair.source, pair.target, [f"{database}.c"])


def test_a_start_goes_on_in_which_the_clock_was_set_back(pair, new_service, new_proxy, database, clock):
    proxies = [new_proxy(server) for server in (pair.source_server, pair.target_server)]
    for proxy in proxies:
        proxy.refuse()
    uris = [server.uri(port=proxy.port) for server, proxy in zip((pair.source_server, pair.target_server), proxies)]
    service = new_service(*uris, [f"{database}.c"]).start(env=environment(clock))
    service.wait_for_log("waiting for the source: ")
    clock.write_text(AN_HOUR_BACK)
    for proxy in proxies:
        proxy.heal()
    service.wait_for_log("Watching for changes", GOES_ON_S)
    service.wait_for_log(SET_BACK)
    assert service.stop() == 0
