"""A child process that never outlives the test, however the test ends."""

import signal
import subprocess

from support.waiting import DEADLINE_S, wait_for


class Process:
    """One program with its output in a file. Start it in the main thread: the kernel ends it with that thread."""

    def __init__(self, command, log_path, env=None, cwd=None):
        self.log_path = log_path
        self._stopped = False
        with open(log_path, "wb") as log:
            # setpriv only sets the parent-death signal and then becomes the program: the pid is the program's.
            self._popen = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *map(str, command)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=env, cwd=cwd)
        self.pid = self._popen.pid

    @property
    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def exit_code(self):
        """None while it runs; negative when a signal ended it."""
        return self._popen.poll()

    def signal(self, number):
        if self.exit_code() is None:
            self._popen.send_signal(number)
            self._stopped = {signal.SIGSTOP: True, signal.SIGCONT: False}.get(number, self._stopped)

    def wait_exit(self, seconds=DEADLINE_S):
        try:
            return self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"pid {self.pid} did not end within {seconds:g} s; log:\n{self.log_tail()}") from None

    def kill(self):
        self.signal(signal.SIGKILL)
        return self._popen.wait()

    def end(self, seconds=10.0):
        """Asks it to end, then makes it end."""
        if self._stopped:
            return self.kill()
        self.signal(signal.SIGTERM)
        try:
            return self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            return self.kill()

    def wait_for_log(self, pattern, seconds=DEADLINE_S):
        """The first match of the compiled expression `pattern` in the log."""
        def search():
            match = pattern.search(self.log)
            if match is None and self.exit_code() is not None:
                match = pattern.search(self.log)
                if match is None:
                    raise AssertionError(
                        f"ended with {self.exit_code()} before /{pattern.pattern}/ was logged:\n{self.log_tail()}")
            return match
        return wait_for(search, lambda: f"/{pattern.pattern}/ in the log:\n{self.log_tail()}", seconds)

    def log_tail(self, lines=40):
        return "\n".join(self.log.splitlines()[-lines:])

    def resident_bytes(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        return 0
