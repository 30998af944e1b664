"""Of several payments linked to the same bills, of which one alone pays them, those settle that the bank has booked, the first
of them first."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from example_items import items, members

from reconciliation.matching import Ledger, MatchingError, MatchResult, match, parse_rules, preset

BILLS = items({"item_id": "I1", "amount": -70}, {"item_id": "I2", "amount": -30})


def _run(
    paid: dict[str, float], booked: tuple[str, ...], bills: tuple[str, ...] = ("I1",), ledger: Ledger | None = None
) -> MatchResult:
    """Payments a week apart, those that the bank has booked a day later, each linked to all bills."""
    payments = items(
        *(
            {"item_id": name, "amount": amount, "on": 7 * n, "references": [f"E2E{name}000"]}
            for n, (name, amount) in enumerate(paid.items())
        )
    )
    lines = items(
        *(
            {"item_id": f"L{name}", "amount": amount, "on": 7 * n + 1, "references": [f"E2E{name}000"]}
            for n, (name, amount) in enumerate(paid.items())
            if name in booked
        )
    )
    links = pl.DataFrame(
        [("payments", name, "open_items", bill, None, None) for name in paid for bill in bills],
        schema=["left_dataset", "left_id", "right_dataset", "right_id", "amount", "reference"],
        schema_overrides={"reference": pl.String},
        orient="row",
    )
    known = {"bank_lines": lines, "payments": payments, "open_items": BILLS.filter(pl.col("item_id").is_in(bills))}
    return match(known, preset("payables"), links=links, ledger=ledger)


def _settled(result: MatchResult) -> list[tuple[str, ...]]:
    return [each for each in members(result, "matched") if each[0].startswith("I")]


def test_a_cheque_that_was_written_anew_settles_the_bill_where_the_bank_has_booked_it() -> None:
    assert _settled(_run({"P1": -70, "P2": -70}, ("P2",))) == [("I1", "P2")]
    assert _settled(_run({"P1": -100, "P2": -100}, ("P2",), ("I1", "I2"))) == [("I1", "I2", "P2")]


def test_of_two_that_the_bank_has_booked_the_first_settles_the_bill() -> None:
    assert _settled(_run({"P1": -70, "P2": -70}, ("P1", "P2"))) == [("I1", "P1")]


def test_what_the_bank_has_not_booked_yet_is_no_second_payment_where_there_is_room_for_both() -> None:
    assert _settled(_run({"P1": -35, "P2": -35}, ("P2",))) == [("I1", "P1", "P2")]


def test_a_standing_match_gives_way_to_the_payment_that_the_bank_has_booked() -> None:
    first = _run({"P1": -70}, ())
    assert _settled(first) == [("I1", "P1")]
    second = _run({"P1": -70, "P2": -70}, ("P2",), ledger=Ledger(first.groups, first.items))
    assert _settled(second) == [("I1", "P2")]
    assert second.gave_way["reason"].to_list() == ["payments P1 is not what the bank has booked"]


def _of_bills(bills: dict[str, tuple[str, ...]], booked: tuple[str, ...]) -> list[tuple[str, ...]]:
    """What settles which bills, where payments have no links and name their bills as references."""
    amounts = dict(zip(BILLS["item_id"], BILLS["amount"], strict=True))
    payments = items(
        *(
            {
                "item_id": name,
                "amount": sum(amounts[each] for each in own),
                "on": 20 * n,
                "references": [f"E2E{name}000", *(f"SI-2024-{each}" for each in own)],
                "counterparty_id": "S1",
            }
            for n, (name, own) in enumerate(bills.items())
        )
    )
    lines = payments.filter(pl.col("item_id").is_in(booked)).with_columns(
        pl.format("L{}", "item_id").alias("item_id"), references=pl.col("references").list.head(1)
    )
    named = BILLS.with_columns(
        references=pl.concat_list(pl.format("SI-2024-{}", "item_id")), counterparty_id=pl.lit("S1")
    )
    known = {"bank_lines": lines, "payments": payments, "open_items": named}
    return _settled(match(known, preset("payables")))


def test_payments_that_name_the_same_bills_are_told_apart_without_links_too() -> None:
    assert _of_bills({"P1": ("I1",), "P2": ("I1",)}, ("P2",)) == [("I1", "P2")]
    assert _of_bills({"P1": ("I1", "I2"), "P2": ("I1", "I2")}, ("P2",)) == [("I1", "I2", "P2")]


def test_what_was_rejected_and_paid_anew_in_part_or_with_more_settles_nothing() -> None:
    assert _of_bills({"P1": ("I1", "I2"), "P2": ("I1",)}, ("P2",)) == [("I1", "P2")]
    assert _of_bills({"P1": ("I1",), "P2": ("I1", "I2")}, ("P2",)) == [("I1", "I2", "P2")]
    assert _of_bills({"P1": ("I1",), "P2": ("I2",)}, ("P2",)) == [("I1", "P1"), ("I2", "P2")]


def test_a_match_by_the_amount_alone_gives_way_to_the_booked_payment_that_names_the_bill() -> None:
    """P1 names nothing, and nobody has ever cashed it; P2 was written instead."""
    of_supplier = {"entity": "E1", "counterparty_id": "S1"}
    bill = items({"item_id": "I1", "amount": "-1234.57", "references": ["SI-2024-I1"]} | of_supplier)
    first = items({"item_id": "P1", "amount": "-1234.57", "on": 2, "references": ["20501"]} | of_supplier)
    anew = items({"item_id": "P2", "amount": "-1234.57", "on": 40, "references": ["20502", "SI-2024-I1"]} | of_supplier)
    cashed = items({"item_id": "L2", "amount": "-1234.57", "on": 44, "text": "CHECK 20502"})
    before = match({"bank_lines": cashed.clear(), "payments": first, "open_items": bill}, preset("payables"))
    stood = before.groups.with_columns(status=pl.lit("matched"))
    assert _settled(replace(before, groups=stood)) == [("I1", "P1")]
    known = {"bank_lines": cashed, "payments": pl.concat([first, anew]), "open_items": bill}
    after = match(known, preset("payables"), ledger=Ledger(stood, before.items))
    assert _settled(after) == [("I1", "P2")]
    assert after.gave_way["reason"].to_list() == ["payments P1 is not what the bank has booked"]


def test_the_leg_that_says_what_is_booked_comes_before() -> None:
    rules = "legs:\n  - {name: leg, left: {dataset: a, pool: p, booked_by: bank}, right: {dataset: b, pool: q}, passes: [{kind: links}]}\n"
    with pytest.raises(
        MatchingError, match="leg leg: booked_by names 'bank', which is no earlier leg of a and another"
    ):
        parse_rules(rules)
