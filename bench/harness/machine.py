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
        """A fresh store at the same port."""
        self.stop()
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


class MeasuredService:
    """The service with a state that was made before the backlog, so that every run drains the same one."""

    def __init__(self, folder, source, target_uri, collections, memory_limit=MEMORY_LIMIT):
        """`memory_limit` None: the service's default."""
        self.service = Service(folder, {
            "source": {"uri": source.uri()},
            "target": {"uri": target_uri},
            "watch": {"collections": collections},
            "logging": {"level": "INFO"},
            **({"memory": {"limit": memory_limit}} if memory_limit else {}),
        })
        self._kept_state = os.path.join(folder, "kept-state")

    def take_position(self):
        self.service.start_and_watch()
        if self.service.stop() != 0:
            raise RuntimeError("the service did not stop as asked:\n" + self.service.log)
        shutil.copy(self.service.state_path, self._kept_state)

    def drain(self, events, seconds_max=300):
        """Applies the backlog of `events`: seconds from the start of the process to the last event durable as
        applied, CPU and peak memory of the whole process, start and stop included."""
        shutil.copy(self._kept_state, self.service.state_path)
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


def _usage(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(") ", 1)[1].split()
    user_ticks, system_ticks = int(fields[11]), int(fields[12])
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        peak_kb = next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))
    return {"cpu_seconds": (user_ticks + system_ticks) / os.sysconf("SC_CLK_TCK"), "peak_mb": peak_kb * 1024 / 1e6}


def equal(source, target):
    """Both sides hold the same documents, by the servers' own hash."""
    hashes = [server.client()[DATABASE].command("dbHash")["collections"] for server in (source, target)]
    return hashes[0] == hashes[1]
