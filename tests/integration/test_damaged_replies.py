"""Replies that were damaged on their way, or come from a server that gave up amid them: what is missing in one must
read neither as "nothing there" nor as "done"."""

import math
import struct

import bson
import pytest

from support.damage import Damaging, batch, lost, with_cursor, without, without_batch
from support.waiting import wait_for

INVALID = r"\[InvalidReply, retried\]"
NOT_OK = {"ok: 0": {"ok": 0}, "empty": {}}


@pytest.fixture
def source(pair, new_proxy):
    return new_proxy(pair.source_server, Damaging)


@pytest.fixture
def target(pair, new_proxy):
    return new_proxy(pair.target_server, Damaging)


@pytest.fixture
def service(pair, source, target, new_service, database):
    """Not started yet; both its servers are behind proxies."""
    return new_service(pair.source_server.uri(port=source.port), pair.target_server.uri(port=target.port),
                       [f"{database}.*"], apply={"fence": "compare", "late_write_max": 1})


def opens_stream(reply):
    return "postBatchResumeToken" in reply.get("cursor", {}) and "firstBatch" in reply["cursor"]


def has_events(reply):
    return any("operationType" in event for event in batch(reply))


def has_documents(reply):
    return any("pad" in document for document in batch(reply))


WRITES = {**NOT_OK, "nothing done": {"ok": 1, "n": 0}, "n missing": {"ok": 1}, "n a string": {"ok": 1, "n": "1"},
          "errors that are none": {"ok": 1, "n": 0, "writeErrors": ["x"]},
          "errors in a document": {"ok": 1, "n": 1, "writeErrors": {"0": {"index": 0, "code": 91}}},
          "an index past an int": {"ok": 1, "n": 0, "writeErrors": [{"index": bson.Int64(1 << 32), "code": 91}]}}


@pytest.mark.parametrize("reply", WRITES.values(), ids=WRITES)
def test_a_write_whose_reply_does_not_say_it_is_done_is_tried_again(pair, service, target, database, settle, reply):
    service.start_and_watch()
    target.answer(b"\x02insert\0\x02\0\0\0c\0", reply, times=1)
    pair.source[database].c.insert_one({"_id": 1})
    service.wait_for_log(rf"a write to {database}\.c failed \(try 1\): {INVALID}")
    settle(service, pair.source, pair.target, [f"{database}.*"])


@pytest.mark.parametrize("reply", NOT_OK.values(), ids=NOT_OK)
def test_a_drop_whose_reply_does_not_say_it_is_done_is_tried_again(pair, service, target, database, settle, reply):
    service.start_and_watch()
    pair.source[database].c.insert_one({"_id": 1})
    pair.wait_equal([f"{database}.*"])
    target.answer(b"\x02drop\0", reply, times=1)
    pair.source[database].c.drop()
    pair.source[database].d.insert_one({"_id": 2})
    settle(service, pair.source, pair.target, [f"{database}.*"])
    assert pair.target[database].list_collection_names() == ["d"]


OPENINGS = {"not ok": lambda _: {"ok": 0.0}, "no cursor": lambda _: {"ok": 1.0}, "no id": without("id"),
            "id a string": with_cursor(id="7"), "no list": without_batch, "list a string": with_cursor(batch="x")}


@pytest.mark.parametrize("change", OPENINGS.values(), ids=OPENINGS)
def test_a_stream_that_opens_with_a_damaged_reply_is_opened_again(pair, service, source, database, settle, change):
    source.damage(opens_stream, change)
    service.start()
    service.wait_for_log(INVALID)
    service.wait_for_log(r"Watching for changes\.\.\.")
    pair.source[database].c.insert_one({"_id": 1})
    settle(service, pair.source, pair.target, [f"{database}.*"])
    assert "no start position" not in service.log


READS = {"not ok": lambda _: {"ok": 0.0}, "no list": without_batch, "list null": with_cursor(batch=None),
         "list a string": with_cursor(batch="x"), "id a string": with_cursor(id="7"),
         "list a document": with_cursor(batch=lambda events: {str(i): e for i, e in enumerate(events)})}


@pytest.mark.parametrize("change", READS.values(), ids=READS)
def test_events_of_a_damaged_read_are_read_again(pair, service, source, database, settle, change):
    service.start_and_watch()
    source.damage(has_events, change)
    pair.source[database].c.insert_many([{"_id": number} for number in range(5)])
    service.wait_for_log(rf"stream {database}\.\* failed \(try 1\): {INVALID}")
    settle(service, pair.source, pair.target, [f"{database}.*"])


@pytest.mark.parametrize("make", [lambda _: {}, lambda token: [token]], ids=["empty", "array"])
def test_a_position_that_is_none_is_not_kept(pair, service, source, database, settle, make):
    def change(reply):
        return with_cursor(postBatchResumeToken=make(reply["cursor"]["postBatchResumeToken"]))(reply)

    service.start_and_watch()
    source.damage(lambda reply: "postBatchResumeToken" in reply.get("cursor", {}), change, times=math.inf)
    pair.source[database].c.insert_one({"_id": 1})
    pair.wait_equal([f"{database}.*"])
    assert service.stop() == 0
    source.repair()
    pair.source[database].c.insert_one({"_id": 2})
    service.start_and_watch()
    settle(service, pair.source, pair.target, [f"{database}.*"])


COMPARISONS = {"not ok": lambda _: {"ok": 0.0}, "no cursor": lambda _: {"ok": 1.0}, "no list": without_batch,
               "list a string": with_cursor(batch="x")}


@pytest.mark.parametrize("change", COMPARISONS.values(), ids=COMPARISONS)
def test_a_comparison_with_a_damaged_reply_deletes_nothing(pair, service, source, target, database, settle, change):
    service.start_and_watch()
    target.damage(lambda reply: "n" in reply, lost)  # a write that is done, and the service does not know it
    source.damage(lambda reply: has_documents(reply) and not has_events(reply), change)
    pair.source[database].c.insert_many([{"_id": number, "pad": 1} for number in range(10)])
    wait_for(lambda: not source.damaging, service.process.log_tail)
    settle(service, pair.source, pair.target, [f"{database}.*"])
    assert not any(text in service.log for text in ("documents differ", "delete="))


DOCUMENTS = 700
MIDDLE = 350
COPIED_LINE = r"is copied; the changes made meanwhile follow"


def has_middle(reply):
    return any(document.get("_id") == MIDDLE and "pad" in document for document in batch(reply))


def cut_in_the_middle(reply):
    """The length of one document is damaged: a walk over them ends there."""
    content = bytearray(bson.encode(reply))
    at = content.index(b"\x10_id\0" + struct.pack("<i", MIDDLE)) - 4
    content[at:at + 4] = struct.pack("<i", 0x7fffff00)
    return bytes(content)


def in_the_middle(make):
    return with_cursor(batch=lambda documents: [make(d) if d["_id"] == MIDDLE else d for d in documents])


COPIES = {"id a string": (has_documents, with_cursor(id="7")), "id null": (has_documents, with_cursor(id=None)),
          "damaged": (has_middle, cut_in_the_middle), "a string": (has_middle, in_the_middle(lambda _: "x")),
          "without _id": (has_middle, in_the_middle(lambda document: {"pad": document["pad"]}))}


@pytest.mark.parametrize("which, change", COPIES.values(), ids=COPIES)
def test_a_copy_with_a_damaged_batch_reads_it_again(pair, service, source, database, which, change):
    pair.source[database].c.insert_many([{"_id": number, "pad": "x" * 50} for number in range(DOCUMENTS)])
    source.damage(which, change)
    service.start("--initial-sync").wait_for_log(COPIED_LINE)
    assert not source.damaging
    pair.wait_equal([f"{database}.*"], 0)


LISTS = {"collections": lambda reply: any("info" in entry for entry in batch(reply)),
         "indexes": lambda reply: any("key" in entry for entry in batch(reply))}


@pytest.mark.parametrize("change", [lambda _: {"ok": 1.0}, without_batch], ids=["no cursor", "no list"])
@pytest.mark.parametrize("which", LISTS.values(), ids=LISTS)
def test_a_copy_with_a_damaged_list_is_whole(pair, service, source, database, which, change):
    pair.source[database].c.insert_one({"_id": 1, "pad": 1})
    pair.source[database].c.create_index("pad")
    source.damage(which, change, times=3)
    service.start("--initial-sync").wait_for_log(COPIED_LINE)
    pair.wait_equal([f"{database}.*"], 0)
    wait_for(lambda: not source.damaging, service.process.log_tail)
    wait_for(lambda: "pad_1" in pair.target[database].c.index_information(), service.process.log_tail)


def test_a_list_that_never_ends_is_given_up(pair, service, source, database):
    pair.source[database].c.insert_one({"_id": 1, "pad": 1})
    next_page = b"\x12getMore\0" + struct.pack("<q", 77)
    source.damage(LISTS["collections"], with_cursor(id=bson.Int64(77), batch=[]))
    source.answer(next_page, {"ok": 1.0, "cursor": {"id": bson.Int64(77), "ns": f"{database}.c", "nextBatch": []}})
    source.count(next_page)
    service.start("--initial-sync").wait_for_log(COPIED_LINE)
    assert 0 < source.counted <= 1000
    pair.wait_equal([f"{database}.*"], 0)
