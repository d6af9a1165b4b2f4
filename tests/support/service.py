"""The program under test, driven as an operator would drive it: configuration file, signals, log, exit code."""

import glob
import json
import os
import re
import signal
import subprocess

from support.process import Process
from support.waiting import DEADLINE_S, wait_for

BINARY = os.environ["DDSYNC_BINARY"]

WATCHING = re.compile(r"Watching for changes\.\.\.")
STATUS = re.compile(r"status: .*")


def to_yaml(value, indent=0):
    """Block style YAML of nested dicts and lists; scalars as JSON writes them."""
    pad = "  " * indent
    if isinstance(value, dict):
        return "".join(
            f"{pad}{key}:\n{to_yaml(item, indent + 1)}" if isinstance(item, (dict, list)) else
            f"{pad}{key}: {json.dumps(item)}\n" for key, item in value.items())
    return "".join(f"{pad}- {json.dumps(item)}\n" for item in value)


class Service:
    """One installation: a folder with a configuration; started and ended as often as a test likes."""

    def __init__(self, folder, config):
        self.folder = str(folder)
        os.makedirs(self.folder, exist_ok=True)
        self.config_path = os.path.join(self.folder, "config.yaml")
        self.logs = []
        self.process = None
        self.configure(config)

    def configure(self, config):
        self.config = config
        with open(self.config_path, "w", encoding="utf-8") as file:
            file.write(to_yaml(config))

    def start(self, *arguments, env=None):
        """Starts it and returns at once."""
        assert self.process is None or self.process.exit_code() is not None, "the service is already running"
        log_path = os.path.join(self.folder, f"service-{len(self.logs) + 1}.log")
        self.logs.append(log_path)
        self.process = Process([BINARY, "--config", self.config_path, *arguments], log_path,
                               env={**os.environ, **(env or {})}, cwd=self.folder)
        return self

    def start_and_watch(self, *arguments, env=None, seconds=DEADLINE_S):
        self.start(*arguments, env=env)
        self.process.wait_for_log(WATCHING, seconds)
        return self

    @property
    def log(self):
        return self.process.log

    def all_output(self):
        text = ""
        for path in self.logs:
            with open(path, encoding="utf-8", errors="replace") as file:
                text += file.read()
        return text

    def kill(self):
        """kill -9."""
        return self.process.kill()

    def stop(self, seconds=DEADLINE_S):
        """SIGTERM; the exit code."""
        self.process.signal(signal.SIGTERM)
        return self.process.wait_exit(seconds)

    def end(self):
        if self.process:
            self.process.end()

    def wait_exit(self, seconds=DEADLINE_S):
        return self.process.wait_exit(seconds)

    def wait_for_log(self, pattern, seconds=DEADLINE_S):
        return self.process.wait_for_log(re.compile(pattern), seconds)

    def status(self, seconds=DEADLINE_S):
        """SIGUSR1; the status line that it writes."""
        seen = len(STATUS.findall(self.log))
        self.process.signal(signal.SIGUSR1)
        lines = wait_for(lambda: (lambda found: found if len(found) > seen else None)(STATUS.findall(self.log)),
                         lambda: "a status line after SIGUSR1:\n" + self.process.log_tail(), seconds)
        return lines[-1]

    def has_state(self):
        return bool(self._state_files())

    def _state_files(self):
        return glob.glob(os.path.join(self.folder, ".documentdb_sync_state_*.json"))

    @property
    def state_path(self):
        found = self._state_files()
        assert len(found) == 1, f"one state file expected in {self.folder}: {sorted(os.listdir(self.folder))}"
        return found[0]

    def state(self):
        with open(self.state_path, encoding="utf-8") as file:
            return json.load(file)

    def dead_letters(self):
        """The records of the dead-letter file, [] when there is none."""
        path = self.state_path.removesuffix(".json") + ".dead_letter.jsonl"
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]


def run(*arguments, env=None, cwd=None, seconds=DEADLINE_S):
    """Runs the program to its end: (exit code, standard output, standard error)."""
    done = subprocess.run([BINARY, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=seconds, env={**os.environ, **(env or {})}, cwd=cwd, check=False)
    return done.returncode, done.stdout, done.stderr
