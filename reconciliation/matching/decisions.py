"""Decisions of people: they outrank every rule, are applied before the passes, and undoing one touches no other.

`apply_decisions` turns the decisions in force into what a run needs: groups to add to the ledger, groups to supersede,
and `Holds`, what the passes may not touch. It is given the decisions as they stand; who may decide, and whether a second
person has agreed, is settled before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from reconciliation.contracts import DECISION_EFFECT, MATCH_GROUP, MATCH_ITEM
from reconciliation.matching.decided_groups import MadeGroups, applied_in_pools, leg_sides, made_groups, side_pools
from reconciliation.matching.errors import MatchingError
from reconciliation.matching.known_groups import Ledger
from reconciliation.matching.rules import Rules
from reconciliation.matching.state import DECIDED

MAKING = ("confirm", "match", "write_off")  # these make a group
BARRING = ("reject", "unmatch")  # these say that the left items do not belong to the right ones
KINDS = (*MAKING, *BARRING, "ignore")

BARRED = {"leg": pl.String(), "left_id": pl.String(), "right_id": pl.String()}
IGNORED = {"leg": pl.String(), "dataset": pl.String(), "item_id": pl.String()}


@dataclass(frozen=True)
class Holds:
    """What passes leave alone: pairs that a person has said do not belong together, items to be ignored, and the matches
    (group ids) that a person has made, confirmed or otherwise decided on."""

    barred: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=BARRED))
    ignored: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=IGNORED))
    decided: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Decided:
    """The outcome of the decisions: the ledger the passes start from, what was added to it and superseded in it (group
    id -> by which group, or why), and what became of each decision that makes a group (DECISION_EFFECT)."""

    ledger: Ledger
    groups: pl.DataFrame
    items: pl.DataFrame
    superseded: Mapping[str, str]
    holds: Holds
    effects: pl.DataFrame


def apply_decisions(
    ledger: Ledger,
    decisions: pl.DataFrame,
    decision_items: pl.DataFrame,
    items: Mapping[str, pl.LazyFrame | pl.DataFrame],
    rules: Rules,
    as_of: date,
) -> Decided:
    """Apply `decisions` (DECISION) about `decision_items` (DECISION_ITEM) to the active groups of `ledger`.

    `items` holds every dataset whole; the ledger's groups stand on them (`ledger.carry_forward`). A decision whose items
    have changed, gone or been used up by an earlier decision has lapsed: it makes no group and says why; nothing is
    raised, because a late delivery must not stop a run. Automatic groups that use a decided item beyond its amount, or
    hold a pair that was rejected, are superseded. Raises MatchingError for an unknown kind.
    """
    by_hand = ledger.groups.filter(pl.col("pass") == DECIDED)
    if decisions.is_empty() and by_hand.is_empty():
        none = pl.DataFrame(schema=DECISION_EFFECT)
        no_groups, no_items = pl.DataFrame(schema=MATCH_GROUP), pl.DataFrame(schema=MATCH_ITEM)
        return Decided(ledger, no_groups, no_items, {}, Holds(), none)
    unknown = sorted(set(decisions["kind"].to_list()) - set(KINDS))
    if unknown:
        raise MatchingError(f"decisions: unknown kind {', '.join(unknown)}; known are {', '.join(KINDS)}")
    held = decision_items.join(decisions, on="decision_id", how="inner")
    in_force = held.filter(pl.col("undone_by").is_null())
    barred = _barred(in_force.filter(pl.col("kind").is_in(BARRING)), rules)
    made = made_groups(held.filter(pl.col("kind").is_in(MAKING)), items, rules)
    superseded = _by_decision(ledger, made, rules)
    superseded |= _rejected(ledger, made, barred)
    superseded |= _no_longer_decided(by_hand, made)
    standing = ledger.groups.filter(~pl.col("group_id").is_in(list(superseded)))
    added = made.groups.join(standing, on="group_id", how="anti").select(list(MATCH_GROUP))
    members = made.items.join(added.select("group_id"), on="group_id", how="semi").select(list(MATCH_ITEM))
    kept = ledger.items.join(standing.select("group_id"), on="group_id", how="semi")
    return Decided(
        Ledger(pl.concat([standing, added.select(standing.columns)]), pl.concat([kept, members])),
        added,
        members,
        superseded,
        Holds(
            barred.select(list(BARRED)).unique().sort(list(BARRED)),
            _ignored(in_force, as_of),
            frozenset(made.groups["group_id"]),
        ),
        made.effects,
    )


def _ignored(in_force: pl.DataFrame, as_of: date) -> pl.DataFrame:
    waiting = pl.col("until").is_null() | (pl.col("until") > as_of)
    ignored = in_force.filter(pl.col("kind") == "ignore", waiting).select(list(IGNORED))
    return ignored.unique().sort(list(IGNORED))


def _barred(rejected: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Every left item with every right item of what was rejected, with the decision and its actor."""
    sided = rejected.join(leg_sides(rules), on="leg", how="inner")
    left = sided.filter(pl.col("dataset") == pl.col("left_dataset")).select(
        "decision_id", "leg", "actor", "offsets", left_id="item_id"
    )
    right = sided.filter(pl.col("dataset") == pl.col("right_dataset")).select("decision_id", right_id="item_id")
    pairs = left.join(right, on="decision_id", how="inner")
    return pairs.filter(~(pl.col("offsets") & (pl.col("left_id") == pl.col("right_id"))))


def _by_decision(ledger: Ledger, made: MadeGroups, rules: Rules) -> dict[str, str]:
    """Automatic groups that give way: guesses about an item that is decided on, matches that leave too little of it."""
    if made.items.is_empty():
        return {}
    automatic = ledger.items.join(
        ledger.groups.filter(pl.col("pass") != DECIDED)
        .join(made.groups, on="group_id", how="anti")
        .select("group_id", "leg", "status"),
        on="group_id",
        how="inner",
    )
    key = ["dataset", "item_id", "pool"]
    decided = (
        applied_in_pools(made.items.join(made.groups.select("group_id", "leg"), on="group_id"), rules)
        .group_by(key)
        .agg(
            pl.col("applied_amount").abs().sum().alias("decided"),
            pl.col("whole").abs().first(),
            pl.col("group_id").min().alias("heir"),
        )
    )
    met = applied_in_pools(automatic, rules).join(decided, on=key, how="inner")
    matched = pl.col("status") == "matched"
    used = pl.col("applied_amount").abs().filter(matched).sum().over(key)
    beyond = met.filter(~matched | (used + pl.col("decided") > pl.col("whole")))
    blocking = side_pools(rules).explode("blocked_by", keep_nulls=False, empty_as_null=False)
    blocked = (
        automatic.join(blocking.select("leg", "dataset", pool="blocked_by"), on=["leg", "dataset"], how="inner")
        .join(decided, on=key, how="inner")
    )  # fmt: skip
    gone = pl.concat([beyond.select("group_id", "heir"), blocked.select("group_id", "heir")])
    return dict(gone.group_by("group_id").agg(pl.col("heir").min()).sort("group_id").iter_rows())


def _rejected(ledger: Ledger, made: MadeGroups, barred: pl.DataFrame) -> dict[str, str]:
    """Automatic groups that hold a pair a person has rejected."""
    if barred.is_empty():
        return {}
    automatic = ledger.groups.filter(pl.col("pass") != DECIDED).join(made.groups, on="group_id", how="anti")
    members = ledger.items.join(automatic.select("group_id", "leg"), on="group_id", how="inner")
    hit = barred.join(members.select("leg", "group_id", left_id="item_id"), on=["leg", "left_id"], how="inner").join(
        members.select("group_id", right_id="item_id"), on=["group_id", "right_id"], how="inner"
    )
    named = hit.select("group_id", reason=pl.format("decision {} by {}", "decision_id", "actor"))
    return dict(named.group_by("group_id").agg(pl.col("reason").min()).sort("group_id").iter_rows())


def _no_longer_decided(by_hand: pl.DataFrame, made: MadeGroups) -> dict[str, str]:
    """Groups in the ledger that a person made, and that no decision in force makes any more."""
    lost = by_hand.join(made.groups, on="group_id", how="anti").select("group_id")
    why = made.undone.group_by("group_id").agg(pl.col("reason").min())
    named = lost.join(why, on="group_id", how="left").sort("group_id")
    unknown = pl.lit("no decision stands behind it any more")
    return dict(named.select("group_id", pl.col("reason").fill_null(unknown)).iter_rows())
