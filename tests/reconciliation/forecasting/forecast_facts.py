"""Facts for the forecasting tests: single rows that state only what matters, and a small company with habits."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import polars as pl

from reconciliation.business_days import business_days
from reconciliation.forecasting import ForecastingConfig, ForecastInputs, forecast
from reconciliation.forecasting import inputs as shapes
from reconciliation.forecasting.config import Intervals
from reconciliation.frames import Shape

AS_OF = date(2026, 6, 30)  # a Tuesday
TARGET = business_days("TARGET2", AS_OF)
FAST = ForecastingConfig(intervals=Intervals(cutoffs=0))  # what does not look at intervals need not calibrate them
Value = str | int | bool | date | Decimal | None
Row = dict[str, Value]

ACCOUNT: Row = {"account_id": "DE-EUR", "entity_id": "DE", "currency": "EUR", "calendar": "TARGET2"}
BALANCE: Row = {
    "account_id": "DE-EUR", "entity_id": "DE", "currency": "EUR", "balance": Decimal("1000.00"),
    "balance_date": date(2026, 6, 29), "covered_from": date(2026, 1, 2), "covered_until": date(2026, 6, 29),
}  # fmt: skip
FLOW: Row = {
    "bank_line_id": "f", "account_id": "DE-EUR", "entity_id": "DE", "currency": "EUR", "settles_item": False,
}  # fmt: skip
PAYMENT: Row = {
    "payment_id": "p", "entity_id": "DE", "account_id": "DE-EUR", "currency": "EUR", "amount": Decimal("-100.00"),
    "execution_date": date(2026, 7, 2), "created_on": date(2026, 6, 30), "status": "sent", "settles_item": True,
}  # fmt: skip
ITEM: Row = {
    "open_item_id": "i", "entity_id": "DE", "ledger": "receivable", "party": "g1", "currency": "EUR",
    "amount": Decimal("100.00"), "remaining": Decimal("100.00"), "due_date": date(2026, 7, 10),
    "entered_on": date(2026, 6, 10),
}  # fmt: skip


def frame(shape: Shape, *rows: Row) -> pl.DataFrame:
    """Rows of a shape; what a row leaves out is null."""
    return pl.DataFrame([{name: row.get(name) for name in shape} for row in rows], schema=dict(shape))


def facts(**frames: list[Row]) -> ForecastInputs:
    """Inputs with one German account and these frames; a frame that is not given is empty."""
    given = {"accounts": [ACCOUNT]} | frames
    return replace(
        ForecastInputs(),
        **{name: frame(shapes.SHAPES[name], *rows) for name, rows in given.items()},  # type: ignore[arg-type]
    )


def layer(inputs: ForecastInputs, name: str, config: ForecastingConfig | None = None) -> dict[date, Decimal]:
    """Amount per day of one layer of the forecast of AS_OF."""
    rows = forecast(inputs, config or FAST, AS_OF).filter(pl.col("layer") == name)
    return {day: amount.normalize() for day, amount in rows.select("date", "amount").iter_rows()}


def company(seed: int = 1, items: int = 400, days: int = 200) -> ForecastInputs:
    """A company whose parties pay with habits: Thursday pay runs, customers each so many days late, payroll on the
    25th.

    Facts are as of AS_OF; statements cover until the day before.
    """
    rng = np.random.default_rng(seed)
    start, until = AS_OF - timedelta(days=days), AS_OF - timedelta(days=1)
    found: dict[str, list[Row]] = {"open_items": [], "payments": [], "flows": [], "balances": [BALANCE]}
    found["balances"] = [BALANCE | {"covered_from": start}]
    for number in range(items):
        payable = bool(rng.random() < 0.5)
        entered = start + timedelta(days=int(rng.integers(-60, days)))
        due, party = entered + timedelta(days=30), int(rng.integers(0, 12))
        paid = TARGET.on_or_after(due + timedelta(days=party % 4 * 3 + int(rng.exponential(3.0)) - 2))
        while payable and paid.weekday() != 3:
            paid += timedelta(days=1)
        paid = TARGET.on_or_after(paid)
        amount = Decimal(int(np.exp(rng.normal(8, 1)) * 100)).scaleb(-2) * (-1 if payable else 1)
        made = TARGET.add(paid, -1)
        instructed = made if payable and made <= AS_OF else None
        if instructed:
            found["payments"].append(
                PAYMENT
                | {"payment_id": f"p{number}", "amount": amount, "execution_date": paid, "created_on": made,
                   "booked_on": paid if paid <= until else None}
            )  # fmt: skip
        if entered <= AS_OF:
            settled = paid <= until or instructed is not None
            found["open_items"].append(
                ITEM
                | {"open_item_id": f"i{number}", "ledger": "payable" if payable else "receivable", "due_date": due,
                   "party": f"{payable}{party}", "amount": amount, "remaining": Decimal(0) if settled else amount,
                   "entered_on": entered, "instructed_on": instructed, "paid_on": paid if paid <= until else None}
            )  # fmt: skip
        if start <= paid <= until:
            found["flows"].append(
                FLOW | {"bank_line_id": f"f{number}", "date": paid, "amount": amount, "settles_item": True}
            )
    for month in range(1, 7):
        day = TARGET.on_or_before(date(2026, month, 25))
        amount = Decimal(-120_000 - int(rng.integers(0, 900)))
        found["flows"].append(
            FLOW | {"bank_line_id": f"s{month}", "date": day, "amount": amount, "text": f"PAYROLL 2026-0{month}"}
        )
    return facts(**found)
