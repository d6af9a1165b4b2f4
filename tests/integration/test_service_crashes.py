"""kill -9 of the service at random moments in a mixed workload: nothing is lost, both sides end equal."""

import random
import time

from support.waiting import wait_for
from support.workload import Workload

KILLS = 60


def test_sixty_kills_at_random_moments(pair, sync, database, settle):
    """A database stream with changes of collections and streams of single collections, in one service."""
    wild, listed = f"{database}_wild", [f"{database}_listed.a", f"{database}_listed.b"]
    service = sync([f"{wild}.*", *listed], watch={"scope": "auto"})
    service.start_and_watch()
    uri = pair.source_server.uri()
    workloads = [Workload(uri, [f"{wild}.c{number}" for number in range(4)], seed=11, schema_changes=True).start(),
                 Workload(uri, listed, seed=12).start()]
    moments = random.Random(13)
    runs_with_progress = 0
    for _ in range(KILLS):
        before = service.state()["sync_stats"]["total_synced"]
        # The moment itself is what is tested: from before the first connection to far into the stream.
        time.sleep(moments.uniform(0.0, 0.15) if moments.random() < 0.3 else moments.uniform(0.15, 1.0))
        service.kill()
        runs_with_progress += service.state()["sync_stats"]["total_synced"] > before
        service.start()
    operations = sum(workload.stop() for workload in workloads)
    settle(service, pair.source, pair.target, [f"{wild}.*", *listed])
    print(f"{KILLS} kills, {runs_with_progress} runs with progress, {operations} operations")
    assert runs_with_progress > KILLS / 4, "the kills must not all come before anything happens"
    assert operations > 2_000


def test_kills_right_after_the_first_start_lose_nothing(pair, sync, database, settle):
    """The start position is durable before `Watching`: whatever is written from then on arrives."""
    for turn in range(5):
        names = [f"{database}_{turn}.c"]
        service = sync(names, name=f"service-{turn}").start_and_watch()
        service.kill()
        pair.source[names[0][:-2]].c.insert_many([{"_id": n} for n in range(10)])
        service.start_and_watch()
        settle(service, pair.source, pair.target, names)


def test_a_kill_amid_a_large_backlog_leaves_nothing_unproven(pair, sync, database, settle):
    """Only what the killed process may have sent is suspect, however much more waits at the source."""
    names, backlog = [f"{database}.c"], 40_000
    service = sync(names).start_and_watch()
    assert service.stop() == 0
    for first in range(0, backlog, 1_000):
        pair.source[database].c.insert_many([{"_id": n} for n in range(first, first + 1_000)])
    service.start()
    wait_for(lambda: service.state()["sync_stats"]["total_synced"] > 1_000, service.process.log_tail, every=0.005)
    service.kill()
    applied = service.state()["sync_stats"]["total_synced"]
    service.start()
    settle(service, pair.source, pair.target, names)
    print(f"killed after {applied} of {backlog} changes")
    state = wait_for(lambda: (lambda now: now["suspects"] and now)(service.state()), service.process.log_tail)
    assert state["unproven_namespaces"] == []
    assert len(state["suspects"]) < backlog - applied
