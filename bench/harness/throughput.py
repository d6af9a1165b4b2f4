"""Draining a backlog: the service against (a) a bare reader and (b) a bare writer running at the same time."""

import os

from harness.machine import (COLLECTION, DATABASE, MEMORY_LIMIT, BenchServer, MeasuredService, cpu_us_each, equal,
                             run_together)

WRITERS = 8  # the service's default; the bare writer gets as many connections


class Backlog:
    """A source with a workload's events waiting behind the position of the service."""

    def __init__(self, tools, folder, workload, events):
        self.tools, self.workload, self.events = tools, workload, events
        os.makedirs(folder)
        self.folder = folder
        self.source = BenchServer(os.path.join(folder, "source")).start()
        self.target = BenchServer(os.path.join(folder, "target")).start()
        self.services = {}
        self.expected = events

    def fill(self, target_uris, memory_limit=MEMORY_LIMIT):
        """`target_uris`: by name, the ways to the target that are to be measured."""
        for server in (self.source, self.target):
            self.prepare(server)
        for name, uri in target_uris.items():
            service = MeasuredService(os.path.join(self.folder, f"service-{name}"), self.source, uri,
                                      [f"{DATABASE}.{COLLECTION}"], memory_limit)
            service.take_position()
            self.services[name] = service
        self.position = self.tools.position(self.source.uri())
        filled = self.tools.load("backlog", self.source.uri(), workload=self.workload, events=self.events)
        self.expected = self.events - filled["skipped"]

    def prepare(self, server):
        self.tools.load("create", server.uri())
        self.tools.load("preload", server.uri(), workload=self.workload)

    def fresh_target(self):
        self.prepare(self.target.start_empty())

    def drain(self, name):
        self.fresh_target()
        figures = self.services[name].drain(self.expected)
        if not equal(self.source, self.target):
            raise RuntimeError(f"{self.workload}: the sides differ after the backlog was drained")
        return figures

    def bare(self, *tools):
        """The bare loops side by side: events/s of each, and the CPU of all together."""
        self.fresh_target()
        loops = {}
        if "bare_reader" in tools:
            loops["bare_reader"] = self.tools.loop("bare_reader", uri=self.source.uri(), collection=COLLECTION,
                                                   resume_after=self.position, events=self.events)
        if "bare_writer" in tools:
            loops["bare_writer"] = self.tools.loop("bare_writer", uri=self.target.uri(), workload=self.workload,
                                                   events=self.events, connections=WRITERS)
        results = run_together(loops)
        return {"loops_cpu_us_per_event": cpu_us_each(results.values(), self.events),
                **{f"{name}_per_s": self.events / result["seconds"] for name, result in results.items()}}

    def close(self):
        self.source.stop()
        self.target.stop()


def measure_workload(tools, folder, workload, events, repeats):
    """One row per repetition."""
    backlog = Backlog(tools, folder, workload, events)
    rows = []
    try:
        backlog.fill({"direct": backlog.target.uri()})
        for _ in range(repeats):
            row = backlog.bare("bare_reader", "bare_writer")
            if workload == "hot":
                row["writer_alone_per_s"] = backlog.bare("bare_writer")["bare_writer_per_s"]
            row.update(backlog.drain("direct"))
            row["ratio"] = row["events_per_s"] / min(row["bare_reader_per_s"], row["bare_writer_per_s"])
            if workload == "hot":
                row["ratio_to_writer_alone"] = row["events_per_s"] / row["writer_alone_per_s"]
            rows.append(row)
    finally:
        backlog.close()
    return rows


def measure_default_memory(tools, folder, workload, events, repeats):
    """Draining with the service's own memory.limit: how much of it does it take?"""
    backlog = Backlog(tools, folder, workload, events)
    try:
        backlog.fill({"direct": backlog.target.uri()}, memory_limit=None)
        return [backlog.drain("direct") for _ in range(repeats)]
    finally:
        backlog.close()


def measure_distance(tools, folder, workload, events, repeats, round_trip_ms=20):
    """Throughput through the proxy at a round trip of 20 ms and at none."""
    backlog = Backlog(tools, folder, workload, events)
    rows = []
    try:
        port = backlog.target.port
        with tools.proxy(folder, port, 0) as near, tools.proxy(folder, port, round_trip_ms) as far:
            backlog.fill({"near": backlog.target.uri(port=near), "far": backlog.target.uri(port=far)})
            for _ in range(repeats):
                near_figures, far_figures = backlog.drain("near"), backlog.drain("far")
                rows.append({"near_per_s": near_figures["events_per_s"], "far_per_s": far_figures["events_per_s"],
                             "ratio": far_figures["events_per_s"] / near_figures["events_per_s"],
                             "cpu_us_per_event": far_figures["cpu_us_per_event"],
                             "peak_mb": far_figures["peak_mb"]})
    finally:
        backlog.close()
    return rows
