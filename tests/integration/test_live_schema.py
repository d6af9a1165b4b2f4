"""Changes of options and indexes while the service runs: create, createIndexes, dropIndexes, collMod, rename."""

import datetime
import random
import time

import pymongo
import pytest

from support.filled import add_indexes, indexes, same_schema, schema
from support.waiting import DEADLINE_S, wait_for


def wait_same(pair, database, seconds=DEADLINE_S):
    """Options and indexes of both sides; indexes follow when their stream has caught up."""
    wait_for(lambda: same_schema(pair.source, pair.target, database) == {},
             lambda: f"the same schema:\n{same_schema(pair.source, pair.target, database)}", seconds)


@pytest.fixture
def live(pair, sync, database):
    """A service that runs, with a collection that both sides have."""
    service = sync([f"{database}.*"]).start_and_watch()
    pair.source[database].c.insert_many([{"_id": n, "u": n, "a": n % 7, "t": datetime.datetime.now()} for n in range(50)])
    pair.wait_equal([f"{database}.c"])
    return service


def test_collections_with_options_and_views_are_created(pair, live, database, settle):
    here = pair.source[database]
    here.create_collection("plain")
    here.create_collection("validated", validator={"n": {"$gte": 0}}, validationAction="warn")
    here.create_collection("capped", capped=True, size=1 << 16, max=50)
    here.create_collection("collated", collation={"locale": "de", "strength": 1})
    here.create_collection("clustered", clusteredIndex={"key": {"_id": 1}, "unique": True})
    here.create_collection("view", viewOn="c", pipeline=[{"$match": {"a": 3}}])
    here.validated.insert_one({"_id": 1, "n": 1})
    wait_same(pair, database)
    assert schema(pair.target[database]).keys() >= {"plain", "validated", "capped", "collated", "clustered", "view"}
    assert pair.target[database].view.count_documents({}) == pair.source[database].view.count_documents({}) > 0
    here.command("collMod", "view", viewOn="c", pipeline=[{"$match": {"a": 4}}])
    wait_same(pair, database)
    here.drop_collection("view")
    here.drop_collection("capped")
    wait_same(pair, database)
    settle(live, pair.source, pair.target, [f"{database}.c", f"{database}.validated", f"{database}.plain"])


@pytest.mark.parametrize("options", [
    {}, {"unique": True}, {"expireAfterSeconds": 3_600}, {"partialFilterExpression": {"a": {"$gt": 3}}}, {"sparse": True}])
def test_an_index_comes_and_goes(pair, live, database, options):
    name = "t_1" if "expireAfterSeconds" in options else "u_1"
    pair.source[database].c.create_index([(name[0], 1)], **options)
    wait_same(pair, database)
    assert name in indexes(pair.target[database].c)
    assert f"{database}.c: building 1 indexes" in live.log
    pair.source[database].c.drop_index(name)
    wait_same(pair, database)
    assert live.stop() == 0


def test_an_index_that_is_refused_does_not_keep_the_others_away(pair, live, database):
    there = pair.target[database].c
    there.insert_one({"_id": "in the way", "u": 5})
    pair.source[database].c.create_indexes([pymongo.IndexModel([("u", 1)], unique=True), pymongo.IndexModel([("a", 1)])])
    wait_for(lambda: "a_1" in indexes(there), "the index that nothing is wrong with")
    assert "u_1" not in indexes(there)
    there.delete_one({"_id": "in the way"})
    wait_same(pair, database)
    assert live.stop() == 0


def test_many_indexes_of_one_command_and_all_dropped(pair, live, database):
    here = pair.source[database]
    add_indexes(here.c)
    here.many.create_index([("a", 1)])  # makes the collection, too
    wait_same(pair, database)
    here.c.drop_indexes()
    wait_same(pair, database)
    assert list(indexes(pair.target[database].c)) == ["_id_"]
    assert live.stop() == 0


def test_a_validator_and_an_expiry_are_changed(pair, live, database):
    here = pair.source[database]
    here.c.create_index([("t", 1)], name="ttl", expireAfterSeconds=3_600)
    wait_same(pair, database)
    here.c.insert_one({"_id": "before the validator", "a": -1})
    here.command("collMod", "c", validator={"a": {"$gte": 0}}, validationLevel="moderate")
    here.command("collMod", "c", index={"name": "ttl", "expireAfterSeconds": 7_200})
    here.c.insert_one({"_id": "after the validator", "a": 1})
    wait_same(pair, database)
    pair.wait_equal([f"{database}.c"])
    assert indexes(pair.target[database].c)["ttl"]["expireAfterSeconds"] == 7_200
    here.command("collMod", "c", validator={})
    wait_same(pair, database)
    assert live.stop() == 0


def test_versions_of_geo_indexes_are_kept_and_no_reason_to_refuse(pair, live, database, settle):
    """A server takes an index that it has for the same one only with the same version."""
    def with_version(field, version):
        return {"key": {field: "2dsphere"}, "name": field, "2dsphereIndexVersion": version}

    here, there = pair.source[database], pair.target[database]
    there.command("createIndexes", "c", indexes=[with_version("there", 3)])
    here.command("createIndexes", "c", indexes=[with_version("there", 2), with_version("old", 2)])
    wait_for(lambda: "old" in indexes(there.c), "the old index")
    live.kill()
    here.command("createIndexes", "c", indexes=[with_version("new", 3)])  # with it the others are asked for again
    live.start_and_watch()
    wait_for(lambda: "new" in indexes(there.c), "the new index")
    settle(live, pair.source, pair.target, [f"{database}.c"])
    versions = {index["name"]: index.get("2dsphereIndexVersion") for index in there.c.list_indexes()}
    assert versions == {"_id_": None, "there": 3, "old": 2, "new": 3}
    assert "ERROR" not in live.log


def test_an_index_of_a_renamed_collection_follows(pair, live, database, settle):
    here = pair.source[database]
    here.c.create_index([("u", 1)], unique=True)
    here.c.rename("d")
    here.d.create_index([("a", 1)])
    here.c.insert_one({"_id": "another life"})
    here.c.create_index([("b", 1)])
    wait_same(pair, database)
    assert {"u_1", "a_1"} <= indexes(pair.target[database].d).keys()
    settle(live, pair.source, pair.target, [f"{database}.*"])


def test_what_changes_while_the_service_is_down(pair, live, database, settle):
    here = pair.source[database]
    here.c.create_index([("a", 1)])
    wait_same(pair, database)
    live.kill()
    here.c.drop_index("a_1")
    here.c.create_index([("a", -1)], name="a_1")  # another one of the same name
    here.create_collection("validated", validator={"n": {"$gte": 0}})
    here.validated.create_index([("n", 1)], unique=True)
    here.command("collMod", "validated", validator={"n": {"$gte": 1}})
    here.c.rename("d")
    live.start_and_watch()
    wait_same(pair, database)
    settle(live, pair.source, pair.target, [f"{database}.d"])


def test_without_indexes_none_come_or_go(pair, sync, database, settle):
    here, there = pair.source[database], pair.target[database]
    here.c.create_index([("both", 1)])
    there.c.create_index([("both", 1)])
    service = sync([f"{database}.*"], indexes="off").start_and_watch()
    here.c.create_index([("new", 1)])
    here.c.drop_index("both_1")
    here.create_collection("later")
    wait_for(lambda: "later" in there.list_collection_names(), "the collection that was created last")
    settle(service, pair.source, pair.target, [f"{database}.c"])
    assert indexes(there.c).keys() == {"_id_", "both_1"}


def test_a_time_series_is_left_out_with_a_warning(pair, live, database):
    here = pair.source[database]
    here.create_collection("series", timeseries={"timeField": "t", "metaField": "m"})
    here.series.create_index([("m", 1)])
    here.later.create_index([("a", 1)])
    live.wait_for_log(f"not carried over: {database}.series is a time series")
    wait_for(lambda: "a_1" in indexes(pair.target[database].later), "the index that was created last")
    assert live.stop() == 0  # what is under way on the target is finished
    assert "series" not in pair.target[database].list_collection_names()


@pytest.mark.parametrize("code, text", [
    (40415, "BSON field '$changeStream.showExpandedEvents' is an unknown field."), (9, "unrecognised option")])
def test_a_source_that_has_no_such_events_is_read_without_them(pair, new_service, new_proxy, database, settle, code, text):
    proxy = new_proxy(pair.source_server)
    proxy.answer(b"showExpandedEvents", {"ok": 0.0, "code": code, "errmsg": text})
    service = new_service(pair.source_server.uri(port=proxy.port), pair.target_server.uri(), [f"{database}.*"])
    service.start_and_watch()
    assert service.log.count("the source tells nothing of collections and indexes") == 1
    here = pair.source[database]
    here.c.insert_one({"_id": 1})
    here.c.create_index([("a", 1)])
    settle(service, pair.source, pair.target, [f"{database}.*"])
    assert list(indexes(pair.target[database].c)) == ["_id_"]
    service.start_and_watch()
    here.c.insert_one({"_id": 2})
    settle(service, pair.source, pair.target, [f"{database}.*"])


def test_changes_during_the_copy(pair, sync, database, settle):
    """They wait in the spool; the copy brings some of them itself."""
    here = pair.source[database]
    here.c.insert_many([{"_id": n, "u": n, "a": n % 7, "pad": "p" * 900} for n in range(8_000)])
    here.c.create_index([("a", 1)])
    service = sync([f"{database}.*"], initial_sync={"mode": "auto", "max_bytes_per_second": "3 MB"}).start()
    wait_for(lambda: pair.target[database].c.estimated_document_count() > 0, "the first documents")
    here.c.drop_index("a_1")
    here.c.create_index([("u", 1)], unique=True)
    here.command("collMod", "c", validator={"a": {"$gte": 0}}, validationAction="warn")  # beacons have none
    here.create_collection("validated", validator={"n": {"$gte": 0}}, validationAction="warn")
    here.create_collection("view", viewOn="c", pipeline=[{"$match": {"a": 3}}])
    service.wait_for_log("all changes made during the copy are applied", 180)
    wait_same(pair, database)
    settle(service, pair.source, pair.target, [f"{database}.c", f"{database}.validated"])


class Wild:
    """Random changes of options and indexes, with documents between them."""

    def __init__(self, database, seed):
        self.database = database
        self.random = random.Random(seed)
        self.number = 0

    def change(self):
        self.number += 1
        collection = self.database[self.random.choice("abc")]
        kind = self.random.random()
        try:
            if kind < 0.35:
                collection.insert_one({"_id": self.number, "n": self.number, "t": datetime.datetime.now()})
            elif kind < 0.60:
                field, options = self.random.choice(
                    [("n", {"unique": True}), ("t", {"expireAfterSeconds": 3_600}), ("m", {}),
                     ("k", {"partialFilterExpression": {"n": {"$gt": 3}}})])
                collection.create_index([(field, 1)], **options)
            elif kind < 0.75:
                collection.drop_index(self.random.choice("ntmk") + "_1")
            elif kind < 0.85:
                self.database.command("collMod", collection.name, validator={"n": {"$lt": 10**6 + self.number}},
                                      validationAction="warn")
            elif kind < 0.88:
                self.database.create_collection(collection.name, validator={"n": {"$lt": 10**6}}, validationAction="warn")
            elif kind < 0.94:
                collection.drop()
            else:
                collection.rename(collection.name + "_old", dropTarget=True)
        except (pymongo.errors.OperationFailure, pymongo.errors.CollectionInvalid):
            pass  # it is not there, or it is there already


def test_kills_in_the_middle_of_changes(pair, sync, database, settle):
    """Documents are only inserted: see support/workload.py for what a rename does to updates."""
    service = sync([f"{database}.*"]).start_and_watch()
    wild = Wild(pair.source[database], 7)
    moments = random.Random(8)
    for _ in range(20):
        end = time.monotonic() + moments.uniform(0.05, 0.6)
        while time.monotonic() < end:
            wild.change()
        service.kill()
        for _ in range(10):
            wild.change()
        service.start()
    wait_for(lambda: pair.source[database].list_collection_names(), "a collection")
    settle(service, pair.source, pair.target, [f"{database}.*"])
    service.start_and_watch()
    wait_same(pair, database, 60)
    assert service.stop() == 0
