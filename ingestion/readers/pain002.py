"""pain.002, payment status reports, versions 03 to 14: a status of the message, of its batches, of its payments.

A report may name the exceptions only: a batch that is accepted as a whole lists no payment, and PART lists those that
were refused. No status is derived here; what a level does not say stays unsaid. Source: ISO 20022 message definition
report CustomerPaymentStatusReport; the statuses are the external code sets, kept as delivered.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from ingestion.contracts import PAYMENT_STATUS
from ingestion.readers import iso20022_values as values
from ingestion.readers.iso20022_fields import BadField, optional_amount
from ingestion.readers.iso20022_message import foreign_warnings, no_message
from ingestion.readers.xml_records import Box, Closer, Fields, Layout, RecordStream
from ingestion.reading import FileFacts, FileRejected, Reader, ReaderEvent, RecordCounter, Reject
from ingestion.record_columns import BATCH_ROWS, RecordColumns, scaled
from ingestion.sources import SourceConfig

COLUMNS = (
    "record_number byte_start byte_end report_id level reported_at original_message_id original_message_name "
    "original_payment_information_id original_instruction_id original_end_to_end_id status reason_code "
    "reason_text accepted_at original_amount original_currency original_count original_sum"
)

_AMOUNTS = ("Amt/InstdAmt", "Amt/EqvtAmt/Amt", "InstdAmt", "IntrBkSttlmAmt")
_ORIGINAL = tuple(f"OrgnlTxRef/{leaf}" for leaf in _AMOUNTS)


def _reasons(name: str) -> Box:
    return Box(name, ("Rsn/Cd", "Rsn/Prtry", "StsRsn/Cd", "StsRsn/Prtry", "AddtlInf", "AddtlStsRsnInf"))


def _payment(name: str, reasons: str) -> Box:
    leaves = ("StsId", "OrgnlInstrId", "OrgnlEndToEndId", "OrgnlUETR", "TxSts", "AccptncDtTm", *_ORIGINAL)
    return Box(name, leaves, {"StsRsnInf": _reasons(reasons)}, many=True)


_GROUP_LEAVES = ("OrgnlMsgId", "OrgnlMsgNmId", "OrgnlCreDtTm", "OrgnlNbOfTxs", "OrgnlCtrlSum", "GrpSts")
_BATCH_LEAVES = ("OrgnlPmtInfId", "OrgnlNbOfTxs", "OrgnlCtrlSum", "PmtInfSts")
MESSAGE = Box(
    "Message",
    (),
    {
        "GrpHdr": Box("Header", ("MsgId", "CreDtTm")),
        "OrgnlGrpInfAndSts": Box("Group", _GROUP_LEAVES, {"StsRsnInf": _reasons("GroupReason")}),
        "OrgnlPmtInfAndSts": Box(
            "Batch",
            _BATCH_LEAVES,
            {"StsRsnInf": _reasons("BatchReason"), "TxInfAndSts": _payment("Payment", "PaymentReason")},
        ),
        "TxInfAndSts": _payment("Payment", "PaymentReason"),
    },
)

MESSAGES = Layout({"CstmrPmtStsRpt": MESSAGE})


class StatusReader:
    """Reads status reports."""

    format = "pain.002"
    version = "1"
    kinds: tuple[str, ...] = (PAYMENT_STATUS.kind,)

    def read(self, stream: BinaryIO, source: SourceConfig) -> Iterator[ReaderEvent]:
        """One record a status, in file order of their blocks; see `ingestion.reading.Reader`.

        Raises `FileRejected` for what is not well-formed XML, hostile, or no status report, and for a report without a
        status.
        """
        yield from _Reading(stream).run()


class _Reading:
    """The state of reading one file."""

    def __init__(self, stream: BinaryIO) -> None:
        self.counter = RecordCounter()
        self.rows = RecordColumns(PAYMENT_STATUS, tuple(COLUMNS.split()))
        self.rejects: list[Reject] = []
        self.warnings: list[str] = []
        self.header: Fields = {}
        self.headers: list[Fields] = []
        self.group: Fields = {}
        self.reasons: dict[str, list[Fields]] = {"GroupReason": [], "BatchReason": [], "PaymentReason": []}
        self.statuses = 0
        self.records = RecordStream(
            stream,
            MESSAGES,
            {
                "Header": self._on_header,
                "Group": self._on_group,
                "Batch": self._on_batch,
                "Payment": self._on_payment,
                **{name: self._reason_of(name) for name in self.reasons},
            },
            {"Message": self._on_message_opens},
        )
        self.messages = 0

    def run(self) -> Iterator[ReaderEvent]:
        for _ in self.records:
            if len(self.rows.rows) >= BATCH_ROWS:
                yield from self.rows.flush()
        if not self.messages:
            raise no_message(self.records, "pain.002")
        if not self.statuses:
            raise FileRejected(
                "the report states no status", place="end of file", found="no GrpSts, PmtInfSts or TxSts",
                expected="a status of the message, of a batch or of a payment",
                advice="Ask the bank for the whole report.",
            )  # fmt: skip
        yield from self.rows.flush()
        yield from self.rejects
        identity = "+".join(one["MsgId"] for one in self.headers if "MsgId" in one) or None
        created = next((one["CreDtTm"] for one in self.headers if "CreDtTm" in one), None)
        warnings = [*self.records.source.warnings, *foreign_warnings(self.records), *self.warnings]
        yield FileFacts(self.records.message_format or "pain.002", identity, created, (), tuple(warnings))

    def _on_message_opens(self, _start: int) -> None:
        self.messages += 1
        self.header, self.group = {}, {}

    def _on_header(self, fields: Fields, _around: Fields, _start: int, _end: int) -> None:
        self.header = fields
        self.headers.append(fields)

    def _reason_of(self, name: str) -> Closer:
        return lambda fields, _around, _start, _end: self.reasons[name].append(fields)

    def _on_group(self, fields: Fields, _around: Fields, start: int, end: int) -> None:
        self.group = fields
        self._add("message", fields, {}, fields.get("GrpSts"), "GroupReason", start, end)

    def _on_batch(self, fields: Fields, _around: Fields, start: int, end: int) -> None:
        self._add("batch", fields, fields, fields.get("PmtInfSts"), "BatchReason", start, end)

    def _on_payment(self, fields: Fields, around: Fields, start: int, end: int) -> None:
        self._add("transaction", fields, around, fields.get("TxSts"), "PaymentReason", start, end)

    def _add(
        self, level: str, fields: Fields, batch: Fields, status: str | None, reasons: str, start: int, end: int
    ) -> None:
        """A row, where the block states a status; a payment that is listed without one is rejected."""
        given, self.reasons[reasons] = self.reasons[reasons], []
        source = self.records.source
        try:
            if status is None:
                if level != "transaction" and not given:
                    return
                raise BadField("TxSts" if level == "transaction" else "GrpSts or PmtInfSts", None, "a status code")
            amount, currency = self._amount(fields)
        except BadField as bad:
            self._reject(level, fields, bad, start, end)
            return
        self.statuses += 1
        get = fields.get
        codes = [_first(one, "Rsn/Cd", "Rsn/Prtry", "StsRsn/Cd", "StsRsn/Prtry") for one in given]
        texts = [_first(one, "AddtlInf", "AddtlStsRsnInf") for one in given]
        self.rows.rows.append(
            (
                self.counter.next(),
                *source.offsets(start, end),
                self.header.get("MsgId"),
                level,
                self.header.get("CreDtTm"),
                self.group.get("OrgnlMsgId"),
                self.group.get("OrgnlMsgNmId"),
                batch.get("OrgnlPmtInfId"),
                values.given(get("OrgnlInstrId")),
                values.given(get("OrgnlEndToEndId")),
                status,
                "\n".join(dict.fromkeys(code for code in codes if code)) or None,
                "\n".join(text for text in texts if text) or None,
                get("AccptncDtTm"),
                amount,
                currency,
                values.count(get("OrgnlNbOfTxs")),
                self._sum(level, get("OrgnlCtrlSum")),
            )
        )

    def _amount(self, fields: Fields) -> tuple[int | None, str | None]:
        for path in _ORIGINAL:
            if path in fields:
                return optional_amount(fields, path)
        return None, None

    def _sum(self, level: str, text: str | None) -> int | None:
        """The control sum of the original as the bank repeats it; one that cannot be read is reported."""
        if text is None:
            return None
        try:
            return scaled(values.signed_decimal(text))
        except ValueError:
            self.warnings.append(f"OrgnlCtrlSum of a {level} is not a sum: {text[:40]}")
            return None

    def _reject(self, level: str, fields: Fields, bad: BadField, start: int, end: int) -> None:
        source = self.records.source
        name = (
            fields.get("OrgnlEndToEndId") or fields.get("OrgnlPmtInfId") or fields.get("OrgnlMsgId") or "no reference"
        )
        self.rejects.append(
            Reject(
                self.counter.next(),
                f"{level} {name}, line {source.line(start)}",
                bad.name,
                bad.found[:200],
                bad.expected,
                "The status was not loaded; ask the bank.",
                source.text(start, min(end, start + 2000)),
                source.line(start),
                *source.offsets(start, end),
            )
        )


def _first(fields: Fields, *paths: str) -> str | None:
    return next((fields[path] for path in paths if path in fields), None)


READERS: dict[str, Reader] = {"pain.002": StatusReader()}
