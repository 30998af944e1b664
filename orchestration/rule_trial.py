"""What other rules would do: today's rules and new ones, both run on the same open items, compared match by match.

Everything is read; nothing is written. Matches that people made stand under both. Automatic matches that touch an item of
`since` or later are taken as not made yet, so that both sets of rules have the same work before them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import duckdb
import polars as pl

from orchestration.decisions.tables import read_decisions
from orchestration.match_ledger import read_active, read_items, read_links, read_rates
from orchestration.run_time import read as read_run_time
from reconciliation.matching import Ledger, MatchResult, Rules, match
from reconciliation.matching.decided_groups import side_pools
from reconciliation.matching.decisions import apply_decisions
from reconciliation.matching.ledger import carry_forward
from reconciliation.matching.state import DECIDED

IN_GROUP_CURRENCY = """
    SELECT group_id, leg, currency, explanation, amount,
           (CAST((amount * 100000)::HUGEINT * numerator // (denominator * 1000) AS DECIMAL(36, 0)) * 0.01::DECIMAL(2, 2))
               ::DECIMAL(38, 2) AS amount_base
    FROM found LEFT JOIN canonical.group_rate USING (currency)
"""
"""Integers throughout: no money passes through a float; cents are cut off, these are totals to judge by."""
CHANGE = {
    "change": pl.String,  # gained, lost, moved_from (under today's rules), moved_to (under the new ones)
    "leg": pl.String,
    "group_id": pl.String,
    "items": pl.String,
    "currency": pl.String,
    "amount": pl.Decimal(38, 5),  # the larger side, unsigned
    "amount_base": pl.Decimal(38, 2),  # in the group's currency; null without a rate
    "now": pl.String,  # of a lost match: what the new rules say of its items
    "explanation": pl.String,
}


@dataclass(frozen=True)
class Trial:
    """`legs`: one row a leg, counts and money (group currency) of kept, gained, lost and moved matches, and how many
    suggestions there are under either; `changes`: one row a match that changes, most money first (CHANGE)."""

    legs: pl.DataFrame
    changes: pl.DataFrame
    base_currency: str
    without_rate: tuple[str, ...]  # currencies whose money is in no total


def try_rules(connection: duckdb.DuckDBPyConnection, today: Rules, new: Rules, since: date | None) -> Trial:
    """Compare the two sets of rules on what the warehouse holds. Raises MatchingError where the new rules name a dataset
    that is not there."""
    items = read_items(connection, dict.fromkeys((*today.datasets, *new.datasets)))
    known, as_of = {"links": read_links(connection), "rates": read_rates(connection)}, read_run_time(connection).as_of
    active, _ = carry_forward(read_active(connection), items, today)
    before = _before(active, items, since)
    decisions = read_decisions(connection)
    results = []
    for rules in (today, new):
        decided = apply_decisions(before, *decisions, items, rules, as_of)
        holds = replace(decided.holds, decided=frozenset(decided.ledger.groups["group_id"]))
        results.append((rules, match(items, rules, **known, ledger=decided.ledger, holds=holds)))
    base = connection.execute("SELECT base_currency FROM config.company").fetchone()
    return _compare(connection, items, results[0], results[1], str((base or [""])[0]))


def _before(active: Ledger, items: Mapping[str, pl.DataFrame], since: date | None) -> Ledger:
    """The groups that stand whatever the rules: those that people made, and those whose items are all older."""
    stands = pl.col("pass") == DECIDED
    if since is not None:
        dated = pl.concat(
            [frame.select(pl.lit(name).alias("dataset"), "item_id", "date") for name, frame in items.items()]
        ).filter(pl.col("date") >= since)
        touched = active.items.join(dated, on=["dataset", "item_id"], how="semi").select("group_id").unique()
        stands = stands | ((pl.col("status") == "matched") & ~pl.col("group_id").is_in(touched["group_id"].to_list()))
    groups = active.groups.filter(stands)
    return Ledger(groups, active.items.join(groups.select("group_id"), on="group_id", how="semi"))


Outcome = tuple[Rules, MatchResult]
Items = Mapping[str, pl.DataFrame]


def _compare(connection: duckdb.DuckDBPyConnection, items: Items, old: Outcome, new: Outcome, base: str) -> Trial:
    sides = [_matches(connection, items, *outcome) for outcome in (old, new)]
    (was, held), (now, holds) = sides
    kept = was.join(now, on="group_id", how="semi")
    gone, come = was.join(now, on="group_id", how="anti"), now.join(was, on="group_id", how="anti")
    key = ["dataset", "item_id", "pool"]
    gone_items, come_items = (
        every.join(part.select("group_id"), on="group_id", how="semi")
        for every, part in ((held, gone), (holds, come))
    )  # fmt: skip
    moved_from = gone.join(gone_items.join(come_items, on=key, how="semi"), on="group_id", how="semi")
    moved_to = come.join(come_items.join(gone_items, on=key, how="semi"), on="group_id", how="semi")
    lost, gained = gone.join(moved_from, on="group_id", how="anti"), come.join(moved_to, on="group_id", how="anti")
    names = [leg.name for rules in (old[0], new[0]) for leg in rules.legs]
    legs = pl.DataFrame({"leg": list(dict.fromkeys(names))})
    for kind, frame in (("kept", kept), ("gained", gained), ("lost", lost), ("moved", moved_from)):
        totals = frame.group_by("leg").agg(pl.len().alias(kind), pl.col("amount_base").sum().alias(f"{kind}_money"))
        legs = legs.join(totals, on="leg", how="left", maintain_order="left")
    for name, outcome in (("suggested_today", old), ("suggested_new", new)):
        undecided = outcome[1].groups.filter(pl.col("status") != "matched")
        legs = legs.join(
            undecided.group_by("leg").agg(pl.len().alias(name)), on="leg", how="left", maintain_order="left"
        )
    changes = pl.concat(
        [
            _changes(name, frame, every, new[1])
            for name, frame, every in (
                ("lost", lost, held), ("gained", gained, holds), ("moved_from", moved_from, held),
                ("moved_to", moved_to, holds),
            )
        ]
    )  # fmt: skip
    unrated = pl.concat([was, now]).filter(pl.col("amount_base").is_null())["currency"].unique().sort()
    numbers = pl.col(pl.UInt32, pl.Int64, pl.Decimal).fill_null(0)
    order = pl.col("amount_base").fill_null(Decimal(0)) if changes.height else pl.col("amount_base")
    return Trial(
        legs.with_columns(numbers), changes.sort(order, "change", "group_id", descending=[True, False, False]), base,
        tuple(unrated.to_list()),
    )  # fmt: skip


def _matches(
    connection: duckdb.DuckDBPyConnection, items: Items, rules: Rules, result: MatchResult
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The matched groups these rules found, with money in the group's currency, and their items with the pool."""
    found = result.groups.filter(pl.col("status") == "matched")
    sides = [pl.col(name).abs().cast(pl.Decimal(38, 5)) for name in ("left_total", "right_total")]
    found = found.join(_moved(found, items, result), on="group_id", how="left").with_columns(
        amount=pl.max_horizontal(*sides, "moved")
    )
    connection.register("found", found.to_arrow())
    groups = connection.execute(IN_GROUP_CURRENCY).pl()
    connection.unregister("found")
    pools = side_pools(rules).select("leg", "dataset", "pool").unique()
    members = result.items.join(found.select("group_id", "leg"), on="group_id", how="inner")
    return groups, members.join(pools, on=["leg", "dataset"], how="inner")


def _moved(found: pl.DataFrame, items: Items, result: MatchResult) -> pl.DataFrame:
    """What moved in matches whose items cancel each other out, as transfers and returns do, in the currency of the match."""
    cancelled = found.filter(pl.col("right_total") == 0).select("group_id", "currency")
    currencies = pl.concat(
        frame.select(pl.lit(name).alias("dataset"), "item_id", "currency") for name, frame in items.items()
    )
    members = result.items.join(cancelled, on="group_id").join(currencies, on=["dataset", "item_id", "currency"])
    amount = pl.col("applied_amount").cast(pl.Decimal(38, 5))
    into, out = amount.filter(amount > 0).sum(), amount.filter(amount < 0).sum().abs()
    return members.group_by("group_id").agg(moved=pl.max_horizontal(into, out))


def _changes(name: str, groups: pl.DataFrame, members: pl.DataFrame, new: MatchResult) -> pl.DataFrame:
    named = (
        members.join(groups.select("group_id"), on="group_id", how="semi")
        .sort("dataset", "item_id")
        .group_by("group_id")
        .agg(pl.format("{}:{}", "dataset", "item_id").unique(maintain_order=True).str.join("; ").alias("items"))
    )
    undecided = new.items.join(
        new.groups.filter(pl.col("status") != "matched").select("group_id", "status"), on="group_id"
    )
    now = (
        members.join(groups.select("group_id"), on="group_id", how="semi")
        .join(undecided.select("dataset", "item_id", "status"), on=["dataset", "item_id"], how="inner")
        .group_by("group_id")
        .agg(pl.col("status").max().alias("now"))
    )
    told = groups.join(named, on="group_id", how="left").join(now, on="group_id", how="left")
    return told.with_columns(
        pl.lit(name).alias("change"),
        pl.when(pl.lit(name) == "lost").then(pl.col("now").fill_null("open")).alias("now"),
    ).select(list(CHANGE)).cast(CHANGE)  # type: ignore[arg-type]  # fmt: skip
