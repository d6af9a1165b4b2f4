"""Running it: signals, log, status."""

import fcntl
import json
import os
import re
import signal
import subprocess
import time

import pytest

from support.process import Process
from support.service import BINARY, to_yaml
from support.waiting import wait_for
from support.workload import Workload


def test_sigterm_amid_load_ends_with_0_and_a_restart_goes_on(pair, sync, database, settle):
    names = [f"{database}.a", f"{database}.b"]
    service = sync(names).start_and_watch()
    workload = Workload(pair.source_server.uri(), names, seed=41, pause_s=0).start()
    for _ in range(5):
        wait_for(lambda: service.state()["sync_stats"]["total_synced"] > 0, "changes applied")
        assert service.stop(20) == 0
        service.start_and_watch()
    assert workload.stop() > 100
    settle(service, pair.source, pair.target, names)


def first_process_of_a_container(*command):
    """The command as process 1, whose unhandled signals the kernel throws away."""
    unshare = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"]
    if subprocess.run([*unshare, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("namespaces cannot be made here")
    return [*unshare, *command]


def test_a_stop_of_process_1_counts_before_the_configuration_is_read(tmp_path):
    path = tmp_path / "config.yaml"
    os.mkfifo(path)
    process = Process(first_process_of_a_container(BINARY, "--config", path), tmp_path / "log", cwd=tmp_path)
    try:
        with wait_for(lambda: opened_by_a_reader(path), "the service reads its configuration") as config:
            os.kill(only_child_of(process.pid), signal.SIGTERM)
            config.write(to_yaml({"source": {"uri": "mongodb://127.0.0.1:1/"},
                                  "target": {"uri": "mongodb://127.0.0.1:2/"},
                                  "watch": {"collections": ["db.c"]}}))
        process.wait_for_log(re.compile("SIGTERM: stopped before the first event was read"), 10)
        assert process.wait_exit() == 0
    finally:
        process.end()


def opened_by_a_reader(fifo):
    """The pipe, to be written to; None while nobody reads it."""
    try:
        return os.fdopen(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK), "w", encoding="utf-8")
    except OSError:
        return None


def only_child_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return int(file.read())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_other_signals_are_the_same_as_sigterm(sync, database, number):
    service = sync([f"{database}.c"]).start_and_watch()
    service.process.signal(number)
    assert service.wait_exit() == 0
    assert f"{number.name}: finishing what is in flight" in service.log


def test_sighup_is_nothing_to_a_service_under_nohup(sync, database):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does; a child inherits it
    try:
        service = sync([f"{database}.c"]).start_and_watch()
    finally:
        signal.signal(signal.SIGHUP, before)
    service.process.signal(signal.SIGHUP)
    service.status()
    assert "SIGHUP" not in service.log
    assert service.stop() == 0


def test_the_exit_code_is_the_last_line_of_a_start_that_waited(sync, database):
    service = sync([f"{database}.c"])
    service.configure({**service.config, "target": {"uri": "mongodb://127.0.0.1:1/"}})
    service.start().wait_for_log("no state yet")
    assert service.stop() == 0
    assert "SIGTERM: stopped before the first event was read" in service.log
    assert service.log.splitlines()[-1].endswith("ended with exit code 0")


def test_sigterm_during_an_outage_ends_with_0_in_time(pair, new_service, new_proxy, database, settle):
    proxy = new_proxy(pair.target_server)
    service = new_service(pair.source_server.uri(), pair.target_server.uri(port=proxy.port), [f"{database}.c"])
    service.start_and_watch()
    proxy.refuse()
    pair.source[database].c.insert_one({"_id": 1})
    service.wait_for_log(r"failed.*: \[NetworkError, retried\]")
    assert service.stop(20) == 0, "Kubernetes kills after 30 s"
    proxy.heal()
    service.start_and_watch()
    settle(service, pair.source, pair.target, [f"{database}.c"])


def test_a_second_signal_ends_at_once(pair, new_service, new_proxy, database):
    proxy = new_proxy(pair.target_server)
    service = new_service(pair.source_server.uri(), pair.target_server.uri(port=proxy.port), [f"{database}.c"])
    service.start_and_watch()
    pair.source[database].c.insert_one({"_id": "before"})
    pair.wait_equal([f"{database}.c"])
    proxy.swallow()
    pair.source[database].c.insert_one({"_id": 1})
    wait_for(lambda: "writers_busy=1" in service.status(), "a write that nobody answers: the first signal waits for it")
    service.process.signal(signal.SIGTERM)
    service.wait_for_log("SIGTERM: ")  # two at once would be one to the kernel
    begin = time.monotonic()
    service.process.signal(signal.SIGTERM)
    assert service.wait_exit(5) == 130
    assert time.monotonic() - begin < 2


class Unread:
    """A service, and a way to run it with a pipe as its log that is full and that nobody reads."""

    def __init__(self, service):
        self.service = service
        self._reading, self._writing = os.pipe()
        fcntl.fcntl(self._writing, fcntl.F_SETPIPE_SZ, 4_096)
        self.process = None

    def start(self):
        self.process = subprocess.Popen([BINARY, "--config", self.service.config_path], stdin=subprocess.DEVNULL,
                                        stdout=self._writing, stderr=self._writing)
        time.sleep(2)
        for _ in range(100):  # a status line each, more than the pipe takes
            self.process.send_signal(signal.SIGUSR1)
            time.sleep(0.01)
        return self.process

    def read(self):
        """The lines of the log, until it ends."""
        os.close(self._writing)
        self._writing = None
        with open(self._reading, encoding="utf-8", closefd=False) as log:
            return log.read().splitlines()

    def close(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        for end in filter(None, (self._reading, self._writing)):
            os.close(end)


@pytest.fixture
def unread():
    made = []

    def make(service):
        made.append(Unread(service))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_it_replicates_while_nobody_reads_its_log(pair, sync, unread, database):
    log = unread(sync([f"{database}.c"]))
    process = log.start()
    pair.source[database].c.insert_many([{"_id": n} for n in range(1_000)])
    pair.wait_equal([f"{database}.c"], 30)
    process.terminate()
    lines = log.read()
    assert process.wait(5) == 0
    assert len([line for line in lines if "status: " in line]) > 50, "nothing is lost as long as there is room"
    assert lines == sorted(lines, key=lambda line: line[:24]), "they come in order"
    assert "SIGTERM: finishing what is in flight" in "".join(lines)
    assert lines[-1].endswith("ended with exit code 0")


def test_a_second_signal_ends_at_once_a_service_whose_log_nobody_reads(pair, new_service, new_proxy, unread, database):
    proxy = new_proxy(pair.target_server)
    process = unread(new_service(pair.source_server.uri(), pair.target_server.uri(port=proxy.port),
                                 [f"{database}.c"])).start()
    proxy.slow(b"on its way", 60)
    proxy.count(b"on its way")
    pair.source[database].c.insert_one({"_id": "on its way"})
    wait_for(lambda: proxy.counted, "a write that is not answered: the first signal waits for it")
    process.terminate()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(2)  # or nothing is stuck
    process.terminate()
    assert process.wait(2) == 130


@pytest.mark.skipif(os.environ.get("DDSYNC_SANITIZE") == "thread", reason="ThreadSanitizer keeps signals back")
def test_one_signal_ends_a_service_whose_log_nobody_reads(sync, unread, database):
    process = unread(sync([f"{database}.c"])).start()
    process.terminate()
    assert process.wait(4) == 0


@pytest.mark.skipif(os.environ.get("DDSYNC_SANITIZE") == "thread", reason="ThreadSanitizer keeps signals back")
def test_a_start_whose_log_nobody_reads_ends_with_one_signal(pair, new_service, unread, database):
    service = new_service(pair.source_server.uri(), "mongodb://127.0.0.1:1/", [f"{database}.c"])
    process = unread(service).start()
    process.terminate()
    assert process.wait(4) == 0


def test_the_status_line_on_sigusr1(pair, sync, database, settle):
    """Where the source tells of the collection that the first insert makes, that is a change, too."""
    service = sync([f"{database}.c"]).start_and_watch()
    pair.source[database].c.insert_many([{"_id": n} for n in range(30)])
    pair.source[database].c.delete_many({"_id": {"$lt": 10}})
    pair.wait_equal([f"{database}.c"])
    wait_for(lambda: re.search(r"applied=4[01]\b", service.status()), service.status)
    status = service.status()
    for word in ("lag=", "backlog=0", "insert=30", "delete=10", "errors=0", "retries=0"):
        assert word in status, status
    settle(service, pair.source, pair.target, [f"{database}.c"])


def test_a_start_that_waits_for_a_server_answers_sigusr1_at_once(pair, new_service, new_proxy, database, settle):
    proxy = new_proxy(pair.source_server)
    proxy.swallow()
    service = new_service(pair.source_server.uri(port=proxy.port), pair.target_server.uri(), [f"{database}.c"]).start()
    service.wait_for_log("no state yet")  # before, the signal would end the process
    wait_for(lambda: "state=starting source=waiting target=waiting" in service.status(seconds=1), lambda: service.log)
    service.wait_for_log("waiting for the source: ", seconds=90)
    wait_for(lambda: re.search(r"state=starting source=waiting \(.*\) target=answered", service.status(seconds=1)),
             lambda: service.log)
    proxy.heal()
    service.wait_for_log(r"Watching for changes\.\.\.")
    assert "state=starting" not in service.status()
    settle(service, pair.source, pair.target, [f"{database}.c"])


def test_the_status_line_comes_by_itself(sync, database):
    service = sync([f"{database}.c"], logging={"status_interval": 1}).start_and_watch()
    wait_for(lambda: service.log.count("status:") >= 3, lambda: service.log)
    assert service.stop() == 0


def test_json_logs_are_json_lines(pair, sync, database):
    service = sync([f"{database}.c"], logging={"format": "json", "level": "DEBUG"}).start_and_watch()
    pair.source[database].c.insert_one({"_id": 'quotes " and \n lines'})
    pair.wait_equal([f"{database}.c"])
    service.status()
    assert service.stop() == 0
    records = [json.loads(line) for line in service.log.splitlines()]
    assert len(records) > 3
    assert len({tuple(sorted(record)) for record in records}) == 1, "every line has the same keys"


def test_the_log_level_is_kept(pair, sync, database, settle):
    service = sync([f"{database}.c"], logging={"level": "ERROR"}).start()
    wait_for(service.has_state, "a durable start position: nothing that comes later is missed")
    settle(service, pair.source, pair.target, [f"{database}.c"])
    assert service.log == ""


def test_an_unknown_kind_of_event_is_counted_and_logged_once(pair, new_service, new_proxy, database, settle):
    proxy = new_proxy(pair.source_server)
    proxy.rewrite(b"operationType\0\x08\0\0\0replace\0", b"operationType\0\x08\0\0\0refresh\0")
    service = new_service(pair.source_server.uri(port=proxy.port), pair.target_server.uri(), [f"{database}.c"])
    service.start_and_watch()
    pair.source[database].c.insert_one({"_id": 1})
    for version in range(3):
        pair.source[database].c.replace_one({"_id": 1}, {"v": version})
    pair.source[database].c.delete_one({"_id": 1})
    settle(service, pair.source, pair.target, [f"{database}.c"])
    assert service.log.count("'refresh'") == 1
    assert "refresh=3" in service.log, "the status counts them"
