"""Whatever people decide, in whatever order: no item is used beyond its amount, and what is undone leaves no trace."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
from example_items import items, one_leg
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciliation.contracts import DECISION, DECISION_ITEM
from reconciliation.matching import Ledger, match
from reconciliation.matching.decisions import Decided, apply_decisions

RULES = one_leg("{kind: reference}", "{kind: amount_date}")
LEFT = items(*({"item_id": f"B{n}", "amount": -n, "references": [f"R{n}"]} for n in range(1, 5)))
RIGHT = items(
    *({"item_id": f"P{n}", "amount": -n, "references": [f"R{n}"]} for n in range(1, 4)), {"item_id": "P9", "amount": -4}
)
WORLD = {"left": LEFT, "right": RIGHT}
FIRST = match(WORLD, RULES)
KINDS = ("confirm", "match", "write_off", "reject", "unmatch", "ignore")
Made = tuple[str, list[int], list[int], bool]
DECISIONS = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.lists(st.integers(0, 3), max_size=2, unique=True),
        st.lists(st.integers(0, 3), max_size=2, unique=True),
        st.booleans(),
    ).filter(lambda made: bool(made[1] or made[2])),
    max_size=6,
)


def decide(ledger: Ledger, made: list[Made], *, undone: bool = False) -> Decided:
    """Decisions about whole items, an hour apart; all of them undone where `undone` says so."""
    rows = [
        {
            "decision_id": f"D{number}", "kind": kind, "actor": "Ada", "reason": "seen", "leg": "leg",
            "decided_at": datetime(2024, 3, 2, number, tzinfo=UTC), "undone_by": "Ada" if undone or gone else None,
        }
        for number, (kind, _, _, gone) in enumerate(made)
    ]  # fmt: skip
    held = [
        {"decision_id": f"D{number}", "dataset": dataset, "item_id": frame["item_id"][row]}
        for number, (_, lefts, rights, _) in enumerate(made)
        for dataset, frame, chosen in (("left", LEFT, lefts), ("right", RIGHT, rights))
        for row in chosen
    ]
    return apply_decisions(
        ledger, pl.DataFrame(rows, schema=DECISION), pl.DataFrame(held, schema=DECISION_ITEM), WORLD, RULES, date(2024, 3, 5)
    )  # fmt: skip


def in_force(decided: Decided) -> Ledger:
    """The ledger after the passes have run on what the decisions leave."""
    result = match(WORLD, RULES, ledger=decided.ledger, holds=decided.holds)
    return Ledger(
        pl.concat([decided.ledger.groups, result.groups]).unique("group_id"),
        pl.concat([decided.ledger.items, result.items]).unique(["group_id", "dataset", "item_id"]),
    )


@settings(max_examples=20, deadline=None)
@given(DECISIONS)
def test_no_item_is_used_beyond_its_amount_and_every_group_balances(made: list[Made]) -> None:
    ledger = in_force(decide(Ledger(FIRST.groups, FIRST.items), made))
    matched = ledger.groups.filter(pl.col("status") == "matched")
    used = (
        ledger.items.join(matched, on="group_id", how="semi")
        .group_by("dataset", "item_id")
        .agg(pl.sum("applied_amount"))
    )
    whole = pl.concat([f.select(pl.lit(n).alias("dataset"), "item_id", "amount") for n, f in WORLD.items()])
    met = used.join(whole, on=["dataset", "item_id"])
    assert met.filter(pl.col("applied_amount").abs() > pl.col("amount").abs()).is_empty()
    sides = ledger.items.group_by("group_id").agg(
        pl.col("applied_amount").filter(pl.col("dataset") == "left").sum().alias("left"),
        pl.col("applied_amount").filter(pl.col("dataset") == "right").sum().alias("right"),
    )
    off = matched.join(sides, on="group_id").filter(
        (pl.col("left") - pl.col("right") != pl.col("difference")) | (pl.col("left") != pl.col("left_total"))
    )
    assert off.is_empty()


@settings(max_examples=12, deadline=None)
@given(DECISIONS)
def test_applied_again_nothing_changes_and_undone_nothing_remains(made: list[Made]) -> None:
    first = Ledger(FIRST.groups, FIRST.items)
    decided = decide(first, made)
    again = decide(decided.ledger, made)
    assert again.groups.is_empty() and again.superseded == {}
    undone = decide(decided.ledger, made, undone=True)
    assert undone.ledger.groups.filter(pl.col("pass") == "decision").is_empty()
    assert undone.holds.barred.is_empty() and undone.holds.ignored.is_empty()
    found = in_force(undone)
    assert set(found.groups["group_id"]) == set(first.groups["group_id"])
    assert found.items["applied_amount"].sum() == first.items["applied_amount"].sum() != Decimal(0)
