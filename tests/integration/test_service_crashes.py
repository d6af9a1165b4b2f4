"""kill -9 of the service at random moments in a mixed workload: nothing is lost, both sides end equal."""

import random
import time

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
