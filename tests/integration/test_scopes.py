"""What is watched, and by how many streams."""

import time

import pytest

from support.waiting import wait_for


@pytest.mark.parametrize("scope", ["auto", "database", "cluster"])
def test_a_database_wildcard_takes_collections_that_appear_later(pair, sync, database, settle, scope):
    service = sync([f"{database}.*"], watch={"scope": scope}).start_and_watch()
    names = [f"{database}.{name}" for name in ("early", "later", "with.dots", "with space", "\u00fc\u4e16")]
    for name in names:
        pair.source[database][name.split(".", 1)[1]].insert_one({"_id": 1})
        pair.source[f"{database}_other"].c.insert_one({})
    settle(service, pair.source, pair.target, names)
    assert f"{database}_other" not in pair.target.list_database_names()


def test_a_cluster_wildcard_takes_databases_that_appear_later(new_server, new_service, settle):
    source, target = new_server("source"), new_server("target")
    here, there = source.client(), target.client()
    service = new_service(source.uri(), target.uri(), ["*"], watch={"exclude": ["secret.*", "a.hidden"]})
    service.start_and_watch()
    for name in ("a", "b", "secret"):
        here[name].c.insert_one({"_id": name})
        here[name].hidden.insert_one({"_id": name})
    settle(service, here, there, ["a.c", "b.c", "b.hidden"])
    assert sorted(set(there.list_database_names()) - {"admin", "local", "config"}) == ["a", "b"]
    assert there.a.list_collection_names() == ["c"]


@pytest.mark.parametrize("scope, streams", [("collection", 3), ("database", 2), ("cluster", 1)])
def test_the_scope_says_how_many_streams_are_opened(pair, sync, database, settle, scope, streams):
    names = [f"{database}.a", f"{database}.b", f"{database}_2.a"]
    service = sync(names, watch={"scope": scope}).start_and_watch()
    for name in [*names, f"{database}.not_listed"]:
        pair.source[name.split(".")[0]][name.split(".")[1]].insert_one({"_id": name})
    settle(service, pair.source, pair.target, names)
    assert pair.target[database].not_listed.count_documents({}) == 0
    assert len(service.state()["resume_tokens"]) == streams, service.state()


def test_excluded_collections_stay_away(pair, sync, database, settle):
    service = sync([f"{database}.*"], watch={"exclude": [f"{database}.a", f"{database}.b"]}).start_and_watch()
    for name in "abcd":
        pair.source[database][name].insert_one({"_id": 1})
    pair.source[database].a.drop()
    settle(service, pair.source, pair.target, [f"{database}.c", f"{database}.d"])
    assert sorted(pair.target[database].list_collection_names()) == ["c", "d"]


def test_three_hundred_listed_collections_do_not_delay_one_another(pair, sync, database, settle):
    names = [f"{database}.c{number}" for number in range(300)]
    service = sync(names).start_and_watch(seconds=60)
    source, target = pair.source[database], pair.target[database]
    for number in range(300):
        source[f"c{number}"].insert_many([{"_id": n, "v": number} for n in range(3)])
    pair.wait_equal(names)
    delays = []
    for number in range(0, 300, 20):
        begin = time.monotonic()
        source[f"c{number}"].insert_one({"_id": "timed"})
        wait_for(lambda: target[f"c{number}"].find_one({"_id": "timed"}),  # pylint: disable=cell-var-from-loop
                 f"the document in c{number}", every=0.002)
        delays.append(time.monotonic() - begin)
    # One after the other, 300 waits of a quiet stream would be minutes; a second is far above a healthy delay.
    assert sorted(delays)[len(delays) // 2] < 1.0, delays
    for number in range(0, 300, 7):
        source[f"c{number}"].delete_one({"_id": 0})
    settle(service, pair.source, pair.target, names[::10])


def test_three_hundred_collections_as_streams_of_their_own(pair, sync, database, settle):
    names = [f"{database}.c{number}" for number in range(300)]
    service = sync(names, watch={"scope": "collection"}).start_and_watch(seconds=90)
    for number in range(300):
        pair.source[database][f"c{number}"].insert_one({"_id": number})
    pair.wait_equal(names, 60)
    settle(service, pair.source, pair.target, names[:3])
    assert len(service.state()["resume_tokens"]) == 300
