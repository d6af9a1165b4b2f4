"""The configuration file, as an operator meets it. Every rule in detail: tests/unit/config_*_test.cpp."""

import os
from pathlib import Path

import pytest

from support.service import run

SECRET = "cAnArY!x7"
URI = "mongodb://user:cAnArY%21x7@127.0.0.1:1/?directConnection=true"
OTHER_URI = URI.replace("127.0.0.1:1", "127.0.0.1:2")


def written(tmp_path, text):
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def good(**changed):
    values = {"source": f'uri: "{URI}"', "target": f'uri: "{OTHER_URI}"',
              "collections": "[db.coll]", "more": ""} | changed
    return (f"source:\n  {values['source']}\ntarget:\n  {values['target']}\n"
            f"watch:\n  collections: {values['collections']}\n{values['more']}\n")


def refused(path, *arguments, **options):
    code, out, err = run("--config", path, *arguments, **options)
    assert code == 1, out + err
    assert SECRET not in out + err and "cAnArY" not in out + err
    return out + err


@pytest.mark.parametrize("text", ["source: [", "\tsource:", "just text", "", "a: b: c"])
def test_a_file_that_is_no_configuration_is_refused(tmp_path, text):
    assert "config.yaml" in refused(written(tmp_path, text))


@pytest.mark.parametrize("changed, told", [
    ({"source": 'uri: ""'}, "source.uri"),
    ({"source": "uri:"}, "source.uri"),
    ({"source": 'uri: "<SOURCE_CONNECTION_STRING>"'}, "source.uri"),
    ({"target": 'uri: "<TARGET_CONNECTION_STRING>"'}, "target.uri"),
    ({"source": 'uri: "http://u:cAnArY@somewhere"'}, "source.uri"),
    ({"collections": "[]"}, "watch.collections"),
    ({"collections": '["<database>.<collection>"]'}, "watch.collections"),
    ({"collections": "[nodot]"}, "nodot"),
    ({"collections": "[a.b, a.b]"}, "a.b"),
    ({"more": "state:\n  persist_interval: 0"}, "persist_interval"),
    ({"more": "state:\n  persist_interval: many"}, "persist_interval"),
    ({"more": "logging:\n  level: LOUD"}, "LOUD"),
    ({"more": "apply:\n  writers: 0"}, "writers"),
    ({"more": "memory:\n  limit: lots"}, "memory.limit"),
    ({"more": "on_error: ignore"}, "on_error"),
], ids=lambda value: value if isinstance(value, str) else None)
def test_a_wrong_value_is_told_with_its_key(tmp_path, changed, told):
    assert told in refused(written(tmp_path, good(**changed)))


def test_an_unknown_key_names_the_nearest_known_one_and_the_line(tmp_path):
    path = written(tmp_path, good(more="state:\n  persist_intervall: 5"))
    assert f"{path}:8: state.persist_intervall is not a known key; did you mean state.persist_interval?" in refused(path)


def test_all_problems_are_reported_at_once(tmp_path):
    output = refused(written(tmp_path, good(
        source='uri: "<SOURCE_CONNECTION_STRING>"', target="uri:", collections="[nodot]",
        more="logging:\n  level: LOUD\nwacth: 1")))
    for told in ("yaml:2: source.uri", "yaml:4: target.uri", "yaml:6: watch.collections: 'nodot'", "yaml:8: logging.level",
                 "yaml:9: wacth", "5 problems"):
        assert told in output, told


@pytest.mark.parametrize("arguments", [[], ["--print-config"], ["copy"], ["check"]], ids=" ".join)
def test_what_is_wrong_for_the_driver_and_missing_certificates_are_told_with_all_else(tmp_path, arguments):
    """Else the first would end the start one by one, and a missing file would be waited for like a server."""
    path = written(tmp_path, good(
        source=f'uri: "{URI}&heartbeatFrequencyMS=cAnArY"', target=f'uri: "{OTHER_URI}&tlsCAFile=/nowhere/ca.pem"',
        collections='["db.*"]\n  scope: collection'))
    output = " ".join(refused(path, *arguments).split())  # check has a table
    for told in ("yaml:2: source.uri: the connection string is wrong: the option heartbeatFrequencyMS",
                 "yaml:4: target.uri: tlsCAFile: the file /nowhere/ca.pem cannot be read: No such file or directory",
                 "yaml:6: watch.collections: 'db.*' cannot be watched with watch.scope: collection"):
        assert told in output, output


def test_the_problems_of_a_file_that_is_something_else_do_not_flood_the_terminal(tmp_path):
    output = refused(written(tmp_path, "".join(f"k{n}: 1\n" for n in range(1_000)))).splitlines()
    assert len(output) == 101 and output[-1] == "1003 problems in the configuration; nothing was started"


def test_the_example_as_it_is_is_refused_for_what_must_be_filled_in():
    output = refused(Path(__file__).parents[2] / "config.example.yaml")
    assert output.count("still holds the placeholder") == 3 and "3 problems" in output


def test_print_config_shows_effective_values_and_no_secret(tmp_path):
    code, out, err = run("--config", written(tmp_path, good(more="apply:\n  writers: 3")), "--print-config")
    assert code == 0, err
    assert "cAnArY" not in out + err
    for word in ("writers: 3", "persist_interval: 10", "db.coll", "127.0.0.1:1"):
        assert word in out, word


def test_uris_come_from_the_environment_and_from_files(tmp_path):
    secret_file = tmp_path / "target-uri"
    secret_file.write_text(OTHER_URI + "\n", encoding="utf-8")
    path = written(tmp_path, good(source="uri_env: SOURCE_URI_OF_TEST", target=f'uri_file: "{secret_file}"'))
    code, out, err = run("--config", path, "--print-config", env={"SOURCE_URI_OF_TEST": URI})
    assert code == 0, err
    assert "cAnArY" not in out + err
    assert "SOURCE_URI_OF_TEST" in refused(path)
    secret_file.unlink()
    assert "target-uri" in refused(path, env={"SOURCE_URI_OF_TEST": URI})
    secret_file.write_text("\n", encoding="utf-8")
    assert "target-uri is empty" in refused(path, env={"SOURCE_URI_OF_TEST": URI})


def test_a_running_service_with_uris_of_the_environment_and_a_file(pair, new_service, tmp_path, database, settle):
    secret_file = tmp_path / "target-uri"
    secret_file.write_text(pair.target_server.uri() + "\n", encoding="utf-8")
    service = new_service("", "", [f"{database}.c"])
    service.configure({**service.config, "source": {"uri_env": "SOURCE_URI_OF_TEST"},
                       "target": {"uri_file": str(secret_file)}})
    environment = {"SOURCE_URI_OF_TEST": pair.source_server.uri()}
    service.start_and_watch(env=environment)
    pair.source[database].c.insert_one({"_id": 1})
    pair.wait_equal([f"{database}.c"])
    assert service.stop() == 0
    pair.source[database].c.insert_one({"_id": "while it is down"})
    service.start_and_watch(env=environment)
    settle(service, pair.source, pair.target, [f"{database}.c"])


def test_two_ways_to_give_one_uri_are_refused(tmp_path):
    refused(written(tmp_path, good(source=f'uri: "{URI}"\n  uri_env: SOMETHING')))


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_the_same_server_as_source_and_target_is_refused(pair, new_service, name):
    uri = pair.source_server.uri()
    service = new_service(uri, uri.replace("127.0.0.1", name), ["db.c"]).start()
    assert service.wait_exit() == 1
    assert "yaml:4: source and target are the same server" in service.log


def test_the_same_server_by_another_way_is_refused(pair, new_service, new_proxy):
    proxy = new_proxy(pair.source_server)
    service = new_service(pair.source_server.uri(), pair.source_server.uri(port=proxy.port), ["db.c"]).start()
    assert service.wait_exit() == 1
    assert "lead to the same server" in service.log
    assert sorted(os.listdir(service.folder)) == ["config.yaml", "service-1.log"], "nothing else is left behind"


def test_tls_that_verifies_nothing_is_warned_of_and_works(tmp_path):
    source = f'uri: "{URI}&tls=true&tlsAllowInvalidCertificates=true"'
    path = written(tmp_path, good(source=source))
    code, _, err = run("--config", path, "--print-config")
    assert code == 0
    assert f"{path}:2: source: tlsAllowInvalidCertificates=true: any server can pose as this one" in err
    assert "cAnArY" not in err


def test_warnings_of_the_configuration_are_logged_at_the_start(new_service):
    service = new_service(f"{URI}&tls=true&tlsInsecure=true", OTHER_URI, ["db.c"]).start()
    service.wait_for_log(r"WARNING .*config\.yaml:2: source: tlsInsecure=true: ")
    assert "cAnArY" not in service.log


def test_an_original_configuration_file_works(pair, new_service, database, settle):
    service = new_service(pair.source_server.uri(), pair.target_server.uri(), [f"{database}.c"],
                          state={"persist_interval": 10}, logging={"level": "INFO"})
    service.start_and_watch()
    pair.source[database].c.insert_one({"_id": 1})
    settle(service, pair.source, pair.target, [f"{database}.c"])
