"""Facts in the lines above a header: account, currency, balances and period, as bank CSV files give them.

A caption finds its label in any cell, whatever its case and with or without a colon; the value is what follows the
label in the same cell, or the next cell of the line that is not empty.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from ingestion.contracts import BANK_STATEMENT, TEXT
from ingestion.declaration import Caption, FileDeclaration
from ingestion.declaration_values import Notation, clean, expectation, typed
from ingestion.reading import FileRejected

_TYPES = dict(BANK_STATEMENT.columns)


def read_preamble(lines: Sequence[Sequence[str]], declaration: FileDeclaration) -> dict[str, object]:
    """The declared facts, typed as their column of bank_statement; raises `FileRejected` where one is missing or
    wrong."""
    facts: dict[str, object] = {}
    for name, caption in declaration.preamble.items():
        text = find_caption(lines, caption)
        if text is None:
            if caption.optional:
                continue
            raise FileRejected(
                f"the lines above the header do not say {name}",
                place="preamble",
                found=" / ".join(" ".join(cell for cell in line if cell) for line in lines)[:500],
                expected=f"a value for {' or '.join(caption.label)}",
                advice="the sender changed the layout; if the line may be missing, declare it optional",
            )
        facts[name] = _value(name, text, caption, declaration)
    return facts


def find_caption(lines: Sequence[Sequence[str]], caption: Caption) -> str | None:
    """The text a caption stands for, or None where no line has it or the value is empty."""
    for line in lines:
        for position, cell in enumerate(line):
            rest = _after_label(cell, caption.label)
            if rest is None:
                continue
            text = rest or next((other.strip() for other in line[position + 1 :] if other.strip()), "")
            if caption.pattern is not None:
                match = re.search(caption.pattern, text)
                text = (match[1] or "").strip() if match else ""
            if text:
                return text
    return None


def _after_label(cell: str, labels: Sequence[str]) -> str | None:
    """What follows a label in its own cell (empty: nothing does), or None where the cell has no label."""
    text = " ".join(cell.split())
    folded = text.casefold()
    for label in labels:
        start = " ".join(label.split()).casefold().rstrip(": ")
        if folded == start:
            return ""
        if folded.startswith(start) and folded[len(start)] in ": ":
            return text[len(start) :].lstrip(": ").strip()
    return None


def _value(name: str, text: str, caption: Caption, declaration: FileDeclaration) -> object:
    kind = _TYPES.get(name, TEXT)
    notation = Notation(declaration.numbers, caption.dates or declaration.dates, declaration.timestamps)
    cells = pl.DataFrame({"text": [text]}, schema={"text": pl.String})
    value: object = cells.select(typed(clean(pl.col("text")), name, kind, notation)).item()
    if value is None:
        raise FileRejected(
            f"the {name} above the header cannot be read",
            place="preamble",
            found=text[:200],
            expected=expectation(name, kind, notation),
            advice="correct the pattern, the numbers or the dates of the declaration",
        )
    return value
