"""An invoice that a customer pays twice: the first payment settles it, however well the second one names it."""

from __future__ import annotations

from example_items import ids, items, members

from reconciliation.matching import MatchResult, match, preset

INVOICE = {"item_id": "I1", "amount": 250, "on": 0, "due_date": None, "references": ["RE-2026-4711"]}


def _matched(*lines: dict[str, object], invoices: tuple[dict[str, object], ...] = (INVOICE,)) -> MatchResult:
    named = ({"amount": 250, "counterparty_name": "Mills Ltd"} | line for line in lines)
    return match({"bank_lines": items(*named), "open_items": items(*invoices)}, preset("receivables"))


def test_the_first_of_two_payments_settles_though_the_second_names_the_invoice_better() -> None:
    first = {"item_id": "L1", "on": 20, "text": "Invoice 2026 4711"}
    second = {"item_id": "L2", "on": 27, "references": ["RE-2026-4711"]}
    assert members(_matched(second, first), "matched") == ids("L1", "I1")


def test_an_earlier_payment_of_another_invoice_of_that_amount_takes_nothing_away() -> None:
    other = INVOICE | {"item_id": "I2", "references": ["RE-2026-4700"]}
    lines = (
        {"item_id": "L1", "on": 20, "text": "Invoice 2026 4700"},
        {"item_id": "L2", "on": 27, "references": ["RE-2026-4711"]},
    )
    assert members(_matched(*lines, invoices=(INVOICE, other)), "matched") == [("I1", "L2"), ("I2", "L1")]


def test_an_earlier_payment_that_names_nothing_takes_nothing_away() -> None:
    lines = ({"item_id": "L1", "on": 20, "text": "thank you"}, {"item_id": "L2", "on": 27, "text": "RE-2026-4711"})
    assert members(_matched(*lines), "matched") == ids("L2", "I1")


def test_two_payments_of_one_day_that_name_it_alike_are_a_tie() -> None:
    lines = ({"item_id": name, "on": 20, "text": "RE-2026-4711"} for name in ("L1", "L2"))
    assert members(_matched(*lines), "ambiguous") == ids("L1", "L2", "I1")
