"""The original service's walkthrough, step by step."""

from support.waiting import wait_for

ORDER = {"orderId": "ORD-001", "customer": "Microsoft", "product": "Widget", "amount": 1500, "status": "pending"}


def test_the_walkthrough_of_the_original_service(pair, sync, database):
    orders_here, orders_there = pair.source[database].demo_orders, pair.target[database].demo_orders
    names = [f"{database}.demo_orders"]
    assert orders_here.count_documents({}) == orders_there.count_documents({}) == 0
    service = sync(names).start_and_watch()

    orders_here.insert_one(dict(ORDER))
    pair.wait_equal(names)
    assert orders_there.find_one({}, {"_id": 0}) == ORDER

    orders_here.replace_one({"orderId": "ORD-001"}, {**ORDER, "amount": 2000, "status": "completed"})
    wait_for(lambda: orders_there.find_one({"amount": 2000, "status": "completed"}), "the replaced order")
    pair.wait_equal(names)

    service.kill()
    late = [{"orderId": f"ORD-00{number}", "amount": number, "status": "pending"} for number in (2, 3, 4)]
    orders_here.insert_many(late)
    assert orders_there.count_documents({}) == 1

    service.start_and_watch()
    pair.wait_equal(names)
    assert orders_there.count_documents({}) == 4

    orders_here.delete_one({"orderId": "ORD-001"})
    wait_for(lambda: orders_there.count_documents({}) == 3, "the delete on the target")
    pair.wait_equal(names)
    assert service.stop() == 0


def test_what_was_there_before_the_first_start_is_not_copied_but_told(pair, sync, database):
    pair.source[database].c.insert_many([{"_id": number} for number in range(12)])
    service = sync([f"{database}.c"]).start_and_watch()
    pair.source[database].c.insert_one({"_id": "later"})
    wait_for(lambda: pair.target[database].c.find_one({"_id": "later"}), "the document written after the start")
    assert pair.target[database].c.count_documents({}) == 1
    assert "12" in service.log and f"{database}.c" in service.log
    assert service.stop() == 0


def test_a_change_of_a_document_that_was_never_copied_brings_it_whole(pair, sync, database, settle):
    pair.source[database].c.insert_one({"_id": 1, "a": 1, "b": 2})
    service = sync([f"{database}.c"]).start_and_watch()
    pair.source[database].c.update_one({"_id": 1}, {"$set": {"a": 5}})
    settle(service, pair.source, pair.target, [f"{database}.c"])
    assert pair.target[database].c.find_one({"_id": 1}) == {"_id": 1, "a": 5, "b": 2}


def test_the_run_subcommand_is_the_same_as_none(pair, sync, database, settle):
    service = sync([f"{database}.c"]).start_and_watch("run")
    pair.source[database].c.insert_one({"_id": 1})
    settle(service, pair.source, pair.target, [f"{database}.c"])
