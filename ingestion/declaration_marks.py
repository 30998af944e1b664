"""Currency signs and codes that a bank writes into its amounts: `-12,34 €`, `EUR 1,000.00`, `-$5.00`, `($5.00)`.

They are taken off for reading the numbers, and named in the column (`without`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingestion.currencies import CURRENCIES, CURRENCY_SIGNS
from ingestion.declaration_evidence import is_number

_MARK = "|".join(["[A-Z]{3}", *map(re.escape, sorted(CURRENCY_SIGNS, key=len, reverse=True))])
_BEFORE = re.compile(rf"([-+−(]?)\s*({_MARK})\s*(.*)")
_AFTER = re.compile(rf"(.*?)\s*({_MARK})\s*([-)]?)")


def unmarked(cell: str) -> tuple[str, str]:
    """A number without the currency mark before or after it, and the mark; any other text as it is."""
    if not cell or (cell[0].isdigit() and cell[-1].isdigit()):
        return cell, ""
    before, after = _BEFORE.fullmatch(cell), _AFTER.fullmatch(cell)
    for mark, number in (
        (before[2], before[1] + before[3]) if before else ("", ""),
        (after[2], after[1] + after[3]) if after else ("", ""),
    ):
        if (mark in CURRENCY_SIGNS or mark in CURRENCIES) and is_number(number):
            return number, mark
    return cell, ""


def marked_columns(rows: Sequence[Sequence[str]], width: int) -> dict[int, str]:
    """The columns in which every number carries one and the same currency mark, and the mark."""
    found: dict[int, str] = {}
    for at in range(width):
        pairs = [unmarked(row[at].strip()) for row in rows if at < len(row) and row[at].strip()]
        marks = {mark for _, mark in pairs}
        if len(marks) == 1 and (mark := marks.pop()):
            found[at] = mark
    return found


def currency_of(mark: str) -> str:
    """The currency a mark stands for, empty where it may be several."""
    return CURRENCY_SIGNS.get(mark, mark)
