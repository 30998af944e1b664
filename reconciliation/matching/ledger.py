"""The match ledger over time: what is carried forward, what is released, what a run adds and supersedes. Nothing is
deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import polars as pl

from reconciliation.contracts import MATCH_GROUP, MATCH_ITEM
from reconciliation.matching.group_ids import DIGITS, STATUSES, group_ids, member_words
from reconciliation.matching.item_frames import item_frame
from reconciliation.matching.known_groups import Ledger
from reconciliation.matching.results import RELEASED, MatchResult
from reconciliation.matching.rules import Rules
from reconciliation.matching.stable_hash import id_words, text_hash
from reconciliation.matching.state import DECIDED

_OWN = rf"^[0-9a-f]{{{DIGITS}}}$"  # an id that is a fingerprint


class LedgerChange(NamedTuple):
    """What a run changes: rows to append, and group ids that are superseded with the group or the reason that did
    it."""

    groups: pl.DataFrame
    items: pl.DataFrame
    superseded: Mapping[str, str]


def carry_forward(
    ledger: Ledger, items: Mapping[str, pl.LazyFrame | pl.DataFrame], rules: Rules | None = None
) -> tuple[Ledger, pl.DataFrame]:
    """The groups that still stand on the items as they are now, and the others with the reason (`group_id`,
    `reason`).

    `items` holds every dataset whole. A group is released when one of its items is no longer there, or its amount or
    currency has changed since the group was made, or it is now of a kind that takes no part in the leg by the `rules`: a payment
    that came back settles nothing. Its other items are then open again. What people matched stands whatever the kind.
    """
    if ledger.groups.is_empty():
        return ledger, pl.DataFrame(schema=RELEASED)
    # groups go by number: their ids are long
    groups = ledger.groups.select("group_id", "leg", "pass", "status", key=pl.int_range(pl.len(), dtype=pl.UInt32))
    members = with_current(ledger.items.join(groups, on="group_id", how="inner").drop("group_id"), items)
    missing = members.filter(pl.col("amount").is_null()).sort("key", "dataset", "item_id")
    gone = missing.group_by("key", maintain_order=True).agg(
        pl.format("{} {} is no longer there", "dataset", "item_id").first().alias("reason")
    )
    gone = pl.concat([gone, _of_other_kind(members, rules).join(gone, on="key", how="anti")])
    complete = members if gone.is_empty() else members.join(gone, on="key", how="anti")
    again = fingerprints(complete).rename({"group_id": "again"}).join(groups.select("key", "group_id"), on="key")
    # an id of another make carries no fingerprint: such a group stands as long as its items are there
    other = again.filter(pl.col("again") != pl.col("group_id"), pl.col("group_id").str.contains(_OWN))
    changed = other.select("key", reason=pl.lit("the amount or currency of an item has changed"))
    told = groups.select("key", "group_id").join(pl.concat([gone, changed]), on="key")
    released = told.select(list(RELEASED)).sort("group_id")
    if released.is_empty():
        return ledger, released
    kept = Ledger(
        ledger.groups.join(released, on="group_id", how="anti"), ledger.items.join(released, on="group_id", how="anti")
    )
    return kept, released


def with_current(members: pl.DataFrame, items: Mapping[str, pl.LazyFrame | pl.DataFrame]) -> pl.DataFrame:
    """Members (`dataset`, `item_id` and more) with the `amount` (DECIMAL(38,5)), `currency` and `kind` of their items as the
    datasets have them now; null where an item is not there."""
    nothing = [
        pl.lit(None, dtype=kind).alias(name)
        for name, kind in (("amount", pl.Decimal(38, 5)), ("currency", pl.String()), ("kind", pl.String()))
    ]
    parts = [members.clear().with_columns(nothing)]
    for (dataset,), part in members.group_by(["dataset"]):
        if str(dataset) in items:
            shaped, _ = item_frame(items[str(dataset)], str(dataset))
            current = shaped.select("item_id", "amount", "currency", "kind")
            parts.append(part.lazy().join(current, on="item_id", how="left").select(parts[0].columns).collect())
        else:
            parts.append(part.with_columns(nothing))
    return pl.concat(parts)


def _of_other_kind(members: pl.DataFrame, rules: Rules | None) -> pl.DataFrame:
    """`key`, `reason` of the groups with an item of a kind that takes no part in their leg; members as `with_current` gives
    them."""
    parts = [pl.DataFrame(schema={"key": pl.UInt32, "reason": pl.String})]
    kind = pl.col("kind").fill_null("thing of no kind")
    reason = pl.format("{} {} is a {} by now", "dataset", "item_id", kind)
    for leg in () if rules is None else rules.legs:
        for side in leg.sides:
            if side.takes is not None:
                own = (pl.col("leg") == leg.name) & (pl.col("dataset") == side.dataset) & (pl.col("pass") != DECIDED)
                parts.append(members.filter(own, ~side.takes).select("key", reason=reason))
    return pl.concat(parts).group_by("key").agg(pl.col("reason").min())


def fingerprints(members: pl.DataFrame) -> pl.DataFrame:
    """The group id (`group_id`) of each `key`: what its members are, with their amounts and what is applied of them.

    `members`: key, leg, status, dataset, item_id, currency, amount, applied_amount; a key has one leg and one status.
    """
    made = [members.select("key", group_id=pl.lit("")).clear()]
    for (leg,), of_leg in members.group_by(["leg"]):
        numbered = of_leg.with_columns(pl.col("key").rank("dense").alias("group") - 1)
        words = np.zeros((2, numbered["group"].n_unique()), dtype=np.uint64)
        for (dataset,), part in numbered.group_by(["dataset"]):
            own = member_words(
                str(dataset),
                text_hash(part["currency"], 5),
                id_words(part["item_id"]),
                scaled_amounts(part["amount"]),
                scaled_amounts(part["applied_amount"].cast(pl.Decimal(38, 5))),
            )
            place = part["group"].to_numpy()
            with np.errstate(over="ignore"):
                np.add.at(words[0], place, own[0])
                np.add.at(words[1], place, own[1])
        keys = numbered.select("group", "key", "status").unique("group").sort("group")
        code = keys["status"].replace_strict(list(STATUSES), range(len(STATUSES)), return_dtype=pl.UInt8)
        ids = group_ids(str(leg), (words[0], words[1]), code.to_numpy())
        made.append(keys.select("key", group_id=ids))
    return pl.concat(made)


def scaled_amounts(amounts: pl.Series) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Hundred-thousandths of a unit, modulo 2^64."""
    wide = amounts.to_physical()
    if not len(wide):
        return np.zeros(0, dtype=np.int64)
    low = pl.select(wide % pl.lit(1 << 64, dtype=pl.Int128)).to_series()
    return (
        pl.select(pl.when(low < 0).then(low + pl.lit(1 << 64, dtype=pl.Int128)).otherwise(low))
        .to_series()
        .cast(pl.UInt64)
        .to_numpy()
        .view(np.int64)
    )


def new_ledger(previous_active: Ledger, released: pl.DataFrame, result: MatchResult) -> LedgerChange:
    """What a run's result changes in the ledger.

    Groups of the result that are not active yet are appended. Superseded are the `released` groups, the matches of later
    legs that gave way to a match of a leg that ran, and of the legs that ran every automatic suggestion and tie that
    this run did not find again, by the group that now holds one of its items or because nothing was found any more. Any
    other matched group still stands.
    """
    superseded: dict[str, str] = dict(released.select("group_id", "reason").iter_rows())
    gave_way = result.gave_way.join(previous_active.groups, on="group_id", how="semi")
    superseded |= dict(gave_way.select("group_id", "reason").iter_rows())
    legs = result.summary.get("legs", {})
    assert isinstance(legs, Mapping)  # noqa: S101 - the engine's own summary
    active = previous_active.groups
    revisable = active.filter(
        pl.col("leg").is_in(list(legs)), pl.col("status") != "matched", pl.col("pass") != DECIDED
    ).filter(~pl.col("group_id").is_in(list(superseded)))
    lost = revisable.join(result.groups, on="group_id", how="anti").select("group_id")
    if not lost.is_empty():
        heirs = (
            previous_active.items.join(lost, on="group_id", how="semi")
            .join(result.items.select("dataset", "item_id", heir="group_id"), on=["dataset", "item_id"], how="left")
            .group_by("group_id")
            .agg(pl.col("heir").drop_nulls().min())
        )
        named = lost.join(heirs, on="group_id", how="left").sort("group_id")
        superseded.update(named.select("group_id", pl.col("heir").fill_null("no longer found")).iter_rows())
    standing = active.filter(~pl.col("group_id").is_in(list(superseded))).select("group_id")
    groups = result.groups.join(standing, on="group_id", how="anti").sort("leg", "group_id")
    items = result.items.join(groups.select("group_id"), on="group_id", how="semi")
    return LedgerChange(
        groups.select(list(MATCH_GROUP)),
        items.select(list(MATCH_ITEM)).sort("group_id", "dataset", "item_id"),
        superseded,
    )
