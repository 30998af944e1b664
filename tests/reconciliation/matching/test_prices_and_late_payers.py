"""Prices that many pay: customers who pay weeks late, the usual charge taken off a price, numbers written in parts."""

from __future__ import annotations

import polars as pl

from reconciliation.matching import MatchResult, match, preset
from tests.reconciliation.matching.two_sided_rows import Row, side

FIRST = ("Cobalt", "Larkspur", "Harbor", "Horizon", "Granite", "Juniper", "Meridian", "Pioneer", "Summit", "Willow")
TRADES = ("Chemicals", "Logistics", "Roofing", "Dental", "Textiles", "Motors", "Catering", "Printing", "Security")
PRICES = (1200, 2400, 4800, 9600)


def _customer(number: int) -> str:
    return f"{FIRST[number % 10]} {TRADES[number // 10 % 9]}"


def _vendors(count: int) -> tuple[list[Row], list[Row]]:
    """Card payments of odd amounts, entered within a day or two of the bank's booking."""
    amounts = [f"-{37 * number * number + 41}.{number % 90 + 10}" for number in range(count)]
    left: list[Row] = [
        (f"l{n}", amount, 3 + n % 70 + n % 3, "DATADOG INC NEW YORK") for n, amount in enumerate(amounts)
    ]
    right: list[Row] = [(f"r{n}", amount, 3 + n % 70, "Datadog subscription") for n, amount in enumerate(amounts)]
    return left, right


def _matched(result: MatchResult) -> set[tuple[str, ...]]:
    groups = result.groups.filter(pl.col("status") == "matched").select("group_id")
    held = result.items.join(groups, on="group_id").group_by("group_id").agg(pl.col("item_id").sort())
    return {tuple(ids) for ids in held["item_id"].to_list()}


def test_customers_who_pay_weeks_late_are_not_judged_by_the_days_of_the_vendors() -> None:
    left, right = _vendors(100)
    for number in range(100):  # what a processor pays out for all of some days
        price = f"{(29, 49, 99, 199)[number * number % 4]}.00"
        right.append((f"s{number}", price, number % 90, f"Stripe {_customer(3 * number)} INV-{40_000 + 7 * number}"))
        payout = f"{1000 + 7 * number * number}.{number % 90 + 10}"
        left += [(f"p{number}", payout, number % 90, f"STRIPE TRANSFER ST-{7919 * number + 10_007}")][number % 4 :]
    for number in range(60):
        price, name, day = f"{PRICES[number * 7 % 4]}.00", _customer(number), number * 5 % 90
        cited = f" INV-{20_000 + 13 * number}"
        right.append((f"R{number}", price, day, f"{cited} {name} annual plan"))
        shown = f"WIRE IN {name.upper()}" + (cited if number % 2 else "")
        left.append((f"L{number}", price, day + 30 + number % 9, shown))
    found = _matched(match({"left": side(left), "right": side(right)}, preset("two_sided")))
    of_customers = {ids for ids in found if ids[0].startswith("L")}
    assert of_customers == {(f"L{number}", f"R{number}") for number in range(60)}


def test_the_usual_charge_off_a_price_says_nothing_of_whose_payment_it_is() -> None:
    left, right = _vendors(60)
    for number in range(2, 40):
        price, name, day = PRICES[number % 4], _customer(number), 2 * number
        right.append((f"R{number}", f"{price}.00", day, f"INV-{20_000 + 13 * number} {name} annual plan"))
        left.append((f"L{number}", f"{price - 25}.00", day + 1, f"WIRE IN {name.upper()}"))
    right += [(f"price{number}", "9600.00", 10 * number, f"INV-{30_000 + number} annual plan") for number in range(6)]
    right.append(("other", "9600.00", 50, "INV-29999 Larkspur Chemicals annual plan"))
    left.append(("paid", "9575.00", 51, "WIRE IN COBALT CHEMICALS"))
    found = _matched(match({"left": side(left), "right": side(right)}, preset("two_sided")))
    assert ("other", "paid") not in found
    assert sum(("L" in ids[0]) for ids in found) > 20  # the charge is known


def test_a_number_that_one_side_writes_in_parts_is_one_number() -> None:
    left: list[Row] = []
    right: list[Row] = []
    for number in range(60):
        account = f"{31 + number % 50}{4000 + 137 * number}{number % 10}"
        left.append((f"L{number}", "38.50", 10 + number % 4, f"WEB PMT UTIL {account} NGUYEN"))
        parts = f"{account[:2]}-{account[2:-1]}-{account[-1]}"
        right.append((f"R{number}", "38.50", 9 + number % 3, f"UB receipt {parts} NGUYEN JOSEPH"))
    found = _matched(match({"left": side(left), "right": side(right)}, preset("two_sided")))
    assert found == {(f"L{number}", f"R{number}") for number in range(60)}


def test_a_price_of_the_day_is_not_what_two_payments_of_namesakes_lack() -> None:
    left, right = _vendors(60)
    left += [("one", "-2362.24", 30, "WIRE OUT ANDREW LEWIS"), ("two", "-3385.16", 30, "WIRE OUT WILLIAM LEWIS")]
    right += [
        ("gross1", "-2387.24", 30, "withdrawal Andrew Lewis"),
        ("gross2", "-3410.16", 30, "withdrawal William Lewis"),
    ]
    right += [
        (f"card{number}", "50.00", 20 + number % 20, f"card topup {7919 * number + 10_007}") for number in range(40)
    ]
    right.append(("topup", "50.00", 30, "card topup 8BLZVD8N"))
    right = [row for row in right if row[0] == "topup" or row[2] != 30 or row[1] != "50.00"]
    found = _matched(match({"left": side(left), "right": side(right)}, preset("two_sided")))
    assert not any("topup" in ids for ids in found)


def test_where_all_pay_one_price_the_numbers_in_texts_tell_them_apart() -> None:
    left: list[Row] = []
    right: list[Row] = []
    for number in range(700):
        day, cited, name = number * 37 % 90, 1_000_003 + 7919 * number, _customer(7 * number)
        left.append((f"L{number}", "49.00", day + number % 3, f"WIRE {name.upper()} {cited}"))
        right.append((f"R{number}", "49.00", day, f"INV {cited} {name} plan"))
    left.append(("stranger", "49.00", 40, "WIRE ZANZIBAR TRADING"))
    found = _matched(match({"left": side(left), "right": side(right)}, preset("two_sided")))
    assert found == {(f"L{number}", f"R{number}") for number in range(700)}
