"""Which column of a bank's list is which: a role by its name, confirmed by its cells.

A column whose name and cells disagree gets no role. Text columns without a role of their own are joined into the
entry's text, so that nothing a bank tells about an entry is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ingestion.currencies import CURRENCIES, minor_units
from ingestion.declaration import Numbers
from ingestion.declaration_evidence import (
    date_formats,
    in_order,
    is_date,
    is_number,
    number_evidence,
    number_value,
    parsed_date,
)
from ingestion.declaration_marks import marked_columns, unmarked
from ingestion.declaration_vocabulary import (
    cell_means,
    currency_in,
    day_comes_first,
    folded,
    is_detail_amount,
    is_state,
    role_names,
)
from ingestion.readers.text_table import unique_names

Grid = Sequence[Sequence[str]]
AGREEMENT = 0.9  # share of the cells of a column that have to look like its role
STRONG_BOOKING = re.compile(r"buch|book|compta|registr|contab|ecrit|post|bokf|bogf|kirjaus|ksieg")
SIDES = ("debit", "credit")
STATES = 8  # more are no states


class InferenceError(ValueError):
    """The file is no table of bank entries that a declaration could be proposed for; the message says why."""


@dataclass
class Layout:
    """The columns of a list and their roles, how its dates and numbers are written, and which rows are no entries."""

    names: tuple[str, ...]
    rows: list[Sequence[str]]  # the entries
    body: list[Sequence[str]]  # all rows below the header
    columns: dict[str, object] = field(default_factory=dict)
    taken: dict[str, list[str]] = field(default_factory=dict)  # role -> file columns
    marks: dict[str, str] = field(default_factory=dict)  # column -> the currency mark its numbers carry
    dates: tuple[str, ...] = ()
    numbers: Numbers | None = None
    skip: list[dict[str, object]] = field(default_factory=list)
    continuation: list[str] = field(default_factory=list)
    footer: str = ""
    notes: list[tuple[str, str, bool]] = field(default_factory=list)
    sign_notes: list[tuple[str, str, bool]] = field(default_factory=list)

    def cells(self, name: str, *, filled: bool = True) -> list[str]:
        """The cells of a column in the entries, in file order."""
        at = self.names.index(name)
        cells = [row[at].strip() if at < len(row) else "" for row in self.rows]
        return [cell for cell in cells if cell] if filled else cells

    def reads_number(self, text: str) -> bool:
        """Whether a text is a number as the entries write them."""
        return self.numbers is not None and number_value(text, self.numbers) is not None

    def date_format_of(self, text: str) -> str | None:
        """The format a date above the header has: the entries' own where it fits, else the only one it can have."""
        own = next((form for form in self.dates if parsed_date(text, form)), None)
        found = date_formats([text])
        return own or (found[0] if len(found) == 1 else None)


def layout_of(grid: Grid, header: int | None) -> Layout:
    """The layout of a list whose names are in row `header` (None: it has no names)."""
    body = list(grid[header + 1 :] if header is not None else grid)
    if not body:
        raise InferenceError("no rows with a date and an amount: the list is empty")
    width = len(grid[header]) if header is not None else max(map(len, body))
    names = unique_names(list(grid[header]) if header is not None else [""] * width)
    dated = [row for row in body if any(is_date(cell) for cell in row)]
    entries = [row for row in dated if len(row) == width] or dated  # a line of another width is no row of the list
    marks = marked_columns(entries, width)
    if marks:
        without = {id(row): [unmarked(cell)[0] if at in marks else cell for at, cell in enumerate(row)] for row in body}
        body, entries = [without[id(row)] for row in body], [without[id(row)] for row in entries]
    layout = Layout(names, entries, list(body), marks={names[at]: mark for at, mark in marks.items()})
    by_role = _roles(layout)
    dates = _booking_columns(layout, by_role)
    positions = [names.index(name) for name in dates]
    layout.rows = [row for row in entries if any(at < len(row) and is_date(row[at]) for at in positions)]
    _take_dates(layout, dates, by_role)
    _take_amounts(layout, by_role)
    _take_rest(layout, by_role)
    return layout


# roles
# -----------------------------------------------------------------------------------------------------------------


def _roles(layout: Layout) -> dict[str, list[str]]:
    """Role -> columns whose name has it and whose cells agree."""
    found: dict[str, list[str]] = {}
    for name in layout.names:
        cells = layout.cells(name)
        for role in role_names(re.sub(r"#\d+$", "", name)):
            if _agrees(role, cells, len(layout.rows)):
                found.setdefault(role, []).append(name)
                break
    telling = [name for name in layout.names if _tells_sides(layout.cells(name, filled=False))]
    if telling:
        found.setdefault("credit_debit", telling)
    states = [name for name in layout.names if _tells_states(layout.cells(name, filled=False))]
    if states and not {name for names in found.values() for name in names} & set(states):
        found.setdefault("status", states)
    return found


def _tells_states(cells: Sequence[str]) -> bool:
    """Whether each cell says that its entry is booked, or waits, and nothing else, whatever the column is called."""
    return bool(cells) and all(is_state(cell) for cell in set(cells))


def _tells_sides(cells: Sequence[str]) -> bool:
    """Whether the cells say debit or credit, and nothing else, whatever the column is called."""
    sides = [(cell_means(cell, "debit"), cell_means(cell, "credit")) for cell in cells]
    return set(sides) == {(True, False), (False, True)}


def _agrees(role: str, cells: Sequence[str], entries: int) -> bool:
    if role in ("booking_date", "value_date"):
        return _share(cells, is_date) >= AGREEMENT
    if role in ("amount", "running_balance", *SIDES):
        return not cells or _share(cells, is_number) >= AGREEMENT
    if not cells:
        return False
    if role == "currency":
        return _share(cells, lambda cell: re.fullmatch(r"[A-Z]{3}", cell) is not None) == 1
    if role == "credit_debit":
        return _share(cells, lambda cell: mark_of(cell) is not None) >= AGREEMENT
    if role == "account_id":
        accounts = set(cells)
        if len(cells) < AGREEMENT * entries:  # an own account stands in every row
            return False
        return len(accounts) <= max(1, entries // 5) and all(any(c.isdigit() for c in one) for one in accounts)
    if role == "counterparty_account":
        return _share(cells, lambda cell: any(c.isdigit() for c in cell)) >= AGREEMENT
    if role == "status":
        return any(is_state(cell) for cell in set(cells))
    return True


def mark_of(text: str) -> str | None:
    """`DBIT` or `CRDT` where the first word of a cell is a debit or credit mark."""
    word = folded(text).split(" ")[0]
    return "DBIT" if cell_means(word, "debit") else "CRDT" if cell_means(word, "credit") else None


def _share(cells: Sequence[str], test: Callable[[str], bool]) -> float:
    return sum(map(test, cells)) / len(cells) if cells else 0.0


# dates
# -----------------------------------------------------------------------------------------------------------------


def _booking_columns(layout: Layout, by_role: dict[str, list[str]]) -> list[str]:
    """The column of the booking date; with others to fall back on where it is not always filled."""
    named = by_role.get("booking_date", [])
    strong = [name for name in named if STRONG_BOOKING.search(folded(name))]
    ordered = [*strong, *(name for name in named if name not in strong)]
    if not ordered:
        dated = [name for name in layout.names if _share(layout.cells(name), is_date) >= AGREEMENT]
        ordered = (by_role.get("value_date", []) or dated)[:1]
        if len(dated) > 1:
            layout.notes.append(("booking_date", f"{ordered[0]!r}, of {', '.join(dated)}: none by its name", True))
        elif ordered:
            layout.notes.append(("booking_date", f"{ordered[0]!r} is the only date there is", False))
    if not ordered:
        return []
    if len(ordered) == 1 or all(layout.cells(ordered[0], filled=False)):
        return ordered[:1]
    layout.notes.append(("booking_date", f"{ordered[0]!r} is not always filled: {ordered[1]!r} stands in", False))
    return ordered


def _take_dates(layout: Layout, booking: list[str], by_role: dict[str, list[str]]) -> None:
    value = [name for name in by_role.get("value_date", []) if name not in booking][:1]
    cells = [cell for name in booking for cell in layout.cells(name) if is_date(cell)]
    formats = date_formats(cells)
    more = [cell for name in value for cell in layout.cells(name) if is_date(cell)]
    together = date_formats([*cells, *more])
    if together:
        formats = together
    layout.dates = _decided(layout, formats, cells, more)
    if booking:
        layout.columns["booking_date"] = booking[0] if len(booking) == 1 else {"first_of": booking}
    for name in value:
        own = date_formats(more)
        if together or not own:
            layout.columns["value_date"] = name
        else:
            layout.columns["value_date"] = {"from": name, "dates": own[0] if len(own) == 1 else list(own)}
    layout.taken |= {"booking_date": booking, "value_date": value}


def _decided(layout: Layout, formats: tuple[str, ...], cells: Sequence[str], more: Sequence[str]) -> tuple[str, ...]:
    """The format of the dates, or several where nothing tells them apart."""
    if len(formats) <= 1:
        if formats:
            layout.notes.append(
                ("dates", f"{formats[0]}: no other format reads all {len(cells) + len(more)} dates", False)
            )
        else:
            layout.notes.append(("dates", "no single format reads all dates", True))
        return formats
    shown = " or ".join(formats)
    ordered = [form for form in formats if in_order(cells, form)]
    if len(ordered) == 1 and len(set(cells)) > 2:
        layout.notes.append(
            ("dates", f"{ordered[0]}: of {shown}, the one in which the rows are in order of time", False)
        )
        return tuple(ordered)
    day_first = [form for form in formats if form.startswith("%d")]
    if day_comes_first(list(layout.names)) and len(day_first) == 1:
        layout.notes.append(
            ("dates", f"{day_first[0]}: of {shown}, the one of the language of the column names", False)
        )
        return tuple(day_first)
    example = next(cell for cell in cells if len({parsed_date(cell, form) for form in formats}) > 1)
    layout.notes.append(
        (
            "dates",
            f"{example} can be read as {shown}: keep one; with both, only dates that are the same in both load",
            True,
        )
    )
    return formats


# amounts
# ---------------------------------------------------------------------------------------------------------------


def _take_amounts(layout: Layout, by_role: dict[str, list[str]]) -> None:
    taken = _amount_columns(layout, by_role)
    balance = [name for name in by_role.get("running_balance", []) if layout.cells(name)][:1]
    used = [*taken.values(), *balance]
    codes = {code for name in by_role.get("currency", []) for code in layout.cells(name)}
    codes |= {code for name in used if (code := currency_in(name))}
    no_decimals = bool(codes) and all(code in CURRENCIES and minor_units(code) == 0 for code in codes)
    evidence = number_evidence([cell for name in used for cell in layout.cells(name)], no_decimals=no_decimals)
    if evidence is None:
        layout.notes.append(("numbers", f"no one notation reads all cells of {', '.join(used)}", True))
    else:
        layout.numbers = evidence.numbers
        if evidence.open:
            layout.notes.append(("numbers", f"{evidence.open}: set `numbers`", True))
    layout.columns |= taken
    if balance:
        layout.columns["running_balance"] = balance[0]
    layout.taken |= {"amount": list(taken.values()), "running_balance": balance}


def _amount_columns(layout: Layout, by_role: dict[str, list[str]]) -> dict[str, str]:
    debit, credit = ([*by_role.get(side, []), ""][0] for side in SIDES)
    amounts = [name for name in by_role.get("amount", []) if layout.cells(name)]
    if debit and credit and (layout.cells(debit) or layout.cells(credit)):
        return {"debit": debit, "credit": credit}
    if amounts:
        if len(amounts) > 1:
            layout.notes.append(("amount", f"{amounts[0]!r}; also an amount by name: {', '.join(amounts[1:])}", True))
        return {"amount": amounts[0]}
    numeric = [
        name
        for name in layout.names
        if _share(layout.cells(name), lambda cell: is_number(cell) and not is_date(cell)) == 1
        and name not in by_role.get("running_balance", [])
        and not is_detail_amount(name)
    ]
    if not numeric:
        layout.notes.append(("amount", "no column of amounts", True))
        return {}
    if len(numeric) > 4:
        raise InferenceError(f"no column is an amount by its name, and {len(numeric)} could be one by their cells")
    signed = [name for name in numeric if any(cell.startswith(("-", "−")) for cell in layout.cells(name))]
    chosen = (signed or numeric)[0]
    layout.notes.append(("amount", f"{chosen!r} by its cells alone, of {', '.join(numeric)}", True))
    return {"amount": chosen}


# the rest
# --------------------------------------------------------------------------------------------------------------


def _take_rest(layout: Layout, by_role: dict[str, list[str]]) -> None:
    single = ("account_id", "account_servicer_reference", "customer_reference", "end_to_end_id", "mandate_id", "cheque_number",
              "counterparty_account", "counterparty_agent", "counterparty_name")  # fmt: skip
    currencies = by_role.get("currency", [])
    if currencies:
        layout.columns["currency"] = currencies[0] if len(currencies) == 1 else {"first_of": currencies}
        layout.taken["currency"] = currencies
    for role in single:
        if role in by_role:
            layout.columns[role] = by_role[role][0]
            layout.taken[role] = by_role[role][:1]
    if "amount" in layout.columns and "credit_debit" in by_role:
        _take_mark(layout, by_role["credit_debit"][0])
    if "status" in by_role:
        _take_status(layout, by_role["status"][0])
    else:
        _ask_for_states(layout)
    used = {name for names in layout.taken.values() for name in names}
    _ask_whose_accounts(layout, [name for name in layout.names if name not in used])
    texts = [name for name in by_role.get("text", []) if name not in used and layout.cells(name)]
    texts += [name for name in layout.names if name not in used and name not in texts and _is_telling(layout, name)]
    if texts:
        layout.columns["text"] = texts[0] if len(texts) == 1 else {"join": texts}
        layout.taken["text"] = texts
    else:
        layout.notes.append(("text", "no column of text", False))


def _ask_whose_accounts(layout: Layout, names: Sequence[str]) -> None:
    """A question where a column by name of accounts has one in every row, and a few of them again and again."""
    for name in names:
        cells = layout.cells(name)
        few = 1 < len(set(cells)) <= len(layout.rows) / 2 and len(cells) == len(layout.rows)
        if "account_id" in role_names(name) and few and "account_id" not in layout.columns:
            text = f"{name!r} holds {len(set(cells))} accounts: own ones (map it to account_id) or the other parties'"
            layout.notes.append(("account", text, True))


def _is_telling(layout: Layout, name: str) -> bool:
    """Whether a column without a role says something about its entries: words, not a time, a number or a detail
    amount."""
    cells = layout.cells(name)
    if not cells or is_detail_amount(name) or _share(cells, lambda cell: is_number(cell) or is_date(cell)) > 0.5:
        return False
    return not all(re.fullmatch(r"[\d:.,\-/ ]+", cell) for cell in cells)


def _take_mark(layout: Layout, name: str) -> None:
    values = sorted(set(layout.cells(name)))
    named = [part.strip() for part in re.split(r"/", name) if mark_of(part)]  # the name often says both
    firsts = {value.split(" ")[0]: mark_of(value) for value in [*values, *named]}
    spec: dict[str, object] = {"from": name}
    if any(" " in value for value in values):
        spec["pattern"] = r"^(\S+)"
    spec["map"] = {word: mark for word, mark in firsts.items() if mark is not None}
    layout.columns["credit_debit"] = spec
    layout.taken["credit_debit"] = [name]


def _ask_for_states(layout: Layout) -> None:
    """A question where a column is called a status and says several things, none of them known: some rows may not be booked."""
    for name in layout.names:
        states = sorted(set(layout.cells(name)))
        if "status" in role_names(name) and 1 < len(states) <= STATES:
            text = (
                f"{name!r} says {', '.join(states)}: whether all such rows are booked is not known (map it to status)"
            )
            layout.notes.append(("status", text, True))


def _take_status(layout: Layout, name: str) -> None:
    values = sorted(set(layout.cells(name)))
    failed = [value for value in values if cell_means(value, "failed")]
    unknown = [value for value in values if not is_state(value)]
    others = [value for value in values if value not in failed and value not in unknown]
    named = {value: "PDNG" if cell_means(value, "pending") else "BOOK" for value in others}
    layout.columns["status"] = {"from": name, "map": named}
    layout.taken["status"] = [name]
    if unknown:
        text = f"{name!r} says {', '.join(unknown)}: whether such rows are booked is not known, they are rejected"
        layout.notes.append(("status", text, True))
    waiting = [value for value, status in named.items() if status == "PDNG"]
    if waiting:  # told, also because the words may be a person's own notes
        layout.notes.append(
            ("status", f"rows that say {', '.join(waiting)} in {name!r} wait and are not booked", False)
        )
    if failed:
        layout.skip.append({"column": name, "equals": failed, "reason": "failed"})
        layout.notes.append(("status", f"rows marked {', '.join(failed)} are no entries", False))
