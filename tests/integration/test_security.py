"""Authentication, TLS, and secrets that never show."""

import base64
import os
import pathlib

import pymongo
import pytest

from support.certificates import Certificates
from support.refusal import refuse_bad
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


def forms(secret):
    """The secret as it is and inside any longer text in base64: there are three, by where it begins."""
    yield secret
    for before in range(3):
        text = base64.b64encode(b"\0" * before + secret).rstrip(b"=")
        yield text[(0, 2, 3)[before]:len(text) - 1]  # the characters at the ends also hold bits of the neighbours


FORMS = {form for secret in (b"cAnArY", PASSWORD.encode(), ENCODED.encode()) for form in forms(secret)}


def bytes_of(path):
    """None when it is gone: a running service renames and removes files."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def no_secret_in(service, *, more_files=()):
    """No canary, in any form, in any output, state or dead letter, nor in the running process's command line and
    environment. Gives what was looked at."""
    paths = [path for path in pathlib.Path(service.folder).rglob("*")
             if path.is_file() and path.name != "config.yaml"] + [*more_files]
    if service.process.exit_code() is None:
        paths += [pathlib.Path(f"/proc/{service.process.pid}/{name}") for name in ("cmdline", "environ", "comm")]
    contents = {path: content for path in paths if (content := bytes_of(path)) is not None}
    for path, content in contents.items():
        for form in FORMS:
            assert form not in content, f"{form} in {path}"
    return {path.name for path in contents}


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


def test_the_environment_and_command_line_of_the_process_hold_no_password(guarded, new_service, tmp_path):
    """Nor do its log, state and dead letters, when the URIs with their passwords come from files."""
    source, target = guarded
    here, there = source.client(), target.client()
    refuse_bad(there.db.c)
    sections = {}
    for side, server in (("source", source), ("target", target)):
        path = tmp_path / f"{side}-uri"
        path.write_text(server.uri(), encoding="utf-8")
        assert ENCODED in path.read_text(encoding="utf-8")
        sections[side] = {"uri_file": str(path)}
    service = new_service("", "", ["db.c"], on_error="quarantine", logging={"level": "DEBUG"})
    service.configure({**service.config, **sections})
    service.start_and_watch()
    here.db.c.insert_many([{"_id": 1}, {"_id": 2, "bad": True}, {"_id": 3}])
    wait_for(lambda: there.db.c.count_documents({}) == 2 and service.dead_letters(), "two documents and a dead letter")
    service.status()
    looked_at = no_secret_in(service)
    assert {"cmdline", "environ", "service-1.log"} <= looked_at
    assert sum("dead_letter" in name or name.endswith(".json") for name in looked_at) == 2
    assert service.stop() == 0
    no_secret_in(service)


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
    service.wait_for_log(r"waiting for the target: .*certificate verify failed", seconds=30)
    assert "Watching for changes..." not in service.log
    assert no_secret_in(service)


def test_a_plain_connection_to_a_tls_server_never_gets_through(guarded, new_service):
    source, target = guarded
    plain = source.uri().replace("tls=true", "tls=false").replace(f"tlsCAFile={source.tls.ca}&", "")
    service = new_service(plain, target.uri(), ["db.c"]).start()
    service.wait_for_log(r"waiting for the source: ", seconds=30)
    assert "Watching for changes..." not in service.log
    assert no_secret_in(service)


def test_an_unreachable_server_is_told_without_its_password(pair, new_service):
    uri = f"mongodb://syncer:{ENCODED}@127.0.0.1:1/?directConnection=true"
    service = new_service(uri, pair.target_server.uri(), ["db.c"], logging={"level": "DEBUG"}).start()
    service.wait_for_log(r"waiting for the source: ", seconds=30)
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
