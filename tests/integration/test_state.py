"""The state file: never lost, never replaced by an empty one, shared with the original service."""

import json
import os

import pytest
from bson import json_util

from support.service import run
from support.waiting import wait_for


@pytest.fixture
def stopped(pair, sync, database):
    """A service that synchronised three documents and was stopped."""
    service = sync([f"{database}.c"]).start_and_watch()
    pair.source[database].c.insert_many([{"_id": n} for n in range(3)])
    pair.wait_equal([f"{database}.c"])
    assert service.stop() == 0
    return service


def refused(service):
    service.start()
    assert service.wait_exit() == 6, service.log
    assert service.state_path in service.log, "the file is named"
    assert service.state_path + ".previous" in service.log, "the good one beside it is named"
    return service.log


@pytest.mark.parametrize("keep", [0, 1, 10, 0.25, 0.5, 0.9, -2], ids=str)
def test_a_truncated_state_is_refused_and_left_alone(stopped, keep):
    with open(stopped.state_path, "rb") as file:
        whole = file.read()
    damaged = whole[:int(len(whole) * keep)] if isinstance(keep, float) else whole[:keep]
    with open(stopped.state_path, "wb") as file:
        file.write(damaged)
    refused(stopped)
    with open(stopped.state_path, "rb") as file:
        assert file.read() == damaged


@pytest.mark.parametrize("text", ["garbage", "\0" * 100, "[]", "{}", '"text"', '{"resume_tokens": 5}',
                                  '{"resume_tokens": {"db.c": "not a token"}}'])
def test_a_state_that_is_something_else_is_refused_and_left_alone(stopped, text):
    with open(stopped.state_path, "w", encoding="utf-8") as file:
        file.write(text)
    refused(stopped)
    with open(stopped.state_path, encoding="utf-8") as file:
        assert file.read() == text


def test_a_state_that_cannot_be_read_is_refused(stopped):
    path = stopped.state_path
    os.rename(path, path + ".kept")
    os.mkdir(path)  # root may read everything, but not a directory
    stopped.start()
    assert stopped.wait_exit() == 6
    assert path in stopped.log
    assert os.path.isdir(path)


def test_the_previous_state_can_be_put_back(pair, stopped, database, settle):
    with open(stopped.state_path, "w", encoding="utf-8") as file:
        file.write("garbage")
    refused(stopped)
    os.replace(stopped.state_path + ".previous", stopped.state_path)
    pair.source[database].c.insert_one({"_id": "while it was down"})
    stopped.start_and_watch()
    settle(stopped, pair.source, pair.target, [f"{database}.c"])


def test_a_missing_state_beside_its_previous_one_is_not_a_new_start(pair, stopped, database):
    path = stopped.state_path
    os.rename(path, path + ".elsewhere")
    assert os.path.exists(path + ".previous")
    pair.source[database].c.insert_one({"_id": "while it was down"})
    stopped.start()
    wait_for(lambda: stopped.process.exit_code() is not None
             or pair.target[database].c.find_one({"_id": "while it was down"}),
             "refused, or continued from the previous one")
    assert stopped.process.exit_code() in (None, 6)


def test_the_state_of_the_original_service_is_continued_from(pair, sync, database, settle):
    with pair.source[database].c.watch() as stream:
        token = stream.resume_token
    pair.source[database].c.insert_many([{"_id": n} for n in range(25)])
    service = sync([f"{database}.c"])
    name = (f".documentdb_sync_state_127.0.0.1_{pair.source_server.port}"
            f"_to_127.0.0.1_{pair.target_server.port}.json")
    original = {
        "resume_tokens": {f"{database}.c": token}, "last_sync_time": "2025-01-02T03:04:05.678901",
        "sync_stats": {"total_synced": 100, "inserts": 60, "updates": 30, "deletes": 10, "errors": 0},
    }
    with open(os.path.join(service.folder, name), "w", encoding="utf-8") as file:
        json.dump(original, file, indent=2)
    service.start_and_watch()
    pair.wait_equal([f"{database}.c"])
    wait_for(lambda: service.state()["sync_stats"]["total_synced"] == 125, lambda: service.state())
    assert service.state()["sync_stats"]["inserts"] == 85
    settle(service, pair.source, pair.target, [f"{database}.c"])


def test_an_original_state_without_a_token_starts_from_now(pair, sync, database, settle):
    service = sync([f"{database}.c"])
    name = (f".documentdb_sync_state_127.0.0.1_{pair.source_server.port}"
            f"_to_127.0.0.1_{pair.target_server.port}.json")
    with open(os.path.join(service.folder, name), "w", encoding="utf-8") as file:
        json.dump({"resume_tokens": {f"{database}.c": None}, "last_sync_time": None,
                   "sync_stats": {"total_synced": 0, "inserts": 0, "updates": 0, "deletes": 0, "errors": 0}}, file)
    service.start_and_watch()
    pair.source[database].c.insert_one({"_id": 1})
    settle(service, pair.source, pair.target, [f"{database}.c"])


def test_a_second_instance_is_refused_and_the_first_unharmed(pair, sync, new_service, database, settle):
    first = sync([f"{database}.c"]).start_and_watch()
    second = new_service(pair.source_server.uri(), pair.target_server.uri(), [f"{database}.c"], name="second",
                         state={"directory": first.folder})
    second.start()
    assert second.wait_exit() == 75
    assert str(first.process.pid) in second.log, "the process that holds the lock is named"
    pair.source[database].c.insert_one({"_id": 1})
    settle(first, pair.source, pair.target, [f"{database}.c"])
    second.start_and_watch()
    assert second.stop() == 0


def test_the_state_directory_can_be_moved(pair, sync, database, tmp_path):
    folders = {"state": tmp_path / "elsewhere", "spool": tmp_path / "another/disk"}
    service = sync([f"{database}.c"], **{name: {"directory": str(path)} for name, path in folders.items()}).start_and_watch()
    assert service.stop() == 0
    for name, path in folders.items():
        assert f"{name}.directory {path} was missing and has been created" in service.log
    assert any(name.startswith(".documentdb_sync_state_") for name in os.listdir(tmp_path / "elsewhere"))
    assert not any(name.startswith(".documentdb_sync_state_") for name in os.listdir(service.folder))


def test_the_state_reaches_the_last_event_when_nothing_more_comes(pair, sync, database):
    """Three changes are fewer than persist_interval: idleness makes them durable."""
    service = sync([f"{database}.c"], state={"persist_interval": 1000}).start_and_watch()
    pair.source[database].c.insert_many([{"_id": n} for n in range(3)])
    wait_for(lambda: service.state()["sync_stats"]["total_synced"] == 3, lambda: service.state())
    service.kill()
    token = json_util.loads(json.dumps(service.state()["resume_tokens"][f"{database}.c"]))
    with pair.source[database].c.watch(resume_after=token) as stream:
        assert stream.try_next() is None, "the durable position is behind the last event"


def test_files_of_the_state_are_private(stopped):
    for name in os.listdir(stopped.folder):
        if name.startswith(".documentdb_sync_state_"):
            assert os.stat(os.path.join(stopped.folder, name)).st_mode & 0o077 == 0, name


def test_reset_forgets_the_state(pair, stopped, database, settle):
    pair.source[database].c.insert_one({"_id": "while it was down"})
    stopped.start_and_watch("--reset")
    pair.source[database].c.insert_one({"_id": "after the reset"})
    wait_for(lambda: pair.target[database].c.find_one({"_id": "after the reset"}), "the document after the reset")
    assert pair.target[database].c.find_one({"_id": "while it was down"}) is None
    assert stopped.stop() == 0


def test_the_state_of_another_source_behind_the_same_address_is_refused(new_server, new_service, settle):
    """As behind a forwarded port: same address, same names, another server."""
    target = new_server("target")
    source = new_server("source")
    service = new_service(source.uri(), target.uri(), ["db.c", "db.other"])
    source.client().db.other.insert_one({"_id": 1})
    source.client().db.c.insert_one({"_id": 1})
    service.start_and_watch()
    source.client().db.c.insert_one({"_id": 2})
    wait_for(lambda: target.client().db.c.find_one({"_id": 2}), "the live change")
    assert service.stop() == 0
    with open(service.state_path, "rb") as file:
        state = file.read()
    source.stop()

    impostor = new_server("impostor", start=False)
    impostor.port = source.port
    impostor.start()
    impostor.client().db.other.insert_one({"_id": "impostor"})
    impostor.client().db.c.insert_one({"_id": "impostor"})
    service.start()
    assert service.wait_exit() == 6, service.log
    assert "the saved positions are of another source" in service.log
    assert "--same-source" in service.log
    with open(service.state_path, "rb") as file:
        assert file.read() == state, "left alone"
    assert not target.client().db.c.find_one({"_id": "impostor"})
    code, table, _ = run("check", "--config", service.config_path)
    assert code == 1 and "source identity" in table, table
    service.start_and_watch("--same-source")
    assert "is this the source that the saved positions are of?" in service.log
    assert service.stop() == 0
    with open(service.state_path, "wb") as file:  # what the operator would restore after this mistake
        file.write(state)
    impostor.stop()

    source.start()  # the right one again
    source.client().db.c.insert_one({"_id": 3})
    service.start_and_watch()
    wait_for(lambda: target.client().db.c.find_one({"_id": 3}), "what was missed")


def test_collections_that_are_made_anew_while_it_runs_do_not_make_another_source(pair, sync, database):
    """As by a nightly reload: what the next start finds has other UUIDs than what this one found."""
    if not pair.source_server.is_rust:
        pytest.skip("secantusd-py does not take back the token of a stream that was opened behind an invalidate")
    for name in ("a", "b"):
        pair.source[database][name].insert_one({"_id": "old"})
    service = sync([f"{database}.a", f"{database}.b"]).start_and_watch()
    for name in ("a", "b"):
        pair.source[database][name].drop()
        pair.source[database][name].insert_one({"_id": "new"})
        wait_for(lambda: pair.target[database][name].find_one({"_id": "new"}),  # pylint: disable=cell-var-from-loop
                 "what came after the drop")
    assert service.stop() == 0
    service.start_and_watch()
    assert "is this the source" not in service.log
