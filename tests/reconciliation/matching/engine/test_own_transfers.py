"""Money moved between own accounts: the two lines find each other, across accounts and entities, and nobody else does."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from example_items import day, ids, items, members, only_group

from reconciliation.contracts import RATE
from reconciliation.matching import MatchResult, match, parse_rules, preset

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


HOUSE, POOL = "DE89370400440532013000", "GB29NWBK60161331926819"


@pytest.mark.parametrize(
    ("out", "into"),
    [
        ({"text": f"Transfer to account {POOL}"}, {"text": "Incoming payment"}),
        ({"text": "Transfer to GB29 NWBK 6016 1331 9268 19"}, {}),
        ({}, {"text": "ONLINE XFER FROM CHK XXXXXX3000"}),
        ({"text": "Umbuchung eigene Konten"}, {"text": "CASH POOLING ZBA"}),
        ({"counterparty_account": "60161331926819"}, {}),
        ({}, {"counterparty_account": "370400440532013000"}),
    ],
)
def test_a_text_tells_the_other_account_and_a_number_is_told_without_country_and_bank(
    out: dict[str, object], into: dict[str, object]
) -> None:
    result = moved(line("OUT", HOUSE, "-1300.00") | out, line("IN", POOL, "1300.00", on=1) | into)
    assert members(result, "matched") == ids("OUT", "IN")


@pytest.mark.parametrize("text", ["Transfer to ACME", "Invoice 6819", f"Order of {HOUSE}", "XXXX1111"])
def test_a_text_that_names_no_other_own_account_tells_nothing(text: str) -> None:
    assert moved(line("OUT", HOUSE, "-1300.00", text=text), line("IN", POOL, "1300.00")).groups.is_empty()


def test_lines_that_name_each_other_belong_together_whoever_else_has_the_amount() -> None:
    """Each of the two has a silent neighbour nearer in date; taking both would make two pairs of one."""
    result = moved(
        line("OUT", "DE1", "-1000.00", on=3, counterparty_account="CH2"),
        line("IN", "CH2", "1000.00", on=5, counterparty_account="DE1"),
        line("RENT", "CH2", "1000.00", on=3, text="Rent"),
        line("SALARY", "DE1", "-1000.00", on=5, text="Salary"),
    )
    assert members(result) == ids("OUT", "IN")


def test_a_silent_line_at_an_amount_that_the_account_often_has_is_a_suggestion_at_most() -> None:
    out = line("OUT", "DE1", "-1000.00", on=30, counterparty_account="CH2")
    customers = [line(f"C{day}", "CH2", "1000.00", on=day) for day in (2, 9, 16, 23, 31, 44)]
    assert [group["status"] for group in moved(out, *customers).groups.iter_rows(named=True)] == ["suggested"]
    assert members(moved(out, customers[4]), "matched") == ids("C31", "OUT")


def test_money_that_goes_to_and_fro_between_own_accounts_is_no_return() -> None:
    result = match(
        {
            "bank_lines": items(
                line("O1", "DE1", "-700.00", counterparty_account="CH2"),
                line("I1", "CH2", "700.00", counterparty_account="DE1"),
                line("O2", "CH2", "-700.00", on=9, counterparty_account="DE1"),
                line("I2", "DE1", "700.00", on=9, counterparty_account="CH2"),
            ),
            "payments": items(),
            "open_items": items(),
        },
        preset("payables"),
    )
    assert members(result, "matched") == sorted([*ids("O1", "I1"), *ids("O2", "I2")])


def test_without_rates_those_of_other_transfers_serve() -> None:
    francs = ("940.00", "941.50", "938.20", "945.00", "943.10")
    rows = []
    for on, amount in enumerate(francs):
        rows.append(line(f"O{on}", "DE1", "-1000.00", on=10 * on, counterparty_account="CH2"))
        rows.append(line(f"I{on}", "CH2", amount, on=10 * on, currency="CHF", counterparty_account="DE1"))
    result = match({"lines": items(*rows)}, RULES)
    assert members(result, "matched") == [(f"I{on}", f"O{on}") for on in range(5)]
    assert set(result.groups["difference_kind"]) == {"fx"}


def test_a_silent_line_in_another_currency_among_many_is_a_suggestion_at_most() -> None:
    out = line("OUT", "DE1", "-1000.00", counterparty_account="CH2")
    customers = [line(f"C{n}", "CH2", str(100 + 60 * n), currency="CHF") for n in range(1, 20)]
    assert members(moved(out, *customers), "matched") == []
    told = line("IN", "CH2", "941.00", currency="CHF", text="FX EUR Cash Pooling")
    assert members(moved(out, *customers, told), "matched") == ids("OUT", "IN")
