"""What the simulated world is made of: parties, documents, payments, bank lines, and the events between them.

Plain records: the topic modules make them, the writers render them, the truth names them. Amounts are exact decimals in
the units of their currency; documents and payments carry positive amounts, bank lines signed ones (positive: the
account grows).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

ZERO = Decimal(0)
EXPONENTS = {"JPY": 0}
DEFAULT_EXPONENT = 2


def money(value: Decimal | float | int | str, currency: str) -> Decimal:
    """A value rounded half to even to the minor unit of its currency; a float is a draw, never another amount."""
    exponent = EXPONENTS.get(currency, DEFAULT_EXPONENT)
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-exponent))


@dataclass(frozen=True)
class PartyAccount:
    """A bank account of a supplier or customer, with the day from which its system knows it."""

    currency: str
    bic: str
    bank_code: str
    iban: str | None = None
    number: str | None = None
    known_from: date | None = None  # None: before the world begins
    changed_by: str = "MASTERDATA"

    @property
    def identifier(self) -> str:
        """IBAN, or the account number where the country has none."""
        return self.iban or self.number or ""


@dataclass
class Party:
    """A supplier or customer as one ERP knows it."""

    entity: str
    role: str  # supplier or customer
    source_id: str
    name: str
    street: str
    postal_code: str
    city: str
    country: str
    vat_id: str
    email: str
    currency: str
    terms: str
    accounts: list[PartyAccount]
    collective: bool = False  # one payment for all items due
    direct_debit: bool = False  # the supplier draws its invoices itself
    mandate_id: str | None = None
    delay_days: float = 0.0  # customers: habitual days after the due date
    habit: str = "reference"  # customers: structured, reference, lump_listed, lump_silent
    same_as: str | None = None  # entity|source_id of the same party in another ERP
    pay_from: str | None = None  # suppliers: the own account that pays them, where not the entity's usual one

    def account_on(self, day: date) -> PartyAccount:
        """The account the ERP holds on a day: the newest one known by then."""
        known = [account for account in self.accounts if account.known_from is None or account.known_from <= day]
        return known[-1]

    @property
    def key(self) -> str:
        """entity|source id."""
        return f"{self.entity}|{self.source_id}"


@dataclass(frozen=True)
class Terms:
    """A due-date and discount rule; percent as a fraction of the document amount."""

    terms_id: str
    description: str
    net_days: int
    discount_days: int = 0
    discount_percent: Decimal = ZERO  # 2 means 2 %


@dataclass
class Clearing:
    """An item was cleared in its ERP; `reset_on` when the clearing was undone (a returned payment)."""

    document: str
    on: date
    reset_on: date | None = None


@dataclass(eq=False)
class Document:
    """A line of a sub-ledger: invoice, credit memo, or the ledger's own payment document."""

    entity: str
    ledger: str  # payable or receivable
    kind: str  # invoice, credit_memo, payment
    party: Party
    amount: Decimal  # positive
    currency: str
    document_date: date
    due_date: date
    terms: str
    reference: str  # the supplier's invoice number; for sales the own document number
    created_at: datetime  # local time of the entity
    number: str = ""
    moved_to: str | None = None  # its number in the ERP that takes over, where the company moves
    internal_id: int = 0
    payment_reference: str | None = None
    discount_percent: Decimal = ZERO
    discount_amount: Decimal = ZERO
    discount_date: date | None = None
    text: str = ""
    purchase_order: str | None = None
    submitted_at: datetime | None = None
    approved_at: datetime | None = None
    approved_by: str | None = None
    created_by: str = "EDI"
    never_scheduled: bool = False  # the payment run passes it over although it is approved
    instalments: int = 1  # payables: paid in so many parts, run after run
    not_before: date | None = None  # payables: the day from which a run may take it again after a reject or return
    duplicate_of: Document | None = None
    applies_to: Document | None = None  # partial payments and credit memos name their invoice
    assignment: str | None = None  # payments: the end-to-end id or the bank's reference
    clearings: list[Clearing] = field(default_factory=list)
    applied: list[tuple[date, Decimal]] = field(default_factory=list)  # partial settlements as the ERP posts them
    paid: Decimal = ZERO  # settled by money or netting so far, discount included

    @property
    def remaining(self) -> Decimal:
        """What nobody has paid yet."""
        return self.amount - self.paid

    @property
    def fiscal_year(self) -> str:
        """The year of the posting date."""
        return str(self.posting_date.year)

    @property
    def posting_date(self) -> date:
        """The day the document was entered."""
        return self.created_at.date()

    def clearing_on(self, day: date) -> Clearing | None:
        """The clearing that holds at the end of a day."""
        for clearing in reversed(self.clearings):
            if clearing.on <= day and (clearing.reset_on is None or clearing.reset_on > day):
                return clearing
        return None

    def changes(self) -> list[date]:
        """Days on which the ERP's view of the document changes."""
        days = [self.posting_date, *(day for day, _ in self.applied)]
        days += [self.approved_at.date()] if self.approved_at else []
        for clearing in self.clearings:
            days += [clearing.on] + ([clearing.reset_on] if clearing.reset_on else [])
        return sorted(days)


@dataclass(eq=False)
class Settlement:
    """A part of a document that money settles: the gross amount taken off the item, and the discount within it."""

    document: Document
    amount: Decimal  # applied to the item, discount included; negative for a credit memo that is netted
    discount: Decimal = ZERO
    claimed: Decimal = ZERO  # discount the customer took too late: not granted, it stays open

    @property
    def cash(self) -> Decimal:
        """What is paid for it."""
        return self.amount - self.discount


@dataclass(eq=False)
class Payment:
    """One credit transfer as instructed."""

    party: Party
    account: PartyAccount
    own_account: str
    amount: Decimal
    currency: str
    execution_date: date
    settlements: list[Settlement]
    text: str
    end_to_end_id: str = ""
    instruction_id: str = ""
    transaction_number: int = 0
    structured_reference: str | None = None
    batch: PaymentBatch | None = None
    outcome: str = "executed"  # executed, rejected, returned, waiting (never acknowledged), in_flight (not booked yet)
    reason: str | None = None
    posting: Document | None = None  # the ledger's payment document
    booked_on: date | None = None
    returned_on: date | None = None


@dataclass(eq=False)
class PaymentBatch:
    """A payment information block."""

    payment_information_id: str
    own_account: str
    execution_date: date
    batch_booking: bool
    scheme: str  # SEPA, ACH, WIRE, INTL, DOMESTIC
    payments: list[Payment]
    message: PaymentMessage | None = None


@dataclass(eq=False)
class PaymentMessage:
    """A payment file of one entity to one bank."""

    message_id: str
    entity: str
    bank: str
    version: str  # pain.001 version
    created_at: datetime  # local, with offset
    batches: list[PaymentBatch]
    is_acknowledged: bool = True

    @property
    def payments(self) -> list[Payment]:
        """All payments in file order."""
        return [payment for batch in self.batches for payment in batch.payments]


@dataclass(frozen=True)
class StatusReport:
    """A pain.002: what a bank says of a payment file at a moment."""

    report_id: str
    message: PaymentMessage
    created_at: datetime
    group_status: str | None
    batch_statuses: tuple[tuple[PaymentBatch, str], ...] = ()
    transactions: tuple[tuple[Payment, str, str], ...] = ()  # payment, status, reason code


@dataclass(frozen=True)
class HubEvent:
    """A line of the payment hub's log."""

    event_id: str
    event: str
    at: datetime
    message_id: str
    bank: str
    actor: str
    payment_information_id: str | None = None
    end_to_end_id: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class LinePart:
    """One transaction inside a bank entry."""

    amount: Decimal  # positive, in the account's currency
    name: str | None = None
    account: str | None = None
    agent: str | None = None
    end_to_end_id: str | None = None
    instruction_id: str | None = None
    remittance: str | None = None
    structured_reference: str | None = None
    reference_type: str | None = None  # SCOR or QRR
    mandate_id: str | None = None
    payment: Payment | None = None


@dataclass(eq=False)
class BankLine:
    """An entry on an own account."""

    account: str
    booking_date: date
    value_date: date
    amount: Decimal  # signed
    kind: str  # payment, batch, receipt, direct_debit, fee, interest, return, transfer, payroll, tax, card, unexplained
    code: str  # key of simulation.bank_codes
    parts: list[LinePart]
    text: str = ""
    itemised: bool = True
    batch: PaymentBatch | None = None
    settlements: list[Settlement] = field(default_factory=list)  # items settled without an own payment
    instructed_amount: Decimal | None = None
    instructed_currency: str | None = None
    exchange_rate: Decimal | None = None  # units of account currency for one unit of instructed currency
    charges: Decimal = ZERO  # taken by banks: amount = signed sum of the parts - charges
    return_reason: str | None = None
    returns: Payment | None = None
    bank_reference: str = ""
    statement: BankStatement | None = None
    entry_number: int = 0

    @property
    def payments(self) -> list[Payment]:
        """The own payments this entry books."""
        return [part.payment for part in self.parts if part.payment is not None and self.kind != "return"]


@dataclass(eq=False)
class BankStatement:
    """A day's statement of one account."""

    account: str
    day: date
    sequence: int
    opening: Decimal
    closing: Decimal
    lines: list[BankLine]
    delivered_at: datetime | None = None  # None: it never arrives, or not before the world ends

    @property
    def statement_id(self) -> str:
        """The bank's id of the statement."""
        return f"{self.account.upper().replace('_', '')}{self.day:%y%m%d}"


@dataclass(frozen=True)
class Anomaly:
    """Something planted that the warehouse has to find."""

    kind: str
    object_type: str  # payment, open_item, bank_line, account, counterparty_bank_account, delivery
    object_id: str
    day: date
    amount: Decimal | None = None
    currency: str | None = None
    related_id: str | None = None
    note: str = ""
