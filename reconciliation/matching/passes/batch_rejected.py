"""Batches whose entry does not name them and lacks rejected members: account, date and the rest tell which batch it
is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext
from reconciliation.matching.described import learned_share
from reconciliation.matching.joins import key_pairs
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import Proposals
from reconciliation.matching.rejected_members import less_rejected

_SENTENCE = "a batch of the same account less rejected members"
_PRIOR_ENTRIES = 20.0  # entries that the assumed share counts for


class BatchRejected(PassConfig):
    """Entries against batches of one account, `before` to `after` days around the batch (entry date minus batch date).

    What the entry lacks of the batch is made up by one to three of its members in one way only. `share` is the share of
    open entries that are such batches before the data has spoken; an account with more than `max_pairs` pairs of
    entries and batches is left. Stands late in a leg: what other passes explain is no longer open.
    """

    KIND: ClassVar[str] = "batch_rejected"

    kind: Literal["batch_rejected"] = "batch_rejected"
    batches: Literal["left", "right"] = "right"
    before: int = 1
    after: int = 5
    share: float = 0.01
    max_pairs: int = 200_000

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Groups of an entry and the members booked."""
        entries, members = (context.left, context.right) if self.batches == "right" else (context.right, context.left)
        batched = members.frame("batch_id").drop_nulls("batch_id")
        totals = batched.group_by("batch_id").agg(
            pl.len().alias("count"),
            pl.col("open").sum().alias("total"),
            pl.col("date").min(),
            pl.col("account", "currency").first(),
            pl.col("account").n_unique().alias("accounts"),
        )
        totals = totals.filter(pl.col("count") > 2, pl.col("accounts") == 1)
        if totals.is_empty():
            return
        own = entries.frame()
        pairs, _ = key_pairs(own, totals.rename({"batch_id": "row"}), ["account", "currency"], self.max_pairs)
        lag = pl.col("date") - pl.col("date_right")
        found = pairs.filter(
            lag.is_between(-self.before, self.after),
            (pl.col("open") > 0) == (pl.col("total") > 0),
            pl.col("open").abs() < pl.col("total").abs(),
        ).select(entry="left", batch_id="right")
        groups, parts = less_rejected(context, self.batches, found, batched, least_booked=2)
        if groups.is_empty():
            return
        # an entry of this kind is one of the batches tried for it
        tried = found.group_by("entry").agg(pl.len().alias("tried"))
        of_group = parts.filter(pl.col("side") == entries.index).select("proposal", entry="row").join(tried, on="entry")
        told = groups.join(of_group, on="proposal", how="left", maintain_order="left")
        ratios = (told["odds"] / told["tried"]).to_numpy()
        entry = told["entry"].to_numpy().astype(np.int64)
        share = learned_share(ratios, entry, tried.height, self.share, _PRIOR_ENTRIES)
        likely = groups.with_columns(pl.Series("odds", ratios * (share / (1 - share))))
        yield Proposals(groups=likely, members=parts, evidence=(_SENTENCE,))
