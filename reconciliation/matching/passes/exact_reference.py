"""Items that carry the same identifier, letter for letter: end-to-end id, cheque number, document number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
import polars as pl

from reconciliation.matching.amount_rules import AmountRule, AmountRules
from reconciliation.matching.context import LegContext, SideView
from reconciliation.matching.joins import without_frequent
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import Proposals
from reconciliation.matching.settlement import settle

# What systems write where an identifier is missing (ISO 20022 usage, SWIFT MT usage, habits of ERPs).
NO_REFERENCE = (
    "",
    "NOTPROVIDED",
    "NOT PROVIDED",
    "NOT-PROVIDED",
    "NONREF",
    "NOREF",
    "NONE",
    "N/A",
    "NA",
    "NULL",
    "UNKNOWN",
    "0",
    "-",
)


class ExactReference(PassConfig):
    """Equal identifiers in `references` of both sides, settled by `amounts`.

    An identifier with more than `max_owners` owners on a side names nobody.
    """

    KIND: ClassVar[str] = "reference"

    kind: Literal["reference"] = "reference"
    amounts: AmountRules = (AmountRule(rule="equal"), AmountRule(rule="sum"))
    max_owners: int = 200
    odds: float = 1e6

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Pairs of open items that share an identifier."""
        edges = reference_edges(context, self.max_owners)
        if edges.is_empty():
            return
        edges = edges.with_columns(pl.lit(self.odds).alias("odds"), pl.lit(0, pl.UInt16).alias("evidence"))
        yield from settle(context, edges, self.amounts, ("both carry the same reference",))


def reference_edges(context: LegContext, max_owners: int) -> pl.DataFrame:
    """Distinct compatible pairs (left, right) of open items that share an identifier; joined by one hash, verified by another."""
    left = without_frequent(_keys(context, context.left), max_owners)
    right = without_frequent(_keys(context, context.right), max_owners)
    met = left.join(right, on="key", how="inner", suffix="_right")
    met = met.filter(pl.col("check") == pl.col("check_right"))
    rows = met["row"].to_numpy(), met["row_right"].to_numpy()
    fits = context.compatible(*rows)
    edges = met.select(left="row", right="row_right").filter(pl.Series(fits))
    pair = edges["left"].to_numpy().astype(np.uint64) << np.uint64(32) | edges["right"].to_numpy()
    return edges if len(np.unique(pair)) == edges.height else edges.unique(["left", "right"])


def _keys(context: LegContext, view: SideView) -> pl.DataFrame:
    """`row`, `key`, `check` of the identifiers of the open items."""
    name = f"reference_keys_{view.index}"
    if name not in context.cache:
        exploded = (
            view.dataset.read(["references"], view.is_open)
            .lazy()
            .explode("references", empty_as_null=False, keep_nulls=False)
            .select(
                "row",
                key=pl.col("references").hash(1),
                check=pl.col("references").hash(2).cast(pl.UInt32, wrap_numerical=True),
            )
            .collect()
        )
        none = pl.Series(NO_REFERENCE).hash(1)
        context.cache[name] = exploded.filter(~pl.col("key").is_in(none.implode()))
    keys = context.cache[name]
    return keys.filter(pl.Series(view.open[keys["row"].to_numpy()] != 0))
