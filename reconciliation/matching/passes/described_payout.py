"""What a processor pays out for all of a day or a few: takings, refunds and charges in one amount, or less its charges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from reconciliation.matching.charge_rows import charge_rows
from reconciliation.matching.context import LegContext, SideView
from reconciliation.matching.described import days_of_parts, learned_lags, leg_words, meant_elsewhere, open_words
from reconciliation.matching.fee_schedules import (
    MOST_EACH,
    MOST_SHARE,
    NO_CHARGE,
    Schedule,
    best_schedule,
    cache_name,
    schedule_frame,
    schedules_of,
    with_habits,
)
from reconciliation.matching.frequent_payers import coming_again, payers
from reconciliation.matching.nearby import count_within_days, within_days
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import GROUPS, KIND, MEMBERS, Proposals, each_set_once
from reconciliation.matching.sum_words import told_by_words, words_in_common
from reconciliation.matching.text.words import SideWords

_KEYS = ["family", "currency", "entity", "account"]
#: How likely a payout is for so many days in a row, before any is seen.
_DAYS_SHARE = (0.6, 0.2, 0.1, 0.1, *(0.03,) * 6, *(0.01,) * 21)
_FAMILIES, _OFTEN, _SELDOM, _FEWEST = (
    6,
    0.98,
    0.1,
    4,
)  # words by which items of a day are told apart: how many, how common
_FEE_SHARE = 0.05  # the most a fee may be
_NEGLIGIBLE = 1e-3  # odds of a payout that is no match, nor anyone's rival
_ROOM, _ROOM_AN_ITEM = 500_000, 200  # payouts and days that are compared at most
_FEWEST_PAYOUTS = 3  # by which a schedule is believed
_SCHEDULES, _ROUNDS = 3, 4  # processors whose charges are learned; times that the sure ones leave


class DescribedPayout(PassConfig):
    """One item (`one`) against all open items of one to `days` days of the other side, whatever their sign: all there are, or
    all that say one word. The last of the days is up to `after` days earlier, or `before` later;
    the other way round where the payouts' side is booked first.

    The totals are equal, or the payout is less by a charge that one schedule explains (`fee_schedules`). The odds are how
    often an open item is a payout (`paid_out`, corrected by the data), times how likely that date distance and so many
    days are, over the chance that two totals of that size agree as well.

    With `named` only words are asked about that the payout says too, as whoever settles all that it owes in one amount is
    named on either side, and only totals that are equal. With `of_frequent` only items of payers of whom several are open
    are payouts (`frequent_payers`), and only words of open
    items are read: of bank lines that pay bills, few are such.
    """

    KIND: ClassVar[str] = "described_payout"
    WEIGHS_SUGGESTED: ClassVar[bool] = True

    kind: Literal["described_payout"] = "described_payout"
    one: Literal["left", "right"] = "left"
    before: int = 1
    after: int = 7
    days: Annotated[int, Field(ge=1, le=len(_DAYS_SHARE))] = 4
    paid_out: Annotated[float, Field(gt=0, lt=1)] = 0.1
    named: bool = False
    of_frequent: bool = False

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Payouts by every schedule found; what is sure leaves before the rest is weighed again."""
        windows = self._windows(context)
        known = self._schedules(context, windows)
        for turn in range(_ROUNDS if known else 0):
            if turn:
                windows = self._windows(context)
            if windows.is_empty():
                return
            proposals = self._weighed(context, windows, known)
            if proposals.groups.is_empty():
                return
            yield proposals
            if self._sides(context)[0].is_open[proposals.members.filter(side=self._side)["row"].to_numpy()].all():
                return

    @property
    def _side(self) -> int:
        return 0 if self.one == "left" else 1

    def _schedules(self, context: LegContext, windows: pl.DataFrame) -> list[Schedule]:
        """The schedules by which payouts are less than the totals, that of no charge first; found once a leg, while all that
        the first pass of this kind sees is open."""
        name = cache_name(self.one, self.named)
        if name not in context.cache:
            found: list[Schedule] = []
            items = 0 if windows.is_empty() else windows["open"].n_unique()
            while windows.height and len(found) <= (0 if self.named else _SCHEDULES):
                schedule = best_schedule(windows) if found else NO_CHARGE
                if schedule is None or schedule.probable < context.leg.suggest:
                    break
                schedule = with_habits(schedule, windows, items, self.paid_out)
                explained = windows.filter(pl.Series(schedule.odds(windows) >= 1))
                if found and self.of_frequent:  # one processor pays under one name
                    payer = _payer_of_most(explained)
                    explained = explained.filter(pl.col("payer") == payer)
                if found:  # one processor words all its payouts alike
                    words = self._words(context)[self._side]
                    schedule = schedule.told(words_in_common(words, explained["row"].to_numpy()))
                    if explained["open"].n_unique() < _FEWEST_PAYOUTS or schedule.probable < context.leg.suggest:
                        break
                found.append(replace(schedule, payouts=explained.select("row").unique().sort("row")))
                windows = windows.join(explained, on="row", how="anti")
            context.cache[name] = schedule_frame(found)
        return schedules_of(context.cache[name])

    def _weighed(self, context: LegContext, windows: pl.DataFrame, known: list[Schedule]) -> Proposals:
        """The payouts that any of the schedules explains."""
        explained = []
        for number, schedule in enumerate(known):
            rows, pairs = windows["row"].to_numpy(), context.accepted[self._side]
            worded = told_by_words(self._words(context)[self._side], schedule.payouts["row"].to_numpy(), pairs, rows)
            odds = schedule.odds(windows) * worded
            if self.of_frequent and schedule.payouts.height and number:
                own_payers = payers(self._sides(context)[0], schedule.payouts["row"].to_numpy())
                odds = np.where(windows["payer"].is_in(own_payers.unique().implode()), odds, 0.0)
            own = windows.with_columns(pl.Series("odds", odds), evidence=pl.lit(number, pl.UInt16))
            habitual = pl.col("family").is_in(_habitual(schedule).implode())
            own = own.with_columns(habitual=habitual & (not self.of_frequent))
            explained.append(own.filter(pl.Series(odds >= _NEGLIGIBLE)))
        met = pl.concat(explained).sort("odds", descending=True, maintain_order=True)
        met = met.unique(["row", "first", "last", "family"], keep="first", maintain_order=True)
        return self._proposals(context, met, [schedule.sentence for schedule in known])

    def _words(self, context: LegContext) -> tuple[SideWords, SideWords]:
        return open_words(context) if self.of_frequent else leg_words(context)

    def _sides(self, context: LegContext) -> tuple[SideView, SideView]:
        return (context.left, context.right) if self.one == "left" else (context.right, context.left)

    def _windows(self, context: LegContext) -> pl.DataFrame:
        """Each open item with the days that it may pay out for: `row`, `open`, `family`, `first`, `last` (days), `total` and
        the amounts and numbers of what has its sign (`takings`) and has not (`returns`), the `wording` and the shares
        of `payout_habits`."""
        one, _ = self._sides(context)
        items = one.frame()
        if self.of_frequent:
            items = items.filter(pl.Series(coming_again(context, one, items["row"].to_numpy()), dtype=pl.Boolean))
        if items["row"].n_unique() < _FEWEST_PAYOUTS and self.of_frequent:
            return pl.DataFrame()
        said = self._said(context, items) if self.named else None
        spans = _spans(self._in_families(context, said), self.days)
        window = max(self.before, self.after)
        keys = ["currency"]
        if said is not None:
            items, keys = items.join(said, on="row"), ["currency", "family"]
        if (items["entity"] != 0).all() and (spans["entity"] != 0).all():
            keys.append("entity")
        for kept in (spans, spans.filter(pl.col("family") == ""), spans.filter(pl.col("first") == pl.col("date"))):
            made = count_within_days((items, kept), keys, window)["pairs"].sum()
            if made <= _ROOM + _ROOM_AN_ITEM * items.height:
                break
        else:
            kept = spans.clear()
        before, after = self.before, self.after
        if not self.of_frequent:
            before, after = days_of_parts(context, self.one, before, after)
        near = within_days((items, kept), keys, window).filter(pl.col("lag").is_between(-before, after))
        if "entity" in keys:
            near = near.with_columns(entity_right="entity")
        ours = pl.all_horizontal(
            (pl.col(name) == pl.col(f"{name}_right")) | (pl.col(name) == 0) | (pl.col(f"{name}_right") == 0)
            for name in ("entity", "account")
        )
        near = near.filter(ours, (pl.col("total") > 0) == (pl.col("open") > 0), pl.col("total") != 0)
        if said is not None:
            near = near.filter(pl.col("ins") + pl.col("outs") > 1)
        up = pl.col("open") > 0
        near = near.with_columns(
            takings=pl.when(up).then("ins").otherwise("outs"), returns=pl.when(up).then("outs").otherwise("ins")
        )
        same = ["row", "first", "date_right", "total", "takings", "returns"]
        near = near.sort("row", "first", "date_right", "family").unique(same, keep="first", maintain_order=True)
        near = near.with_columns(named=pl.lit(self.named))
        if self.of_frequent:
            near = near.with_columns(payers(one, near["row"].to_numpy()))
        return self._with_fees(context, near, window)

    def _said(self, context: LegContext, items: pl.DataFrame) -> pl.DataFrame:
        """The words (`family`) that the payouts (`row`) say, where several of the other side say them."""
        one, many = self._sides(context)
        ours, theirs = (_spoken(self._words(context)[view.index]) for view in (one, many))
        several = theirs.join(many.frame().select("row"), on="row", how="semi").group_by("word").len("times")
        told = ours.join(several.filter(pl.col("times") > 1), on="word").join(items.select("row"), on="row", how="semi")
        return told.select("row", family="word").unique()

    def _in_families(self, context: LegContext, said: pl.DataFrame | None) -> pl.DataFrame:
        """The items of the other side, in the families asked about."""
        many = self._sides(context)[1]
        items, words = many.frame(), self._words(context)[many.index]
        return (
            _in_common_families(items, words) if said is None else _of_families(items, words, said["family"].unique())
        )

    def _with_fees(self, context: LegContext, near: pl.DataFrame, window: int) -> pl.DataFrame:
        direction = 1 if self.one == "left" else -1
        lags = learned_lags(context, window)[direction * near["lag"].to_numpy() + window]
        lags = (lags + 1 / (self.before + self.after + 1)) / 2  # a processor has days of its own
        length = near.select((pl.col("date_right") - pl.col("first")).cast(pl.Int64)).to_series()
        families = max(1, near["family"].n_unique() - 1)
        told = np.where((near["family"] == "").to_numpy(), 0.5, 0.5 / families)
        if self.named:
            told = near.select(1 / pl.col("family").n_unique().over("row")).to_series().to_numpy()
        fee = (pl.col("total") - pl.col("open")) * pl.col("open").sign()
        gross = pl.when(pl.col("open") > 0).then("gross_in").otherwise(-pl.col("gross_out"))
        near = near.with_columns(
            pl.Series("lag_share", lags), pl.Series("length_share", np.asarray(_DAYS_SHARE)[length.to_numpy()]),
            pl.Series("family_share", told), length.alias("length"), last=pl.col("date_right"), fee=fee, gross=gross,
        )  # fmt: skip
        near = near.join(self._wording(context), on="row", how="left", maintain_order="left").with_columns(
            pl.col("wording").fill_null("")
        )
        charged = near.filter(
            pl.col("fee") >= 0,
            pl.col("fee") <= pl.col("gross") * (MOST_SHARE / 10_000) + MOST_EACH * pl.col("takings"),
            pl.col("fee") <= pl.col("open").abs() / 2,
            pl.col("total").abs() >= pl.col("gross") / 2,
        )
        # what is given back gives its charge back, or not
        back = charged.filter(pl.col("returns") > 0, pl.col("fee") > 0).with_columns(gross=pl.col("total").abs())
        return pl.concat([charged, back])

    def _wording(self, context: LegContext) -> pl.DataFrame:
        """By payout (`row`) the word of its text that most others of its side say (`wording`): by it payouts are worded alike."""
        said = _spoken(self._words(context)[self._side]).with_columns(times=pl.len().over("word"))
        most = said.sort("row", "times", "word", descending=[False, True, False])
        return most.group_by("row", maintain_order=True).agg(wording=pl.col("word").first())

    def _proposals(self, context: LegContext, met: pl.DataFrame, sentences: list[str]) -> Proposals:
        one, many = self._sides(context)
        met = met.with_row_index("proposal")
        inside = self._in_families(context, met.select("row", "family") if self.named else None)
        days = met.select(
            "proposal", "family", "currency", entity="entity_right", account="account_right",
            date=pl.int_ranges(pl.col("first"), pl.col("last") + 1).cast(pl.List(pl.Int32)), one="row",
        ).explode("date", empty_as_null=False, keep_nulls=False)  # fmt: skip
        parts = days.join(inside, on=[*_KEYS, "date"])
        if self.named:  # one of two that is nearly all: the other may as well be a fee
            size, least = pl.col("open").abs(), pl.col("open").abs().min().over("proposal")
            parts = parts.filter((pl.len().over("proposal") > 2) | (least > _FEE_SHARE * size.sum().over("proposal")))
            met = met.join(parts, on="proposal", how="semi")
        rows = (parts["one"].to_numpy(), parts["row"].to_numpy())
        fits = context.compatible(*(rows if self.one == "left" else rows[::-1]))
        unfit = parts.filter(~pl.Series(fits, dtype=pl.Boolean)).select("proposal")
        # an item of the same days without the word, of the amount of one with it, would do as well, unless the word always tells
        every = many.frame().with_columns(family=pl.lit(""))
        all_of_days = days.with_columns(family=pl.lit("")).join(every, on=[*_KEYS, "date"])
        others = all_of_days.join(parts, on=["proposal", "row"], how="anti")
        either = others.join(parts, on=["proposal", "open"], how="semi").select("proposal", "row")
        told = self._told_apart(context, either, parts.select("proposal", "row"), met.select("proposal", "row"))
        either = either.join(told, on=["proposal", "row"], how="anti").select("proposal")
        either = either.join(met.filter("habitual").select("proposal"), on="proposal", how="anti")
        barred = pl.concat([unfit, either]).unique()
        whole = met.select("proposal", pl.lit(one.index, pl.UInt8).alias("side"), "row", applied="open")
        many_of = parts.select("proposal", pl.lit(many.index, pl.UInt8).alias("side"), "row", applied="open")
        members = pl.concat([whole.cast(MEMBERS), many_of.cast(MEMBERS)]).join(barred, on="proposal", how="anti")  # type: ignore[arg-type]
        lacking = met.filter(pl.col("fee") > 0).join(barred, on="proposal", how="anti").select(
            "proposal", "currency", "first", one="row", open=-pl.col("fee") * pl.col("open").sign(), last=pl.col("date"),
        )  # fmt: skip
        shown = charge_rows(context, many, lacking).join(parts, on=["proposal", "row"], how="anti")
        charges = shown.select("proposal", pl.lit(many.index, pl.UInt8).alias("side"), "row", "applied")
        members = pl.concat([members, charges.cast(MEMBERS)])  # type: ignore[arg-type]
        charged = (pl.col("fee") > 0) & ~pl.col("proposal").is_in(shown["proposal"].implode())
        groups = met.select(
            "proposal",
            pl.when(charged).then(KIND["fee"]).otherwise(KIND["none"]).alias("difference_kind"),
            "odds",
            "evidence",
        ).join(barred, on="proposal", how="anti")
        groups = groups.cast(GROUPS)  # type: ignore[arg-type]
        if not self.of_frequent:
            groups = meant_elsewhere(context, groups, members, one.index)
        # one day's items are told by several words, and a charge that is shown by several schedules
        groups, members = each_set_once(groups, members)
        return Proposals(groups=groups, members=members.sort("proposal", "side", "row"), evidence=sentences)

    def _told_apart(
        self, context: LegContext, others: pl.DataFrame, parts: pl.DataFrame, ones: pl.DataFrame
    ) -> pl.DataFrame:
        """Of `others` (`proposal`, `row`) those that do not say a word which the payout and all its parts say."""
        asked = others.select("proposal").unique()
        spoken = [
            words.rows.join(words.words.select("document", "word"), on="document").select("row", "word").unique()
            for words in (self._words(context)[view.index] for view in self._sides(context))
        ]
        parts = parts.join(asked, on="proposal", how="semi").unique()
        by_one = ones.join(asked, on="proposal", how="semi").join(spoken[0], on="row").select("proposal", "word")
        by_parts = (
            parts.join(spoken[1], on="row").join(by_one, on=["proposal", "word"]).group_by("proposal", "word").len()
        )
        agreed = by_parts.join(parts.group_by("proposal").len("parts"), on="proposal").filter(
            pl.col("len") == pl.col("parts")
        )
        met = others.join(agreed.select("proposal", "word"), on="proposal")
        return met.join(spoken[1], on=["row", "word"], how="anti").select("proposal", "row").unique()


def _habitual(schedule: Schedule) -> pl.Series:
    """The families of items that the schedule pays out again and again."""
    times = schedule.habits.group_by("family").agg(pl.col("times").sum())
    return times.filter(pl.col("times") > _FEWEST_PAYOUTS, pl.col("family") != "")["family"]


def _spans(items: pl.DataFrame, days: int) -> pl.DataFrame:
    """By family of items and stretch of up to so many days, from one that has items to one that has (`first`, `date`): the
    `total`, and the amounts and numbers of what goes in and out."""
    up, down = (pl.col("open").filter(sign) for sign in (pl.col("open") > 0, pl.col("open") < 0))
    daily = (
        items.group_by(*_KEYS, "date")
        .agg(gross_in=up.sum(), gross_out=down.sum(), ins=up.len().cast(pl.Int64), outs=down.len().cast(pl.Int64))
        .sort(*_KEYS, "date")
    )
    summed = ["gross_in", "gross_out", "ins", "outs"]
    daily = daily.with_columns(pl.col(name).cum_sum().over(_KEYS).alias(f"all_{name}") for name in summed)
    met = within_days((daily, daily), _KEYS, days - 1).filter(pl.col("lag") >= 0)
    within = [
        (pl.col(f"all_{name}") - pl.col(f"all_{name}_right") + pl.col(f"{name}_right")).alias(name) for name in summed
    ]
    spans = met.select(*_KEYS, "date", *within, first="date_right")
    return spans.with_columns(total=pl.col("gross_in") + pl.col("gross_out"))


def _spoken(words: SideWords) -> pl.DataFrame:
    """`row`, `word`: the words of each text, each once."""
    return words.rows.join(words.words, on="document").select("row", "word").unique()


def _in_common_families(items: pl.DataFrame, words: SideWords) -> pl.DataFrame:
    """The items once for all (family empty), and once for each word of theirs that many have and many have not."""
    said = _spoken(words).join(items.select("row"), on="row", how="semi")
    counts = said.group_by("word").len("times").filter(
        pl.col("times") >= max(_FEWEST, _SELDOM * items.height), pl.col("times") <= _OFTEN * items.height
    )  # fmt: skip
    common = counts.sort("times", "word", descending=[True, False]).head(_FAMILIES)["word"]
    every = items.with_columns(family=pl.lit(""))
    return pl.concat([every, _of_families(items, words, common)])


def _of_families(items: pl.DataFrame, words: SideWords, families: pl.Series) -> pl.DataFrame:
    """The items once for each of their words that is one of the `families`."""
    of_word = _spoken(words).filter(pl.col("word").is_in(families.implode())).rename({"word": "family"})
    return items.join(of_word, on="row").select(*items.columns, "family")


def _payer_of_most(explained: pl.DataFrame) -> str:
    """Who most of the payouts are of, the first by name of those of as many."""
    counted = explained.select("row", "payer").unique().group_by("payer").len("times")
    return str(counted.sort("times", "payer", descending=[True, False])["payer"][0])
