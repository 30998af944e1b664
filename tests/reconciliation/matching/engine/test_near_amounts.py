"""Payments without a reference that are short by a charge, short paid or over paid: one counterparty, one near amount."""

from __future__ import annotations

import polars as pl
from example_items import ids, items, members, one_leg, only_group

from reconciliation.matching import match, preset

NEAR = "{kind: near_amount, right_date: due_date, before: 15, after: 30, charge: 50, share: 0.1}"
RULES = one_leg("{kind: reference}", "{kind: amount_date}", NEAR)
OWES = {"counterparty_name": "Quality Tools Inc"}
PAYS = {"text": "WIRE IN QUALITY TOOLS INC"}


def test_a_payment_less_a_charge_is_proposed_where_the_counterparty_owes_one_such_amount() -> None:
    right = items({"item_id": "I1", "amount": "1250.00"} | OWES, {"item_id": "I2", "amount": "4711.00"} | OWES)
    result = match({"left": items({"item_id": "B1", "amount": "1235.00", "on": 10} | PAYS), "right": right}, RULES)
    assert members(result, "suggested") == ids("B1", "I1")
    assert only_group(result)["difference_kind"] == "fee"


def test_what_is_short_by_more_or_over_paid_is_a_claim_for_a_person() -> None:
    for amount, kind in (("1180.00", "short_pay"), ("1300.00", "over_pay")):
        left = items({"item_id": "B1", "amount": amount, "on": 10} | PAYS)
        result = match({"left": left, "right": items({"item_id": "I1", "amount": "1250.00"} | OWES)}, RULES)
        assert members(result, "suggested") == ids("B1", "I1")
        assert only_group(result)["difference_kind"] == kind


def test_a_near_amount_of_a_stranger_is_nothing() -> None:
    left = items({"item_id": "B1", "amount": "1235.00", "on": 10, "text": "WIRE IN HARBOR FREIGHT LINES"})
    result = match({"left": left, "right": items({"item_id": "I1", "amount": "1250.00"} | OWES)}, RULES)
    assert result.groups.is_empty()


def _customers(count: int, charge: int) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Payments of as many customers, each less the charge (in cents), and their invoices."""
    lines, invoices = [], []
    for number in range(count):
        name = f"{chr(65 + number) * 4}wood Trading {chr(90 - number) * 3}"
        owed = 100_000 + 7_919 * number
        invoices.append({"item_id": f"I{number}", "amount": owed / 100, "counterparty_name": name})
        lines.append({"item_id": f"B{number}", "amount": (owed - charge) / 100, "on": 10, "text": name.upper()})
    return lines, invoices


def test_a_charge_that_many_payments_bear_makes_each_of_them_sure() -> None:
    lines, invoices = _customers(20, 1500)
    result = match({"left": items(*lines), "right": items(*invoices)}, RULES)
    assert members(result, "matched") == sorted(tuple(sorted((f"B{n}", f"I{n}"))) for n in range(20))


def test_which_of_two_items_of_one_amount_is_meant_no_near_amount_says() -> None:
    lines, invoices = _customers(20, 1500)
    invoices.append(invoices[0] | {"item_id": "I99", "on": -100})
    result = match({"left": items(*lines), "right": items(*invoices)}, RULES)
    assert ids("B0", "I0")[0] in members(result, "suggested")
    assert ids("B0", "I0")[0] not in members(result, "matched")


def test_the_presets_propose_what_is_short_by_a_charge() -> None:
    right = items({"item_id": "I1", "amount": "1250.00"} | OWES)
    result = match(
        {"bank_lines": items({"item_id": "B1", "amount": "1235.00", "on": 10} | PAYS), "open_items": right},
        preset("receivables"),
    )
    assert members(result, "suggested") == ids("B1", "I1")


def test_what_a_counterparty_has_kept_back_before_it_keeps_back_again() -> None:
    """Four bills are named, and a tenth of each is kept back; the fifth payment says nothing but the same tenth, or another share."""

    def paid(last: int) -> list[tuple[str, ...]]:
        bills, lines = [], []
        for customer in ("Balfour Civils", "Kier Homes", "Wates Build"):
            for place in range(5):
                amount = 2_339_949 + 731_003 * place + 17_117 * len(customer)
                kept = amount // 10 if place < 4 else amount * last // 1000
                bill = {"item_id": f"{customer} I{place}", "amount": f"{amount / 100:.2f}", "on": 9 * place}
                bills.append(bill | {"references": [f"INV-55{len(customer)}{place}7"], "counterparty_name": customer})
                said = f"BACS {customer.upper()} " + (f"INV-55{len(customer)}{place}7" if place < 4 else "CERT")
                line = {"item_id": f"{customer} L{place}", "amount": f"{(amount - kept) / 100:.2f}", "text": said}
                lines.append(line | {"on": 9 * place + 30})
        result = match({"bank_lines": items(*lines), "open_items": items(*bills)}, preset("receivables"))
        return [each for each in members(result, "matched") if each[0].endswith("I4")]

    assert len(paid(100)) == 3
    assert paid(83) == []


def test_what_is_kept_back_stays_owed_where_it_does_of_the_bills_named() -> None:
    amounts = [5133, 5910, 6687, 7464]
    own = {"counterparty_name": "Alder Yachts Ltd"}
    bills = [
        own | {"item_id": f"I{n}", "amount": amount, "on": 10 * n, "references": [f"SI-88{n}7"]}
        for n, amount in enumerate(amounts)
    ]
    lines = [
        own
        | {
            "item_id": f"L{n}",
            "amount": f"{amount * 9 // 10}.{amount * 9 % 10}0",
            "on": 10 * n + 20,
            "text": f"SI-88{n}7",
        }
        for n, amount in enumerate(amounts)
    ]
    lines[3] |= {"text": "PAYMENT"}
    result = match({"bank_lines": items(*lines), "open_items": items(*bills)}, preset("receivables"))
    assert members(result, "matched") == [(f"I{n}", f"L{n}") for n in range(4)]
    owed = result.unmatched.filter(pl.col("item_id").str.starts_with("I")).sort("item_id")
    assert owed["open_amount"].cast(pl.Float64).to_list() == [513.3, 591.0, 668.7, 746.4]
