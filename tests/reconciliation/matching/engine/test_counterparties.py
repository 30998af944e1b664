"""Whose item a bank line is, where it does not say so plainly: shown by lump sums that only one counterparty owes."""

from __future__ import annotations

import pytest
from example_items import items, members, one_leg

from reconciliation.matching import match

INVOICES = ("1060.95", "4895.97")
RULES = one_leg("{kind: reference}", "{kind: subset_sum}", precision=0.95)


def lump(
    line: dict[str, object],
    *earlier: dict[str, object],
    name: str = "Girard Supplies e.K.",
    owes: dict[str, object] | None = None,
) -> list[tuple[str, ...]]:
    """A line of both invoices' sum against the invoices of a counterparty whose account nobody has written down."""
    owes = {"counterparty_id": "C372", "counterparty_name": name} | (owes or {})
    left = items({"item_id": "B1", "amount": "5956.92"} | line, *earlier)
    right = items(
        *({"item_id": f"I{n}", "amount": amount} | owes for n, amount in enumerate(INVOICES, 1)),
        {"item_id": "I9", "amount": "77.00", "references": ["RF-77"]} | owes,
    )
    return members(match({"left": left, "right": right}, RULES), "matched")


FOUND = ("B1", "I1", "I2")


@pytest.mark.parametrize("told", ["GIRRD SUPPLIES E.K.", "GIRADR SUPPLIES", "GIRARDD SUPPLIES", "GIRAND SUPPLIES"])
def test_one_slip_of_the_keys_in_a_name_is_the_same_name(told: str) -> None:
    assert lump({"counterparty_name": told}) == [FOUND]


@pytest.mark.parametrize("text", ["GIRRD SUPPLIES E.K.", "PAYMENT GIRRD SUPPLIES"])
def test_a_short_text_may_be_nothing_but_a_mistyped_name(text: str) -> None:
    assert lump({"text": text}) == [FOUND]


def test_a_name_that_many_bear_is_not_the_mistyped_name_of_another() -> None:
    names = ["David Bauer"] * 5 + ["David Braun"]
    bills = [
        {
            "item_id": f"I{n}",
            "amount": 1040 if n > 3 else 700 + n,
            "counterparty_id": f"C{n}",
            "counterparty_name": name,
        }
        for n, name in enumerate(names)
    ]
    line = {"item_id": "B1", "amount": 1040, "counterparty_name": "David Bauer"}
    rules = one_leg("{kind: recurring}", "{kind: amount_date}")
    assert ("B1", "I5") not in members(match({"left": items(line), "right": items(*bills)}, rules))


@pytest.mark.parametrize("number", ["883312", "sap|customer|883312", "sap|customer|0000883312"])
def test_the_customers_own_number_names_it_also_where_its_id_says_system_and_role(number: str) -> None:
    assert lump({"text": "Kd-Nr 883312"}, owes={"counterparty_id": number}) == [FOUND]
    assert lump({"text": "Kd-Nr 883313"}, owes={"counterparty_id": number}) == []


@pytest.mark.parametrize("told", ["J SMITH", "SMITH J", "STANDING ORDER J SMITH RENT"])
def test_an_initial_and_the_family_name_are_the_one_person_they_fit(told: str) -> None:
    assert lump({"text": told}, name="John Smith") == [FOUND]
    assert lump({"text": told}, name="Kate Smith") == []


@pytest.mark.parametrize(("others", "found"), [(3, [FOUND]), (600, [])])
def test_what_the_names_of_many_begin_with_names_nobody(others: int, found: list[tuple[str, ...]]) -> None:
    rest = ({"item_id": f"X{n}", "amount": "12.00", "counterparty_name": f"Stadtwerke {n} AG"} for n in range(others))
    owes = {"counterparty_id": "C372", "counterparty_name": "Stadtwerke"}
    right = items(*({"item_id": f"I{n}", "amount": amount} | owes for n, amount in enumerate(INVOICES, 1)), *rest)
    left = items({"item_id": "B1", "amount": "5956.92", "text": "PAYMENT OF STADTWERKE"})
    assert members(match({"left": left, "right": right}, RULES), "matched") == found


def test_an_initial_that_fits_two_people_names_neither() -> None:
    right = items(
        *(
            {"item_id": f"I{n}", "amount": "650.00", "counterparty_name": name}
            for n, name in enumerate(("John Smith", "Jane Smith"))
        ),
    )
    left = items({"item_id": "B1", "amount": "650.00", "text": "STANDING ORDER J SMITH RENT"})
    result = match({"left": left, "right": right}, one_leg("{kind: recurring}", "{kind: amount_date}"))
    assert members(result, "matched") == []


def test_another_name_is_not() -> None:
    assert lump({"counterparty_name": "GERALD SERVICES E.K."}) == []


def test_a_name_of_other_letters_is_another_name_though_the_latin_ones_are_the_same() -> None:
    assert lump({"counterparty_name": "東京コンサルティング"}, name="東京コンサルティング株式会社") == [FOUND]
    assert lump({"counterparty_name": "大阪コンサルティング"}, name="東京コンサルティング株式会社") == []


def test_an_account_that_has_paid_for_a_counterparty_is_known_from_then_on() -> None:
    paid = {"item_id": "B9", "amount": "77.00", "references": ["RF-77"], "counterparty_account": "DE24 3360"}
    assert lump({"counterparty_account": "DE243360"}) == []
    assert lump({"counterparty_account": "DE243360"}, paid) == [FOUND, ("B9", "I9")]


def test_an_account_that_has_paid_for_a_counterparty_of_another_name_is_a_third_party() -> None:
    paid = {"item_id": "B9", "amount": "77.00", "references": ["RF-77"], "counterparty_account": "DE24 3360"}
    third = {"counterparty_account": "DE243360", "counterparty_name": "Tanaka Factoring"}
    assert lump(third, paid) == [("B9", "I9")]


def test_a_sum_with_a_member_that_has_an_equal_further_off_is_only_suggested() -> None:
    party = {"counterparty_id": "C1"}
    left = items({"item_id": "B1", "amount": "303.71"} | party)
    near = [{"item_id": f"I{n}", "amount": amount} | party for n, amount in ((1, "150.00"), (2, "153.71"))]
    early = {"item_id": "I3", "amount": "150.00", "on": -7} | party
    rules = one_leg("{kind: subset_sum, windows: [[5, 3], [5, 10]]}")
    assert members(match({"left": left, "right": items(*near)}, rules), "matched") == [FOUND]
    doubtful = match({"left": left, "right": items(*near, early)}, rules)
    assert (members(doubtful, "matched"), members(doubtful, "suggested")) == ([], [FOUND])


def test_equal_instalments_are_no_coincidence_for_being_equal() -> None:
    party = {"counterparty_id": "C1"}
    left = items(*({"item_id": f"B{n}", "amount": "53.51", "on": 5 * n} | party for n in (1, 2, 3)))
    right = items({"item_id": "I1", "amount": "160.53"} | party)
    rules = one_leg("{kind: subset_sum, one: right, windows: [[5, 20]]}")
    assert members(match({"left": left, "right": right}, rules), "matched") == [("B1", "B2", "B3", "I1")]


def test_the_rest_of_a_line_that_names_one_item_is_not_surely_the_sum_of_others() -> None:
    party = {"counterparty_id": "C1"}
    left = items({"item_id": "B1", "amount": "403.71", "text": "RE-1234567"} | party)
    right = items(
        {"item_id": "I0", "amount": "100.00", "references": ["RE-1234567"]} | party,
        *({"item_id": f"I{n}", "amount": amount} | party for n, amount in ((1, "150.00"), (2, "153.71"))),
    )
    rules = one_leg("{kind: reference_text, amounts: [equal, partial]}", "{kind: subset_sum}")
    result = match({"left": left, "right": right}, rules)
    assert (members(result, "matched"), members(result, "suggested")) == ([("B1", "I0")], [FOUND])


def test_of_an_originator_and_a_receiver_the_one_that_stands_beside_many_is_ours() -> None:
    """What we send names us first and whom we pay last; what a supplier draws names the supplier first."""
    sent = {"PAID ONE CORP": "10.11", "PAID TWO LLC": "20.22", "PAID THREE CO": "30.33"}
    drawn = {"DRAWS ALPHA UTILITY": "40.44", "DRAWS BETA TELECOM": "50.55"}
    texts = [(f"ORIG CO NAME:OURS INC SEC:CCD IND NAME:{name}", amount) for name, amount in sent.items()]
    texts += [(f"ORIG CO NAME:{name} SEC:CCD IND NAME:OURS INC", amount) for name, amount in drawn.items()]
    left = items(*({"item_id": f"B{n}", "amount": a, "text": text} for n, (text, a) in enumerate(texts)))
    right = items(
        *(
            {"item_id": f"I{n}", "amount": a, "counterparty_name": who}
            for n, (who, a) in enumerate((sent | drawn).items())
        )
    )
    result = match({"left": left, "right": right}, one_leg("{kind: amount_date}", precision=0.99))
    assert members(result, "matched") == [(f"B{n}", f"I{n}") for n in range(5)]


def test_a_short_name_is_read_between_a_banks_slashes() -> None:
    left = items({"item_id": "B1", "amount": "17711.45", "text": "NEFT/BARBN260642797068330/OM FOODS/BILL NO 919"})
    right = items({"item_id": "I1", "amount": "17711.45", "counterparty_name": "Om Foods"})
    result = match({"left": left, "right": right}, one_leg("{kind: amount_date}", precision=0.99))
    assert members(result, "matched") == [("B1", "I1")]


def test_a_name_in_letters_without_a_latin_form_is_a_name_where_it_is_the_same() -> None:
    """Two companies of one price, which only their names in the bank's text tell apart."""
    left = items(
        {"item_id": "B1", "amount": "55000.00", "text": "转账支出 宁波瑞贸易有限公司"},
        {"item_id": "B2", "amount": "55000.00", "text": "转账支出 青岛博建筑工程有限公司", "on": 1},
    )
    right = items(
        {"item_id": "I1", "amount": "55000.00", "counterparty_name": "青岛博建筑工程有限公司"},
        {"item_id": "I2", "amount": "55000.00", "counterparty_name": "宁波瑞贸易有限公司", "on": 1},
    )
    result = match({"left": left, "right": right}, one_leg("{kind: amount_date}", precision=0.9))
    assert members(result, "matched") == [("B1", "I2"), ("B2", "I1")]
