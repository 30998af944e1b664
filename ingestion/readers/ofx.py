"""OFX downloads of bank and credit card accounts, version 1 (SGML) and 2 (XML).

This module decides which value belongs to which aggregate and statement. Tags are cut in `ofx_text`, values read in
`ofx_values`, rows built in `ofx_statement`. Investment and loan statements are not cash statements: they are rejected.

Source: Open Financial Exchange, specification 2.2, chapters 2.4 (signon), 11.4 (statements of banks and cards).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from ingestion.contracts import BANK_BALANCE, BANK_ENTRY, BANK_ENTRY_DETAIL, BANK_STATEMENT
from ingestion.currencies import CURRENCIES
from ingestion.readers import ofx_values as values
from ingestion.readers.ofx_names import (
    AGGREGATES,
    BALANCES,
    ENTRIES,
    LISTS,
    OTHER_STATEMENTS,
    RECORDS,
    RESPONSES,
    STATEMENTS,
    TEXTS,
    VALUES,
)
from ingestion.readers.ofx_statement import Fields, Output, Place, Statement, Unreadable
from ingestion.readers.ofx_text import OfxText, Tag
from ingestion.reading import FileFacts, FileRejected, Reader, ReaderEvent, RecordCounter, Reject
from ingestion.record_columns import BATCH_ROWS, unscaled
from ingestion.sources import SourceConfig

_DEPTH_LIMIT = 64
_FIELD_LIMIT = 4096  # values of one aggregate
_NOTES = ("twice", "markup")  # beside the values of an aggregate: the path of one that is not to be taken


@dataclass
class _Frame:
    """An open aggregate; one that is a record holds the values found in it, by their path."""

    name: str
    line: int
    start: int
    fields: Fields | None


class OfxReader:
    """OFX statements of bank and credit card accounts."""

    format = "ofx"
    version = "1"
    kinds: tuple[str, ...] = (BANK_STATEMENT.kind, BANK_BALANCE.kind, BANK_ENTRY.kind, BANK_ENTRY_DETAIL.kind)

    def read(self, stream: BinaryIO, source: SourceConfig) -> Iterator[ReaderEvent]:
        """Statements, balances, entries and one detail an entry; see `ingestion.reading.Reader`.

        Options: `encoding` (default UTF-8, else what the header says), `currency` where CURDEF is missing. Raises
        `FileRejected` for what is not OFX, is cut off, declares a DTD, reports an error, or holds no bank statement.
        """
        yield from _Reading(stream, source).run()


class _Reading:
    """The state of reading one file."""

    def __init__(self, stream: BinaryIO, source: SourceConfig) -> None:
        encoding, currency = source.options.get("encoding"), source.options.get("currency")
        self.text = OfxText(stream, encoding if isinstance(encoding, str) else None)
        self.currency = currency if isinstance(currency, str) and currency in CURRENCIES else None
        self.account = source.account
        self.counter = RecordCounter()
        self.output = Output(self.counter)
        self.rejects: list[Reject] = []
        self.refusals: list[Reject] = []  # responses that are errors, and statements of other kinds
        self.warnings: Counter[str] = Counter()
        self.stack: list[_Frame] = []
        self.leaf: tuple[Fields, str] | None = None
        self.leaf_name = ""
        self.before = ""  # the text before the tag at hand, as it stands
        self.statement: Statement | None = None
        self.statements = 0
        self.documents = 0
        self.created_at: str | None = None

    def run(self) -> Iterator[ReaderEvent]:
        for tag in self.text.tags():
            if not tag.name:
                self._continue(tag.value)
            elif self._is_in_text(tag):
                self._keep_markup(tag)
            elif not tag.opens:
                self._close(tag)
            elif not tag.empty:
                if self.before[-1:].isspace() and tag.after[:1].isspace() and tag.value and self._is_on_line_of_text():
                    self._doubt_markup()  # a name of OFX between two words
                self._open(tag)
            else:
                self.leaf, self.leaf_name = None, ""
            self.before = tag.after
            if len(self.output.entries.rows) >= BATCH_ROWS:
                yield from self._flush()
        if self.stack or not self.documents:
            raise FileRejected(
                f"the file is cut off: <{self.stack[-1].name if self.stack else 'OFX'}> is not closed",
                place=f"line {self.text.line}", found="the end of the file", expected="</OFX>",
                advice="Download the file again.",
            )  # fmt: skip
        if not self.statements:
            raise self._nothing()
        yield from self._flush()
        yield from self.refusals
        warnings = tuple(text if count == 1 else f"{text} ({count} times)" for text, count in self.warnings.items())
        yield FileFacts("ofx", self.text.file_uid, self.created_at, (), warnings[:50])

    def _flush(self) -> Iterator[ReaderEvent]:
        for columns in self.output.all:
            yield from columns.flush()
        yield from self.rejects
        self.rejects = []

    def _nothing(self) -> FileRejected:
        """The file holds no statement of a bank or credit card account: why, as far as it says."""
        if not self.refusals:
            return FileRejected(
                "the file holds no statement", place="file", found="no STMTRS or CCSTMTRS",
                expected="a statement of a bank or credit card account",
                advice="Ask for the download of transactions, not of the account list.",
            )  # fmt: skip
        first = self.refusals[0]
        return FileRejected(
            "the file holds no statement of a bank or credit card account",
            place=first.place, found=first.found, expected=first.expected, advice=first.advice,
        )  # fmt: skip

    # -- nesting --------------------------------------------------------------------------------------------------

    def _open(self, tag: Tag) -> None:
        name = tag.name
        self.leaf, self.leaf_name = None, name
        if name in AGGREGATES or (not tag.value and name not in VALUES and "." not in name):
            if len(self.stack) >= _DEPTH_LIMIT:
                raise FileRejected(
                    "the file is nested too deeply to be a bank statement", place=f"line {tag.line}", found=f"<{name}>",
                    expected=f"at most {_DEPTH_LIMIT} levels", advice="Check that the source's format fits the file.",
                )  # fmt: skip
            if any(frame.name == name for frame in self.stack) and name in RECORDS:
                if self.stack[-1].name != name or name not in ENTRIES:
                    raise self._unclosed(name, tag)
                self._end_entry(tag)
            self.stack.append(_Frame(name, tag.line, tag.start, {} if name in RECORDS else None))
            if name in STATEMENTS:
                self._begin(tag)
            return
        if not tag.value or not self.stack:
            return
        path = name
        for frame in reversed(self.stack):
            if frame.fields is not None:
                self._note(frame, path, tag.value)
                return
            path = f"{frame.name}/{path}"

    def _note(self, frame: _Frame, path: str, value: str) -> None:
        fields = frame.fields
        if fields is None:
            return
        if path in fields and fields[path] != value:
            if path == "MEMO":
                value = f"{fields[path]}\n{value}"
            elif frame.name in ENTRIES | BALANCES:
                fields["twice"] = path  # told where the aggregate closes: no value of the two is taken
        if len(fields) > _FIELD_LIMIT:
            raise FileRejected(
                f"an aggregate <{frame.name}> holds too many values", place=f"line {frame.line}",
                found=f"more than {_FIELD_LIMIT}", expected="the fields of one record",
                advice="Check that the source's format fits the file.",
            )  # fmt: skip
        fields[path] = value
        self.leaf = (fields, path)

    def _is_in_text(self, tag: Tag) -> bool:
        """Whether what looks like a tag stands in the midst of a text of an entry: on the line of a text that is not closed,
        and by a name that is none of OFX, nor one of a vendor, which has a dot."""
        if "." in tag.name or tag.name in AGGREGATES or tag.name in VALUES or not self._is_on_line_of_text():
            return False
        return tag.opens or all(frame.name != tag.name for frame in self.stack)

    def _is_on_line_of_text(self) -> bool:
        path = self.leaf[1] if self.leaf is not None else self.leaf_name
        inner = next((frame for frame in reversed(self.stack) if frame.fields is not None), None)
        is_text = path.rpartition("/")[2] in TEXTS and inner is not None and inner.name in ENTRIES
        return is_text and "\n" not in self.before and "\r" not in self.before

    def _keep_markup(self, tag: Tag) -> None:
        """What looks like a tag stays in the text it stands in; where no blank beside it tells so, the entry is refused."""
        gap, text = " " if self.before[-1:].isspace() else "", self.text.value(tag.token + tag.after)
        if self.leaf is None:
            self._open(tag._replace(name=self.leaf_name, value=text))
        else:
            self.leaf[0][self.leaf[1]] += gap + text
        if tag.opens and not tag.empty and not gap and not tag.after[:1].isspace():
            self._doubt_markup()

    def _doubt_markup(self) -> None:
        if self.leaf is not None:
            self.leaf[0]["markup"] = self.leaf[1]  # told where the aggregate closes

    def _continue(self, value: str) -> None:
        """CDATA, or text after a comment: it belongs to the value before it, or to the tag that had none yet."""
        if self.leaf is not None:
            fields, path = self.leaf
            fields[path] += value
            return
        if self.stack and self.stack[-1].name == self.leaf_name and self.leaf_name not in AGGREGATES:
            self.stack.pop()
        if self.leaf_name and self.leaf_name not in AGGREGATES and value:
            self._open(Tag(self.leaf_name, True, False, value, 0, 0, self.text.line))

    def _close(self, tag: Tag) -> None:
        name = tag.name
        self.leaf, leaf_name = None, self.leaf_name
        self.leaf_name = ""
        at = next((at for at in range(len(self.stack) - 1, -1, -1) if self.stack[at].name == name), None)
        if at is None:
            if name in AGGREGATES and name != leaf_name:
                raise FileRejected(
                    "the file is damaged: a closing tag has no opening one", place=f"line {tag.line}",
                    found=f"</{name}>", expected=f"<{name}> before it", advice="Download the file again.",
                )  # fmt: skip
            return
        while len(self.stack) > at + 1:
            inner = self.stack.pop()  # a value of SGML that is empty and not closed
            if inner.name == "BANKTRANLIST" and name in STATEMENTS:
                # a list holds nothing of its own: each of its transactions is closed, or refused where it is not
                self.warnings[f"line {tag.line}: <{inner.name}> is not closed; taken to end with its statement"] += 1
            elif inner.name in ENTRIES and name in LISTS:
                self.stack.append(inner)
                self._end_entry(tag)
            elif inner.name in AGGREGATES:
                raise self._unclosed(inner.name, tag)
        frame = self.stack.pop()
        if frame.name == "OFX" and not self.stack:
            self.documents += 1
        if frame.fields is not None:
            self._complete(frame, tag)

    def _end_entry(self, tag: Tag) -> None:
        """An entry holds no other, and a list nothing but entries: one that is not closed ends before the tag at hand."""
        frame = self.stack.pop()
        self.warnings[f"an entry <{frame.name}> is not closed; taken to end before the next one or with its list"] += 1
        self._complete(frame, tag._replace(end=tag.start))

    def _unclosed(self, name: str, tag: Tag) -> FileRejected:
        return FileRejected(
            f"the file is damaged: <{name}> is not closed", place=f"line {tag.line}",
            found=f"<{'' if tag.opens else '/'}{tag.name}>", expected=f"</{name}> before it",
            advice="Download the file again.",
        )  # fmt: skip

    # -- meaning --------------------------------------------------------------------------------------------------

    def _begin(self, tag: Tag) -> None:
        self.statements += 1
        fields = self.stack[-1].fields
        around = next((frame.fields for frame in reversed(self.stack) if frame.name in RESPONSES), None)
        self.statement = Statement(
            self.statements,
            self.counter.next(),
            Place(tag.line, tag.start, None),
            fields if fields is not None else {},
            around if around is not None else {},
        )

    def _complete(self, frame: _Frame, tag: Tag) -> None:
        """A record is whole: a row, or a reject that says why not."""
        name, fields = frame.name, frame.fields or {}
        place = Place(frame.line, None, None) if self.text.transcoded else Place(frame.line, frame.start, tag.end)
        one = self.statement
        if name == "SONRS":
            when = values.stamp(fields.get("DTSERVER", ""))
            self.created_at = self.created_at or (when.iso if when else None)
        elif name == "STATUS":
            self._on_status(fields, place)
        elif name in OTHER_STATEMENTS:
            account = fields.get("INVACCTFROM/ACCTID") or fields.get("LOANACCTFROM/ACCTID") or ""
            self.refusals.append(
                Reject(
                    self.counter.next(), f"account {account}, line {frame.line}", name, f"a statement of kind {name}",
                    "a statement of a bank or credit card account (STMTRS, CCSTMTRS)",
                    "Investment and loan statements are not read. Leave the account out of the download.",
                    line=frame.line, byte_start=place.start, byte_end=place.end,
                )
            )  # fmt: skip
        elif one is not None and name in STATEMENTS:
            self._on_statement(one, place)
        elif one is not None and name in ENTRIES:
            one.seen += 1
            self._on_record(one, name, fields, place, f"{one.name}, entry {one.seen}, line {frame.line}")
        elif one is not None and name in BALANCES:
            self._on_record(one, name, fields, place, f"{one.name}, balance {name}, line {frame.line}")

    def _on_record(self, one: Statement, name: str, fields: Fields, place: Place, where: str) -> None:
        self._settle_currency(one)
        try:
            if "twice" in fields:
                raise Unreadable(
                    fields["twice"], fields[fields["twice"]], "one value; the record holds two that differ"
                )
            if "markup" in fields:
                path = fields["markup"]
                raise Unreadable(
                    path, fields[path], "a text whose < is written &lt;: a tag and a part of it look the same"
                )
            if name in ENTRIES:
                self.output.add_entry(one, fields, place, pending=name == "STMTTRNP")
                if not fields.get("FITID"):
                    self.warnings[f"{one.name}: an entry has no FITID, so that a repeat of it cannot be told"] += 1
                if fields.get("TRNTYPE", "").upper() == "DEBIT" and not fields["TRNAMT"].lstrip().startswith("-"):
                    self.warnings[f"{one.name}: an entry of type DEBIT has a positive amount; the sign was taken"] += 1
            elif not self.output.add_balance(one, name, fields, place):
                self.warnings[f"{one.name}: {name} gives no amount"] += 1
        except Unreadable as bad:
            self._reject(bad, one, fields, place, where)

    def _settle_currency(self, one: Statement) -> None:
        """The statement's currency has to be known before its first amount: decimals depend on it."""
        if one.currency:
            return
        said = one.fields.get("CURDEF", "").upper()
        one.currency = said if said in CURRENCIES else self.currency if self.currency and not said else ""
        if not one.currency:
            raise FileRejected(
                "a statement does not say its currency", place=f"{one.name}, line {one.place.line}", found=said,
                expected="CURDEF with an ISO 4217 currency, before the transactions",
                advice="Name it in the source config: options: {currency: EUR}.",
            )  # fmt: skip

    def _on_statement(self, one: Statement, place: Place) -> None:
        self._settle_currency(one)
        account = one.account or self.account
        if account is None:
            self._reject(
                Unreadable("ACCTID", "", "the account, in BANKACCTFROM or CCACCTFROM"), one, {}, place,
                f"{one.name}, line {place.line}", "Name it in the source config: account: NUMBER.",
            )  # fmt: skip
        for currency in sorted(one.foreign):
            self.warnings[f"{one.name}: entries in {currency} are not part of the net amount in {one.currency}"] += 1
        self.output.add_statement(one, place, account, self.created_at)
        self.statement = None

    def _on_status(self, fields: Fields, place: Place) -> None:
        if fields.get("SEVERITY", "").upper() != "ERROR":
            return
        found = " ".join(fields[name] for name in ("CODE", "SEVERITY", "MESSAGE") if name in fields)
        if any(frame.name == "SONRS" for frame in self.stack):
            raise FileRejected(
                "the bank refused the sign-on; the file holds nothing else", place=f"line {place.line}", found=found,
                expected="STATUS with CODE 0", advice="Sign on again and repeat the download.",
            )  # fmt: skip
        self.refusals.append(
            Reject(
                self.counter.next(), f"response, line {place.line}", "STATUS", found, "STATUS with CODE 0",
                "The bank answered the request with an error. Repeat the download; ask the bank if it remains.",
                line=place.line, byte_start=place.start, byte_end=place.end,
            )
        )  # fmt: skip

    def _reject(
        self, bad: Unreadable, one: Statement, fields: Fields, place: Place, where: str, advice: str | None = None
    ) -> None:
        raw = "\n".join(f"<{path}>{value}" for path, value in fields.items() if path not in _NOTES)
        self.rejects.append(
            Reject(
                self.counter.next(), where, bad.field, bad.found[:200], bad.expected,
                advice or "The record was not loaded. Ask the bank to correct it, or enter it by hand.", raw[:2000],
                place.line, place.start, place.end, None if bad.amount is None else unscaled(abs(bad.amount)),
                one.currency or None,
            )
        )  # fmt: skip


READERS: dict[str, Reader] = {"ofx": OfxReader()}
