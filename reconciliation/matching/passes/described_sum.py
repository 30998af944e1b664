"""One item that several of the other side add up to: of one party by their texts, or of one day."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field

from reconciliation.matching.coincidence import Floats
from reconciliation.matching.context import LegContext, Rows
from reconciliation.matching.described import (
    learned_texts,
    leg_words,
    meant_elsewhere,
    related_pairs,
    shown_alone,
)
from reconciliation.matching.encoding import Ints
from reconciliation.matching.part_candidates import PartCandidates
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import GROUPS, KIND, MEMBERS, Proposals, each_set_once
from reconciliation.matching.round_amounts import round_chance
from reconciliation.matching.subset_sum import MAX_AMOUNT, SubsetSums, subset_sums
from reconciliation.matching.sum_words import told_by_words
from reconciliation.matching.text.words import speaking_rows

_SENTENCES = (
    "the only items of texts in common that add up to the amount",
    "the only items of one day, of texts in common or without any, that add up to the amount",
    "the only items of one day that add up to the amount",
    "the only items of three days that add up to the amount",
)
_STRANGERS, _SPREAD = 2, 3  # the first sentence of sums of several parties, and the one of sums over several days
Days = npt.NDArray[np.int32]
_SPREAD_SHARE = 0.3  # how much rarer sums are that leave out items of their days
_ACTIVE, _DAYS = 3, 5  # days with items, and days in a row, over which parts are spread at most
_ALTERNATIVES = 8
_LEAST_CHANCE = 1e-7
_NEGLIGIBLE = 1e-3  # odds of a sum that are no match, nor anyone's rival
_FEE_SHARE, _FEE_INSTEAD = 0.05, 0.002  # the most a fee may be, and how much less a sum is believed that may be one
_ALONE = 0.02  # how much less a sum is believed whose small part the other side shows by itself
_LARGE = 20  # members from which a sum is as unlikely as one of so many
#: How often a sum has so many members (from 0); half as much again is left to chance for each member more.
_LIKELY_SIZE = np.array([1.0, 1.0, *(0.3 * 0.75**more for more in range(_LARGE - 1))])
_PRIOR_ITEMS = 20.0  # items that the configured share of sums counts for
_STRATA = (0.001, 0.01, 0.1, 1.0)  # solutions expected by chance, by which the share of sums is learned
_TURNS, _MOST = 20, 0.9  # steps in which a share is learned, and the largest it may be


class DescribedSum(PassConfig):
    """Subsets of two or more open items on one side that add up to one item of the other (`one`).

    Candidates are, in turn: items with `min_nats` in common with the one, within `window` days; of one day these and those
    without a text; all items of one day; all items of three days on which there are any, five days in a row at most. A day
    is looked at up to `after` days before or `before` days after the one (or the other way round where the one's side is
    booked first). A case with more than `max_candidates` is left. The odds are those that an open item is a sum (`summed`),
    times how likely the date distance is (that of the part which is least likely), over the number of solutions expected
    by chance. The search is repeated up to `rounds` times, the sure answers taken out.
    """

    KIND: ClassVar[str] = "described_sum"
    WEIGHS_SUGGESTED: ClassVar[bool] = True

    kind: Literal["described_sum"] = "described_sum"
    one: Literal["left", "right"] = "left"
    window: int = 30
    before: int = 3
    after: int = 7
    min_nats: float = 3.0
    max_candidates: Annotated[int, Field(ge=2, le=40)] = 24
    summed: float = 0.3
    rounds: int = 3

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Groups by text, by day and by three days, all weighed against each other; the surest first.

        What is sure leaves before the rest is searched again: fewer candidates leave less to chance.
        """
        sure = context.leg.sure_odds
        shares: dict[tuple[int, int], float] = {}  # learned while all is open, kept when the sure answers are gone
        for turn in range(self.rounds):
            groups, members = self._found(context, shares)
            high = members.join(groups.filter(pl.col("odds") >= sure).select("proposal"), on="proposal", how="semi")
            last = turn == self.rounds - 1 or high.is_empty()
            self._remember(context, high)
            if not last:
                touched = members.join(high, on=["side", "row"], how="semi").select("proposal").unique()
                groups = groups.join(touched, on="proposal", how="semi", maintain_order="left")
                members = members.join(touched, on="proposal", how="semi", maintain_order="left")
            if not groups.is_empty():
                yield Proposals(groups=groups, members=members, evidence=_SENTENCES)
            if last:
                return

    def _found(self, context: LegContext, shares: dict[tuple[int, int], float]) -> tuple[pl.DataFrame, pl.DataFrame]:
        groups, members, base = [], [], 0
        candidates = PartCandidates(
            context, self.one, self.window, self.before, self.after, self.min_nats, self.max_candidates
        )
        cases = (
            candidates.by_text(),
            candidates.by_text_and_day(),
            candidates.by_day(1, 1),
            candidates.by_day(_ACTIVE, _DAYS),
        )
        for sentence, case in enumerate(cases):
            own_groups, own_members = self._solved(context, case, sentence, shares)
            shift = pl.lit(base, pl.UInt32)
            groups.append(own_groups.with_columns(pl.col("proposal") + shift))
            members.append(own_members.with_columns(pl.col("proposal") + shift))
            base += own_groups.height
        return each_set_once(pl.concat(groups), pl.concat(members))

    def _solved(
        self, context: LegContext, candidates: pl.DataFrame, sentence: int, shares: dict[tuple[int, int], float]
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The groups that the solutions of all cases make, with odds that they are no chance hits."""
        count = pl.len().over("case")
        reach = pl.col("value").abs().sum().over("case") >= pl.col("target").abs()
        small = (pl.col("target").abs() <= MAX_AMOUNT) & (pl.col("value").abs() <= MAX_AMOUNT)
        cases = candidates.filter(small).filter(count.is_between(2, self.max_candidates) & reach)
        if cases.is_empty():
            return Proposals().groups, Proposals().members
        one, many = (context.left, context.right) if self.one == "left" else (context.right, context.left)
        cases = cases.with_columns(pl.Series("order", many.order(cases["row"].to_numpy()))).sort("case", "order")
        heads = cases.group_by("case", maintain_order=True).agg(
            pl.len(), pl.col("one").first(), pl.col("target").first(), pl.col("share").first()
        )
        bounds = np.concatenate([[0], np.cumsum(heads["len"].to_numpy())]).astype(np.int64)
        answer = subset_sums(
            heads["target"].to_numpy(),
            bounds,
            cases["value"].to_numpy(),
            min_size=2,
            alternatives=_ALTERNATIVES,
            by_size=True,
        )
        # what lies on one day is found by that day
        solved = _solutions(answer, cases["day"].to_numpy() if sentence == _SPREAD else None)
        if not solved:
            return Proposals().groups, Proposals().members
        numbers = np.array([case for case, _, _ in solved])
        head = heads[numbers]
        chance = _chance(answer, solved, heads, cases["value"].to_numpy())
        own_share = cases["own_share"].to_numpy()
        likely = np.array([own_share[chosen].min() for _, _, chosen in solved])
        ratios = likely / chance
        summed = self._summed(answer.chance, heads["share"].to_numpy(), numbers, ratios, sentence, shares)
        odds = summed * ratios
        if sentence >= _STRANGERS:
            odds = odds * self._told(context, head["one"].to_numpy())
        odds = odds * self._not_one_with_a_fee(context, cases, head, [chosen for _, _, chosen in solved])
        # an item of the amount itself is likelier the partner than any sum
        odds = odds * np.where(shown_alone(one, many, head["one"].to_numpy(), self.window), _ALONE, 1.0)
        kept = np.flatnonzero(odds >= _NEGLIGIBLE)
        if not len(kept):
            return Proposals().groups, Proposals().members
        head, odds, chosen = head[kept], odds[kept], [solved[place][2] for place in kept]
        sizes = np.array([len(own) for own in chosen])
        number = np.arange(len(kept), dtype=np.uint32)
        parts = cases[np.concatenate(chosen)].select(
            pl.Series("proposal", np.repeat(number, sizes)),
            pl.lit(many.index, pl.UInt8).alias("side"),
            "row",
            pl.col("value").alias("applied"),
        )
        whole = head.select(
            pl.Series("proposal", number),
            pl.lit(one.index, pl.UInt8).alias("side"),
            pl.col("one").alias("row"),
            pl.col("target").alias("applied"),
        )
        members = pl.concat([whole.cast(MEMBERS), parts.cast(MEMBERS)])  # type: ignore[arg-type]
        groups = pl.DataFrame(
            {"proposal": number, "difference_kind": KIND["none"], "odds": odds, "evidence": sentence}
        ).cast(GROUPS)  # type: ignore[arg-type]
        return meant_elsewhere(context, groups, members, one.index), members

    def _not_one_with_a_fee(
        self, context: LegContext, cases: pl.DataFrame, head: pl.DataFrame, chosen: list[Ints]
    ) -> Floats:
        """By sum: how much less it is believed because one of its two items, of texts in common or without any, is nearly all
        of it: the rest may as well be a fee, unless the text of the small one speaks for it."""
        rows, values = cases["row"].to_numpy(), np.abs(cases["value"].to_numpy())
        largest, smallest = (np.array([own[find(values[own])] for own in chosen]) for find in (np.argmax, np.argmin))
        nearly = values[largest] >= (1 - _FEE_SHARE) * np.abs(head["target"].to_numpy())
        doubted = nearly & np.array([len(own) == 2 for own in chosen])
        believed = np.ones(len(chosen))
        if not doubted.any():
            return believed
        one = head["one"].filter(pl.Series(doubted))
        large, small = (self._pairs(one, pl.Series(rows[of[doubted]])) for of in (largest, smallest))
        related = related_pairs(context, self.window, self.min_nats).select("left", "right", said=pl.lit(True))
        said = large.join(related, on=["left", "right"], how="left", maintain_order="left")["said"].is_not_null()
        many = 1 if self.one == "left" else 0
        mute = ~large.to_series(many).is_in(speaking_rows(leg_words(context)[many])["row"].implode())
        told = np.clip(learned_texts(context).odds(small) * _FEE_INSTEAD, _FEE_INSTEAD, 1.0)
        views = (context.left, context.right) if self.one == "left" else (context.right, context.left)
        alone = shown_alone(views[1], views[0], small.to_series(many).to_numpy(), self.window)
        believed[doubted] = np.where((said | mute).to_numpy(), told, 1.0) * np.where(alone, _ALONE, 1.0)
        return believed

    def _pairs(self, one: pl.Series, many: pl.Series) -> pl.DataFrame:
        """Items of the one side and of the other as `left`, `right`."""
        left, right = (one, many) if self.one == "left" else (many, one)
        return pl.DataFrame({"left": left, "right": right}, schema={"left": pl.UInt32, "right": pl.UInt32})

    def _remember(self, context: LegContext, members: pl.DataFrame) -> None:
        """Keep which items are sums of others beyond doubt, for this pass and the later ones."""
        name, known = self._sums(context)
        side = 0 if self.one == "left" else 1
        context.cache[name] = pl.concat([known, members.filter(pl.col("side") == side).select("row")])

    def _sums(self, context: LegContext) -> tuple[str, pl.DataFrame]:
        name = f"sums on the {self.one}"
        return name, context.cache.get(name, pl.DataFrame(schema={"row": pl.UInt32}))

    def _told(self, context: LegContext, asked: Rows) -> Floats:
        """By item: how many times likelier its words make it a sum of strangers."""
        side, known = 0 if self.one == "left" else 1, self._sums(context)[1]["row"].to_numpy()
        return told_by_words(leg_words(context)[side], known, context.accepted[side], asked)

    def _summed(
        self,
        expected: Floats,
        likely: Floats,
        solved: Ints,
        told: Floats,
        sentence: int,
        shares: dict[tuple[int, int], float],
    ) -> Floats:
        """By solution: the odds that an item of such a case is a sum, learned by how many solutions chance lets expect.

        `expected` and `likely` (the share of its date distance) are by case; `solved` names the case of each solution,
        `told` says how much likelier it is than by chance. `shares` keeps what was learned, by sentence and stratum.
        """
        strata = np.digitize(expected, _STRATA)
        for stratum in np.unique(strata[solved]):
            if (sentence, int(stratum)) in shares:
                continue
            own, cases = strata[solved] == stratum, strata == stratum
            ratios = told[own]
            weight = _PRIOR_ITEMS * float(likely[cases].mean())
            share = start = self.summed * (_SPREAD_SHARE if sentence == _SPREAD else 1.0)
            for _ in range(_TURNS):
                found = float((share * ratios / (1 + share * ratios)).sum())
                share = min(_MOST, (found + start * weight) / (float(likely[cases].sum()) + weight))
            shares[sentence, int(stratum)] = share
        by_solution = np.array([shares[sentence, int(stratum)] for stratum in strata[solved]])
        odds: Floats = by_solution / (1 - by_solution)
        return odds


def _solutions(answer: SubsetSums, days: Days | None) -> list[tuple[int, int, Ints]]:
    """Case, number and members of each solution; given the candidates' `days`, only those of more than one day."""
    solved = [
        (int(case), number, answer.solution(int(case), number))
        for case in np.flatnonzero(answer.count)
        for number in range(int(answer.count[case]))
    ]
    if days is None:
        return solved
    return [each for each in solved if days[each[2]].min() < days[each[2]].max()]


def _chance(answer: SubsetSums, solved: list[tuple[int, int, Ints]], heads: pl.DataFrame, values: Ints) -> Floats:
    """By solution: how many as good ones chance lets expect.

    Half is believed of sums of few members, half of any subset alike: the former are rare among many candidates.
    """
    cases, places = (np.array([each[part] for each in solved]) for part in (0, 1))
    sizes = np.array([len(each[2]) for each in solved])
    members = [values[each[2]] for each in solved]
    labelled = pl.DataFrame({"case": np.repeat(np.arange(heads.height), heads["len"].to_numpy()), "value": values})
    as_round = round_chance(heads["target"].to_numpy()[cases], cases, members, labelled)
    told = 0.5 / answer.chance[cases] + 0.5 * _LIKELY_SIZE[np.minimum(sizes, _LARGE)] / answer.sized[cases, places]
    chance: Floats = np.maximum(np.maximum(1 / told, as_round), _LEAST_CHANCE)
    return chance
