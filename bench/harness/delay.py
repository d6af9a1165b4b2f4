"""End-to-end delay at a steady rate.

Every document carries the time it was sent. A bare reader on the source's change stream and one on the target's note
when each document arrived (one machine, one clock). The second one sees a document only after the service read it,
wrote it and the target's own change stream brought it: what is reported as the service's delay is too high by that
last hop, never too low.

The readers watch the whole database, also where it has one collection only: the delays are those of all collections,
and one and many are read in the same way."""

import concurrent.futures
import os

from harness.machine import COLLECTION, DATABASE, BenchServer, MeasuredService, cpu_us_each

WARM_UP_SECONDS = 2.0
HOT_IDS = 1_000_000_000  # the _ids of the hot collection begin here


def measure_delay(tools, folder, *, collections, rate, seconds, repeats, together=1):
    """`rate`: events a second, all collections together; `together`: so many come with one command. One row per
    repetition."""
    load = {"collections": collections, "rate": rate, "events": int(rate * seconds), "together": together}
    return [_figures(run, load) for run in _runs(tools, folder, collections, [load], repeats)]


def measure_hot_neighbour(tools, folder, *, collections, slow_rate, hot_rate, seconds, repeats):
    """The delay of many slow collections beside one hot one: `service_*` are the slow ones, `hot_*` the hot one."""
    slow = {"collections": collections, "rate": slow_rate, "events": int(slow_rate * seconds)}
    hot = {"collection": collection_names(collections)[0], "rate": hot_rate, "events": int(hot_rate * seconds),
           "first_id": HOT_IDS}
    rows = []
    for run in _runs(tools, folder, collections, [slow, hot], repeats):
        of_hot = _figures(run, hot)
        rows.append({**_figures(run, slow), "hot_median_ms": of_hot["service_median_ms"],
                     "hot_p99_ms": of_hot["service_p99_ms"]})
    return rows


def _runs(tools, folder, collections, loads, repeats):
    os.makedirs(folder)
    source = BenchServer(os.path.join(folder, "source")).start()
    target = BenchServer(os.path.join(folder, "target")).start()
    names = [f"{DATABASE}.{name}" for name in collection_names(collections)]
    try:
        for repeat in range(repeats):
            for server in (source, target):
                tools.load("create", server.start_empty().uri(), collections=collections)
            service = MeasuredService(os.path.join(folder, f"service-{repeat}"), source, target.uri(), names)
            yield _one_run(tools, folder, service, source, target, loads)
    finally:
        source.stop()
        target.stop()


def collection_names(collections):
    return [COLLECTION] if collections == 1 else [f"{COLLECTION}{i}" for i in range(collections)]


def _one_run(tools, folder, service, source, target, loads):
    """The arrivals at both readers, [(_id, delay in ms)], and what the service used."""
    events = sum(load["events"] for load in loads)
    paths = {name: os.path.join(folder, f"{name}.csv") for name in ("source", "target")}
    service.service.start_and_watch(seconds=120)
    readers = [tools.loop("bare_reader", uri=server.uri(), events=events, delays=paths[name])
               for name, server in (("source", source), ("target", target))]
    try:
        for reader in readers:
            reader.go()
        with concurrent.futures.ThreadPoolExecutor(len(loads)) as senders:
            sent = [senders.submit(tools.load, "steady", source.uri(), **load) for load in loads]
        sent = [one.result() for one in sent]
        read = [reader.result() for reader in readers]
    finally:
        for reader in readers:
            reader.end()
    # A bare reader and a bare writer of the same events: the least that reading and writing each by itself costs.
    bare = [read[0], *sent]
    usage = {**service.usage_and_stop(events), "loops_cpu_us_per_event": cpu_us_each(bare, events),
             "sent_per_s": sum(one["events"] / one["seconds"] for one in sent)}
    return {"usage": usage, **{name: _arrivals(path) for name, path in paths.items()}}


def _arrivals(path):
    with open(path, encoding="ascii") as file:
        rows = [tuple(map(int, line.split(","))) for line in file]
    return [(number, (received - sent) / 1000) for number, sent, received in rows]


def _figures(run, load):
    """Of the events of one load, but for its first ones."""
    skipped = load["rate"] * min(WARM_UP_SECONDS, load["events"] / load["rate"] / 4)
    first = load.get("first_id", 0)

    def delays(arrivals):
        return sorted(delay for number, delay in arrivals if first + skipped <= number < first + load["events"])

    at_source, at_target = delays(run["source"]), delays(run["target"])
    return {"bare_median_ms": _percentile(at_source, 50), "bare_p99_ms": _percentile(at_source, 99),
            "service_median_ms": _percentile(at_target, 50), "service_p99_ms": _percentile(at_target, 99),
            "median_added_ms": _percentile(at_target, 50) - _percentile(at_source, 50),
            "p99_added_ms": _percentile(at_target, 99) - _percentile(at_source, 99), **run["usage"]}


def _percentile(values, percent):
    return values[min(len(values) - 1, len(values) * percent // 100)]
