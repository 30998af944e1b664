"""NACHA (ACH) files: payments as instructed, returns and notifications of change, all control totals proven.

This module holds the order of records and their totals (1 5 6 7 8 9). Where fields lie is in `nacha_records`, what
addenda say in `nacha_addenda`, what entries become in `nacha_rows`.

Source: Nacha Operating Rules and Guidelines, appendix three (ACH record format specifications, hash totals).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import BinaryIO

from ingestion.contracts import (
    PAYMENT_BATCH,
    PAYMENT_INSTRUCTION,
    PAYMENT_MESSAGE,
    PAYMENT_REMITTANCE,
    PAYMENT_STATUS,
)
from ingestion.readers import nacha_addenda as addenda
from ingestion.readers import nacha_checks as checks
from ingestion.readers import nacha_records as layout
from ingestion.readers.nacha_offsets import Held, Offsets, Sides
from ingestion.readers.nacha_records import Record
from ingestion.readers.nacha_rows import ACKNOWLEDGEMENTS, CONSUMER, CORPORATE, TRUNCATED, Batch, Entry, Output, Tally
from ingestion.reading import ControlTotal, FileFacts, FileRejected, Reader, ReaderEvent, RecordCounter, Reject
from ingestion.record_columns import BATCH_ROWS
from ingestion.sources import SourceConfig

_HASH = 10**10  # a hash keeps its last ten digits
_ADDENDA_LIMIT = 9999
_WARNINGS = 50  # more are counted
# Checking, savings, ledger and loan accounts; the second digit is a credit up to 4, a debit from 5.
_CODES = frozenset(f"{account}{what}" for account in "2345" for what in "0123456789")
_ADV_CODES = frozenset(str(code) for code in range(81, 89))
_CLASSES = (
    "ACK", "ADV", "ARC", "ATX", "BOC", "CCD", "CIE", "COR", "CTX", "DNE", "ENR", "IAT", "MTE", "POP", "POS", "PPD", "RCK",
    "SHR", "TEL", "TRC", "TRX", "WEB", "XCK",
)  # fmt: skip
_FILLER = "9" * layout.WIDTH


@dataclass
class _File:
    """A file header and what was counted since."""

    header: Record
    identity: str
    created_at: str | None
    party: str | None
    records: int = 0
    batches: int = 0
    count: int = 0
    hash: int = 0
    debits: int = 0
    credits: int = 0
    payments: dict[bool, Tally] = field(default_factory=dict)
    numbers: Counter[str] = field(default_factory=Counter)
    only_payments: bool = True  # no return, advice or acknowledgement: the file's totals are those of its payments
    advices: bool = False
    balanced_by: Counter[bool] = field(default_factory=Counter)  # what entries on own accounts make up for


class NachaReader:
    """ACH files an originator sends, and the returns and corrections a bank sends back."""

    format = "nacha"
    version = "1"
    kinds: tuple[str, ...] = (
        PAYMENT_MESSAGE.kind,
        PAYMENT_BATCH.kind,
        PAYMENT_INSTRUCTION.kind,
        PAYMENT_REMITTANCE.kind,
        PAYMENT_STATUS.kind,
    )

    def read(self, stream: BinaryIO, source: SourceConfig) -> Iterator[ReaderEvent]:
        """Messages (one a direction), batches, payments and statuses; see `ingestion.reading.Reader`.

        The source's `account` is the own account, which the format does not carry. Raises `FileRejected` where records
        stand out of order, an amount or transaction code cannot be read, or a count, hash or total is wrong.
        """
        yield from _Reading(source).run(stream)


class _Reading:
    """The state of reading one delivery: one ACH file, or several after one another."""

    def __init__(self, source: SourceConfig) -> None:
        self.counter = RecordCounter()
        self.output = Output(self.counter, source.account)
        self.rejects: list[Reject] = []
        self.warnings: Counter[str] = Counter()
        self.totals: list[ControlTotal] = []
        self.identities: Counter[str] = Counter()
        self.file: _File | None = None
        self.first: _File | None = None
        self.batch: Batch | None = None
        self.entry: Record | None = None
        self.addenda: list[Record] = []
        self.sides, self.offsets = Sides(), Offsets()
        self.line = 0

    def run(self, stream: BinaryIO) -> Iterator[ReaderEvent]:
        for record in layout.records(stream):
            self.line = record.line
            self._record(record)
            if len(self.output.instructions.rows) >= BATCH_ROWS or len(self.output.statuses.rows) >= BATCH_ROWS:
                yield from self._flush()
        if self.file is not None or self.first is None:
            open_part = "batch" if self.batch else "file" if self.file else ""
            raise FileRejected(
                f"the file is cut off: its last {open_part} has no control record"
                if open_part else "the file is empty",
                place=f"line {self.line}", found="the end of the file",
                expected="a batch control (8) and a file control (9)" if self.batch else "a file control (9)",
                advice="Ask for the file again.",
            )  # fmt: skip
        yield from self._flush()
        if not self.counter.last:
            self.warnings["the file holds no entry"] += 1
        warnings = [text if count == 1 else f"{text} ({count} times)" for text, count in self.warnings.items()]
        more = [f"and {len(warnings) - _WARNINGS} more"] if len(warnings) > _WARNINGS else []
        told = (*self.offsets.told(), *warnings[:_WARNINGS], *more)
        yield FileFacts("nacha", self.first.identity, self.first.created_at, tuple(self.totals), told)

    def _flush(self) -> Iterator[ReaderEvent]:
        for columns in self.output.all:
            yield from columns.flush()
        yield from self.rejects
        self.rejects = []

    # -- order ----------------------------------------------------------------------------------------------------

    def _record(self, record: Record) -> None:
        kind = record.text[0]
        file, batch = self.file, self.batch
        if kind == "9" and file is None and self.first is not None and record.text == _FILLER:
            return  # blocks are filled with nines
        if file is not None:
            file.records += 1
        if kind == "7":
            if self.entry is None or len(self.addenda) >= _ADDENDA_LIMIT:
                raise self._misplaced(record, "record of addenda (7)", "an entry (6) before it")
            self.addenda.append(record)
            return
        self._finish_entry()
        if kind == "1" and file is None:
            self._on_file(record)
        elif kind == "5" and file is not None and batch is None:
            self._on_batch(record, file)
        elif kind == "6" and batch is not None:
            self.entry = record
        elif kind == "8" and file is not None and batch is not None:
            self._on_batch_control(record, file, batch)
        elif kind == "9" and file is not None and batch is None:
            self._on_file_control(record, file)
        else:
            names = {"1": "file header (1)", "5": "batch header (5)", "6": "entry (6)", "8": "batch control (8)"}
            names["9"] = "file control (9)"
            expected = (
                "an entry (6), addenda (7) or the batch control (8)" if batch is not None
                else "a batch header (5) or the file control (9)" if file is not None
                else "a file header, beginning with 101"
            )  # fmt: skip
            raise self._misplaced(record, names.get(kind, "record that NACHA does not have"), expected)

    def _misplaced(self, record: Record, what: str, expected: str) -> FileRejected:
        return FileRejected(
            f"a {what} stands out of order" if self.first else "the file does not begin with a NACHA file header",
            place=f"line {record.line}", found=record.text[:60].rstrip(), expected=expected,
            advice="Records are missing or the file is damaged. Ask for it again."
            if self.first else "Check that the source's format fits the file.",
        )  # fmt: skip

    def _on_file(self, record: Record) -> None:
        get = {name: record.field(place) for name, place in layout.FILE_HEADER.items()}
        if record.text[1:3] != "01" or get["size"] != "094" or get["format"] != "1":
            raise FileRejected(
                "the file does not begin with a NACHA file header", place=f"line {record.line}",
                found=record.text[:40].rstrip(), expected="priority 01, record size 094 and format code 1",
                advice="Check that the source's format fits the file.",
            )  # fmt: skip
        days = layout.day(get["date"])
        created = None
        if days is None:
            self.warnings[f"line {record.line}: the file's creation date {get['date']!r} is no date"] += 1
        else:
            hour, minute = get["time"][:2], get["time"][2:]
            timed = len(get["time"]) == 4 and get["time"].isdigit() and hour < "24" and minute < "60"
            created = layout.iso_day(days) + (f"T{hour}:{minute}:00" if timed else "")
        parts = (get["origin"], get["destination"], get["date"], get["time"], get["modifier"])
        identity = "-".join(part for part in parts if part)
        self.identities[identity] += 1
        if self.identities[identity] > 1:
            identity = f"{identity}#{self.identities[identity]}"
        self.file = _File(record, identity, created, get["origin_name"] or None, 1)
        self.first = self.first or self.file

    def _on_batch(self, record: Record, file: _File) -> None:
        sec = record.field(layout.BATCH_HEADER["sec"]).upper()
        places = layout.IAT_BATCH_HEADER if sec == "IAT" else layout.BATCH_HEADER
        fields = {name: record.field(place) for name, place in places.items()} | {"sec": sec}
        file.batches += 1
        if sec not in _CLASSES:
            raise FileRejected(
                "a batch is of a class that is not known, so that its fields are not either",
                place=f"batch {file.batches}, line {record.line}", found=sec or "nothing",
                expected="a standard entry class: " + ", ".join(_CLASSES),
                advice="Check that the file is a NACHA file of today, and its columns are not shifted.",
            )  # fmt: skip
        number = fields["number"]
        file.numbers[number] += 1
        repeated = f"#{file.numbers[number]}" if file.numbers[number] > 1 else ""
        self.batch = Batch(record, file.batches, number, fields, number + repeated)
        if fields["effective"] and self.batch.effective is None:
            self.warnings[f"{self.batch.place}: the effective date {fields['effective']!r} is no date"] += 1

    # -- entries --------------------------------------------------------------------------------------------------

    def _finish_entry(self) -> None:
        record, more = self.entry, self.addenda
        file, batch = self.file, self.batch
        if record is None or file is None or batch is None:
            return
        self.entry, self.addenda = None, []
        sec = batch.sec
        advice = sec == "ADV"
        places = (
            layout.ADV_ENTRY if advice
            else layout.IAT_ENTRY if sec == "IAT"
            else layout.CORPORATE_ENTRY if sec in CORPORATE
            else layout.CONSUMER_ENTRY if sec in CONSUMER
            else layout.CARD_ENTRY if sec == "SHR"
            else layout.TRUNCATED_ENTRY if sec in TRUNCATED
            else layout.ENTRY
        )  # fmt: skip
        fields = {name: record.field(place) for name, place in places.items()}
        code, cents, rdfi = fields["code"], layout.number(fields["amount"]), layout.number(fields["rdfi"])
        known = _ADV_CODES if advice else _CODES
        if code not in known or cents is None or rdfi is None or len(fields["rdfi"]) != 8:
            raise FileRejected(
                "an entry cannot be read, so that no total can be proven", place=f"{batch.place}, line {record.line}",
                found=record.text[:40],
                expected="a transaction code, a routing number and an amount in cents, in digits",
                advice="The file is damaged, or its columns are shifted. Ask for it again.",
            )  # fmt: skip
        credit = int(code[1]) % 2 == 1 if advice else code[1] in "01234"
        batch.count += 1 + len(more)
        batch.hash += rdfi
        if credit:
            batch.credits += cents
        else:
            batch.debits += cents
        entry = Entry(record, more, fields, cents, credit)
        for doubt in checks.doubts(batch, entry):
            self.warnings[doubt] += 1
        self._add(file, batch, entry)

    def _add(self, file: _File, batch: Batch, entry: Entry) -> None:
        by_kind = {addenda.kind(one): one for one in entry.addenda}
        if batch.sec == "ADV":
            file.only_payments = False
            self._set_aside(
                batch, entry, "standard entry class", "ADV",
                "An automated accounting advice tells what was settled; it is no payment, and was not loaded.",
            )  # fmt: skip
        elif "99" in by_kind:
            file.only_payments = False
            said = addenda.returned(by_kind["99"], international=batch.sec == "IAT")
            if said.code in addenda.DISHONORED:
                self._set_aside(
                    batch, entry, "return reason", f"{said.code} {said.text} of {said.original_trace}",
                    "A dishonored return: the originating bank refused the return of this payment, which may stand after all. "
                    "Look at the payment and its bank line.",
                )  # fmt: skip
                return
            self.output.add_status(file.identity, file.created_at, entry, "RJCT", said)
        elif "98" in by_kind:
            file.only_payments = False
            said = addenda.corrected(by_kind["98"])
            if said.code in addenda.REFUSED_CHANGES:
                self._set_aside(
                    batch, entry, "change code", f"{said.code} of {said.original_trace}",
                    "The originating bank refused a notification of change: the data of the payment stand as they were.",
                )  # fmt: skip
                return
            self.output.add_status(file.identity, file.created_at, entry, "ACWC", said)
        elif batch.sec in ACKNOWLEDGEMENTS:
            file.only_payments = False
            self.output.add_status(file.identity, file.created_at, entry, "RCVD", None)
        elif doubt := checks.no_payment(entry):
            file.only_payments = False
            self._set_aside(
                batch, entry, "transaction code", f"{entry.fields['code']}: {doubt}",
                "The entry was not loaded: its code says that no money moves by it. Ask the sender what it is.",
            )  # fmt: skip
        else:
            if not entry.cents:
                self.warnings[f"{batch.place}: an entry of no amount (prenotification or remittance alone)"] += 1
            numbers = self.output.next_numbers()
            if self.sides.holds_back(batch, entry):
                self.sides.hold(Held(entry, *numbers))
                return
            if (other := self.sides.released_by(entry)) is not None:
                self._pay(file, batch, other.entry, (other.record_number, other.transaction))
            self._pay(file, batch, entry, numbers)

    def _pay(self, file: _File, batch: Batch, entry: Entry, numbers: tuple[int, int]) -> None:
        self.output.add_instruction(file.identity, batch, entry, numbers)
        file.payments.setdefault(entry.credit, Tally()).add(entry.cents)

    def _settle_sides(self, file: _File, batch: Batch) -> None:
        """Add what was held back, but for the entry that balances the batch on the own account."""
        for one, balances in self.sides.ended(batch):
            entry = one.entry
            if not balances:
                self._pay(file, batch, entry, (one.record_number, one.transaction))
                continue
            batch.balanced_by[entry.credit] = entry.cents
            file.balanced_by[entry.credit] += entry.cents
            self.offsets.add(batch, entry)

    def _set_aside(self, batch: Batch, entry: Entry, field: str, found: str, advice: str) -> None:
        """An entry that is neither a payment nor the end of one."""
        self.rejects.append(
            Reject(
                self.counter.next(), f"{batch.place}, line {entry.record.line}", field, found,
                "a payment, a return or a notification of change", advice,
                entry.record.text.rstrip(), entry.record.line, entry.record.start, entry.record.end,
                Decimal(entry.cents).scaleb(-2), "USD",
            )
        )  # fmt: skip

    # -- totals ---------------------------------------------------------------------------------------------------

    def _on_batch_control(self, record: Record, file: _File, batch: Batch) -> None:
        advice = batch.sec == "ADV"
        places = layout.ADV_BATCH_CONTROL if advice else layout.BATCH_CONTROL
        computed = {
            "count": batch.count, "hash": batch.hash % _HASH, "debits": batch.debits, "credits": batch.credits,
        }  # fmt: skip
        self._prove(record, batch.place, places, computed)
        for doubt in checks.control_doubts(batch, record):
            self.warnings[doubt] += 1
        number = record.field(places["number"])
        if number != batch.number:
            raise self._wrong(f"{batch.place}, line {record.line}", "batch number", number, batch.number)
        file.count += batch.count
        file.hash += batch.hash
        file.debits += batch.debits
        file.credits += batch.credits
        file.advices |= advice
        self._settle_sides(file, batch)
        paid = Counter({credit: tally.total for credit, tally in batch.payments.items()})
        paid.update(batch.balanced_by)
        whole = paid.get(True, 0) == batch.credits and paid.get(False, 0) == batch.debits
        self.output.add_batch(file.identity, batch, record, sums_are_payments=whole)
        self.batch = None

    def _on_file_control(self, record: Record, file: _File) -> None:
        places = layout.ADV_FILE_CONTROL if file.advices else layout.FILE_CONTROL
        computed = {
            "batches": file.batches, "blocks": -(-file.records // layout.BLOCK), "count": file.count,
            "hash": file.hash % _HASH, "debits": file.debits, "credits": file.credits,
        }  # fmt: skip
        self._prove(record, "the file", places, computed)
        for credit, tally in sorted(file.payments.items(), reverse=True):
            total = (file.credits if credit else file.debits) - file.balanced_by[credit]
            declared = total if file.only_payments else None
            self.output.add_message(
                file.identity, credit, tally, file.header, record, file.created_at, file.party, declared
            )
        self.file = None

    def _prove(self, record: Record, place: str, places: dict[str, tuple[int, int]], computed: dict[str, int]) -> None:
        """Compare a control record with what was counted."""
        names = {
            "batches": "number of batches", "blocks": "number of blocks", "count": "number of entries and addenda",
            "hash": "entry hash", "debits": "total of debits", "credits": "total of credits",
        }  # fmt: skip
        for name, value in computed.items():
            text = record.field(places[name])
            declared = layout.number(text)
            if declared is None or declared != value:
                raise self._wrong(f"{place}, line {record.line}", names[name], text, str(value))
            scale = -2 if name in ("debits", "credits") else 0
            if place == "the file":
                self.totals.append(
                    ControlTotal(
                        f"{names[name]} of {place}", Decimal(declared).scaleb(scale), Decimal(value).scaleb(scale)
                    )
                )

    def _wrong(self, place: str, name: str, declared: str, computed: str) -> FileRejected:
        return FileRejected(
            f"a control total of the file is wrong: {name}", place=place,
            found=f"declared {declared or 'nothing'}, computed {computed}",
            expected="the declared and the computed total to be equal",
            advice="The file is incomplete, damaged or was changed by hand. Ask for it again.",
        )  # fmt: skip


READERS: dict[str, Reader] = {"nacha": NachaReader()}
