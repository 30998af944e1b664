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
