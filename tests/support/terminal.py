"""A program on a terminal: what it writes, and what is to be seen at the end."""

import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading

from support.waiting import DEADLINE_S


class Terminal:
    """Runs `command` with its standard error on a terminal of `columns` columns."""

    def __init__(self, command, columns, env):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *map(str, command)],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=slave, env=env)
        os.close(slave)
        self._master = master
        self._written = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        try:
            while piece := os.read(self._master, 65536):
                self._written += piece
        except OSError:
            pass  # EIO: the program has ended

    @property
    def written(self):
        return self._written.decode("utf-8", errors="replace")

    def signal(self, number):
        self.process.send_signal(number)

    def wait_exit(self, seconds=DEADLINE_S):
        code = self.process.wait(seconds)
        self._reader.join(10)
        return code

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(10)
        os.close(self._master)

    def screen(self):
        """The lines to be seen, of a terminal that is wide enough: \\r and "erase to the end of the line" obeyed."""
        lines = []
        for row in self.written.split("\n"):
            shown = ""
            for piece in row.split("\r"):
                if piece.startswith("\x1b[K"):
                    shown, piece = "", piece.removeprefix("\x1b[K")
                shown = piece + shown[len(piece):]
            lines.append(shown)
        return [line for line in lines if line]
