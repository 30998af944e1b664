"""A declaration proposed from a sample file of a bank: what its cells prove, what its names suggest, and what stays
open.

Nothing is decided silently: each choice comes with a note saying what it rests on, and what the file does not tell (a
currency, the order of day and month, the meaning of a sign) is a question that the person who onboards the bank has to
answer.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import yaml

from ingestion.currencies import CURRENCIES
from ingestion.declaration import FileDeclaration, parse_declaration
from ingestion.declaration_columns import InferenceError, Layout, layout_of
from ingestion.declaration_encoding import decoded
from ingestion.declaration_evidence import is_date, is_number, number_evidence
from ingestion.declaration_marks import currency_of, unmarked
from ingestion.declaration_rows import find_other_rows
from ingestion.declaration_signs import describe_signs
from ingestion.declaration_vocabulary import caption_name, currency_in, open_item_names, role_names
from ingestion.references import is_iban

SAMPLE_BYTES = 1 << 20
BLOCK_LINES = 18  # with `format:` and `declaration:` a proposal has at most 20 lines
SAMPLE_ROWS = 2000
HEADER_ROWS = 60
AMOUNTS = ("amount", "debit", "credit", "running_balance")
DELIMITERS = ";,\t|"
_OTHER_YEARS = re.compile(
    r"(?<!\d)(?:(?:1[34]|2[56])\d\d[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:1[34]|2[56])\d\d)(?!\d)"
)
_FORMULA = re.compile('="(.*)"')  # a text as Excel is made to take it: ="0012345"
Grid = list[list[str]]
__all__ = ["InferenceError", "Note", "Proposal", "infer", "infer_grid"]


@dataclass(frozen=True)
class Note:
    """What a proposed key rests on; an open question has to be answered before the declaration is used."""

    topic: str
    text: str
    is_question: bool = False


@dataclass
class Proposal:
    """A `declaration:` block and what it rests on."""

    block: dict[str, object]
    format: str = "csv"
    notes: list[Note] = field(default_factory=list)

    @property
    def questions(self) -> list[Note]:
        """What the file does not tell."""
        return [note for note in self.notes if note.is_question]

    def declaration(self) -> FileDeclaration:
        """The block as a declaration; raises `DeclarationError` while a question about a required key is open."""
        return parse_declaration(self.block)

    def yaml(self) -> str:
        """The block as it goes under `declaration:` of a source, one line a column; a long one has its preamble in one line."""
        lines = self._lines("columns", "preamble")
        return "\n".join(lines if len(lines) <= BLOCK_LINES else self._lines("columns")) + "\n"

    def _lines(self, *unfolded: str) -> list[str]:
        lines = []
        for key, value in self.block.items():
            if isinstance(value, dict) and key in unfolded:
                lines += [f"{key}:", *(f"  {_flow({name: one})}" for name, one in value.items())]
            else:
                lines.append(_flow({key: value}))
        return lines


def _flow(pair: dict[str, object]) -> str:
    text = yaml.safe_dump(pair, default_flow_style=True, width=10_000, allow_unicode=True, sort_keys=False)
    return text.strip()[1:-1]


def infer(data: bytes, *, currency: str | None = None, account: str | None = None) -> Proposal:
    """A declaration of kind bank_entry for a CSV file, from its first bytes (a whole small file, or `SAMPLE_BYTES` of
    it).

    `currency` (ISO 4217) and `account` answer what a file may not tell. Raises `InferenceError` where no table with a
    date and an amount is found.
    """
    notes: list[Note] = []
    text, encoding, told = decoded(data[:SAMPLE_BYTES])
    notes += [Note("encoding", one, is_question) for one, is_question in told]
    delimiter, quote, grid = _cut(text)
    if len(data) > SAMPLE_BYTES:
        grid.pop()
    block: dict[str, object] = {"delimiter": delimiter}
    if encoding != "utf-8":
        block = {"encoding": encoding, **block}
    if quote != '"':
        block["quote"] = quote
    _describe(grid, block, notes, currency, account)
    return Proposal(block, "csv", notes)


def infer_grid(grid: Grid, *, currency: str | None = None, account: str | None = None) -> Proposal:
    """A declaration for rows of cells, as a sheet has them; raises `InferenceError` as `infer` does."""
    notes: list[Note] = []
    block: dict[str, object] = {}
    _describe(grid[:SAMPLE_ROWS], block, notes, currency, account)
    return Proposal(block, "xlsx", notes)


# bytes to cells
# --------------------------------------------------------------------------------------------------------


def _cut(text: str) -> tuple[str, str, Grid]:
    """(delimiter, quote, rows): the delimiter under which most rows of one width hold a date and a number."""
    best: tuple[tuple[int, int], str, Grid] | None = None
    for delimiter in DELIMITERS:
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True))
        except csv.Error:
            continue
        rows = [[cell.strip() for cell in row] for row in rows[:SAMPLE_ROWS]]
        entries = [row for row in rows if _is_entry(row)]
        widths = [len(row) for row in entries if len(row) > 1]
        common = max((widths.count(width) for width in set(widths)), default=0)
        score = (common, max(map(role_score, rows[:HEADER_ROWS]), default=0))
        if best is None or score > best[0]:
            best = (score, delimiter, rows)
    if best is None or best[0][0] == 0:
        if sum(_OTHER_YEARS.search(line) is not None for line in text.splitlines()[:SAMPLE_ROWS]) > 1:
            raise InferenceError(
                "the dates are of another calendar (their years are not ours): ask the bank for ISO dates"
            )
        raise InferenceError("no rows with a date and an amount: it is no list of bank entries, or it has none")
    return best[1], '"', best[2]


def _is_entry(row: Sequence[str]) -> bool:
    return any(is_date(cell) for cell in row) and any(
        is_number(unmarked(cell)[0]) and not is_date(cell) for cell in row
    )


def role_score(row: Sequence[str]) -> int:
    """How many different roles the names of a row have; a row of names holds no dates and hardly a number."""
    filled = [cell for cell in row if cell]
    if len(filled) < 2 or any(is_date(cell) for cell in filled):
        return 0
    return len({roles[0] for cell in filled if (roles := role_names(cell))})


# cells to a block
# ------------------------------------------------------------------------------------------------------


def _describe(
    grid: Grid, block: dict[str, object], notes: list[Note], currency: str | None, account: str | None
) -> None:
    header = _header_row(grid)
    layout = layout_of(grid, header)
    if found := open_item_names(layout.names):
        due, item = found
        raise InferenceError(
            f"a list of open items, by its columns {due!r} and {item!r}: declare it with kind: open_item"
        )
    find_other_rows(layout)
    notes += [Note(topic, text, is_question) for topic, text, is_question in layout.notes]
    if header is None:
        block["header"] = False
        notes.append(Note("header", "the file has no line of column names: columns are numbered", True))
    _describe_notation(layout, block)
    block["kind"] = "bank_entry"
    columns = dict(layout.columns)
    constants: dict[str, str] = {}
    above = grid[: header or 0]
    _learn_thousands(above, layout, block)
    preamble = _preamble(above, layout)
    if "currency" in columns:
        preamble.pop("currency", None)
    notes += [Note("preamble", f"{name} stands above the header") for name in preamble]
    code = _currency(layout, columns, preamble, above, currency, notes)
    if code is not None:
        constants["currency"] = code
    if account is not None and "account_id" not in columns and "account_id" not in preamble:
        constants["account_id"] = account
    if "account_id" not in columns and "account_id" not in preamble and account is None:
        notes.append(Note("account", "the file names no account: set `account` of the source"))
    if preamble:
        block["preamble"] = preamble
    for key, value in describe_signs(layout, columns).items():
        block[key] = value
    notes += [Note(topic, text, is_question) for topic, text, is_question in layout.sign_notes]
    for role in ("amount", "debit", "credit", "running_balance"):
        if (name := columns.get(role)) in layout.marks:
            columns[role] = {"from": name, "without": layout.marks[str(name)]}
    for role, name in columns.items():
        if isinstance(name, str) and (cells := layout.cells(name)) and all(map(_FORMULA.fullmatch, cells)):
            columns[role] = {"from": name, "pattern": _FORMULA.pattern}
    if layout.skip:
        block["skip"] = layout.skip
    if layout.continuation:
        block["continuation"] = layout.continuation
    if layout.footer:
        block["footer"] = layout.footer
    if constants:
        block["constants"] = constants
    block["columns"] = columns


def _header_row(grid: Grid) -> int | None:
    scores = [role_score(row) for row in grid[:HEADER_ROWS]]
    best = max(scores, default=0)
    if best >= 2:
        return scores.index(best)
    first = next((number for number, row in enumerate(grid) if _is_entry(row)), 0)
    above = first - 1
    if above >= 0 and len(grid[above]) == len(grid[first]) and sum(bool(cell) for cell in grid[above]) >= 3:
        return above  # names in words that are not known
    return None


def _describe_notation(layout: Layout, block: dict[str, object]) -> None:
    if layout.dates and layout.dates != ("iso",):
        block["dates"] = layout.dates[0] if len(layout.dates) == 1 else list(layout.dates)
    if layout.numbers is not None:
        given = layout.numbers.model_dump(exclude_defaults=True)
        if given:
            block["numbers"] = given


def _learn_thousands(above: Grid, layout: Layout, block: dict[str, object]) -> None:
    """A balance above the header may part its thousands where the entries have none: it is written as they are all the same."""
    for row in above:
        for label, value in pairwise(cell for cell in row if cell):
            is_balance = caption_name(label.rstrip(": ")) in ("opening_balance", "closing_balance")
            if not is_balance or not is_number(value) or layout.reads_number(value) or layout.numbers is None:
                continue
            names = [name for role in ("amount", "running_balance") for name in layout.taken.get(role, [])]
            cells = [cell for name in names for cell in layout.cells(name)]
            found = number_evidence([*cells, value])
            if found and not found.open and found.numbers.decimal == layout.numbers.decimal:
                layout.numbers = found.numbers
                _describe_notation(layout, block)


def _preamble(above: Grid, layout: Layout) -> dict[str, object]:
    """Facts in the lines above the header whose caption is known and whose value has the form of the fact."""
    found: dict[str, object] = {}
    for row in above:
        for position, cell in enumerate(row):
            label, _, rest = cell.partition(":")
            name = caption_name(label)
            value = rest.strip() or next((other for other in row[position + 1 :] if other), "")
            if name is None or not value or not cell:
                continue
            if name == "account_id" and name in found and is_iban(value):
                del found[name]  # the IBAN is the better name of the account
            caption = _caption(name, label.strip(), value, layout)
            if caption is not None and name not in found:
                found[name] = caption
    if "account_id" not in found:
        found |= _unnamed_iban(above)
    return found


def _unnamed_iban(above: Grid) -> dict[str, object]:
    """An IBAN above the header, whatever stands before it (`Girokonto;DE89...`)."""
    for row in above:
        for label, value in pairwise(row):
            if label and is_iban(value):
                return {"account_id": label}
    return {}


def _caption(name: str, label: str, value: str, layout: Layout) -> object | None:
    if name == "currency":
        match = re.search(r"\b([A-Z]{3})\b", value)
        return {"label": label, "pattern": r"\b([A-Z]{3})\b"} if match and match[1] in CURRENCIES else None
    if name == "account_id":
        inner = value.removeprefix('="').removesuffix('"')
        if sum(letter.isdigit() for letter in inner) < 3:
            return None
        if inner != value:
            return {"label": label, "pattern": r'="(.*)"'}
        if re.search(r" [A-Z]{3}$", value):
            return {"label": label, "pattern": r"^(.*?)(?: [A-Z]{3})?$"}
        return label
    if name in ("from_date", "to_date"):
        if not is_date(value):
            return None
        form = layout.date_format_of(value)
        return None if form is None else label if form in layout.dates else {"label": label, "dates": form}
    if name == "declared_entries":
        return {"label": label, "optional": True} if value.isdigit() else None
    if layout.reads_number(value):
        return label
    match = re.fullmatch(r"[A-Z]{3}\s+(\S.*)|(.*\S)\s+[A-Z]{3}", value)
    number = (match[1] or match[2]) if match else ""
    if number and layout.reads_number(number):
        return {"label": label, "pattern": r"^(?:[A-Z]{3}\s+)?(.*?)(?:\s+[A-Z]{3})?$"}
    return None


def _currency(
    layout: Layout,
    columns: dict[str, object],
    preamble: dict[str, object],
    above: Grid,
    given: str | None,
    notes: list[Note],
) -> str | None:
    """The constant currency where no column and no caption has one: from column names, the preamble, or the caller."""
    if "currency" in columns or "currency" in preamble:
        return None
    taken = [name for role in AMOUNTS for name in layout.taken.get(role, [])]
    named = [name for name in layout.names if not {*AMOUNTS}.isdisjoint(role_names(name))]
    in_names = {code for name in (*taken, *named) if (code := currency_in(name))}  # other amounts may be in another one
    if len(in_names) == 1:
        code = in_names.pop()
        notes.append(Note("currency", f"{code}, by the column names"))
        return code
    in_cells = {currency_of(layout.marks[name]) for name in layout.taken["amount"] if name in layout.marks} - {""}
    if len(in_cells) == 1:
        code = in_cells.pop()
        notes.append(Note("currency", f"{code}, by the amounts", False))
        return code
    for row in sorted(above, key=lambda row: not any(map(_has_amount, row))):  # beside a balance first
        for cell in row:
            words = list(re.finditer(r"(?:^|[\s:])([A-Z]{3})(?=\s|$)", cell))
            match = next((word for word in words if word[1] in CURRENCIES), None)
            label = cell.partition(":")[0].strip() if ":" in cell else row[max(0, row.index(cell) - 1)]
            if match and label and label != cell:
                code = (
                    "[A-Z]{3}" if match is words[0] else match[1]
                )  # behind another word of three letters: this code alone
                preamble["currency"] = {"label": label, "pattern": rf"\b({code})(?=\s|$)"}
                notes.append(Note("currency", f"{match[1]}, from the line {' '.join(filter(None, row))[:60]!r}"))
                return None
    if given is not None:
        notes.append(Note("currency", f"{given}, as given"))
        return given
    notes.append(Note("currency", "the file names none: add it under `constants:` (--currency CHF)", True))
    return None


def _has_amount(cell: str) -> bool:
    return re.search(r"\d[.,]\d\d$", cell) is not None
