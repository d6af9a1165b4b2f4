"""The plan of the initial copy and its readers: every document exactly once, whatever its _id, from wherever it goes on."""

import collections
import os
import random
import subprocess
from datetime import datetime

import pymongo
import pytest
from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Timestamp, json_util
from bson.son import SON

from support.documentdb import OtherHello

PROBE = os.environ["DDSYNC_COPY_PROBE"]

# Every kind of _id that the test servers take; of decimals, dates and documents also odd ones.
ODD_IDS = [
    MinKey(), None, float("nan"), float("-inf"), -1e308, Int64(-2**63), -1, Decimal128("-1E-6176"), -0.0, 5e-324,
    Decimal128("0.1"), 0.1, 2.5, Int64(2**53 + 1), 2.0**53, Int64(2**63 - 1), 2.0**63, Decimal128("1E+6000"),
    Decimal128("Infinity"), "", "\0", "a", "é", "z" * 200, SON(), SON(b=None), SON(a=1), SON([("a", 1), ("b", 2)]),
    SON(a="x"), Binary(b"", 0), Binary(b"x", 0), Binary(b"x", 128), Binary(bytes(16), 4), ObjectId("0" * 24),
    ObjectId("f" * 24), False, True, datetime(1969, 12, 31), datetime(2026, 1, 1), Timestamp(0, 1),
    Timestamp(4_000_000_000, 1), Code("a"), Code("b"), MaxKey(),
]


def mixed_ids(count):
    """Skewed integers, doubles and decimals between them, strings, ObjectIds, binaries, dates and documents."""
    numbers = random.Random(5)
    makers = [
        lambda i: int(numbers.paretovariate(0.3)) % 2**62, lambda i: i, lambda i: i + 0.5, lambda i: Decimal128(f"{i}.25"),
        lambda i: f"user:{numbers.randrange(10**9)}", lambda i: ObjectId(), lambda i: Binary(numbers.randbytes(3 + i % 20)),
        lambda i: datetime.fromtimestamp(10**9 + i), lambda i: SON(a=i % 50, b=numbers.random()), lambda i: Timestamp(i + 10, 1),
    ]
    return ODD_IDS + [makers[i % len(makers)](i) for i in range(count)]


def fill(collection, ids):
    """Inserts in random order; of ids that are one to the server the first one stays. Gives what is stored."""
    ids = list(ids)
    random.Random(1).shuffle(ids)
    for start in range(0, len(ids), 5_000):
        try:
            collection.insert_many([{"_id": i, "x": "y" * 20} for i in ids[start:start + 5_000]], ordered=False)
        except pymongo.errors.BulkWriteError as error:
            assert {failed["code"] for failed in error.details["writeErrors"]} == {11000}
    return sorted(text_of(document["_id"]) for document in collection.find({}, {"_id": 1}))


def text_of(value):
    return json_util.dumps({"id": value}, json_options=json_util.CANONICAL_JSON_OPTIONS)


def probe(server, *arguments):
    uri = server if isinstance(server, str) else server.uri()
    done = subprocess.run([PROBE, uri, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return [json_util.loads(line, json_options=json_util.CANONICAL_JSON_OPTIONS) for line in done.stdout.splitlines()]


def plans(lines):
    return {line["collection"]: line for line in lines if "collection" in line}


def read(lines, name):
    return [text_of(line["read"]["id"]) for line in lines if line.get("of") == name]


@pytest.fixture(scope="module")
def source(pair):
    return pair.source_server


@pytest.fixture(scope="module")
def exact_source(source):
    """A source whose ranges are those of MongoDB."""
    if not source.is_rust:
        pytest.skip("of secantusd-py, ranges of dates hold numbers, binary ids are not ordered by length, and opening a "
                    "range takes seconds")
    return source


def test_the_ranges_of_a_large_collection_hold_every_document_exactly_once(source, database):
    stored = fill(source.client()[database]["large"], mixed_ids(60_000))
    lines = probe(source, f"{database}.large")
    plan = plans(lines)[f"{database}.large"]
    assert len({entry["bracket"] for entry in plan["ranges"]}) >= 12
    assert len(plan["ranges"]) <= 4096
    found = read(lines, f"{database}.large")
    assert not [i for i, times in collections.Counter(found).items() if times > 1]
    assert sorted(found) == stored


def test_a_large_collection_of_one_kind_of_id_is_divided_evenly(exact_source, database):
    stored = fill(exact_source.client()[database]["ints"], range(110_000))
    lines = probe(exact_source, f"{database}.ints")
    ranges = plans(lines)[f"{database}.ints"]["ranges"]
    assert {entry["bracket"] for entry in ranges} == {5}
    assert 3 <= len(ranges) <= 4
    sizes = collections.Counter(line["range"] for line in lines if "read" in line)
    assert max(sizes.values()) < 80_000
    assert sorted(read(lines, f"{database}.ints")) == stored


@pytest.mark.parametrize("buckets", ["as they are", "too slow"])
def test_a_large_collection_of_documentdb_is_divided(exact_source, new_proxy, database, buckets):
    """Its $bucketAuto sorts all _ids, for which a statement may have no time."""
    stored = fill(exact_source.client()[database]["large"], [*ODD_IDS, *range(1_000, 151_000)])
    proxy = new_proxy(exact_source, OtherHello)
    proxy.version = b"0.107-0"
    proxy.count(b"$bucketAuto")
    if buckets == "too slow":
        proxy.answer(b"$bucketAuto", {"ok": 0.0, "code": 50, "errmsg": "canceling statement due to statement timeout"})
    lines = probe(exact_source.uri(port=proxy.port), f"{database}.large")
    assert proxy.counted == 1
    ranges = plans(lines)[f"{database}.large"]["ranges"]
    assert len(ranges) > len({entry["bracket"] for entry in ranges}), "not one of them is divided"
    assert sorted(read(lines, f"{database}.large")) == stored


def test_a_collection_whose_count_documentdb_has_lost_is_divided_by_its_size(exact_source, new_proxy, database):
    """PostgreSQL's statistics begin anew after a fail-over."""
    stored = fill(exact_source.client()[database]["large"], range(25_000))
    proxy = new_proxy(exact_source, OtherHello)
    proxy.version = b"0.112-0"
    proxy.answer(b"count\0", {"n": 5, "ok": 1.0})
    proxy.answer(b"collStats\0", {"count": 5, "storageSize": 1_000_000_000, "ok": 1.0})
    lines = probe(exact_source.uri(port=proxy.port), f"{database}.large")
    assert len(plans(lines)[f"{database}.large"]["ranges"]) > 1
    assert sorted(read(lines, f"{database}.large")) == stored


def test_ranges_that_are_opened_again_and_again_lose_and_repeat_nothing(exact_source, database):
    stored = fill(exact_source.client()[database]["large"], mixed_ids(25_000))
    found = read(probe(exact_source, f"{database}.large", "resume", "701"), f"{database}.large")
    assert len(found) == len(stored)
    assert sorted(found) == stored


def test_every_id_of_a_small_collection_can_be_a_bound_or_where_it_goes_on(exact_source, database):
    stored = fill(exact_source.client()[database]["odd"], mixed_ids(150))
    lines = probe(exact_source, f"{database}.odd", "bounds")
    assert [entry["bracket"] for entry in plans(lines)[f"{database}.odd"]["ranges"]] == [0]
    assert not [line["wrong"] for line in lines if "wrong" in line and "bounds" not in line]
    assert lines[-1] == {"bounds": f"{database}.odd", "documents": len(stored), "wrong": 0}


def test_empty_collections_have_one_empty_range_and_missing_ones_none(source, database):
    source.client()[database].create_collection("empty")
    lines = probe(source, f"{database}.*")
    assert list(plans(lines)) == [f"{database}.empty"]
    assert len(plans(lines)[f"{database}.empty"]["ranges"]) == 1
    assert not read(lines, f"{database}.empty")
    assert not probe(source, f"{database}.missing")
    assert not probe(source, f"{database}_missing.*")


def test_views_are_listed_without_ranges_and_system_collections_are_not(source, database):
    base = source.client()[database]
    base["base"].insert_one({"_id": 1})
    base.command({"create": "view", "viewOn": "base", "pipeline": []})
    planned = plans(probe(source, f"{database}.*"))
    assert sorted(planned) == [f"{database}.base", f"{database}.view"]
    assert planned[f"{database}.view"]["type"] == "view"
    assert planned[f"{database}.view"]["ranges"] == []
    assert planned[f"{database}.base"]["documents"] == 1
    everything = plans(probe(source, "*", "plan"))
    assert f"{database}.base" in everything
    assert not [name for name in everything if name.split(".")[0] in ("admin", "local", "config") or ".system." in name]


def change(server, name, kind, **arguments):
    """A schema change as the writer carries it out: "" or its error."""
    done = subprocess.run([PROBE, server.uri(), name, kind, json_util.dumps(arguments)], capture_output=True, text=True,
                          timeout=60, check=False)
    assert bool(done.returncode) == bool(done.stderr)
    return done.stderr


def indexes(server, name):
    return {line["name"]: line for line in probe(server, name, "indexes")}


def test_a_collection_is_created_once_and_not_with_other_options(source, database):
    name = f"{database}.capped"
    for _ in range(2):
        assert change(source, name, "create", capped=True, size=8192) == ""
    assert source.client()[database]["capped"].options()["capped"]
    assert "48" in change(source, name, "create")
    assert change(source, f"{database}.view", "create", viewOn="capped", pipeline=[]) == ""


def test_indexes_are_created_listed_and_dropped_and_each_may_be_repeated(source, database):
    name = f"{database}.indexed"
    assert not indexes(source, name)
    given = [{"v": 2, "key": {"a": 1}, "name": "a_1", "ns": name, "background": True},
             {"key": {"b": -1.0, "c": 1}, "name": "b", "unique": True, "sparse": False}]
    for _ in range(2):
        assert change(source, name, "create_indexes", indexes=given) == ""
    assert indexes(source, name) == {"a_1": {"key": {"a": 1}, "name": "a_1"},
                                     "b": {"key": {"b": -1, "c": 1}, "name": "b", "unique": True}}
    for _ in range(2):
        assert change(source, name, "drop_indexes", indexes=given[:1]) == ""
    assert list(indexes(source, name)) == ["b"]
    assert change(source, f"{database}.missing", "drop_indexes", indexes=given) == ""


def test_the_options_of_a_collection_are_modified_and_of_a_missing_one_nothing(source, database):
    name = f"{database}.modified"
    assert change(source, name, "create_indexes", indexes=[{"key": {"t": 1}, "name": "t", "expireAfterSeconds": 60}]) == ""
    assert change(source, name, "modify", index={"name": "t", "expireAfterSeconds": 5000}) == ""
    assert indexes(source, name)["t"]["expireAfterSeconds"] == 5000
    assert change(source, f"{database}.missing", "modify", validationLevel="off") == ""
