"""Lump sums without references: the only set of a counterparty's items within a window that adds up to the amount."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from reconciliation.matching.context import LegContext, SideView
from reconciliation.matching.joins import key_pairs
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import Proposals
from reconciliation.matching.subset_search import unique_subsets
from reconciliation.matching.text import name_key


class SubsetSums(PassConfig):
    """Subsets of one side's items of the same party whose date lies in a window around the other side's item.

    `one` names the side of the lump sum. The `windows` ([before, after], days of the lump minus the items' date) are tried from the
    narrowest; a solution expected by chance more often than `max_chance` is left.
    """

    KIND: ClassVar[str] = "subset_sum"

    kind: Literal["subset_sum"] = "subset_sum"
    one: Literal["left", "right"] = "left"
    party: Literal["counterparty_account", "counterparty_id", "counterparty_name"] = "counterparty_account"
    right_date: Literal["date", "due_date", "value_date"] = "date"
    windows: tuple[tuple[int, int], ...] = ((5, 3), (8, 6), (12, 10))
    max_candidates: Annotated[int, Field(ge=2, le=40)] = 24
    max_size: Annotated[int, Field(ge=2, le=40)] = 24
    max_chance: float = 0.03
    odds: float = 1e6

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Solutions per window, narrowest first."""
        for before, after in self.windows:
            left, right = self._side(context.left), self._side(context.right)
            if left.is_empty() or right.is_empty():
                return
            pairs, _ = key_pairs(left, right, ["party", "currency"], 2_000_000)
            lag = pl.col("day").cast(pl.Int64) - pl.col("day_right").cast(pl.Int64)
            pairs = pairs.filter(lag.is_between(-before, after))
            edges = pairs.select("left", "right", mine="open", other="open_right")
            fits = context.compatible(
                edges["left"].to_numpy().astype(np.uint32), edges["right"].to_numpy().astype(np.uint32)
            )
            edges = edges.filter(pl.Series(fits)).with_columns(
                pl.lit(self.odds).alias("odds"), pl.lit(0, pl.UInt16).alias("evidence")
            )
            yield from unique_subsets(
                context,
                edges,
                self.one,
                1.0,
                ("the only set of this counterparty's items that adds up to the amount",),
                max_candidates=self.max_candidates,
                max_size=self.max_size,
                max_chance=self.max_chance,
            )

    def _side(self, view: SideView) -> pl.DataFrame:
        columns: list[str | pl.Expr] = [pl.col(self.party).alias("party")]
        by_date = view.index == 1 and self.right_date != "date"
        if by_date:
            columns.append(pl.col(self.right_date).to_physical().alias("own_date"))
        frame = view.frame(*columns)
        day = pl.coalesce("own_date", "date") if by_date else pl.col("date")
        frame = frame.with_columns(day.alias("day"))
        if self.party == "counterparty_name":
            frame = frame.with_columns(name_key(frame["party"]).alias("party"))
        return frame.filter(pl.col("party").is_not_null() & (pl.col("party") != ""))
