"""Medians, targets and verdicts."""

import datetime
import json
import os
import platform
import statistics


def medians(rows):
    return {name: statistics.median(row[name] for row in rows) for name in rows[0]}


class Report:
    """What was measured against what issues 4 and 5 ask for."""

    def __init__(self):
        self.lines = []
        self.results = {}

    def add(self, name, rows):
        self.results[name] = {"runs": rows, "median": medians(rows)}
        return self.results[name]["median"]

    def check(self, what, value, unit, *, at_least=None, at_most=None):
        target = f">= {at_least:g}" if at_least is not None else f"<= {at_most:g}"
        met = value >= at_least if at_least is not None else value <= at_most
        self.lines.append((what, f"{value:.2f} {unit}".strip(), target, "met" if met else "MISSED"))

    def note(self, what, value):
        self.lines.append((what, value, "", ""))

    def text(self):
        widths = [max(len(line[column]) for line in [*self.lines, _HEADER]) for column in range(4)]
        return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
                         for line in [_HEADER, *self.lines])

    def save(self, path):
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"machine": machine(), "table": self.lines, "results": self.results}, file, indent=2)

    @property
    def all_met(self):
        return all(line[3] != "MISSED" for line in self.lines)


_HEADER = ("measured", "median", "target", "verdict")


def machine():
    with open("/proc/cpuinfo", encoding="ascii") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown")
    with open("/proc/loadavg", encoding="ascii") as file:
        load = file.read().split()[0]
    return {"date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "processors": f"{os.cpu_count()} x {model}", "kernel": platform.release(), "load_average": load}
