"""Several items of either side that texts tie together: one group, or several that only look like one."""

from __future__ import annotations

from example_items import items, members, one_leg

from reconciliation.matching import match, preset

RULES = one_leg("{kind: reference, find: left_text, amounts: [equal, sum, subset]}")


def _invoices(*amounts: tuple[str, str]) -> list[dict[str, object]]:
    return [
        {"item_id": f"I{n}", "amount": amount, "references": [f"RE-{number}"]}
        for n, (amount, number) in enumerate(amounts, 1)
    ]


def test_two_payments_over_three_invoices_are_one_group() -> None:
    left = items(
        {"item_id": "L1", "amount": "250.10", "text": "RE-4101 RE-4102"},
        {"item_id": "L2", "amount": "149.90", "text": "RE-4102 RE-4103"},
    )
    right = items(*_invoices(("120", "4101"), ("180", "4102"), ("100", "4103")))
    assert members(match({"left": left, "right": right}, RULES), "matched") == [("I1", "I2", "I3", "L1", "L2")]


def test_what_one_number_of_two_suppliers_ties_together_is_two_groups() -> None:
    left = items(
        {"item_id": "L1", "amount": "193.41", "text": "RE-4220 RE-4223"},
        {"item_id": "L2", "amount": "66.39", "text": "RE-4223 RE-4227"},
    )
    right = items(*_invoices(("24.73", "4220"), ("168.68", "4223"), ("152.47", "4223"), ("-86.08", "4227")))
    assert members(match({"left": left, "right": right}, RULES), "matched") == [("I1", "I2", "L1"), ("I3", "I4", "L2")]


def test_equal_payments_that_name_the_same_equal_invoices_settle_them_together() -> None:
    left = items(*({"item_id": name, "amount": 100, "text": "RE-4101 RE-4102"} for name in ("L1", "L2")))
    right = items(*_invoices(("100", "4101"), ("100", "4102")))
    assert members(match({"left": left, "right": right}, RULES), "matched") == [("I1", "I2", "L1", "L2")]


def test_what_a_payment_names_is_completed_by_the_only_others_of_its_customer_that_make_up_the_rest() -> None:
    rules = one_leg("{kind: reference_text, amounts: [sum, completed]}")
    own: dict[str, object] = {"counterparty_id": "C1"}
    left = items({"item_id": "L1", "amount": "1350.97", "on": 30, "text": "RE-4101, RE-4102, RE-41O?"} | own)
    right = items(
        *(
            invoice | own
            for invoice in _invoices(("500.13", "4101"), ("653.03", "4102"), ("197.81", "4103"), ("80.58", "4104"))
        )
    )
    assert members(match({"left": left, "right": right}, rules), "matched") == [("I1", "I2", "I3", "L1")]


def test_an_invoice_named_and_others_are_one_payment_whatever_else_the_customer_owes() -> None:
    """Where only one is named, the rest of the money is the others', not a part of no known purpose."""
    own: dict[str, object] = {"counterparty_name": "Rose & Sons"}
    line: dict[str, object] = {"item_id": "L1", "amount": "1350.97", "on": 30, "text": "REF RE-4101 AND OTHERS"}
    owed = _invoices(("500.13", "4101"), ("653.03", "4102"), ("197.81", "4103"), ("80.58", "4104"))
    result = match(
        {"bank_lines": items(line | own), "open_items": items(*(each | own for each in owed))}, preset("receivables")
    )
    assert members(result, "matched") == [("I1", "I2", "I3", "L1")]


def test_what_nothing_else_makes_up_is_still_a_part_of_the_money() -> None:
    own: dict[str, object] = {"counterparty_name": "Rose & Sons"}
    line: dict[str, object] = {"item_id": "L1", "amount": "1400.00", "on": 30, "text": "REF RE-4101 ON ACCOUNT"}
    owed = _invoices(("500.13", "4101"), ("653.03", "4102"), ("197.81", "4103"))
    result = match(
        {"bank_lines": items(line | own), "open_items": items(*(each | own for each in owed))}, preset("receivables")
    )
    assert [each for status in ("matched", "suggested") for each in members(result, status)] == [("I1", "L1")]
