"""Items of equal amount, close in date, with the same party: account before number before name, or none at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
import polars as pl

from reconciliation.matching.chance import pair_odds
from reconciliation.matching.context import LegContext, SideView
from reconciliation.matching.joins import key_pairs
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import PAIRS, Proposals
from reconciliation.matching.settlement import pairs_frame
from reconciliation.matching.text import name_key, name_similarity

Party = Literal["counterparty_account", "counterparty_id", "counterparty_name", "none"]

_SENTENCES = {
    "counterparty_account": "equal amount and counterparty account, {days}",
    "counterparty_id": "equal amount and counterparty, {days}",
    "counterparty_name": "equal amount and like counterparty name, {days}",
    "none": "the only equal amount near that date, {days}",
}
#: Coincidences per item and window that are assumed before the data has spoken.
_PRIOR_RATE = {"counterparty_account": 0.001, "counterparty_id": 0.001, "counterparty_name": 0.002, "none": 0.02}


class AmountDate(PassConfig):
    """Equal amounts within `before` to `after` days (left date minus right date).

    `party` is what else has to agree. `right_date` chooses the right side's date (its due date for open items that are paid when
    due). `partnered` is the share of left items expected to have a partner here. Keys that would pair more than `max_pairs`
    times are left with the reason `too_many_candidates`.
    """

    KIND: ClassVar[str] = "amount_date"

    kind: Literal["amount_date"] = "amount_date"
    party: Party = "counterparty_account"
    right_date: Literal["date", "due_date", "value_date"] = "date"
    before: int = 3
    after: int = 10
    decoy_days: int = 30
    min_similarity: float = 0.9
    partnered: float = 0.9
    prior_rate: float | None = None
    prior_items: float = 200.0
    max_pairs: int = 2500

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Pairs of equal amount, with odds from decoy windows."""
        left, right = self._side(context.left), self._side(context.right)
        keys = ["open", "currency"]
        if self.party in ("counterparty_account", "counterparty_id"):
            keys.append("party")
        for name in ("account", "entity"):
            if not left.is_empty() and not right.is_empty() and (left[name] != 0).all() and (right[name] != 0).all():
                keys.append(name)
        pairs, crowded = key_pairs(left, right, keys, self.max_pairs)
        notes = crowded.select(pl.lit(0, pl.UInt8).alias("side"), "row", pl.lit("too_many_candidates").alias("reason"))
        lag = (pl.col("day") - pl.col("day_right")).cast(pl.Int64)
        pairs = pairs.with_columns(lag.alias("lag")).filter(
            pl.col("lag").is_between(-self.before - self.decoy_days, self.after + self.decoy_days)
        )
        if self.party == "counterparty_name" and not pairs.is_empty():
            alike = name_similarity(pairs["party"], pairs["party_right"]).fill_null(0.0)
            pairs = pairs.filter(alike >= self.min_similarity)
        fits = context.compatible(
            pairs["left"].to_numpy().astype(np.uint32), pairs["right"].to_numpy().astype(np.uint32)
        )
        weighed = pair_odds(
            pairs.select("left", "right", "open", "lag").filter(pl.Series(fits)),
            lags=context.lags if self.right_date == "date" else np.zeros(0, dtype=np.int64),
            before=self.before,
            after=self.after,
            decoy_days=self.decoy_days,
            partnered=self.partnered,
            prior_rate=_PRIOR_RATE[self.party] if self.prior_rate is None else self.prior_rate,
            prior_items=self.prior_items,
            tried=left.height,
        )
        if weighed.is_empty():
            if not notes.is_empty():
                yield Proposals(notes=notes)
            return
        weighed = weighed.with_columns(pl.lit(0, pl.UInt16).alias("evidence"))
        yield Proposals(
            pairs=pairs_frame(weighed, "open", "open", "none", 1.0).select(list(PAIRS)),
            evidence=(_SENTENCES[self.party],),
            notes=notes,
        )

    def _side(self, view: SideView) -> pl.DataFrame:
        columns: list[str | pl.Expr] = []
        by_date = view.index == 1 and self.right_date != "date"
        if self.party != "none":
            columns.append(pl.col(self.party).alias("party"))
        if by_date:
            columns.append(pl.col(self.right_date).to_physical().alias("own_date"))
        frame = view.frame(*columns)
        day = pl.coalesce("own_date", "date") if by_date else pl.col("date")
        frame = frame.with_columns(day.alias("day"))
        if self.party == "none":
            return frame
        if self.party == "counterparty_name":
            frame = frame.with_columns(name_key(frame["party"]).alias("party"))
        else:
            compact = pl.col("party").str.replace_all(r"[^0-9A-Za-z]", "").str.to_uppercase()
            frame = frame.with_columns(compact.alias("party"))
        return frame.filter(pl.col("party").is_not_null() & (pl.col("party") != ""))
