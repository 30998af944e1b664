"""Who writes a number or a name that is one customer's alone pays for that customer, whoever he is."""

from __future__ import annotations

import pytest
from example_items import ids, items, members

from reconciliation.matching import MatchResult, match, preset

_TEXT = "Zaehler 3861{0}29 Vertrag V62{0}204 Police L57-32{0}611-6 nico.jung{0}3@mail.de Tel 015928{0}5020"
_BILLS = tuple(
    {
        "item_id": f"I{place}{month}",
        "amount": 79 + place * 3,
        "on": month * 30,
        "references": [f"7002{place}{month}7"],
        "counterparty_id": f"43717{place}",
        "counterparty_name": name,
        "text": f"Abschlag 0{month + 1}/2026 {_TEXT.format(place)}",
    }
    for place, name in enumerate(("Nico Jung", "Eva Lange", "Bernd Franke"), start=1)
    for month in range(2)
)


def _paid(text: str, payer: str | None, amount: int = 82) -> MatchResult:
    line = {"item_id": "L", "amount": amount, "on": 10, "text": text, "counterparty_name": payer}
    return match({"bank_lines": items(line), "open_items": items(*_BILLS)}, preset("receivables"))


@pytest.mark.parametrize(
    "said",
    [
        "Zaehler 3861129",
        "vertrag v621204",
        "Vers. L57-321611-6",
        "nico.jung13@mail.de",
        "Tel 01592815020",
        "UPI-01592815020-X",
    ],
)
def test_a_number_that_is_one_customers_alone_names_him(said: str) -> None:
    assert ids("I10", "L")[0] in members(_paid(said, None))


def test_what_several_customers_bills_show_names_nobody() -> None:
    assert members(_paid("Abschlag 01/2026", "Otto Weiss"), "matched") == []


def test_a_short_name_of_two_words_is_found_in_a_text_in_either_order() -> None:
    for said in ("Abschlag Eva Lange", "LANGE EVA abschlag"):
        assert ids("I20", "L")[0] in members(_paid(said, None, 85)), said


def test_the_name_in_the_text_is_more_than_a_payers_name_that_is_like_anothers() -> None:
    bills = (*_BILLS, *({**each, "item_id": f"X{each['item_id']}", "amount": 88} for each in _BILLS[:2]))
    line = {"item_id": "L", "amount": 88, "on": 10, "text": "Nico Jung Abschlag", "counterparty_name": "Bernd Frank"}
    result = match({"bank_lines": items(line), "open_items": items(*bills)}, preset("receivables"))
    assert ("I30", "L") not in members(result, "matched")


def test_the_number_of_an_equal_bill_is_more_than_a_name_that_is_like_anothers() -> None:
    def bill(name: str, customer: str, number: int, on: int) -> dict[str, object]:
        said = {"references": [f"RE-2026-{number}"], "counterparty_name": customer, "counterparty_id": customer[:5]}
        return {"item_id": name, "amount": 238, "on": on} | said

    bills = (bill("I1", "Nexel Motors AG", 5690, 0), bill("I2", "Bernorkel Tools GmbH", 5542, 2))
    line = {"item_id": "L", "amount": 238, "on": 20, "text": "5690", "counterparty_name": "Bernorkel Holding AG"}
    result = match({"bank_lines": items(line), "open_items": items(*bills)}, preset("receivables"))
    assert ("I2", "L") not in members(result, "matched")


def _tenants(count: int) -> list[dict[str, object]]:
    return [
        {"item_id": f"I{flat}", "amount": 650, "on": 0, "references": [f"MV-41{flat}-2024"]}
        | {"counterparty_name": f"Tenant {'ABCDEFGHIJKLMNOP'[flat] * 4} Quist", "counterparty_id": f"55{flat:02}"}
        | {"text": f"Wohnung B{flat:02} Miete"}
        for flat in range(count)
    ]


@pytest.mark.parametrize("said", ["Whg B{:02} Miete", "Kd.-Nr. 55{:02}"])
def test_a_short_number_names_a_customer_where_nearly_all_behind_its_word_are_customers(said: str) -> None:
    line = {"amount": 650, "on": 3}
    strangers = [f"Payer {letter * 5}" for letter in "QRSTUVWXYZABCD"]
    lines = [
        line | {"item_id": f"L{flat}", "text": said.format(flat), "counterparty_name": strangers[flat]}
        for flat in range(14)
    ]
    for others, found in ((0, 14), (10, 0)):
        beside = [line | {"item_id": f"X{n}", "amount": 999 + n, "text": said.format(40 + n)} for n in range(others)]
        result = match(
            {"bank_lines": items(*lines, *beside), "open_items": items(*_tenants(14))}, preset("receivables")
        )
        pairs = [each for each in members(result) if len(each) == 2 and each[0][1:] == each[1][1:]]
        assert len(pairs) == found, said


def test_who_is_called_like_a_customer_may_pay_for_the_one_he_names() -> None:
    bills = [each | {"amount": 60} for each in _BILLS if str(each["item_id"]).endswith("0")]
    line = {"item_id": "L", "amount": 60, "on": 10, "text": "Nico Jung Abschlag", "counterparty_name": "EVA LANGE"}
    result = match({"bank_lines": items(line), "open_items": items(*bills)}, preset("receivables"))
    assert ("I20", "L") not in members(result, "matched")


def test_a_telephone_number_of_monthly_bills_tells_none_of_them_though_zeros_lead_it() -> None:
    bills = [each | {"amount": 60, "due_date": None} for each in _BILLS[:2]]
    lines = [{"item_id": "L", "amount": 60, "on": 2, "text": "Tel 01592815020"}]
    lines += [{"item_id": "M", "amount": 60, "on": 3, "text": "RG 7002107"}]
    result = match({"bank_lines": items(*lines), "open_items": items(*bills)}, preset("receivables"))
    assert "shared_word" not in result.groups["pass"].to_list()


def test_items_of_a_customer_that_lack_its_id_are_its_own_all_the_same() -> None:
    bills = (*_BILLS, _BILLS[0] | {"item_id": "X", "amount": 91, "counterparty_id": None})
    line = {"item_id": "L", "amount": 91, "on": 10, "text": "Kd 437171"}
    result = match({"bank_lines": items(line), "open_items": items(*bills)}, preset("receivables"))
    assert ("L", "X") in members(result)
