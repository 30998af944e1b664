"""Equal amounts, weighed by date, by how common the amount is and by what the texts have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

import numpy as np
import polars as pl

from reconciliation.matching.coincidence import Floats, agreement_odds, lag_shares, paired_shares
from reconciliation.matching.context import LegContext, Rows
from reconciliation.matching.described import accepted_pairs, leg_words, ordered, spoken_keys
from reconciliation.matching.edge_candidates import pairs_frame
from reconciliation.matching.encoding import Mask
from reconciliation.matching.lag_odds import LagOdds
from reconciliation.matching.marginals import pair_probabilities
from reconciliation.matching.nearby import count_within_days, within_days
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import PAIRS, Proposals
from reconciliation.matching.recurring_pairs import pair_counts
from reconciliation.matching.sum_words import told_by_words
from reconciliation.matching.text.words import shared_information, without_dates
from reconciliation.matching.text_odds import TextOdds

_SENTENCES = (
    "equal amount, rare near that date, {days}; texts that have little in common",
    "equal amount and texts that share rare words, {days}",
    "equal amount, rare near that date, {days}; no text to compare",
)
_SURE_ODDS = 200.0  # by amount and date alone: pairs to learn the date distances and the texts from
_SAME = ["open", "currency"]
_NARROWER = (7, 3, 1, 0)  # days apart at which items of an amount that is everywhere are still looked at
_ROOM_FAR = 100_000  # pairs beyond the window that are looked at in any case
_ROOM = 20  # pairs an item, on the average, that are looked at in all
_FEW, _CITED = 4, 2.5  # pairs of an amount, or nats of a number, that are looked at beyond the window
_LIKELY = 0.5  # probability from which pairs teach, besides the sure ones, what single words do
_NAMED, _HABIT = 5.0, 5  # nats in common that name a party, and pairs at dates so far apart that they are a habit
_FEWEST_SURE = 5  # pairs below which what amounts and dates make sure teaches too little
_TELLING_DIGITS = 6  # of a number that by itself makes a pair of one price sure
_NEGLIGIBLE = 1e-6  # odds of a rival that changes no decision
_SPEAKING = 2.5  # nats in common from which the text is named as evidence


class DescribedAmount(PassConfig):
    """Equal amounts within `window` days either way, for sides that share no identifier; within `reach` days those of rare
    amounts and of texts that show one number.

    The odds of a pair are those that its items have a partner at all (`partnered`, a start that the data corrects),
    times how likely true partners are that many days apart against how often the amount turns up by chance
    (`coincidence`), times what the texts say (`text_odds`); less where lines so worded have an amount that the other
    side does not have at all. Date distances and texts are learned from the pairs that amounts alone make sure, and
    anew from those that are sure by their texts as well. What is sure leaves first, in up to `rounds` rounds: the last
    rent that is open is surer than the first of twelve. Of an amount that would pair more than `max_pairs` times only
    the nearest dates and the texts with a word in common are compared, the others counted as rivals; what stays open
    of it carries the reason `too_many_candidates`.
    """

    KIND: ClassVar[str] = "described"
    WEIGHS_SUGGESTED: ClassVar[bool] = True

    kind: Literal["described"] = "described"
    window: int = 14
    reach: int = 60
    partnered: float = 0.9
    rounds: int = 6
    max_pairs: int = 40_000

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Pairs with odds from amount, date and text; the surest first."""
        pairs, notes = self._pairs(context)
        if pairs.is_empty():
            if not notes.is_empty():
                yield Proposals(notes=notes)
            return
        information = shared_information(*leg_words(context), pairs)
        pairs = pairs.with_columns(information.alias("nats"))
        known = accepted_pairs(context)  # what earlier passes have found teaches too
        sides = _known_and_open(context)
        paired = paired_shares(*sides, self.partnered)
        # a price stays one when all others who paid it are found
        pairs = pairs.with_columns(pl.Series("agreement", agreement_odds(*sides, pairs, self.partnered, paired)))
        strange = _of_no_other(context)
        lessons, sure, likely, by_amount = self._learned(context, pairs, known, strange)
        for turn in range(self.rounds):
            is_open = context.left.is_open[pairs["left"].to_numpy()] & context.right.is_open[pairs["right"].to_numpy()]
            pairs = pairs.filter(pl.Series(is_open))
            if pairs.is_empty():
                break
            odds = self._odds(pairs, lessons)
            probable = _probabilities(context, pairs, odds)
            taken = pairs.filter(pl.Series(probable >= context.leg.precision))
            last = turn == self.rounds - 1 or taken.is_empty()
            told = pl.when(pl.col("nats").is_null()).then(2).when(pl.col("nats") >= _SPEAKING).then(1).otherwise(0)
            weighed = pairs.with_columns(pl.Series("odds", odds), told.cast(pl.UInt16).alias("evidence"))
            # what is taken has been weighed against all its rivals: they are not shown again without their own
            against_all = weighed.with_columns(pl.Series("odds", probable / np.maximum(1 - probable, 1e-12)))
            shown = weighed if last else against_all.filter(pl.Series(probable >= context.leg.precision))
            yield Proposals(
                pairs=pairs_frame(shown, "open", "open", "none", 1.0).select(list(PAIRS)),
                evidence=_SENTENCES,
                notes=notes if last else notes.clear(),
                sure_only=not last,
            )
            if last:
                break
            sure = _together(context, sure, taken)
            lessons = _Lessons(context, strange, sure, likely, by_amount)

    def _learned(
        self, context: LegContext, pairs: pl.DataFrame, known: pl.DataFrame, strange: tuple[Rows, Rows]
    ) -> tuple[_Lessons, pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """What texts and date distances tell, the sure and the likely pairs that this is learned from, and how likely all are
        without their texts.

        Amounts and dates alone make the first pairs sure; of a price that many paid some of these are strangers. What is
        learned from them weighs all pairs anew, and only what is sure then teaches.
        """
        agreement = pairs["agreement"].to_numpy()
        near = agreement * lag_shares(known["lag"].to_numpy(), self.reach)[pairs["lag"].to_numpy() + self.reach]
        alone = _alone(context, pairs.filter(pl.Series(near >= _SURE_ODDS)))
        sure = _together(context, known, alone)
        if sure.height < _FEWEST_SURE:
            # where all pay one price no amount is rare: numbers that one item a side shows teach first
            sure = _together(context, sure, _of_one_number(context, pairs))
        untold = _probabilities(context, pairs, near / self._unlisted(pairs, agreement, 1.0))
        by_amount = pairs.select("left", "right", by_amount=pl.Series(untold))
        likely = _likely(context, pairs, untold)
        lessons = _Lessons(context, strange, sure, likely, by_amount)
        probable = _probabilities(context, pairs, self._odds(pairs, lessons))
        at_any_date = self._at_any_date(context, pairs, agreement, lessons)
        if np.count_nonzero(at_any_date & (probable < _LIKELY)) >= _HABIT:
            probable = np.where(at_any_date, context.leg.precision, probable)
        sure = _together(context, known, pairs.filter(pl.Series(probable >= context.leg.precision)))
        likely = _likely(context, pairs, probable)
        return _Lessons(context, strange, sure, likely, by_amount), sure, likely, by_amount

    def _at_any_date(self, context: LegContext, pairs: pl.DataFrame, agreement: Floats, lessons: _Lessons) -> Mask:
        """By pair: whether its amount and its text alone make it sure. Customers who pay weeks late are not known by the days at
        which the bank's fees are booked."""
        even = agreement * lessons.texts.odds(pairs) / (2 * self.reach + 1)
        sure = _probabilities(context, pairs, even / self._unlisted(pairs, agreement, 1.0)) >= context.leg.precision
        told: Mask = np.logical_and(sure, (pairs["nats"] >= _NAMED).fill_null(False).to_numpy())
        return told

    def _odds(self, pairs: pl.DataFrame, lessons: _Lessons) -> Floats:
        """The odds of each pair, by amount, date and text."""
        agreement = pairs["agreement"].to_numpy()
        odds = agreement * lessons.odds(pairs, self.reach)
        # rivals that are not listed are strangers by their texts, at any date of the window
        apart = np.where(pairs["nats"].is_null().to_numpy(), 1.0, lessons.texts.apart)
        return np.asarray(odds / self._unlisted(pairs, agreement, apart), dtype=np.float64)

    def _unlisted(self, pairs: pl.DataFrame, agreement: Floats, apart: Floats | float) -> Floats:
        """By pair: what divides its odds for the rivals that are not listed."""
        rivals: Floats = (1 + pairs["unlisted"].to_numpy() * agreement * apart / (2 * self.window + 1)) ** 2
        return rivals

    def _pairs(self, context: LegContext) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Compatible pairs of equal amount within the window, and notes on items with too many.

        `unlisted` is by how many items of that amount and time a pair's two items could pair with besides those
        that are listed.
        """
        left, right = (view.frame().select("row", *_SAME, "date") for view in context.sides)
        made = count_within_days((left, right), _SAME, self.window).sort("pairs", *_SAME)
        room = self.max_pairs * 50 + _ROOM * (left.height + right.height)
        crowded = made.filter((pl.col("pairs") > self.max_pairs) | (pl.col("pairs").cum_sum() > room)).select(_SAME)
        sides = [side.join(crowded, on=_SAME, how="anti") for side in (left, right)]
        pairs = _renamed(within_days(sides, _SAME, self.window))
        notes = Proposals().notes
        if not crowded.is_empty():
            sides = [side.join(crowded, on=_SAME, how="semi") for side in (left, right)]
            nearest, left_out = self._nearest(context, *sides)
            pairs = pl.concat([pairs, nearest])
            notes = pl.concat(
                [
                    left_out.filter(pl.col("side") == number)
                    .select(pl.lit(number, pl.UInt8).alias("side"), "row")
                    .with_columns(pl.lit("too_many_candidates").alias("reason"))
                    for number in (0, 1)
                ]
            )
        pairs = pl.concat([pairs, self._far(context, left, right)])
        pairs = self._with_unlisted(pairs.sort("left", "right"), left, right)
        fits = context.compatible(*(pairs[side].to_numpy().astype(np.uint32) for side in ("left", "right")))
        return pairs.filter(pl.Series(fits)), notes

    def _far(self, context: LegContext, left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
        """Pairs further apart than the window, up to `reach` days: of amounts that hardly any item has, and of texts that have a
        number or a rarer word in common, as a cheque that is cashed late or a rent that is paid weeks after it was due."""
        sides = (left, right)
        few = count_within_days(sides, _SAME, self.reach).filter(pl.col("pairs") <= _FEW)
        rare = within_days((side.join(few, on=_SAME, how="semi") for side in sides), _SAME, self.reach)
        cited = [
            side.join(words.numbers.filter(pl.col("weight") >= _CITED).select("row", key="number"), on="row")
            for words, side in zip(leg_words(context), sides, strict=True)
        ]
        room = _ROOM_FAR + _ROOM * (left.height + right.height)
        pairs = pl.concat(
            [_renamed(rare), *(self._of_one_key(each, room) for each in (cited, self._spoken(context, sides)))]
        )
        return pairs.unique(["left", "right"]).filter(pl.col("lag").abs() > self.window)

    def _of_one_key(self, sides: Sequence[pl.DataFrame], room: int) -> pl.DataFrame:
        """Pairs up to `reach` days apart of equal amount and `key`, the rarest first as long as there is `room`."""
        same = [*_SAME, "key"]
        made = count_within_days(sides, same, self.reach).sort("pairs", *same)
        told = made.filter(pl.col("pairs") <= self.max_pairs, pl.col("pairs").cum_sum() <= room)
        return _renamed(within_days((side.join(told, on=same, how="semi") for side in sides), same, self.reach))

    def _spoken(self, context: LegContext, sides: Sequence[pl.DataFrame]) -> list[pl.DataFrame]:
        """The items of both sides with the keys of their rarer words."""
        return [
            keys.join(side.select("row", "open"), on="row")
            for keys, side in zip(spoken_keys(context), sides, strict=True)
        ]

    def _nearest(
        self, context: LegContext, left: pl.DataFrame, right: pl.DataFrame
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Of amounts with too many pairs: those nearest in date, as many days as there is room for, and those whose
        texts share a word that is not among the commonest; and the items left without some candidate."""
        parts: list[pl.DataFrame] = []
        wide = [left, right]
        for days in _NARROWER:
            fit = count_within_days(wide, _SAME, days).filter(pl.col("pairs") <= self.max_pairs).select(_SAME)
            parts.append(within_days((side.join(fit, on=_SAME, how="semi") for side in wide), _SAME, days))
            wide = [side.join(fit, on=_SAME, how="anti") for side in wide]
        spoken = self._spoken(context, (left, right))
        worded = [*_SAME, "key"]
        fit = (
            count_within_days(spoken, worded, self.window)
            .sort("pairs", *worded)
            .filter(
                pl.col("pairs").cum_sum().over(_SAME) <= self.max_pairs,
                pl.col("pairs").cum_sum() <= self.max_pairs * 20 + _ROOM * (left.height + right.height),
            )
        )
        met = within_days((side.join(fit, on=worded, how="semi") for side in spoken), worded, self.window)
        pairs = pl.concat([_renamed(each) for each in (*parts, met)]).unique(["left", "right"])
        left_out = pl.concat(
            [side.select(pl.lit(number, pl.UInt8).alias("side"), "row") for number, side in enumerate((left, right))]
        )
        return pairs, left_out

    def _with_unlisted(self, pairs: pl.DataFrame, left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
        daily = [side.group_by(*_SAME, "date").len() for side in (left, right)]
        around = []
        for one, two in (daily, daily[::-1]):
            met = within_days((one, two), _SAME, self.window)
            around.append(met.group_by(*_SAME, "date").agg(pl.col("len_right").sum().cast(pl.Int64).alias("near")))
        listed = pairs.with_columns(
            (pl.col("lag").abs() <= self.window).sum().cast(pl.Int64).over(name).alias(f"of_{name}")
            for name in ("left", "right")
        )
        for name, side, near in (("left", left, around[0]), ("right", right, around[1])):
            own = side.join(near, on=[*_SAME, "date"]).select(pl.col("row").alias(name), f_near=pl.col("near"))
            listed = listed.join(own, on=name, how="left", maintain_order="left").with_columns(
                (pl.col("f_near").fill_null(0) - pl.col(f"of_{name}")).clip(0).alias(f"of_{name}")
            )
            listed = listed.drop("f_near")
        unlisted = pl.max_horizontal("of_left", "of_right").cast(pl.Float64)
        return listed.select("left", "right", "open", "lag", unlisted.alias("unlisted"))


def _known_and_open(context: LegContext) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Of each side the open items, and those of the pairs accepted so far with their whole amount, as `agreement_odds` takes
    them."""
    sides = []
    for view, accepted in zip(context.sides, context.accepted, strict=True):
        items = view.selected(np.union1d(view.rows(), accepted).astype(np.uint32))
        whole = pl.Series(view.dataset.amount[items["row"].to_numpy()])
        sides.append(items.with_columns(open=pl.when(pl.col("open") == 0).then(whole).otherwise("open")))
    return sides[0], sides[1]


def _renamed(pairs: pl.DataFrame) -> pl.DataFrame:
    return pairs.select(pl.col("row").alias("left"), pl.col("row_right").alias("right"), "open", "lag")


def _probabilities(context: LegContext, pairs: pl.DataFrame, odds: Floats) -> Floats:
    """The probability of each pair; where a pair has no rival that counts, that of its own odds."""
    probable = odds / (1 + odds)
    told = odds >= _NEGLIGIBLE
    weighed = pairs.select("left", "right").filter(pl.Series(told))
    rivals = weighed.select((pl.len().over("left") > 1) | (pl.len().over("right") > 1)).to_series().to_numpy()
    weighed = weighed.filter(pl.Series(rivals))
    place = np.flatnonzero(told)[rivals]
    one, two = (
        view.places(weighed[side].to_numpy()) for view, side in zip(context.sides, ("left", "right"), strict=True)
    )
    probable[place] = pair_probabilities(one, two, odds[place])
    return probable


def _together(context: LegContext, *pairs: pl.DataFrame) -> pl.DataFrame:
    """The `left`, `right`, `lag` of several frames of pairs, each pair once, in order."""
    shape = {"left": pl.UInt32(), "right": pl.UInt32(), "lag": pl.Int64()}
    listed = pl.concat([each.select(list(shape)).cast(shape) for each in pairs])  # type: ignore[arg-type]
    return ordered(context, listed.unique(["left", "right"]))


def _likely(context: LegContext, pairs: pl.DataFrame, probable: Floats) -> pl.DataFrame:
    """Pairs that are likelier right than not: `left`, `right`, `lag`, `probable`."""
    weighed = pairs.select("left", "right", "lag").with_columns(pl.Series("probable", probable))
    return ordered(context, weighed.filter(pl.col("probable") >= _LIKELY))


class _Lessons:
    """What texts and date distances tell, learned from the sure pairs and from what is likely besides."""

    def __init__(
        self,
        context: LegContext,
        strange: tuple[Rows, Rows],
        sure: pl.DataFrame,
        likely: pl.DataFrame,
        by_amount: pl.DataFrame,
    ) -> None:
        """`strange` are the rows of either side that cannot have a partner of equal amount; `by_amount` says how likely pairs are
        without their texts."""
        words = leg_words(context)
        besides = likely.join(sure, on="left", how="anti", maintain_order="left")
        besides = besides.join(sure, on="right", how="anti", maintain_order="left")
        known = pl.concat([sure.with_columns(probable=pl.lit(1.0)), besides])
        told = known.join(by_amount, on=["left", "right"], how="left", maintain_order="left")
        told = told.with_columns(pl.col("by_amount").fill_null(1.0))  # what earlier passes took has other evidence
        told = told.with_columns(pl.col("probable") * pl.Series(pair_counts(*words, told)))
        self.texts = TextOdds(*words, told.head(sure.height), told.tail(besides.height))
        self._lags = LagOdds(*words, known)
        self._words, self._sure, self._strange = words, sure, strange

    def odds(self, pairs: pl.DataFrame, reach: int) -> Floats:
        """By pair: what its texts and its date distance tell."""
        told: Floats = self._lags.shares(pairs, reach) * self.texts.odds(pairs)
        for words, strange, side in zip(self._words, self._strange, ("left", "right"), strict=True):
            # lines worded like those whose amount the other side does not have at all agree by chance where it does
            stranger = told_by_words(words, strange, self._sure[side].to_numpy(), pairs[side].to_numpy())
            told = told / np.maximum(stranger, 1.0)
        return told


def _of_no_other(context: LegContext) -> tuple[Rows, Rows]:
    """The open rows of each side whose amount no open item of the other side has."""
    left, right = (view.frame().select("row", *_SAME) for view in context.sides)
    met = left.join(right, on=_SAME, how="anti"), right.join(left, on=_SAME, how="anti")
    return met[0]["row"].to_numpy(), met[1]["row"].to_numpy()


def _of_one_number(context: LegContext, pairs: pl.DataFrame) -> pl.DataFrame:
    """Pairs whose texts show one number of some digits that no other item of either side shows."""
    numbers = [
        without_dates(side).numbers.filter(
            pl.len().over("number") == 1, pl.col("number").str.len_bytes() >= _TELLING_DIGITS
        )
        for side in leg_words(context)
    ]
    left, right = (
        each.select("number", pl.col("row").alias(name)) for each, name in zip(numbers, ("left", "right"), strict=True)
    )
    return _alone(context, pairs.join(left.join(right, on="number"), on=["left", "right"], how="semi"))


def _alone(context: LegContext, pairs: pl.DataFrame) -> pl.DataFrame:
    """Pairs without a rival on either side."""
    return ordered(context, pairs.filter(pl.len().over("left") == 1, pl.len().over("right") == 1))
