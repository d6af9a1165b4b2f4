"""The walkthrough behind ./dev demo: two servers, the service between them, and a crash in the middle.

Every step checks what it claims, on both sides, and the demo ends with exit code 1 and the reason when
something is not as it should be. All files lie in build/demo.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

FOLDER = pathlib.Path("build/demo")
PROCESSES = FOLDER / "processes.json"
NAMESPACE = "demodb.demo_orders"
WAIT_S = 20
COLUMN_WIDTH = 42


class DemoFailed(Exception):
    pass


class Screen:
    """Plain sentences; colours on a terminal only."""

    def __init__(self):
        self.coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self.steps = 0

    def paint(self, code, text):
        return f"\033[{code}m{text}\033[0m" if self.coloured else text

    def step(self, text):
        self.steps += 1
        print(f"\n{self.paint('1', f'{self.steps}. {text}')}", flush=True)

    def note(self, text):
        print(f"   {text}", flush=True)

    def good(self, text):
        print(f"   {self.paint('32', text)}", flush=True)

    def both_sides(self, source, target):
        rows = [("source", "target"), *pad([order_text(o) for o in source], [order_text(o) for o in target])]
        for number, (left, right) in enumerate(rows):
            line = f"   {left:<{COLUMN_WIDTH}}{right}".rstrip()
            print(self.paint("2", line) if number == 0 else line, flush=True)


def pad(left, right):
    left, right = left or ["(empty)"], right or ["(empty)"]
    rows = max(len(left), len(right))
    return list(zip(left + [""] * (rows - len(left)), right + [""] * (rows - len(right))))


def order_text(order):
    return f"{order['orderId']}  {order['customer']:<10} {order['amount']:>5}  {order['status']}"


class Child:
    """A process whose whole output goes to a file in the demo's folder."""

    def __init__(self, name, command):
        self.name = name
        self.log_path = FOLDER / f"{name}.log"
        with open(self.log_path, "wb") as log:
            # A session of its own: Ctrl+C ends the demo, which then ends its children in order.
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def log(self):
        return self.log_path.read_text(errors="replace")

    def wait_for_log(self, pattern):
        """Waits until the log holds the pattern, and gives the match."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            found = re.search(pattern, self.log())
            if found:
                return found
            self.require_alive()
            time.sleep(0.01)
        raise DemoFailed(f"{self.name} did not say '{pattern}' within {WAIT_S} s.\n{self.log_end()}")

    def require_alive(self):
        if self.process.poll() is not None:
            code = self.process.returncode
            raise DemoFailed(f"{self.name} ended by itself with exit code {code}.\n{self.log_end()}")

    def log_end(self):
        lines = self.log().splitlines()[-12:]
        return "\n".join([f"The end of {self.log_path}:", *(f"  {line}" for line in lines)])

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=WAIT_S)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.process.returncode


class Demo:
    def __init__(self, program, servers, screen):
        self.program = program
        self.servers = pathlib.Path(servers)
        self.screen = screen
        self.children = {}

    def run(self):
        self.start_servers()
        self.start_service()
        self.live_changes()
        self.crash_and_catch_up()

    def start_child(self, name, command):
        self.children[name] = Child(name, command)
        PROCESSES.write_text(json.dumps({n: c.process.pid for n, c in self.children.items()}))
        return self.children[name]

    # The steps

    def start_servers(self):
        self.screen.step("Two servers start: a source and a target. Both are empty.")
        server = self.servers / "secantusd-py"
        for name in ("source", "target"):
            self.start_child(name, [server, "--port", "0", "--storage-path", FOLDER / f"{name}-data"])
        self.uris = {name: self.server_uri(name) for name in ("source", "target")}
        database, collection = NAMESPACE.split(".")
        self.source, self.target = (
            MongoClient(uri, serverSelectionTimeoutMS=WAIT_S * 1000, document_class=RawBSONDocument)[database][
                collection
            ]
            for uri in self.uris.values()
        )
        for name, uri in self.uris.items():
            self.screen.note(f"{name}  {uri}")
        self.expect_orders(self.target, [])
        self.screen.both_sides(self.orders(self.source), self.orders(self.target))

    def start_service(self):
        self.screen.step("documentdb-sync starts.")
        config = FOLDER / "config.yaml"
        config.write_text(
            f"source:\n  uri: {self.uris['source']}\ntarget:\n  uri: {self.uris['target']}\n"
            f"watch:\n  collections:\n    - {NAMESPACE}\n"
        )
        self.screen.note(f"{self.program} --config {config}")
        self.service = self.start_child("service", [self.program, "--config", config])
        self.service.wait_for_log(r"Watching for changes\.\.\.")
        self.screen.good("It says: Watching for changes...")

    def live_changes(self):
        self.screen.step("Live insert: an order is placed at the source.")
        order = {"orderId": "ORD-001", "customer": "Microsoft", "product": "Widget"}
        order |= {"amount": 1500, "status": "pending"}
        self.change(lambda: self.source.insert_one(order.copy()))
        self.screen.step("Live replace: the order is completed, with another amount.")
        completed = {**order, "amount": 2000, "status": "completed"}
        self.change(lambda: self.source.replace_one({"orderId": "ORD-001"}, completed))
        self.screen.step("Live delete: one more order is placed, then withdrawn.")
        mistake = {"orderId": "ORD-000", "customer": "Nobody", "amount": 1, "status": "mistake"}
        self.change(lambda: self.source.insert_one(mistake.copy()))
        self.change(lambda: self.source.delete_one({"orderId": "ORD-000"}))
        self.expect_orders(self.target, ["ORD-001"])

    def crash_and_catch_up(self):
        self.screen.step("The service crashes: kill -9.")
        self.service.kill()
        self.screen.note("It had no chance to save or close anything.")
        self.screen.step("Three orders are placed while it is down. The target knows nothing of them.")
        self.source.insert_many(
            [
                {"orderId": "ORD-002", "customer": "Beta Corp", "amount": 500, "status": "pending"},
                {"orderId": "ORD-003", "customer": "Gamma Inc", "amount": 750, "status": "pending"},
                {"orderId": "ORD-004", "customer": "Delta LLC", "amount": 1200, "status": "pending"},
            ]
        )
        self.expect_orders(self.target, ["ORD-001"])
        self.screen.both_sides(self.orders(self.source), self.orders(self.target))
        self.screen.step("The service starts again, from what it had saved before the crash.")
        started = time.monotonic()
        del self.children["service"]
        command = [self.program, "--config", FOLDER / "config.yaml"]
        self.service = self.start_child("service-restarted", command)
        self.wait_until_equal(self.service)
        self.expect_orders(self.target, ["ORD-001", "ORD-002", "ORD-003", "ORD-004"])
        self.screen.both_sides(self.orders(self.source), self.orders(self.target))
        self.screen.good(f"All arrived, {time.monotonic() - started:.2f} s after the start.")
        source, target = self.source.count_documents({}), self.target.count_documents({})
        if source != target:
            raise DemoFailed(f"The source holds {source} documents, the target {target}.")
        self.screen.good(f"Totals: {source} at the source, {target} at the target, equal byte for byte.")

    def stop_service(self):
        self.screen.step("The service is asked to stop (SIGTERM).")
        code = self.service.stop()
        if code != 0:
            raise DemoFailed(f"The service ended with exit code {code} instead of 0.\n{self.service.log_end()}")
        self.screen.good("It stopped with exit code 0.")

    # What the steps are made of

    def server_uri(self, name):
        port = self.children[name].wait_for_log(r"listening on 127\.0\.0\.1:(\d+)").group(1)
        return f"mongodb://127.0.0.1:{port}/?directConnection=true"

    def change(self, make):
        started = time.monotonic()
        make()
        self.wait_until_equal(self.service)
        self.screen.both_sides(self.orders(self.source), self.orders(self.target))
        self.screen.good(f"Both sides are equal, {1000 * (time.monotonic() - started):.0f} ms after the change.")

    def orders(self, collection):
        return sorted(collection.find(), key=lambda order: order["orderId"])

    def wait_until_equal(self, service):
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            if [o.raw for o in self.orders(self.source)] == [o.raw for o in self.orders(self.target)]:
                return
            service.require_alive()
            time.sleep(0.002)
        self.screen.both_sides(self.orders(self.source), self.orders(self.target))
        raise DemoFailed(f"Source and target still differ after {WAIT_S} s.\n{service.log_end()}")

    def expect_orders(self, collection, ids):
        found = [order["orderId"] for order in self.orders(collection)]
        if found != ids:
            raise DemoFailed(f"Expected the orders {ids}, found {found}.")

    def end(self):
        for child in reversed(self.children.values()):
            child.stop()
        PROCESSES.unlink(missing_ok=True)


def end_kept_demo():
    """Ends what an earlier --keep left running; a reused pid of another program is left alone."""
    if not PROCESSES.exists():
        return False
    for pid in reversed(json.loads(PROCESSES.read_text()).values()):
        if is_of_demo(pid):
            os.kill(pid, signal.SIGTERM)
            wait_until_gone(pid)
    PROCESSES.unlink()
    return True


def is_of_demo(pid):
    try:
        return str(FOLDER).encode() in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def wait_until_gone(pid):
    deadline = time.monotonic() + WAIT_S
    while is_of_demo(pid):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            deadline += WAIT_S
        time.sleep(0.02)


def print_kept(demo):
    print("\nEverything keeps running:")
    for name, uri in demo.uris.items():
        print(f"  {name:<8} {uri}  (pid {demo.children[name].process.pid})")
    print(f"  service  pid {demo.service.process.pid}, log: {demo.service.log_path}")
    print(f"Change {NAMESPACE} at the source with any MongoDB client and look at the target, for example:")
    print(f"  mongosh \"{demo.uris['source'].replace('/?', '/demodb?')}\"")
    print("  db.demo_orders.insertOne({orderId: 'ORD-005'})")
    print("End it with: ./dev demo --stop")


def main():
    parser = argparse.ArgumentParser(prog="./dev demo", description=__doc__)
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--servers", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--keep", action="store_true", help="leave servers and service running")
    parser.add_argument("--stop", action="store_true", help="end what --keep left running")
    arguments = parser.parse_args()

    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda number, _: sys.exit(128 + number))  # ends the children on the way

    was_running = end_kept_demo()
    if arguments.stop:
        print("The demo is stopped." if was_running else "No demo is running.")
        return 0
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)

    screen = Screen()
    demo = Demo(arguments.program, arguments.servers, screen)
    keep = False
    try:
        demo.run()
        if arguments.keep:
            keep = True
            print_kept(demo)
        else:
            demo.stop_service()
            print(f"\nNothing was lost. The logs are in {FOLDER}; to play on: ./dev demo --keep")
        return 0
    except DemoFailed as failure:
        print(f"\n{screen.paint('31', 'The demo failed:')} {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        if not keep:
            demo.end()


if __name__ == "__main__":
    sys.exit(main())
