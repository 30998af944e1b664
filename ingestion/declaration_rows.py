"""The rows of a bank's list that are no entries: totals, balances, what continues the row above, what follows the list."""

from __future__ import annotations

from collections.abc import Sequence

from ingestion.declaration_columns import Layout
from ingestion.declaration_vocabulary import tells_balance


def find_other_rows(layout: Layout) -> None:
    """Set `skip`, `continuation` and `footer` of a layout, with the notes they rest on."""
    entries = {id(row) for row in layout.rows}
    last = max((at for at, row in enumerate(layout.body) if id(row) in entries), default=-1)
    positions = [layout.names.index(name) for name in layout.taken["booking_date"]]
    telling = [*layout.taken.get("value_date", []), *layout.taken.get("amount", [])]
    amounts = [layout.names.index(name) for name in telling]
    totals: dict[str, None] = {}
    continued = undated = missing = 0
    for at, row in enumerate(layout.body):
        if id(row) in entries:
            missing += not _filled(row, [layout.names.index(name) for name in layout.taken.get("amount", [])])
        if id(row) in entries or not any(cell.strip() for cell in row):
            continue
        date_cell = _filled(row, positions)
        if at > last and not layout.footer and (date_cell or len(row) != len(layout.names)):
            layout.footer = next(cell for cell in row if cell.strip()).strip()[:40]
            layout.notes.append(("footer", f"the list ends before {layout.footer!r}", False))
        if layout.footer:
            continue
        if date_cell:
            totals[date_cell] = None
        elif not _filled(row, amounts):
            continued += 1
        else:
            undated += 1
    balances = _balance_rows(layout)
    if totals:
        column = layout.names[positions[0]]
        layout.skip.append({"column": column, "starts_with": list(totals), "reason": "total"})
        layout.notes.append(("skip", f"rows without a date that say {', '.join(totals)} are no entries", False))
    for column, texts in balances.items():
        layout.skip.append({"column": column, "equals": texts, "reason": "balance"})
        layout.notes.append(("skip", f"rows that say {', '.join(texts)} and have no entry are balances", False))
    if continued and "text" in layout.columns:
        layout.continuation = list(dict.fromkeys([*layout.taken["booking_date"], *telling]))
        layout.notes.append(("continuation", f"{continued} rows without date and amount continue the row above", False))
    if undated and not balances:
        layout.notes.append(
            ("booking_date", f"{undated} rows have a value date or an amount, and no booking date", False)
        )
    if missing and not balances:
        note = f"{missing} rows have a date and no amount: they are rejected, unless declared as no records"
        layout.notes.append(("rows", note, False))


def _balance_rows(layout: Layout) -> dict[str, list[str]]:
    """Column -> its texts in rows that name a balance and lack the date or the amount an entry has."""
    dates = [layout.names.index(name) for name in layout.taken["booking_date"]]
    amounts = [layout.names.index(name) for name in layout.taken.get("amount", [])]
    found: dict[str, dict[str, None]] = {}
    for row in layout.body:
        if len(row) != len(layout.names) or (_filled(row, dates) and _filled(row, amounts)):
            continue
        for name, cell in zip(layout.names, row, strict=True):
            if tells_balance(cell) and sum(bool(one.strip()) for one in row) > 1:
                found.setdefault(name, {})[cell.strip()] = None
    return {name: list(texts) for name, texts in found.items()}


def _filled(row: Sequence[str], positions: Sequence[int]) -> str:
    """The first cell at these positions that is not empty, or nothing."""
    return next((row[at].strip() for at in positions if at < len(row) and row[at].strip()), "")
