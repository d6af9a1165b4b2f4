"""Data that is there before the first start, and the comparison of everything that a copy brings."""

import datetime
import random

import bson
import pymongo

from support.workload import every_id

# Differences of listings that mean nothing.
HARMLESS = ("v", "ns", "background")


def mixed_ids(count, seed=1):
    """Every kind of _id and `count` more of the kinds that are many: no two are equal to a server.

    Documents as _ids are few: secantusd 0.5.3 reads the whole collection for each one that is looked up.
    """
    numbers = random.Random(seed)
    makers = [
        lambda n: n + 10, lambda n: bson.Int64(2**40 + n), lambda n: n + 10.5, lambda n: bson.Decimal128(f"{n + 10}.25"),
        lambda n: f"user {n}", lambda n: bson.ObjectId(numbers.randbytes(8) + n.to_bytes(4, "big")),
        lambda n: datetime.datetime(2021, 1, 1) + datetime.timedelta(seconds=n), lambda n: n.to_bytes(8, "big"),
        lambda n: {"a": n, "b": [n]} if n % 20 == 8 else f"no document {n}",
    ]
    return every_id() + [makers[n % len(makers)](n) for n in range(count)]


def document(identifier, number, size=0):
    content = {"_id": identifier, "n": number, "in": {"deep": [number, None, 1.5, {"d": bson.Decimal128("1.10")}]}}
    return {**content, "pad": "p" * size} if size else content


def insert(collection, documents):
    batch = []
    for one in documents:
        batch.append(one)
        if len(batch) == 5_000:
            collection.insert_many(batch, ordered=False)
            batch = []
    if batch:
        collection.insert_many(batch, ordered=False)


def fill_every_kind(database):
    """Mixed _ids, many documents, options, every kind of index."""
    insert(database.mixed, (document(i, n) for n, i in enumerate(mixed_ids(3_000))))
    insert(database.many, (document(n, n) for n in range(60_000)))
    database.create_collection("empty", validator={"n": {"$gte": 0}}, validationAction="warn")
    database.create_collection("capped", capped=True, size=1 << 16, max=50)
    insert(database.capped, (document(n, n) for n in range(80)))
    soon = datetime.datetime.now() + datetime.timedelta(hours=1)
    database.indexed.insert_many([{"_id": n, "u": n, "a": n % 7, "t": soon if n % 2 else "no date"} for n in range(500)])
    add_indexes(database.indexed)


def add_indexes(collection):
    collection.create_indexes([
        pymongo.IndexModel([("u", 1)], name="unique", unique=True),
        pymongo.IndexModel([("t", 1)], name="ttl", expireAfterSeconds=3_600),
        pymongo.IndexModel([("a", 1), ("u", -1)], name="compound"),
        pymongo.IndexModel([("in.deep", 1)], name="partial", partialFilterExpression={"a": {"$gt": 3}}),
        pymongo.IndexModel([("s", 1)], name="sparse", sparse=True),
    ])


def indexes(collection):
    """{name: specification} without what may differ."""
    return {one["name"]: {key: value for key, value in one.items() if key not in HARMLESS}
            for one in map(dict, collection.list_indexes())}


def schema(database):
    """{collection or view: (type, options, indexes)}."""
    found = {}
    for entry in database.list_collections():
        name = entry["name"]
        if not name.startswith("system."):
            kind = entry["type"]
            found[name] = (kind, entry.get("options", {}), indexes(database[name]) if kind == "collection" else {})
    return found


def same_schema(source, target, database):
    here, there = schema(source[database]), schema(target[database])
    return {name: (here.get(name), there.get(name)) for name in here.keys() | there.keys()
            if here.get(name) != there.get(name)}
