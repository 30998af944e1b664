"""Money moved between own accounts: the two lines find each other, across accounts and entities, and nobody else does."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from example_items import day, ids, items, members, only_group

from reconciliation.contracts import RATE
from reconciliation.matching import MatchResult, match, parse_rules

RULES = parse_rules(
    """
    legs:
      - name: own_transfers
        left: {dataset: lines, pool: transfer, sign: -1}
        right: {dataset: lines, pool: transfer, sign: 1}
        passes: [{kind: own_transfer}]
    """
)
RATES = pl.DataFrame(
    [{"valid_from": day(0), "base_currency": "EUR", "quote_currency": "CHF", "rate": Decimal("0.9500")}], schema=RATE
)


def line(name: str, account: str, amount: str, on: int = 0, **more: object) -> dict[str, object]:
    return {"item_id": name, "account": account, "entity": account[:2], "amount": amount, "on": on} | more


def moved(*rows: dict[str, object]) -> MatchResult:
    return match({"lines": items(*rows)}, RULES, rates=RATES)


@pytest.mark.parametrize(
    ("out", "into"),
    [
        ({"counterparty_account": "CH2"}, {"counterparty_account": "DE1"}),
        ({}, {"counterparty_account": "DE1"}),
        ({"counterparty_account": "CH2"}, {}),
        ({"kind": "transfer"}, {"kind": "transfer"}),
    ],
)
def test_a_transfer_is_told_by_either_line_or_by_how_both_are_coded(
    out: dict[str, object], into: dict[str, object]
) -> None:
    result = moved(line("OUT", "DE1", "-130000.00") | out, line("IN", "CH2", "130000.00", on=1) | into)
    group = only_group(result)
    assert (group["status"], group["difference"]) == ("matched", Decimal(0))
    assert members(result) == ids("OUT", "IN")


def test_equal_amounts_alone_are_no_transfer() -> None:
    assert moved(line("OUT", "DE1", "-130000.00"), line("IN", "CH2", "130000.00")).groups.is_empty()


def test_a_line_that_names_another_or_stays_on_its_account_is_no_transfer() -> None:
    coded = {"kind": "transfer"}
    supplier = line("OUT", "DE1", "-500.00", counterparty_account="SUPPLIER") | coded
    assert moved(supplier, line("IN", "CH2", "500.00") | coded).groups.is_empty()
    third = line("OUT", "DE1", "-500.00", counterparty_account="US3") | coded
    assert moved(third, line("IN", "CH2", "500.00") | coded, line("X", "US3", "7.00")).groups.is_empty()
    assert moved(line("OUT", "DE1", "-500.00") | coded, line("IN", "DE1", "500.00") | coded).groups.is_empty()


def test_two_equal_transfers_of_one_day_are_a_tie_and_of_two_weeks_are_not() -> None:
    named = {"counterparty_account": "CH2"}
    first, second = line("O1", "DE1", "-900.00") | named, line("O2", "DE1", "-900.00", on=7) | named
    result = moved(first, second, line("I1", "CH2", "900.00"), line("I2", "CH2", "900.00", on=7))
    assert members(result, "matched") == [("I1", "O1"), ("I2", "O2")]
    again = line("O2", "DE1", "-900.00") | named
    assert members(moved(first, again, line("I1", "CH2", "900.00")), "matched") == []


def test_a_transfer_into_another_currency_is_near_the_rate_of_the_day() -> None:
    out = line("OUT", "DE1", "-1000.00", counterparty_account="CH2")
    result = moved(out, line("IN", "CH2", "940.00", on=1, currency="CHF"))
    group = only_group(result)
    assert (group["status"], group["difference_kind"], group["difference"]) == ("matched", "fx", Decimal("-10.53"))
    applied = dict(zip(result.items["item_id"], result.items["applied_amount"], strict=True))
    assert applied == {"OUT": Decimal("-1000.00"), "IN": Decimal("940.00")}
    assert moved(out, line("IN", "CH2", "900.00", on=1, currency="CHF")).groups.is_empty()
