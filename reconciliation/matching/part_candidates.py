"""Which open items of one side may be parts of an item of the other: by their texts, by their day, or by both.

Candidates are rows of `case` (an item and what it is looked at with), `one` (its row), `row` (the candidate's), `target` and
`value` (their open amounts, minor units), `share` (how likely the date distance of the case is), `own_share` (how likely that
of the candidate is) and, where a case is of several days, the candidate's `day`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext, SideView
from reconciliation.matching.day_crowds import Crowd, affordable
from reconciliation.matching.described import days_of_parts, learned_lags, leg_words, related_pairs
from reconciliation.matching.text.words import speaking_rows

_SEVERAL = 10  # times as many items of a day are looked at as make a case: they may be of several entities or accounts
_ROOM = 2000  # half subsets looked at for each item of one party's days
_NEARER, _ALIKE = 10, 0.75  # days, and the share of the best text, by which too many candidates become less


@dataclass(frozen=True)
class PartCandidates:
    """Candidates for the parts of each item of the side `one`, `most` a case.

    Texts have `min_nats` in common within `window` days; what is looked for by day is up to `before` days later than the
    item or up to `after` days earlier, or the other way round where the item's side is booked first.
    """

    context: LegContext
    one: str
    window: int
    before: int
    after: int
    min_nats: float
    most: int

    def by_text(self) -> pl.DataFrame:
        """Items of texts in common; where these are too many, those nearer in time, and nearer in their texts."""
        near, nearest = (pl.col("lag").abs() <= days for days in (_NEARER, _NEARER // 2))
        pairs = fewer(self._related(), ["one"], [near, near & pl.col("alike"), nearest & pl.col("alike")], self.most)
        return pairs.select(_case("one"), "one", "row", "target", "value", share=pl.lit(0.5), own_share=pl.lit(0.5))

    def by_text_and_day(self) -> pl.DataFrame:
        """Items of one day of texts in common, and those of that day without a text; where these are too many, the former
        alone, or the nearest of them."""
        before, after = days_of_parts(self.context, self.one, self.before, self.after)
        said = self._related().filter(pl.col("lag").is_between(-before, after))
        found = pl.concat([said.with_columns(mute=pl.lit(False)), self._mute_of_days(said)], how="diagonal")
        sizes = found.group_by("one", "lag").len()["len"].cast(pl.Int64).to_numpy()
        most = min(self.most, affordable([sizes], found["one"].n_unique(), self.most, _ROOM))
        found = fewer(found, ["one", "lag"], [~pl.col("mute"), pl.col("alike")], most)
        shares = learned_lags(self.context, self.window)
        lag = found["lag"].to_numpy() * (1 if self.one == "left" else -1)
        share = pl.Series(shares[np.clip(lag + self.window, 0, 2 * self.window)], dtype=pl.Float64)
        return found.select(_case("one", "lag"), "one", "row", "target", "value", share=share, own_share=share)

    def by_day(self, active: int, days: int) -> pl.DataFrame:
        """Items of so many `active` days, `days` in a row at most; a case is an item and the last of these days."""
        one, many = self._sides()
        shares = learned_lags(self.context, self.window)
        direction = 1 if self.one == "left" else -1
        steps = []
        crowd = Crowd(one, many)
        before, after = days_of_parts(self.context, self.one, self.before, self.after)
        lags = range(-before, after + 1)
        # counted before any pair is made: a busy day would pair everything with everything
        firsts = [crowd.first_of(crowd.days - lag, active, days) for lag in lags]
        counts = [crowd.smaller_between(first, crowd.days - lag, days) for lag, first in zip(lags, firsts, strict=True)]
        most = min(self.most, affordable(counts, len(crowd.days), self.most))
        for lag, count, first in zip(lags, counts, firsts, strict=True):
            share = float(shares[np.clip(direction * lag + self.window, 0, 2 * self.window)])
            start = crowd.days - lag
            few = one.frame().with_columns(pl.Series("start", start), pl.Series("first", first))
            few = few.filter(pl.Series((count >= 2) & (count <= most)))
            offsets = pl.DataFrame({"offset": list(range(days))}, schema={"offset": pl.Int32})
            asked = few.join(offsets, how="cross").with_columns((pl.col("start") - pl.col("offset")).alias("day"))
            met = asked.filter(pl.col("day") >= pl.col("first")).join(
                many.frame(), left_on=["day", "currency"], right_on=["date", "currency"], suffix="_other"
            )
            same_sign = (pl.col("open") > 0) == (pl.col("open_other") > 0)
            met = met.filter(same_sign & (pl.col("open_other").abs() < pl.col("open").abs()))
            own_lag = direction * (met["date"] - met["day"]).cast(pl.Int64).to_numpy()
            steps.append(
                met.select(
                    "day",
                    one="row",
                    start="start",
                    row="row_other",
                    target="open",
                    value="open_other",
                    share=pl.lit(share),
                    own_share=pl.Series(shares)[np.clip(own_lag + self.window, 0, 2 * self.window)],
                )
            )
        found = self._fitting(pl.concat(steps))
        return found.select(_case("one", "start"), "one", "row", "target", "value", "share", "own_share", "day")

    def _sides(self) -> tuple[SideView, SideView]:
        """The side of the item, and that of its parts."""
        left, right = self.context.sides
        return (left, right) if self.one == "left" else (right, left)

    def _related(self) -> pl.DataFrame:
        """Items and those that may be parts of them by text: `one`, `row`, `target`, `value`, `lag` (days by which the part is
        earlier), `alike` (whether the texts have nearly as much in common as the item's text has with any)."""
        pairs = related_pairs(self.context, self.window, self.min_nats)
        if self.one == "left":
            named = pairs.select("nats", "lag", one="left", row="right", target="mine", value="other")
        else:
            named = pairs.select("nats", -pl.col("lag"), one="right", row="left", target="other", value="mine")
        alike = pl.col("nats") >= _ALIKE * pl.col("nats").max().over("one")
        return named.filter(_PART).with_columns(alike.alias("alike")).drop("nats").sort("one", "row")

    def _mute_of_days(self, said: pl.DataFrame) -> pl.DataFrame:
        """Of the days on which items have parts by text: what may be parts of them and has no text."""
        one, many = self._sides()
        asked = said.select("one", "target", "lag").unique()
        rows = asked["one"].to_numpy()
        day, currency = pl.Series(one.dataset.date[rows]) - asked["lag"], pl.Series(one.dataset.currency[rows])
        speaking = speaking_rows(leg_words(self.context)[1 if self.one == "left" else 0])
        mute = many.frame().join(speaking, on="row", how="anti").select("row", "currency", day="date", value="open")
        asked = asked.with_columns(day=day.cast(pl.Int32), currency=currency)
        # counted before any pair is made: a busy day would pair everything with everything
        room = smaller_parts(asked, mute) <= self.most * _SEVERAL
        met = asked.filter(room).join(mute, on=["day", "currency"])
        own = self._fitting(met.filter(_PART)).select("lag", "one", "row", "target", "value")
        return own.with_columns(alike=pl.lit(False), mute=pl.lit(True)).sort("one", "row")

    def _fitting(self, found: pl.DataFrame) -> pl.DataFrame:
        """The candidates of the item's entity and account."""
        rows = (found["one"].to_numpy(), found["row"].to_numpy())
        fits = self.context.compatible(*(rows if self.one == "left" else rows[::-1]))
        return found.filter(pl.Series(fits, dtype=pl.Boolean))


_PART = ((pl.col("value") > 0) == (pl.col("target") > 0)) & (pl.col("value").abs() < pl.col("target").abs())


def smaller_parts(asked: pl.DataFrame, parts: pl.DataFrame) -> pl.Series:
    """By item asked for (`target`, `day`, `currency`): the `parts` (`value`) of the day and its sign that are smaller."""
    same = ["day", "currency", "positive"]
    there = parts.select("day", "currency", positive=pl.col("value") > 0, size=pl.col("value").abs()).sort("size")
    there = there.with_columns(count=pl.int_range(1, pl.len() + 1).over(same))
    wanted = asked.with_row_index("place").with_columns(positive=pl.col("target") > 0, size=pl.col("target").abs())
    found = wanted.sort("size").join_asof(there, on="size", by=same, allow_exact_matches=False, check_sortedness=False)
    return found.sort("place")["count"].fill_null(0)


def _case(*keys: str) -> pl.Expr:
    return pl.struct(keys).rank("dense").cast(pl.Int64).alias("case")


def fewer(found: pl.DataFrame, case: list[str], tiers: list[pl.Expr], most: int) -> pl.DataFrame:
    """The candidates of each case, or, where they are too many, those of the first of the `tiers` of which there are not."""
    kept = []
    for tier in (pl.lit(True), *tiers):
        own = found.filter(tier).filter(pl.len().over(case) <= most)
        kept.append(own)
        found = found.join(own.select(case).unique(), on=case, how="anti", maintain_order="left")
    return pl.concat(kept).sort(*case, "row")
