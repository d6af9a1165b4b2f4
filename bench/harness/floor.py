"""What a program needs at least that passes documents on with this driver and does nothing else (bare_passer)."""

import os

from harness.copy import READERS, Copying
from harness.machine import DATABASE


def measure_passing_copy(tools, folder, documents, document_bytes, batch, repeats):
    """One row per repetition: the CPU of the loop that copies a collection, batches of `batch` documents."""
    rows = []
    with Copying(tools, folder) as copying:
        tools.fill(copying.source.uri(), documents, document_bytes=document_bytes)
        for _ in range(repeats):
            copying.target.start_empty()
            loop = _passer(tools, copying, documents, connections=READERS, batch=batch)
            loop.go()
            rows.append({"cpu_us_each": loop.result()["cpu_seconds"] * 1e6 / documents})
    return rows


def measure_passing_stream(tools, folder, rate, seconds, repeats):
    """The same for the changes of one collection that come at a steady rate."""
    rows = []
    events = int(rate * seconds)
    with Copying(tools, os.path.join(folder, "relay")) as both:
        for _ in range(repeats):
            for server in (both.source, both.target):
                tools.load("create", server.start_empty().uri(), collections=1)
            loop = _passer(tools, both, events, what="relay")
            loop.go()
            tools.load("steady", both.source.uri(), collections=1, rate=rate, events=events, together=1)
            rows.append({"cpu_us_each": loop.result()["cpu_seconds"] * 1e6 / events})
    return rows


def _passer(tools, both, events, **options):
    return tools.loop("bare_passer", uri=both.source.uri(), target_uri=both.target.uri(), database=DATABASE,
                      events=events, **options)
