"""Checks that the layers of src/ include only what docs/architecture.md allows.

    check_includes.py SRC    exit code 1 and one line a violation
"""

import pathlib
import re
import sys

# cli -> check -> runtime -> {mongo, state, observe, config} -> engine -> bson
LAYERS_ALLOWED = {
    "bson": {"bson"},
    "engine": {"engine", "bson"},
    "config": {"config", "engine", "bson"},
    "state": {"state", "engine", "bson"},
    "mongo": {"mongo", "engine", "bson"},
    "observe": {"observe", "config", "engine", "bson"},
    "runtime": {"runtime", "mongo", "state", "observe", "config", "engine", "bson"},
    "check": {"check", "runtime", "mongo", "state", "observe", "config", "engine", "bson"},
    "cli": {"cli", "check", "runtime", "mongo", "state", "observe", "config", "engine", "bson"},
    "": {"cli"},  # main.cpp
}

# Libraries and the only folders that may know them.
LIBRARIES_OWNED = {
    r"mongoc([./-]|$)": {"mongo"},
    r"rocksdb/": {"state"},
    r"nlohmann/": {"state", "observe", "check"},  # the state file, JSON log lines, check --json
    r"yaml-cpp/": {"config"},
    r"spdlog/": {"observe"},
    r"CLI/": {"cli"},
}

# The engine and what it stands on decide and compute: no thread, clock, randomness, file or socket.
PURE_LAYERS = ("bson", "engine")
IMPURE_HEADERS = re.compile(
    r"(thread|stop_token|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|atomic|chrono|ctime|time\.h"
    r"|random|iostream|fstream|filesystem|cstdio|stdio\.h|csignal|signal\.h|unistd\.h|fcntl\.h|pthread\.h|poll\.h"
    r"|sys/.*|netinet/.*|arpa/.*|openssl/.*)"
)

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def violation(layer, quote, header):
    """Says what is wrong with this include in this layer, or nothing."""
    if quote == '"':
        other = header.split("/")[0] if "/" in header else ""
        if other not in LAYERS_ALLOWED[layer]:
            return f"{layer or 'main.cpp'} may not include {other or 'a file without its folder'}"
        return None
    for pattern, owners in LIBRARIES_OWNED.items():
        if re.match(pattern, header) and layer not in owners:
            return f"only {' and '.join(sorted(owners))} may include this library"
    if layer in PURE_LAYERS and IMPURE_HEADERS.fullmatch(header):
        return f"{layer} is pure: no threads, clock, randomness, files or sockets"
    return None


def check_file(src, path):
    relative = path.relative_to(src)
    layer = relative.parts[0] if len(relative.parts) > 1 else ""
    if layer not in LAYERS_ALLOWED:
        return [f"{relative}: the folder {layer} has no rule in tools/check_includes.py"]
    problems = []
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        found = INCLUDE.match(line)
        problem = violation(layer, *found.groups()) if found else None
        if problem:
            problems.append(f"{relative}:{number}: {line.strip()}: {problem}")
    return problems


def check_tree(src):
    files = sorted(p for p in src.rglob("*") if p.suffix in (".h", ".cpp"))
    if not files:
        return [f"{src}: no source files"]
    return [problem for path in files for problem in check_file(src, path)]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    problems = check_tree(pathlib.Path(sys.argv[1]))
    print("\n".join(problems) if problems else "All includes follow the layers.")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
