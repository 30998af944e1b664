"""Legs come in their declared order, also over time: what a later leg has matched gives way to what an earlier one finds now.

A payment file that arrives after its bank lines were matched straight to the bills finds its lines taken. In one run the
leg of bank lines and payments would have come first. So a leg looks at its items as if the matches that later legs made in
earlier runs were not there, and when it is done both are set side by side:

- a standing match of a later leg gives way to a *match* that needs what it uses; the later legs then settle what is freed;
- what is only suggested, or tied, gives way to a standing match: what is surer stands.

The same holds for the leg's own matches that use an item in part or leave a difference: what arrives later may tell what it was
(`standing_parts`).

Matches that a person made or confirmed never give way: a leg does not see their items as open at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext, Rows, SideView
from reconciliation.matching.encoding import Ints
from reconciliation.matching.resolution import MATCHED, SUGGESTED
from reconciliation.matching.results import RELEASED
from reconciliation.matching.rules import Leg
from reconciliation.matching.standing_parts import reduced, remainders
from reconciliation.matching.state import RIVAL, Pools
from reconciliation.matching.taken import Taken

TO_EARLIER_LEG = " of the earlier leg "  # between the group that a match gave way to and its leg
_KEY = ["dataset", "pool", "row"]
_CANDIDATE = ["take", "candidate"]
USED = {
    "take": pl.UInt32(),  # its place among what the leg took
    "candidate": pl.UInt32(),  # its place there, pairs before groups
    "status": pl.UInt8(),
    "side": pl.UInt8(),
    "dataset": pl.String(),
    "pool": pl.String(),
    "row": pl.UInt32(),
    "applied": pl.Int64(),
    "confidence": pl.Float64(),
}


class Precedence:
    """One leg among those after it: to be made before the leg uses its items up, and asked when it is over.

    `at_start` is what is really open of each side; `open_to_leg` what the leg may use.
    """

    def __init__(self, leg: Leg, pools: Pools, at_start: tuple[Ints, Ints]) -> None:
        self._leg, self._pools, self._at_start = leg, pools, at_start
        self._rivals = self._lost = pl.DataFrame(schema=RIVAL)
        self._before: dict[tuple[str, str], Ints] = {}
        self.open_to_leg = at_start
        if pools.gives_way(leg):
            self._before = {key: pools.open(*key).copy() for key in leg.pools}
            left, right = (pools.side(side, leg) for side in leg.sides)
            self.open_to_leg = left, right

    def settled(self, context: LegContext, taken: Sequence[Taken]) -> list[Taken]:
        """What the leg took, without what gives way to standing matches of later legs. Those that give way to it are released
        in the pools; from here on the sides show what is really open."""
        hidden = [one != two for one, two in zip(self._at_start, self.open_to_leg, strict=True)]
        if not self._before:  # nothing may give way
            return list(taken)
        used = all_used(context, taken)
        self._rivals = self._pools.rivals(self._leg, used)
        taken, used = self._without_standing(context, taken, used)
        contested = used.join(self._rivals, on=_KEY, how="semi")
        self._lost = self._giving_way(contested.filter(pl.col("status") == MATCHED))
        self._pools.release(self._lost["group"].unique())
        standing = self._rivals.join(self._lost, on="group", how="anti")
        weak = self._weaker(context, contested, standing).select(_CANDIDATE).unique()
        dropped = used.join(weak, on=_CANDIDATE, how="semi")
        self._give_back(dropped)
        for number, view in enumerate(context.sides):
            told = hidden[number]
            told[_rows(view, dropped)] = True
            view.open[told] = self._pools.side(view.side)[told]
            lost = _rows(view, self._lost)
            self._at_start[number][lost] = self.open_to_leg[number][lost]
        return [_without(each, weak.filter(pl.col("take") == place)) for place, each in enumerate(taken)]

    def gave_way(self, context: LegContext, groups: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
        """The matches that gave way, of the shape RELEASED; `groups` and `items` are the leg's, by which they are named."""
        if self._lost.is_empty():
            return pl.DataFrame(schema=RELEASED)
        heirs = items.join(groups.filter(pl.col("status") == "matched").select("group_id"), on="group_id", how="semi")
        parts = [pl.DataFrame(schema={"group": pl.UInt32, "own": pl.Boolean, "heir": pl.String})]
        for view in context.sides:
            own = self._lost.filter(_of(view))
            ids = own.with_columns(view.dataset.item_ids(own["row"].to_numpy()).alias("item_id"))
            found = ids.join(heirs.select("dataset", "item_id", heir="group_id"), on=["dataset", "item_id"])
            parts.append(found.select("group", "own", "heir"))
        first = pl.concat(parts).group_by("group", "own").agg(pl.col("heir").min())
        to = pl.when("own").then(pl.lit("")).otherwise(pl.lit(TO_EARLIER_LEG + self._leg.name))
        named = first.select(self._pools.group_ids(first["group"]).alias("group_id"), reason=pl.col("heir") + to)
        return named.sort("group_id")

    def _without_standing(
        self, context: LegContext, taken: Sequence[Taken], used: pl.DataFrame
    ) -> tuple[list[Taken], pl.DataFrame]:
        """What the leg took, which is `used`, less the matches of its own that stand in it, and what that uses (USED)."""
        own = self._rivals.filter("own")
        matched = used.filter(pl.col("status") == MATCHED)
        rest = own if own.is_empty() else remainders(matched, own, offsets=self._leg.offsets)
        if rest.is_empty():
            return list(taken), used
        self._give_back(rest.with_columns(applied="held"))
        less = [reduced(each, rest.filter(pl.col("take") == place)) for place, each in enumerate(taken)]
        return less, all_used(context, less)

    def _giving_way(self, matched: pl.DataFrame) -> pl.DataFrame:
        """The rivals that leave too little for what this leg has matched, or do not stand beside it."""
        asked = matched.group_by(_KEY).agg(pl.col("applied").sum())
        beyond = [asked.clear()]
        for (dataset, pool), open_before in self._before.items():
            part = asked.filter(pl.col("dataset") == dataset, pl.col("pool") == pool)
            applied, left = part["applied"].to_numpy(), open_before[part["row"].to_numpy()]
            beyond.append(
                part.filter(pl.Series((np.sign(left) != np.sign(applied)) | (np.abs(left) < np.abs(applied))))
            )
        same = self._rivals.filter(~pl.col("blocked")).join(pl.concat(beyond), on=_KEY, how="semi")
        return pl.concat([same, self._rivals.filter("blocked").join(asked, on=_KEY, how="semi")])

    def _weaker(self, context: LegContext, contested: pl.DataFrame, standing: pl.DataFrame) -> pl.DataFrame:
        """Suggestions and ties that need what a standing match uses."""
        same, blocked = standing.filter(~pl.col("blocked")), standing.filter("blocked")
        overdrawn, closed = [same.select(_KEY).clear()], [same.select(_KEY).clear()]
        for dataset, pool in self._before:
            held = same.filter(pl.col("dataset") == dataset, pl.col("pool") == pool).select(_KEY).unique()
            rows = held["row"].to_numpy()
            rest, whole = self._pools.open(dataset, pool)[rows], context.datasets[dataset].amount[rows]
            overdrawn.append(held.filter(pl.Series(np.sign(rest) * np.sign(whole) < 0, dtype=pl.Boolean)))
            closed.append(held.filter(pl.Series(rest == 0, dtype=pl.Boolean)))
        short = pl.concat([*overdrawn, blocked.select(_KEY)])
        suggested = contested.filter(pl.col("status") == SUGGESTED).join(short, on=_KEY, how="semi")
        used_up = pl.concat([same.filter(~pl.col("own")).select(_KEY), *closed])
        tied = contested.filter(pl.col("status") > SUGGESTED).join(used_up, on=_KEY, how="semi")
        return pl.concat([suggested, tied])

    def _give_back(self, dropped: pl.DataFrame) -> None:
        for (dataset, pool), part in dropped.group_by(["dataset", "pool"]):
            np.add.at(self._pools.open(str(dataset), str(pool)), part["row"].to_numpy(), part["applied"].to_numpy())


def _of(view: SideView) -> pl.Expr:
    return (pl.col("dataset") == view.dataset.name) & (pl.col("pool") == view.side.pool)


def _rows(view: SideView, members: pl.DataFrame) -> Rows:
    rows: Rows = members.filter(_of(view))["row"].to_numpy()
    return rows


def all_used(context: LegContext, taken: Sequence[Taken]) -> pl.DataFrame:
    """What was taken uses, of the shape USED."""
    return pl.concat([pl.DataFrame(schema=USED), *(_used(context, *each) for each in enumerate(taken))])


def _used(context: LegContext, place: int, taken: Taken) -> pl.DataFrame:
    """What each candidate taken uses, of the shape USED."""
    parts = [
        pl.DataFrame(
            uses._asdict()
            | {
                "take": np.full(len(uses.row), place),
                "side": np.full(len(uses.row), number),
                "dataset": pl.Series([view.dataset.name]).new_from_index(0, len(uses.row)),
                "pool": pl.Series([view.side.pool]).new_from_index(0, len(uses.row)),
            }
        )
        for number, (view, uses) in enumerate(zip(context.sides, taken.uses, strict=True))
    ]
    return pl.concat(parts).select(list(USED)).cast(USED)  # type: ignore[arg-type]


def _without(taken: Taken, dropped: pl.DataFrame) -> Taken:
    """What was taken without some candidates."""
    if dropped.is_empty():
        return taken
    gone = np.zeros(taken.pairs.height + taken.groups.height, dtype=np.bool_)
    gone[dropped["candidate"].to_numpy()] = True
    pairs = taken.pairs.filter(pl.Series(~gone[: taken.pairs.height], dtype=pl.Boolean))
    groups = taken.groups.filter(pl.Series(~gone[taken.pairs.height :], dtype=pl.Boolean))
    members = taken.members
    if not members.is_empty():
        members = members.join(groups.select("proposal"), on="proposal", how="semi", maintain_order="left")
    return replace(taken, pairs=pairs, groups=groups, members=members)
