"""A statement of an MT940 or MT942 file while it is being read, and the rows it becomes.

What belongs here: what a statement knows of itself, which row each entry is, and how the balances are checked. Which field
belongs to which statement is decided in `ingestion.readers.mt940`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ingestion.balance_check import check_balance
from ingestion.contracts import BANK_BALANCE, BANK_ENTRY, BANK_ENTRY_DETAIL, BANK_STATEMENT
from ingestion.readers.mt94_fields import Account, Balance, iso_day
from ingestion.record_columns import RecordColumns, Row

STATEMENT_COLUMNS = (
    "record_number file_line byte_start byte_end statement_number identity kind message_id statement_id "
    "electronic_sequence page last_page created_at to_date account_id account_scheme account_currency account_name "
    "account_owner servicer_id opening_balance opening_date closing_balance closing_date entry_count net_amount "
    "balance_check difference declared_entries declared_net"
)
BALANCE_COLUMNS = (
    "record_number file_line byte_start statement_number code sub_code native_code amount currency credit_debit "
    "signed_amount date"
)
ENTRY_COLUMNS = (
    "record_number file_line byte_start byte_end statement_number entry_number account_servicer_reference "
    "customer_reference status amount credit_debit signed_amount reversal booking_date value_date domain_code "
    "family_code subfamily_code native_code native_issuer instructed_amount instructed_currency charges_amount "
    "charges_currency detail_count text currency"
)
DETAIL_COLUMNS = (
    "record_number file_line byte_start byte_end statement_number entry_number detail_number instruction_id "
    "end_to_end_id mandate_id debtor_name debtor_account debtor_agent ultimate_debtor_name creditor_name "
    "creditor_account creditor_agent ultimate_creditor_name remittance_unstructured structured_reference "
    "structured_reference_type purpose_code return_reason_code additional_info"
)
HELD_LIMIT = 50_000  # entries kept back while their statement has not said its currency


@dataclass
class RawEntry:
    """An entry as it stands in the file: its :61: and the texts after it, one character a byte, not read yet."""

    start: int
    end: int
    line: int
    content: str
    texts: list[tuple[str, str]] = field(default_factory=list)  # tag (:86:, :NS:) and content

    def go_on(self, text: str, end: int) -> None:
        """Add text that only looks like a field of its own to what stands before it."""
        if self.texts:
            tag, before = self.texts[-1]
            self.texts[-1] = (tag, before.rstrip("\r\n") + text)
        else:
            self.texts.append((":86:", text.lstrip("\n")))
        self.end = end


class Held(NamedTuple):
    """The rows of an entry that cannot be handed on yet."""

    entry: Row
    detail: Row | None


@dataclass
class Statement:
    """What is known of the statement being read; amounts are scaled by 100,000, dates days since 1970-01-01."""

    number: int
    record: int
    line: int
    start: int
    message_type: str | None = None
    reference: str | None = None
    account: Account | None = None
    sequence: int | None = None
    page: int | None = None
    currency: str | None = None
    opening: Balance | None = None
    closing: Balance | None = None
    opening_seen: bool = False
    closed: bool = False
    interim: bool = False
    created_at: str | None = None
    owner: str | None = None
    name: str | None = None
    entries: int = 0
    rejected: int = 0
    net: int = 0  # of the booked entries
    expected: int = 0  # net of those only expected (EC, ED)
    declared: dict[str, tuple[int, int]] = field(default_factory=dict)
    held: list[Held] = field(default_factory=list)  # until the statement has said its currency
    doubtful: list[tuple[int, Held]] = field(default_factory=list)  # signed amount and entry

    @property
    def place(self) -> str:
        """How a reject names this statement."""
        return f"statement {self.number}" + (f" ({self.reference})" if self.reference else "")

    def kind(self, default: str) -> str:
        """`statement` or `report`: what the message is by its header, else by its fields, else by `default`."""
        if self.message_type in ("940", "950"):
            return "statement"
        if self.message_type in ("941", "942"):
            return "report"
        if self.opening_seen or self.closing is not None:
            return "statement"
        return "report" if self.interim or default == "mt942" else "statement"


class Output:
    """The rows of all statements of a file, by contract."""

    def __init__(self) -> None:
        self.statements = RecordColumns(BANK_STATEMENT, tuple(STATEMENT_COLUMNS.split()))
        self.balances = RecordColumns(BANK_BALANCE, tuple(BALANCE_COLUMNS.split()))
        self.entries = RecordColumns(BANK_ENTRY, tuple(ENTRY_COLUMNS.split()))
        self.details = RecordColumns(BANK_ENTRY_DETAIL, tuple(DETAIL_COLUMNS.split()))

    @property
    def all(self) -> tuple[RecordColumns, ...]:
        """The four kinds."""
        return (self.statements, self.balances, self.entries, self.details)

    def add_entry(self, entry: Row, detail: Row | None) -> None:
        """An entry that is complete."""
        self.entries.rows.append(entry)
        if detail is not None:
            self.details.rows.append(detail)

    def add_balance(self, statement: int, record: int, line: int, start: int, balance: Balance) -> None:
        """One balance row; an intermediate balance (60M, 62M) is its type with sub-type INTM."""
        self.balances.rows.append(
            (
                record,
                line,
                start,
                statement,
                balance.code,
                "INTM" if balance.native_code.endswith("M") else None,
                balance.native_code,
                abs(balance.amount),
                balance.currency,
                "DBIT" if balance.amount < 0 else "CRDT",
                balance.amount,
                balance.date,
            )
        )

    def add_statement(self, one: Statement, end: int, default: str) -> None:
        """The statement row, its arithmetic checked; called when the statement is complete."""
        opening, closing = one.opening, one.closing
        itemised = one.message_type != "941"  # a balance report: its entries are counted and summed, not listed
        verdict, difference = check_balance(
            opening.amount if opening and itemised else None, one.net, closing.amount if closing else None
        )
        kind = one.kind(default)
        account = one.account
        dated = [balance.date for balance in (closing, opening) if balance is not None and balance.date is not None]
        when = iso_day(dated[0]) if dated else (one.created_at or "")
        # the codes of the balances tell pages of one number and day apart
        ends = f"{opening.native_code if opening else ''}{closing.native_code if closing else ''}"
        identity = "|".join(
            (
                account.account_id if account else "",
                one.currency or "",
                kind,
                one.reference or "",
                "" if one.sequence is None else str(one.sequence),
                "" if one.page is None else str(one.page),
                when,
                ends,
            )
        )
        declared = one.declared
        self.statements.rows.append(
            (
                one.record,
                one.line,
                one.start,
                end,
                one.number,
                identity,
                kind,
                one.reference,
                one.reference,
                one.sequence,
                one.page,
                None if closing is None else closing.native_code == "62F",
                one.created_at,
                closing.date if closing else None,
                account.account_id if account else None,
                account.scheme if account else None,
                one.currency,
                one.name,
                one.owner,
                account.servicer if account else None,
                opening.amount if opening else None,
                opening.date if opening else None,
                closing.amount if closing else None,
                closing.date if closing else None,
                one.entries,
                one.net,
                verdict,
                difference,
                sum(count for count, _ in declared.values()) if declared else None,
                declared.get("90C", (0, 0))[1] - declared.get("90D", (0, 0))[1] if declared else None,
            )
        )
