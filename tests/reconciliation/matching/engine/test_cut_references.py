"""A reference cut off names those it may have been: settled ones too, though none of them is looked for any more."""

from __future__ import annotations

import polars as pl
import pytest
from example_items import items

from reconciliation.matching import match, preset


def _taken(known: int, said: str, party: str | None = None) -> tuple[str, str, float]:
    """Pass, status and confidence of the group of a line whose text says this beside the one payment of its amount, E2E00000999,
    after so many payments were found by references that run from E2E00000001."""
    every = range(1, known + 1)
    found: list[dict[str, object]] = [
        {"amount": f"-{310 + n}.17", "references": [f"E2E{n:08}"], "on": n % 9} for n in every
    ]
    one: dict[str, object] = {"amount": "-4711.13", "counterparty_account": party, "on": 5}
    lines = [{"item_id": f"L{n}"} | each for n, each in enumerate(found)] + [{"item_id": "L", "text": said} | one]
    payments = [{"item_id": f"P{n}"} | each for n, each in enumerate(found)]
    payments.append({"item_id": "P", "references": ["E2E00000999"]} | one)
    frames = {"bank_lines": items(*lines), "payments": items(*payments), "open_items": items()}
    result = match(frames, preset("payables"))
    group = result.items.filter(pl.col("item_id") == "L").join(result.groups, on="group_id")
    name, status, confidence = group.select("pass", "status", "confidence").row(0)
    return str(name), str(status), float(confidence)


def test_a_beginning_that_is_one_payments_alone_names_it() -> None:
    assert _taken(60, "EREF E2E0000099")[:2] == ("cut_reference", "matched")


@pytest.mark.parametrize("known", [60, 400])
def test_a_beginning_that_many_settled_ones_share_names_nobody(known: int) -> None:
    assert _taken(known, "EREF E2E00000")[0] == "amount_date"


def test_the_fewer_begin_so_the_surer_it_is() -> None:
    few, many = (_taken(known, "EREF E2E00000") for known in (4, 40))
    assert few[0] == many[0] == "cut_reference"
    assert few[2] > many[2] > 0.999


def test_a_party_that_agrees_is_surer_than_a_worn_reference() -> None:
    assert _taken(60, "EREF E2E00000", party="DE02120300000000202051")[:2] == ("recurring", "matched")
