"""The command line of the real program."""

import os
import subprocess

import pytest

from support.service import BINARY, run
from support.waiting import wait_for

SECRET = "cAnArY"
CONFIG = ("source:\n  uri: mongodb://u:cAnArY@127.0.0.1:1\ntarget:\n  uri: mongodb://u:cAnArY@127.0.0.1:2\n"
          "watch:\n  collections: [db.coll]\n")


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def refused(*arguments, **options):
    """What it says when it ends with 1."""
    code, out, err = run(*arguments, **options)
    assert code == 1, out + err
    assert SECRET not in out + err
    assert out == ""
    return err


def test_help_names_every_option_signal_and_exit_code():
    code, out, err = run("--help")
    assert (code, err) == (0, "")
    for word in ("--config", "-c,", "--reset", "--print-config", "--version", "--accept-gap", "--help", "run", "copy", "check",
                 "--initial-sync",
                 "SIGINT", "SIGTERM", "SIGUSR1"):
        assert word in out, word
    described = [line.split()[0] for line in out.split("Exit codes:")[1].splitlines() if line.strip()]
    assert described == ["0", "1", "3", "4", "5", "6", "70", "75", "130"]


def test_the_help_of_run_is_the_same():
    assert run("run", "--help") == run("--help")


@pytest.mark.parametrize("arguments", [["--version"], ["run", "--version"]], ids=" ".join)
def test_version_is_one_line(arguments):
    code, out, _ = run(*arguments)
    assert code == 0 and out == "documentdb-sync 0.1.0\n"


@pytest.mark.parametrize("arguments, told", [
    (["--no-such-option"], "--no-such-option"),
    (["no-such-command"], "no-such-command"),
    (["run", "more"], "more"),
    (["--config"], "--config"),
    (["--accept-gap"], "--accept-gap"),
    (["mongodb://u:cAnArY@h/"], "mongodb://***:***@h/"),
    (["\x1b[2J\n--forged"], "\\x1b[2J\\n--forged"),
    (["--source=mongodb://u:cAnArY@h/"], "mongodb://***:***@h/"),
], ids=lambda value: value if isinstance(value, str) else None)
def test_a_command_line_that_makes_no_sense_ends_with_1(config, arguments, told):
    output = refused("--print-config", *arguments) if "--config" in arguments else refused(
        "--config", config, *arguments)
    assert told in output and "--help" in output


def test_run_is_the_same_as_no_subcommand(config):
    plain = run("--config", config, "--print-config")
    assert plain[0] == 0
    assert run("run", "--config", config, "--print-config") == plain
    assert run("--config", config, "run", "--print-config") == plain
    assert run("-c", config, "--print-config") == plain


@pytest.mark.parametrize("configured, mode", [("off", "auto"), ("auto", "auto"), ("always", "always")])
def test_initial_sync_copies_where_the_configuration_says_off(config, configured, mode):
    config.write_text(f"{CONFIG}initial_sync:\n  mode: {configured}\n", encoding="utf-8")
    assert f"mode: {configured}\n" in run("--config", config, "--print-config")[1]
    assert f"mode: {mode}\n" in run("--config", config, "--initial-sync", "--print-config")[1]
    assert f"mode: {mode}\n" in run("run", "--config", config, "--initial-sync", "--print-config")[1]


def test_the_help_of_copy_is_its_own():
    code, out, err = run("copy", "--help")
    assert (code, err) == (0, "")
    assert "--config" in out and "--reset" not in out and "interrupted" in out


def test_copy_tells_the_problems_of_the_configuration(config):
    config.write_text(f"{CONFIG}wacth: 1\n", encoding="utf-8")
    assert "yaml:7: wacth is not a known key; did you mean watch?" in refused("copy", "--config", config)


def test_without_an_option_the_configuration_is_config_yaml_here(config, tmp_path):
    assert run("--print-config", cwd=tmp_path)[0] == 0
    config.unlink()
    assert "config.yaml: cannot be read: No such file or directory" in refused("--print-config", cwd=tmp_path)


@pytest.mark.parametrize("path, told", [
    ("nowhere.yaml", "No such file or directory"), ("", "it is a directory"), ("config.yaml/x", "Not a directory")])
def test_a_configuration_that_cannot_be_read_is_named(config, tmp_path, path, told):
    where = os.path.join(tmp_path, path)
    assert f"{where}: cannot be read: {told}" in refused("--config", where)


def test_reset_and_accept_gap_exclude_each_other_before_anything_is_forgotten(config, tmp_path):
    state = tmp_path / ".documentdb_sync_state_127.0.0.1_1_to_127.0.0.1_2.json"
    state.write_text("untouched", encoding="utf-8")
    refused("--config", config, "--reset", "--accept-gap", "all")
    assert state.read_text(encoding="utf-8") == "untouched"


def test_accept_gap_without_a_gap_is_refused(config, tmp_path):
    assert "--accept-gap: db.coll is not in a gap" in refused("--config", config, "--accept-gap", "db.coll")
    assert os.listdir(tmp_path) == ["config.yaml"], "nothing was started, nothing is left behind"


def test_a_folder_for_the_state_that_was_missing_is_told(config, tmp_path):
    """A volume that is not mounted would else be found out when the state is gone."""
    with config.open("a", encoding="utf-8") as file:
        file.write("state:\n  directory: a/state\n")
    told = refused("--config", config, "--accept-gap", "db.coll")
    assert f"state.directory {tmp_path}/a/state was missing and has been created" in told
    assert os.listdir(tmp_path / "a/state") == []
    assert "has been created" not in refused("--config", config, "--accept-gap", "db.coll")


@pytest.mark.parametrize("arguments", [["--print-config"], ["check"], ["check", "--json"], ["--help"]], ids=" ".join)
def test_what_cannot_be_printed_is_told_and_ends_with_1(config, arguments):
    config.write_text(f"{CONFIG}wacth: 1\n" if "check" in arguments else CONFIG, encoding="utf-8")
    with open("/dev/full", "wb") as full:
        done = subprocess.run([BINARY, "--config", config, *arguments], stdin=subprocess.DEVNULL, stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert done.stderr == "standard output cannot be written: No space left on device\n"


def test_print_config_starts_and_writes_nothing(config, tmp_path):
    assert run("--config", config, "--print-config", "--reset")[0] == 0
    assert os.listdir(tmp_path) == ["config.yaml"]


def test_a_closed_standard_error_never_becomes_a_file_of_the_state(config, tmp_path):
    """The lock, opened next, would get its number, and the log would be written into it."""
    lock = tmp_path / ".documentdb_sync_state_127.0.0.1_1_to_127.0.0.1_2.json.lock"
    process = subprocess.Popen(["sh", "-c", 'exec setpriv --pdeathsig KILL "$0" "$@" 2>&-', BINARY, "--config", config])
    try:
        wait_for(lambda: lock.exists() and lock.read_text(encoding="utf-8"), "the lock")
        process.terminate()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
    assert lock.read_text(encoding="utf-8").strip() == str(process.pid)
