"""What a bank writes beside everybody is nobody's name: a line that says no more than that names no other party."""

from __future__ import annotations

import polars as pl
import pytest
from example_items import items, members

from reconciliation.matching import match, preset

NAMES = ("Nordbau GmbH", "Alpen Chemie AG", "Terra Foods Ltd", "Kap Textil KG", "Lux Optik SARL", "Vita Medizin SpA")


def _said_of_a_line(text: str, known: int = len(NAMES)) -> str:
    """What is said of a line without a name, with this text, beside the one payment of its amount; `known` payments were found
    by their references."""
    named = list(enumerate(NAMES[:known]))
    lines: list[dict[str, object]] = [
        {"item_id": f"L{n}", "amount": f"-{310 + n}.17", "references": [f"E2E0{n}"], "text": f"SEPA CT Zahlung {name}"}
        for n, name in named
    ]
    payments: list[dict[str, object]] = [
        {"item_id": f"P{n}", "amount": f"-{310 + n}.17", "references": [f"E2E0{n}"], "counterparty_name": name}
        for n, name in named
    ]
    line: dict[str, object] = {"item_id": "L", "amount": "-4711.13", "text": text, "on": 2}
    payment: dict[str, object] = {"item_id": "P", "amount": "-4711.13", "counterparty_name": "Ferro Stahl AG"}
    frames = {"bank_lines": items(*lines, line), "payments": items(*payments, payment), "open_items": items()}
    result = match(frames, preset("payables"))
    group = result.items.filter(pl.col("item_id") == "L").join(result.groups, on="group_id")
    return str(group["explanation"].item())


@pytest.mark.parametrize("text", ["SEPA CT", "Zahlung 4711", "SEPA Zahlung"])
def test_standing_words_are_no_name(text: str) -> None:
    assert _said_of_a_line(text).startswith("The only equal amount near that date")


def test_a_word_that_stands_nowhere_else_may_be_another_name() -> None:
    assert _said_of_a_line("SEPA CT Hansa Druck").startswith("Equal amount but another name")


def test_a_word_that_stands_beside_few_may_be_a_name() -> None:
    assert _said_of_a_line("SEPA CT", known=4).startswith("Equal amount but another name")


def test_the_partys_own_name_is_found_behind_standing_words() -> None:
    assert _said_of_a_line("SEPA CT Ferro Stahl").startswith("Equal amount of the same counterparty")


def test_labels_are_learned_from_every_way_of_writing_however_many_pairs_the_first_pass_finds() -> None:
    plain: list[dict[str, object]] = [
        {"amount": f"-{310 + n}.17", "references": [f"E2E{n:05}"], "text": f"Zahlung {NAMES[n % 6]}", "on": n % 9}
        for n in range(2100)
    ]
    labelled: list[dict[str, object]] = [
        {"amount": f"-{7310 + n}.17", "text": f"EREF+E2E9{n:04} {name}", "on": n} for n, name in enumerate(NAMES)
    ]
    paid: list[dict[str, object]] = [
        {"amount": each["amount"], "references": [f"E2E9{n:04}"], "counterparty_name": NAMES[n], "on": n}
        for n, each in enumerate(labelled)
    ]
    one: dict[str, object] = {"amount": "-4711.13", "on": 2}
    lines = [{"item_id": f"L{n}"} | each for n, each in enumerate([*plain, *labelled])]
    lines.append({"item_id": "L", "text": "EREF NOTPROVIDED"} | one)
    payments = [{"item_id": f"P{n}", "counterparty_name": NAMES[n % 6]} | each for n, each in enumerate(plain)]
    payments += [{"item_id": f"Q{n}"} | each for n, each in enumerate(paid)]
    payments.append({"item_id": "P", "counterparty_name": "Ferro Stahl AG"} | one)
    frames = {"bank_lines": items(*lines), "payments": items(*payments), "open_items": items()}
    result = match(frames, preset("payables"))
    told = result.items.filter(pl.col("item_id") == "L").join(result.groups, on="group_id")["explanation"].item()
    assert str(told).startswith("The only equal amount near that date")


def test_a_short_name_behind_standing_words_is_the_party_of_a_sum() -> None:
    """Three letters stand in too many texts to be looked for; where nothing else is said they are the name."""
    bills: list[dict[str, object]] = [
        {"item_id": f"I{n}", "amount": f"-{310 + n}.17", "references": [f"RE-{n}0815"], "counterparty_name": name}
        for n, name in enumerate(NAMES)
    ]
    lines: list[dict[str, object]] = [
        {"item_id": f"L{n}", "amount": f"-{310 + n}.17", "text": f"Lastschrift {name} RE-{n}0815", "on": 3}
        for n, name in enumerate(NAMES)
    ]
    own: list[dict[str, object]] = [
        {"item_id": f"S{n}", "amount": amount, "counterparty_name": "SAP SE"}
        for n, amount in enumerate(("-2315.44", "-781.09"))
    ]
    line: dict[str, object] = {"item_id": "L", "amount": "-3096.53", "text": "Lastschrift SAP", "on": 3}
    frames = {"bank_lines": items(*lines, line), "payments": items(), "open_items": items(*bills, *own)}
    assert ("L", "S0", "S1") in members(match(frames, preset("payables")), "matched")
