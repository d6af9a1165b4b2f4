"""A seeded mixed workload on the source: few keys, many kinds of _id, changes of collections when wanted."""

import datetime
import random
import threading
import uuid

import bson
import pymongo
from pymongo.errors import AutoReconnect, BulkWriteError, ConnectionFailure, OperationFailure, WriteError

DUPLICATE_KEY = 11000
IMMUTABLE_ID = 66  # what secantusd-py answers to any change of the document whose _id is NaN


def every_id():
    """One _id of every kind that servers take. No two are equal to a server."""
    return [
        0, "", False, None, float("nan"), {}, {"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": {"b": [1, None]}},
        b"binary", bson.Binary(b"user-defined", 128), bson.Binary.from_uuid(uuid.UUID(int=7)), bson.MinKey(),
        bson.MaxKey(), bson.Decimal128("1.50"), bson.Decimal128("-9.99E+20"), bson.Code("f()"),
        bson.Timestamp(1, 2), bson.Timestamp(0, 0), bson.ObjectId(b"twelve bytes"), bson.Int64(2**60), -7, 2.5,
        float("inf"), float("-inf"), True, datetime.datetime(2020, 1, 2, 3, 4, 5, 678000), "text", "a\0b", "\u00fc\u4e16",
        "$dollar", "x" * 1500,
    ]


class Workload:
    """Runs in a thread of its own from `start` to `stop`. Outages of the source are waited out.

    The truth is what the source holds in the end, so a write whose outcome is unknown needs no care.

    Of the collections that are renamed documents are replaced, not updated: for an update that is read after the rename
    secantusd 0.5.3 looks up the document of the same _id in the collection that took the old name (MongoDB tells the two
    apart and finds nothing), and no later event would put that right. What MongoDB does is in test_collections.py.
    """

    def __init__(self, uri, namespaces, seed, *, keys=60, schema_changes=False, pause_s=0.001):
        self._uri = uri
        self._namespaces = [tuple(name.split(".", 1)) for name in namespaces]
        self._random = random.Random(seed)
        self._ids = [*range(keys), *every_id()]
        self._schema_changes = schema_changes
        self._renamed = self._namespaces[::2] if schema_changes else []
        self._pause_s = pause_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="workload", daemon=True)
        self._version = 0
        self.operations = 0
        self.failure = None

    def start(self):
        self._thread.start()
        return self

    def stop(self):
        self._stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive(), "the workload did not stop"
        if self.failure:
            raise self.failure
        return self.operations

    def _run(self):
        client = pymongo.MongoClient(self._uri, serverSelectionTimeoutMS=1_000, retryWrites=False)
        try:
            while not self._stop.wait(self._pause_s):
                try:
                    self._one(client)
                    self.operations += 1
                except (AutoReconnect, ConnectionFailure):
                    self._stop.wait(0.1)
                except BulkWriteError:
                    pass  # an _id that is there already: part of the mix
                except WriteError as error:
                    if error.code not in (DUPLICATE_KEY, IMMUTABLE_ID):
                        raise
        except Exception as error:  # pylint: disable=broad-except; handed to the test by stop()
            self.failure = error
        finally:
            client.close()

    def _document(self, identifier):
        self._version += 1
        pad = "p" * self._random.choice((0, 20, 200, 2_000))
        return {"_id": identifier, "v": self._version, "n": {"deep": [self._version, None, 1.5]}, "pad": pad}

    def _replacement(self, identifier):
        return {key: value for key, value in self._document(identifier).items() if key != "_id"}

    def _one(self, client):
        database, name = self._random.choice(self._namespaces)
        collection = client[database][name]
        identifier = self._random.choice(self._ids)
        query = {"_id": identifier}
        action = self._random.random()
        if action < 0.30:
            collection.insert_one(self._document(identifier))
        elif action < 0.55 and (database, name) in self._renamed:
            collection.replace_one(query, self._replacement(identifier))
        elif action < 0.55:
            self._version += 1
            collection.update_one(query, {"$set": {"v": self._version, f"f{self._version % 5}": self._version}})
        elif action < 0.70:
            collection.replace_one(query, self._replacement(identifier), upsert=True)
        elif action < 0.85:
            collection.delete_one(query)
        elif action < 0.92:
            collection.delete_one(query)
            collection.insert_one(self._document(identifier))
        elif action < 0.99 or not self._schema_changes:
            collection.insert_many([self._document(i) for i in self._random.sample(self._ids, 20)], ordered=False)
        else:
            self._change_schema(client, database, name)

    def _change_schema(self, client, database, name):
        kind = self._random.random()
        try:
            if kind > 0.9:
                client.drop_database(database)
            elif kind < 0.6 and (database, name) in self._renamed:
                client[database][name].rename(f"{name}_old", dropTarget=True)
            else:
                client[database][name].drop()
        except OperationFailure as error:
            if error.code not in (26,):  # nothing there to rename
                raise
