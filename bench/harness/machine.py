"""The programs that a measurement runs: servers, bare loops, the delaying proxy and the service."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import time

from support.process import Process
from support.server import Server
from support.service import Service

DATABASE = "bench"
COLLECTION = "documents"
MEMORY_LIMIT = "32 MiB"  # of events held; the whole process has to stay below 100 MB


class BenchServer(Server):
    """secantusd-rs at its fastest: without a sync per commit, so that not the disk but the work is measured.
    The faster the servers, the more the service shows."""

    def __init__(self, folder):
        super().__init__(folder)
        self.arguments = ["--oplog-max-entries", "50000000"]

    def start_empty(self):
        """A fresh store at the same port; what the old one held is not needed any more."""
        self.discard()
        shutil.rmtree(os.path.join(self.folder, "data"), ignore_errors=True)
        return self.start()


class Tools:
    """The C++ tools of bench/."""

    def __init__(self, build):
        self.folder = os.path.join(build, "bench")

    def run(self, tool, *arguments):
        done = subprocess.run([os.path.join(self.folder, tool), *map(str, arguments)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{tool} {' '.join(map(str, arguments))}: {done.stderr.strip()}")
        return done.stdout

    def load(self, command, uri, **options):
        """Subcommand of `load`: create, preload, backlog, steady."""
        output = self.run("load", *_flags(uri=uri, **options), command)
        return json.loads(output) if output else {}

    def position(self, uri, collection=COLLECTION):
        return self.run("bare_reader", *_flags(uri=uri, collection=collection), "--position").strip()

    def fill(self, uri, documents, collections=1, document_bytes=900, database=DATABASE):
        """Documents with the _ids 0, 1, 2 ... in each of the collections."""
        loop = self.loop("bare_inserter", uri=uri, database=database, collections=collections, documents=documents,
                         document_bytes=document_bytes)
        loop.go()
        loop.result()

    def loop(self, tool, **options):
        return Loop([os.path.join(self.folder, tool), *_flags(**options)])

    @contextlib.contextmanager
    def proxy(self, folder, target_port, round_trip_ms):
        """Gives the proxy's port."""
        command = [os.path.join(self.folder, "delay_proxy"),
                   *_flags(target_port=target_port, round_trip_ms=round_trip_ms)]
        process = Process(command, os.path.join(folder, f"proxy-{round_trip_ms}.log"))
        try:
            yield int(process.wait_for_log(re.compile(r"listening on 127\.0\.0\.1:(\d+)")).group(1))
        finally:
            process.end()


def _flags(**options):
    return [text for name, value in options.items() for text in ("--" + name.replace("_", "-"), str(value))]


class Loop:
    """A bare loop that says `ready`, starts at go() and gives its figures as JSON."""

    def __init__(self, command):
        self._popen = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True)
        if self._popen.stdout.readline().strip() != "ready":
            raise RuntimeError(f"{command[0]} did not start")

    def go(self):
        self._popen.stdin.write("go\n")
        self._popen.stdin.flush()

    def result(self):
        output, _ = self._popen.communicate()
        if self._popen.returncode != 0:
            raise RuntimeError("a bare loop failed")
        return json.loads(output)

    def end(self):
        if self._popen.poll() is None:
            self._popen.kill()
            self._popen.wait()


def run_together(loops):
    """Starts all of {name: Loop} at once: their figures by name."""
    try:
        for loop in loops.values():
            loop.go()
        return {name: loop.result() for name, loop in loops.items()}
    finally:
        for loop in loops.values():
            loop.end()


def cpu_us_each(results, count):
    """What all these loops took together for each event or document."""
    return sum(result["cpu_seconds"] for result in results) * 1e6 / count


class MeasuredService:
    """The service with a state that was made before the backlog, so that every run drains the same one."""

    def __init__(self, folder, source, target_uri, collections, memory_limit=MEMORY_LIMIT, **sections):
        """`memory_limit` None: the service's default. `sections`: more of the configuration."""
        self.service = Service(folder, {
            "source": {"uri": source.uri()},
            "target": {"uri": target_uri},
            "watch": {"collections": collections},
            "logging": {"level": "INFO"},
            **({"memory": {"limit": memory_limit}} if memory_limit else {}),
            **sections,
        })
        self._kept_state, self._kept_spool = (os.path.join(folder, name) for name in ("kept-state", "kept-spool"))

    def take_position(self):
        self.service.start_and_watch()
        if self.service.stop() != 0:
            raise RuntimeError("the service did not stop as asked:\n" + self.service.log)
        self.keep_state()

    def keep_state(self):
        """What state and spool hold now, every drain() begins with."""
        shutil.copy(self.service.state_path, self._kept_state)
        if os.path.isdir(self._spool_path):
            shutil.copytree(self._spool_path, self._kept_spool, dirs_exist_ok=True)

    def _restore_state(self):
        shutil.copy(self._kept_state, self.service.state_path)
        shutil.rmtree(self._spool_path, ignore_errors=True)
        if os.path.isdir(self._kept_spool):
            shutil.copytree(self._kept_spool, self._spool_path, copy_function=_link_or_copy)

    @property
    def _spool_path(self):
        return self.service.state_path.removesuffix(".json") + ".spool"

    def drain(self, events, seconds_max=300):
        """Applies the backlog of `events`: seconds from the start of the process to the last event durable as
        applied, CPU and peak memory of the whole process, start and stop included."""
        self._restore_state()
        started = time.monotonic()
        self.service.start()
        deadline = started + seconds_max
        while (applied := self.service.state()["sync_stats"]["total_synced"]) < events:
            if time.monotonic() > deadline or self.service.process.exit_code() is not None:
                raise RuntimeError(f"{applied} of {events} events applied:\n{self.service.process.log_tail()}")
            time.sleep(0.01)
        seconds = time.monotonic() - started
        return {"seconds": seconds, "events_per_s": events / seconds, **self.usage_and_stop(events)}

    def usage_and_stop(self, events):
        usage = _usage(self.service.process.pid)
        code = self.service.stop()
        if code != 0:
            raise RuntimeError(f"the service ended with {code}:\n{self.service.process.log_tail()}")
        return {"cpu_us_per_event": usage["cpu_seconds"] * 1e6 / events, "peak_mb": usage["peak_mb"]}


def _link_or_copy(path, to):
    """RocksDB never changes a file with data once it is written: copying gigabytes would leave the disk busy."""
    if path.endswith((".blob", ".sst")):
        os.link(path, to)
    else:
        shutil.copy(path, to)


def run_to_end(service, command, seconds_max=600):
    """Runs a command of the service that ends by itself: seconds, CPU and peak memory of the whole process."""
    started = time.monotonic()
    process = service.start(command).process
    peak_mb = 0
    # As long as nobody asks for its exit code, an ended process still tells its CPU.
    while (now_mb := _peak_mb(process.pid)) is not None:
        peak_mb = max(peak_mb, now_mb)
        if time.monotonic() - started > seconds_max:
            raise RuntimeError(f"{command} does not end:\n{process.log_tail()}")
        time.sleep(0.02)
    usage = {"seconds": time.monotonic() - started, "cpu_seconds": _cpu_seconds(process.pid), "peak_mb": peak_mb}
    if (code := process.wait_exit()) != 0:
        raise RuntimeError(f"{command} ended with {code}:\n{process.log_tail()}")
    return usage


def _usage(pid):
    return {"cpu_seconds": _cpu_seconds(pid), "peak_mb": _peak_mb(pid)}


def _cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(") ", 1)[1].split()
    user_ticks, system_ticks = int(fields[11]), int(fields[12])
    return (user_ticks + system_ticks) / os.sysconf("SC_CLK_TCK")


def _peak_mb(pid):
    """None when the process has ended."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next((int(line.split()[1]) * 1024 / 1e6 for line in file if line.startswith("VmHWM:")), None)


def equal(source, target, database=DATABASE):
    """Both sides hold the same documents, by the servers' own hash."""
    hashes = [server.client()[database].command("dbHash")["collections"] for server in (source, target)]
    return hashes[0] == hashes[1]
