"""`documentdb-sync check` against real servers. Its verdicts in detail: tests/unit/check_verdict_test.cpp."""

import json
import os

import pytest

from support.documentdb import OtherHello
from support.service import run, to_yaml
from support.waiting import wait_for

PASSWORD = "cAnArY!%/:x7"
ENCODED = "cAnArY%21%25%2F%3Ax7"
ROWS = ["configuration", "source", "target", "pair", "clocks", "state", "disk", "source rights", "change streams",
        "history", "target rights", "documents", "schema", "limits"]


@pytest.fixture
def check(tmp_path):
    """Writes a configuration and checks it: check(source uri, target uri, ["db.c"]) -> (exit code, rows by name)."""
    def make(source, target, collections, **sections):
        config = {"source": {"uri": source}, "target": {"uri": target}, "watch": {"collections": collections},
                  **sections}
        path = tmp_path / "config.yaml"
        path.write_text(to_yaml(config), encoding="utf-8")
        return checked(path)
    return make


def checked(path, *arguments):
    code, out, err = run("check", "--config", path, "--json", *arguments, seconds=60)
    assert err == ""
    assert "cAnArY" not in out
    assert out.count("\n") == 1
    report = json.loads(out)
    rows = {}
    for row in report["checks"]:
        assert sorted(row) == ["check", "found", "remedy", "verdict"]
        assert (row["verdict"] == "ok") == (row["remedy"] == ""), row
        rows.setdefault(row["check"], []).append(row)
    assert (report["verdict"] == "problem") == (code == 1), report
    return code, rows


def problems(rows):
    return sorted(name for name, those in rows.items() if any(row["verdict"] == "problem" for row in those))


def impatient(uri):
    return uri + "&serverSelectionTimeoutMS=1000"


def test_a_fine_pair_has_a_row_for_each_check_and_is_left_as_it_was(pair, check, database, tmp_path):
    pair.source[database].c.insert_many([{"_id": n} for n in range(7)])
    before = sorted(pair.target.list_database_names())
    code, rows = check(pair.source_server.uri(), pair.target_server.uri(), [f"{database}.c"],
                       initial_sync={"mode": "auto"})
    assert code == 0, rows
    assert list(rows) == ROWS
    assert rows["documents"][0]["found"] == ("1 collection: 7 documents on the source, 0 on the target; "
                                             "7 documents of 1 collection are to be copied")
    assert rows["limits"][0]["found"].startswith("7 documents of 1 collection sampled; the largest: 14 bytes in ")
    assert "MongoDB" in rows["source"][0]["found"]
    assert rows["change streams"][0]["found"].startswith("1 opened")
    assert sorted(pair.target.list_database_names()) == before, "nothing is written to the target"
    assert os.listdir(tmp_path) == ["config.yaml"], "nor left in the state's folder"


def test_the_table_has_a_line_for_each_row_and_a_sentence_at_its_end(pair, check, database, tmp_path):
    check(pair.source_server.uri(), pair.target_server.uri(), [f"{database}.c"])
    code, out, err = run("--config", tmp_path / "config.yaml", "check", seconds=60)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split() == ["check", "verdict", "found"]
    for name in ROWS:
        assert [line for line in lines if line.startswith(name + " ")], name
    assert lines[-1].startswith("No problem, ")


@pytest.mark.parametrize("side", ["source", "target"])
def test_an_unreachable_server_is_a_problem_and_the_other_is_checked_still(pair, check, side):
    uris = {"source": pair.source_server.uri(), "target": pair.target_server.uri()}
    uris[side] = f"mongodb://syncer:{ENCODED}@127.0.0.1:1/?directConnection=true&serverSelectionTimeoutMS=1000"
    code, rows = check(uris["source"], uris["target"], ["db.c"])
    assert code == 1
    assert problems(rows) == [side]
    assert "can it be reached" in rows[side][0]["remedy"]
    assert "pair" in rows["not checked"][0]["found"]
    other = "target" if side == "source" else "source"
    assert rows[other][0]["verdict"] == "ok" and f"{other} rights" in rows


def test_a_wrong_name_of_the_replica_set_is_asked_for(pair, check):
    uri = pair.source_server.uri().replace("directConnection=true", "replicaSet=other")
    code, rows = check(impatient(uri), pair.target_server.uri(), ["db.c"])
    assert code == 1 and problems(rows) == ["source"]
    assert "is 'other' the name of the replica set" in rows["source"][0]["found"]


def test_a_server_that_never_answers_is_given_up(pair, check, new_proxy):
    proxy = new_proxy(pair.source_server)
    proxy.swallow()
    code, rows = check(impatient(pair.source_server.uri(port=proxy.port)), pair.target_server.uri(), ["db.c"])
    assert code == 1 and problems(rows) == ["source"]


def test_a_wrong_password_is_told_and_not_shown(pair, new_server, check):
    source = with_user(new_server("source"), "root")
    code, rows = check(source.uri().replace(ENCODED, "cAnArYwrong"), pair.target_server.uri(), ["db.c"])
    assert code == 1 and problems(rows) == ["source"]
    assert "correct user and password in source.uri" == rows["source"][0]["remedy"]


def with_user(server, *roles):
    with server.client() as client:
        client.admin.command("createUser", "syncer", pwd=PASSWORD, roles=list(roles), mechanisms=["SCRAM-SHA-256"])
    server.stop()
    server.user = ("syncer", PASSWORD)
    return server.start(auth=True)


def test_a_source_user_without_rights_on_a_collection_is_a_problem(pair, new_server, check):
    source = with_user(new_server("source"), {"role": "read", "db": "mine"})
    code, rows = check(source.uri(), pair.target_server.uri(), ["other.c"])
    assert code == 1
    assert problems(rows) == ["change streams", "source rights"]
    assert "other" in rows["source rights"][0]["found"]
    assert "other.c" in rows["change streams"][0]["found"]
    assert "changeStream" in rows["change streams"][0]["remedy"]


def test_what_is_not_known_of_a_target_user_is_said(pair, new_server, check):
    """secantusd tells no privileges. Those of servers that do: TargetRights in tests/unit/check_verdict_test.cpp."""
    target = with_user(new_server("target"), "root")
    code, rows = check(pair.source_server.uri(), target.uri(), ["db.c"])
    assert code == 0
    assert rows["target rights"][0]["verdict"] == "warning"
    assert "syncer" in rows["target rights"][0]["found"]


def test_a_target_that_asks_for_a_user_and_gets_none_is_a_problem(pair, new_server, check):
    target = with_user(new_server("target"), "root")
    code, rows = check(pair.source_server.uri(), target.uri().replace(f"syncer:{ENCODED}@", ""), ["db.c"])
    assert code == 1 and "target rights" in problems(rows)
    assert "user and password in target.uri" in rows["target rights"][0]["remedy"]


def test_the_same_server_twice_by_another_way_is_a_problem(pair, check, new_proxy):
    proxy = new_proxy(pair.source_server)
    code, rows = check(pair.source_server.uri(), pair.source_server.uri(port=proxy.port), ["db.c"])
    assert code == 1 and problems(rows) == ["pair"]
    assert "same server" in rows["pair"][0]["found"]


def test_a_standalone_source_is_a_problem(pair, check, new_proxy):
    proxy = new_proxy(pair.source_server)
    proxy.rewrite(b"setName\0", b"notName\0")
    code, rows = check(pair.source_server.uri(port=proxy.port), pair.target_server.uri(), ["db.c"])
    assert code == 1 and "pair" in problems(rows)
    assert "standalone" in rows["pair"][0]["found"]


@pytest.mark.parametrize("section, row", [("state", "state"), ("spool", "disk")])
def test_a_folder_that_cannot_be_written_is_a_problem(pair, check, tmp_path, section, row):
    (tmp_path / "file").write_text("")
    code, rows = check(pair.source_server.uri(), pair.target_server.uri(), ["db.c"],
                       **{section: {"directory": "file/below"}})
    assert code == 1
    assert problems(rows) == [row]
    assert str(tmp_path / "file") in rows[row][0]["found"]
    assert f"{section}.directory" in rows[row][0]["remedy"]


def test_a_folder_that_is_not_there_yet_is_fine_and_is_not_made(pair, check, tmp_path):
    code, _ = check(pair.source_server.uri(), pair.target_server.uri(), ["db.c"], state={"directory": "a/b"})
    assert code == 0
    assert os.listdir(tmp_path) == ["config.yaml"]


def test_a_damaged_state_is_a_problem(sync):
    service = sync(["db.c"]).start_and_watch()
    code, rows = checked(service.config_path)
    assert code == 0 and "1 stream" in rows["state"][0]["found"], "beside the running service"
    assert service.stop() == 0
    with open(service.state_path, "w", encoding="utf-8") as file:
        file.write("{}{")
    code, rows = checked(service.config_path)
    assert code == 1 and problems(rows) == ["state"]


def test_a_target_that_is_not_empty_is_a_problem_where_the_copy_refuses_it(pair, check, database):
    pair.source[database].c.insert_one({"_id": 1})
    pair.target[database].c.insert_one({"_id": 2})
    uris = pair.source_server.uri(), pair.target_server.uri()
    code, rows = check(*uris, [f"{database}.c"], initial_sync={"mode": "auto"})
    assert code == 1 and problems(rows) == ["documents"]
    assert f"{database}.c" in rows["documents"][0]["found"]
    assert check(*uris, [f"{database}.c"], initial_sync={"mode": "auto", "target_not_empty": "merge"})[0] == 0


def test_a_run_with_initial_sync_is_judged_as_one(pair, check, database, tmp_path):
    pair.source[database].c.insert_many([{"_id": n} for n in range(3)])
    pair.target[database].c.insert_one({"_id": 2})
    code, rows = check(pair.source_server.uri(), pair.target_server.uri(), [f"{database}.c"])
    assert code == 0
    assert rows["documents"][0]["verdict"] == "warning"
    assert "the target lacks 2 documents" in rows["documents"][0]["found"]
    code, rows = checked(tmp_path / "config.yaml", "--initial-sync")
    assert code == 1 and problems(rows) == ["documents"]
    assert "the target holds 1 document in" in rows["documents"][0]["found"]


def test_what_drop_deletes_is_warned_of(pair, check, database):
    pair.source[database].c.insert_one({"_id": 1})
    pair.target[database].c.insert_many([{"_id": n} for n in range(4)])
    code, rows = check(pair.source_server.uri(), pair.target_server.uri(), [f"{database}.c"],
                       initial_sync={"mode": "auto", "target_not_empty": "drop"})
    assert code == 0
    assert f"4 documents of the target will be deleted, in {database}.c" in rows["documents"][0]["remedy"]


def test_a_stream_with_a_saved_position_is_not_copied_again(sync, pair, database):
    pair.source[database].c.insert_one({"_id": 1})
    service = sync([f"{database}.c"], initial_sync={"mode": "auto"}).start_and_watch()
    wait_for(lambda: pair.target[database].c.find_one(), "the copied document")
    service.wait_for_log("all changes made during the copy are applied")
    assert service.stop() == 0
    code, rows = checked(service.config_path)
    assert code == 0
    assert "nothing is to be copied: all streams have a saved position" in rows["documents"][0]["found"]


def test_a_collection_that_somebody_dropped_at_the_target_is_warned_of(sync, pair, database):
    for name in ("kept", "lost"):
        pair.source[database][name].insert_many([{"_id": n} for n in range(3)])
    service = sync([f"{database}.*"], initial_sync={"mode": "auto"}).start_and_watch()
    service.wait_for_log("all changes made during the copy are applied")
    assert service.stop() == 0
    pair.target[database].lost.drop()
    code, rows = checked(service.config_path)
    assert code == 0
    assert rows["documents"][0]["verdict"] == "warning"
    assert rows["documents"][0]["found"].endswith(f"the target holds fewer in {database}.lost (0 of 3)")


def test_a_few_documents_of_a_large_collection_are_sampled(pair, check, database):
    pair.source[database].c.insert_many([{"_id": n, "text": "x" * 3_000} for n in range(2_500)])
    _, rows = check(pair.source_server.uri(), pair.target_server.uri(), [f"{database}.c"])
    assert rows["limits"][0]["found"].startswith("100 documents of 1 collection sampled; the largest: 3.0 KiB in ")


def test_a_document_that_the_target_does_not_take_is_a_problem(pair, check, database, new_proxy):
    """The target says that it takes documents of 16 KiB."""
    proxy = new_proxy(pair.target_server)
    name = b"maxBsonObjectSize\0"
    proxy.rewrite(name + (16 << 20).to_bytes(4, "little"), name + (16 << 10).to_bytes(4, "little"))
    pair.source[database].c.insert_one({"_id": 1, "text": "x" * 10_000})
    target = pair.target_server.uri(port=proxy.port)
    code, rows = check(pair.source_server.uri(), target, [f"{database}.c"])
    assert code == 0 and "the target of 16.0 KiB" in rows["limits"][0]["found"], rows["limits"]
    pair.source[database].c.insert_one({"_id": 2, "text": "x" * 20_000})
    code, rows = check(pair.source_server.uri(), target, [f"{database}.c"])
    assert code == 1 and problems(rows) == ["limits"]
    assert f"a document of {database}.c has 19.6 KiB" in rows["limits"][0]["found"]


def test_long_keys_are_warned_of_where_the_target_is_documentdb(pair, check, database, new_proxy):
    pair.source[database].c.create_index("sku", name="sku_1", unique=True)
    pair.source[database].c.insert_one({"_id": "i" * 3_000, "sku": "s" * 5_000})
    _, rows = check(pair.source_server.uri(), pair.target_server.uri(), [f"{database}.c"])
    assert rows["limits"][0]["verdict"] == "ok"
    assert "the longest _id: 2.9 KiB" in rows["limits"][0]["found"]
    proxy = new_proxy(pair.target_server, OtherHello)
    proxy.version = b"0.112-0"
    code, rows = check(pair.source_server.uri(), pair.target_server.uri(port=proxy.port), [f"{database}.c"])
    assert code == 0 and rows["limits"][0]["verdict"] == "warning"
    assert f"{database}.c, _id: 2.9 KiB; {database}.c, index sku_1: 4.9 KiB" in rows["limits"][0]["found"]


def test_a_listed_collection_that_is_not_there_is_warned_of(pair, check, database):
    pair.source[database].orders.insert_one({"_id": 1})
    code, rows = check(pair.source_server.uri(), pair.target_server.uri(), [f"{database}.Orders"])
    assert code == 0
    assert f"{database}.Orders" in rows["collections"][0]["found"]


def test_what_is_mirrored_in_part_only_is_warned_of(pair, check, database):
    pair.source[database].create_collection("folded", collation={"locale": "en", "strength": 2})
    pair.source[database].create_collection("ring", capped=True, size=100_000)
    _, rows = check(pair.source_server.uri(), pair.target_server.uri(), [f"{database}.*"])
    assert [row["verdict"] for row in rows["schema"]] == ["ok", "warning"]
    found = rows["schema"][1]["found"]
    assert f"{database}.folded: collation:" in found and f"{database}.ring: capped:" in found


def test_of_many_streams_some_are_opened(pair, check, database):
    names = [f"{database}.c{n}" for n in range(30)]
    code, rows = check(pair.source_server.uri(), pair.target_server.uri(), names, watch={"collections": names})
    assert code == 0
    assert rows["change streams"][0]["found"] == "20 opened of 30 that a run opens"


def test_a_wrong_configuration_is_a_row_for_each_problem(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text('source:\n  uri: "mongodb://u:cAnArY@h/"\ntarget:\n  uri:\nwacth: 1\n', encoding="utf-8")
    code, rows = checked(path)
    assert code == 1 and list(rows) == ["configuration"]
    told = "\n".join(row["found"] for row in rows["configuration"])
    for part in ("yaml:4: target.uri", "yaml:5: wacth is not a known key; did you mean watch?", "watch.collections"):
        assert part in told, part


def test_a_configuration_that_is_not_there_is_a_row(tmp_path):
    code, out, err = run("check", "--config", tmp_path / "nowhere.yaml")
    assert (code, err) == (1, "")
    assert "cannot be read: No such file or directory" in " ".join(out.split())


def test_tls_that_verifies_nothing_is_warned_of(pair, check):
    uri = "mongodb://127.0.0.1:1/?tls=true&tlsAllowInvalidCertificates=true&serverSelectionTimeoutMS=500"
    _, rows = check(uri, pair.target_server.uri(), ["db.c"])
    assert rows["configuration"][0]["verdict"] == "warning"
    assert "tlsAllowInvalidCertificates" in rows["configuration"][0]["found"]


def test_the_help_of_check_is_its_own():
    code, out, err = run("check", "--help")
    assert (code, err) == (0, "")
    assert "--json" in out and "--config" in out and "--reset" not in out and "Exit codes:" in out
    assert "--initial-sync" in out


@pytest.mark.parametrize("arguments", [
    ["check", "--reset"], ["--reset", "check"], ["--print-config", "check"], ["--accept-gap", "all", "check"],
    ["--initial-sync", "copy"], ["--reset", "copy"], ["copy", "--json"], ["copy", "check"],
    ["check", "more"], ["check", "run"], ["run", "check"], ["run", "--json"], ["--json"]], ids=" ".join)
def test_options_of_one_command_are_refused_by_the_other(tmp_path, arguments):
    code, out, err = run(*arguments, cwd=tmp_path)
    assert code == 1 and out == ""
    assert "--help" in err
