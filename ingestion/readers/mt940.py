"""MT940 customer statements and MT942 interim reports, as SWIFT defines them and as banks send them.

The file is cut into fields (`:61:`, `:86:`, ...) a megabyte at a time; this module decides which field belongs to which
statement and entry. The fields themselves are read in `mt94_fields`, texts in `mt94_text`, rows built in `mt94_statement`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import BinaryIO

from ingestion.bank_transaction_codes import from_gvc, from_swift
from ingestion.contracts import BANK_BALANCE, BANK_ENTRY, BANK_ENTRY_DETAIL, BANK_STATEMENT
from ingestion.currencies import CURRENCIES
from ingestion.readers import mt94_fields as fields
from ingestion.readers.mt94_statement import HELD_LIMIT, Output, Statement
from ingestion.readers.mt94_text import EntryText, free_text, read_ns, read_text
from ingestion.reading import ControlTotal, FileFacts, FileRejected, Reader, ReaderEvent, RecordCounter, Reject
from ingestion.record_columns import BATCH_ROWS, unscaled
from ingestion.references import account_id, is_iban
from ingestion.sources import SourceConfig

_CHUNK = 1 << 20
_FIELD_LIMIT = 1 << 18  # bytes; SWIFT allows 390 characters in :86:, banks send a few thousand
_WARNING_LIMIT = 50

# Where a field or a message begins or ends, always at the start of a line. Handelsbanken's 7-bit alphabet has ä and å for
# the braces; ING ends a message with -XXX.
_FIELD = re.compile(
    "^(?:\x01?\\{1:|(?:\xc3\xa4|\xe4)4:|:94[0-2]:|:(?:\\d\\d[A-Z]?|NS):|-(?:\\}|\xc3\xa5|\xe5|XXX[ \\t]*\r?$|[ \\t\x03]*\r?$))",
    re.MULTILINE,
)
_HEADER_TYPE = re.compile(r"\{2:[IO]?(9\d\d)")
_CODES = {
    ":60F:": "OPBD",
    ":60M:": "OPBD",
    ":62F:": "CLBD",
    ":62M:": "CLBD",
    ":64:": "CLAV",
    ":65:": "FWAV",
}
_SEQUENCE = re.compile(r"\s*(\d{1,18})(?:/(\d{1,18}))?")
_DECLARED = re.compile(r"(\d{1,9})([A-Z]{3})([\d.,]+)")
_FOREIGN = re.compile(r"/(OCMT|CHGS)/([A-Z]{3})([\d,.]+)")
_SECONDS = re.compile(r"\d\d(?!\d)")
_HOUR = re.compile(r"(?:^|\D)\d{1,2}$")
# Fields whose number may also be the minutes of a time that a bank broke over two lines.
_LIKE_TIME = frozenset({":13:", ":20:", ":21:", ":25:", ":28:"})
_OPENS_AFTER_CLOSE = frozenset({":25:", ":25P:", ":28:", ":28C:", ":60F:", ":60M:", ":61:", ":34F:", ":13:", ":13D:"})


class MtReader:
    """Reads MT940, MT941, MT942 and MT950; `format` decides only what a message without header and balances is."""

    version = "1"
    kinds = (BANK_STATEMENT.kind, BANK_BALANCE.kind, BANK_ENTRY.kind, BANK_ENTRY_DETAIL.kind)

    def __init__(self, format: str) -> None:
        self.format = format

    def read(self, stream: BinaryIO, source: SourceConfig) -> Iterator[ReaderEvent]:
        """Statements, balances, entries and one detail an entry; see `ingestion.reading.Reader`.

        Options: `encoding` (default UTF-8, else Windows-1252), `currency` for files that state none. Raises `FileRejected`
        for a file without a field, with NUL bytes, with a field beyond 256 kB, or cut off inside a SWIFT envelope.
        """
        reading = _Reading(self.format, source)
        try:
            yield from reading.run(stream)
        except RecursionError as error:
            raise FileRejected("the file is nested too deeply to be a bank statement") from error


class _Reading:
    """The state of reading one file."""

    def __init__(self, default: str, source: SourceConfig) -> None:
        encoding = source.options.get("encoding")
        currency = source.options.get("currency")
        self.default = default
        self.encoding = encoding if isinstance(encoding, str) else None
        self.currency = currency if isinstance(currency, str) else None
        self.counter = RecordCounter()
        self.output = Output()
        self.rejects: list[Reject] = []
        self.warnings: list[str] = []
        self.totals: list[ControlTotal] = []
        self.formats: set[str] = set()
        self.created_at: str | None = None
        self.statements = 0
        self.statement: Statement | None = None
        self.message_type: str | None = None
        self.envelope = False
        # the entry being read: where it starts and ends, its :61: and the texts after it
        self.entry_start = -1
        self.entry_end = 0
        self.entry_line = 0
        self.entry_content = ""
        self.entry_texts: list[tuple[str, str]] = []
        self.stray_account: tuple[int, int, str] | None = None
        self.end = 0

    # -- the flow -------------------------------------------------------------------------------------------------

    def run(self, stream: BinaryIO) -> Iterator[ReaderEvent]:
        carry, offset, line, first = "", 0, 1, True
        while True:
            data = stream.read(_CHUNK)
            if b"\0" in data:
                raise FileRejected(
                    "the file holds NUL bytes: it is not a text file, or it is UTF-16",
                    place=f"byte {offset + len(carry) + data.index(0)}",
                    expected="SWIFT MT text, one byte a character or UTF-8",
                    advice="Ask the bank for the original MT940 file; do not open and save it in an office program.",
                )
            text = carry + data.decode("latin-1")
            if first and text:
                first = False
                if "\n" not in text and "\r" in text:
                    text = text.replace("\r", "\n")
            pieces = _FIELD.split(text)
            tags = _FIELD.findall(text)
            if data:
                # the last field may go on in the next chunk
                if len(pieces[-1]) > _FIELD_LIMIT:
                    self._too_long(line + text.count("\n", 0, len(text) - len(pieces[-1])))
                if not tags:
                    carry = text
                    continue
                carry = tags.pop() + pieces.pop()
            else:
                carry = ""
            offset += len(pieces[0])
            line += pieces[0].count("\n")
            for tag, content in zip(tags, pieces[1:], strict=True):
                self._field(tag, content, offset, line)
                offset += len(tag) + len(content)
                if "\n" in content:
                    line += content.count("\n")
            if len(self.output.entries.rows) >= BATCH_ROWS or self.rejects:
                yield from self._flush()
            if not data:
                break
        self._finish_statement(offset)
        if not self.statements:
            raise FileRejected(
                "no MT940 or MT942 statement in the file",
                expected="fields such as :20:, :25:, :60F:, :61: at the start of a line",
                advice="Check that the source's format fits the file.",
            )
        if self.envelope:
            raise FileRejected(
                "the file is cut off: its last SWIFT message is not closed",
                place=f"line {line}",
                found="the end of the file",
                expected="-} after the last field",
                advice="Ask the bank to send the file again.",
            )
        yield from self._flush()
        yield FileFacts(
            "+".join(sorted(self.formats)) or self.default,
            None,
            self.created_at,
            tuple(self.totals),
            tuple(self.warnings[:_WARNING_LIMIT]),
        )

    def _flush(self) -> Iterator[ReaderEvent]:
        for columns in self.output.all:
            yield from columns.flush()
        yield from self.rejects
        self.rejects = []

    def _too_long(self, line: int) -> None:
        raise FileRejected(
            "a field is longer than any bank statement's",
            place=f"line {line}",
            found=f"more than {_FIELD_LIMIT} bytes without a new field",
            expected="MT940 fields of at most a few thousand characters",
            advice="Check that the source's format fits the file.",
        )

    def _field(self, tag: str, content: str, start: int, line: int) -> None:
        """One field, header or trailer of the file, in order."""
        self.end = start + len(tag) + len(content)
        if tag == ":86:" or tag == ":NS:":
            if len(content) > _FIELD_LIMIT:
                self._too_long(line)
            if self.entry_start >= 0:
                self.entry_texts.append((tag, content))
                self.entry_end = self.end
            else:
                self._statement_text(tag, content, start, line)
            return
        if self.entry_start >= 0:
            if tag in _LIKE_TIME and self._is_broken_time(content):
                self._continue_text(tag + content)
                return
            if tag[0] == ":" and tag not in _HANDLERS:
                self._warn(f"line {line}: {tag} is no field of MT940; kept as text of the entry before it")
                self._continue_text("\n" + tag + content)
                return
            self._finish_entry()
        if tag == ":61:":
            statement = self.statement
            if statement is None or statement.closed:
                statement = self._open(tag, start, line)
            if len(content) > _FIELD_LIMIT:
                self._too_long(line)
            self.entry_start, self.entry_end, self.entry_line, self.entry_content = start, self.end, line, content
            return
        handler = _HANDLERS.get(tag)
        if handler is not None:
            handler(self, tag, content, start, line)
        elif tag[0] == "-":
            self._finish_statement(start)
            self.envelope = False
            self.message_type = None
        elif tag[0] == ":" and not tag.startswith(":94"):
            self._warn(f"line {line}: {tag} is no field of MT940; its content {content.strip()[:40]!r} was not used")
        else:
            self._finish_statement(start)
            found = _HEADER_TYPE.search(content)
            self.message_type = found.group(1) if found else tag[1:4] if tag.startswith(":94") else None
            self.envelope = tag[-2:] == "1:" and "{4:" in content

    def _is_broken_time(self, content: str) -> bool:
        """Whether `:20:45 ...` is the rest of a time like 12:20:45 that the bank's line break cut before its minutes."""
        before = self.entry_texts[-1][1] if self.entry_texts else self.entry_content
        return _SECONDS.match(content) is not None and _HOUR.search(before.rstrip("\r\n")) is not None

    def _continue_text(self, text: str) -> None:
        if self.entry_texts:
            tag, before = self.entry_texts[-1]
            self.entry_texts[-1] = (tag, before.rstrip("\r\n") + text)
        else:
            self.entry_texts.append((":86:", text.lstrip("\n")))
        self.entry_end = self.end

    def _warn(self, text: str) -> None:
        if len(self.warnings) < _WARNING_LIMIT:
            self.warnings.append(text)
        elif len(self.warnings) == _WARNING_LIMIT:
            self.warnings[-1] = "there are more warnings than are listed"

    def _reject(
        self, line: int, start: int, end: int, field: str, found: str, expected: str, advice: str, place: str = ""
    ) -> Reject:
        one = Reject(
            self.counter.next(),
            place or f"{self.statement.place if self.statement else 'before the first statement'}, line {line}",
            field,
            fields.decode(found.strip(), self.encoding)[:200],
            expected,
            advice,
            fields.decode(found, self.encoding)[:2000],
            line,
            start,
            end,
        )
        self.rejects.append(one)
        return one

    # -- statements -----------------------------------------------------------------------------------------------

    def _open(self, tag: str, start: int, line: int) -> Statement:
        """The statement a field belongs to: the open one, or a new one where none is open or the last page is closed."""
        one = self.statement
        if one is not None and not (one.closed and tag in _OPENS_AFTER_CLOSE):
            return one
        before = one
        if one is not None:
            self._finish_statement(start)
        self.statements += 1
        new = Statement(self.statements, self.counter.next(), line, start, self.message_type)
        if before is not None and tag != ":20:":
            # a further page under the same :20:
            new.reference = before.reference
            if tag not in (":25:", ":25P:"):
                new.account, new.owner, new.name = before.account, before.owner, before.name
            if tag not in (":25:", ":25P:", ":28:", ":28C:"):
                new.sequence, new.page = before.sequence, before.page
        if new.account is not None and new.account.currency is not None:
            new.currency = new.account.currency
        self.statement = new
        return new

    def _finish_statement(self, end: int) -> None:
        self._finish_entry()
        self._drop_stray_account()
        one = self.statement
        if one is None:
            return
        if one.currency is None and self.currency is not None:
            self._set_currency(one, self.currency)
        if one.doubtful:
            self._settle_doubtful(one)
        for row in one.held:
            self._reject_without_currency(one, row)
        kind = one.kind(self.default)
        if kind == "statement" and one.opening_seen and not one.closed:
            self._reject(
                one.line,
                one.start,
                end,
                ":62F:",
                "",
                "a closing balance :62F: (or :62M: on a page that is not the last)",
                "The statement may be cut off here. Compare its entries with the bank's, and ask for the file again.",
                f"{one.place}, which begins in line {one.line} and ends before byte {end}",
            )
        self.formats.add("mt940" if kind == "statement" else "mt942")
        self._check_declared(one)
        self.output.add_statement(one, end, self.default)
        self.statement = None

    def _check_declared(self, one: Statement) -> None:
        if not one.declared:
            return
        count = sum(number for number, _ in one.declared.values())
        total = one.declared.get("90C", (0, 0))[1] - one.declared.get("90D", (0, 0))[1]
        for name, declared, computed in (
            ("entries", Decimal(count), Decimal(one.entries)),
            ("net amount", unscaled(total), unscaled(one.net)),
        ):
            control = ControlTotal(f"{name} of {one.place} (:90D:, :90C:)", declared, computed)
            self.totals.append(control)
            if not control.agrees:
                # entries under the floor limit :34F: are counted but not itemised: a warning, not a verdict
                self._warn(f"{control.name}: declared {declared.normalize():f}, itemised {computed.normalize():f}")

    def _set_currency(self, one: Statement, currency: str) -> None:
        one.currency = currency
        if one.held:
            self.output.entries.rows.extend([(*row[:-1], currency) for row in one.held])
            one.held = []

    def _reject_without_currency(self, one: Statement, row: tuple[object, ...]) -> None:
        one.entries -= 1
        one.rejected += 1
        record, line, start, end = (value if isinstance(value, int) else 0 for value in row[:4])
        amount, signed = row[9], row[11]
        one.net -= signed if isinstance(signed, int) and row[8] == "BOOK" else 0
        self.output.details.rows = [
            detail for detail in self.output.details.rows if detail[4] != one.number or detail[5] != row[5]
        ]
        self.rejects.append(
            Reject(
                record,
                f"{one.place}, entry {row[5]}, line {line}",
                "currency",
                "",
                "a currency in :60F:, :62F:, :34F: or :25: of the statement",
                "Name it in the source config: options: {currency: EUR}.",
                str(row[25] or ""),
                line,
                start,
                end,
                unscaled(amount) if isinstance(amount, int) else None,
            )
        )

    def _settle_doubtful(self, one: Statement) -> None:
        """An entry like D-104,12 says its direction twice or cancels itself: only the balances can tell which."""
        total = sum(value for value, _ in one.doubtful)
        opening, closing = one.opening, one.closing
        gap = closing.amount - opening.amount - one.net if opening and closing else None
        factor = 0 if gap is None or total == 0 else 1 if gap == total else -1 if gap == -total else 0
        for value, row in one.doubtful:
            if not factor:
                record, line, start, end = row[0], row[1], row[2], row[3]
                one.rejected += 1
                self.output.details.rows = [
                    detail for detail in self.output.details.rows if detail[4] != one.number or detail[5] != row[5]
                ]
                self.rejects.append(
                    Reject(
                        record if isinstance(record, int) else 0,
                        f"{one.place}, entry {row[5]}, line {line}",
                        ":61: amount",
                        f"a minus sign after the mark, {unscaled(abs(value))}",
                        "an amount without sign; the mark C or D gives the direction",
                        "The balances of the statement do not prove either reading. Ask the bank what the sign means.",
                        str(row[25] or ""),
                        line if isinstance(line, int) else None,
                        start if isinstance(start, int) else None,
                        end if isinstance(end, int) else None,
                        unscaled(abs(value)),
                        one.currency,
                    )
                )
                continue
            signed = value * factor
            one.entries += 1
            one.net += signed
            settled = (*row[:10], "CRDT" if signed > 0 else "DBIT", signed, *row[12:-1], one.currency)
            (self.output.entries.rows if one.currency else one.held).append(settled)
        one.doubtful = []

    # -- fields of the statement ----------------------------------------------------------------------------------

    def _on_reference(self, tag: str, content: str, start: int, line: int) -> None:
        self._finish_statement(start)
        self._open(tag, start, line).reference = fields.decode(content.strip(), self.encoding)[:100] or None

    def _on_account(self, tag: str, content: str, start: int, line: int) -> None:
        one = self.statement
        if one is not None and not one.closed and (one.entries or one.rejected or one.opening_seen):
            # out of place: either the next account's statement without :20:, or a text under a wrong tag
            self._drop_stray_account()
            self.stray_account = (start, line, content)
            return
        one = self._open(tag, start, line)
        one.account = fields.account(fields.decode(content.strip(), self.encoding)[:200])
        if one.account.currency is not None and one.currency is None:
            self._set_currency(one, one.account.currency)

    def _drop_stray_account(self) -> None:
        stray, self.stray_account = self.stray_account, None
        if stray is not None:
            start, line, content = stray
            self._reject(
                line,
                start,
                start + len(content),
                ":25:",
                content,
                "the account, before the entries of its statement",
                "The field stands among the entries: probably a text with a wrong tag. Ask the bank to correct the file.",
            )

    def _adopt_stray_account(self, start: int) -> None:
        """A `:25:` among entries was followed by a statement number or balance: a new statement begins with it."""
        stray = self.stray_account
        if stray is None:
            return
        self.stray_account = None
        self._finish_statement(stray[0])
        self._on_account(":25:", stray[2], stray[0], stray[1])

    def _on_sequence(self, tag: str, content: str, start: int, line: int) -> None:
        self._adopt_stray_account(start)
        one = self._open(tag, start, line)
        match = _SEQUENCE.match(content)
        if match is None:
            self._warn(f"line {line}: {tag} holds no statement number: {content.strip()[:40]!r}")
            return
        one.sequence = int(match.group(1))
        one.page = int(match.group(2)) if match.group(2) else None

    def _on_opening(self, tag: str, content: str, start: int, line: int) -> None:
        self._adopt_stray_account(start)
        one = self.statement
        if one is not None and not one.closed and (one.entries or one.rejected):
            before, self.statement = one, one
            self._finish_statement(start)
            one = self._open(tag, start, line)
            one.reference, one.account = before.reference, before.account
        one = self._open(tag, start, line)
        read = fields.balance(tag[1:-1], _CODES[tag], content)
        if isinstance(read, str):
            one.opening_seen = True
            self._reject_balance(tag, content, start, line, read)
            return
        if one.opening is not None:
            if read != one.opening:
                self._reject_balance(tag, content, start, line, "one opening balance a statement")
            return
        one.opening_seen = True
        one.opening = read
        if one.currency is None:
            self._set_currency(one, read.currency)
        elif one.currency != read.currency:
            self._warn(f"line {line}: {tag} is in {read.currency}, the account in {one.currency}")
            one.currency = read.currency
        self._add_balance(one, read, tag, content, start, line)

    def _on_closing(self, tag: str, content: str, start: int, line: int) -> None:
        one = self._open(tag, start, line)
        read = fields.balance(tag[1:-1], _CODES[tag], content)
        again = one.closed
        one.closed = True
        if isinstance(read, str):
            self._reject_balance(tag, content, start, line, read)
            return
        if one.currency is not None and read.currency != one.currency:
            self._reject_balance(tag, content, start, line, f"a balance in {one.currency}, as the statement's others")
            return
        if again and one.closing != read:
            self._reject_balance(tag, content, start, line, "one closing balance a statement")
            return
        if again:
            return
        if one.currency is None:
            self._set_currency(one, read.currency)
        one.closing = read
        self._add_balance(one, read, tag, content, start, line)

    def _on_available(self, tag: str, content: str, start: int, line: int) -> None:
        one = self._open(tag, start, line)
        read = fields.balance(tag[1:-1], _CODES[tag], content)
        if isinstance(read, str):
            self._reject_balance(tag, content, start, line, read)
            return
        self._add_balance(one, read, tag, content, start, line)

    def _add_balance(self, one: Statement, read: fields.Balance, tag: str, content: str, start: int, line: int) -> None:
        if read.date is None:
            # the amount is certain and still proves the statement's arithmetic; the balance has no day to stand on
            self._reject_balance(tag, content, start, line, "a date of the calendar, YYMMDD")
        else:
            self.output.add_balance(one.number, self.counter.next(), line, start, read)

    def _reject_balance(self, tag: str, content: str, start: int, line: int, expected: str) -> None:
        self._reject(
            line,
            start,
            self.end,
            tag,
            content,
            expected,
            "The balance was not loaded. Ask the bank to correct the file.",
        )

    def _on_floor(self, tag: str, content: str, start: int, line: int) -> None:
        one = self._open(tag, start, line)
        one.interim = True
        currency = content.strip()[:3]
        if currency in CURRENCIES and one.currency is None:
            self._set_currency(one, currency)

    def _on_time(self, tag: str, content: str, start: int, line: int) -> None:
        one = self._open(tag, start, line)
        one.interim = True
        one.created_at = fields.created_at(content.strip())
        self.created_at = self.created_at or one.created_at
        if one.created_at is None:
            self._warn(f"line {line}: {tag} is no time: {content.strip()[:40]!r}")

    def _on_declared(self, tag: str, content: str, start: int, line: int) -> None:
        one = self._open(tag, start, line)
        one.interim = True
        match = _DECLARED.match(content.strip())
        value = fields.amount(match.group(3), match.group(2)) if match and match.group(2) in CURRENCIES else None
        if match is None or value is None:
            self._warn(f"line {line}: {tag} holds no count and sum: {content.strip()[:40]!r}")
            return
        one.declared[tag[1:-1]] = (int(match.group(1)), value)
        if one.currency is None:
            self._set_currency(one, match.group(2))
        if not one.opening_seen:
            one.closed = True

    def _on_related(self, tag: str, content: str, start: int, line: int) -> None:
        """Field :21: names the request a statement answers: nothing a ledger needs."""
        self._open(tag, start, line)

    def _statement_text(self, tag: str, content: str, start: int, line: int) -> None:
        """A text that belongs to the statement: after its balances, or before its first entry."""
        one = self.statement
        if one is None:
            one = self._open(tag, start, line) if tag == ":86:" else None
        if one is None or tag == ":86:":
            return
        for ns_line in fields.decode(content, self.encoding).splitlines():
            code, value = ns_line[:2], ns_line[2:].strip()
            if code == "22":
                one.owner = value or None
            elif code == "23":
                one.name = value or None

    # -- entries --------------------------------------------------------------------------------------------------

    def _finish_entry(self) -> None:
        start = self.entry_start
        if start < 0:
            return
        self.entry_start = -1
        texts, self.entry_texts = self.entry_texts, []
        one = self.statement
        assert one is not None  # noqa: S101  (an entry opens its statement)
        content = self.entry_content
        match = fields.ENTRY.match(content)
        if match is None:
            self._reject_entry(
                one, content, "value date, C or D, amount and type, e.g. 2609300930D1234,56NTRFREF//BANKREF"
            )
            return
        value_text, entry_text, mark, _funds, number, kind, rest, supplement = match.groups()
        whole, comma, fraction = number.partition(",")
        if comma and whole.isdigit() and len(whole) < 14 and len(fraction) < 6:
            amount: int | None = int(whole + fraction + "00000"[len(fraction) :])
        else:
            amount = fields.amount(number, one.currency)
        if amount is None:
            self._reject_entry(one, content, "an amount with decimal comma and no grouping, e.g. 1234,56")
            return
        value_date = fields.day(value_text)
        if value_date is None:
            # the 30-day months of interest calculation: 30 February is a value date banks do send
            if not (value_text[2:] in ("0229", "0230") and entry_text and entry_text.strip()):
                self._reject_entry(one, content, f"a value date of the calendar instead of {value_text}", amount)
                return
            self._warn(f"line {self.entry_line}: value date {value_text} is in no calendar; left empty")
        booking_date = None
        if entry_text is not None and entry_text != "    ":
            opening = one.opening
            anchor = opening.date if opening is not None and opening.date is not None else value_date
            if anchor is None:
                anchor = fields.day(value_text[:2] + "0228") or 0
            booking_date = fields.day_near(entry_text, anchor)
            if booking_date is None:
                self._reject_entry(one, content, f"an entry date of the calendar instead of {entry_text}", amount)
                return
        direction, sign, reversal, status = fields.MARKS[mark]
        customer, _, bank = rest.partition("//")
        customer, bank = customer.strip(), bank.strip()
        said, raw_text = self._entry_text(one, texts)
        if supplement and not supplement.isspace():
            added = "\n".join(fields.decode(supplement, self.encoding).split("\n")).replace("\r", "").strip()
            said = self._with_supplement(one, said, added)
            raw_text = f"{added}\n{raw_text}" if raw_text else added
        instructed = charges = None
        instructed_currency = charges_currency = None
        if raw_text and ("/OCMT/" in raw_text or "/CHGS/" in raw_text):
            for word, currency, figure in _FOREIGN.findall(raw_text):
                value = fields.amount(figure.rstrip(",."), currency) if currency in CURRENCIES else None
                if value is not None and word == "OCMT" and instructed is None:
                    instructed, instructed_currency = value, currency
                elif value is not None and word == "CHGS" and charges is None:
                    charges, charges_currency = value, currency
        if not (rest.isascii()):
            customer, bank = fields.decode(customer, self.encoding), fields.decode(bank, self.encoding)
        credit = sign > 0
        native = kind.strip() if kind else None
        iso = None
        issuer = "SWIFT" if native else None
        if said is not None and said.transaction_code is not None:
            iso = from_gvc(said.transaction_code, credit)
            native = f"{native}+{said.transaction_code}" if native else said.transaction_code
            issuer = "DK"
        if iso is None and kind:
            iso = from_swift(kind, credit)
        domain, family, subfamily = iso or (None, None, None)
        record = self.counter.next()
        end = self.entry_end
        number_in_statement = one.entries + one.rejected + len(one.doubtful) + 1
        signed = amount * sign
        row = (
            record,
            self.entry_line,
            start,
            end,
            one.number,
            number_in_statement,
            bank if bank and bank not in fields.NO_REFERENCE else None,
            customer if customer not in fields.NO_REFERENCE else None,
            status,
            abs(amount),
            direction,
            signed,
            reversal,
            booking_date,
            value_date,
            domain,
            family,
            subfamily,
            native,
            issuer,
            instructed,
            instructed_currency,
            charges,
            charges_currency,
            0 if said is None else 1,
            raw_text or None,
            one.currency,
        )
        if amount < 0 or number[0] == "-":
            one.doubtful.append((signed, row))
        else:
            one.entries += 1
            if status == "BOOK":
                one.net += signed
            if one.currency is None:
                one.held.append(row)
                if len(one.held) > HELD_LIMIT:
                    raise FileRejected(
                        "the statement does not say its currency",
                        place=one.place,
                        expected="a currency in :60F:, :34F: or :25: before the entries",
                        advice="Name it in the source config: options: {currency: EUR}.",
                    )
            else:
                self.output.entries.rows.append(row)
        if said is not None:
            debtor = (said.name, said.account, said.agent) if credit else (None, None, None)
            creditor = (None, None, None) if credit else (said.name, said.account, said.agent)
            self.output.details.rows.append(
                (
                    self.counter.next(),
                    self.entry_line,
                    start,
                    end,
                    one.number,
                    number_in_statement,
                    1,
                    said.instruction_id,
                    said.end_to_end_id,
                    said.mandate_id,
                    *debtor,
                    said.ultimate_debtor,
                    *creditor,
                    said.ultimate_creditor,
                    said.remittance,
                    said.structured_reference,
                    said.structured_reference_type,
                    said.purpose,
                    said.return_reason,
                    said.additional,
                )
            )

    def _entry_text(self, one: Statement, texts: list[tuple[str, str]]) -> tuple[EntryText | None, str]:
        """What the texts after an entry say, and the texts themselves."""
        if not texts:
            return None, ""
        if len(texts) == 1 and texts[0][0] == ":86:":
            text = fields.decode(texts[0][1], self.encoding).strip("\r\n")
            return (read_text(text) if text.strip() else None), text.replace("\r", "").strip()
        decoded = [(tag, fields.decode(text, self.encoding).replace("\r", "").strip("\n")) for tag, text in texts]
        own = one.account
        if own is not None and len(decoded) > 1 and any(text.strip() == own.account_id for _, text in decoded):
            return None, ""  # the bank's note about the account itself, printed after the first entry
        said: EntryText | None = None
        notes = "\n".join(text for tag, text in decoded if tag == ":86:")
        if notes.strip():
            said = read_text(notes)
        for tag, text in decoded:
            if tag == ":NS:":
                lines = read_ns(text)
                said = lines if said is None else _merged(said, lines)
        return said, "\n".join(text for _, text in decoded if text.strip())

    def _with_supplement(self, one: Statement, said: EntryText | None, added: str) -> EntryText:
        """Supplementary details stand in the line after :61:. A lone IBAN is the other account; else they are text."""
        if is_iban(added) and (one.account is None or account_id(added) != one.account.account_id):
            said = said or EntryText()
            return said if said.account else said._replace(account=account_id(added))
        if said is None:
            return free_text(added)
        if said.transaction_code is None and said.name is None and said.end_to_end_id is None:
            return said._replace(remittance=f"{added}\n{said.remittance}" if said.remittance else added)
        return said._replace(additional=f"{added}\n{said.additional}" if said.additional else added)

    def _reject_entry(self, one: Statement, content: str, expected: str, amount: int | None = None) -> None:
        one.rejected += 1
        self.rejects.append(
            Reject(
                self.counter.next(),
                f"{one.place}, entry {one.entries + one.rejected + len(one.doubtful)}, line {self.entry_line}",
                ":61:",
                fields.decode(content.strip(), self.encoding)[:200],
                expected,
                "The entry was not loaded; the statement's balances will differ by it. Ask the bank to correct the file.",
                fields.decode(":61:" + content, self.encoding)[:2000],
                self.entry_line,
                self.entry_start_or(content),
                self.entry_end,
                None if amount is None else unscaled(abs(amount)),
                one.currency,
            )
        )

    def entry_start_or(self, content: str) -> int:
        """Where the entry that was just closed begins."""
        return max(0, self.entry_end - len(":61:") - len(content))


def _merged(first: EntryText, second: EntryText) -> EntryText:
    """Two readings of one entry's texts: the first wins where both say something of one party; texts are joined."""
    joined = {
        name: "\n".join(filter(None, (getattr(first, name), getattr(second, name)))) or None
        for name in ("remittance", "additional")
    }
    kept = [one if one is not None else other for one, other in zip(first, second, strict=True)]
    return EntryText(*kept)._replace(**joined)


_HANDLERS = {
    ":20:": _Reading._on_reference,
    ":21:": _Reading._on_related,
    ":25:": _Reading._on_account,
    ":25P:": _Reading._on_account,
    ":28:": _Reading._on_sequence,
    ":28C:": _Reading._on_sequence,
    ":60F:": _Reading._on_opening,
    ":60M:": _Reading._on_opening,
    ":61:": None,
    ":62F:": _Reading._on_closing,
    ":62M:": _Reading._on_closing,
    ":64:": _Reading._on_available,
    ":65:": _Reading._on_available,
    ":34F:": _Reading._on_floor,
    ":13:": _Reading._on_time,
    ":13D:": _Reading._on_time,
    ":90C:": _Reading._on_declared,
    ":90D:": _Reading._on_declared,
}

READERS: dict[str, Reader] = {"mt940": MtReader("mt940"), "mt942": MtReader("mt942")}
