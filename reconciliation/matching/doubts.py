"""What an earlier leg has only suggested, or found tied, gives way to what a later leg is sure of.

A bank line that is suggested for a weak candidate among the payments may name a bill to the cent; a bill suggested for a payment
may be named by another line. Legs come in order and a suggestion keeps what it needs, so that the later leg would never
see them. Before it runs it is therefore tried as if no earlier leg had doubts, with its surest passes, those that do not
weigh all that is open. A suggestion gives way where they are far enough beyond doubt, and what they bring together has
nothing to do with the rest of it: a payment of the bill's counterparty and amount may well be how the bill was paid.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from reconciliation.contracts import MATCH_ITEM
from reconciliation.matching.context import LegContext, Rows
from reconciliation.matching.counterparty_keys import same_parties
from reconciliation.matching.encoding import Dataset, Encoding, Mask
from reconciliation.matching.joins import of_rows, pair_keys
from reconciliation.matching.known_groups import StoredLedger, minor_applied
from reconciliation.matching.named_items import named_by
from reconciliation.matching.resolution import MATCHED
from reconciliation.matching.results import RELEASED
from reconciliation.matching.rules import Leg
from reconciliation.matching.state import DECIDED, Pools

TO_LATER_LEG = " of the later leg "  # between the group that a suggestion gave way to and its leg
_LESS = 100.0  # how much less a suggestion is believed that something sure speaks against, as in `contradiction`
_GROUP = {"group_id": pl.String(), "leg": pl.String(), "status": pl.String()}
_MEMBER = ["dataset", "pool", "row"]
_CANDIDATE = ["take", "candidate"]
#: One row an item that a suggestion or tie of an earlier leg holds.
HELD = _GROUP | {"dataset": pl.String(), "pool": pl.String(), "row": pl.UInt32(), "minor": pl.Int64()}


class Doubts:
    """The suggestions and ties of the legs that have run, by their ids."""

    def __init__(self) -> None:
        self._groups, self._items = pl.DataFrame(schema=_GROUP), pl.DataFrame(schema=MATCH_ITEM)

    @classmethod
    def of_ledger(cls, ledger: StoredLedger, before: Sequence[Leg], decided: frozenset[str]) -> Doubts:
        """Those of the legs `before` that a ledger holds, without what people have decided (`decided`: group ids)."""
        doubts = cls()
        own = pl.col("leg").is_in([leg.name for leg in before]) & ~pl.col("group_id").is_in(list(decided))
        unsure = ledger.groups.filter(own, pl.col("status") != "matched", pl.col("pass") != DECIDED)
        doubts._groups = unsure.select(list(_GROUP)).collect()
        items = ledger.items.join(doubts._groups.lazy().select("group_id"), on="group_id", how="semi")
        doubts._items = items.select(list(MATCH_ITEM)).collect()
        return doubts

    def add(self, groups: pl.DataFrame, items: pl.DataFrame) -> None:
        """Add those of a leg: MATCH_GROUP, MATCH_ITEM, what is sure among them."""
        unsure = groups.filter(pl.col("status") != "matched")
        if unsure.is_empty():
            return
        self._groups = pl.concat([self._groups, unsure.select(list(_GROUP))])
        self._items = pl.concat([self._items, items.join(unsure.select("group_id"), on="group_id", how="semi")])

    def drop(self, gave_way: pl.DataFrame) -> None:
        """Forget those that gave way (RELEASED)."""
        if not gave_way.is_empty():
            self._groups, self._items = (
                each.join(gave_way, on="group_id", how="anti") for each in (self._groups, self._items)
            )

    def held(self, encoding: Encoding, before: Sequence[Leg], leg: Leg) -> pl.DataFrame:
        """What those of the legs `before` hold (HELD) that hold anything within this leg's reach."""
        parts = [pl.DataFrame(schema=HELD)]
        for earlier in before if not self._groups.is_empty() else ():
            groups = self._groups.filter(pl.col("leg") == earlier.name)
            if groups.is_empty() or not earlier.pools & leg.reach:
                continue
            members = self._items.join(groups, on="group_id")
            for dataset, pool in sorted(earlier.pools):
                rows = encoding.datasets[dataset].rows_of(members.filter(pl.col("dataset") == dataset).drop("dataset"))
                minor = minor_applied(encoding, dataset, rows["row"].to_numpy(), rows["applied_amount"])
                held = rows.with_columns(dataset=pl.lit(dataset), pool=pl.lit(pool), minor=minor)
                parts.append(held.select(list(HELD)).cast(HELD))  # type: ignore[arg-type]
        every = pl.concat(parts)
        if every.is_empty():
            return every
        here = every.filter(_in_reach(leg)).select("group_id").unique()
        return every.join(here, on="group_id", how="semi")


def _in_reach(leg: Leg) -> pl.Expr:
    return pl.any_horizontal(
        *((pl.col("dataset") == dataset) & (pl.col("pool") == pool) for dataset, pool in sorted(leg.reach))
    )


def giving_way(
    context: LegContext, pools: Pools, held: pl.DataFrame, used: pl.DataFrame, offsets: Sequence[str]
) -> pl.DataFrame:
    """The rows of `held` (HELD) of the suggestions and ties that give way to what a leg is sure of. `used` (`precedence.USED`)
    is what it has taken on trial, `context` and `pools` are those of the trial; `offsets` names the legs that bring items
    of one dataset together."""
    leg = context.leg
    enough = leg.sure_odds * (1 + leg.sure_odds / _LESS)
    sure = used.filter(pl.col("status") == MATCHED, pl.col("confidence") >= enough / (1 + enough))
    sure = sure.join(_in_part(context, sure), on=_CANDIDATE, how="anti")
    claims = sure.join(held.filter(_in_reach(leg)), on=["dataset", "row"])
    if claims.is_empty():
        return held.clear()
    claims = claims.select(*_CANDIDATE, "group_id", "leg", "status_right", claimed="dataset", claimed_row="row")
    rest = claims.join(held.select("group_id", *_MEMBER, "minor"), on="group_id")
    rest = rest.filter(~((pl.col("dataset") == pl.col("claimed")) & (pl.col("row") == pl.col("claimed_row"))))
    rest = rest.join(sure.select(*_CANDIDATE, "dataset", "row"), on=[*_CANDIDATE, "dataset", "row"], how="anti")
    rival = (pl.col("dataset") == pl.col("claimed")) & ~pl.col("leg").is_in(list(offsets))
    # of a tie between several items of a side the others are still undecided
    undecided = rest.filter(rival, pl.col("status_right") == "ambiguous")
    partners = rest.filter(~rival)
    together = partners.filter(~pl.Series(_another_story(context, pools, partners, sure), dtype=pl.Boolean))
    kept = pl.concat([undecided.select(_CANDIDATE), together.select(_CANDIDATE)])
    accepted = claims.join(kept, on=_CANDIDATE, how="anti")
    return held.join(accepted.select("group_id").unique(), on="group_id", how="semi")


def _in_part(context: LegContext, sure: pl.DataFrame) -> pl.DataFrame:
    """The candidates that use an item in part or leave a difference."""
    whole = np.zeros(sure.height, dtype=np.int64)
    for number, view in enumerate(context.sides):
        own = (sure["side"] == number).to_numpy()
        whole[own] = view.dataset.amount[sure["row"].to_numpy()[own]]
    sign = 1 if context.leg.offsets else 1 - 2 * pl.col("side").cast(pl.Int64)
    off = ((sign * pl.col("applied")).sum() != 0).over(_CANDIDATE) | (pl.col("applied") != pl.Series(whole))
    return sure.filter(off).select(_CANDIDATE).unique()


def _another_story(context: LegContext, pools: Pools, partners: pl.DataFrame, sure: pl.DataFrame) -> list[bool]:
    """By partner (its item, and the candidate that would leave it without the other one): whether it has nothing to do with the
    candidate. It is linked to none of its items and names none; and it is of another counterparty, or its money is known to be another bank
    line's, or it comes to another amount than the items."""
    asked = partners.with_row_index("asked")
    sides = sure.group_by(*_CANDIDATE, "side").agg(applied=pl.col("applied").sum())
    # what undoes an item comes to the same, the other way round
    size = pl.col("applied").abs()
    amounts = pl.concat([each.select(*_CANDIDATE, size) for each in (sides, sure)]).unique()
    told = [pl.DataFrame(schema={"asked": pl.UInt32, "another": pl.Boolean})]
    for (name,), part in asked.group_by(["dataset"]):
        data = context.datasets[str(name)]
        rows = part["row"].to_numpy()
        own = part.select("asked", *_CANDIDATE, "row", applied=pl.Series(np.abs(data.amount[rows])))
        differing = own.join(amounts, on=[*_CANDIDATE, "applied"], how="anti")
        paid = np.zeros(len(rows), dtype=np.bool_)
        for side in context.leg.sides:
            elsewhere = (part["pool"] != side.pool).to_numpy()
            paid |= elsewhere & (pools.open(data.name, side.pool)[rows] == 0) & (data.amount[rows] != 0)
        shown, same, meant = ([own["asked"].clear()] for _ in range(3))
        members = sure.select(*_CANDIDATE, "dataset", member="row")
        for (other,), pairs in own.join(members, on=_CANDIDATE).group_by(["dataset"]):
            both = (data, pairs["row"].to_numpy()), (context.datasets[str(other)], pairs["member"].to_numpy())
            for found, which in zip((shown, same, meant), (*same_parties(*both), _meant(context, *both)), strict=True):
                found.append(pairs["asked"].filter(pl.Series(which, dtype=pl.Boolean)))
        is_shown, is_same, is_meant, differs = (
            own["asked"].is_in(each.implode()) for each in (*map(pl.concat, (shown, same, meant)), differing["asked"])
        )
        another = ~is_meant & ((is_shown & ~is_same) | pl.Series(paid, dtype=pl.Boolean) | differs)
        told.append(own.select("asked", another=another))
    return pl.concat(told).sort("asked")["another"].to_list()


def _meant(context: LegContext, one: tuple[Dataset, Rows], two: tuple[Dataset, Rows]) -> Mask:
    """By pair of rows of two datasets: whether a known link names both, or the first one names the second."""
    in_order = sorted((one, two), key=lambda side: list(context.datasets).index(side[0].name))
    (left, left_rows), (right, right_rows) = in_order
    known = of_rows(context.links(left.name, right.name), "left", left_rows, left.height)
    linked = np.isin(pair_keys(left_rows, right_rows), pair_keys(known["left"].to_numpy(), known["right"].to_numpy()))
    told = named_by(one[0], one[1], two[0])
    named = np.isin(pair_keys(one[1], two[1]), pair_keys(told["left"].to_numpy(), told["named"].to_numpy()))
    return np.asarray(linked | named, dtype=np.bool_)


def named_heirs(
    encoding: Encoding, leg: Leg, held: pl.DataFrame, groups: pl.DataFrame, items: pl.DataFrame
) -> pl.DataFrame:
    """The suggestions and ties (`held`) that a match of the leg has taken something of, with that match as the reason
    (RELEASED); `groups`, `items` are the leg's."""
    if held.is_empty():
        return pl.DataFrame(schema=RELEASED)
    parts = [pl.DataFrame(schema={"group_id": pl.String, "heir": pl.String})]
    for (dataset,), part in held.filter(_in_reach(leg)).group_by(["dataset"]):
        own = part.with_columns(item_id=encoding.datasets[str(dataset)].item_ids(part["row"].to_numpy()))
        of_dataset = items.filter(pl.col("dataset") == dataset).select("item_id", heir="group_id")
        parts.append(of_dataset.join(own, on="item_id").select("group_id", "heir"))
    taken = pl.concat(parts)
    matched = groups.filter(pl.col("status") == "matched").select(heir="group_id")
    first = taken.join(matched, on="heir", how="semi").group_by("group_id").agg(pl.col("heir").min())
    named = first.select("group_id", reason=pl.concat_str("heir", pl.lit(TO_LATER_LEG + leg.name)))
    return named.select(list(RELEASED)).sort("group_id")
