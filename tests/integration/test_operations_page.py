"""What docs/operations.md tells an operator to run does what it says."""

import pathlib
import re
import subprocess
import sys
import textwrap

import bson
from bson.raw_bson import RawBSONDocument

from support import raw
from support.compare import documents
from support.refusal import refuse_bad, take_bad
from support.waiting import wait_for

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "operations.md"


def script_of_page(name, folder):
    """The Python script of the page whose first line names it."""
    for block in re.findall(r"^ *```python\n(.*?)^ *```", PAGE.read_text(), re.MULTILINE | re.DOTALL):
        text = textwrap.dedent(block)
        if text.startswith(f"# {name}:"):
            path = folder / name
            path.write_text(text)
            return path
    raise AssertionError(f"{PAGE} has no script {name}")


def reapply(pair, service, folder):
    command = [sys.executable, script_of_page("reapply.py", folder), letters_of(service)]
    done = subprocess.run([*command, pair.source_server.uri(), pair.target_server.uri()], check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    assert done.returncode == 0, done.stdout


def letters_of(service):
    return service.state_path.removesuffix(".json") + ".dead_letter.jsonl"


def test_quarantined_documents_are_brought_anew_as_the_source_holds_them(pair, sync, database, settle, tmp_path):
    here, there = pair.source[database].c, pair.target[database].c
    refuse_bad(pair.target[database].c)
    service = sync([f"{database}.c"], on_error="quarantine").start_and_watch()
    here.insert_many([{"_id": {"n": n}} for n in range(3)])
    wait_for(lambda: there.count_documents({}) == 3, "three good documents")
    here.update_many({}, {"$set": {"bad": True}})
    wait_for(lambda: len(service.dead_letters()) == 3, "three dead letters")
    assert service.stop() == 0
    here.update_one({"_id": {"n": 1}}, {"$set": {"later": 1}})
    here.delete_one({"_id": {"n": 2}})
    take_bad(there)

    reapply(pair, service, tmp_path)
    assert list(there.find(sort=[("_id", 1)])) == [
        {"_id": {"n": 0}, "bad": True}, {"_id": {"n": 1}, "bad": True, "later": 1}]

    service.start_and_watch()
    settle(service, pair.source, pair.target, [f"{database}.c"])


FAR = (1 << 60).to_bytes(8, "little")  # a date after the year 9999


def nested(depth):
    document = bson.encode({"x": 1})
    for _ in range(depth):
        document = raw.document([(raw.DOCUMENT, b"a", document)])
    return document


def test_quarantined_documents_that_python_and_extended_json_cannot_read_are_brought_anew(
        pair, sync, database, tmp_path):
    number = 0x10, b"_id"
    bad = raw.STRING, b"bad", raw.string(b"no place")
    odd = [
        [(*number, b"\1\0\0\0"), (raw.DOCUMENT, b"day", bson.encode({"$date": "today"})), bad],
        [(*number, b"\2\0\0\0"), (raw.DOCUMENT, b"id", bson.encode({"$oid": "zz"})), bad],
        [(*number, b"\3\0\0\0"), (raw.DOCUMENT, b"deep", nested(170)), bad],
        [(*number, b"\4\0\0\0"), (raw.DOCUMENT, b"$set", bson.encode({"v": 2})), bad],
    ]
    if pair.source_server.is_rust:  # secantusd-py is written in Python
        odd += [[(*number, b"\5\0\0\0"), (raw.DATE, b"day", FAR), bad], [(raw.DATE, b"_id", FAR), bad]]
    odd = [RawBSONDocument(raw.document(parts)) for parts in odd]
    there = pair.target[database].c
    refuse_bad(there)
    service = sync([f"{database}.c"], on_error="quarantine").start_and_watch()
    assert pair.source[database].command("insert", "c", documents=odd)["n"] == len(odd)
    wait_for(lambda: len(service.dead_letters()) == len(odd), "a dead letter of each")
    assert service.stop() == 0
    with open(letters_of(service), "ab") as letters:
        letters.write(b'{"time":"torn by a crash, amid a letter: \xc3')
    take_bad(there)
    there.insert_one({"_id": 4})
    reapply(pair, service, tmp_path)
    assert documents(pair.target, f"{database}.c") == documents(pair.source, f"{database}.c")
    assert len(documents(pair.target, f"{database}.c")) == len(odd)
