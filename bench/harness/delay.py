"""End-to-end delay at a steady rate.

Every document carries the time it was sent. A bare reader on the source's change stream and one on the target's note
when each document arrived (one machine, one clock). The second one sees a document only after the service read it,
wrote it and the target's own change stream brought it: what is reported as the service's delay is too high by that
last hop, never too low.

Of many collections the readers watch the first one: readers of all of them would need more of the machine than the
service does."""

import os

from harness.machine import COLLECTION, DATABASE, BenchServer, MeasuredService

WARM_UP_SECONDS = 2.0


def measure_delay(tools, folder, *, collections, rate, seconds, repeats):
    """`rate`: events a second, all collections together. One row per repetition."""
    os.makedirs(folder)
    source = BenchServer(os.path.join(folder, "source")).start()
    target = BenchServer(os.path.join(folder, "target")).start()
    names = collection_names(collections)
    rows = []
    try:
        for repeat in range(repeats):
            for server in (source, target):
                tools.load("create", server.start_empty().uri(), collections=collections)
            service = MeasuredService(os.path.join(folder, f"service-{repeat}"), source, target.uri(),
                                      [f"{DATABASE}.{name}" for name in names])
            rows.append(_one_run(tools, folder, service, source, target, collections=collections, rate=rate,
                                 seconds=seconds))
    finally:
        source.stop()
        target.stop()
    return rows


def collection_names(collections):
    return [COLLECTION] if collections == 1 else [f"{COLLECTION}{i}" for i in range(collections)]


def _one_run(tools, folder, service, source, target, *, collections, rate, seconds):
    events = int(rate * seconds)
    paths = {name: os.path.join(folder, f"{name}.csv") for name in ("source", "target")}
    service.service.start_and_watch(seconds=120)
    watched = collection_names(collections)[0]
    readers = [tools.loop("bare_reader", uri=server.uri(), collection=watched, events=events // collections,
                          delays=paths[name])
               for name, server in (("source", source), ("target", target))]
    try:
        for reader in readers:
            reader.go()
        tools.load("steady", source.uri(), collections=collections, rate=rate, events=events)
        for reader in readers:
            reader.result()
    finally:
        for reader in readers:
            reader.end()
    usage = service.usage_and_stop(events)
    skipped = int(rate * min(WARM_UP_SECONDS, seconds / 4))
    at_source, at_target = (_delays_ms(paths[name], skipped) for name in ("source", "target"))
    return {"bare_median_ms": _percentile(at_source, 50), "bare_p99_ms": _percentile(at_source, 99),
            "service_median_ms": _percentile(at_target, 50), "service_p99_ms": _percentile(at_target, 99),
            "median_added_ms": _percentile(at_target, 50) - _percentile(at_source, 50),
            "p99_added_ms": _percentile(at_target, 99) - _percentile(at_source, 99), **usage}


def _delays_ms(path, skipped):
    """Sorted delays of all events but the first `skipped` ones."""
    with open(path, encoding="ascii") as file:
        rows = [tuple(map(int, line.split(","))) for line in file]
    return sorted((received - sent) / 1000 for number, sent, received in rows if number >= skipped)


def _percentile(values, percent):
    return values[min(len(values) - 1, len(values) * percent // 100)]
