"""The groups that people make by deciding: built from the items as they are now, or lapsed with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

from reconciliation.contracts import MATCH_GROUP, MATCH_ITEM
from reconciliation.matching.ledger import fingerprints, with_current
from reconciliation.matching.rules import Rules
from reconciliation.matching.state import DECIDED

AMOUNT = pl.Decimal(38, 5)
_ITEM = ["decision_id", "dataset", "item_id"]


class MadeGroups(NamedTuple):
    """`groups` (MATCH_GROUP) and `items` (MATCH_ITEM and `whole`, the item's amount) of the decisions in force, each
    group once; `effects`: decision_id, group_id, lapsed (why the decision makes no group); `undone`: group_id and reason
    of groups that decisions no longer in force had made."""

    groups: pl.DataFrame
    items: pl.DataFrame
    effects: pl.DataFrame
    undone: pl.DataFrame


def leg_sides(rules: Rules) -> pl.DataFrame:
    """One row a leg: leg, left_dataset, right_dataset, offsets."""
    rows = [(leg.name, leg.left.dataset, leg.right.dataset, leg.offsets) for leg in rules.legs]
    schema = {"leg": pl.String, "left_dataset": pl.String, "right_dataset": pl.String, "offsets": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row")


def side_pools(rules: Rules) -> pl.DataFrame:
    """One row a side of a leg: leg, dataset, pool, blocked_by (list of pools)."""
    rows = [(leg.name, side.dataset, side.pool, list(side.blocked_by)) for leg in rules.legs for side in leg.sides]
    schema = {"leg": pl.String(), "dataset": pl.String(), "pool": pl.String(), "blocked_by": pl.List(pl.String())}
    return pl.DataFrame(rows, schema=schema, orient="row").unique().sort("leg", "dataset", "pool")


def applied_in_pools(items: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Items of groups (`leg`, `dataset` and more) with the pool each is used in; those of a leg that the rules no longer
    know are used in every pool of their dataset, as the engine counts them."""
    sides = side_pools(rules).select("leg", "dataset", "pool")
    known = items.join(sides.unique(), on=["leg", "dataset"], how="inner")
    strange = items.join(sides, on="leg", how="anti").join(sides.select("dataset", "pool").unique(), on="dataset")
    return pl.concat([known, strange.select(known.columns)])


def made_groups(members: pl.DataFrame, items: Mapping[str, pl.LazyFrame | pl.DataFrame], rules: Rules) -> MadeGroups:
    """The groups of decisions that make one. `members`: DECISION_ITEM with the columns of its DECISION."""
    current = with_current(members.select(_ITEM).unique(), items).drop("kind").rename({"amount": "whole"})
    members = (
        members.join(current, on=_ITEM, how="left")
        .join(leg_sides(rules), on="leg", how="left")
        .with_columns(pl.coalesce(pl.col("amount").cast(AMOUNT), "whole").alias("applied"))
        .with_columns(_lapsed().alias("lapsed"))
        .sort("decided_at", *_ITEM)
    )
    lapsed = members.group_by("decision_id", maintain_order=True).agg(pl.col("lapsed").drop_nulls().first())
    sound = members.drop("lapsed").join(lapsed.filter(pl.col("lapsed").is_null()), on="decision_id", how="semi")
    sound = _with_group_ids(sound)
    in_force = sound.filter(pl.col("undone_by").is_null())
    taken = _used_up(in_force, rules)
    in_force = in_force.join(taken, on="decision_id", how="anti")
    first = in_force.group_by("group_id", maintain_order=True).agg(pl.col("decision_id").first())
    own = in_force.join(first, on=["group_id", "decision_id"], how="semi")
    of_decision = in_force.select("decision_id", "group_id").unique(maintain_order=True)
    standing = members.filter(pl.col("undone_by").is_null()).select("decision_id").unique(maintain_order=True)
    effects = (
        standing.join(of_decision, on="decision_id", how="left")
        .join(pl.concat([lapsed.filter(pl.col("lapsed").is_not_null()), taken]), on="decision_id", how="left")
        .sort("decision_id")
    )
    undone = sound.filter(pl.col("undone_by").is_not_null()).select(
        "group_id", reason=pl.format("decision {} was undone by {}", "decision_id", "undone_by")
    )
    fallen = sound.join(taken, on="decision_id", how="inner").select(
        "group_id", reason=pl.format("decision {} lapsed: {}", "decision_id", "lapsed")
    )
    held = own.select("group_id", "dataset", "item_id", applied_amount="applied", whole="whole").cast(
        dict(MATCH_ITEM) | {"whole": AMOUNT}  # type: ignore[arg-type]
    )
    return MadeGroups(_groups(own, rules), held, effects, pl.concat([undone, fallen]).unique())


def _lapsed() -> pl.Expr:
    """Why an item no longer is what the person saw; null where it is."""
    seen, whole, applied = pl.col("seen_amount").cast(AMOUNT), pl.col("whole"), pl.col("applied")
    changed = (seen != whole) | (pl.col("seen_currency") != pl.col("currency"))
    currencies = pl.col("currency").drop_nulls().n_unique().over("decision_id")
    return (
        pl.when(pl.col("left_dataset").is_null())
        .then(pl.format("the rules have no leg {} any more", "leg"))
        .when((pl.col("dataset") != pl.col("left_dataset")) & (pl.col("dataset") != pl.col("right_dataset")))
        .then(pl.format("leg {} does not reconcile {}", "leg", "dataset"))
        .when(whole.is_null())
        .then(pl.format("{} {} is no longer there", "dataset", "item_id"))
        .when(changed)
        .then(
            pl.format("{} {} was {} {} and is now {} {}", "dataset", "item_id", _money(seen), "seen_currency",
                      _money(whole), "currency")
        )
        .when((applied.abs() > whole.abs()) | (applied * whole < 0))
        .then(pl.format("{} {} is applied beyond its amount", "dataset", "item_id"))
        .when(currencies > 1)
        .then(pl.lit("its items are in more than one currency"))
    )  # fmt: skip


def _money(amount: pl.Expr) -> pl.Expr:
    """Text with two decimals or as many as it needs."""
    return amount.cast(AMOUNT).cast(pl.String).str.replace(r"0{1,3}$", "")


def _with_group_ids(members: pl.DataFrame) -> pl.DataFrame:
    ids = fingerprints(
        members.select(
            "leg", "dataset", "item_id", "currency", key="decision_id", status=pl.lit("matched"), amount="whole",
            applied_amount="applied",
        )
    )  # fmt: skip
    return members.join(ids.select("group_id", decision_id="key"), on="decision_id", how="left", maintain_order="left")


def _used_up(in_force: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Decisions that want more of an item than earlier ones leave of it: decision_id, lapsed."""
    key = ["dataset", "item_id", "pool"]
    once = in_force.unique(["group_id", "dataset", "item_id"], keep="first", maintain_order=True)
    used = applied_in_pools(once.with_columns(pl.col("applied").abs(), pl.col("whole").abs()), rules)
    contested = used.filter(pl.col("applied").sum().over(key) > pl.col("whole"))
    left: dict[tuple[object, ...], object] = {}
    lapsed: dict[str, str] = {}
    wanted = contested.sort("decided_at", *_ITEM, "pool").group_by("decision_id", maintain_order=True)
    for (decision,), own in wanted:  # few: two people have decided on the same money
        rows = own.select(*key, "applied", "whole").rows()
        beyond = [row for row in rows if row[3] > left.get(row[:3], row[4])]
        if beyond:
            lapsed[str(decision)] = f"{beyond[0][0]} {beyond[0][1]} is used up by an earlier decision"
            continue
        left |= {row[:3]: left.get(row[:3], row[4]) - row[3] for row in rows}
    told = pl.DataFrame(list(lapsed.items()), schema={"decision_id": pl.String, "lapsed": pl.String}, orient="row")
    groups = told.join(once.select("decision_id", "group_id").unique(), on="decision_id").select("group_id", "lapsed")
    # another decision that makes the same group wants the same money
    return (
        in_force.select("decision_id", "group_id").unique().join(groups, on="group_id").select("decision_id", "lapsed")
    )


def _groups(members: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """The groups of these members (one decision a group), matched as a person decided."""
    amount, at_left = pl.col("applied"), pl.col("dataset") == pl.col("left_dataset")
    # in a leg inside one dataset the items that cancel each other out are told apart by their sign, their totals are one
    on_left = pl.when("offsets").then(amount < 0).otherwise(at_left)
    lefts, rights = pl.col("lefts"), pl.col("rights")
    difference = pl.col("left_total") - pl.col("right_total")
    by_sign = pl.when(pl.col("left_total").abs() < pl.col("right_total").abs()).then(pl.lit("short_pay"))
    totals = members.group_by("group_id", maintain_order=True).agg(
        pl.col("leg", "currency", "kind", "actor", "reason", "approved_by", "difference_kind").first(),
        amount.filter(at_left).sum().alias("left_total"),
        amount.filter(~at_left).sum().alias("right_total"),
        on_left.sum().alias("lefts"),
        on_left.not_().sum().alias("rights"),
    )
    return totals.select(
        "group_id",
        "leg",
        pl.lit(DECIDED).alias("pass"),
        pl.lit(rules.version).alias("rules_version"),
        pl.lit("matched").alias("status"),
        pl.when((lefts <= 1) & (rights <= 1)).then(pl.lit("1:1")).when(lefts <= 1).then(pl.lit("1:N"))
        .when(rights <= 1).then(pl.lit("N:1")).otherwise(pl.lit("N:M")).alias("cardinality"),
        "currency",
        "left_total",
        "right_total",
        difference.alias("difference"),
        pl.when(difference == 0).then(pl.lit("none"))
        .when((pl.col("kind") == "write_off") & pl.col("difference_kind").is_null()).then(pl.lit("write_off"))
        .otherwise(pl.coalesce("difference_kind", by_sign.otherwise(pl.lit("over_pay")))).alias("difference_kind"),
        pl.lit(1.0).alias("confidence"),
        pl.lit(1.0).alias("margin"),
        pl.format(
            "Decided by {} ({}): {}{}", "actor", pl.col("kind").str.replace("_", " "), "reason",
            pl.when(pl.col("approved_by").is_null()).then(pl.lit("")).otherwise(pl.format("; approved by {}", "approved_by")),
        ).alias("explanation"),
    ).cast(dict(MATCH_GROUP))  # type: ignore[arg-type]  # fmt: skip
