"""Items whose amounts nearly agree, whatever their texts say: what is left open when all else has been settled."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from reconciliation.matching.coincidence import Floats
from reconciliation.matching.context import LegContext, minor_tolerance
from reconciliation.matching.described import learned_lags, learned_share, learned_texts, leg_words, shown_alone
from reconciliation.matching.edge_candidates import pairs_frame
from reconciliation.matching.fee_habits import habit_ratios, known_fees, unseen_fees
from reconciliation.matching.fee_schedules import found_schedules
from reconciliation.matching.near_rivals import equal_rivals, fee_rivals, slip_rivals
from reconciliation.matching.nearby import count_within_days, within_days
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import PAIRS, Proposals
from reconciliation.matching.sum_words import told_by_words
from reconciliation.matching.typing_errors import looks_mistyped

_SENTENCES = {
    "typing_error": "amounts that differ as a slip of the keyboard makes them, {days}",
    "fee": "amounts that differ by no more than a fee, {days}",
}
_PRIOR_ITEMS = 100.0  # items that the configured share of such pairs counts for
_ALONE = 0.02  # how much less a pair is believed where either amount is shown by itself
_ROOM, _ROOM_AN_ITEM = 300_000, 40  # pairs that are looked at at most
_TURNS = 10  # times that fees teach what fees are usual


class DescribedNear(PassConfig):
    """Pairs of open items within `window` days whose amounts differ by a slip or a fee of at most `up_to` units or `share` of
    the amount.

    The odds are how often an open item has such a partner (`prior`, corrected by the data), times what the date distance and
    the texts say, over the number of items whose amount would do as well by chance; a fee that others bear too is believed
    sooner. Where more is open than can be looked at nothing is proposed.
    """

    KIND: ClassVar[str] = "described_near"
    WEIGHS_SUGGESTED: ClassVar[bool] = True

    kind: Literal["described_near"] = "described_near"
    window: int = 7
    up_to: Annotated[Decimal, Field(ge=0)] = Decimal(30)
    share: Annotated[float, Field(ge=0, lt=0.5)] = 0.035
    prior: Annotated[float, Field(gt=0, lt=1)] = 0.03

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Slips, then fees."""
        for kind in ("typing_error", "fee"):
            pairs = self._pairs(context, kind)
            if pairs.is_empty():
                continue
            weighed = pairs.with_columns(pl.Series("odds", self._odds(context, pairs, kind)), evidence=0)
            yield Proposals(
                pairs=pairs_frame(weighed, "mine", "other", kind, 1.0).select(list(PAIRS)),
                evidence=(_SENTENCES[kind],),
            )

    def _pairs(self, context: LegContext, kind: str) -> pl.DataFrame:
        """Such pairs: `left`, `right`, `mine`, `other` (open amounts), `lag`, `bound` (of a fee)."""
        sides = [
            view.frame().select("row", "open", "currency", "date", inward=pl.col("open") > 0) for view in context.sides
        ]
        on = ["currency", "inward"]
        room = _ROOM + _ROOM_AN_ITEM * sum(side.height for side in sides)
        if int(count_within_days(sides, on, self.window)["pairs"].sum()) > room:
            return pl.DataFrame()
        met = within_days(sides, on, self.window).filter(pl.col("open") != pl.col("open_right"))
        units = minor_tolerance(context, str(self.up_to))[met["currency"].to_numpy()]
        size = pl.col("open_right").abs()
        bound = pl.min_horizontal(pl.max_horizontal(pl.Series("units", units), size * self.share), size / 3)
        pairs = met.select(
            "lag", bound.alias("bound"), left="row", right="row_right", mine="open", other="open_right"
        ).sort("left", "right")  # fmt: skip
        slips = looks_mistyped(pairs["mine"], pairs["other"])
        near = ((pairs["mine"] - pairs["other"]).abs() <= pairs["bound"]).to_numpy()
        pairs = pairs.filter(pl.Series(slips if kind == "typing_error" else near & ~slips, dtype=pl.Boolean))
        fits = context.compatible(pairs["left"].to_numpy(), pairs["right"].to_numpy())
        return pairs.filter(pl.Series(fits, dtype=pl.Boolean))

    def _odds(self, context: LegContext, pairs: pl.DataFrame, kind: str) -> Floats:
        left, bound = pairs["left"].to_numpy(), pairs["bound"].to_numpy()
        shares = learned_lags(context, self.window)[pairs["lag"].to_numpy() + self.window]
        rivals = fee_rivals(context.right, pairs, bound) if kind == "fee" else slip_rivals(context.right, pairs)
        told = learned_texts(context).odds(pairs) * shares
        most, evidence = told / equal_rivals(context.sides, pairs), told / rivals
        for view, other, name in ((context.left, context.right, "left"), (context.right, context.left, "right")):
            alone = shown_alone(view, other, pairs[name].to_numpy(), self.window)
            evidence = evidence * np.where(alone, _ALONE, 1.0)
        habits: Floats = np.ones(pairs.height)
        if kind == "fee":
            differences = pairs["mine"].to_numpy() - pairs["other"].to_numpy()
            habits = unseen = unseen_fees(differences, bound)
            known = known_fees(context)
        for _ in range(_TURNS):
            ratios = evidence * habits
            share = learned_share(ratios, left.astype(np.int64), len(context.left.rows()), self.prior, _PRIOR_ITEMS)
            odds: Floats = share / (1 - share) * ratios
            if kind != "fee":
                break
            odds = np.minimum(odds, most)
            habits = habit_ratios(differences, pairs["other"].to_numpy(), bound, odds / (1 + odds), unseen, known)
        return odds if kind != "fee" else np.maximum(odds, _of_schedules(context, pairs, shares))


def _of_schedules(context: LegContext, pairs: pl.DataFrame, shares: Floats) -> Floats:
    """By pair: the odds that one is the payout of the other, less what a processor keeps back of its payouts (`fee_schedules`),
    where what was taken on a day is paid out one by one."""
    most = np.zeros(pairs.height)
    for one, other, paid, gross, sign in (
        ("left", "right", "mine", "other", 1),
        ("right", "left", "other", "mine", -1),
    ):
        schedules = found_schedules(context, one)
        if not schedules:
            continue
        payouts, takings = (context.left, context.right) if one == "left" else (context.right, context.left)
        rows = pairs[one].to_numpy()
        daily = takings.frame().select("row", of_day=pl.len().over("date", "currency"))
        of_day = pairs.select(row=other).join(daily, on="row", how="left", maintain_order="left")["of_day"].to_numpy()
        for schedule in schedules:
            amounts = pairs[gross].to_numpy(), pairs[paid].to_numpy()
            odds = schedule.odds_of_one(*amounts, sign * pairs["lag"].to_numpy(), shares, of_day)
            known = schedule.payouts["row"].to_numpy()
            worded = told_by_words(leg_words(context)[payouts.index], known, context.accepted[payouts.index], rows)
            most = np.maximum(most, odds * worded)
    return most
