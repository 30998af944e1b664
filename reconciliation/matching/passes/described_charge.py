"""One item that is another less a charge which the books show apart: takings in full, the processor's fee beside them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from reconciliation.matching.coincidence import Floats, expected_equals
from reconciliation.matching.context import LegContext, SideView, minor_tolerance
from reconciliation.matching.described import (
    days_covered,
    equals_a_day,
    learned_lags,
    learned_share,
    learned_texts,
    shown_alone,
)
from reconciliation.matching.nearby import count_within_days, within_days
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import GROUPS, KIND, MEMBERS, Proposals

_SENTENCE = "what was taken and a charge of about that day, booked apart, add up to the amount, {days}"
_APART = np.array([0.7, 0.08, 0.04, 0.03])  # how likely a charge is booked so many days before or after, by day
_NEAR = len(_APART) - 1
_LEAST_TOLD = 0.2  # the least that texts tell: takings and charges are often booked without a name
_ALONE = (
    0.02  # how much less a charge is believed to be one of this item where the other side shows its amount by itself
)
_PRIOR_ITEMS = 20.0  # items that the configured share of such items counts for
_ROOM, _ROOM_AN_ITEM = 1_000_000, 100  # amounts and charges that are set beside each other at most
_GROUP = {"one": pl.UInt32(), "gross": pl.UInt32(), "charge": pl.UInt32()}


class DescribedCharge(PassConfig):
    """One item (`one`) of the amount of two on the other side within `window` days: one of its own sign, and a charge of the
    opposite one that is booked within three days of it.

    A charge is at most `up_to` units or `share` of the amount. The odds are how often an open item is less a charge
    (`charged`, corrected by the data), times what date distances and texts say, over the number of such amounts that chance
    lets expect; no better than those that a charge of that amount is this one's, where many are charged the same.
    """

    KIND: ClassVar[str] = "described_charge"
    WEIGHS_SUGGESTED: ClassVar[bool] = True

    kind: Literal["described_charge"] = "described_charge"
    one: Literal["left", "right"] = "left"
    window: int = 10
    up_to: Annotated[Decimal, Field(ge=0)] = Decimal(30)
    share: Annotated[float, Field(ge=0, lt=0.5)] = 0.06
    charged: Annotated[float, Field(gt=0, lt=1)] = 0.05

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """All such items, weighed against each other."""
        one, many = (context.left, context.right) if self.one == "left" else (context.right, context.left)
        charged = self._charged(context, many)
        met = self._met(context, one, charged)
        if met.is_empty():
            return
        ratios = self._ratios(context, one, charged, met)
        share = learned_share(
            ratios, met["one"].to_numpy().astype(np.int64), len(one.rows()), self.charged, _PRIOR_ITEMS
        )
        odds = np.minimum(share / (1 - share) * ratios, self._charge_odds((one, many), met))
        met = met.with_columns(pl.Series("odds", odds)).with_row_index("proposal")
        groups = met.select("proposal", "odds", difference_kind=KIND["none"], evidence=0).select(list(GROUPS))
        members = [
            met.select("proposal", row=name, applied=f"{name}_open", side=pl.lit(view.index)).select(list(MEMBERS))
            for view, name in ((one, "one"), (many, "gross"), (many, "charge"))
        ]
        yield Proposals(
            groups=groups.cast(GROUPS),  # type: ignore[arg-type]
            members=pl.concat(members).cast(MEMBERS).sort("proposal", "side", "row"),  # type: ignore[arg-type]
            evidence=(_SENTENCE,),
        )

    def _charged(self, context: LegContext, many: SideView) -> pl.DataFrame:
        """Open items with a charge of about their day: `gross`, `charge` (rows), their `_open` amounts, `open` (the rest),
        `currency`, `date` of the gross, `apart` (days)."""
        items = many.frame()
        up, down = items.filter(pl.col("open") > 0), items.filter(pl.col("open") < 0)
        near = _NEAR
        while _made(up, down, near) > _ROOM + _ROOM_AN_ITEM * items.height:
            if near == 0:
                return self._with_bound(context, within_days((up.clear(), down), ["currency"], 0))
            near = 0
        both = [within_days(sides, ["currency"], near) for sides in ((up, down), (down, up))]
        return self._with_bound(context, pl.concat(both))

    def _with_bound(self, context: LegContext, pairs: pl.DataFrame) -> pl.DataFrame:
        """Pairs of an item and what may be a charge on it."""
        units = minor_tolerance(context, str(self.up_to))[pairs["currency"].to_numpy()]
        size, charge = pl.col("open").abs(), pl.col("open_right").abs()
        bound = pl.min_horizontal(pl.max_horizontal(pl.Series("units", units), size * self.share), size / 3)
        return pairs.filter(charge <= bound).select(
            "currency", "date", gross="row", charge="row_right", gross_open="open", charge_open="open_right",
            open=pl.col("open") + pl.col("open_right"), apart=pl.col("lag").abs(),
        )  # fmt: skip

    def _met(self, context: LegContext, one: SideView, charged: pl.DataFrame) -> pl.DataFrame:
        """Items of the one side with those of the other whose rest they are; `lag` is left date minus right date."""
        items = one.frame().select("open", "currency", "date", one="row", one_open="open")
        met = within_days((items, charged), ["open", "currency"], self.window)
        for name in ("gross", "charge"):
            rows = (met["one"].to_numpy(), met[name].to_numpy())
            met = met.filter(
                pl.Series(context.compatible(*(rows if self.one == "left" else rows[::-1])), dtype=pl.Boolean)
            )
        lag = pl.col("lag") if self.one == "left" else -pl.col("lag")
        return met.with_columns(lag.alias("lag")).sort(list(_GROUP))

    def _ratios(self, context: LegContext, one: SideView, charged: pl.DataFrame, met: pl.DataFrame) -> Floats:
        """By group: how much likelier it is for a reason than by chance."""
        amounts, currency = (charged[name].to_numpy() for name in ("open", "currency"))
        own = met["one"].to_numpy()
        by_chance = expected_equals(one.open[own], one.dataset.currency[own], amounts, currency, own=1)
        shares = learned_lags(context, self.window)[met["lag"].to_numpy() + self.window]
        apart = _APART[met["apart"].to_numpy()] * (2 * _NEAR + 1)
        ratios: Floats = shares * apart * self._told(context, met) * days_covered(charged) / by_chance
        return ratios

    def _charge_odds(self, sides: tuple[SideView, SideView], met: pl.DataFrame) -> Floats:
        """By group: the odds that a charge of that amount is of that day for this item, and not for another."""
        one, many = sides
        charges = met["charge"].to_numpy()
        odds: Floats = _APART[met["apart"].to_numpy()] / equals_a_day(many, charges)
        return np.where(shown_alone(many, one, charges, self.window), odds * _ALONE, odds)

    def _told(self, context: LegContext, met: pl.DataFrame) -> Floats:
        """By group: what the texts say of the item and of the charge, whichever says more."""
        texts, other = learned_texts(context), "right" if self.one == "left" else "left"
        told = [
            texts.odds(met.select(pl.col("one").alias(self.one), pl.col(name).alias(other)))
            for name in ("gross", "charge")
        ]
        return np.maximum(np.maximum(*told), _LEAST_TOLD)


def _made(left: pl.DataFrame, right: pl.DataFrame, window: int) -> int:
    return int(count_within_days((left, right), ["currency"], window)["pairs"].sum())
