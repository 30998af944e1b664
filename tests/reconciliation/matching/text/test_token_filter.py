"""Texts that name nobody are left out before names are looked for in them."""

from __future__ import annotations

import polars as pl
import pytest

from reconciliation.matching.text import token_filter


def test_texts_without_a_name_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_filter, "_WORTH", 0)
    monkeypatch.setattr(token_filter, "_WORTH_LOADED", 0)
    texts = pl.DataFrame(
        {
            "text": ["GUTSCHRIFT RHEIN ALPEN BAU", "RHEINALPENBAU", "XRHEINALPEN", "R HEINALPEN", "RHEIN", ""],
            "entity": [1, 1, 1, 1, 1, 1],
        }
    )
    names = pl.DataFrame({"whole": ["RHEINALPENBAU", "GULFPLASTICS"], "entity": [1, 1]})
    named = token_filter.naming_texts(texts, names, ["entity"], 8)
    assert named.tolist() == [True, True, False, True, False, False]
    elsewhere = names.with_columns(entity=pl.lit(2))
    assert not token_filter.naming_texts(texts, elsewhere, ["entity"], 8).any()
