"""Comparison of two servers: document by document, byte for byte."""

import time

import pymongo
from bson import json_util
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from support import raw
from support.waiting import DEADLINE_S

QUERY_PLAN_KILLED = 175
RAW = CodecOptions(document_class=RawBSONDocument)


def split(namespace):
    """"db.coll.with.dots" -> ("db", "coll.with.dots")."""
    database, _, collection = namespace.partition(".")
    return database, collection


def documents(client, namespace):
    """{bytes of {_id}: bytes of the document}; a missing collection has none."""
    database, collection = split(namespace)
    found = {}
    for document in client.get_database(database, codec_options=RAW)[collection].find({}):
        content = bytes(document.raw)  # pymongo gives a memoryview of what came in a large reply
        found[_id_bytes(content)] = content
    return found


def namespaces(client, database):
    """The collections of a database, without views and system collections."""
    return sorted(f"{database}.{name}" for name in client[database].list_collection_names(
        filter={"type": "collection"}) if not name.startswith("system."))


def differences(source, target, names):
    """Texts that say what differs, [] when both sides hold the same bytes."""
    found = []
    for name in names:
        here, there = documents(source, name), documents(target, name)
        for key in here.keys() | there.keys():
            if here.get(key) != there.get(key):
                found.append(f"{name}: source {_show(here.get(key))} target {_show(there.get(key))}")
    return found


def expand(names, *clients):
    """The names, "db.*" replaced by all collections that the database has at one of the clients."""
    found = set()
    for name in names:
        if name.endswith(".*"):
            found.update(*(namespaces(client, name[:-2]) for client in clients))
        else:
            found.add(name)
    return sorted(found)


def all_differences(source, target, names):
    """Of names that may be "db.*": what should have gone from the target is found too.

    Listed there only when all else is equal: secantusd-rs 0.5.3 brings a collection back, empty, when it lists
    the collections while it drops one.
    """
    return differences(source, target, expand(names, source)) or \
        differences(source, target, expand(names, source, target))


def wait_equal(source, target, names, seconds=DEADLINE_S):
    """Waits until the named collections (or "db.*") are the same on both sides."""
    deadline = time.monotonic() + seconds
    pause = 0.02
    while True:
        try:
            found = all_differences(source, target, names)
        except pymongo.errors.OperationFailure as error:
            if error.code != QUERY_PLAN_KILLED:
                raise
            found = [f"dropped while it was read: {error}"]
        if not found:
            return
        if time.monotonic() > deadline:
            shown = "\n".join(sorted(found)[:8])
            raise AssertionError(f"{len(found)} documents differ after {seconds:g} s:\n{shown}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)  # a large comparison must not take the time of what it waits for


def _id_bytes(document):
    # By hand: decoding would make 1 and 1.0, or two orders of a document's fields, the same key.
    for kind, name, value in raw.elements(document):
        if name == b"_id":
            return bytes([kind]) + value
    raise AssertionError(f"a document without _id: {_show(document)}")


def _show(document):
    if document is None:
        return "nothing"
    try:
        text = json_util.dumps(RawBSONDocument(document), json_options=json_util.CANONICAL_JSON_OPTIONS)
    except Exception:  # pylint: disable=broad-except; odd bytes are what some tests are about
        text = document.hex()
    return text if len(text) <= 160 else f"{text[:150]}... ({len(document)} bytes)"
