"""What a forecast is made from: frames of canonical facts as of the run, with their history.

The shapes below are the contract; orchestration fills them from the warehouse, tests from literals. Amounts are
signed by their effect on cash. `known_by` gives the same facts as they were known at an earlier day, for backtests.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import date

import polars as pl

from reconciliation.contracts import AMOUNT
from reconciliation.frames import Shape, conform, empty

TEXT, DATE, FLAG = pl.String(), pl.Date(), pl.Boolean()

ACCOUNTS: Shape = {
    "account_id": TEXT,
    "entity_id": TEXT,
    "currency": TEXT,
    "calendar": TEXT,  # null: the config's default
}
BALANCES: Shape = {  # one row per account and currency that has a statement
    "account_id": TEXT,
    "entity_id": TEXT,
    "currency": TEXT,
    "balance": AMOUNT,  # the newest one, of a statement or an intraday report
    "balance_date": DATE,
    "booked_since": AMOUNT,  # by later statements that say no balance, all of them; null where there is none
    "covered_from": DATE,  # first and last day that statements cover
    "covered_until": DATE,
}
GAPS: Shape = {  # days between two statements that do not follow each other: what happened there is not known
    "account_id": TEXT,
    "currency": TEXT,
    "after": DATE,
    "before": DATE,
}
FLOWS: Shape = {  # booked statement lines
    "bank_line_id": TEXT,
    "account_id": TEXT,
    "entity_id": TEXT,
    "currency": TEXT,
    "date": DATE,
    "amount": AMOUNT,
    "counterparty_account": TEXT,
    "counterparty_name": TEXT,
    "text": TEXT,
    "settles_item": FLAG,  # a decided match ties it to an open item, directly or through its payment
}
PAYMENTS: Shape = {  # instructions that were not rejected or cancelled
    "payment_id": TEXT,
    "entity_id": TEXT,
    "account_id": TEXT,
    "currency": TEXT,
    "amount": AMOUNT,
    "execution_date": DATE,
    "created_on": DATE,
    "status": TEXT,
    "booked_on": DATE,  # null while no bank line is matched with it
    "counterparty_account": TEXT,
    "counterparty_name": TEXT,
    "settles_item": FLAG,  # it says, or a match says, which open item it settles
}
OPEN_ITEMS: Shape = {  # payables and receivables, open and settled; no ledger payments, nothing cancelled
    "open_item_id": TEXT,
    "entity_id": TEXT,
    "ledger": TEXT,  # payable, receivable
    "party": TEXT,  # the counterparty over all systems
    "currency": TEXT,
    "amount": AMOUNT,
    "remaining": AMOUNT,  # what no payment, bank line or clearing has settled yet, signed; zero for a settled item
    "due_date": DATE,
    "entered_on": DATE,  # when the item came onto the books
    "instructed_on": DATE,  # when the first live payment that settles it was made
    "paid_on": DATE,  # when the money moved or, where that is not known, when the ERP cleared it
}

SHAPES: dict[str, Shape] = {
    "accounts": ACCOUNTS,
    "balances": BALANCES,
    "gaps": GAPS,
    "flows": FLOWS,
    "payments": PAYMENTS,
    "open_items": OPEN_ITEMS,
}


@dataclass(frozen=True)
class ForecastInputs:
    """The facts of one run. Frames are checked against their shapes; a frame left out is empty.

    Raises `ValueError` for a frame that lacks a column.
    """

    accounts: pl.DataFrame = field(default_factory=lambda: empty(ACCOUNTS))
    balances: pl.DataFrame = field(default_factory=lambda: empty(BALANCES))
    gaps: pl.DataFrame = field(default_factory=lambda: empty(GAPS))
    flows: pl.DataFrame = field(default_factory=lambda: empty(FLOWS))
    payments: pl.DataFrame = field(default_factory=lambda: empty(PAYMENTS))
    open_items: pl.DataFrame = field(default_factory=lambda: empty(OPEN_ITEMS))

    def __post_init__(self) -> None:
        for one in fields(self):
            object.__setattr__(self, one.name, conform(getattr(self, one.name), SHAPES[one.name], one.name))


def known_by(inputs: ForecastInputs, cutoff: date) -> ForecastInputs:
    """The facts as they were at the end of an earlier day: nothing entered, made, paid or booked after it.

    An item that a payment made by then settles has nothing remaining (the payment is what is expected), any other
    open one its whole amount. Balances are left out: a backtest compares movements.
    """
    after = pl.lit(cutoff)
    payments = inputs.payments.filter(pl.col("created_on") <= after).with_columns(
        pl.when(pl.col("booked_on") <= after).then(pl.col("booked_on")).alias("booked_on")
    )
    settled = ((pl.col("paid_on") <= after) | (pl.col("instructed_on") <= after)).fill_null(value=False)
    items = inputs.open_items.filter(pl.col("entered_on") <= after).with_columns(
        pl.when(settled).then(pl.lit(0, AMOUNT)).otherwise(pl.col("amount")).alias("remaining"),
        pl.when(pl.col("paid_on") <= after).then(pl.col("paid_on")).alias("paid_on"),
        pl.when(pl.col("instructed_on") <= after).then(pl.col("instructed_on")).alias("instructed_on"),
    )
    return replace(
        inputs,
        balances=inputs.balances.with_columns(
            pl.min_horizontal("covered_until", after).alias("covered_until"),
            pl.min_horizontal("balance_date", after).alias("balance_date"),
        ).filter(pl.col("covered_from") <= after),
        flows=inputs.flows.filter(pl.col("date") <= after),
        payments=payments,
        open_items=items,
    )
