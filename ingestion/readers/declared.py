"""Every format that is read by declaration: CSV, XLSX, JSON and Parquet, and the extracts of known systems.

The container is cut into a table of text, the declaration maps it, and the rows come out as records or as rejects. A
source of a known system (`format: sap_line_items`) uses the declarations shipped for it; its own `declaration:` block
changes only the keys it gives. What a file holds (suppliers, line items, terms) is told by its columns, or by `options:
{object: ...}`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import BinaryIO

import numpy as np
import polars as pl

from ingestion.contracts import CONTRACTS
from ingestion.declaration import DeclarationError, FileDeclaration, Mapping_
from ingestion.declaration_catalogue import SHIPPED_FORMATS, choices
from ingestion.declaration_mapping import FAILED, RAW, Failure, RowMapper
from ingestion.readers.csv_statement import StatementBuilder
from ingestion.readers.declared_entries import dated_rows, failure_of_entry, signed_rows, stated_balance
from ingestion.readers.declared_items import marked_items
from ingestion.readers.preamble import read_preamble
from ingestion.readers.record_batches import frame_records
from ingestion.readers.table_containers import open_tables
from ingestion.readers.text_table import (
    BYTE_END,
    BYTE_START,
    JOINED,
    LINE,
    RESERVED,
    ROW,
    SHOWN_TEXT,
    BadRow,
    TextBlock,
    TextTable,
    columns_of,
    same_name,
)
from ingestion.reading import ControlTotal, FileFacts, FileRejected, Reader, ReaderEvent, RecordCounter, Reject
from ingestion.sources import SourceConfig

UNMATCHED = Failure(
    "(row)", "a row of no declared kind", "a row that one of the mappings is for",
    "add its value to a `where`, or declare such rows as no records (skip)",
)  # fmt: skip


@dataclass
class DeclaredReader:
    """Reads one format name by declaration."""

    format: str
    version: str = "1"
    kinds: tuple[str, ...] = tuple(CONTRACTS)

    def read(self, stream: BinaryIO, source: SourceConfig) -> Iterator[ReaderEvent]:
        """Records, rejects and facts of a file; raises `FileRejected` only."""
        try:
            own = source.declaration.model_dump() if source.declaration else {}
            candidates = choices(self.format, own, str(source.options.get("object", "")))
        except DeclarationError as error:
            raise FileRejected(
                f"the declaration of source {source.name} is wrong", place="declaration", found=str(error),
                expected="see the key named", advice="correct config/sources.yml",
            ) from None  # fmt: skip
        try:
            declaration, tables = open_tables(stream, self.format, candidates)
            yield from _Reading(self.format, source, declaration).events(tables)
        except FileRejected:
            raise
        except (Exception, pl.exceptions.PanicException) as error:  # whatever a broken file makes a library say
            raise FileRejected(
                "the file cannot be read as a table", found=f"{type(error).__name__}: {str(error)[:300]}",
                expected=f"a file as the declaration of {source.name} says",
                advice="the file is damaged, or the declaration is of another layout",
            ) from error  # fmt: skip


@dataclass
class _Reading:
    """One file being read."""

    format: str
    source: SourceConfig
    declaration: FileDeclaration
    counter: RecordCounter = field(default_factory=RecordCounter)
    skipped: dict[str, int] = field(default_factory=dict)
    builder: StatementBuilder | None = None
    word: str = "line"

    def events(self, tables: list[tuple[tuple[Mapping_, ...], TextTable]]) -> Iterator[ReaderEvent]:
        warnings: list[str] = []
        for parts, table in tables:
            self.word = table.row_word
            names: tuple[str, ...] = ()
            mappers: list[RowMapper] = []
            if self.declaration.statement_kind and self.builder is None:
                facts = read_preamble(table.preamble, self.declaration)
                for part in parts:
                    facts |= {name: value for name, value in part.constants.items() if name not in facts}
                self.builder = StatementBuilder(self.declaration, facts, self.source.account)
            for block in self._whole_records(table):
                present = block.names or names
                if present != names:  # once for a table; in JSON, a block has the fields its records have
                    names = present
                    mappers = [RowMapper(part, self.declaration, names) for part in parts]
                yield from self._block(block, mappers)
            warnings += table.notes
        totals: tuple[ControlTotal, ...] = ()
        if self.builder is not None:
            yield from self.builder.finish(self.counter)
            warnings += self.builder.warnings
            totals = tuple(self.builder.control_totals)
        warnings += [f"{count} rows are no records: {reason}" for reason, count in self.skipped.items()]
        yield FileFacts(self.format, None, None, totals, tuple(warnings))

    # rows that belong together -------------------------------------------------------------------------------------

    def _whole_records(self, table: TextTable) -> Iterator[TextBlock]:
        """Blocks without the rows declared as no records, each continued row joined with what continues it."""
        carry: pl.DataFrame | None = None
        for block in table.blocks:
            self._count("blank", block.blank)
            self._count("footer", block.footer)
            kept = self._without_skipped(block)
            if not self.declaration.continuation:
                yield replace(kept, blank=0, footer=0)
                continue
            frame = kept.whole().frame
            if carry is not None:
                frame = pl.concat([carry, frame], how="diagonal") if frame.width else carry
            done, carry = self._held_back(frame)
            yield TextBlock(self._joined(done), block.bad)
        if carry is not None:
            yield TextBlock(self._joined(carry))

    def _count(self, reason: str, count: int) -> None:
        if count:
            self.skipped[reason] = self.skipped.get(reason, 0) + count

    def _without_skipped(self, block: TextBlock) -> TextBlock:
        for skip in self.declaration.skip:
            if block.frame.is_empty():
                break
            name = {same_name(name): name for name in block.names}.get(same_name(skip.column))
            if name is None:
                continue
            text = pl.col(name).str.strip_chars().fill_null("")
            if skip.empty is not None:
                test = (text == "") == skip.empty
            elif skip.equals:
                test = text.is_in(list(skip.equals))
            else:
                test = pl.any_horizontal(text.str.starts_with(start) for start in skip.starts_with)
            skipped = block.with_cells([name]).select(test.alias("skipped")).to_series()
            if skipped.any():
                block = block.whole()
                if skip.fact is not None and self.builder is not None:
                    self._take_balance(skip.fact, replace(block, frame=block.frame.filter(skipped)))
                block = replace(block, frame=block.frame.filter(~skipped))
                self._count(skip.reason, int(skipped.sum()))
        return block

    def _take_balance(self, fact: str, rows: TextBlock) -> None:
        """The balance that a row of the list states, the first opening or the last closing one, unless the lines above tell it."""
        assert self.builder is not None  # noqa: S101  (the caller saw it)
        given = self.builder.stated.get(fact)
        if given is None or fact == "closing_balance":
            mapper = RowMapper(self.declaration.parts[0], self.declaration, rows.names)
            balance = stated_balance(mapper.apply(rows).frame, self.declaration, last=fact == "closing_balance")
            if balance is not None:
                self.builder.stated[fact] = balance

    def _is_continuation(self, frame: pl.DataFrame) -> pl.Expr:
        names = {same_name(name): name for name in columns_of(frame)}
        return pl.all_horizontal(
            pl.col(names[same_name(name)]).str.strip_chars().fill_null("") == ""
            for name in self.declaration.continuation
        )

    def _held_back(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """(rows whose record is whole, the last record, which the next block may continue)."""
        if frame.is_empty():
            return frame, frame
        starts = frame.select((~self._is_continuation(frame)).arg_true().alias("at")).to_series()
        cut = int(starts[-1]) if starts.len() else 0
        return frame.head(cut), frame.tail(frame.height - cut)

    def _joined(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows with their continuation: all cells of a continuing row are a line of the text of the row it
        continues."""
        if frame.is_empty():
            return frame
        continues = self._is_continuation(frame)
        marked = frame.with_columns((~continues).cum_sum().alias(ROW), continues.alias(JOINED))
        continued = int(marked.get_column(JOINED).sum())
        if not continued or marked.item(0, JOINED):  # nothing to join, or a continuation of nothing: it fails as a row
            return frame
        self._count("continuation of the row above", continued)
        into = self._text_column(frame)
        delivered = columns_of(frame)
        line = pl.concat_str(
            [pl.col(name).str.strip_chars().replace("", None) for name in delivered], separator=" ", ignore_nulls=True
        )
        marked = marked.with_columns(pl.when(JOINED).then(line).otherwise(pl.col(into)).alias(into))
        joined = [
            pl.col(name).drop_nulls().str.join("\n") if name == into else pl.col(name).first()
            for name in frame.columns
            if name != BYTE_END
        ]
        whole = marked.group_by(ROW, maintain_order=True).agg(*joined, pl.col(BYTE_END).last())
        return whole.select(frame.columns)

    def _text_column(self, frame: pl.DataFrame) -> str:
        """The file column that the text of an entry ends with."""
        text = next(part.columns["text"] for part in self.declaration.parts if "text" in part.columns)
        names = {same_name(name): name for name in columns_of(frame)}
        present = [names[same_name(source)] for source in text.sources if same_name(source) in names]
        return present[-1] if text.join else present[0]

    # rows to records -----------------------------------------------------------------------------------------------

    def _block(self, block: TextBlock, mappers: list[RowMapper]) -> Iterator[ReaderEvent]:
        if any(mapper.part.where for mapper in mappers):
            block = block.whole()
        frame = block.frame.with_row_index(ROW) if block.frame.width else block.frame
        if frame.is_empty():
            yield from self._bad_rows(block.bad, range(self.counter.last + 1, self.counter.last + 1 + len(block.bad)))
            self.counter.last += len(block.bad)
            return
        selections = [mapper.selected(frame) for mapper in mappers]
        if any(part.height == frame.height for part in selections):
            orphans = frame.clear()
        else:
            matched = pl.concat([part.get_column(ROW) for part in selections]).unique()
            orphans = frame.filter(~pl.col(ROW).is_in(matched.implode()))
        pieces = [*selections, orphans]
        numbers = self._numbers(
            [piece.get_column(LINE).to_numpy() for piece in pieces], [bad.line for bad in block.bad]
        )
        for mapper, piece, own in zip(mappers, selections, numbers, strict=False):
            if not piece.is_empty():
                yield from self._map(mapper, replace(block, frame=piece), own)
        for row, number in zip(orphans.iter_rows(named=True), numbers[len(mappers)], strict=True):
            yield self._reject(row, UNMATCHED, int(number), _raw_text(row, frame.columns))
        yield from self._bad_rows(block.bad, numbers[-1])

    def _numbers(self, lines: list[np.ndarray], bad: list[int]) -> list[np.ndarray]:
        """Record numbers in file order over the pieces of a block, its bad rows last in the list."""
        groups = [*(np.asarray(group, dtype=np.int64) for group in lines), np.asarray(bad, dtype=np.int64)]
        sizes = [group.size for group in groups]
        total = sum(sizes)
        filled = [size for size in sizes if size]
        numbers = np.arange(self.counter.last + 1, self.counter.last + 1 + total)
        self.counter.last += total
        if len(filled) > 1:
            order = np.argsort(np.concatenate(groups), kind="stable")
            ranked = np.empty(total, dtype=np.int64)
            ranked[order] = numbers
            numbers = ranked
        return np.split(numbers, np.cumsum(sizes)[:-1])

    def _map(self, mapper: RowMapper, block: TextBlock, numbers: np.ndarray) -> Iterator[ReaderEvent]:
        mapped = mapper.apply(block)
        rows = mapped.frame.with_columns(pl.Series("record_number", numbers, pl.Int64))
        contract = CONTRACTS[mapper.part.kind]
        if self.builder is not None and mapper.part.kind == "bank_entry":
            rows = dated_rows(signed_rows(rows, self.declaration))
        elif mapper.part.kind == "open_item":
            rows = marked_items(rows, self.declaration)
        mapped = replace(mapped, frame=rows)
        failing = rows.get_column(FAILED).is_not_null()
        if failing.any():
            block = block.whole()
            origins = block.frame.filter(failing).iter_rows(named=True)
            for row, origin in zip(rows.filter(failing).iter_rows(named=True), origins, strict=True):
                failure = failure_of_entry(row, self.declaration) or mapper.failure(row)
                raw_text = _raw_text(origin, block.frame.columns)  # rejects, each with its own words
                yield self._reject({**mapper.same, **row}, failure, int(row["record_number"]), raw_text)
            mapped, block = mapped.good(failing), replace(block, frame=block.frame.filter(~failing))
        good = mapped.frame.drop(FAILED, *(name for name in rows.columns if name.startswith(RAW)))
        aside = dict(mapped.aside)
        if self.builder is not None and mapper.part.kind == "bank_entry":
            yield from self.builder.add(good, aside, self.counter)
            return
        given = {*good.columns, *aside}
        if "source_system" in contract.names and "source_system" not in given:
            aside["source_system"] = self.source.system
        if "extra" in contract.names and "extra" not in given:
            cells = block.with_cells(mapper.unmapped)
            good = good.with_columns(cells.select(mapper.unmapped_fields(cells).alias("extra")).to_series())
        yield from frame_records(contract, good, aside)

    def _bad_rows(self, bad: tuple[BadRow, ...], numbers: np.ndarray | range) -> Iterator[Reject]:
        for row, number in zip(bad, numbers, strict=True):
            yield Reject(
                int(number), f"{self.word} {row.line}", "(row)", row.found, row.expected, row.advice, row.text,
                row.line,
                row.byte_start, row.byte_end,
            )  # fmt: skip

    def _reject(self, row: dict[str, object], failure: Failure, number: int, text: str) -> Reject:
        line, start, end = row[LINE], row[BYTE_START], row[BYTE_END]
        amount, currency = row.get("amount"), row.get("currency")
        return Reject(
            number, f"{self.word} {line}", failure.field, failure.found, failure.expected, failure.advice, text,
            line if isinstance(line, int) else None,
            start if isinstance(start, int) else None,
            end if isinstance(end, int) else None,
            amount if isinstance(amount, Decimal) else None,
            currency if isinstance(currency, str) else None,
        )  # fmt: skip


def _raw_text(row: dict[str, object], names: list[str]) -> str:
    """The cells of a row as delivered; the bytes are at the reject's byte range."""
    return " | ".join(str(row[name]) for name in names if name not in RESERVED and row[name] is not None)[:SHOWN_TEXT]


READERS: dict[str, Reader] = {
    name: DeclaredReader(name) for name in ("csv", "xlsx", "json", "parquet", *SHIPPED_FORMATS)
}
