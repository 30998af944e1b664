"""Decisions of people: they outrank every rule, are applied before the passes, and undoing one touches no other.

Decisions are an append-only log. `apply_decisions` turns it into what a run needs: groups to add to the ledger,
groups to supersede, and `Holds`, what the passes may not touch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import numpy as np
import polars as pl

from reconciliation.contracts import MATCH_GROUP, MATCH_ITEM
from reconciliation.matching.errors import MatchingError
from reconciliation.matching.group_ids import group_ids, id_words, member_words
from reconciliation.matching.item_frames import item_frame
from reconciliation.matching.ledger import DECIDED, scaled_amounts
from reconciliation.matching.rules import Rules
from reconciliation.matching.stable_hash import text_hash
from reconciliation.matching.state import Ledger

KINDS = ("confirm", "reject", "match", "unmatch", "write_off", "ignore", "revoke")

DECISION = {
    "decision_id": pl.String(),
    "actor": pl.String(),
    "decided_at": pl.Datetime("us", "UTC"),  # later decisions on the same group or items follow earlier ones
    "kind": pl.String(),  # one of KINDS
    "leg": pl.String(),  # of match, write_off and ignore
    "group_id": pl.String(),  # of confirm, reject and unmatch
    "revokes": pl.String(),  # of revoke: the decision that no longer holds
    "until": pl.Date(),  # of ignore: the first day the items take part again; null: until revoked
    "reason": pl.String(),
}
#: The items of a decision; `amount` null means all of the item.
DECISION_ITEM = {
    "decision_id": pl.String(),
    "dataset": pl.String(),
    "item_id": pl.String(),
    "amount": pl.Decimal(23, 5),
}
BARRED = {"leg": pl.String(), "left_id": pl.String(), "right_id": pl.String()}
IGNORED = {"leg": pl.String(), "dataset": pl.String(), "item_id": pl.String()}


@dataclass(frozen=True)
class Holds:
    """What passes leave alone: pairs that a person has said do not belong together, and items to be ignored."""

    barred: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=BARRED))
    ignored: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=IGNORED))


@dataclass(frozen=True)
class Decided:
    """The outcome of the decisions: the ledger the passes start from, what was added to it and superseded in it."""

    ledger: Ledger
    groups: pl.DataFrame
    items: pl.DataFrame
    superseded: Mapping[str, str]
    holds: Holds


def apply_decisions(
    ledger: Ledger,
    decisions: pl.DataFrame,
    decision_items: pl.DataFrame,
    items: Mapping[str, pl.LazyFrame | pl.DataFrame],
    rules: Rules,
    as_of: date,
) -> Decided:
    """Apply the decisions in the order they were made. `ledger` holds the active groups; `history` of a superseded
    group is not needed: a confirmed or rejected group that is no longer active is left as it is.

    Raises MatchingError for a kind, leg or item that does not exist, and for a match by hand that uses an item
    beyond its amount.
    """
    unknown = sorted(set(decisions["kind"].to_list()) - set(KINDS))
    if unknown:
        raise MatchingError(f"decisions: unknown kind {', '.join(unknown)}; known are {', '.join(KINDS)}")
    revoked = decisions.filter(pl.col("kind") == "revoke")["revokes"].to_list()
    standing = decisions.filter(pl.col("kind") != "revoke", ~pl.col("decision_id").is_in(revoked)).sort(
        "decided_at", "decision_id"
    )
    made_groups, made_items = [pl.DataFrame(schema=MATCH_GROUP)], [pl.DataFrame(schema=MATCH_ITEM)]
    barred, ignored = [pl.DataFrame(schema=BARRED)], [pl.DataFrame(schema=IGNORED)]
    superseded: dict[str, str] = {}
    for decision in standing.iter_rows(named=True):  # decisions are made by hand: they are few
        kind, group_id = decision["kind"], decision["group_id"] or ""
        own = decision_items.filter(pl.col("decision_id") == decision["decision_id"])
        held = ledger.items.filter(pl.col("group_id") == group_id).select("dataset", "item_id", amount="applied_amount")
        group = ledger.groups.filter(pl.col("group_id") == group_id)
        leg = group["leg"][0] if group.height else decision["leg"]
        if kind == "ignore":
            if decision["until"] is None or decision["until"] > as_of:
                ignored.append(own.select(pl.lit(leg).alias("leg"), "dataset", "item_id"))
            continue
        if kind in ("reject", "unmatch"):
            pairs = _pairs(own if group.is_empty() else held, rules, leg)
            barred.append(pairs)
            if group.height:
                superseded[group_id] = f"decision {decision['decision_id']} by {decision['actor']}"
            continue
        if kind == "confirm" and group.is_empty():
            continue
        chosen = held if kind == "confirm" and group["status"][0] != "ambiguous" else own
        new_group, new_items = _group(chosen, decision, leg, items, rules)
        new_id = new_group["group_id"][0]
        if ledger.groups.filter(pl.col("group_id") == new_id).is_empty():
            made_groups.append(new_group)
            made_items.append(new_items)
        if kind == "confirm" and new_id != group_id:
            superseded[group_id] = new_id
    groups, members = pl.concat(made_groups), pl.concat(made_items)
    rest = ledger.groups.filter(~pl.col("group_id").is_in(list(superseded)))
    kept = ledger.items.join(rest.select("group_id"), on="group_id", how="semi")
    return Decided(
        Ledger(pl.concat([rest, groups]), pl.concat([kept, members])),
        groups,
        members,
        superseded,
        Holds(pl.concat(barred).unique(maintain_order=True), pl.concat(ignored).unique(maintain_order=True)),
    )


def _pairs(members: pl.DataFrame, rules: Rules, leg: str) -> pl.DataFrame:
    """Every left item with every right item of what was rejected."""
    sides = rules.leg(leg)
    left = members.filter(pl.col("dataset") == sides.left.dataset).select(left_id="item_id")
    right = members.filter(pl.col("dataset") == sides.right.dataset).select(right_id="item_id")
    return left.join(right, how="cross").select(pl.lit(leg).alias("leg"), "left_id", "right_id")


def _group(
    chosen: pl.DataFrame,
    decision: Mapping[str, object],
    leg_name: str,
    items: Mapping[str, pl.LazyFrame | pl.DataFrame],
    rules: Rules,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A matched group of these items, as a person decided."""
    leg, where = rules.leg(leg_name), f"decision {decision['decision_id']}"
    known = []
    for dataset in chosen["dataset"].unique().sort().to_list():
        if dataset not in items:
            raise MatchingError(f"{where}: no dataset {dataset}")
        shaped, _ = item_frame(items[dataset], dataset)
        wanted = chosen.filter(pl.col("dataset") == dataset)
        known.append(
            shaped.select("item_id", "currency", whole="amount")
            .join(wanted.lazy(), on="item_id", how="inner")
            .collect()
            .select("dataset", "item_id", "currency", "whole", "amount")
        )
    if not known or sum(frame.height for frame in known) != chosen.height:
        raise MatchingError(f"{where}: an item it names is not there")
    members = pl.concat(known).sort("dataset", "item_id")
    members = members.with_columns(pl.coalesce("amount", "whole").cast(pl.Decimal(38, 5)).alias("amount"))
    if members["currency"].n_unique() > 1:
        raise MatchingError(f"{where}: items of more than one currency")
    if members.filter(
        (pl.col("amount").abs() > pl.col("whole").abs()) | (pl.col("amount") * pl.col("whole") < 0)
    ).height:
        raise MatchingError(f"{where}: an item is applied beyond its amount")
    words = np.zeros((2, 1), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for (dataset,), part in members.group_by(["dataset"]):
            own = member_words(
                str(dataset),
                text_hash(part["currency"], 5),
                id_words(part["item_id"]),
                scaled_amounts(part["whole"]),
                scaled_amounts(part["amount"]),
            )
            words[0] += own[0].sum(dtype=np.uint64)
            words[1] += own[1].sum(dtype=np.uint64)
    new_id = group_ids(leg.name, (words[0], words[1]), np.zeros(1, dtype=np.uint8))[0]
    at_left = members["dataset"] == leg.left.dataset
    left, right = members.filter(at_left), members.filter(~at_left)
    totals = [Decimal(str(side["amount"].sum() or 0)) for side in (left, right)]
    difference, less = totals[0] - totals[1], abs(totals[0]) < abs(totals[1])
    group = pl.DataFrame(
        {
            "group_id": [new_id],
            "leg": [leg.name],
            "pass": [DECIDED],
            "rules_version": [rules.version],
            "status": ["matched"],
            "cardinality": [_cardinality(left.height, right.height)],
            "currency": [members["currency"][0]],
            "left_total": [totals[0]],
            "right_total": [totals[1]],
            "difference": [difference],
            "difference_kind": ["none" if difference == 0 else "short_pay" if less else "over_pay"],
            "confidence": [1.0],
            "margin": [1.0],
            "explanation": [f"Decided by {decision['actor']} ({decision['kind']}): {decision['reason']}"],
        },
        schema_overrides={name: pl.Decimal(38, 5) for name in ("left_total", "right_total", "difference")},
    ).cast(dict(MATCH_GROUP))  # type: ignore[arg-type]
    held = members.select(pl.lit(new_id).alias("group_id"), "dataset", "item_id", applied_amount="amount")
    return group, held.cast(dict(MATCH_ITEM))  # type: ignore[arg-type]


def _cardinality(left: int, right: int) -> str:
    if left <= 1 and right <= 1:
        return "1:1"
    if left <= 1:
        return "1:N"
    return "N:1" if right <= 1 else "N:M"
