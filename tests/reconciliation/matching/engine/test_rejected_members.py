"""Batches that a bank books without the members it rejected."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
from example_items import ids, items, members, one_leg, only_group, reasons

from reconciliation.contracts import LINK
from reconciliation.matching import match, preset

AMOUNTS = {"P1": "-811.21", "P2": "-1212.34", "P3": "-417.99", "P4": "-2822.82", "P5": "-1950.07"}


def batch(name: str = "RUN-01", **amounts: str) -> list[dict[str, object]]:
    return [
        {"item_id": item, "amount": amount, "account": "A", "batch_id": name}
        for item, amount in (amounts or AMOUNTS).items()
    ]


def test_an_entry_that_names_the_batch_lacks_one_member() -> None:
    left = items({"item_id": "B1", "amount": "-6796.44", "account": "A", "text": "COLLECTIVE ORDER RUN-01"})
    result = match({"left": left, "right": items(*batch())}, one_leg("{kind: batch}"))
    assert members(result, "matched") == ids("B1", "P1", "P2", "P4", "P5")
    assert reasons(result) == {"P3": "no_candidate"}
    assert "less rejected members" in result.groups["explanation"][0]


def test_an_entry_that_names_nothing_is_told_by_account_date_and_rest() -> None:
    left = items({"item_id": "B1", "amount": "-6796.44", "account": "A", "on": 1})
    result = match({"left": left, "right": items(*batch())}, one_leg("{kind: batch_rejected}", precision=0.95))
    assert members(result, "matched") == ids("B1", "P1", "P2", "P4", "P5")


def test_two_members_that_could_both_be_the_rejected_one_are_not_guessed() -> None:
    left = items({"item_id": "B1", "amount": "-30.00", "account": "A", "text": "RUN-10 TOTAL"})
    right = items(*batch("RUN-10", P1="-10.00", P2="-20.00", P3="-10.00"))
    assert only_group(match({"left": left, "right": right}, one_leg("{kind: batch}")))["status"] == "ambiguous"


def test_another_account_or_a_later_batch_is_not_meant() -> None:
    other = items({"item_id": "B1", "amount": "-6796.44", "account": "B"})
    early = items({"item_id": "B1", "amount": "-6796.44", "account": "A", "on": -9})
    for left in (other, early):
        rules = one_leg("{kind: batch_rejected}", precision=0.9)
        assert match({"left": left, "right": items(*batch())}, rules).groups.is_empty()


def test_one_rejected_member_of_a_long_payment_run_is_suggested() -> None:
    run = {f"P{n}": f"-{n}.{n % 97:02d}" for n in range(100, 700)}
    total = sum(Decimal(amount) for amount in run.values())
    left = items({"item_id": "B1", "amount": total + Decimal("699.20"), "account": "A", "batch_id": "RUN-01"})
    result = match({"left": left, "right": items(*batch(**run))}, one_leg("{kind: batch}"))
    assert reasons(result) == {"P699": "no_candidate"}
    # two smaller ones may make up the rest as well
    assert only_group(result)["status"] == "suggested"


def test_a_member_that_is_only_suggested_for_another_entry_leaves_the_batch_in_doubt() -> None:
    amounts = ("-500.00", "-250.00", "-250.00", "-812.40", "-377.10", "-1931.77")
    run = [
        {"item_id": f"P{number}", "amount": amount, "on": 3, "batch_id": "RUN-1", "account": "A"}
        | {"counterparty_name": f"{'ABCDEF'[number]}corn Systems"}
        for number, amount in enumerate(amounts)
    ]
    # all but P0, or all but P1 and P2: the second entry, which may pay for P1 on account, does not tell
    entry = {"item_id": "B1", "amount": "-3621.27", "on": 4, "account": "A"}
    other = {"item_id": "B2", "amount": "-250.00", "on": 4, "account": "A", "counterparty_name": "Bcorn Systems"}
    lines = items(entry, other | {"text": "on account"})
    world = {"bank_lines": lines, "payments": items(*run), "open_items": items(*run).clear()}
    assert not any("B1" in group for group in members(match(world, preset("payables")), "matched"))


def test_of_two_members_of_an_amount_the_one_that_was_paid_anew_is_suggested_as_rejected() -> None:
    run = batch("RUN-10", P1="-10.00", P2="-20.00", P3="-10.00")
    anew = {"item_id": "P9", "amount": "-14.00", "on": 4, "account": "A"}
    bills = items(*({"item_id": f"I{n}", "amount": f"-{n}.00", "references": [f"SI-77{n:03d}"]} for n in (4, 10)))
    entry = items({"item_id": "B1", "amount": "-30.00", "account": "A", "text": "RUN-10 TOTAL"})
    links = pl.DataFrame(
        [("payments", p, "open_items", b, None, None) for p, b in (("P3", "I10"), ("P9", "I10"), ("P9", "I4"))],
        schema=LINK,
        orient="row",
    )
    world = {"bank_lines": entry, "payments": items(*run, anew), "open_items": bills}
    result = match(world, preset("payables"), links=links)
    assert members(result, "suggested") == [("B1", "P1", "P2")]
    assert not any("B1" in group for group in members(result, "matched"))
