"""A write whose outcome is unknown lands after its retry and after later writes (shared RELIABILITY.md, J1)."""

import pytest

from support.messages import reply_document
from support.waiting import wait_for


@pytest.fixture
def through_proxy(pair, new_service, new_proxy, database):
    """The service writes through a proxy; document 1 is there with version 0."""
    proxy = new_proxy(pair.target_server)

    def make(**apply):
        service = new_service(pair.source_server.uri(), pair.target_server.uri(port=proxy.port), [f"{database}.c"],
                              apply={"writers": 2, **apply}).start_and_watch()
        pair.source[database].c.insert_one({"_id": 1, "v": 0})
        pair.wait_equal([f"{database}.c"])
        return service, proxy
    return make


def overtaken(pair, database, proxy, before, late_change, later_change):
    """`late_change` is held back, retried, followed by `later_change`; then the held one lands. Its answer."""
    before(pair.source[database].c)
    pair.wait_equal([f"{database}.c"])
    proxy.hold(b"the late one")
    late_change(pair.source[database].c)
    wait_for(lambda: proxy.holding, "the write held back")
    pair.wait_equal([f"{database}.c"])
    later_change(pair.source[database].c)
    pair.wait_equal([f"{database}.c"])
    return reply_document(proxy.release())


CHANGES = {
    "replace": (lambda c: None,
                lambda c: c.replace_one({"_id": 1}, {"v": "the late one"}),
                lambda c: c.replace_one({"_id": 1}, {"v": 2})),
    "insert, then delete": (lambda c: None,
                            lambda c: c.insert_one({"_id": 2, "v": "the late one"}),
                            lambda c: c.delete_one({"_id": 2})),
    "delete, then insert": (lambda c: c.insert_one({"_id": "the late one"}),
                            lambda c: c.delete_one({"_id": "the late one"}),
                            lambda c: c.insert_one({"_id": "the late one", "v": 3})),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_the_target_refuses_it_by_the_transaction_number(pair, through_proxy, database, settle, kind):
    if not pair.target_server.is_rust:
        pytest.skip("secantusd-py does not look at transaction numbers")
    service, proxy = through_proxy()
    answer = overtaken(pair, database, proxy, *CHANGES[kind])
    assert answer["ok"] == 0 and answer["code"] == 225, answer
    settle(service, pair.source, pair.target, [f"{database}.c"])


@pytest.mark.parametrize("kind", CHANGES)
def test_without_a_fence_the_key_is_compared_again_and_repaired(pair, through_proxy, database, settle, kind):
    service, proxy = through_proxy(fence="compare", late_write_max=6)
    answer = overtaken(pair, database, proxy, *CHANGES[kind])
    assert answer["ok"] == 1, answer  # it did land
    assert "suspect" in service.status()
    pair.wait_equal([f"{database}.c"], 30)
    settle(service, pair.source, pair.target, [f"{database}.c"])


def test_without_a_fence_a_suspect_key_outlives_a_crash(pair, through_proxy, database, settle):
    service, proxy = through_proxy(fence="compare", late_write_max=6)
    proxy.hold(b"the late one")
    pair.source[database].c.replace_one({"_id": 1}, {"v": "the late one"})
    wait_for(lambda: proxy.holding, "the write held back")
    pair.wait_equal([f"{database}.c"])
    pair.source[database].c.replace_one({"_id": 1}, {"v": 2})
    pair.wait_equal([f"{database}.c"])
    wait_for(lambda: service.state()["sync_stats"]["total_synced"] >= 3, "all three changes durable")
    service.kill()
    proxy.release()
    assert pair.target[database].c.find_one({"_id": 1})["v"] == "the late one"
    service.start_and_watch()
    pair.wait_equal([f"{database}.c"], 30)
    settle(service, pair.source, pair.target, [f"{database}.c"])
