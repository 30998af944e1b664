"""Batches whose entry does not name them and lacks rejected members: account, date and the rest tell which batch it
is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
import polars as pl

from reconciliation.matching.batches import batched_items
from reconciliation.matching.chance import Window, lag_shares
from reconciliation.matching.context import LegContext
from reconciliation.matching.described import learned_share
from reconciliation.matching.nearby import count_within_days, within_days
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import SUGGESTED_ODDS, Proposals
from reconciliation.matching.rejected_members import less_rejected

_SENTENCE = "a batch of the same account less rejected members"
_PRIOR_ENTRIES = 20.0  # entries that the assumed share counts for


class BatchRejected(PassConfig):
    """Entries against batches of one account, `before` to `after` days around the batch (entry date minus batch date).

    What the entry lacks of the batch is made up by one to three of its members in one way only. `share` is the share of
    open entries that are such batches before the data has spoken; an account with more than `max_pairs` pairs of
    entries and batches near each other is left. Stands late in a leg: what other passes explain is no longer open.
    """

    KIND: ClassVar[str] = "batch_rejected"

    kind: Literal["batch_rejected"] = "batch_rejected"
    batches: Literal["left", "right"] = "right"
    through: str = ""  # the documents that members pay, by which one that another payment has replaced is known
    before: int = 1
    after: int = 5
    share: float = 0.01
    max_pairs: int = 2_000_000

    @property
    def beside(self) -> tuple[str, ...]:
        """The dataset that `through` names."""
        return (self.through,) if self.through else ()

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Groups of an entry and the members booked."""
        entries, members = (context.left, context.right) if self.batches == "right" else (context.right, context.left)
        batched = batched_items(members)
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
        found = self._near(entries.frame().rename({"row": "entry"}), totals)
        groups, parts = less_rejected(context, self.batches, found, batched, least_booked=2, through=self.through)
        if groups.is_empty():
            return
        # an entry of this kind is one of the batches near it, the nearer the likelier
        entry = parts.filter(pl.col("side") == entries.index).select("proposal", entry="row")
        member = parts.filter(pl.col("side") == members.index).unique("proposal", keep="first", maintain_order=True)
        batch = member.select("proposal", "row").join(batched.select("row", "batch_id", "given"), on="row").drop("row")
        told = groups.join(entry, on="proposal", how="left", maintain_order="left")
        told = told.join(batch, on="proposal", how="left", maintain_order="left")
        told = told.join(self._likely(context, found), on=["entry", "batch_id"], how="left", maintain_order="left")
        ratios = (told["odds"] * told["likely"]).to_numpy()
        rows = told["entry"].to_numpy().astype(np.int64)
        share = learned_share(ratios, rows, found["entry"].n_unique(), self.share, _PRIOR_ENTRIES)
        odds = ratios * (share / (1 - share))
        if self.batches == "right":  # a member that is only suggested for another entry may be of this one
            unsure = members.dataset.take(["batch_id"], context.suggested)["batch_id"].drop_nulls()
            odds = np.where(told["given"].is_in(unsure.implode()), np.minimum(odds, SUGGESTED_ODDS), odds)
        likely = groups.with_columns(pl.Series("odds", odds))
        yield Proposals(groups=likely, members=parts, evidence=(_SENTENCE,))

    def _near(self, lines: pl.DataFrame, totals: pl.DataFrame) -> pl.DataFrame:
        """`entry`, `batch_id`, `lag` of entries of a batch's account and days that are less than the batch."""
        keys, window = ["account", "currency"], max(self.before, self.after)
        few = count_within_days((lines, totals), keys, window).filter(pl.col("pairs") <= self.max_pairs)
        lines, totals = (side.join(few, on=keys, how="semi") for side in (lines, totals))
        return (
            within_days((lines, totals), keys, window)
            .filter(
                pl.col("lag").is_between(-self.before, self.after),
                (pl.col("open") > 0) == (pl.col("total") > 0),
                pl.col("open").abs() < pl.col("total").abs(),
            )
            .select("entry", "batch_id", "lag")
        )

    def _likely(self, context: LegContext, found: pl.DataFrame) -> pl.DataFrame:
        """`entry`, `batch_id`, `likely`: how likely it is that batch of those near, by the date distances of true pairs."""
        sign = 1 if self.batches == "right" else -1
        shares = lag_shares(sign * context.lags(), Window(self.before, self.after, self.before + self.after))
        near = found.with_columns(pl.Series("share", shares[found["lag"].to_numpy() + self.before]))
        return near.select("entry", "batch_id", (pl.col("share") / pl.col("share").sum().over("entry")).alias("likely"))
