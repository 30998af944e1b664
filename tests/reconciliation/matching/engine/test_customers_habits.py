"""How customers pay: halves of a rent, one number for all their bills, somebody else's account."""

from __future__ import annotations

from example_items import items, members

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
