"""Measures the service against bare driver loops, in one run: see docs/performance.md.

    ./dev bench [--quick] [--only insert,hot,delay,copy,...] [--repeats N] [--scale F]
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORKLOADS = ("insert", "update", "mixed", "hot")
NAMES = ("engine", *WORKLOADS, "memory", "distance", "delay", "collections", "neighbour", "copy", "copy-distance",
         "copy-many", "spool", "floor")


def parse_arguments():
    parser = argparse.ArgumentParser(description="Measures documentdb-sync against bare driver loops.")
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "release"), help="build folder")
    parser.add_argument("--server", required=True, help="path of secantusd-rs")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(NAMES),
                        help=f"some of {','.join(NAMES)}")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--events", type=int, default=200_000, help="size of a backlog")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of a delay measurement")
    parser.add_argument("--scale", type=float, default=1.0,
                        help="of the documents or events of copy, copy-distance, copy-many and spool; a copy takes 5 s at "
                             "least, so below 0.2 its figures mean nothing")
    parser.add_argument("--quick", action="store_true", help="once, small: shows that it works, proves nothing")
    parser.add_argument("--json", help="file for the figures (default: bench.json in the build folder)")
    arguments = parser.parse_args()
    if unknown := set(arguments.only) - set(NAMES):
        parser.error(f"--only: unknown: {', '.join(sorted(unknown))}")
    arguments.json = arguments.json or os.path.join(arguments.build, "bench.json")
    if arguments.quick:
        arguments.repeats, arguments.events, arguments.seconds, arguments.scale = 1, 20_000, 4.0, 0.02
    return arguments


ARGUMENTS = parse_arguments()
os.environ["DDSYNC_SECANTUSD_RS"] = os.path.abspath(ARGUMENTS.server)
os.environ["DDSYNC_BINARY"] = os.path.abspath(os.path.join(ARGUMENTS.build, "src", "documentdb-sync"))
sys.path[:0] = [os.path.join(ROOT, "tests"), os.path.join(ROOT, "bench")]

# Only now: they need the paths set above.
from harness.copy import (  # noqa: E402
    WRITE_BYTES, WRITE_DOCUMENTS, measure_copy, measure_copy_distance, measure_copy_many)
from harness.delay import measure_delay, measure_hot_neighbour  # noqa: E402
from harness.floor import measure_passing_copy, measure_passing_stream  # noqa: E402
from harness.machine import MEMORY_LIMIT, Tools  # noqa: E402
from harness.report import Report  # noqa: E402
from harness.spool import measure_spool  # noqa: E402
from harness.throughput import measure_default_memory, measure_distance, measure_workload  # noqa: E402


def run_engine(report):
    output = subprocess.run([os.path.join(ARGUMENTS.build, "bench", "engine_bench"), "--benchmark_format=csv",
                             f"--benchmark_repetitions={ARGUMENTS.repeats}"],
                            capture_output=True, text=True, check=True).stdout
    for name in ("inserts", "updates", "hot_keys"):
        rates = [float(line.split(",")[6]) / 1e6 for line in output.splitlines() if re.match(rf'"{name}",', line)]
        median = report.add(f"engine {name}", [{"million_per_s": rate} for rate in rates])
        report.check(f"engine alone, {name}", median["million_per_s"], "M events/s", at_least=1.5)


def run_workload(report, tools, folder, workload):
    rows = measure_workload(tools, folder, workload, ARGUMENTS.events, ARGUMENTS.repeats)
    median = report.add(workload, rows)
    report.note(f"{workload}: bare reader | bare writer | service, events/s",
                f"{median['bare_reader_per_s']:,.0f} | {median['bare_writer_per_s']:,.0f} | "
                f"{median['events_per_s']:,.0f}")
    note_bare_cpu(report, workload, median, "event")
    report.check(f"{workload}: service / slower bare loop", median["ratio"], "", at_least=0.7)
    if workload == "hot":
        report.check("hot: service / bare writer alone", median["ratio_to_writer_alone"], "", at_least=1.0)
    check_cost(report, workload, median)


def note_bare_cpu(report, name, median, unit):
    bare, service = median[f"loops_cpu_us_per_{unit}"], median[f"cpu_us_per_{unit}"]
    report.note(f"{name}: CPU of bare reader and writer together, us/{unit} (service / that)",
                f"{bare:.2f} ({service / bare:.2f})")


def check_cost(report, name, median):
    report.check(f"{name}: CPU of the service", median["cpu_us_per_event"], "us/event", at_most=6)
    report.check(f"{name}: peak memory", median["peak_mb"], "MB", at_most=100)


def run_memory(report, tools, folder):
    median = report.add("memory", measure_default_memory(tools, folder, "insert", ARGUMENTS.events, ARGUMENTS.repeats))
    report.note("insert, default memory.limit: peak memory, MB", f"{median['peak_mb']:.0f}")
    report.note("insert, default memory.limit: events/s", f"{median['events_per_s']:,.0f}")


def run_distance(report, tools, folder):
    for workload in WORKLOADS:
        rows = measure_distance(tools, os.path.join(folder, workload), workload, ARGUMENTS.events, ARGUMENTS.repeats)
        median = report.add(f"distance {workload}", rows)
        report.note(f"{workload}: at 0 ms | at 20 ms round trip, events/s",
                    f"{median['near_per_s']:,.0f} | {median['far_per_s']:,.0f}")
        report.check(f"{workload}: 20 ms / 0 ms", median["ratio"], "", at_least=0.6)
        check_cost(report, f"{workload} at 20 ms", median)


def note_delay(report, name, median):
    report.note(f"{name}: delay of bare reader | service, median (p99), ms",
                f"{median['bare_median_ms']:.2f} ({median['bare_p99_ms']:.1f}) | "
                f"{median['service_median_ms']:.2f} ({median['service_p99_ms']:.1f})")
    report.note(f"{name}: events/s that were sent", f"{median['sent_per_s']:,.0f}")
    note_bare_cpu(report, name, median, "event")


def run_delay(report, tools, folder):
    median = report.add("delay", measure_delay(tools, folder, collections=1, rate=1_000, seconds=ARGUMENTS.seconds,
                                               repeats=ARGUMENTS.repeats))
    note_delay(report, "1 000 events/s", median)
    report.check("1 000 events/s: median above the bare reader's", median["median_added_ms"], "ms", at_most=2)
    report.check("1 000 events/s: p99 above the bare reader's", median["p99_added_ms"], "ms", at_most=10)
    check_cost(report, "1 000 events/s", median)


def run_collections(report, tools, folder):
    def measure(name, collections, rate, together=1):
        median = report.add(name, measure_delay(tools, os.path.join(folder, name), collections=collections, rate=rate,
                                                seconds=ARGUMENTS.seconds, repeats=ARGUMENTS.repeats,
                                                together=together))
        note_delay(report, name, median)
        return median

    one = measure("1 collection, 10 a second", 1, 10)
    # 5 000 commands a second for one insert each are more than two cores can do, whoever sends them.
    busy = measure("1 collection, 5 000 a second", 1, 5_000, together=10)
    many = measure("500 collections, 10 a second each", 500, 5_000, together=10)
    calm_one = measure("1 collection, 1 000 a second", 1, 1_000)
    calm_many = measure("500 collections, 2 a second each", 500, 1_000)
    for what in ("median", "p99"):
        report.check(f"500 collections, 2 a second each: {what} delay / one at the same total",
                     calm_many[f"service_{what}_ms"] / calm_one[f"service_{what}_ms"], "", at_most=2)
        for against, single in (("one at 10 a second", one), ("one at the same total", busy)):
            report.check(f"500 collections: {what} delay / {against}",
                         many[f"service_{what}_ms"] / single[f"service_{what}_ms"], "", at_most=2)
    check_cost(report, "500 collections", many)


def run_hot_neighbour(report, tools, folder):
    """The slow collections of a process that also has a hot one; the issue names no figure for it."""
    median = report.add("hot neighbour", measure_hot_neighbour(
        tools, folder, collections=500, slow_rate=500, hot_rate=5_000, seconds=ARGUMENTS.seconds,
        repeats=ARGUMENTS.repeats))
    note_delay(report, "499 slow collections beside one of 5 000 a second", median)
    report.note("the hot one of them: delay of the service, median (p99), ms",
                f"{median['hot_median_ms']:.2f} ({median['hot_p99_ms']:.1f})")
    check_cost(report, "hot neighbour", median)


def scaled(count):
    return max(1, int(count * ARGUMENTS.scale))


def run_copy(report, tools, folder):
    for documents, size, name in ((scaled(1_000_000), 900, "900 bytes"), (scaled(300_000), 10_000, "10 KB")):
        median = report.add(f"copy {name}", measure_copy(tools, os.path.join(folder, str(size)), documents, size,
                                                         ARGUMENTS.repeats))
        report.note(f"copy of {documents:,} of {name}: bare reader | bare inserters | service, documents/s",
                    f"{median['reader_per_s']:,.0f} | {median['inserters_per_s']:,.0f} | "
                    f"{median['documents_per_s']:,.0f}")
        note_bare_cpu(report, f"copy of {name}", median, "document")
        report.check(f"copy of {name}: service / slower bare loop", median["ratio"], "", at_least=0.75)
        check_copy_cost(report, f"copy of {name}", median)


def check_copy_cost(report, name, median):
    report.check(f"{name}: CPU of the service", median["cpu_us_per_document"], "us/document", at_most=5)
    report.check(f"{name}: peak memory", median["peak_mb"], "MB", at_most=150)


def run_copy_distance(report, tools, folder):
    documents = scaled(200_000)  # a million would take too long
    median = report.add("copy-distance", measure_copy_distance(tools, folder, documents, ARGUMENTS.repeats))
    report.note(f"copy of {documents:,}: at 0 ms | at 20 ms round trip, documents/s",
                f"{median['near_per_s']:,.0f} | {median['far_per_s']:,.0f}")
    report.check("copy: 20 ms / 0 ms", median["ratio"], "", at_least=0.6)
    check_copy_cost(report, "copy at 20 ms", median)


def run_copy_many(report, tools, folder):
    collections, each = 1_000, scaled(1_000)
    median = report.add("copy-many", measure_copy_many(tools, folder, collections, each, ARGUMENTS.repeats))
    report.note(f"copy of {collections * each:,}: one collection | {collections:,} of {each:,}, s",
                f"{median['one_s']:.1f} | {median['many_s']:.1f}")
    report.check("copy of one and of many collections: slower / faster", median["ratio"], "", at_most=2)
    check_copy_cost(report, "copy of many collections", median)


def run_spool(report, tools, folder):
    events = scaled(200_000)  # as the other backlogs
    median = report.add("spool", measure_spool(tools, folder, events, ARGUMENTS.repeats))
    report.note(f"draining {events:,} events: from the stream | from the spool, events/s",
                f"{median['stream_per_s']:,.0f} | {median['spool_per_s']:,.0f}")
    report.check("draining: from the spool / from the stream", median["ratio"], "", at_least=0.7)
    report.note("draining: CPU from the stream | from the spool, us/event",
                f"{median['stream_cpu_us_per_event']:.2f} | {median['cpu_us_per_event']:.2f}")
    report.note("draining from the spool: peak memory, MB", f"{median['peak_mb']:.0f}")


def run_floor(report, tools, folder):
    for documents, size, name in ((scaled(1_000_000), 900, "900 bytes"), (scaled(300_000), 10_000, "10 KB")):
        rows = measure_passing_copy(tools, os.path.join(folder, str(size)), documents, size,
                                    min(WRITE_DOCUMENTS, WRITE_BYTES // size), ARGUMENTS.repeats)
        median = report.add(f"passing on {name}", rows)
        report.note(f"passing on documents of {name} and nothing else: CPU, us/document", f"{median['cpu_us_each']:.2f}")
    rows = measure_passing_stream(tools, folder, 1_000, ARGUMENTS.seconds, ARGUMENTS.repeats)
    report.note("passing on 1 000 changes a second and nothing else: CPU, us/event",
                f"{report.add('passing on changes', rows)['cpu_us_each']:.0f}")


def main():
    tools = Tools(ARGUMENTS.build)
    report = Report()
    report.note("memory.limit of the service, where nothing else is said", MEMORY_LIMIT)
    folder = tempfile.mkdtemp(prefix="ddsync-bench-")
    steps = {"engine": lambda _: run_engine(report),
             **{name: lambda place, name=name: run_workload(report, tools, place, name) for name in WORKLOADS},
             "memory": lambda place: run_memory(report, tools, place),
             "distance": lambda place: run_distance(report, tools, place),
             "delay": lambda place: run_delay(report, tools, place),
             "collections": lambda place: run_collections(report, tools, place),
             "neighbour": lambda place: run_hot_neighbour(report, tools, place),
             "copy": lambda place: run_copy(report, tools, place),
             "copy-distance": lambda place: run_copy_distance(report, tools, place),
             "copy-many": lambda place: run_copy_many(report, tools, place),
             "spool": lambda place: run_spool(report, tools, place),
             "floor": lambda place: run_floor(report, tools, place)}
    try:
        for name in NAMES:
            if name in ARGUMENTS.only:
                print(f"measuring {name} ...", file=sys.stderr, flush=True)
                place = os.path.join(folder, name)
                steps[name](place)
                shutil.rmtree(place, ignore_errors=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if report.results:
            print(report.text(), flush=True)
            report.save(ARGUMENTS.json)
    return 0 if report.all_met or ARGUMENTS.quick else 1


if __name__ == "__main__":
    sys.exit(main())
