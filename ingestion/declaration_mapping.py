"""From a table of text to typed columns: one mapping of a declaration applied to many rows at once.

The result holds every column the mapping names, in the type its contract gives it, and for each row that cannot be
loaded the first column that failed. Nothing is dropped here: a row is either typed whole or named as failed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import polars as pl
import pyarrow as pa

from ingestion.contracts import AMOUNT, BANK_ENTRY_DETAIL, BANK_STATEMENT, BOOL, CONTRACTS, DATE, INT, RATE, TEXT
from ingestion.declaration import BANK_EXTRAS, STATEMENT_COLUMNS, Column, FileDeclaration, Mapping_
from ingestion.declaration_cells import Texts, arrow_texts, has_any_of, has_margins
from ingestion.declaration_values import (
    BY_CURRENCY,
    DIGITS,
    Notation,
    clean,
    expectation,
    is_timestamp,
    means_nothing,
    number_by_currency,
    read_plain,
    typed,
)
from ingestion.readers.text_table import PLACE, TextBlock, same_name
from ingestion.reading import FileRejected

POLARS_TYPES: dict[pa.DataType, pl.DataType] = {
    AMOUNT: pl.Decimal(23, 5),
    RATE: pl.Decimal(23, 10),
    TEXT: pl.String(),
    DATE: pl.Date(),
    INT: pl.Int64(),
    BOOL: pl.Boolean(),
    pa.list_(pa.string()): pl.List(pl.String),
}
FAILED = "#failed"
RAW = "#raw:"
Name = TypeVar("Name")
ANY = ("*",)  # in `where`: any value but an empty one


@dataclass(frozen=True)
class Failure:
    """A column of a row that is not what the contract needs."""

    field: str
    found: str
    expected: str
    advice: str


@dataclass(frozen=True)
class _State:
    """The file columns no cell of which begins or ends with white space, and those no cell of which is one of the
    values that mean nothing."""

    trimmed: frozenset[str] = frozenset()
    telling: frozenset[tuple[str, tuple[str, ...]]] = frozenset()


@dataclass(frozen=True)
class MappedRows:
    """Rows of a block: typed columns, places, and in `FAILED` the first column that failed (null: the row is good).

    `aside` has the columns of which nothing more is asked, as Arrow cut them, or the text that stands in every row.
    """

    frame: pl.DataFrame
    aside: Mapping[str, Texts | str]

    def good(self, failing: pl.Series) -> MappedRows:
        """The rows that have not failed."""
        kept = (~failing).to_arrow()
        aside = {name: texts if isinstance(texts, str) else texts.filter(kept) for name, texts in self.aside.items()}
        return MappedRows(self.frame.filter(~failing), aside)


def target_types(kind: str) -> dict[str, pa.DataType]:
    """The columns a mapping of this kind may feed, with their types."""
    types = dict(CONTRACTS[kind].columns)
    if kind == "bank_entry":
        types = {
            **dict.fromkeys(BANK_EXTRAS, TEXT),
            **dict(BANK_ENTRY_DETAIL.columns),
            **{name: value for name, value in BANK_STATEMENT.columns if name in STATEMENT_COLUMNS},
            **types,
            **dict.fromkeys(("debit", "credit", "running_balance"), AMOUNT),
        }
    return types


class RowMapper:
    """One mapping bound to the columns a file really has."""

    def __init__(self, part: Mapping_, declaration: FileDeclaration, names: tuple[str, ...]) -> None:
        self.part = part
        self.declaration = declaration
        self.types = target_types(part.kind)
        self._found = {same_name(name): name for name in reversed(names)}
        self.columns = {name: column for name, column in part.columns.items() if self._present(name, column)}
        used = {
            self._found[same_name(s)] for c in self.columns.values() for s in c.sources if same_name(s) in self._found
        }
        used |= {self._found[same_name(name)] for name in part.where if same_name(name) in self._found}
        self.unmapped = tuple(name for name in names if name not in used)
        self.required = tuple(
            name
            for name in self.types
            if name in CONTRACTS[part.kind].required and (name in self.columns or name in part.constants)
        )
        self._last = frozenset(
            name
            for name, kind in CONTRACTS[part.kind].columns
            if kind == TEXT and name not in ("credit_debit", "status") and not is_timestamp(name)
        )  # texts that nothing more is made of
        constants = {name: self._constant(name, constant) for name, constant in part.constants.items()}
        self.same = {name: str(value) for name, value in constants.items() if name in self._last}
        self._constants = {
            name: pl.lit(value, POLARS_TYPES[self.types[name]])
            for name, value in constants.items()
            if name not in self.same
        }

    def _present(self, target: str, column: Column) -> bool:
        there = [source for source in column.sources if same_name(source) in self._found]
        if there and (column.first_of or len(there) == len(column.sources)):
            return True
        if column.optional or (column.first_of and target not in CONTRACTS[self.part.kind].required):
            return False
        missing = [source for source in column.sources if source not in there]
        raise FileRejected(
            f"the file has no column for {target}",
            place="header",
            found=", ".join(self._found.values()),
            expected=("one of " if column.first_of else "") + ", ".join(missing),
            advice="the sender changed the layout, or the declaration names the column otherwise",
        )

    def selected(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows this mapping is for."""
        for name, values in self.part.where.items():
            text = pl.col(self._found[same_name(name)]).str.strip_chars().fill_null("")
            frame = frame.filter(text != "" if values == ANY else text.is_in(list(values)))
        return frame

    def text(self, name: str) -> pl.Expr:
        """A file column as cleaned text."""
        return clean(pl.col(self._found[same_name(name)]), self.declaration.nothing)

    def raw(self, column: Column, state: _State | None = None) -> pl.Expr:
        """The delivered text a contract column is made of; what `state` proves clean is taken as it is."""
        parts = [
            self._cleaned(self._found[same_name(s)], self._nothing(column), state or _State())
            for s in column.sources
            if same_name(s) in self._found
        ]
        if column.join:
            return pl.concat_str(parts, separator=column.separator, ignore_nulls=True).replace("", None)
        return parts[0] if len(parts) == 1 else pl.coalesce(parts)

    def _nothing(self, column: Column) -> tuple[str, ...]:
        return (*self.declaration.nothing, *column.nothing)

    @staticmethod
    def _cleaned(source: str, nothing: tuple[str, ...], state: _State) -> pl.Expr:
        trimmed = source in state.trimmed
        text = pl.col(source)
        return text if trimmed and (source, nothing) in state.telling else clean(text, nothing, trimmed)

    def _state(self, block: TextBlock, plain: Mapping[str, pl.Series]) -> _State:
        """What is proven of the texts of a block: most need no cleaning. Those read as `plain` are clean."""
        used = {name: self._pairs(column) for name, column in self.columns.items()}
        clean_pairs = {pair for name in plain for pair in used[name]}
        doubted = (
            {pair for pairs in used.values() for pair in pairs} - clean_pairs if block.proof.only_spaces else set()
        )
        sources = sorted({source for source, _ in doubted})
        to_compare = [pair for pair in sorted(doubted) if pair[1] or not block.proof.no_empty]
        if block.cut is not None:
            untrimmed = {source: has_margins(block.cut.column(source)) for source in sources}
            missing = {pair: has_any_of(block.cut.column(pair[0]), pair[1]) for pair in to_compare}
        else:
            edges = {one: pl.col(one).str.starts_with(" ") | pl.col(one).str.ends_with(" ") for one in sources}
            untrimmed = _any_of(block.frame, edges)
            missing = _any_of(block.frame, {pair: means_nothing(pl.col(pair[0]), pair[1]) for pair in to_compare})
        return _State(
            frozenset(source for source, _ in clean_pairs | doubted if not untrimmed.get(source)),
            frozenset(pair for pair in clean_pairs | doubted if not missing.get(pair)),
        )

    def _pairs(self, column: Column) -> list[tuple[str, tuple[str, ...]]]:
        """The file columns a column is made of, each with the values that mean nothing."""
        names = [same_name(source) for source in column.sources]
        return [(self._found[name], self._nothing(column)) for name in names if name in self._found]

    def _plain(self, block: TextBlock) -> dict[str, pl.Series]:
        """The columns of numbers and dates whose texts are read as they were delivered."""
        found = {}
        for name, column in self.columns.items():
            if column.from_ is None or column.without or column.pattern is not None or column.map:
                continue
            if self.types[name] not in (AMOUNT, RATE, DATE) or self._told_by_currency(name, column):
                continue
            source = self._found[same_name(column.from_)]
            texts = arrow_texts(block.frame.get_column(source)) if block.cut is None else block.cut.column(source)
            values = read_plain(texts, self.types[name], self._notation(column), self._nothing(column))
            if values is not None:
                found[name] = values.alias(name)
        return found

    def _ready(self, block: TextBlock, state: _State) -> dict[str, Texts]:
        """The columns whose texts are what is loaded, as Arrow cut them: no row of them can fail."""
        found: dict[str, Texts] = {}
        for name, column in self.columns.items():
            if block.cut is None or column.from_ is None or name not in self._last or self._may_be_lost(name, column):
                continue
            source = self._found[same_name(column.from_)]
            texts = block.cut.column(source)
            is_clean = source in state.trimmed and (source, self._nothing(column)) in state.telling
            if is_clean and not (name in self.required and texts.null_count):
                found[name] = texts
        return found

    def apply(self, block: TextBlock) -> MappedRows:
        """The rows of a block typed."""
        plain = self._plain(block)
        state = self._state(block, plain)
        ready = self._ready(block, state)
        others = {name: column for name, column in self.columns.items() if name not in plain and name not in ready}
        sources = {source: None for column in others.values() for source, _ in self._pairs(column)}
        delivered = [self.raw(column, state).alias(RAW + name) for name, column in others.items()]
        result = block.with_cells(list(sources)).select(*PLACE, *delivered)
        values: list[pl.Expr | pl.Series] = []
        checks: dict[str, pl.Expr] = {}
        for name, column in self.columns.items():
            if name in ready:
                continue
            if name in plain:
                values.append(plain[name])
                if name in self.required and plain[name].null_count():
                    checks[name] = pl.col(name).is_null()
                continue
            text = self._told(name, column)
            values.append(self._typed(name, text, column).cast(POLARS_TYPES[self.types[name]]).alias(name))
            if name in self.required:
                checks[name] = pl.col(name).is_null()
            elif column.otherwise != "nothing" and (self.types[name] != TEXT or self._may_be_lost(name, column)):
                checks[name] = pl.col(name).is_null() & pl.col(RAW + name).is_not_null()
        values += [value.alias(name) for name, value in self._constants.items()]
        result = result.with_columns(values)
        failing = [name for name, found in _any_of(result, checks).items() if found]
        failed = pl.coalesce(pl.when(checks[name]).then(pl.lit(name)) for name in failing)
        result = result.with_columns((failed if failing else pl.lit(None, pl.String)).alias(FAILED))
        return MappedRows(result, {**ready, **self.same})

    @staticmethod
    def _told(name: str, column: Column) -> pl.Expr:
        """The text a column is read from, of what was delivered."""
        text = pl.col(RAW + name)
        if column.without:
            text = _without(text, column.without)
        if column.pattern is not None:
            text = text.str.extract(column.pattern)
        if not column.map:
            return text
        text = text.fill_null("") if "" in column.map else text
        if column.otherwise == "keep":
            return text.replace(column.map)
        return text.replace_strict(column.map, default=None, return_dtype=pl.String)

    def _told_by_currency(self, name: str, column: Column) -> bool:
        """Whether the marks of an amount are told by its currency."""
        return self.types[name] == AMOUNT and self._notation(column).numbers.decimal == BY_CURRENCY

    def _currency_of(self, name: str) -> pl.Expr:
        """The currency of an amount, null where the file has none."""
        of = "local_currency" if name.startswith("local_") else "currency"
        if of in self.columns:
            return self._told(of, self.columns[of])
        return pl.lit(self.part.constants.get(of), pl.String)

    @staticmethod
    def _may_be_lost(name: str, column: Column) -> bool:
        """Whether a text may turn into nothing on its way."""
        return (
            column.pattern is not None
            or bool(column.without or column.map)
            or is_timestamp(name)
            or name.endswith("currency")
        )

    def _typed(self, name: str, text: pl.Expr, column: Column) -> pl.Expr:
        if self._told_by_currency(name, column):
            numbers = self._notation(column).numbers
            return number_by_currency(text, numbers, self._currency_of(name), *DIGITS[AMOUNT])
        return typed(text, name, self.types[name], self._notation(column))

    def _constant(self, name: str, constant: str) -> object:
        value: object = pl.select(self._typed(name, pl.lit(constant), Column(**{"from": name}))).item()
        return value

    def _notation(self, column: Column) -> Notation:
        return Notation(
            column.numbers or self.declaration.numbers,
            column.dates or self.declaration.dates,
            column.timestamps or self.declaration.timestamps,
        )

    def failure(self, row: dict[str, object]) -> Failure:
        """Why a row of the result of `apply` cannot be loaded."""
        name = str(row[FAILED])
        found = row.get(RAW + name)
        column = self.columns[name]
        sources = " / ".join(column.sources)
        if found is None:
            return Failure(
                name,
                "(empty)",
                f"a value in {sources}",
                f"{name} is required: ask the sender, or declare the row as no record",
            )
        if column.map:
            known = ", ".join(column.map)
            return Failure(
                name, str(found), f"one of {known} in {sources}", "add the value to `map` of the declaration"
            )
        expected = expectation(name, self.types[name], self._notation(column))
        return Failure(
            name,
            str(found),
            f"{expected} in {sources}",
            "correct the declaration if the whole file is written so; else ask the sender",
        )

    def unmapped_fields(self, frame: pl.DataFrame) -> pl.Expr:
        """The delivered fields the contract does not name, as a JSON object of texts; null where there are none."""
        parts = []
        for name in self.unmapped:
            value = clean(pl.col(name))
            pair = pl.struct(value.alias(name)).struct.json_encode().str.strip_prefix("{").str.strip_suffix("}")
            parts.append(pl.when(value.is_not_null()).then(pair))
        if not parts or frame.is_empty():
            return pl.repeat(None, pl.len(), dtype=pl.String)  # one a row: a literal alone would be one row
        joined = pl.concat_str(parts, separator=",", ignore_nulls=True)
        return pl.when(joined != "").then(pl.concat_str([pl.lit("{"), joined, pl.lit("}")]))


def _any_of(frame: pl.DataFrame, checks: Mapping[Name, pl.Expr]) -> dict[Name, bool]:
    """For each check whether any row fails it."""
    if not checks:
        return {}
    found = frame.select(test.any().alias(f"{at}") for at, test in enumerate(checks.values())).row(0)
    return dict(zip(checks, found, strict=True))


def _without(text: pl.Expr, mark: str) -> pl.Expr:
    """Text without a mark at its start, also behind a sign or bracket, or at its end, also before them."""
    sign = re.escape(mark)
    begun = text.str.replace(rf"^([-+−(]?)\s*{sign}\s*", "${1}")
    return begun.str.replace(rf"\s*{sign}\s*([-)]?)$", "${1}")
