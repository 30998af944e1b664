"""Code words of SEPA entries end what stands before them, also where the bank has put no space between."""

from __future__ import annotations

import polars as pl
from example_items import items, members

from reconciliation.matching import match, preset
from reconciliation.matching.text.code_words import code_words_apart


def test_a_glued_code_word_stands_apart_and_all_else_stays() -> None:
    texts = pl.Series("text", ["EREF+12 34SVWZ+INV 7", None, "EREF+A SVWZ+B", "PREMIUM+ 9ABCD+", "SVWZ 12SVWZ"])
    assert code_words_apart(texts).to_list() == ["EREF+12 34 SVWZ+INV 7", *texts[1:]]
    assert texts[0] == "EREF+12 34SVWZ+INV 7"


def test_a_wrapped_id_before_a_code_word_is_the_payments() -> None:
    """Two payments of one amount and day, whose ids the bank wraps and glues to the purpose."""
    ids = ["200025100004072", "200025100004073"]
    own = {"amount": -70, "counterparty_id": "S1"}
    payments = items(*(own | {"item_id": f"P{n}", "references": [each]} for n, each in enumerate(ids)))
    texts = [f"EREF+{each[:7]} {each[7:]}SVWZ+Danke" for each in ids]
    lines = items(*({"item_id": f"L{n}", "amount": -70, "text": text} for n, text in enumerate(texts)))
    result = match({"bank_lines": lines, "payments": payments, "open_items": items()}, preset("payables"))
    assert members(result, "matched") == [("L0", "P0"), ("L1", "P1")]
