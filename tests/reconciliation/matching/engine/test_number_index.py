"""Which items may show a number is known without reading all their texts: all that do are found, and few others."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest
from example_items import items
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciliation.matching.encoding import encode
from reconciliation.matching.number_index import LEAST, rows_showing
from reconciliation.matching.text import token_filter

TEXTS = st.one_of(st.none(), st.text(alphabet="0017 4/-A٣é", max_size=12))  # ٣ is an Arabic three


def shows(text: str | None, number: str) -> bool:
    said = (text or "").replace("٣", "3")
    return any(run.lstrip("0") == number.lstrip("0") for run in re.findall(f"[0-9]{{{LEAST},}}", said))


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=12),
    numbers=st.lists(st.text(alphabet="01734", min_size=3, max_size=5), min_size=1, max_size=4),
)
def test_every_item_that_shows_a_number_in_its_text_or_reference_is_found(
    texts: list[tuple[str | None, str | None]], numbers: list[str]
) -> None:
    rows: list[dict[str, object]] = [
        {"item_id": f"I{place}", "amount": 1, "text": text, "references": [reference] if reference else []}
        for place, (text, reference) in enumerate(texts)
    ]
    data = encode({"left": items(*rows)}).datasets["left"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(token_filter, "_WORTH", 0)
        patch.setattr(token_filter, "_WORTH_LOADED", 0)
        found = rows_showing(data, pl.Series(numbers))
    told = [place for place, pair in enumerate(texts) if any(shows(each, n) for each in pair for n in numbers)]
    assert set(told) <= set(found.tolist())
    assert np.all(np.diff(found.astype(np.int64)) > 0)


def test_few_others_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_filter, "_WORTH", 0)
    monkeypatch.setattr(token_filter, "_WORTH_LOADED", 0)
    many: list[dict[str, object]] = [
        {"item_id": f"I{place}", "amount": 1, "text": f"INV {place:06d}"} for place in range(2000)
    ]
    data = encode({"left": items(*many)}).datasets["left"]
    found = rows_showing(data, pl.Series(["000123", "1999", "77777"])).tolist()
    assert {123, 1999} <= set(found) and len(found) < 20
