"""The rows of a bank's list that are no entries: totals, balances, what continues the row above, what follows the list."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingestion.declaration_columns import Layout
from ingestion.declaration_evidence import is_date
from ingestion.declaration_vocabulary import caption_name, is_balance, is_state, tells_balance, tells_total

_LIKE_DAY = re.compile(
    r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?!\S)|(?=.*[\d#])[\d\W_]*$"
)  # ##### is a day of a narrow column


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
        if _is_broken_entry(row, date_cell) or _is_whole_but_for_its_day(layout, row, date_cell):
            continue  # left to the reader, which says what is wrong with it
        opening = next(cell for cell in row if cell.strip()).strip()[:40]
        if at > last and not layout.footer and (date_cell or len(row) != len(layout.names)):
            if any(row and row[0].strip().startswith(opening) for row in layout.rows):
                continue  # an entry begins so too
            if not any(row and row[0].strip().startswith(opening) for row in layout.body[: last + 1]):
                layout.footer = opening  # a line of stars may stand above the list as below it
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
        dates = [_filled(row, positions[:1]) for row in layout.rows]
        is_prefix = any(date.startswith(text) for date in dates for text in totals)
        layout.skip.append(
            {"column": column, "equals" if is_prefix else "starts_with": list(totals), "reason": "total"}
        )
        layout.notes.append(("skip", f"rows without a date that say {', '.join(totals)} are no entries", False))
    for column, texts in balances.items():
        facts = _facts(layout, column, texts)
        layout.skip += [
            {"column": column, "equals": [text], "reason": "balance", "fact": fact} for text, fact in facts.items()
        ]
        if others := [text for text in texts if text not in facts]:
            layout.skip.append({"column": column, "equals": others, "reason": "balance"})
        layout.notes.append(("skip", f"rows that say {', '.join(texts)} are balances", False))
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


def _is_broken_entry(row: Sequence[str], date_cell: str) -> bool:
    """Whether a row begins as an entry does, but has too many or too few cells, or a day no calendar has or in digits that are
    none: such a row is not to be passed over silently, nor others of its day with it."""
    dated = is_date(date_cell) or _LIKE_DAY.match(date_cell) is not None
    return dated and sum(bool(cell.strip()) for cell in row) > 1 and not any(map(tells_balance, row))


def _is_whole_but_for_its_day(layout: Layout, row: Sequence[str], date_cell: str) -> bool:
    """Whether a row has an amount and a text as entries have, and words where its day should be that do not explain it."""
    if not date_cell or len(row) != len(layout.names) or is_state(date_cell):
        return False
    cells = dict(zip(layout.names, map(str.strip, row), strict=True))
    telling = [cells[name] for role in ("text", "counterparty_name") for name in layout.taken.get(role, [])]
    return (
        any(cells[name] and layout.reads_number(cells[name]) for name in layout.taken.get("amount", []))
        and any(re.search(r"[^\W\d_]{2}", cell) for cell in telling)
        and not any(tells_balance(cell) or tells_total(cell) for cell in cells.values())
    )


def _balance_rows(layout: Layout) -> dict[str, list[str]]:
    """Column -> its texts in rows that name a balance and lack the date or the amount an entry has, or say nothing else.

    Those that look like entries are taken out of the rows that are: their amounts are no movements.
    """
    dates = [layout.names.index(name) for name in layout.taken["booking_date"]]
    amounts = [layout.names.index(name) for name in layout.taken.get("amount", [])]
    found: dict[str, dict[str, None]] = {}
    for row in layout.body:
        if len(row) != len(layout.names):
            continue
        named = is_balance if _filled(row, dates) and _filled(row, amounts) else tells_balance
        for name, cell in zip(layout.names, row, strict=True):
            if named(cell) and sum(bool(one.strip()) for one in row) > 1:
                found.setdefault(name, {})[cell.strip()] = None
    at = {layout.names.index(name): texts for name, texts in found.items()}
    moved = [row for row in layout.rows if not any(row[place].strip() in texts for place, texts in at.items())]
    layout.rows = moved or layout.rows
    return {name: list(texts) for name, texts in found.items()}


def _facts(layout: Layout, column: str, texts: Sequence[str]) -> dict[str, str]:
    """The texts that name the opening or the closing balance, each where one row alone does."""
    at = layout.names.index(column)
    cells = [row[at].strip() for row in layout.body if at < len(row)]
    named = {text: caption_name(text) for text in texts}
    facts = {text: name for text, name in named.items() if name in ("opening_balance", "closing_balance")}
    return {
        text: name for text, name in facts.items() if cells.count(text) == 1 and list(facts.values()).count(name) == 1
    }


def _filled(row: Sequence[str], positions: Sequence[int]) -> str:
    """The first cell at these positions that is not empty, or nothing."""
    return next((row[at].strip() for at in positions if at < len(row) and row[at].strip()), "")
