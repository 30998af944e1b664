"""camt.052, camt.053 and camt.054, versions 01 to 14: account reports, statements, debit and credit notifications.

This module decides what happens as the containers of the message close, `camt_entries` what happens to entries; the
containers are declared in `camt_layout`, rows built in `camt_statement`, `camt_rows` and, many at a time, `camt_taken`.
The three formats are read alike; the message says which of them it is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from decimal import Decimal
from typing import BinaryIO

from ingestion.contracts import BANK_BALANCE, BANK_ENTRY, BANK_ENTRY_DETAIL, BANK_STATEMENT
from ingestion.readers import camt_layout as layout
from ingestion.readers import camt_rows as rows
from ingestion.readers import camt_statement as statements
from ingestion.readers import iso20022_fields as iso
from ingestion.readers.camt_entries import Entries
from ingestion.readers.iso20022_message import foreign_warnings, no_message
from ingestion.readers.xml_records import Fields, RecordStream
from ingestion.reading import ControlTotal, FileFacts, FileRejected, Reader, ReaderEvent, RecordCounter, Reject
from ingestion.record_columns import BATCH_ROWS, RecordColumns, Row, unscaled
from ingestion.sources import SourceConfig

_WARNINGS = 50
_RAW_TEXT = 2000
_NOT_LOADED = "The record was not loaded; the statement's figures are without it. Ask the bank to correct the file."


class CamtReader:
    """Reads any of the three messages; `format` is only what the source expects."""

    version = "1"
    kinds: tuple[str, ...] = (BANK_STATEMENT.kind, BANK_BALANCE.kind, BANK_ENTRY.kind, BANK_ENTRY_DETAIL.kind)

    def __init__(self, format: str) -> None:
        self.format = format

    def read(self, stream: BinaryIO, source: SourceConfig) -> Iterator[ReaderEvent]:
        """Statements, balances, entries and their transactions; see `ingestion.reading.Reader`.

        Option: `reversal_flips_sign` (default false) for the rare bank whose `CdtDbtInd` gives the direction of the
        original where `RvslInd` is true. Raises `FileRejected` for what is not well-formed XML, hostile, or holds no
        statement.
        """
        yield from _Reading(self.format, source, stream).run()


class _Reading:
    """The state of reading one file."""

    def __init__(self, expected: str, source: SourceConfig, stream: BinaryIO) -> None:
        self.expected = expected
        self.account = source.account
        self.counter = RecordCounter()
        self.rejects: list[Reject] = []
        self.warnings: list[str] = []
        self.totals: list[ControlTotal] = []
        self.statement_rows = RecordColumns(BANK_STATEMENT, tuple(statements.STATEMENT_COLUMNS.split()))
        self.balance_rows = RecordColumns(BANK_BALANCE, tuple(statements.BALANCE_COLUMNS.split()))
        self.statements = 0
        self.statement: statements.Statement | None = None
        self.formats: list[str] = []
        self.headers: list[Fields] = []
        self.identities: dict[str, tuple[object, ...]] = {}  # what the first statement of each says
        self.repeated: dict[str, list[tuple[object, ...]]] = {}  # and all of those that occur several times
        self.entries = Entries(self, flips=source.options.get("reversal_flips_sign") is True)
        self.records = RecordStream(
            stream,
            layout.LAYOUT,
            {
                "Header": self._on_header,
                "Balance": self._on_balance,
                "Statement": self._on_statement,
                **self.entries.closers,
            },
            {"Message": self._on_message_opens, "Statement": self._on_statement_opens},
            self.entries.planners,
        )

    def run(self) -> Iterator[ReaderEvent]:
        for _ in self.records:
            if self.rejects or self.entries.waiting >= BATCH_ROWS:
                yield from self._flush()
        if not self.formats:
            raise no_message(self.records, "camt.052, camt.053 or camt.054")
        if not self.statements:
            element = layout.STATEMENT_ELEMENTS[self._kind_of_message()]
            raise FileRejected(
                "the message holds no statement", place="end of file",
                found=f"a {self.formats[0]} message without {element}",
                expected=f"at least one {element}", advice="Ask the bank whether the file is complete.",
            )  # fmt: skip
        yield from self._flush()
        if not any(one.startswith(self.expected) for one in self.formats):
            self._warn(f"the source expects {self.expected}; the file is {self.formats[0]} and was read as that")
        warnings = [*self.records.source.warnings, *foreign_warnings(self.records), *self.warnings]
        identity = "+".join(one["MsgId"] for one in self.headers if "MsgId" in one) or None
        created = next((one["CreDtTm"] for one in self.headers if "CreDtTm" in one), None)
        formats = "+".join(dict.fromkeys(self.formats))
        yield FileFacts(formats, identity, created, tuple(self.totals), tuple(warnings))

    def _flush(self) -> Iterator[ReaderEvent]:
        for columns in (self.statement_rows, self.balance_rows):
            yield from columns.flush()
        yield from self.entries.flush(self.records)
        rejects, self.rejects = self.rejects, []
        yield from rejects

    def _kind_of_message(self) -> str:
        return layout.ROOTS[self.records.root or ""]

    def _warn(self, text: str) -> None:
        if len(self.warnings) < _WARNINGS:
            self.warnings.append(text)
        elif len(self.warnings) == _WARNINGS:
            self.warnings.append("there are more warnings than are listed")

    def reject(
        self,
        place: str,
        bad: iso.BadField,
        start: int,
        end: int,
        advice: str = _NOT_LOADED,
        fields: Fields | None = None,
    ) -> None:
        """Reject the record between two parser offsets; `fields` are those of a record that has an amount."""
        source = self.records.source
        line = source.line(start)
        amount: Decimal | None = None
        currency: str | None = None
        if fields is not None:
            currency = fields.get("Amt@Ccy")
            with contextlib.suppress(iso.BadField):
                scaled, _ = iso.optional_amount(fields, "Amt")
                amount = None if scaled is None else unscaled(scaled)
        self.rejects.append(
            Reject(
                self.counter.next(),
                f"{place}, line {line}",
                bad.name,
                bad.found[:200],
                bad.expected,
                advice,
                source.text(start, min(end, start + _RAW_TEXT)),
                line,
                *self.offsets(start, end),
                amount,
                currency,
            )
        )

    # -- message and statement ------------------------------------------------------------------------------------

    def _on_message_opens(self, _start: int) -> None:
        self.formats.append(self.records.message_format or self._kind_of_message())
        self.headers.append({})

    def _on_header(self, fields: Fields, _around: Fields, _start: int, _end: int) -> None:
        self.headers[-1] = fields

    def _on_statement_opens(self, start: int) -> None:
        self.statements += 1
        kind = layout.KINDS[self._kind_of_message()]
        began = self.offsets(start, start)[0]
        self.statement = statements.Statement(self.statements, self.counter.next(), kind, self.headers[-1], began)
        self.entries.begin_statement()

    def _on_statement(self, fields: Fields, _around: Fields, start: int, end: int) -> None:
        one = self.open_statement()
        self.statement = None
        said = statements.said_by(fields)
        account = statements.account_of(said, self.account)
        if account.account_id is None:
            self.reject(
                one.place,
                iso.BadField("Acct/Id", None, "an IBAN or the bank's account number"),
                start,
                end,
                "The statement was loaded without an account. Name it in the source config (account: ...).",
            )
        closed = statements.close(one, said, fields, account, self.offsets(start, end)[1])
        for warning in closed.warnings:
            self._warn(warning)
        self._check_declared(one, closed)
        is_first = self.identities.setdefault(closed.identity, closed.content) is closed.content
        self.statement_rows.rows.append(closed.row if is_first else self._row_of_repeated(one, closed))

    def _row_of_repeated(self, one: statements.Statement, closed: statements.Closed) -> Row:
        """The row of a statement of an identity that was there before; one that says something else, such as a page
        without a number, gets an identity of its own."""
        row = closed.row
        known = self.repeated.setdefault(closed.identity, [self.identities[closed.identity]])
        if closed.content not in known:
            place = statements.STATEMENT_COLUMNS.split().index("identity")
            row = (*row[:place], f"{closed.identity}#{len(known) + 1}", *row[place + 1 :])
            self._warn(
                f"{one.place}: an earlier statement of the file has the same account, id, sequence, page and date"
            )
        known.append(closed.content)
        return row

    def offsets(self, start: int, end: int) -> tuple[int | None, int | None]:
        """The bytes of the file that two parser offsets stand for."""
        return self.records.source.offsets(start, end)

    def open_statement(self) -> statements.Statement:
        """The statement whose container is open."""
        assert self.statement is not None  # noqa: S101  (its container is open)
        return self.statement

    def _check_declared(self, one: statements.Statement, closed: statements.Closed) -> None:
        """The statement's own summary against what was read: a difference is reported, the summary may count
        otherwise."""
        for check in closed.checks:
            exact = unscaled if check.is_amount else Decimal
            control = ControlTotal(check.name, exact(check.declared), exact(check.computed))
            self.totals.append(control)
            if not control.agrees:
                self._warn(
                    f"{check.name}: the bank declares {control.declared:f}, the entries make {control.computed:f}"
                )

    # -- balances -------------------------------------------------------------------------------------------------

    def _on_balance(self, fields: Fields, _around: Fields, start: int, end: int) -> None:
        one = self.open_statement()
        get = fields.get
        code = get("Tp/CdOrPrtry/Cd") or get("Tp/CdOrPrtry/Prtry") or get("Tp/Cd") or get("Tp/Prtry")
        try:
            amount = rows.money(fields)
            day = iso.local_day(fields, "Dt")
            if code is None:
                raise iso.BadField("Tp", None, "a balance type such as OPBD or CLBD")
        except iso.BadField as bad:
            one.balances_rejected += 1
            self.reject(f"{one.place}, balance {code or len(one.balances) + 1}", bad, start, end, fields=fields)
            return
        sub_code = get("Tp/SubTp/Cd") or get("Tp/SubTp/Prtry")
        one.balances.append(statements.Balance(code, sub_code, amount, day, get("Dt/DtTm")))
        self.balance_rows.rows.append(
            (
                self.counter.next(),
                *self.offsets(start, end),
                one.number,
                code,
                sub_code,
                code,
                amount.amount,
                amount.currency,
                amount.credit_debit,
                amount.signed,
                day,
                get("Dt/DtTm"),
            )
        )


READERS: dict[str, Reader] = {format_: CamtReader(format_) for format_ in layout.KINDS}
