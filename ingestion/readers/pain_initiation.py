"""Payment initiations, pain.001 (credit transfers) and pain.008 (direct debits): one reading, two layouts.

A file whose control sums are wrong is refused whole (`FileRejected`): a bank would refuse it too, and a payment too
many or too few must not get into the books. Sources: ISO 20022 message definition reports
CustomerCreditTransferInitiation (versions 03 to 12) and CustomerDirectDebitInitiation (02 to 11).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import BinaryIO

from ingestion.contracts import PAYMENT_BATCH, PAYMENT_INSTRUCTION, PAYMENT_MESSAGE, PAYMENT_REMITTANCE
from ingestion.readers import iso20022_values as values
from ingestion.readers.iso20022_fields import BadField, agent, country, local_day, optional_amount, party
from ingestion.readers.iso20022_message import foreign_warnings, no_message
from ingestion.readers.iso20022_remittance import (
    RemittanceCollector,
    Structured,
    document_number,
    remittance,
)
from ingestion.readers.pain_layout import Initiation
from ingestion.readers.xml_records import Fields, Layout, RecordStream
from ingestion.reading import ControlTotal, FileFacts, FileRejected, ReaderEvent, RecordCounter
from ingestion.record_columns import BATCH_ROWS, RecordColumns, Row, scaled, unscaled
from ingestion.sources import SourceConfig

MESSAGE_COLUMNS = (
    "record_number identity message_id direction created_at initiating_party declared_count declared_sum "
    "computed_count computed_sum"
)
BATCH_COLUMNS = (
    "record_number byte_start byte_end message_id payment_information_id payment_method batch_booking "
    "declared_count declared_sum computed_count computed_sum service_level local_instrument category_purpose "
    "requested_execution_date debtor_name debtor_account debtor_account_currency debtor_agent charge_bearer"
)
INSTRUCTION_COLUMNS = (
    "record_number byte_start byte_end message_id payment_information_id transaction_number instruction_id "
    "end_to_end_id uetr amount currency equivalent_amount equivalent_currency requested_execution_date "
    "own_account counterparty_name counterparty_account counterparty_agent counterparty_country "
    "ultimate_debtor_name ultimate_creditor_name mandate_id cheque_number remittance_unstructured "
    "structured_reference structured_reference_type purpose_code"
)
REMITTANCE_COLUMNS = (
    "record_number message_id payment_information_id transaction_number end_to_end_id document_type "
    "document_number document_date due_amount discount_amount credit_note_amount remitted_amount currency"
)
_ASK = "Do not load it. Ask the sending system for a file whose control sums are right."


@dataclass
class _Sums:
    """Payments counted so far and the sum of their instructed amounts, over all currencies as control sums are."""

    count: int = 0
    total: Decimal = Decimal()

    def add(self, count: int, total: Decimal) -> None:
        self.count += count
        self.total += total


class InitiationReader:
    """Reads one of the two messages."""

    version = "1"
    kinds: tuple[str, ...] = (
        PAYMENT_MESSAGE.kind,
        PAYMENT_BATCH.kind,
        PAYMENT_INSTRUCTION.kind,
        PAYMENT_REMITTANCE.kind,
    )

    def __init__(self, layout: Initiation) -> None:
        self.layout = layout
        self.format = layout.format
        self._messages = Layout({layout.root: layout.box()})

    def read(self, stream: BinaryIO, source: SourceConfig) -> Iterator[ReaderEvent]:
        """The message, its batches, payments and the documents they settle; see `ingestion.reading.Reader`.

        Raises `FileRejected` for what is not well-formed XML, hostile, or not this message; for control sums
        (`NbOfTxs`, `CtrlSum`, of the message and of each batch) that the payments do not make; and for a payment that
        cannot be read: a payment file is good as a whole or not at all.
        """
        yield from _Reading(self.layout, self._messages, stream).run()


class _Reading:
    """The state of reading one file."""

    def __init__(self, layout: Initiation, messages: Layout, stream: BinaryIO) -> None:
        self.layout = layout
        self.counter = RecordCounter()
        self.message_rows = RecordColumns(PAYMENT_MESSAGE, tuple(MESSAGE_COLUMNS.split()))
        self.batch_rows = RecordColumns(PAYMENT_BATCH, tuple(BATCH_COLUMNS.split()))
        self.instruction_rows = RecordColumns(PAYMENT_INSTRUCTION, tuple(INSTRUCTION_COLUMNS.split()))
        self.remittance_rows = RecordColumns(PAYMENT_REMITTANCE, tuple(REMITTANCE_COLUMNS.split()))
        self.remittance = RemittanceCollector()
        self.header: Fields | None = None
        self.messages = 0
        self.at = 0  # where the container at hand begins
        self.message_record = 0
        self.batch_record = 0
        self.batches: set[str] = set()
        self.of_file = _Sums()
        self.of_batch = _Sums()
        self.totals: list[ControlTotal] = []
        self.warnings: list[str] = []
        self.records = RecordStream(
            stream,
            messages,
            {
                "Header": self._on_header,
                "Document": self.remittance.on_document,
                "Structured": self.remittance.on_structured,
                "Transaction": self._on_transaction,
                "Batch": self._on_batch,
            },
            {"Message": self._on_message_opens, "Batch": self._on_batch_opens},
        )

    def run(self) -> Iterator[ReaderEvent]:
        for _ in self.records:
            if len(self.instruction_rows.rows) + len(self.remittance_rows.rows) >= BATCH_ROWS:
                yield from self._flush()
        if self.header is None:
            if self.messages:
                raise self._refused("the message has no group header", "GrpHdr", "nothing", "GrpHdr with a MsgId")
            raise no_message(self.records, self.layout.format)
        self._close_message(self.header)
        yield from self._flush()
        warnings = [*self.records.source.warnings, *foreign_warnings(self.records), *self.warnings]
        yield FileFacts(
            self.records.message_format or self.layout.format,
            self.header["MsgId"],
            self.header.get("CreDtTm"),
            tuple(self.totals),
            tuple(warnings),
        )

    def _flush(self) -> Iterator[ReaderEvent]:
        for columns in (self.message_rows, self.batch_rows, self.instruction_rows, self.remittance_rows):
            yield from columns.flush()

    def _refused(self, reason: str, field: str, found: str, expected: str, advice: str = _ASK) -> FileRejected:
        return FileRejected(
            reason,
            place=f"{field}, line {self.records.source.line(self.at)}",
            found=found[:200],
            expected=expected,
            advice=advice,
        )

    def _bad(self, bad: BadField, where: str) -> FileRejected:
        return self._refused(f"{where} cannot be read", f"{where}, {bad.name}", bad.found, bad.expected)

    # -- message and batch ----------------------------------------------------------------------------------------

    def _on_message_opens(self, start: int) -> None:
        self.at = start
        self.messages += 1
        if self.messages > 1:
            raise self._refused("the file holds several messages", "root element", "a second message", "one message")
        self.message_record = self.counter.next()

    def _on_header(self, fields: Fields, _around: Fields, start: int, _end: int) -> None:
        self.at = start
        if "MsgId" not in fields:
            raise self._refused("the message has no id", "GrpHdr/MsgId", "nothing", "an identification of the message")
        self.header = fields

    def _message_id(self) -> str:
        if self.header is None:
            raise self._refused("the message has no group header", "PmtInf", "PmtInf", "GrpHdr with a MsgId before it")
        return self.header["MsgId"]

    def _on_batch_opens(self, _start: int) -> None:
        self.batch_record = self.counter.next()
        self.of_batch = _Sums()

    def _on_batch(self, fields: Fields, _around: Fields, start: int, end: int) -> None:
        self.at = start
        batch_id = self._batch_id(fields)
        if batch_id in self.batches:
            self.warnings.append(f"PmtInfId {batch_id} occurs more than once in the message")
        self.batches.add(batch_id)
        declared = self._check_sums(fields, self.of_batch, f"PmtInf {batch_id}")
        self.of_file.add(self.of_batch.count, self.of_batch.total)
        get, own, source = fields.get, self.layout.own, self.records.source
        self.batch_rows.rows.append(
            (
                self.batch_record,
                *source.offsets(start, end),
                self._message_id(),
                batch_id,
                get("PmtMtd"),
                values.flag(get("BtchBookg")),
                *declared,
                self.of_batch.count,
                scaled(self.of_batch.total),
                get("PmtTpInf/SvcLvl/Cd") or get("PmtTpInf/SvcLvl/Prtry"),
                get("PmtTpInf/LclInstrm/Cd") or get("PmtTpInf/LclInstrm/Prtry"),
                get("PmtTpInf/CtgyPurp/Cd") or get("PmtTpInf/CtgyPurp/Prtry"),
                self._execution_day(fields, f"PmtInf {batch_id}"),
                get(f"{own}/Nm"),
                values.account(fields, f"{own}Acct"),
                get(f"{own}Acct/Ccy"),
                agent(fields, f"{own}Agt"),
                get("ChrgBr"),
            )
        )

    def _batch_id(self, fields: Fields) -> str:
        if "PmtInfId" not in fields:
            raise self._refused("a batch has no id", "PmtInf/PmtInfId", "nothing", "an identification of the batch")
        return fields["PmtInfId"]

    def _execution_day(self, fields: Fields, where: str) -> int | None:
        try:
            return local_day(fields, self.layout.execution_date)
        except BadField as bad:
            raise self._bad(bad, where) from None

    def _close_message(self, header: Fields) -> None:
        if "NbOfTxs" not in header:
            self.warnings.append("GrpHdr has no NbOfTxs")
        declared = self._check_sums(header, self.of_file, "GrpHdr")
        message_id = header["MsgId"]
        self.message_rows.rows.append(
            (
                self.message_record,
                f"{self.layout.format}|{message_id}",
                message_id,
                self.layout.direction,
                header.get("CreDtTm"),
                header.get("InitgPty/Nm") or header.get("InitgPty/Id/OrgId/Othr/Id"),
                *declared,
                self.of_file.count,
                scaled(self.of_file.total),
            )
        )

    def _check_sums(self, fields: Fields, sums: _Sums, where: str) -> tuple[int | None, int | None]:
        """The declared count and (scaled) sum, proven; raises `FileRejected` where the payments make others."""
        number, total = fields.get("NbOfTxs"), fields.get("CtrlSum")
        count: int | None = None
        if number is not None:
            count = values.count(number)
            if count is None:
                raise self._refused("a control sum is garbled", f"NbOfTxs of {where}", number, "a number of payments")
            self._compare(ControlTotal(f"NbOfTxs of {where}", Decimal(count), Decimal(sums.count)))
        if total is None:
            return count, None
        try:
            declared = values.signed_decimal(total)
        except ValueError as error:
            raise self._refused("a control sum is garbled", f"CtrlSum of {where}", total, str(error)) from None
        self._compare(ControlTotal(f"CtrlSum of {where}", declared, sums.total))
        return count, scaled(declared)

    def _compare(self, control: ControlTotal) -> None:
        self.totals.append(control)
        if not control.agrees:
            raise self._refused(
                "a control sum is wrong",
                control.name,
                f"{control.declared:f} declared, the payments make {control.computed:f}",
                f"{control.computed:f}",
            )

    # -- payments -------------------------------------------------------------------------------------------------

    def _on_transaction(self, fields: Fields, around: Fields, start: int, end: int) -> None:
        self.at = start
        source = self.records.source
        batch_id = self._batch_id(around)
        number = self.of_file.count + self.of_batch.count + 1
        where = f"payment {number} ({fields.get('PmtId/EndToEndId', 'no EndToEndId')})"
        try:
            amount, currency, equivalent, equivalent_currency = self._amounts(fields)
            day = local_day(fields, "ReqdExctnDt")
        except BadField as bad:
            raise self._bad(bad, where) from None
        self.of_batch.add(1, unscaled(amount if amount is not None else equivalent or 0))
        if day is None:
            day = self._execution_day(around, f"PmtInf {batch_id}")
        get, other, own = fields.get, self.layout.counterparty, f"{self.layout.own}Acct"
        counterparty_account = values.account(fields, f"{other}Acct")
        own_account = values.account(around, own)
        creditor_account = counterparty_account if other == "Cdtr" else own_account
        blocks = self.remittance.take()
        said = remittance(blocks, get("RmtInf/Ustrd"), country(creditor_account) or country(own_account))
        end_to_end_id = values.given(get("PmtId/EndToEndId"))
        key = (self._message_id(), batch_id, number)
        self.instruction_rows.rows.append(
            (
                self.counter.next(),
                *source.offsets(start, end),
                *key,
                values.given(get("PmtId/InstrId")),
                end_to_end_id,
                get("PmtId/UETR"),
                amount if amount is not None else equivalent,
                currency or equivalent_currency,
                equivalent,
                equivalent_currency,
                day,
                own_account,
                party(fields, other),
                counterparty_account,
                agent(fields, f"{other}Agt"),
                get(f"{other}/PstlAdr/Ctry") or get(f"{other}/CtryOfRes"),
                get("UltmtDbtr/Nm") or around.get("UltmtDbtr/Nm"),
                get("UltmtCdtr/Nm") or around.get("UltmtCdtr/Nm"),
                get(self.layout.mandate),
                get("ChqInstr/ChqNb"),
                get("RmtInf/Ustrd"),
                said.reference,
                said.reference_type,
                get("Purp/Cd") or get("Purp/Prtry"),
            )
        )
        try:
            for block in blocks:
                self._add_documents(block, key, end_to_end_id, currency or equivalent_currency)
        except BadField as bad:
            raise self._bad(bad, where) from None

    def _amounts(self, fields: Fields) -> tuple[int | None, str | None, int | None, str | None]:
        """Instructed amount and currency, equivalent amount and currency; one of the two is there. Raises
        `BadField`."""
        path = self.layout.amount
        amount, currency = optional_amount(fields, path)
        equivalent, equivalent_currency = optional_amount(fields, "Amt/EqvtAmt/Amt")
        if amount is None and equivalent is None:
            raise BadField(path, None, values.EXPECTED_AMOUNT)
        try:
            values.currency(currency if amount is not None else equivalent_currency)
        except ValueError as error:
            raise BadField(f"{path}/@Ccy", currency, str(error)) from None
        return amount, currency, equivalent, equivalent_currency

    def _add_documents(
        self, block: Structured, key: tuple[str, str, int], end_to_end_id: str | None, currency: str | None
    ) -> None:
        """A row a document; the block's amounts go with its only document, and with none of several."""
        amounts: Row = (None, None, None, None)
        stated: str | None = None
        if len(block.documents) == 1:
            due, due_currency = optional_amount(block.fields, "RfrdDocAmt/DuePyblAmt")
            path = "RfrdDocAmt/DscntApldAmt"
            discount, discount_currency = optional_amount(block.fields, path if path in block.fields else f"{path}/Amt")
            credit, credit_currency = optional_amount(block.fields, "RfrdDocAmt/CdtNoteAmt")
            remitted, remitted_currency = optional_amount(block.fields, "RfrdDocAmt/RmtdAmt")
            amounts = (due, discount, credit, remitted)
            stated = due_currency or remitted_currency or discount_currency or credit_currency
        for document in block.documents:
            number = document_number(document)
            if number is None:
                continue
            kind = (
                document.get(f"{path}/{leaf}") for path in ("Tp/CdOrPrtry", "RfrdDocTp") for leaf in ("Cd", "Prtry")
            )
            self.remittance_rows.rows.append(
                (
                    self.counter.next(),
                    *key,
                    end_to_end_id,
                    next((one for one in kind if one is not None), None),
                    number,
                    local_day(document, "RltdDt"),
                    *amounts,
                    stated or currency,
                )
            )
