"""Authentication, TLS, and secrets that never show."""

import os

import pymongo
import pytest

from support.certificates import Certificates
from support.waiting import wait_for

PASSWORD = "cAnArY!%/:x7"
ENCODED = "cAnArY%21%25%2F%3Ax7"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    return Certificates(folder, "good"), Certificates(folder, "other")


@pytest.fixture
def guarded(new_server, certificates):
    """Two servers with SCRAM-SHA-256 and TLS."""
    def make(name):
        server = new_server(name)
        with server.client() as client:
            client.admin.command("createUser", "syncer", pwd=PASSWORD, roles=["root"], mechanisms=["SCRAM-SHA-256"])
        server.stop()
        server.tls = certificates[0]
        server.user = ("syncer", PASSWORD)
        return server.start(auth=True)
    return make("source"), make("target")


def no_secret_in(service):
    """No canary in any output, state file or the command line of the running process."""
    texts = [service.all_output()]
    for name in os.listdir(service.folder):
        if name != "config.yaml":
            with open(os.path.join(service.folder, name), encoding="utf-8", errors="replace") as file:
                texts.append(file.read())
    if service.process.exit_code() is None:
        with open(f"/proc/{service.process.pid}/cmdline", encoding="utf-8") as file:
            texts.append(file.read())
    for text in texts:
        assert "cAnArY" not in text
    return True


def test_scram_and_tls_with_a_ca_file(guarded, new_service, settle):
    source, target = guarded
    here, there = source.client(), target.client()
    mechanism = {"authMechanism": "SCRAM-SHA-256"}
    service = new_service(source.uri(**mechanism), target.uri(**mechanism), ["db.c"], logging={"level": "DEBUG"})
    service.start_and_watch()
    here.db.c.insert_many([{"_id": n} for n in range(100)])
    wait_for(lambda: there.db.c.count_documents({}) == 100, "100 documents")
    assert no_secret_in(service)
    service.kill()
    here.db.c.delete_one({"_id": 5})
    service.start_and_watch()
    settle(service, here, there, ["db.c"])
    assert no_secret_in(service)


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_wrong_password_ends_with_5_and_is_not_shown(guarded, new_service, side):
    source, target = guarded
    uris = {"source": source.uri(), "target": target.uri()}
    uris[side] = uris[side].replace(ENCODED, "cAnArYwrong%21")
    service = new_service(uris["source"], uris["target"], ["db.c"], logging={"level": "DEBUG"}).start()
    assert service.wait_exit() == 5
    assert side in service.log
    assert no_secret_in(service)


def test_a_certificate_of_an_unknown_authority_is_refused(guarded, certificates, new_service):
    source, target = guarded
    uri = target.uri().replace(certificates[0].ca, certificates[1].ca)
    service = new_service(source.uri(), uri, ["db.c"]).start()
    service.wait_for_log(r"(?i)certificate|TLS", seconds=30)
    assert "Watching for changes..." not in service.log
    assert no_secret_in(service)


def test_a_plain_connection_to_a_tls_server_never_gets_through(guarded, new_service):
    source, target = guarded
    plain = source.uri().replace("tls=true", "tls=false").replace(f"tlsCAFile={source.tls.ca}&", "")
    service = new_service(plain, target.uri(), ["db.c"]).start()
    service.wait_for_log(r"source", seconds=30)
    assert "Watching for changes..." not in service.log
    assert no_secret_in(service)


def test_an_unreachable_server_is_told_without_its_password(pair, new_service):
    uri = f"mongodb://syncer:{ENCODED}@127.0.0.1:1/?directConnection=true"
    service = new_service(uri, pair.target_server.uri(), ["db.c"], logging={"level": "DEBUG"}).start()
    service.wait_for_log(r"source", seconds=30)
    assert service.process.exit_code() is None, "an outage at the start is waited out"
    assert no_secret_in(service)


def test_a_user_without_rights_on_the_target_ends_with_5(new_server, new_service):
    source, target = new_server("source"), new_server("target")
    with target.client() as client:
        client.admin.command("createUser", "reader", pwd=PASSWORD,
                             roles=[{"role": "read", "db": "db"}], mechanisms=["SCRAM-SHA-256"])
    target.stop()
    target.user = ("reader", PASSWORD)
    target.start(auth=True)
    try:
        target.client().db.c.insert_one({"_id": "probe"})
    except pymongo.errors.OperationFailure as error:
        assert error.code == 13
    else:
        pytest.skip("this server does not enforce roles")
    service = new_service(source.uri(), target.uri(), ["db.c"]).start_and_watch()
    source.client().db.c.insert_one({"_id": 1})
    assert service.wait_exit() == 5
    assert no_secret_in(service)
