"""Draining a backlog that the service has spooled while the target was away, against draining it from the stream."""

import os
import re
import time

from harness.machine import COLLECTION, DATABASE, BenchServer, MeasuredService, equal

WORKLOAD = "insert"
EVENT_BYTES_MIN = 900  # an event is larger than its document
SPOOL_MIB = re.compile(r"spool_mib=(\d+)")
SPOOLING_SECONDS_MAX = 600


class SpooledBacklog:
    """The same backlog for two services: one has all of it in its spool, the other one has no spool (the direct way
    must not go over the disk when memory is full for long). Both begin at the same position."""

    def __init__(self, tools, folder, events):
        self.tools, self.events = tools, events
        os.makedirs(folder)
        self.source = BenchServer(os.path.join(folder, "source")).start()
        self.target = BenchServer(os.path.join(folder, "target")).start()
        self.services = {name: MeasuredService(os.path.join(folder, name), self.source, self.target.uri(),
                                               [f"{DATABASE}.{COLLECTION}"], spool={"limit": limit})
                         for name, limit in (("stream", 0), ("spool", "100 GiB"))}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.source.discard()
        self.target.discard()

    def fill(self):
        for server in (self.source, self.target):
            self.tools.load("create", server.uri())
        for service in self.services.values():
            service.take_position()
        service = self.services["spool"].service.start_and_watch()
        self.target.pause()
        self.tools.load("backlog", self.source.uri(), workload=WORKLOAD, events=self.events)
        self._wait_until_spooled(service)
        service.kill()  # to be continued by every drain; it would wait for the target
        self.services["spool"].keep_state()

    def _wait_until_spooled(self, service):
        """It holds all, and grows no more."""
        deadline = time.monotonic() + SPOOLING_SECONDS_MAX
        seen = []
        while len(seen) < 3 or len(set(seen[-3:])) > 1 or seen[-1] << 20 < self.events * EVENT_BYTES_MIN:
            if time.monotonic() > deadline or service.process.exit_code() is not None:
                raise RuntimeError(f"the spool holds {seen[-1:]} MiB:\n{service.process.log_tail()}")
            time.sleep(1)
            found = SPOOL_MIB.search(service.status())
            seen.append(int(found.group(1)) if found else 0)

    def drain(self, name):
        self.tools.load("create", self.target.start_empty().uri())
        figures = self.services[name].drain(self.events)
        if not equal(self.source, self.target):
            raise RuntimeError(f"the sides differ after draining the {name}")
        return figures


def measure_spool(tools, folder, events, repeats):
    """One row per repetition."""
    rows = []
    with SpooledBacklog(tools, folder, events) as backlog:
        backlog.fill()
        for _ in range(repeats):
            stream, spool = backlog.drain("stream"), backlog.drain("spool")
            rows.append({"stream_per_s": stream["events_per_s"], "spool_per_s": spool["events_per_s"],
                         "ratio": spool["events_per_s"] / stream["events_per_s"],
                         "stream_cpu_us_per_event": stream["cpu_us_per_event"],
                         "cpu_us_per_event": spool["cpu_us_per_event"], "peak_mb": spool["peak_mb"]})
    return rows
