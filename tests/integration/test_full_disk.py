"""A full disk while the service runs: it pauses, says so, and goes on when there is space. And what `check` says of
one."""

import contextlib
import json
import os
import resource
import subprocess

import pytest

from support.service import BINARY, run
from support.waiting import wait_for


@contextlib.contextmanager
def disk(folder, size):
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", folder], check=False,
                             capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)  # lazy: the service ends after this fixture


@pytest.fixture
def small_disk(tmp_path):
    with disk(tmp_path / "small-disk", "1m") as folder:
        yield folder


@pytest.fixture
def spool_disk(tmp_path):
    """Of this size the spool's reserve is a third."""
    with disk(tmp_path / "spool-disk", "150m") as folder:
        yield folder


def fill(folder):
    """Takes all the space that is left; gives the file to remove."""
    path = folder / "filler"
    with open(path, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4_096):
            pass
    assert os.statvfs(folder).f_bavail == 0
    return path


@pytest.mark.parametrize("killed", [False, True], ids=["running_on", "killed_meanwhile"])
def test_a_full_disk_pauses_and_loses_nothing(pair, sync, small_disk, database, settle, killed):
    service = sync([f"{database}.c"], state={"directory": str(small_disk)}).start_and_watch()
    here = pair.source[database].c
    here.insert_one({"_id": "before"})
    pair.wait_equal([f"{database}.c"])
    wait_for(lambda: "unpersisted=0" in service.status() or "unpersisted" not in service.status(), service.status)
    filler = fill(small_disk)
    for turn in range(3):
        here.insert_many([{"_id": f"{turn}-{n}"} for n in range(500)])
        here.delete_one({"_id": f"{turn}-7"})
    service.wait_for_log(r"ERROR .*the state cannot be made durable: .*[Nn]o space left.*nothing is lost")
    wait_for(lambda: "state=paused" in service.status(), service.status)
    here.insert_one({"_id": "read after there is space"})
    assert service.process.exit_code() is None
    if killed:
        service.kill()
    filler.unlink()
    if killed:
        service.start_and_watch()
    else:
        service.wait_for_log("the state file can be written again")
    settle(service, pair.source, pair.target, [f"{database}.c"])


def test_check_reads_the_state_on_a_full_disk_and_does_not_advise_to_empty_the_target(pair, sync, small_disk, database):
    pair.source[database].c.insert_many([{"_id": n} for n in range(51)])
    service = sync([f"{database}.c"], initial_sync={"mode": "auto"},
                   state={"directory": str(small_disk)}).start_and_watch()
    service.wait_for_log("all changes made during the copy are applied")
    assert service.stop() == 0
    fill(small_disk)
    code, out, _ = run("check", "--config", service.config_path, "--json", seconds=60)
    rows = {}
    for row in json.loads(out)["checks"]:
        rows.setdefault(row["check"], row)
    assert code == 1
    assert rows["state"]["verdict"] == "problem" and "free space" in rows["state"]["remedy"], rows["state"]
    assert rows["documents"]["verdict"] == "ok" and "nothing is to be copied" in rows["documents"]["found"], rows
    assert rows["source identity"]["verdict"] == "ok"
    assert rows["disk"]["verdict"] == "problem" and rows["disk"]["found"].startswith("0 bytes free"), rows["disk"]


def test_a_limit_on_the_size_of_files_is_waited_out_like_a_full_disk(pair, sync, database):
    """As `ulimit -f` sets it. The log is a pipe: a file would be limited as well."""
    service = sync([f"{database}.c"])
    with subprocess.Popen([BINARY, "--config", service.config_path], stderr=subprocess.PIPE, text=True) as process:
        try:
            lines = iter(process.stderr.readline, "")
            assert any("Watching for changes" in line for line in lines)
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
            pair.source[database].c.insert_one({"_id": 1})
            assert any("the state cannot be made durable" in line and "File too large" in line for line in lines)
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            assert any("the state file can be written again" in line for line in lines)
            process.terminate()
            assert any("ended with exit code 0" in line for line in lines)
        finally:
            process.kill()


@pytest.mark.parametrize("killed", [False, True], ids=["ended", "killed"])
def test_a_spool_that_filled_the_disk_of_the_state_is_emptied_after_restarts(new_server, new_service, spool_disk,
                                                                             settle, killed):
    source, target = new_server("source"), new_server("target")
    service = new_service(source.uri(), target.uri(), ["db.c"], state={"directory": str(spool_disk)},
                          memory={"limit": "16 MiB"}).start_and_watch()
    here = source.client()
    here.db.c.insert_one({"_id": "first"})
    wait_for(lambda: target.client().db.c.find_one({"_id": "first"}), "the first document")
    target.pause()
    for _ in range(200):
        here.db.c.insert_many([{"pad": os.urandom(10_000)} for _ in range(100)])
        if "No space left" in service.log:
            break
    service.wait_for_log("No space left", 60)
    for _ in range(3):
        assert service.kill() < 0 if killed else service.stop(30) == 0
        service.start()
        service.wait_for_log("continuing from", 30)
    target.resume()
    settle(service, here, target.client(), ["db.c"], seconds=90)
