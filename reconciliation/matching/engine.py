"""The run: legs in order, passes in order, what is decided applied, what is left explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
import polars as pl

from reconciliation.contracts import UNMATCHED
from reconciliation.matching.barring import without_barred
from reconciliation.matching.completed_parts import with_completed_parts
from reconciliation.matching.context import LegContext, Rows, SideView
from reconciliation.matching.decisions import Holds
from reconciliation.matching.doubts import Doubts, giving_way, named_heirs
from reconciliation.matching.encoding import Encoding, Ints, encode
from reconciliation.matching.errors import MatchingError
from reconciliation.matching.exchange import rate_frame
from reconciliation.matching.joins import pair_keys
from reconciliation.matching.known_groups import Ledger, StoredLedger
from reconciliation.matching.leftovers import reopened_rows, tied_rows, unmatched_rows
from reconciliation.matching.leg_outcomes import LegOutcome, settled_doubts, summary
from reconciliation.matching.links import Links
from reconciliation.matching.precedence import Precedence, all_used
from reconciliation.matching.proposals import Proposals
from reconciliation.matching.replay import Replay
from reconciliation.matching.resolution import SUGGESTED, Resolved, only_suggested, resolve
from reconciliation.matching.results import RELEASED, LegTables, MatchResult, unmatched_table
from reconciliation.matching.rules import Leg, Rules
from reconciliation.matching.sign_check import sign_counts
from reconciliation.matching.state import Pools
from reconciliation.matching.suggested_rivals import SuggestedRivals, held_by_suggestions
from reconciliation.matching.summaries import LegFigures, leg_figures
from reconciliation.matching.taken import Taken
from reconciliation.matching.ties import OpenQuestions
from reconciliation.matching.undecided_rivals import UndecidedRivals

_SORTED = 100_000  # rows of a result below which it is put into an order to read

Frames = Mapping[str, pl.LazyFrame | pl.DataFrame]


def match(
    items: Frames,
    rules: Rules,
    *,
    links: pl.LazyFrame | pl.DataFrame | None = None,
    rates: pl.LazyFrame | pl.DataFrame | None = None,
    ledger: Ledger | StoredLedger | None = None,
    holds: Holds | None = None,
) -> MatchResult:
    """All legs in order. `items` maps dataset names to frames of the item shape (missing columns are null).

    `links` has the LINK shape, `rates` the RATE shape. `ledger` holds the active groups of earlier runs, which use up their items; `holds`
    what people have set aside or barred (`decisions.apply_decisions`). Raises MatchingError when items or links are
    not of their shape, or a dataset the rules name is not given.
    """
    return _run(items, rules, rules.legs, links, rates, ledger, holds, before=None)


def match_leg(
    leg: str,
    items: Frames,
    rules: Rules,
    *,
    links: pl.LazyFrame | pl.DataFrame | None = None,
    rates: pl.LazyFrame | pl.DataFrame | None = None,
    ledger: Ledger | StoredLedger | None = None,
    holds: Holds | None = None,
) -> MatchResult:
    """One leg; `ledger` holds the active groups of earlier runs and of this run's earlier legs. Matches of later legs give way
    to it (`precedence`).

    Only the leg's own datasets, and those its passes read through, have to be given.
    """
    return _run(items, rules, (rules.leg(leg),), links, rates, ledger, holds, before=leg)


def _run(
    items: Frames,
    rules: Rules,
    legs: Sequence[Leg],
    links: pl.LazyFrame | pl.DataFrame | None,
    rates: pl.LazyFrame | pl.DataFrame | None,
    ledger: Ledger | StoredLedger | None,
    holds: Holds | None,
    before: str | None,
) -> MatchResult:
    started = perf_counter()
    require(items, legs)
    encoding = encode({name: frame for name, frame in items.items() if name in rules.datasets})
    pools, doubts = Pools(encoding, rules.legs), Doubts()
    if ledger is not None:
        stored = ledger.stored() if isinstance(ledger, Ledger) else ledger
        decided = (holds or Holds()).decided
        pools.use(stored, rules, before, decided)
        if before is not None:
            doubts = Doubts.of_ledger(stored, rules.before(before), decided)
    quotes = None if rates is None else rate_frame(rates)
    run = Run(rules, encoding, pools, Links(encoding, links), quotes, holds or Holds(), doubts)
    encoded = perf_counter() - started
    outcomes = settled_doubts([run.leg(leg) for leg in legs])
    groups, members, unmatched, gave_way = (
        pl.concat(each)
        for each in zip(*((made.groups, made.items, made.unmatched, made.gave_way) for made in outcomes), strict=True)
    )
    return MatchResult(
        groups.sort("leg", "group_id") if groups.height < _SORTED else groups,
        members.sort("group_id", "dataset", "item_id") if members.height < _SORTED else members,
        unmatched.sort("leg", "dataset", "item_id") if unmatched.height < _SORTED else unmatched,
        summary(rules, encoding, outcomes, encoded, perf_counter() - started),
        gave_way,
    )


def require(items: Mapping[str, object], legs: Sequence[Leg]) -> None:
    """Raises MatchingError where a dataset that these legs bring together is not given."""
    needed = dict.fromkeys(side.dataset for leg in legs for side in leg.sides)
    missing = [name for name in needed if name not in items]
    if missing:
        raise MatchingError(f"dataset {', '.join(missing)} not given; the rules need {', '.join(needed)}")


@dataclass(frozen=True)
class Run:
    """What the legs of a run share; `pools` is what they use up, one after the other, `doubts` what they are not sure of."""

    rules: Rules
    encoding: Encoding
    pools: Pools
    links: Links
    rates: pl.DataFrame | None
    holds: Holds
    doubts: Doubts

    def leg(self, leg: Leg) -> LegOutcome:
        """Run one leg over what the legs before it have left open, and over what they hold in doubt and this leg is sure of."""
        came_back = pl.concat([self.pools.release_undone(leg, self.links), self._fallen(leg)])
        held = self.doubts.held(self.encoding, self.rules.before(leg.name), leg)
        freed, tried = self._freed(leg, held)
        run = self._over(leg, self.pools)
        if tried is not None:
            run.context.read_like(tried)
        run.passes()
        groups, items, unmatched = run.tables(self.rules.version)
        gave_way = named_heirs(self.encoding, leg, freed, groups, items)
        self.doubts.drop(gave_way)
        self.doubts.add(groups, items)
        freed = freed.join(gave_way, on="group_id", how="semi")
        gave_way = pl.concat([came_back, gave_way, run.gave_way(groups, items)])
        told = freed, self._reopened(freed)
        return LegOutcome(leg, groups, items, unmatched, gave_way, *told, run.figures(), run.signs())

    def _fallen(self, leg: Leg) -> pl.DataFrame:
        """Release the leg's standing pairs of items of one dataset that something which has come since speaks against (RELEASED)."""
        parts = [pl.DataFrame(schema=RELEASED)]
        for each in leg.passes if leg.offsets else ():
            pairs = self.pools.standing_pairs(leg, each.name)
            if pairs.is_empty():
                continue
            data = self.encoding.datasets[leg.left.dataset]
            left, right = (SideView(n, side, data, self.pools.side(side)) for n, side in enumerate(leg.sides))
            context = LegContext(leg, left, right, self.encoding, self.links)
            fell = each.fallen(context, pairs["one"].to_numpy(), pairs["two"].to_numpy())
            gone = pairs.clear() if fell is None else pairs.filter(pl.Series(fell))
            self.pools.release(gone["group"])
            reason = pl.lit(f"a later item shows that one of {data.name} was not undone")
            parts.append(gone.select(self.pools.group_ids(gone["group"]).alias("group_id"), reason=reason))
        return pl.concat(parts).sort("group_id")

    def _over(self, leg: Leg, pools: Pools) -> _LegRun:
        return _LegRun(leg, self.encoding, pools, self.links, self.rates, self.holds)

    def _freed(self, leg: Leg, held: pl.DataFrame) -> tuple[pl.DataFrame, LegContext | None]:
        """What of earlier legs' doubts (`doubts.HELD`) gives way to this leg, open again in the pools; and the context of the trial
        that was made for that."""
        if held.is_empty() or not leg.first_weighing:
            return held.clear(), None
        pools = self.pools.tried()
        pools.give_back(held, held.clear())
        trial = self._over(leg, pools)
        offsets = [each.name for each in self.rules.legs if each.offsets]
        freed = giving_way(trial.context, pools, held, trial.surest(), offsets)
        self.pools.give_back(freed, held.join(freed, on="group_id", how="anti"))
        return freed, trial.context

    def _reopened(self, freed: pl.DataFrame) -> pl.DataFrame:
        """What is open by now of the items that earlier legs had in doubt, as unmatched of these (UNMATCHED)."""
        parts = [pl.DataFrame(schema=UNMATCHED)]
        if freed.is_empty():
            return parts[0]
        for (name,), own in freed.group_by(["leg"], maintain_order=True):
            leg = self.rules.leg(str(name))
            left, right = (
                SideView(number, side, self.encoding.datasets[side.dataset], self.pools.side(side))
                for number, side in enumerate(leg.sides)
            )
            context = LegContext(leg, left, right, self.encoding, self.links)
            parts.append(unmatched_table(context, reopened_rows(context, own)))
        return pl.concat(parts)


class _LegRun:
    """One leg from its open items to its tables."""

    def __init__(
        self, leg: Leg, encoding: Encoding, pools: Pools, links: Links, rates: pl.DataFrame | None, holds: Holds
    ) -> None:
        self._pools = pools
        left, right = (
            SideView(number, side, encoding.datasets[side.dataset], pools.side(side, leg, again=True))
            for number, side in enumerate(leg.sides)
        )
        one, two = (pools.side(side) for side in leg.sides)
        self._at_start = (one, two)
        self.context = LegContext(leg, left, right, encoding, links, rates=rates)
        self._notes: list[pl.DataFrame] = []
        self._held: list[dict[int, int]] = [{}, {}]
        self._precedence = Precedence(leg, pools, self._at_start)
        self._hold(holds)
        self._replay = Replay(self.context, pools.held(leg), self._precedence.open_to_leg)
        self._taken: list[Taken] = []
        self._rivals: SuggestedRivals | None = None  # of the pass that runs
        self._questions = OpenQuestions(self.context)
        self._undecided = UndecidedRivals(self.context)
        self._accepted = pools.accepted(leg)
        self._of_people = [pools.held_by_people(leg, side) for side in leg.sides]
        self._seconds: dict[str, float] = {}

    def _hold(self, holds: Holds) -> None:
        """Bar the pairs and set aside the items that people have decided on."""
        name, sides = self.context.leg.name, self.context.sides
        for number, view in enumerate(sides):
            own = holds.ignored.filter(
                pl.col("leg").is_null() | (pl.col("leg") == name), pl.col("dataset") == view.dataset.name
            )
            if not own.is_empty():
                rows = view.dataset.rows_of(own.select("item_id").unique())["row"]
                rest = self._at_start[number]
                self._held[number] = dict(zip(rows.to_list(), rest[rows.to_numpy()].tolist(), strict=True))
                for amounts in (view.open, rest, self._precedence.open_to_leg[number]):
                    amounts[rows.to_numpy()] = 0
        barred = holds.barred.filter(pl.col("leg") == name)
        if not barred.is_empty():
            left, right = (
                view.dataset.rows_of(barred.select(item_id=column).unique()).rename({"row": key})
                for view, column, key in zip(sides, ("left_id", "right_id"), ("left", "right"), strict=True)
            )
            met = barred.join(left, left_on="left_id", right_on="item_id").join(
                right, left_on="right_id", right_on="item_id"
            )
            self.context.barred = np.unique(pair_keys(met["left"].to_numpy(), met["right"].to_numpy()))

    def passes(self) -> None:
        """Run the passes, settle what elimination settles, before odds are estimated and at the end, and name the
        ties."""
        for place, each in enumerate(self.context.leg.passes):
            started = perf_counter()
            if place == self.context.leg.first_weighing:
                self._eliminate()
                self.context.begin_weighing()
            self.context.begin_pass()
            self._rivals = SuggestedRivals(self.context, each, self._taken)
            for proposals in each.propose(self.context):
                sure_only = each.sure_only or proposals.sure_only
                self._take(each.name, replace(proposals, sure_only=True) if sure_only else proposals)
            if each.name in self._accepted:  # what earlier runs matched teaches as if it were found now
                self.context.learn_lags(self._accepted[each.name])
            self._seconds[each.name] = perf_counter() - started
        self._replay.finish()
        started = perf_counter()
        self._eliminate()
        decided, undecided = len(self._taken), self._questions.ambiguous()
        made = with_completed_parts(self.context, self._taken)
        self._taken = self._precedence.settled(self.context, [*made, *undecided])
        for number, view in enumerate(self.context.sides):
            view.open[list(self._held[number])] = 0
        for tie in self._taken[decided:]:
            for view, uses in zip(self.context.sides, tie.uses, strict=True):
                self._pools.contest(view.dataset.name, view.side.pool, uses.row)
        self._pools.settled(self.context.leg, self._taken)
        self._seconds["ties"] = perf_counter() - started

    def surest(self) -> pl.DataFrame:
        """What the passes use (`precedence.USED`) that do not weigh all that is open, of items that agree to the cent."""
        for config in self.context.leg.passes[: self.context.leg.first_weighing]:
            self.context.begin_pass()
            each = config.to_the_cent
            if each is None:
                continue
            for proposals in each.propose(self.context):
                self._take(each.name, replace(proposals, sure_only=True) if each.sure_only else proposals)
        return all_used(self.context, self._taken)

    def _eliminate(self) -> None:
        """Take of what was tied what is the only answer by now."""
        self._rivals = None
        unsure = held_by_suggestions(self.context, self._taken)
        for name, proposals in self._questions.again(unsure):
            self._take(name, proposals)

    def tables(self, rules_version: str) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """Groups, items and unmatched of the leg."""
        started = perf_counter()
        for number, view in enumerate(self.context.sides):
            for row, amount in self._held[number].items():
                view.open[row] = amount
            rows = pl.Series("row", list(self._held[number]), dtype=pl.UInt32)
            self._notes.append(
                pl.DataFrame({"row": rows}).select(
                    pl.lit(number, pl.UInt8).alias("side"), "row", pl.lit("ignored").alias("reason")
                )
            )
        self._unmatched = unmatched_rows(self.context, tied_rows(self._taken), self._notes)
        tables = LegTables(self.context, rules_version).build(self._taken, self._unmatched)
        self._seconds["tables"] = perf_counter() - started
        return tables

    def gave_way(self, groups: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
        """The standing matches of later legs that gave way to these groups of the leg (`results.RELEASED`)."""
        return self._precedence.gave_way(self.context, groups, items)

    def figures(self) -> LegFigures:
        """Rates by item and value, and seconds per pass; after `tables`."""
        return leg_figures(self.context, self._at_start, self._taken, self._unmatched, self._seconds)

    def signs(self) -> tuple[int, int]:
        """How many amounts of the two sides met with equal and with opposite signs at the start."""
        return sign_counts(self.context, self._at_start)

    def _take(self, name: str, proposals: Proposals) -> None:
        if self.context.barred is not None:
            proposals = without_barred(proposals, self.context.barred)
        if not proposals.notes.is_empty() and not proposals.sure_only:
            self._notes.append(proposals.notes)
        if proposals.pairs.is_empty() and proposals.groups.is_empty():
            return
        resolved = self._replay.settled(proposals, resolve(self.context, proposals))
        if resolved is None:
            proposals = self._replay.undisputed(proposals)
            resolved = self._replay.settled(proposals, resolve(self.context, proposals))
            assert resolved is not None  # noqa: S101 - nothing disputed was left
        members = _members(resolved, proposals.members)
        resolved = only_suggested(resolved, members, self._of_people)
        if self._rivals is not None:
            resolved = self._rivals.weighed(resolved, members)
        resolved = self._undecided.weighed(resolved, members, sure_only=proposals.sure_only)
        members = _members(resolved, members)
        self._questions.add(name, proposals, resolved)
        if resolved.pairs.is_empty() and resolved.groups.is_empty():
            self._undecided.add(proposals)
            return
        taken = Taken(name, proposals.evidence, resolved.pairs, resolved.groups, members, proposals.part)
        for number, uses in enumerate(taken.uses):
            self._apply(number, uses.row, uses.applied)
        self._undecided.add(proposals)
        self.context.learn_lags(resolved.pairs)
        self.context.suggest(taken.uses[1].row[taken.uses[1].status == SUGGESTED])
        self._taken.append(taken)

    def _apply(self, number: int, rows: Rows, applied: Ints) -> None:
        if not len(rows):
            return
        view = self.context.sides[number]
        np.subtract.at(view.open, rows, applied)
        np.subtract.at(self._pools.open(view.dataset.name, view.side.pool), rows, applied)
        other = self.context.sides[1 - number]
        if other.dataset is view.dataset and other.side.pool == view.side.pool:
            # one dataset on both sides: what is used on one side is used on the other
            other.open[rows] = 0
        assert (np.abs(view.open[rows]) <= np.abs(view.dataset.amount[rows])).all()  # noqa: S101 - rule 1 of matching


def _members(resolved: Resolved, members: pl.DataFrame) -> pl.DataFrame:
    """Of members those of the groups taken."""
    return members if members.is_empty() else members.join(resolved.groups[["proposal"]], on="proposal", how="semi")
