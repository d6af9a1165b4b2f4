"""Documents arrive byte for byte, whatever they hold and whatever their _id is."""

import datetime
import uuid

import bson
import pymongo
import pytest
from bson.raw_bson import RawBSONDocument

from support.compare import documents
from support.pair import Pair
from support.workload import IMMUTABLE_ID, every_id

EVERY_TYPE = {
    "z first": 1, "double": 1.5, "minus zero": -0.0, "not a number": float("nan"), "infinite": float("inf"),
    "string": "text \u00fc\u4e16\U0001f600", "empty": "", "nul inside": "a\0b", "document": {"b": 1, "a": {"z": 0, "y": []}},
    "array": [1, "two", None, [3], {"four": 4}], "binary": b"\x00\xff", "binary user": bson.Binary(b"u", 128),
    "uuid": bson.Binary.from_uuid(uuid.UUID(int=3)), "object id": bson.ObjectId(), "true": True, "false": False,
    "date": datetime.datetime(1969, 1, 1), "null": None, "regex": bson.Regex("^a.*b$", "im"),
    "db pointer": bson.DBRef("c", 1), "code": bson.Code("f()"), "code with scope": bson.Code("f()", {"x": 1}),
    "int32": -7, "int64": bson.Int64(7), "timestamp": bson.Timestamp(7, 8), "decimal": bson.Decimal128("1.2300"),
    "decimal nan": bson.Decimal128("NaN"), "min": bson.MinKey(), "max": bson.MaxKey(), "a first": 2,
    "dotted.name": 1, "": "an empty name",
}


def test_all_types_and_the_order_of_fields_are_kept(pair, sync, database, settle):
    service = sync([f"{database}.c"]).start_and_watch()
    source = pair.source[database].c
    source.insert_one({"_id": "inserted", **EVERY_TYPE})
    source.insert_one({"_id": "replaced", "old": 1})
    source.replace_one({"_id": "replaced"}, dict(reversed(EVERY_TYPE.items())))
    source.insert_one({"_id": "updated", "last": 1})
    source.update_one({"_id": "updated"}, {"$set": {"nested.new": EVERY_TYPE["array"], "last": bson.Int64(1)}})
    settle(service, pair.source, pair.target, [f"{database}.c"])
    assert len(documents(pair.target, f"{database}.c")) == 4  # with the beacon of settle


@pytest.mark.parametrize("mode", ["off", "auto"])
def test_empty_timestamps_are_kept(pair, sync, database, settle, mode):
    """A MongoDB target would write its own time in their place. (secantusd-rs 0.5.3 does so all the same in an update or a
    bulkWrite: so inserts, one collection at a time, and none during the copy, after which they are repeated as updates.)"""
    source = pair.source[database]
    keep = {"bypassEmptyTsReplacement": True} if pair.source_server.is_rust else {}
    empty = bson.Timestamp(0, 0)

    def insert(collection):
        source.command("insert", collection, documents=[{"_id": n, "t": empty} for n in range(20)], **keep)

    insert("before")
    service = sync([f"{database}.*"], initial_sync={"mode": mode}).start_and_watch()
    if mode == "auto":
        service.wait_for_log("all changes made during the copy are applied")
    insert("c")
    settle(service, pair.source, pair.target, [f"{database}.c"])
    assert pair.target[database].c.find_one({"_id": 1}) == {"_id": 1, "t": empty}
    assert mode == "off" or pair.target[database].before.find_one({"_id": 2}) == {"_id": 2, "t": empty}


def test_names_that_a_replacement_may_not_have(pair, sync, database, settle):
    """An insert takes them; what is repeated after a kill comes as a replacement."""
    source = pair.source[database].c
    service = sync([f"{database}.c"]).start_and_watch()
    source.insert_many([{"_id": n, "$set": {"a": n}, "$x": 2} for n in range(50)])
    pair.wait_equal([f"{database}.c"])
    service.kill()
    source.insert_many([{"_id": n, "$set": {"a": n}} for n in range(50, 60)])
    service.start_and_watch()
    source.delete_one({"_id": 7})
    settle(service, pair.source, pair.target, [f"{database}.c"])
    assert len(documents(pair.target, f"{database}.c")) == 60  # with the beacon of settle


@pytest.mark.parametrize("there", [True, False])
def test_names_that_would_update_behind_an_id_that_is_left_to_the_query(pair, sync, database, settle, there):
    """What is inserted, deleted and inserted while the service is down comes as one replacement."""
    source, target = pair.source[database].c, pair.target[database].c
    service = sync([f"{database}.c"]).start_and_watch()
    assert service.stop() == 0
    for only in ({"_id": bson.MinKey()}, {"_id": bson.MaxKey()}, {"_id": float("nan")}):
        if there:
            target.insert_one({**only, "$set": {"v": 0}})
        source.insert_one({**only, "$set": {"v": 1}})
        source.delete_one(only)
        source.insert_one({**only, "$set": {"v": 2}, "n": 1})
        source.delete_one(only)
        source.insert_one({**only, "$set": {"v": 3}})
    service.start_and_watch()
    settle(service, pair.source, pair.target, [f"{database}.c"])


def test_deprecated_types_are_kept(pair, sync, database, settle):
    """As the source stores them: secantusd-py turns them into types of today.

    A field name that comes twice is not tried: the change events and the updates of secantusd 0.5.3 have it once.
    """
    service = sync([f"{database}.c"]).start_and_watch()
    body = (b"\x10_id\0\x01\0\0\0" b"\x06undefined\0" b"\x0esymbol\0\x02\0\0\0s\0"
            b"\x0cpointer\0\x02\0\0\0c\0" + bytes(12))
    raw = (len(body) + 5).to_bytes(4, "little") + body + b"\0"
    pair.source[database].c.insert_one(RawBSONDocument(raw))
    settle(service, pair.source, pair.target, [f"{database}.c"])
    if pair.source_server.is_rust and pair.target_server.is_rust:
        assert raw in documents(pair.target, f"{database}.c").values()


def test_every_kind_of_id_is_inserted_updated_replaced_and_deleted(pair, sync, database, settle):
    service = sync([f"{database}.*"]).start_and_watch()
    source = pair.source[database]
    for identifier in every_id():
        for step in ("inserted", "updated", "replaced", "deleted", "again"):
            source[step].insert_one({"_id": identifier, "v": 1})
    pair.wait_equal([f"{database}.{step}" for step in ("inserted", "updated", "replaced", "deleted", "again")])

    refused = [_tried(lambda: source.updated.update_one({"_id": i}, {"$set": {"v": 2}})) for i in every_id()]
    refused += [_tried(lambda: source.replaced.replace_one({"_id": i}, {"w": i})) for i in every_id()]
    for identifier in every_id():
        assert source.deleted.delete_one({"_id": identifier}).deleted_count == 1
        source.again.delete_one({"_id": identifier})
        source.again.insert_one({"_id": identifier, "again": True})
    assert sum(refused) <= (0 if pair.source_server.is_rust else 2)
    settle(service, pair.source, pair.target,
           [f"{database}.{step}" for step in ("inserted", "updated", "replaced", "deleted", "again")])
    assert pair.target[database].inserted.count_documents({}) == len(every_id()) + 1
    assert pair.target[database].deleted.count_documents({}) == 1


def _tried(change):
    """1 when the source itself refuses the change (secantusd-py: any change of the NaN document), else 0."""
    try:
        change()
    except pymongo.errors.WriteError as error:
        assert error.code == IMMUTABLE_ID
        return 1
    return 0


@pytest.mark.parametrize("old, new", [(5, 5.0), (5.0, bson.Int64(5)), (bson.Int64(5), bson.Decimal128("5")), (0, -0.0)],
                         ids=["int32 to double", "double to int64", "int64 to decimal", "zero to minus zero"])
def test_an_id_that_comes_back_with_another_type_has_that_type(pair, sync, database, settle, old, new):
    service = sync([f"{database}.c"]).start_and_watch()
    source = pair.source[database].c
    source.insert_one({"_id": old, "v": 1})
    pair.wait_equal([f"{database}.c"])
    source.delete_one({"_id": old})
    source.insert_one({"_id": new, "v": 2})
    settle(service, pair.source, pair.target, [f"{database}.c"])


def test_an_id_that_changes_its_type_many_times_while_the_service_is_down(pair, sync, database, settle):
    service = sync([f"{database}.c"]).start_and_watch()
    source = pair.source[database].c
    source.insert_one({"_id": 5, "v": 0})
    pair.wait_equal([f"{database}.c"])
    service.kill()
    for version, identifier in enumerate([5.0, bson.Int64(5), bson.Decimal128("5.0"), 5, 5.0]):
        source.delete_one({"_id": 5})
        source.insert_one({"_id": identifier, "v": version + 1})
    service.start_and_watch()
    settle(service, pair.source, pair.target, [f"{database}.c"])


def test_documents_of_nearly_16_mb_arrive(pair, sync, database, settle):
    service = sync([f"{database}.c"]).start_and_watch()
    source = pair.source[database].c
    almost_all = 16 * 1024 * 1024 - 64
    source.insert_one({"_id": 1, "pad": "x" * almost_all})
    for number in range(2, 6):
        source.insert_one({"_id": number, "pad": bytes([number]) * (4 << 20)})
    source.replace_one({"_id": 1}, {"pad": "y" * almost_all})
    settle(service, pair.source, pair.target, [f"{database}.c"])


def test_a_document_of_16_mb_with_a_long_id_is_updated(pair, sync, database, settle):
    """An update names the _id twice."""
    service = sync([f"{database}.c"]).start_and_watch()
    document = {"_id": "i" * 20_000, "v": 1, "pad": ""}
    document["pad"] = "x" * (16 * 1024 * 1024 - len(bson.encode(document)))
    pair.source[database].command("insert", "c", documents=[document])
    pair.wait_equal([f"{database}.c"])
    pair.source[database].c.update_one({"v": 1}, {"$set": {"v": 2}})
    settle(service, pair.source, pair.target, [f"{database}.c"])


def test_many_documents_of_all_sizes_in_one_burst(pair, sync, database, settle):
    service = sync([f"{database}.c"]).start_and_watch()
    pair.source[database].c.insert_many([{"_id": n, "pad": "x" * (n * 37 % 5_000)} for n in range(20_000)])
    pair.source[database].c.update_many({"_id": {"$mod": [3, 0]}}, {"$set": {"third": True}})
    pair.source[database].c.delete_many({"_id": {"$mod": [5, 0]}})
    settle(service, pair.source, pair.target, [f"{database}.c"])


@pytest.fixture
def unique_pair(new_server):
    """With a unique index on db.c. On secantusd-py: secantusd-rs 0.5.3 loses track of values that move between documents
    and goes on refusing those that no document has any more."""
    pair = Pair(new_server("source", kind="py"), new_server("target", kind="py"))
    for client in (pair.source, pair.target):
        client.db.c.create_index("e", unique=True)
    return pair


@pytest.fixture
def sync_unique(unique_pair, new_service):
    return lambda: new_service(unique_pair.source_server.uri(), unique_pair.target_server.uri(),
                               ["db.c"]).start_and_watch()


def test_values_of_a_unique_index_that_are_swapped_between_documents(unique_pair, sync_unique, settle):
    service = sync_unique()
    source = unique_pair.source.db.c
    source.insert_many([{"_id": "a", "e": 1}, {"_id": "b", "e": 2}, {"_id": "c", "e": 3}])
    unique_pair.wait_equal(["db.c"])
    for _ in range(20):
        values = {d["_id"]: d["e"] for d in source.find()}
        source.update_one({"_id": "a"}, {"$set": {"e": 99}})
        source.update_one({"_id": "b"}, {"$set": {"e": values["a"]}})
        source.update_one({"_id": "c"}, {"$set": {"e": values["b"]}})
        source.update_one({"_id": "a"}, {"$set": {"e": values["c"]}})
    source.delete_one({"_id": "b"})
    source.insert_one({"_id": "d", "e": values["a"]})
    settle(service, unique_pair.source, unique_pair.target, ["db.c"])
    assert service.dead_letters() == []


def test_swaps_while_the_service_is_down(unique_pair, sync_unique, settle):
    service = sync_unique()
    source = unique_pair.source.db.c
    source.insert_many([{"_id": n, "e": n} for n in range(100)])
    unique_pair.wait_equal(["db.c"])
    assert service.stop() == 0
    for n in range(100):
        source.update_one({"_id": n}, {"$set": {"e": -1 - n}})
    for n in range(100):
        source.update_one({"_id": n}, {"$set": {"e": (n + 1) % 100}})
    service.start_and_watch()
    settle(service, unique_pair.source, unique_pair.target, ["db.c"])
