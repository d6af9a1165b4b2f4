"""The spool on disk: what an outage of the target may last is bounded by the disk, not by the source's history."""

import contextlib
import os
import time

import pytest

from support.waiting import wait_for

MIB = 1 << 20
# What is written during the outage is many times what the source remembers and what memory holds.
REMEMBERED = 4_000
DOCUMENTS, SIZE, BATCH = 20_000, 10_000, 100
SPOOLED = "kept in the spool on disk"


@pytest.fixture
def forgetful(new_server):
    return new_server("source", oplog_entries=REMEMBERED), new_server("target")


def write(collection, first, count, service=None):
    """As fast as an idle service reads: a reader that is overtaken by the source's history is not what is tested."""
    for start in range(first, first + count, BATCH):
        collection.insert_many([{"_id": n, "pad": f"{n % 10}" * SIZE} for n in range(start, start + BATCH)])
        if service is not None:
            assert service.process.exit_code() is None, service.process.log_tail()
            time.sleep(0.02)  # the pace of the writer


def outage(forgetful, new_service, names=("db.*",), **sections):
    """A service whose target has just stopped answering and which has begun to spool."""
    source, target = forgetful
    service = new_service(source.uri(), target.uri(), list(names), **{"memory": {"limit": "16 MiB"}, **sections})
    here, there = source.client(), target.client()
    service.start_and_watch()
    here.db.c.insert_one({"_id": "first"})
    wait_for(lambda: there.db.c.find_one({"_id": "first"}), "the first document")
    target.pause()
    write(here.db.c, 0, 2_500)  # more than memory takes, less than the source remembers
    service.wait_for_log(SPOOLED, 60)
    return service, here, there


def test_an_outage_of_the_target_longer_than_the_history_of_the_source(forgetful, new_service, settle):
    service, here, there = outage(forgetful, new_service)
    write(here.db.c, 10_000, DOCUMENTS, service)
    here.db.c.update_many({"_id": {"$gte": 29_000}}, {"$set": {"late": True}})
    here.db.c.delete_many({"_id": {"$gte": 28_000, "$lt": 28_500}})
    time.sleep(1)
    print(service.status(), service.process.resident_bytes() // MIB, "MiB")
    forgetful[1].resume()
    settle(service, here, there, ["db.*"], seconds=120)
    assert "gap" not in service.all_output()


def test_kills_during_the_outage(new_server, new_service, settle):
    """What the spool held and what was on its way to it: nothing is lost, nothing comes in another order."""
    source, target = new_server("source"), new_server("target")
    service, here, there = outage((source, target), new_service)
    for turn in range(4):
        write(here.db.c, 10_000 + 3_000 * turn, 1_500, service)
        here.db.c.update_many({"_id": {"$gte": 10_000, "$lt": 10_300}}, {"$set": {"turn": turn}})
        here.db.c.delete_many({"_id": {"$gte": 20 * turn, "$lt": 20 * turn + 10}})
        service.kill()
        service.start()
        write(here.db.c, 11_500 + 3_000 * turn, 1_500, service)
    target.resume()
    settle(service, here, there, ["db.*"], seconds=120)


def test_a_restart_during_the_outage_goes_on_reading(forgetful, new_service, settle):
    """The target is not there at the start, and the source forgets what is not read soon."""
    service, here, there = outage(forgetful, new_service)
    service.kill()
    service.start()
    service.wait_for_log("the target is out of reach: changes are read meanwhile", 60)
    service.wait_for_log("Watching for changes", 60)
    write(here.db.c, 10_000, 2 * REMEMBERED, service)
    assert "gap" not in service.all_output()
    forgetful[1].resume()
    settle(service, here, there, ["db.*"], seconds=120)
    assert "target: MongoDB" in service.log


def test_a_full_spool_pauses_the_readers_and_loses_nothing(new_server, new_service, settle):
    source, target = new_server("source"), new_server("target")
    service, here, there = outage((source, target), new_service, spool={"limit": "64 MiB"})
    write(here.db.c, 10_000, 15_000)
    wait_until_read(service)
    held, status = spool_bytes(service), service.status()
    print(status, held // MIB, "MiB")
    assert held < 150 * MIB, "its limit, and what the data base needs beside"
    assert "paused" in status
    target.resume()
    settle(service, here, there, ["db.*"], seconds=120)


def wait_until_read(service):
    """The spool holds what is written by now: it grows no more."""
    seen = []

    def at_rest():
        seen.append(spool_bytes(service))
        return len(seen) > 5 and len(set(seen[-5:])) == 1

    wait_for(at_rest, lambda: f"the spool at rest: {seen[-10:]}", 30, every=0.2)


def spool_bytes(service):
    """On disk; files come and go meanwhile."""
    total = 0
    for folder, _, files in os.walk(service.folder):
        if "spool" in os.path.relpath(folder, service.folder):
            for name in files:
                with contextlib.suppress(FileNotFoundError):
                    total += os.path.getsize(os.path.join(folder, name))
    return total
