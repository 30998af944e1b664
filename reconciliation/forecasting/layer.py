"""A layer of a forecast before it has an interval: expected movements per account and day, and how uncertain they
are.
"""

from __future__ import annotations

import polars as pl

from reconciliation.contracts import AMOUNT
from reconciliation.frames import Shape

LAYER: Shape = {
    "entity": pl.String(),
    "account": pl.String(),
    "currency": pl.String(),
    "date": pl.Date(),
    "layer": pl.String(),
    "certainty": pl.String(),
    "amount": AMOUNT,
    "spread": pl.Float64(),  # one standard deviation, in units of the currency; an estimate, never money
    "item_count": pl.Int64(),
    "sources": pl.String(),
}
KEY = ("entity", "account", "currency")
