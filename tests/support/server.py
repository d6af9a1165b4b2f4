"""Embedded document database servers: separate programs, reached over TCP only."""

import os
import re
import signal
import socket
import sys
import urllib.parse

import pymongo

from support.process import Process
from support.waiting import wait_for

SECANTUSD_RS = os.environ.get("DDSYNC_SECANTUSD_RS", "")
SECANTUSD_PY = os.path.join(os.path.dirname(sys.executable), "secantusd-py")


class Server:
    """One server with its own folder; a restart keeps port and data.

    `kind`: "any" takes secantusd-rs where it is there, "py" always secantusd-py (failpoints need it).
    `killed`: the test ends it with kill -9, where secantusd loses acknowledged writes unless it syncs each commit. That
    is one fsync for each operation of an update command, so only then.
    The history is practically endless unless said otherwise: by default it silently overtakes slow readers.
    """

    def __init__(self, folder, kind="any", *, killed=False, oplog_entries=50_000_000, arguments=()):
        self.folder = str(folder)
        os.makedirs(self.folder, exist_ok=True)
        self.program = SECANTUSD_RS if kind == "any" and SECANTUSD_RS else SECANTUSD_PY
        self.port = 0
        self.arguments = ["--cache-size", "256M", "--oplog-max-entries", str(oplog_entries), *arguments]
        if killed:
            self.arguments.append("--sync-on-commit")
        self.user = None
        self.tls = None  # a certificates.Certificates
        self._process = None
        self._starts = 0
        self._clients = []

    @property
    def is_rust(self):
        return self.program == SECANTUSD_RS

    def start(self, *, auth=False):
        self._starts += 1
        command = [self.program, "--port", self.port, "--storage-path", os.path.join(self.folder, "data"),
                   *self.arguments]
        if self.is_rust:
            command += ["--log-file-max", "16MB"]  # allocated in full for each empty store
        if auth:
            command.append("--auth")
        if self.tls:
            command += ["--tls-cert-file", self.tls.server_chain, "--tls-key-file", self.tls.server_key]
        # A port that was given before may still be held by the kernel for a moment.
        wait_for(lambda: self.port == 0 or _is_free(self.port), f"port {self.port} free again")
        self._process = Process(command, os.path.join(self.folder, f"server-{self._starts}.log"))
        listening = self._process.wait_for_log(re.compile(r"listening on 127\.0\.0\.1:(\d+)"))
        self.port = int(listening.group(1))
        return self

    def stop(self):
        """SIGTERM, as before a start with other options."""
        self._close_clients()
        self._process.end()

    def discard(self):
        """At the end of a test: nobody needs its data any more, and a graceful end takes seconds."""
        self._close_clients()
        if self._process:
            self._process.kill()

    def _close_clients(self):
        for client in self._clients:
            client.close()
        self._clients.clear()

    def kill(self):
        """kill -9."""
        self._process.kill()

    def pause(self):
        self._process.signal(signal.SIGSTOP)

    def resume(self):
        self._process.signal(signal.SIGCONT)

    def uri(self, *, port=None, user=None, password=None, **options):
        if user is None and self.user:
            user, password = self.user
        credentials = f"{urllib.parse.quote_plus(user)}:{urllib.parse.quote_plus(password)}@" if user else ""
        options = {"directConnection": "true", **options}
        if self.tls:
            options = {"tls": "true", "tlsCAFile": self.tls.ca, **options}
        text = "&".join(f"{name}={urllib.parse.quote(str(value), safe='/')}" for name, value in options.items())
        return f"mongodb://{credentials}127.0.0.1:{port or self.port}/?{text}"

    def client(self, **options):
        client = pymongo.MongoClient(self.uri(), serverSelectionTimeoutMS=20_000, **options)
        self._clients.append(client)
        return client


def _is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
