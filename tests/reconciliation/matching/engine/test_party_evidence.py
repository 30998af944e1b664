"""What counterparties add to a reference whose amount does not agree."""

from __future__ import annotations

import pytest
from example_items import ids, items, members, one_leg

from reconciliation.matching import MatchResult, match, preset

PARTIAL = "{kind: reference, find: left_text, amounts: [partial]}"


def partial(shown: dict[str, object], *others: dict[str, object]) -> MatchResult:
    """A line of 60 that names invoice 9346 of 100, and says of its sender what is `shown`."""
    left = items({"item_id": "B1", "amount": "60.12", "text": "invoice 9346"} | shown)
    invoice = {"item_id": "I1", "amount": 100, "references": ["9346"], "counterparty_account": "DE1 2"}
    named = {"counterparty_name": "Weber Metall GmbH"}
    return match({"left": left, "right": items(invoice | named, *others)}, one_leg(PARTIAL))


@pytest.mark.parametrize(
    "shown",
    [
        {"counterparty_account": "de12"},
        {"counterparty_name": "WEBER METALL"},
        {"text": "ORIG CO NAME:WEBER METALL CO ENTRY DESCR:VENDOR PMT IND ID:9346"},
    ],
)
def test_the_same_counterparty_makes_a_part_payment_sure(shown: dict[str, object]) -> None:
    assert members(partial(shown), "matched") == ids("B1", "I1")


@pytest.mark.parametrize("shown", [{}, {"counterparty_account": "FR77"}, {"counterparty_name": "Tanaka Foods"}])
def test_nothing_or_another_counterparty_leaves_it_in_doubt(shown: dict[str, object]) -> None:
    assert members(partial(shown), "matched") == []


def test_a_line_that_agrees_with_another_item_of_its_counterparty_is_no_part_payment() -> None:
    other = {"item_id": "I2", "amount": "60.12", "references": ["9364"], "counterparty_account": "DE12"}
    assert members(partial({"counterparty_account": "DE12"}, other), "matched") == []


def test_a_cut_number_of_the_same_counterparty_names_its_neighbours_too() -> None:
    left = items({"item_id": "B1", "amount": "99.00", "text": "RE-2026-4711", "counterparty_account": "DE12"})
    right = items(
        {"item_id": "I1", "amount": 100, "references": ["RE-2026-471183"], "counterparty_account": "DE12"},
    )
    rules = one_leg("{kind: reference_text, variants: [truncated], amounts: [{rule: fx, share: 0.03}]}")
    assert members(match({"left": left, "right": right}, rules), "matched") == []


def test_a_memo_deducted_unnamed_is_sure_where_it_alone_makes_up_the_rest() -> None:
    left = items({"item_id": "B1", "amount": "322.89", "on": 2, "text": "AR-000016884", "counterparty_account": "DE12"})
    party = {"counterparty_account": "DE12", "counterparty_id": "C1"}
    right = items(
        {"item_id": "I1", "amount": "385.96", "references": ["AR-000016884"]} | party,
        {"item_id": "M1", "amount": "-63.07", "references": ["AR-000016885"]} | party,
    )
    result = match({"left": left, "right": right}, one_leg("{kind: reference_text, amounts: [netted, partial]}"))
    assert members(result, "matched") == ids("B1", "I1", "M1")


def test_a_number_of_an_item_that_is_not_there_yet_is_a_slip_unless_its_counterparty_pays() -> None:
    line = {"item_id": "B1", "amount": "240.00", "text": "ST JOHNS SCHOOL INV1328"}
    item = {"item_id": "I1", "amount": "240.00", "references": ["INV01328"], "counterparty_name": "Thornbury Supplies"}
    rules = one_leg("{kind: reference_text}")
    later = match({"left": items(line | {"on": 10}), "right": items(item)}, rules)
    assert members(later, "matched") == ids("B1", "I1")
    stray = match({"left": items(line), "right": items(item | {"on": 78})}, rules)
    assert members(stray, "suggested") == ids("B1", "I1")
    ahead = match({"left": items(line | {"text": "THORNBURY SUPP INV1328"}), "right": items(item | {"on": 78})}, rules)
    assert members(ahead, "matched") == ids("B1", "I1")


def test_a_text_that_shows_nobody_speaks_against_no_number_where_the_others_show_who_pays() -> None:
    """Ninety lines show their payers. A collection's line shows none, as it would whose bill it paid; one that shows another
    customer is less sure."""
    places = (f"{one}{two}" for one in ("Nord", "Alpen", "Hanse") for two in ("hausen", "tal", "hof", "berg", "stein"))
    trades = ("Metall", "Papier", "Glas", "Textil", "Druck", "Motoren")
    names = [f"{place} {trade}" for place in places for trade in trades]
    bills = [
        {"item_id": f"bill {number}", "amount": 1300 + 17 * number, "counterparty_name": f"{name} GmbH"}
        | {"references": [f"NN{6610070 + 13 * number}"]}
        for number, name in enumerate(names)
    ]
    lines: list[dict[str, object]] = [
        {
            "item_id": f"paid {number}",
            "amount": 1300 + 17 * number,
            "on": 20,
            "text": f"{name} GmbH NN{6610070 + 13 * number}",
        }
        for number, name in enumerate(names)
    ]
    collected = "LIQ COBRANCA NN6611240"
    bills.append(
        {"item_id": "bill", "amount": 3348.04, "counterparty_name": "ORIENTAL TRADING", "references": ["NN6611240"]}
    )
    differing = "{kind: reference_text, name: differing, amounts: [{rule: fee, up_to: 50}]}"
    rules = one_leg("{kind: reference_text, amounts: [equal]}", differing)
    for said, sure in ((collected, True), (f"{collected} Hansehof Glas GmbH", False)):
        line = {"item_id": "line", "amount": 3345.54, "on": 20, "text": said}
        found = match({"left": items(*lines, line), "right": items(*bills)}, rules)
        assert (("bill", "line") in members(found, "matched")) == sure


def test_whose_own_bill_has_the_amount_has_mistyped_its_number_and_pays_no_part_of_another_customers() -> None:
    def bill(number: str, amount: str, name: str) -> dict[str, object]:
        return {"item_id": number, "amount": amount, "references": [f"RE26-{number}"], "counterparty_name": name}

    bills = [bill("32215", "33997.71", "Schraubenwerk Ulm GmbH"), bill("32125", "710.69", "Luedtke Lacke AG")]
    said = {"text": "RE26-32125", "counterparty_name": "SCHRAUBENWERK ULM GMBH"}
    line = {"item_id": "L", "amount": "33997.71", "on": 30} | said
    result = match({"bank_lines": items(line), "open_items": items(*bills)}, preset("receivables"))
    assert members(result) == ids("32215", "L")
