"""A number that the line's text and the payment's text both say brings them together, however each of them writes it."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from example_items import items, members

from reconciliation.matching import match, preset

OWN = "USt-ID DE811569869"


def _taken(said: str, payment: str, others: int = 0) -> tuple[str, str] | None:
    """Pass and status of the group of a line and the one payment of its amount, each with its text, among others of the company that
    were found by their references."""
    every = [
        {"amount": f"-{310 + n}.17", "references": [f"E2E{n:08}"], "on": n % 9, "text": f"{OWN} Zahlung"}
        for n in range(others)
    ]
    one: dict[str, Any] = {"amount": "-500.00", "on": 30}
    lines = [{"item_id": f"L{n}"} | each for n, each in enumerate(every)] + [{"item_id": "L", "text": said} | one]
    payments = [{"item_id": f"P{n}"} | each for n, each in enumerate(every)]
    payments.append({"item_id": "P", "text": payment} | one)
    frames = {"bank_lines": items(*lines), "payments": items(*payments), "open_items": items()}
    result = match(frames, preset("payables"))
    group = result.items.filter(pl.col("item_id") == "L").join(result.groups, on="group_id")
    return None if group.is_empty() else (str(group["pass"].item()), str(group["status"].item()))


@pytest.mark.parametrize("said", ["RE 2026 063254", "RE2026063254", "RG 2026-063254", "RE-2026-\n063254"])
def test_the_same_number_written_in_another_way(said: str) -> None:
    assert _taken(f"Zahlung {said}", "Rechnung RE-2026-063254") == ("number_in_text", "matched")


def test_the_same_number_to_the_letter() -> None:
    assert _taken("Zahlung RE-2026-063254", "Rechnung RE-2026-063254") == ("shared_word", "matched")


def test_a_number_that_every_text_shows_says_nothing() -> None:
    assert _taken(f"{OWN} Zahlung", f"{OWN} Rechnung") == ("shared_word", "matched")
    among_many = _taken(f"{OWN} Zahlung", f"{OWN} Rechnung", others=60)
    assert among_many is None or among_many[0] not in ("shared_word", "number_in_text")


def test_another_number_is_not_shared() -> None:
    told = _taken("Zahlung RE-2026-063254", "Rechnung RE-2026-063245")
    assert told is None or told[1] != "matched"


def test_a_part_is_paid_of_the_only_bill_still_open_of_those_that_were_there() -> None:
    crn, name = "9083076894", "Oscar Wilson"
    owes = {"references": [crn], "counterparty_name": name, "counterparty_id": crn}
    bills = [owes | {"item_id": f"B{n}", "amount": f"{231 + 17 * n}.40", "on": 30 * n} for n in range(3)]
    said = {"text": f"BPAY {name.upper()} CRN {crn}"}
    whole = [said | {"item_id": f"L{n}", "amount": bills[n]["amount"], "on": 30 * n + 20} for n in (0, 2)]
    part = said | {"item_id": "PART", "amount": "90.00", "on": 52}
    result = match({"bank_lines": items(*whole, part), "open_items": items(*bills)}, preset("receivables"))
    assert ("B1", "PART") in members(result)
    # with an earlier bill open as well it may be of either
    result = match({"bank_lines": items(*whole[1:], part), "open_items": items(*bills)}, preset("receivables"))
    assert not [each for each in members(result) if "PART" in each]


def test_companies_of_a_group_number_their_bills_alike() -> None:
    bills, lines = [], []
    for entity in ("E1", "E2"):
        own = {"entity": entity, "counterparty_name": "Oscar Wilson", "on": 1}
        bills.append(own | {"item_id": f"B {entity}", "amount": "100.00", "references": ["INV-2024-00017"]})
        lines.append(own | {"item_id": f"L {entity}", "amount": "60.00", "on": 20, "text": "INV-2024-00017 PART"})
    result = match({"bank_lines": items(*lines), "open_items": items(*bills)}, preset("receivables"))
    assert members(result, "matched") == [("B E1", "L E1"), ("B E2", "L E2")]
