"""What only DocumentDB's gateway answers to writes, from its source (responses/pg.rs, query_dispatch.rs)."""

from support.waiting import wait_for

INTERNAL_ERROR = {"ok": 0.0, "code": 1, "codeName": "InternalError",
                  "errmsg": "An unexpected internal error has occurred."}
READ_ONLY = {"ok": 0.0, "code": 20, "codeName": "IllegalOperation",
             "errmsg": "Cannot execute the operation on this replica cluster"}


def test_a_document_that_fails_its_whole_command_without_a_word_holds_up_no_other(pair, new_service, new_proxy, database):
    proxy = new_proxy(pair.target_server)
    proxy.answer(b"the culprit", INTERNAL_ERROR)
    service = new_service(pair.source_server.uri(), pair.target_server.uri(port=proxy.port), [f"{database}.c"],
                          on_error="quarantine").start_and_watch()
    here, there = pair.source[database].c, pair.target[database].c
    here.insert_many([{"_id": n, "text": "the culprit" if n == 321 else "fine"} for n in range(500)])
    service.wait_for_log(r'WARNING .*does not take the document with _id \{ "\$numberInt" : "321" \}')
    wait_for(lambda: there.count_documents({}) == 499, "all but the one")
    here.insert_one({"_id": "later"})
    wait_for(lambda: there.find_one({"_id": "later"}), "what comes later")
    assert not service.dead_letters(), "it may be an outage of a part of the target"
    proxy.stop_answering()
    wait_for(lambda: there.find_one({"_id": 321}), "the culprit, once it is taken")
    assert service.stop() == 0


def test_a_replica_cluster_is_waited_for_and_no_document_is_blamed(pair, new_service, new_proxy, database):
    """It refuses every document until it is promoted."""
    proxy = new_proxy(pair.target_server)
    service = new_service(pair.source_server.uri(), pair.target_server.uri(port=proxy.port), [f"{database}.c"],
                          on_error="quarantine").start_and_watch()
    for command in (b"insert\0", b"update\0", b"bulkWrite\0"):
        proxy.answer(command, READ_ONLY)
    here, there = pair.source[database].c, pair.target[database].c
    here.insert_many([{"_id": n} for n in range(100)])
    service.wait_for_log("this replica cluster; it is tried again until it succeeds")
    assert service.process.exit_code() is None
    proxy.stop_answering()
    wait_for(lambda: there.count_documents({}) == 100, "all documents")
    assert not service.dead_letters()
    assert service.stop() == 0
