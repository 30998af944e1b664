"""Statements paid less the charge that a bank has taken of other payments too: a month's bills less 550 yen."""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext
from reconciliation.matching.fee_habits import known_fees

_FEWEST, _MOST = 3, 8  # payments that bear a charge from which it is usual, and charges of a currency that are tried


def less_usual_charges(context: LegContext, pairs: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Pairs (as `statement_sets` takes them) once for each charge that several accepted pairs of the currency lack, `whole` being what
    was paid and the charge, `left` the number of the case; and the cases: `case`, `left`, `charge`, and `share`, how often a payment
    bears one as usual, for each that is tried."""
    charges = _usual(context)
    currency = pl.Series("currency", context.left.dataset.currency[pairs["left"].to_numpy()])
    lines = pairs.select("left", currency).unique().join(charges, on="currency")
    lines = lines.sort("left", "charge").with_row_index("case")
    cases = pairs.join(lines, on="left").with_columns(left="case", whole=pl.col("whole") - pl.col("charge"))
    return cases.select(pairs.columns), lines.select("case", "left", "charge", "share")


def _usual(context: LegContext) -> pl.DataFrame:
    """`currency`, `charge` (minor units, what the left side has less), `share`."""
    differences, others = known_fees(context)
    left, right = context.accepted
    data = context.left.dataset
    mine, other = data.amount[left].astype(np.int64), context.right.dataset.amount[right].astype(np.int64)
    pairs = pl.DataFrame({"currency": data.currency[left], "charge": mine - other, "other": other})
    fees = pl.DataFrame({"charge": differences, "other": others}).filter(pl.col("charge") < 0).unique()
    counted = pairs.join(fees, on=["charge", "other"], how="semi").group_by("currency", "charge").len("times")
    usual = counted.filter(pl.col("times") >= _FEWEST).sort(
        "currency", "times", "charge", descending=[False, True, True]
    )
    usual = usual.group_by("currency", maintain_order=True).head(_MOST)
    every = pairs.group_by("currency").len("every")
    return usual.join(every, on="currency").select("currency", "charge", share=pl.col("times") / pl.col("every"))
