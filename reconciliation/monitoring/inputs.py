"""What monitoring looks at: frames of canonical facts, already cut at the run's `known_at`.

The shapes below are the contract; orchestration fills them from the warehouse, tests from literals. Amounts are
signed by their effect on cash. Every frame may be empty: a check without its facts finds nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime

import polars as pl

from reconciliation.contracts import AMOUNT
from reconciliation.frames import Shape, conform, empty

TEXT, DATE, COUNT, FLAG = pl.String(), pl.Date(), pl.Int64(), pl.Boolean()
MOMENT = pl.Datetime("us", "UTC")
WHOLE = pl.Decimal(38, 0)

ACCOUNTS: Shape = {
    "account_id": TEXT,
    "entity_id": TEXT,
    "currency": TEXT,
    "calendar": TEXT,  # null for an account that is not configured
    "statement_by": TEXT,  # local time HH:MM[:SS]
    "timezone": TEXT,
    "owner": TEXT,
    "is_configured": FLAG,
}
STATEMENTS: Shape = {
    "statement_key": TEXT,
    "account_id": TEXT,
    "entity_id": TEXT,
    "kind": TEXT,  # statement, report, notification
    "statement_id": TEXT,
    "sequence": COUNT,
    "page": COUNT,
    "statement_date": DATE,
    "currency": TEXT,
    "opening_balance": AMOUNT,
    "closing_balance": AMOUNT,
    "balance_check": TEXT,  # ok, off, none
    "difference": AMOUNT,
    "continuity": TEXT,  # first, ok, gap, overlap, repeated, unknown
    "expected_opening": AMOUNT,
    "entry_count": COUNT,
    "repeated_entries": COUNT,  # that an earlier delivered statement has told already
    "previous_date": DATE,  # of the statement before, in the order of the account
    "previous_sequence": COUNT,
    "known_at": MOMENT,
}
SOURCES: Shape = {
    "source": TEXT,
    "title": TEXT,
    "entity_id": TEXT,
    "account_id": TEXT,
    "calendar": TEXT,  # null for a source without an arrival calendar
    "due_by": TEXT,
    "timezone": TEXT,
    "lag_days": COUNT,
    "owner": TEXT,
    "last_received_at": MOMENT,  # newest delivery that loaded
    "last_empty_at": MOMENT,  # newest delivery without a single record: of a list of one account, nothing was booked
    "unreachable_since": MOMENT,  # first of the attempts to ask it that failed since the last good one, else null
    "unreachable_because": TEXT,  # what the newest of them said
}
ARRIVALS: Shape = {  # the days on which a source without an arrival calendar has delivered, each once
    "source": TEXT,
    "received_on": DATE,  # of the source's time zone
}
DELIVERIES: Shape = {
    "delivery_id": TEXT,
    "source": TEXT,
    "file_name": TEXT,
    "status": TEXT,  # loaded, partly, duplicate, quarantined, conflict
    "reason": TEXT,
    "records_rejected": COUNT,
    "received_at": MOMENT,
    "is_replaced": FLAG,  # a later delivery of the same source and file name loaded
    "entity_id": TEXT,
    "account_id": TEXT,
    "owner": TEXT,
}
OPEN_ITEMS: Shape = {
    "open_item_id": TEXT,
    "entity_id": TEXT,
    "ledger": TEXT,  # payable, receivable
    "kind": TEXT,  # invoice, credit_memo, ...
    "counterparty_id": TEXT,
    "golden_id": TEXT,
    "source_system": TEXT,
    "document_number": TEXT,
    "reference": TEXT,  # the supplier's own number
    "currency": TEXT,
    "amount": AMOUNT,
    "open_amount": AMOUNT,
    "document_date": DATE,
    "posting_date": DATE,
    "due_date": DATE,
    "discount_amount": AMOUNT,
    "discount_until": DATE,
    "is_blocked": FLAG,
    "is_direct_debit": FLAG,  # the other party draws the money itself
    "approval_status": TEXT,  # approved, pending, rejected, not_required
    "approved_on": DATE,
    "status": TEXT,  # open, cleared, cancelled
    "cleared_on": DATE,
    "paid_amount": AMOUNT,  # how much of it decided matches tie to bank lines without a payment, unsigned; null: nothing
}
PAYMENTS: Shape = {
    "payment_id": TEXT,
    "batch_id": TEXT,
    "end_to_end_id": TEXT,
    "entity_id": TEXT,
    "account_id": TEXT,
    "direction": TEXT,  # credit_transfer, direct_debit
    "is_cheque": FLAG,  # the payee presents it, when he likes; the bank answers nothing
    "currency": TEXT,
    "amount": AMOUNT,
    "execution_date": DATE,
    "counterparty_id": TEXT,
    "golden_id": TEXT,
    "counterparty_name": TEXT,
    "counterparty_account": TEXT,  # letters and digits, upper case
    "remittance_text": TEXT,  # what the payment says it is for
    "status": TEXT,  # created, approved, released, sent, acknowledged, accepted, executed, rejected, cancelled
    "status_on": DATE,
    "sent_on": DATE,  # when it left: first status sent or later, else the day its file was made
    "is_acknowledged": FLAG,  # the bank itself has answered
    "is_booked": FLAG,  # matched with a bank line
    "returned_on": DATE,  # when the bank booked the money back; null for a payment that went through
    "failed_because": TEXT,  # of a rejected, cancelled or returned one: the code and words of who said so
}
SETTLEMENTS: Shape = {
    "payment_id": TEXT,
    "open_item_id": TEXT,
    "amount": AMOUNT,  # null where the payment does not say
}
BANK_LINES: Shape = {
    "bank_line_id": TEXT,
    "account_id": TEXT,
    "entity_id": TEXT,
    "currency": TEXT,
    "amount": AMOUNT,
    "open_amount": AMOUNT,  # what no decided match explains; zero for a reconciled line
    "date": DATE,
    "known_on": DATE,
    "counterparty_name": TEXT,
    "counterparty_account": TEXT,  # letters and digits, upper case
    "text": TEXT,  # what the bank says it is for
    "state": TEXT,  # matched, suggested, ambiguous, open
}
COUNTERPARTY_ACCOUNTS: Shape = {
    "counterparty_id": TEXT,
    "golden_id": TEXT,
    "name": TEXT,
    "account_identifier": TEXT,
    "valid_from": DATE,
    "valid_to": DATE,
    "first_seen": DATE,
    "changed_by": TEXT,
}
MATCH_GROUPS: Shape = {
    "group_id": TEXT,
    "leg": TEXT,
    "currency": TEXT,
    "left_total": AMOUNT,
    "right_total": AMOUNT,
    "difference": AMOUNT,
    "as_of": DATE,
}
SET_ASIDE: Shape = {
    "check": TEXT,
    "object_id": TEXT,
    "until": DATE,  # the first day it counts again; null: until the decision is undone
    "said": TEXT,  # by whom and why
}
RATES: Shape = {
    "currency": TEXT,
    "numerator": WHOLE,  # base amount = amount * numerator / denominator
    "denominator": WHOLE,
}

SHAPES: dict[str, Shape] = {
    "accounts": ACCOUNTS,
    "statements": STATEMENTS,
    "sources": SOURCES,
    "arrivals": ARRIVALS,
    "deliveries": DELIVERIES,
    "open_items": OPEN_ITEMS,
    "payments": PAYMENTS,
    "settlements": SETTLEMENTS,
    "bank_lines": BANK_LINES,
    "counterparty_accounts": COUNTERPARTY_ACCOUNTS,
    "match_groups": MATCH_GROUPS,
    "set_aside": SET_ASIDE,
    "rates": RATES,
}


@dataclass(frozen=True)
class MonitoringInputs:
    """The facts of one run. Frames are checked against their shapes; a frame left out is empty.

    `known_at` is the moment the run looks from, with an offset; `base_currency` is the group's. Raises `ValueError`
    for a frame that lacks a column and for a `known_at` without an offset.
    """

    known_at: datetime
    base_currency: str
    accounts: pl.DataFrame = field(default_factory=lambda: empty(ACCOUNTS))
    statements: pl.DataFrame = field(default_factory=lambda: empty(STATEMENTS))
    sources: pl.DataFrame = field(default_factory=lambda: empty(SOURCES))
    arrivals: pl.DataFrame = field(default_factory=lambda: empty(ARRIVALS))
    deliveries: pl.DataFrame = field(default_factory=lambda: empty(DELIVERIES))
    open_items: pl.DataFrame = field(default_factory=lambda: empty(OPEN_ITEMS))
    payments: pl.DataFrame = field(default_factory=lambda: empty(PAYMENTS))
    settlements: pl.DataFrame = field(default_factory=lambda: empty(SETTLEMENTS))
    bank_lines: pl.DataFrame = field(default_factory=lambda: empty(BANK_LINES))
    counterparty_accounts: pl.DataFrame = field(default_factory=lambda: empty(COUNTERPARTY_ACCOUNTS))
    match_groups: pl.DataFrame = field(default_factory=lambda: empty(MATCH_GROUPS))
    set_aside: pl.DataFrame = field(default_factory=lambda: empty(SET_ASIDE))
    rates: pl.DataFrame = field(default_factory=lambda: empty(RATES))

    def __post_init__(self) -> None:
        if self.known_at.tzinfo is None:
            raise ValueError("known_at has no offset: which moment it is depends on a zone nobody named")
        for one in fields(self):
            if one.name in SHAPES:
                object.__setattr__(self, one.name, conform(getattr(self, one.name), SHAPES[one.name], one.name))
