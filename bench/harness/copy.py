"""The initial copy: `documentdb-sync copy` against (a) a bare reader and (b) bare inserters running at the same time.

The time runs from the start of the process to its end, so that finding out what there is to copy, the streams' start
position, the last checkpoint and the end are in it."""

import os

from harness.machine import COLLECTION, DATABASE, BenchServer, cpu_us_each, equal, run_to_end, run_together
from support.service import Service

READERS, WRITERS = 4, 8  # the service's defaults; the bare loops get as many connections
# What the service reads and writes at once at most (engine/options.h); the bare loops do the same.
READ_BYTES, READ_DOCUMENTS = 2 << 20, 4_000
WRITE_BYTES, WRITE_DOCUMENTS = 2 << 20, 2_000
MANY = "many"  # the database with many collections


class Copying:
    """A filled source and a target to copy it to."""

    def __init__(self, tools, folder):
        os.makedirs(folder)
        self.tools, self.folder = tools, folder
        self.source = BenchServer(os.path.join(folder, "source")).start()
        self.target = BenchServer(os.path.join(folder, "target")).start()
        self._copies = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.source.discard()
        self.target.discard()

    def copy(self, documents, *, target_uri=None, database=DATABASE):
        """Into an empty target: `documents` of the database, with what that took of the service."""
        self.target.start_empty()
        self._copies += 1
        service = Service(os.path.join(self.folder, f"service-{self._copies}"), {
            "source": {"uri": self.source.uri()},
            "target": {"uri": target_uri or self.target.uri()},
            "watch": {"collections": [f"{database}.*"]},
        })
        usage = run_to_end(service, "copy")
        if not equal(self.source, self.target, database):
            raise RuntimeError("the sides differ after the copy")
        return {"seconds": usage["seconds"], "documents_per_s": documents / usage["seconds"],
                "cpu_us_per_document": usage["cpu_seconds"] * 1e6 / documents, "peak_mb": usage["peak_mb"]}

    def bare(self, documents, document_bytes):
        """The bare loops side by side: documents/s of each, and the CPU of all together."""
        self.target.start_empty()
        loops = {
            "reader": self.tools.loop("bare_finder", uri=self.source.uri(), collection=COLLECTION,
                                      documents=documents, connections=READERS,
                                      batch=min(READ_DOCUMENTS, READ_BYTES // document_bytes)),
            "inserters": self.tools.loop("bare_inserter", uri=self.target.uri(), collection=COLLECTION,
                                         documents=documents, document_bytes=document_bytes, connections=WRITERS,
                                         batch=min(WRITE_DOCUMENTS, WRITE_BYTES // document_bytes)),
        }
        results = run_together(loops)
        return {"loops_cpu_us_per_document": cpu_us_each(results.values(), documents),
                **{f"{name}_per_s": documents / result["seconds"] for name, result in results.items()}}


def measure_copy(tools, folder, documents, document_bytes, repeats):
    """One row per repetition."""
    rows = []
    with Copying(tools, folder) as copying:
        tools.fill(copying.source.uri(), documents, document_bytes=document_bytes)
        for _ in range(repeats):
            row = {**copying.bare(documents, document_bytes), **copying.copy(documents)}
            row["ratio"] = row["documents_per_s"] / min(row["reader_per_s"], row["inserters_per_s"])
            rows.append(row)
    return rows


def measure_copy_distance(tools, folder, documents, repeats, round_trip_ms=20):
    """Through the proxy at a round trip of 20 ms to the target and at none."""
    rows = []
    with Copying(tools, folder) as copying:
        tools.fill(copying.source.uri(), documents)
        port = copying.target.port
        with tools.proxy(folder, port, 0) as near, tools.proxy(folder, port, round_trip_ms) as far:
            for _ in range(repeats):
                near_figures, far_figures = (
                    copying.copy(documents, target_uri=copying.target.uri(port=way)) for way in (near, far))
                rows.append({"near_per_s": near_figures["documents_per_s"],
                             "far_per_s": far_figures["documents_per_s"],
                             "ratio": far_figures["documents_per_s"] / near_figures["documents_per_s"],
                             "cpu_us_per_document": far_figures["cpu_us_per_document"],
                             "peak_mb": far_figures["peak_mb"]})
    return rows


def measure_copy_many(tools, folder, collections, documents_each, repeats):
    """All documents in one collection, and the same number spread over many."""
    rows = []
    documents = collections * documents_each
    with Copying(tools, folder) as copying:
        tools.fill(copying.source.uri(), documents)
        tools.fill(copying.source.uri(), documents_each, collections=collections, database=MANY)
        for _ in range(repeats):
            one, many = copying.copy(documents), copying.copy(documents, database=MANY)
            seconds = sorted((one["seconds"], many["seconds"]))
            rows.append({"one_s": one["seconds"], "many_s": many["seconds"], "ratio": seconds[1] / seconds[0],
                         "cpu_us_per_document": many["cpu_us_per_document"], "peak_mb": many["peak_mb"]})
    return rows
