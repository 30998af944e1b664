"""Batches of many members, and batches that many entries name."""

from __future__ import annotations

from example_items import items, members, one_leg, reasons

from reconciliation.matching import match

RULES = "{kind: batch, rejected: []}"


def run(length: int) -> list[dict[str, object]]:
    return [{"item_id": f"P{n}", "amount": -100 - n, "account": "A", "batch_id": "RUN-01"} for n in range(length)]


def test_a_payment_run_of_any_length_is_one_entry() -> None:
    payments = run(6000)
    total = sum(int(str(each["amount"])) for each in payments)
    left = items({"item_id": "B1", "amount": total, "account": "A", "text": "COLLECTIVE ORDER RUN-01"})
    (group,) = members(match({"left": left, "right": items(*payments)}, one_leg(RULES)), "matched")
    assert len(group) == 6001


def test_entries_that_name_one_long_batch_meet_the_members_of_their_amounts() -> None:
    payments = run(500)
    lines = [each | {"item_id": f"B{each['item_id']}"} for each in payments]
    odd = {"item_id": "B-ODD", "amount": -7, "account": "A", "batch_id": "RUN-01"}
    result = match({"left": items(*lines, odd), "right": items(*payments)}, one_leg(RULES))
    assert len(members(result, "matched")) == 500
    assert reasons(result) == {"B-ODD": "too_many_candidates"}
