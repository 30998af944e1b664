"""Payments and lines of two currencies, by the rates of the day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from example_items import day, ids, items, members, one_leg, only_group, reasons

from reconciliation.contracts import RATE
from reconciliation.matching import MatchingError, MatchResult, match

NAMED = {"references": ["E2E-00001"]}


def rates(*quotes: tuple[date, str, str], base: str = "EUR") -> pl.DataFrame:
    rows = [
        {"valid_from": on, "base_currency": base, "quote_currency": quote, "rate": Decimal(rate)}
        for on, quote, rate in quotes
    ]
    return pl.DataFrame(rows, schema=RATE)


RATES = rates((day(0), "USD", "1.0800"), (day(0), "JPY", "160.00"), (day(1), "USD", "1.2500"))


def booked(line: dict[str, object], paid: dict[str, object], *more: str, quotes: pl.DataFrame = RATES) -> MatchResult:
    left, right = items({"item_id": "B1"} | line), items({"item_id": "P1"} | paid)
    return match({"left": left, "right": right}, one_leg("{kind: cross_currency}", *more), rates=quotes)


def test_a_payment_in_dollars_that_the_bank_books_in_euros() -> None:
    result = booked({"amount": "-1002.50", "on": 1} | NAMED, {"amount": "-1250.00", "currency": "USD"} | NAMED)
    group = only_group(result)
    assert (group["status"], group["currency"], group["difference_kind"]) == ("matched", "EUR", "fx")
    # 1250 dollars were worth 1000 euros on the day of the booking
    assert (group["left_total"], group["right_total"], group["difference"]) == (
        Decimal("-1002.50"),
        Decimal("-1000.00"),
        Decimal("-2.50"),
    )
    applied = dict(zip(result.items["item_id"], result.items["applied_amount"], strict=True))
    assert applied == {"B1": Decimal("-1002.50"), "P1": Decimal("-1250.00")}
    assert "at the rate of the day" in str(group["explanation"])


def test_neither_currency_need_be_the_base_and_decimals_differ() -> None:
    line = {"amount": "-148148", "currency": "JPY"} | NAMED
    group = only_group(booked(line, {"amount": "-1000.00", "currency": "USD"} | NAMED))
    assert group["right_total"] == Decimal(-148148)  # 1000 / 1.08 * 160, rounded to the yen


@pytest.mark.parametrize(
    ("amount", "found"), [("-1019.99", True), ("-1020.01", False), ("-980.00", True), ("-979", False)]
)
def test_the_amount_lies_within_the_share_of_the_rate(amount: str, found: bool) -> None:
    result = booked({"amount": amount, "on": 1} | NAMED, {"amount": "-1250.00", "currency": "USD"} | NAMED)
    assert (result.groups.height == 1) is found


def test_an_old_rate_or_none_is_no_rate() -> None:
    line, paid = {"amount": "-1000.00", "on": 20} | NAMED, {"amount": "-1250.00", "currency": "USD", "on": 18} | NAMED
    assert booked(line, paid).groups.is_empty()
    pounds = {"amount": "-850.00", "currency": "GBP"} | NAMED
    assert reasons(booked({"amount": "-1000.00"} | NAMED, pounds)) == {"B1": "no_candidate", "P1": "no_candidate"}


def test_the_counterparty_alone_is_worth_a_suggestion() -> None:
    party = {"counterparty_account": "DE1"}
    result = booked({"amount": "-1000.00", "on": 1} | party, {"amount": "-1250.00", "currency": "USD"} | party)
    assert members(result, "suggested") == ids("B1", "P1")


def test_two_payments_as_near_to_the_rate_are_a_tie() -> None:
    left = items({"item_id": "B1", "amount": "-1000.00", "on": 1} | NAMED)
    right = items(*({"item_id": each, "amount": "-1250.00", "currency": "USD"} | NAMED for each in ("P1", "P2")))
    result = match({"left": left, "right": right}, one_leg("{kind: cross_currency}"), rates=RATES)
    assert only_group(result)["status"] == "ambiguous"


def test_rates_that_cannot_be_are_refused() -> None:
    line, paid = {"amount": "-1000.00"}, {"amount": "-1250.00", "currency": "USD"}
    with pytest.raises(MatchingError, match="EUR/USD of 2024-03-01 is 0"):
        booked(line, paid, quotes=rates((day(0), "USD", "0")))
    mixed = pl.concat([RATES, rates((day(0), "EUR", "0.9"), base="USD")])
    with pytest.raises(MatchingError, match="against one base currency"):
        booked(line, paid, quotes=mixed)
    with pytest.raises(MatchingError, match="required columns rate missing"):
        booked(line, paid, quotes=RATES.drop("rate"))


@pytest.mark.parametrize(
    ("amount", "kind"), [("-1010.00", "fx"), ("-1045.00", "fee"), ("-1071.00", None), ("-955.00", None)]
)
def test_a_bank_may_charge_for_a_payment_in_another_currency_as_well(amount: str, kind: str | None) -> None:
    left = items({"item_id": "B1", "amount": amount, "on": 1} | NAMED)
    right = items({"item_id": "P1", "amount": "-1250.00", "currency": "USD"} | NAMED)
    result = match({"left": left, "right": right}, one_leg("{kind: cross_currency, charge: 50}"), rates=RATES)
    assert result.groups["difference_kind"].to_list() == ([] if kind is None else [kind])
    assert members(result, "matched") == ([] if kind is None else ids("B1", "P1"))


def test_a_counterparty_and_a_charge_in_another_currency_are_for_a_person_to_see() -> None:
    named = {"counterparty_name": "Fjord Lumber AS"}
    left = items({"item_id": "B1", "amount": "-1045.00", "on": 1} | named)
    right = items({"item_id": "P1", "amount": "-1250.00", "currency": "USD"} | named)
    result = match({"left": left, "right": right}, one_leg("{kind: cross_currency, charge: 50}"), rates=RATES)
    assert members(result, "suggested") == ids("B1", "P1")


def exchanged(*rates: str, wrong: str | None = None) -> MatchResult:
    """Payments of 1000 dollars, one a day, that the bank books in euros at these rates, without rates given; the last may have a
    wrong amount."""
    euros = [f"-{round(1000 / float(rate), 2):.2f}" for rate in rates]
    if wrong is not None:
        euros[-1] = wrong
    named = [{"on": on, "references": [f"E2E-{on:05d}"]} for on in range(len(rates))]
    left = items(*({"item_id": f"B{on}", "amount": euros[on]} | named[on] for on in range(len(rates))))
    right = items(
        *({"item_id": f"P{n}", "amount": "-1000.00", "currency": "USD"} | each for n, each in enumerate(named))
    )
    return match({"left": left, "right": right}, one_leg("{kind: cross_currency}"))


RATES_OF_A_WEEK = ("1.0800", "1.0830", "1.0790", "1.0850", "1.0840", "1.0860")


def test_without_rates_those_at_which_others_were_exchanged_serve() -> None:
    result = exchanged(*RATES_OF_A_WEEK)
    assert members(result, "matched") == [(f"B{n}", f"P{n}") for n in range(6)]
    assert all("the rate at which others were exchanged" in text for text in result.groups["explanation"])


def test_an_amount_that_is_not_exchanged_as_the_others_are_is_left() -> None:
    assert members(exchanged(*RATES_OF_A_WEEK, wrong="-870.00")) == [(f"B{n}", f"P{n}") for n in range(5)]


def test_few_that_were_exchanged_or_that_do_not_agree_are_no_rate() -> None:
    assert exchanged(*RATES_OF_A_WEEK[:4]).groups.is_empty()
    assert exchanged("1.08", "1.30", "0.90", "1.08", "2.10", "1.71", "0.80").groups.is_empty()


@pytest.mark.parametrize("text", ["Invoice INV 2024 00815", "inv202400815 Fjord Lumber"])
def test_an_invoice_in_another_currency_is_found_however_its_number_is_written(text: str) -> None:
    left = items({"item_id": "B1", "amount": "-1002.50", "on": 1, "text": text})
    right = items({"item_id": "I1", "amount": "-1250.00", "currency": "USD", "references": ["INV-2024-00815"]})
    rules = one_leg("{kind: reference_text}", "{kind: cross_currency}")
    assert members(match({"left": left, "right": right}, rules, rates=RATES), "matched") == ids("B1", "I1")
