"""Writes and changes of collections that go on while the copy is made: equal in the end, and live."""

import itertools
import threading
import time

import pytest
from pymongo.errors import DuplicateKeyError

from support.compare import wait_equal
from support.filled import document, insert, mixed_ids
from support.waiting import wait_for
from support.workload import Workload

COPIED = "all changes made during the copy are applied"
SLOW = {"mode": "auto", "max_bytes_per_second": "3 MB"}  # the copy takes some seconds


class Loop:
    """Calls `step(number)` in a thread of its own until stopped."""

    def __init__(self, step):
        self._step = step
        self._stop = threading.Event()
        self._failure = None
        self.steps = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            for self.steps in itertools.count(1):
                if self._stop.wait(0.002):
                    return
                self._step(self.steps)
        except Exception as error:  # pylint: disable=broad-except; handed to the test by stop()
            self._failure = error

    def stop(self):
        self._stop.set()
        self._thread.join(60)
        if self._failure:
            raise self._failure


def unique_values_move(collection):
    """A value goes from one document to another; at no time do two have it, and at the end all 200 are given."""
    def step(number):
        one, other = number % 200, (number * 7 + 1) % 200
        if one == other:
            return
        here, there = (collection.find_one({"_id": i})["u"] for i in (one, other))
        collection.update_one({"_id": one}, {"$set": {"u": f"spare {number}"}})
        collection.update_one({"_id": other}, {"$set": {"u": here}})
        try:
            collection.update_one({"_id": one}, {"$set": {"u": there}})
        except DuplicateKeyError:
            raise AssertionError("the source itself refuses the move") from None
    return step


@pytest.mark.parametrize("scope", ["collection", "database"])
def test_writes_go_on_while_it_copies(pair, sync, database, settle, scope):
    here = pair.source[database]
    insert(here.large, (document(i, n, 100) for n, i in enumerate(mixed_ids(30_000))))
    insert(here.small, (document(i, n) for n, i in enumerate(mixed_ids(100))))
    insert(here.unique, ({"_id": n, "u": f"value {n}", "pad": "p" * 2_000} for n in range(200)))
    here.unique.create_index([("u", 1)], unique=True)
    names = [f"{database}.{name}" for name in ("large", "small", "unique")]
    service = sync(names, watch={"scope": scope}, initial_sync=SLOW)
    workload = Workload(pair.source_server.uri(), names[:2], seed=21, keys=400).start()
    moves = Loop(unique_values_move(here.unique))
    service.start_and_watch()
    # Of what is copied already, and of what is not yet.
    reinserts = Loop(lambda number: (here.large.delete_one({"_id": 1_000 + number % 20_000}),
                                     here.large.insert_one({"_id": 1_000 + number % 20_000, "again": number})))
    service.wait_for_log("phase=catching up|" + COPIED if scope == "database" else COPIED, 90)
    operations = workload.stop()
    moves.stop()
    reinserts.stop()
    print(f"{operations} operations, {moves.steps} moves, {reinserts.steps} inserted again")
    service.wait_for_log(COPIED, 180)
    settle(service, pair.source, pair.target, names)
    assert pair.target[database].unique.index_information()["u_1"]["unique"]
    assert "dead_letter" not in service.log and service.dead_letters() == []


def test_a_unique_index_is_built_while_its_values_move(pair, sync, database, settle):
    """What an update's lookup brings is newer than the stream: for a moment two documents of the target have a value."""
    here = pair.source[database]
    names = [f"unique{number}" for number in range(6)]
    for name in names:
        insert(here[name], ({"_id": n, "u": f"value {n}"} for n in range(200)))
        here[name].create_index([("u", 1)], unique=True)
    service = sync([f"{database}.*"], initial_sync={"mode": "auto"}).start()
    moves = [Loop(unique_values_move(here[name])) for name in names]
    # Each was tried once at least. Whether it comes to rest at all under such a load is the machine's.
    wait_for(lambda: all(f"{name}: building" in service.log for name in names), "the indexes tried", 60)
    for loop in moves:
        loop.stop()
    service.wait_for_log(COPIED, 180)
    settle(service, pair.source, pair.target, [f"{database}.*"])
    assert "are missing on the target" not in service.all_output()
    for name in names:
        assert pair.target[database][name].index_information()["u_1"]["unique"]


@pytest.mark.parametrize("scope", ["collection", "database"])
def test_collections_change_while_they_are_copied(pair, sync, database, settle, scope):
    """Renames (also over another collection), drops, drops of the database and new lives, again and again."""
    here = pair.source[database]
    collections = [f"{database}.c{number}" for number in range(4)]
    for name in ("c0", "c1", "c2", "c3", "still"):
        insert(here[name], (document(i, n, 300) for n, i in enumerate(mixed_ids(3_000))))
    names = [f"{database}.*"] if scope == "database" else [*collections, f"{database}.still"]
    service = sync(names, watch={"scope": scope}, initial_sync={**SLOW, "max_bytes_per_second": "1 MB"})
    service.start_and_watch()
    workload = Workload(pair.source_server.uri(), collections, seed=22, schema_changes=True).start()
    begin = time.monotonic()
    while time.monotonic() - begin < 8:  # the workload's time, not a wait
        assert service.process.exit_code() is None, service.process.log_tail()
        time.sleep(0.1)
    print(f"{workload.stop()} operations")
    settle(service, pair.source, pair.target, names, seconds=120)


@pytest.mark.parametrize("change", ["rename", "rename over", "drop", "drop and again", "drop database",
                                    "drop database and again"])
def test_one_change_of_a_collection_during_its_copy(pair, sync, database, settle, change):
    here = pair.source[database]
    for name in ("a", "b"):
        insert(here[name], (document(n, n, 900) for n in range(4_000)))
    service = sync([f"{database}.*"], initial_sync={**SLOW, "max_bytes_per_second": "2 MB"}).start_and_watch()
    wait_for(lambda: pair.target[database].a.estimated_document_count() > 200, "a part of the copy")
    if change == "rename":
        here.a.rename("renamed")
    elif change == "rename over":
        here.a.rename("b", dropTarget=True)
    elif change.startswith("drop database"):
        pair.source.drop_database(database)
    else:
        here.a.drop()
    if change.endswith("again"):
        insert(here.a, ({"_id": n, "life": 2} for n in range(3_000, 5_000)))
    assert service.process.exit_code() is None
    here.other.insert_one({"_id": "after the change"})
    wait_equal(pair.source, pair.target, [f"{database}.*"], 60)
    settle(service, pair.source, pair.target, [f"{database}.*"], seconds=60)
