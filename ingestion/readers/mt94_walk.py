"""The walk through the fields of an MT940 or MT942 file: which field belongs to which statement and entry.

What a field of a statement says is read in `mt94_statement_fields`, an entry in `mt94_entry`; runs of plain entries are only
counted here, and read all at once in `mt94_bulk`.
"""

from __future__ import annotations

import re

import numpy as np

from ingestion.readers import mt94_fields as fields
from ingestion.readers.byte_slices import Ints
from ingestion.readers.mt94_bulk import BulkEntries
from ingestion.readers.mt94_cut import FIELD_LIMIT, Fields, too_long
from ingestion.readers.mt94_entry import read_entry
from ingestion.readers.mt94_findings import Findings
from ingestion.readers.mt94_plain import plain_entries
from ingestion.readers.mt94_plain_statements import Tags, plain_statements
from ingestion.readers.mt94_settling import check_declared, reject_without_currency, set_currency, settle_doubtful
from ingestion.readers.mt94_statement import Output, RawEntry, Statement
from ingestion.readers.mt94_statement_columns import TakenStatements
from ingestion.readers.mt94_statement_fields import HANDLERS

_HEADER_TYPE = re.compile(r"\{2:[IO]?(9\d\d)")
_SECONDS = re.compile(r"\d\d(?!\d)")
_HOUR = re.compile(r"(?:^|\D)\d{1,2}$")
# Fields whose number may also be the minutes of a time that a bank broke over two lines.
_LIKE_TIME = frozenset({":13:", ":20:", ":21:", ":25:", ":28:"})
# Fields in the midst of a statement: a dash alone in the line before one was text, not the end of the message.
_INSIDE = frozenset({":61:", ":86:", ":62F:", ":62M:"})
_OPENS_AFTER_CLOSE = frozenset({":25:", ":25P:", ":28:", ":28C:", ":60F:", ":60M:", ":61:", ":34F:", ":13:", ":13D:"})


class Walk:
    """Where the reading of a file stands. `default` is the format of a message without header and balances."""

    def __init__(self, default: str, encoding: str | None, currency: str | None) -> None:
        self.default = default
        self.encoding = encoding
        self.currency = currency
        self.findings = Findings(encoding)
        self.output = Output()
        self.formats: set[str] = set()
        self.created_at: str | None = None
        self.statements = 0
        self.statement: Statement | None = None
        self.entry: RawEntry | None = None
        self.stray_account: tuple[int, int, str] | None = None  # start, line, content
        self.trailer: tuple[int, str] | None = None  # a dash alone in its line: where it starts, and what follows it
        self.message_type: str | None = None
        self.envelope = False
        self.end = 0  # of the last field

    def chunk(self, chunk: Fields) -> tuple[TakenStatements, BulkEntries]:
        """Take the fields of a chunk in their order; the plain statements and entries among them are given back, to be read
        at once."""
        tags = Tags(chunk)
        closes = tags.close_entry
        for number in tags.others:
            closes[number] = self._closes_entry(chunk.tag(number))
        plain = plain_entries(chunk, closes, self.encoding)
        bulk = BulkEntries(chunk, plain)
        number_of = np.full(len(chunk.start), -1, dtype=np.int64)
        number_of[plain.field] = np.arange(len(plain))
        run_end = _run_ends(plain.field, plain.fields)
        taken = TakenStatements(chunk, plain_statements(chunk, tags, plain, run_end), bulk)
        at, count = 0, len(chunk.start)
        while at < count:
            whole = taken.number_of.get(at)
            if whole is not None and self._take_statements(taken, whole):
                at = int(taken.plain.next_field[taken.run_ends[whole] - 1])
                self.end = chunk.offset + int(chunk.end[at - 1])
                continue
            first = int(number_of[at])
            if first >= 0:
                self._after_trailer(":61:")
                self.finish_entry()
                statement = self.statement
                if statement is not None and not statement.closed and statement.currency is not None:
                    last = int(run_end[first])
                    bulk.take(first, last, statement, self.findings.counter)
                    at = int(plain.field[last - 1] + plain.fields[last - 1])
                    self.end = chunk.offset + int(chunk.end[at - 1])
                    continue
            self._field(chunk.tag(at), chunk.text(at), chunk.offset + int(chunk.start[at]), int(chunk.line[at]))
            at += 1
        return taken, bulk

    def _take_statements(self, taken: TakenStatements, first: int) -> bool:
        """Take a run of plain statements at once, where nothing before it speaks of it or is still open."""
        self._after_trailer(":20:")
        if self.entry is not None or self.message_type is not None or self.envelope:
            return False
        if self.statement is not None:
            self.finish_statement(taken.fields.offset + int(taken.plain.start[first]))
        last = taken.run_ends[first]
        taken.take(first, last, self.findings.counter, self.statements)
        self.statements += last - first
        self.formats.add("mt940")
        return True

    @staticmethod
    def _closes_entry(tag: str) -> bool:
        """Whether an entry surely ends before a field of this tag, for it is no text, and not the rest of one."""
        if tag[0] != ":":
            return not _is_dash(tag)
        return tag not in _LIKE_TIME and tag != ":NS:" and tag in HANDLERS

    def _field(self, tag: str, content: str, start: int, line: int) -> None:
        """One field, header or trailer of the file, in order."""
        self._after_trailer(tag)
        self.end = start + len(tag) + len(content)
        entry = self.entry
        if _is_dash(tag):
            self.trailer = (start, content)
            return
        if tag in (":86:", ":NS:"):
            if len(content) > FIELD_LIMIT:
                raise too_long(line)
            if entry is not None:
                entry.texts.append((tag, content))
                entry.end = self.end
            else:
                self._statement_text(tag, content, start, line)
            return
        if entry is not None:
            if tag in _LIKE_TIME and _is_broken_time(entry, content):
                entry.go_on(tag + content, self.end)
                return
            if tag[0] == ":" and tag != ":61:" and tag not in HANDLERS:
                self.findings.warn(f"line {line}: {tag} is no field of MT940; kept as text of the entry before it")
                entry.go_on("\n" + tag + content, self.end)
                return
            self.finish_entry()
        handler = HANDLERS.get(tag)
        if tag == ":61:":
            if self.statement is None or self.statement.closed:
                self.open(tag, start, line)
            if len(content) > FIELD_LIMIT:
                raise too_long(line)
            self.entry = RawEntry(start, self.end, line, content)
        elif handler is not None:
            handler(self, tag, content, start, line)
        elif tag[0] == "-":
            self._end_message(start)
        elif tag[0] == ":" and not tag.startswith(":94"):
            self.findings.warn(
                f"line {line}: {tag} is no field of MT940; its content {content.strip()[:40]!r} was not used"
            )
        else:
            self.finish_statement(start)
            found = _HEADER_TYPE.search(content)
            self.message_type = found.group(1) if found else tag[1:4] if tag.startswith(":94") else None
            self.envelope = tag[-2:] == "1:" and "{4:" in content

    def _after_trailer(self, tag: str) -> None:
        """Before a field after a dash alone in its line: the dash ended the message, unless the statement goes on."""
        if self.trailer is None:
            return
        (start, content), self.trailer = self.trailer, None
        one = self.statement
        if tag not in _INSIDE or one is None or one.closed:
            self._end_message(start)
        elif self.entry is not None:
            self.entry.go_on("\n-" + content, start + 1 + len(content))

    def _end_message(self, start: int) -> None:
        self.finish_statement(start)
        self.envelope = False
        self.message_type = None

    def open(self, tag: str, start: int, line: int) -> Statement:
        """The statement a field belongs to: the open one, or a new one where none is open or the last page is closed."""
        before = self.statement
        if before is not None and not (before.closed and tag in _OPENS_AFTER_CLOSE):
            return before
        if before is not None:
            self.finish_statement(start)
        self.statements += 1
        new = Statement(self.statements, self.findings.counter.next(), line, start, self.message_type)
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

    def finish_entry(self) -> None:
        """The entry being read is complete."""
        entry, self.entry = self.entry, None
        if entry is not None:
            assert self.statement is not None  # noqa: S101  (an entry opens its statement)
            read_entry(entry, self.statement, self.output, self.findings)

    def finish_statement(self, end: int) -> None:
        """The statement being read is complete; `end` is the byte after it."""
        self.finish_entry()
        self.drop_stray_account()
        one = self.statement
        if one is None:
            return
        if one.currency is None and self.currency is not None:
            set_currency(one, self.output, self.currency)
        if one.doubtful:
            settle_doubtful(one, self.output, self.findings)
        reject_without_currency(one, self.findings)
        kind = one.kind(self.default)
        if kind == "statement" and one.opening_seen and not one.closed:
            self.findings.reject(
                one,
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
        check_declared(one, self.findings)
        self.output.add_statement(one, end, self.default)
        self.statement = None

    def finish(self, end: int) -> None:
        """The file ends at byte `end`."""
        self._after_trailer("")
        self.finish_statement(end)

    def drop_stray_account(self) -> None:
        """A `:25:` among entries that no new statement followed."""
        stray, self.stray_account = self.stray_account, None
        if stray is not None:
            start, line, content = stray
            self.findings.reject(
                self.statement,
                line,
                start,
                start + len(content),
                ":25:",
                content,
                "the account, before the entries of its statement",
                "The field stands among the entries: probably a text with a wrong tag. Ask the bank to correct the file.",
            )

    def _statement_text(self, tag: str, content: str, start: int, line: int) -> None:
        """A text that belongs to the statement: after its balances, or before its first entry."""
        one = self.statement
        if one is None:
            one = self.open(tag, start, line) if tag == ":86:" else None
        if one is None or tag == ":86:":
            return
        for ns_line in fields.decode(content, self.encoding).splitlines():
            code, value = ns_line[:2], ns_line[2:].strip()
            if code == "22":
                one.owner = value or None
            elif code == "23":
                one.name = value or None


def _run_ends(field: Ints, size: Ints) -> Ints:
    """For each plain entry the end of the run it stands in: the number after the last that follows without a gap."""
    breaks = np.flatnonzero(field[1:] != field[:-1] + size[:-1]) + 1
    ends = np.append(breaks, len(field))
    found: Ints = ends[np.searchsorted(ends, np.arange(len(field)), side="right")]
    return found


def _is_dash(tag: str) -> bool:
    """Whether a trailer is a dash alone, which a text may hold as well."""
    return tag[0] == "-" and not tag[1:].strip("\r\t \x03\x1a")


def _is_broken_time(entry: RawEntry, content: str) -> bool:
    """Whether `:20:45 ...` is the rest of a time like 12:20:45 that the bank's line break cut before its minutes."""
    before = entry.texts[-1][1] if entry.texts else entry.content
    return _SECONDS.match(content) is not None and _HOUR.search(before.rstrip("\r\n")) is not None
