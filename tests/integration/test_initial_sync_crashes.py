"""kill -9 of the service at random moments of the initial copy: it goes on where it was, nothing is lost."""

import os
import random
import time

from support.compare import wait_equal
from support.filled import document, insert, mixed_ids
from support.proxy import Proxy
from support.waiting import wait_for
from support.workload import Workload

ROUNDS = 4
KILLS = 9
DOCUMENTS = 20_000
COPIED = "all changes made during the copy are applied"


def is_copying(service):
    """What the killed process left: documents still to be copied."""
    if not service.has_state():
        return True
    return any(stream.get("copy") in ("planning", "copying") for stream in service.state()["streams"])


def test_thirty_six_kills_during_the_copy(new_server, new_service, settle):
    moments = random.Random(31)
    source, target = new_server("source"), new_server("target")
    here, there = source.client(), target.client()
    kills_while_copying = 0
    for turn in range(ROUNDS):
        database = f"turn{turn}"
        names = [f"{database}.*"] if turn % 2 == 0 else [f"{database}.large", f"{database}.b"]
        insert(here[database].large, (document(i, n, 300) for n, i in enumerate(mixed_ids(DOCUMENTS))))
        insert(here[database].b, (document(i, n, 100) for n, i in enumerate(mixed_ids(500))))
        here[database].large.create_index([("n", 1)])
        workload = Workload(source.uri(), [f"{database}.large", f"{database}.b"], seed=turn, keys=200).start()
        service = new_service(source.uri(), target.uri(), names, name=f"service{turn}",
                              watch={"scope": "collection" if turn % 2 else "auto"},
                              initial_sync={"mode": "auto", "max_bytes_per_second": "1500 kB"})
        for _ in range(KILLS):
            service.start()
            time.sleep(moments.uniform(0.02, 0.2) if moments.random() < 0.3 else moments.uniform(0.2, 0.9))
            service.kill()
            kills_while_copying += is_copying(service)
        service.start_and_watch()
        service.wait_for_log(COPIED, 180)
        workload.stop()
        settle(service, here, there, names)
        wait_equal(here, there, [f"{database}.*"], 0)
    print(f"{kills_while_copying} kills while copying")
    assert kills_while_copying >= 30


def test_kills_while_a_collection_that_was_added_is_copied(new_server, new_service, settle):
    """Its stream has been live for long: what it brings waits, and is not lost either."""
    moments = random.Random(32)
    source, target = new_server("source"), new_server("target")
    here, there = source.client(), target.client()
    insert(here.db.added, (document(i, n, 300) for n, i in enumerate(mixed_ids(8_000))))
    workload = Workload(source.uri(), ["db.live", "db.added"], seed=3, keys=200).start()
    service = new_service(source.uri(), target.uri(), ["db.live"], watch={"scope": "database"},
                          initial_sync={"mode": "auto", "max_bytes_per_second": "600 kB"}).start_and_watch()
    wait_for(lambda: there.db.live.estimated_document_count() > 0, "live changes")
    service.kill()
    service.config["watch"]["collections"].append("db.added")
    service.configure(service.config)
    kills_while_copying = 0
    for _ in range(8):
        service.start()
        time.sleep(moments.uniform(0.02, 0.6))
        service.kill()
        kills_while_copying += is_copying(service)
    service.start_and_watch()
    service.wait_for_log(COPIED, 180)
    workload.stop()
    settle(service, here, there, ["db.live", "db.added"])
    assert kills_while_copying >= 5
    assert service.stop() == 0


class Counting(Proxy):
    """Counts what the source answers."""

    answered = 0

    def _rewritten(self, message):
        self.answered += len(message)
        return super()._rewritten(message)


def test_a_kill_does_not_start_the_copy_over(new_server, new_service, new_proxy):
    """What is repeated is what was under way: at most three reads of 2 MB here, not what was written before."""
    source, target = new_server("source"), new_server("target")
    here, there = source.client(), target.client()
    insert(here.db.c, ({"_id": n, "pad": os.urandom(900)} for n in range(30_000)))
    everything = 30_000 * 930
    proxy = new_proxy(source, Counting)
    service = new_service(source.uri(port=proxy.port), target.uri(), ["db.c"],
                          initial_sync={"mode": "auto", "max_bytes_per_second": "6 MB"})
    for part in (7_000, 14_000, 21_000):
        service.start()
        wait_for(lambda: there.db.c.estimated_document_count() >= part,  # pylint: disable=cell-var-from-loop
                 f"{part} documents on the target", 180)
        service.kill()
    service.start()
    service.wait_for_log(COPIED, 180)
    print(f"{proxy.answered / everything:.2f} times the data was read")
    assert proxy.answered < 1.9 * everything, "2.4 times when each start begins anew"
    wait_equal(here, there, ["db.c"], 10)
    assert service.stop() == 0
