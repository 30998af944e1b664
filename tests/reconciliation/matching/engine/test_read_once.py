"""What is made of an item's text is made once, however many passes and legs ask for it."""

from __future__ import annotations

import numpy as np
import polars as pl
from example_items import items

from reconciliation.matching.counterparty_keys import text_keys
from reconciliation.matching.encoding import Dataset, encode

NAMES = ["Müller GmbH", None, "A. Smith", "Müller GmbH"]
ROWS: list[dict[str, object]] = [
    {"item_id": f"B{place}", "amount": 1, "text": text} for place, text in enumerate(NAMES)
]
DATA = items(*ROWS)
KEYS = ["MULLER", None, "A SMITH", "MULLER"]


def test_rows_are_told_in_the_order_asked_and_again_the_same() -> None:
    lines = encode({"left": DATA}).datasets["left"]
    for rows in ([2], [3, 0, 2, 2], [], [0, 1, 2, 3]):
        told = text_keys(lines, np.array(rows, dtype=np.uint32))
        assert told.to_list() == [KEYS[row] for row in rows]


def test_each_row_is_read_once() -> None:
    lines = encode({"left": DATA}).datasets["left"]
    read: list[int] = []

    def length(data: Dataset, rows: np.ndarray[tuple[int, ...], np.dtype[np.uint32]]) -> pl.Series:
        read.extend(rows.tolist())
        return data.take(["text"], rows)["text"].str.len_chars()

    for rows in ([3, 1], [1, 2, 3], [0, 3]):
        lines.by_row(length, np.array(rows, dtype=np.uint32))
    assert sorted(read) == [0, 1, 2, 3]
