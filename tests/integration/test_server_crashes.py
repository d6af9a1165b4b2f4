"""kill -9 of the target and of the source server in a mixed workload."""

import random
import time

import pytest

from support.workload import Workload


@pytest.mark.parametrize("victim", ["source", "target", "both"])
def test_kills_of_servers_lose_nothing(new_server, new_service, settle, victim):
    servers = {"source": new_server("source", killed=True), "target": new_server("target", killed=True)}
    here, there = servers["source"].client(), servers["target"].client()
    service = new_service(servers["source"].uri(), servers["target"].uri(), ["db.*"]).start_and_watch()
    workload = Workload(servers["source"].uri(), [f"db.c{n}" for n in range(3)], seed=21, schema_changes=True).start()
    moments = random.Random(22)
    for turn in range(6):
        time.sleep(moments.uniform(0.2, 1.0))  # the random moment is what is tested
        name = victim if victim != "both" else ("source", "target")[turn % 2]
        servers[name].kill()
        servers[name].start()
    assert workload.stop() > 100
    settle(service, here, there, ["db.*"])


def test_service_and_target_die_together(new_server, new_service, settle):
    source, target = new_server("source", killed=True), new_server("target", killed=True)
    here, there = source.client(), target.client()
    service = new_service(source.uri(), target.uri(), ["db.*"]).start_and_watch()
    workload = Workload(source.uri(), [f"db.c{n}" for n in range(3)], seed=23).start()
    moments = random.Random(24)
    for _ in range(5):
        time.sleep(moments.uniform(0.1, 0.8))  # the random moment is what is tested
        service.kill()
        target.kill()
        service.start()
        target.start()
    assert workload.stop() > 100
    settle(service, here, there, ["db.*"])
