"""How customers pay: halves of a rent, one number for all their bills, somebody else's account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from example_items import FIRST, items, members

from reconciliation.matching import MatchResult, match, preset

Row = dict[str, object]
MONTHS = (0, 29, 60, 91)


def settled(lines: list[Row], open_items: list[Row]) -> MatchResult:
    """Bank credits against customers' items by the shipped rules."""
    return match({"bank_lines": items(*lines), "open_items": items(*open_items)}, preset("receivables"))


def rents(**more: object) -> list[Row]:
    """The rents of a flat, one a month."""
    return [
        {"item_id": f"rent {month}", "amount": 850, "on": on, "due_date": None, "counterparty_name": "Rosa Winterfeld"}
        | more
        for month, on in enumerate(MONTHS)
    ]


def halves(payer: str, account: str, late: int = 1) -> list[Row]:
    """Half the rent each month from one account."""
    return [
        {"item_id": f"{account} {month}", "amount": 425, "on": on + late, "counterparty_name": payer}
        | {"counterparty_account": account, "text": "half rent"}
        for month, on in enumerate(MONTHS)
    ]


def test_half_a_rent_and_half_of_the_next_one_are_not_a_rent() -> None:
    lines = halves("Rosa Winterfeld", "A", late=0)
    assert members(settled(lines, rents()), "matched") == []


def test_two_halves_of_about_one_day_are_the_rent_of_that_day() -> None:
    lines = halves("Rosa Winterfeld", "A") + halves("Rosa Winterfeld", "B", late=2)
    assert members(settled(lines, rents()), "matched") == [
        (f"A {month}", f"B {month}", f"rent {month}") for month in range(4)
    ]


def test_one_number_for_all_bills_says_whose_they_are_and_the_date_says_which() -> None:
    bills = rents(references=["4123455"], counterparty_name=None)
    lines = [
        {"item_id": f"paid {month}", "amount": 850, "on": on + 2, "references": ["4123455"]}
        for month, on in enumerate(MONTHS)
    ]
    assert members(settled(lines, bills), "matched") == [(f"paid {month}", f"rent {month}") for month in range(4)]
    # one was left out, another paid twice: as many payments as rents, and yet they are not each other's
    twice = [*lines[:1], *lines[2:], {**lines[3], "item_id": "paid again", "on": MONTHS[3] + 4}]
    sure = members(settled(twice, bills), "matched")
    assert set(sure) <= {("paid 0", "rent 0"), ("paid 2", "rent 2")}


def test_a_number_on_all_bills_does_not_say_which_is_paid_in_part() -> None:
    bills = [
        {"item_id": "January", "amount": 600, "references": ["4123455"], "counterparty_name": "Rosa Winterfeld"},
        {
            "item_id": "Final",
            "amount": 3049,
            "on": 10,
            "references": ["4123455"],
            "counterparty_name": "Rosa Winterfeld",
        },
    ]
    line = {"item_id": "paid", "amount": 250, "on": 20, "references": ["4123455"], "text": "4123455"}
    assert members(settled([line], bills), "matched") == []


def test_who_names_a_customer_pays_for_that_customer() -> None:
    bills = rents(counterparty_id="C20418")
    lines = [
        {"item_id": f"paid {month}", "amount": 850, "on": on + 2, "counterparty_name": "Viktor Amsel"}
        | {"text": "customer C20418"}
        for month, on in enumerate(MONTHS)
    ]
    assert members(settled(lines, bills), "matched") == [(f"paid {month}", f"rent {month}") for month in range(4)]


def test_a_bill_for_a_payment_on_account_is_paid_on_account() -> None:
    bills = rents(text="Akonto", counterparty_id="C1")
    lines = [
        {"item_id": f"paid {month}", "amount": 850, "on": on + 2, "counterparty_id": "C1", "text": "Akonto"}
        for month, on in enumerate(MONTHS)
    ]
    assert len(members(settled(lines, bills), "matched")) == 4
    other = settled(lines, rents(text="Miete", counterparty_id="C1"))
    assert members(other, "matched") == []


def _paid_out(shown: Callable[[int], Row]) -> tuple[MatchResult, list[tuple[str, ...]]]:
    """What is settled of twelve payouts that show this, by day, and the groups there are."""
    lines: list[Row] = []
    bills: list[Row] = []
    sold: dict[str, tuple[str, ...]] = {}
    for on in range(12):
        prices = [Decimal(1900 + 731 * on + 1237 * place) / 100 for place in range(3 + on % 4)]
        names = [f"order {on}-{place}" for place in range(len(prices))]
        bills += [
            {"item_id": name, "amount": price, "on": on, "text": "shop, by card", "counterparty_name": f"Kunde {name}"}
            for name, price in zip(names, prices, strict=True)
        ]
        bills.append({"item_id": f"not paid {on}", "amount": 480 + 7 * on, "on": on, "text": "on invoice"})
        charge = sum(((price * 29 / 1000).quantize(Decimal("0.01")) + Decimal("0.30") for price in prices), Decimal(0))
        lines.append({"item_id": f"payout {on}", "amount": sum(prices) - charge, "on": on + 2} | shown(on))
        sold[f"payout {on}"] = tuple(names)
    return settled(lines, bills), sorted((*names, payout) for payout, names in sold.items())


@pytest.mark.parametrize(
    "shown",
    [
        lambda on: {"text": "KARTENFIX AUSZAHLUNG", "counterparty_name": "Kartenfix"},
        lambda on: {"text": f"KARTENFIX AUSZAHLUNG {7000 + on}"},
    ],
    ids=["by its name", "by how its texts begin"],
)
def test_a_processor_pays_out_what_was_sold_by_card_less_its_charge(shown: Callable[[int], Row]) -> None:
    found, sold = _paid_out(shown)
    assert members(found, "matched") == sold
    assert set(found.groups["difference_kind"]) == {"fee"}


def test_who_pays_once_is_no_processor() -> None:
    found, _ = _paid_out(lambda on: {"text": f"ZINSEN {'ABCDEFGHIJKL'[on] * 5} GMBH"})
    assert members(found, "matched") == []


def test_two_payouts_and_a_stray_credit_of_another_are_no_charge_that_a_processor_asks() -> None:
    def shown(on: int) -> Row:
        of_another = on in (1, 4, 7, 8)
        told: Row = {"text": "GUTSCHRIFT" if of_another else "KARTENFIX"}
        return told if on in (2, 5, 7) else told | {"amount": Decimal(9127 + 311 * on) / 100}

    found, _ = _paid_out(shown)
    assert members(found, "matched") == []


def test_a_collection_of_direct_debits_is_its_batch_and_who_pays_after_a_return_pays_no_other_bill() -> None:
    bills = [
        {"item_id": f"fee {member}", "amount": Decimal("29.90") + member, "due_date": date(2024, 3, 11)}
        | {"references": [f"R8001{member}"], "batch_id": "DD-2024-03", "counterparty_name": f"Mitglied {member}"}
        for member in range(6)
    ]
    collected = {"item_id": "collected", "amount": sum(Decimal("29.90") + member for member in range(6)), "on": 10}
    later = {"item_id": "later", "amount": Decimal("31.90"), "on": 25, "text": "R80012"}
    found = settled([collected | {"text": "LS-EINZUG DD-2024-03"}, later], bills)
    assert members(found, "matched") == [("collected", *(f"fee {member}" for member in range(6)))]


def test_payouts_that_name_their_batch_are_less_what_the_processor_asks_of_all_or_else_a_member_is_missing() -> None:
    lines: list[Row] = []
    bills: list[Row] = []
    for number in range(5):
        prices = [Decimal(1900 + 731 * number + 1237 * place) / 100 for place in range(4)]
        bills += [
            {"item_id": f"order {number}-{place}", "amount": price, "on": number, "batch_id": f"po_77{number}"}
            for place, price in enumerate(prices)
        ]
        charge = sum(((price * 14 / 1000).quantize(Decimal("0.01")) + Decimal("0.25") for price in prices), Decimal(0))
        lacking = Decimal("0.40") if number == 4 else Decimal(0)
        lines.append(
            {"item_id": f"payout {number}", "amount": sum(prices) - charge - lacking, "on": number + 2}
            | {"text": f"payout po_77{number}"}
        )
    assert members(settled(lines, bills), "matched") == [
        (*(f"order {number}-{place}" for place in range(4)), f"payout {number}") for number in range(4)
    ]


def test_where_nothing_is_named_the_series_themselves_say_when_customers_pay() -> None:
    tenants = [f"{name} Winterfeld" for name in ("Rosa", "Ada", "Egon", "Hilde", "Otto", "Paula", "Kurt", "Vera")]
    bills = [
        {"item_id": f"{tenant} {month}", "amount": 700 + 10 * place, "on": on, "counterparty_name": tenant}
        for place, tenant in enumerate(tenants)
        for month, on in enumerate(MONTHS)
    ]
    lines = [{**bill, "item_id": f"{bill['item_id']} paid", "on": int(str(bill["on"])) - 5} for bill in bills]
    assert len(members(settled(lines, bills), "matched")) == len(bills)


def test_two_tenants_of_one_given_name_are_two() -> None:
    bills = rents(counterparty_name="Olga Engel")
    lines = [
        {"item_id": f"paid {month}", "amount": 850, "on": on, "counterparty_name": "Olga Olsen"}
        for month, on in enumerate(MONTHS)
    ]
    assert members(settled(lines, bills), "matched") == []


def test_an_account_that_has_paid_several_bills_of_a_customer_is_its_payers_whatever_the_name() -> None:
    bills = [
        {"item_id": f"bill {number}", "amount": 311 + 97 * number, "on": 10 * number, "references": [f"F4711{number}"]}
        | {"counterparty_name": "Winterfeld Werkzeugbau GmbH", "counterparty_id": "C7"}
        for number in range(8)
    ]
    paid = [
        {"item_id": f"paid {number}", "amount": 311 + 97 * number, "on": 10 * number + 2, "counterparty_account": "X9"}
        | {"counterparty_name": "Amsel Holding AG", "text": f"F4711{number}" if number < 7 else "Rechnung"}
        for number in range(8)
    ]
    assert ("bill 7", "paid 7") in members(settled(paid, bills), "matched")
    once = [paid[0], paid[7]]
    assert members(settled(once, bills), "matched") == [("bill 0", "paid 0")]


def test_a_credit_memo_is_deducted_from_what_the_discount_leaves_to_pay() -> None:
    customer = {"counterparty_name": "Winterfeld Werkzeugbau GmbH", "counterparty_id": "C7"}
    bills: list[Row] = [
        {"item_id": "bill", "amount": "503.49", "on": 10, "references": ["90014318"], **customer}
        | {"discount_amount": "10.07", "discount_until": date(2024, 3, 21)},
        {"item_id": "memo", "amount": "-21.53", "on": 2, "references": ["80000595"], **customer},
    ]
    line = {"item_id": "paid", "amount": "471.89", "on": 19, "text": "90014318 less credit memo", **customer}
    found = settled([line], bills)
    assert members(found, "matched") == [("bill", "memo", "paid")]
    assert found.groups["difference_kind"].to_list() == ["discount"]


@pytest.mark.parametrize(
    ("memo", "said", "status"),
    [
        ("-230", "90014318", "matched"),
        ("-200", "90014318", "suggested"),  # of whole hundreds a shortage may be one by chance
        ("-200", "90014318 abzgl. Gutschrift", "matched"),
        ("-200", "90014318 less C/N", "matched"),
    ],
)
def test_a_round_credit_memo_is_deducted_where_chance_is_small_or_the_text_says_so(
    memo: str, said: str, status: str
) -> None:
    customer = {"counterparty_name": "Winterfeld Werkzeugbau GmbH", "counterparty_id": "C7"}
    bills: list[Row] = [
        {"item_id": "bill", "amount": "1500", "on": 10, "references": ["90014318"], **customer},
        {"item_id": "memo", "amount": memo, "on": 12, "references": ["80000595"], **customer},
    ]
    line = {"item_id": "paid", "amount": str(1500 + int(memo)), "on": 39, "text": said, **customer}
    assert members(settled([line], bills), status) == [("bill", "memo", "paid")]


@pytest.mark.parametrize(("paid_on", "found"), [(13, True), (30, False)])
def test_several_bills_less_their_discounts_are_found_without_a_text_while_the_discounts_may_be_taken(
    paid_on: int, found: bool
) -> None:
    customer = {"counterparty_name": "Winterfeld Werkzeugbau GmbH", "counterparty_id": "C7"}
    bills: list[Row] = [
        {"item_id": name, "amount": amount, "on": on, "references": [f"9001{on:04}"], **customer}
        | {"discount_amount": discount, "discount_until": FIRST + timedelta(days=on + 14)}
        for name, amount, discount, on in (
            ("first", "1873.44", "37.47", 0), ("second", "905.17", "18.10", 3), ("third", "411.83", "8.24", 6)
        )
    ]  # fmt: skip
    line = {"item_id": "paid", "amount": "2723.04", "on": paid_on, **customer}
    result = settled([line], bills)
    assert (("first", "paid", "second") in members(result, "matched")) == found
    if found:
        assert result.groups["difference_kind"].to_list() == ["discount"]
        assert result.groups["difference"].to_list() == [Decimal("-55.57")]
