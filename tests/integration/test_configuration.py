"""The command line and the configuration file, as an operator meets them."""

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


def test_help_names_the_options_and_the_exit_codes():
    code, out, _ = run("--help")
    assert code == 0
    for word in ("--config", "--reset", "--print-config", "--version", "--accept-gap", "75", "70", "130"):
        assert word in out, word


def test_version_is_one_line():
    code, out, _ = run("--version")
    assert code == 0 and len(out.strip().splitlines()) == 1 and "0.1.0" in out


def test_a_command_line_that_makes_no_sense_ends_with_1(tmp_path):
    path = written(tmp_path, good())
    assert run("--config", path, "--no-such-option")[0] == 1
    assert run("--config", path, "no-such-command")[0] == 1
    assert run()[0] == 1


def test_a_missing_file_is_named(tmp_path):
    assert "nowhere.yaml" in refused(tmp_path / "nowhere.yaml")


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
    output = refused(written(tmp_path, good(more="state:\n  persist_intervall: 5")))
    assert "persist_intervall" in output and "persist_interval" in output.replace("persist_intervall", "")
    assert "8" in output, "the line of the unknown key"


def test_all_problems_are_reported_at_once(tmp_path):
    output = refused(written(tmp_path, good(
        source='uri: "<SOURCE_CONNECTION_STRING>"', target="uri:", collections="[nodot]",
        more="logging:\n  level: LOUD\nwacth: 1")))
    for told in ("source.uri", "target.uri", "nodot", "LOUD", "wacth"):
        assert told in output, told


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


def test_two_ways_to_give_one_uri_are_refused(tmp_path):
    refused(written(tmp_path, good(source=f'uri: "{URI}"\n  uri_env: SOMETHING')))


def test_the_same_server_as_source_and_target_is_refused(pair, new_service):
    service = new_service(pair.source_server.uri(), pair.source_server.uri(), ["db.c"]).start()
    assert service.wait_exit() == 1
    assert "same" in service.log


def test_an_original_configuration_file_works(pair, new_service, database, settle):
    service = new_service(pair.source_server.uri(), pair.target_server.uri(), [f"{database}.c"],
                          state={"persist_interval": 10}, logging={"level": "INFO"})
    service.start_and_watch()
    pair.source[database].c.insert_one({"_id": 1})
    settle(service, pair.source, pair.target, [f"{database}.c"])
