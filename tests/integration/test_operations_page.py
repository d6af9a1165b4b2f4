"""What docs/operations.md tells an operator to run does what it says."""

import pathlib
import re
import subprocess
import sys
import textwrap

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

    letters = service.state_path.removesuffix(".json") + ".dead_letter.jsonl"
    command = [sys.executable, script_of_page("reapply.py", tmp_path), letters]
    done = subprocess.run([*command, pair.source_server.uri(), pair.target_server.uri()], check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    assert done.returncode == 0, done.stdout
    assert list(there.find(sort=[("_id", 1)])) == [
        {"_id": {"n": 0}, "bad": True}, {"_id": {"n": 1}, "bad": True, "later": 1}]

    service.start_and_watch()
    settle(service, pair.source, pair.target, [f"{database}.c"])
