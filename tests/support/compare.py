"""Comparison of two servers: document by document, byte for byte."""

import time

from bson import json_util
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

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
        raw = bytes(document.raw)  # pymongo gives a memoryview of what came in a large reply
        found[_id_bytes(raw)] = raw
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


def wait_equal(source, target, names, seconds=30.0):
    """Waits until the named collections (or "db.*") are the same on both sides."""
    deadline = time.monotonic() + seconds
    pause = 0.02
    while True:
        found = all_differences(source, target, names)
        if not found:
            return
        if time.monotonic() > deadline:
            shown = "\n".join(sorted(found)[:8])
            raise AssertionError(f"{len(found)} documents differ after {seconds:g} s:\n{shown}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)  # a large comparison must not take the time of what it waits for


def _id_bytes(raw):
    # By hand: decoding would make 1 and 1.0, or two orders of a document's fields, the same key.
    at = 4
    while raw[at]:
        name_end = raw.index(b"\0", at + 1)
        value_end = name_end + 1 + _value_size(raw, raw[at], name_end + 1)
        if raw[at + 1:name_end] == b"_id":
            return raw[at:value_end]
        at = value_end
    raise AssertionError(f"a document without _id: {_show(raw)}")


_FIXED = {0x01: 8, 0x06: 0, 0x07: 12, 0x08: 1, 0x09: 8, 0x0A: 0, 0x10: 4, 0x11: 8, 0x12: 8, 0x13: 16, 0x7F: 0, 0xFF: 0}


def _value_size(raw, kind, at):
    if kind in _FIXED:
        return _FIXED[kind]
    length = int.from_bytes(raw[at:at + 4], "little")
    if kind in (0x02, 0x0D, 0x0E):
        return 4 + length
    if kind in (0x03, 0x04, 0x0F):
        return length
    if kind == 0x05:
        return 5 + length
    if kind == 0x0C:
        return 4 + length + 12
    if kind == 0x0B:
        options = raw.index(b"\0", at) + 1
        return raw.index(b"\0", options) + 1 - at
    raise AssertionError(f"unknown BSON type {kind:#x}")


def _show(raw):
    if raw is None:
        return "nothing"
    try:
        text = json_util.dumps(RawBSONDocument(raw), json_options=json_util.CANONICAL_JSON_OPTIONS)
    except Exception:  # pylint: disable=broad-except; odd bytes are what some tests are about
        text = raw.hex()
    return text if len(text) <= 160 else f"{text[:150]}... ({len(raw)} bytes)"
