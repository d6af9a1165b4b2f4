"""Fixtures of the integration tests. Everything that they start ends with the test, also when it fails."""

import itertools
import os
import re
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from support.compare import expand, split, wait_equal  # noqa: E402
from support.pair import Pair  # noqa: E402
from support.proxy import Proxy  # noqa: E402
from support.server import Server  # noqa: E402
from support.service import Service  # noqa: E402
from support.waiting import wait_for  # noqa: E402


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Two servers for all tests of a file; each test has databases of its own."""
    folder = tmp_path_factory.mktemp("pair")
    source, target = Server(folder / "source"), Server(folder / "target")
    try:
        yield Pair(source.start(), target.start())
    finally:
        source.discard()
        target.discard()


@pytest.fixture
def new_server(tmp_path):
    """Makes servers for one test: new_server("source", kind=..., oplog_entries=...)."""
    made = []

    def make(name, kind="any", start=True, **options):
        server = Server(tmp_path / name, kind, **options)
        made.append(server)
        return server.start() if start else server

    yield make
    for server in made:
        server.discard()


@pytest.fixture
def new_proxy():
    made = []

    def make(server, kind=Proxy):
        made.append(kind(server.port))
        return made[-1]

    yield make
    for proxy in made:
        proxy.close()


@pytest.fixture
def new_service(tmp_path):
    """Makes installations of the service: new_service(pair, ["db.coll"], apply={"writers": 2})."""
    made = []

    def make(source, target, collections, name="service", **sections):
        config = {"source": {"uri": source}, "target": {"uri": target}, "watch": {"collections": collections}}
        for section, value in sections.items():
            config[section] = {**config.get(section, {}), **value} if isinstance(value, dict) else value
        made.append(Service(tmp_path / name, config))
        return made[-1]

    yield make
    for service in made:
        service.end()
        if service.process:
            print(f"--- end of the log of {service.config_path}\n{service.process.log_tail(60)}")


@pytest.fixture
def sync(pair, new_service):
    """Makes installations between the file's two servers: sync(["db.coll"])."""
    def make(collections, **options):
        return new_service(pair.source_server.uri(), pair.target_server.uri(), collections, **options)
    return make


numbers = itertools.count(1)


@pytest.fixture
def database(request):
    """The name of a database that only this test uses."""
    return f"t{next(numbers)}_" + re.sub(r"\W+", "_", request.node.name, flags=re.ASCII)[:40]


@pytest.fixture
def settle():
    """Waits until all that was written is on the target, ends the service and compares again.

    Equal for a moment is not enough: a replay could still be taking the target back.
    """
    def wait(service, source, target, names, seconds=120.0):
        for number, name in enumerate(expand(names, source)):
            database, collection = split(name)
            beacon = {"_id": f"beacon {number} {os.urandom(8).hex()}"}
            source[database][collection].insert_one(beacon)
            wait_for(lambda: arrived(service, target[database][collection], beacon),  # pylint: disable=cell-var-from-loop
                     f"the beacon of {name} on the target", seconds)
        wait_equal(source, target, names, seconds)
        assert service.stop() == 0
        wait_equal(source, target, names, 0)
    return wait


def arrived(service, collection, query):
    """What the query finds; a service that has ended will bring nothing more."""
    found = collection.find_one(query)
    if not found and service.process.exit_code() is not None:
        raise AssertionError(f"the service has ended with {service.process.exit_code()}")
    return found
