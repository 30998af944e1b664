"""What was decided, as the tables of the contract: groups, their items, what stayed open and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.contracts import MATCH_GROUP, MATCH_ITEM, UNMATCHED
from reconciliation.matching.context import LegContext, Rows
from reconciliation.matching.encoding import Codes, Ints
from reconciliation.matching.explanation import group_explanations, pair_explanations
from reconciliation.matching.group_ids import STATUSES, group_ids, member_words
from reconciliation.matching.proposals import DIFFERENCE_KINDS
from reconciliation.matching.stable_hash import Words, text_hash
from reconciliation.matching.taken import Taken

#: Groups that hold no longer, and why.
RELEASED = {"group_id": pl.String(), "reason": pl.String()}


@dataclass(frozen=True)
class MatchResult:
    """The outcome of one leg or of all: frames of the shapes MATCH_GROUP, MATCH_ITEM and UNMATCHED, the figures of the run,
    and the standing matches of later legs that gave way (RELEASED; `precedence`)."""

    groups: pl.DataFrame
    items: pl.DataFrame
    unmatched: pl.DataFrame
    summary: Mapping[str, object] = field(default_factory=dict)
    gave_way: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=RELEASED))


class _Together(NamedTuple):
    """All that a leg took, in frames of `Taken` with `taken`, the index of its pass's name; evidence and proposals are
    numbered over all."""

    passes: pl.Series
    evidence: list[str]
    pairs: pl.DataFrame
    groups: pl.DataFrame
    members: pl.DataFrame


def _together(taken: Sequence[Taken]) -> _Together:
    evidence: list[str] = []
    proposals = 0
    pairs, groups, members = ([pl.DataFrame()] for _ in range(3))
    for place, each in enumerate(taken):
        marks = [
            pl.col("evidence").cast(pl.UInt32) + len(evidence),
            pl.lit(place, pl.UInt32).alias("taken"),
        ]
        renumbered = pl.col("proposal") + pl.lit(proposals, pl.UInt32)
        if not each.pairs.is_empty():
            pairs.append(each.pairs.with_columns(marks))
        if not each.groups.is_empty():
            groups.append(each.groups.with_columns(*marks, renumbered))
            members.append(each.members.with_columns(renumbered))
            proposals += int(str(each.groups["proposal"].max())) + 1
        evidence.extend(each.evidence)
    names = pl.Series([each.pass_name for each in taken], dtype=pl.String)
    return _Together(names, evidence, *(pl.concat(frames, how="diagonal") for frames in (pairs, groups, members)))


class LegTables:
    """Builds a leg's tables from what its passes took."""

    def __init__(self, context: LegContext, rules_version: str) -> None:
        self._context = context
        self._version = rules_version
        self._currencies = text_hash(pl.Series(list(context.encoding.currencies), dtype=pl.String), 5)

    def build(self, taken: Sequence[Taken], unmatched: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """Groups, items and unmatched. `unmatched` has side, row, open, reason, candidates (list of ids)."""
        groups, items = [_shaped({}, MATCH_GROUP)], [_shaped({}, MATCH_ITEM)]
        every = _together(taken)
        for made in (self._pairs(every), self._groups(every)):
            if made is not None:
                groups.append(made[0])
                items.append(made[1])
        return pl.concat(groups), pl.concat(items), unmatched_table(self._context, unmatched)

    def _words(self, side: int, rows: Rows, applied: Ints) -> tuple[Words, Words]:
        """The words of members, by which their group is known."""
        data = self._context.sides[side].dataset
        currency = data.currency[rows]
        scaled = self._scaled(data.amount[rows], currency), self._scaled(applied, currency)
        return member_words(data.name, self._currencies[currency], data.id_words(rows), *scaled)

    def _scaled(self, minor: Ints, currency: Codes) -> Ints:
        factors = np.asarray([10 ** (5 - exponent) for exponent in self._context.encoding.exponents], dtype=np.int64)
        with np.errstate(over="ignore"):
            return np.multiply(minor, factors[currency], dtype=np.int64)

    def _pairs(self, taken: _Together) -> tuple[pl.DataFrame, pl.DataFrame] | None:
        pairs = taken.pairs
        if pairs.is_empty():
            return None
        left, right = pairs["left"].to_numpy(), pairs["right"].to_numpy()
        applied = pairs["left_applied"].to_numpy(), pairs["right_applied"].to_numpy()
        status = pairs["status"].to_numpy()
        one, two = self._words(0, left, applied[0]), self._words(1, right, applied[1])
        with np.errstate(over="ignore"):
            group_id = group_ids(self._context.leg.name, (one[0] + two[0], one[1] + two[1]), status)
        encoding = self._context.encoding
        currency = self._context.left.dataset.currency[left]
        of_right = self._context.right.dataset.currency[right]
        left_amount, right_amount = encoding.amounts(applied[0], currency), encoding.amounts(applied[1], of_right)
        # of another currency: what it was worth in the left one's, with which the group balances
        valued = pairs["valued"].fill_null(pairs["right_applied"]) if "valued" in pairs.columns else None
        worth = right_amount if valued is None else encoding.amounts(valued.to_numpy(), currency)
        if self._context.leg.offsets:
            left_total, right_total = left_amount + worth, encoding.amounts(np.zeros_like(applied[1]), of_right)
        else:
            left_total, right_total = left_amount, worth
        groups = _shaped(
            {
                "group_id": group_id,
                "status": _named(status, STATUSES),
                "cardinality": pl.lit("1:1"),
                "currency": _named(currency, encoding.currencies),
                "left_total": left_total,
                "right_total": right_total,
                "difference": left_total - right_total,
                "difference_kind": _named(pairs["difference_kind"].to_numpy(), DIFFERENCE_KINDS),
                "confidence": pairs["confidence"],
                "margin": pairs["margin"],
                "explanation": pair_explanations(self._context, pairs, taken.evidence),
                "pass": taken.passes.gather(pairs["taken"]),
                **self._constants(),
            },
            MATCH_GROUP,
        )
        items = [
            _shaped(
                {
                    "group_id": group_id,
                    "dataset": pl.lit(self._context.sides[side].dataset.name),
                    "item_id": self._context.sides[side].dataset.item_ids(rows),
                    "applied_amount": amount,
                },
                MATCH_ITEM,
            )
            for side, rows, amount in ((0, left, left_amount), (1, right, right_amount))
        ]
        return groups, pl.concat(items)

    def _groups(self, taken: _Together) -> tuple[pl.DataFrame, pl.DataFrame] | None:
        if taken.groups.is_empty():
            return None
        groups = taken.groups.sort("proposal")
        members = taken.members.join(
            groups.select("proposal", "status").with_row_index("group"), on="proposal", how="inner"
        ).sort("group", "side", "row")
        group = members["group"].to_numpy()
        first = np.flatnonzero(np.diff(group, prepend=-1))  # members stand together, each group has some
        words = np.zeros((2, members.height), dtype=np.uint64)
        side, rows = members["side"].to_numpy(), members["row"].to_numpy()
        applied = members["applied"].to_numpy()
        currency = np.zeros(members.height, dtype=np.uint32)
        places, ids = [np.zeros(0, dtype=np.int64)], [pl.Series(dtype=pl.String)]
        for number, view in enumerate(self._context.sides):
            mine = side == number
            if not mine.any():
                continue
            words[:, mine] = self._words(number, rows[mine], applied[mine])
            currency[mine] = view.dataset.currency[rows[mine]]
            places.append(np.flatnonzero(mine))
            ids.append(view.dataset.item_ids(rows[mine]).alias(""))
        encoding = self._context.encoding
        with np.errstate(over="ignore"):
            one, two = np.add.reduceat(words, first, axis=1)
        group_id = group_ids(self._context.leg.name, (one, two), groups["status"].to_numpy())
        members = members.with_columns(
            encoding.amounts(applied, currency).alias("amount"),
            pl.Series("code", currency),
            pl.concat(ids).gather(np.argsort(np.concatenate(places))).alias("item_id"),
            group_id.gather(group).alias("group_id"),
        )
        at_left = pl.lit(True) if self._context.leg.offsets else pl.col("side") == 0
        totals = (
            members.group_by("group", maintain_order=True)
            .agg(
                pl.col("amount").filter(at_left).sum().alias("left_total"),
                pl.col("amount").filter(~at_left).sum().alias("right_total"),
                (pl.col("side") == 0).sum().alias("lefts"),
                (pl.col("side") == 1).sum().alias("rights"),
                pl.col("code").first(),
            )
            .sort("group")
        )
        cardinality = (
            pl.when((pl.col("lefts") <= 1) & (pl.col("rights") <= 1))
            .then(pl.lit("1:1"))
            .when(pl.col("lefts") <= 1)
            .then(pl.lit("1:N"))
            .when(pl.col("rights") <= 1)
            .then(pl.lit("N:1"))
            .otherwise(pl.lit("N:M"))
        )
        shaped = _shaped(
            {
                "group_id": group_id,
                "status": _named(groups["status"].to_numpy(), STATUSES),
                "cardinality": totals.select(cardinality).to_series(),
                "currency": _named(totals["code"].to_numpy(), encoding.currencies),
                "left_total": totals["left_total"],
                "right_total": totals["right_total"],
                "difference": totals["left_total"] - totals["right_total"],
                "difference_kind": _named(groups["difference_kind"].to_numpy(), DIFFERENCE_KINDS),
                "confidence": groups["confidence"],
                "margin": groups["margin"],
                "explanation": group_explanations(self._context, groups, totals, taken.evidence),
                "pass": taken.passes.gather(groups["taken"]),
                **self._constants(),
            },
            MATCH_GROUP,
        )
        dataset = _named(
            members["side"].to_numpy(), [self._context.left.dataset.name, self._context.right.dataset.name]
        )
        items = _shaped(
            {
                "group_id": members["group_id"],
                "dataset": dataset,
                "item_id": members["item_id"],
                "applied_amount": members["amount"],
            },
            MATCH_ITEM,
        )
        return shaped, items

    def _constants(self) -> dict[str, pl.Expr]:
        return {"leg": pl.lit(self._context.leg.name), "rules_version": pl.lit(self._version)}


def unmatched_table(context: LegContext, unmatched: pl.DataFrame) -> pl.DataFrame:
    """What a leg leaves open, of the shape UNMATCHED; `unmatched` as `leftovers.unmatched_rows` gives it."""
    parts = [_shaped({}, UNMATCHED)]
    for number, view in enumerate(context.sides):
        own = unmatched.filter(pl.col("side") == number)
        if own.is_empty():
            continue
        rows = own["row"].to_numpy()
        amounts = context.encoding.amounts(own["open"].to_numpy(), view.dataset.currency[rows])
        too_large = np.isin(rows, view.dataset.too_large)
        if too_large.any():
            given = view.dataset.read(["amount"])["amount"].gather(rows)
            amounts = pl.select(pl.when(pl.Series(too_large)).then(given).otherwise(amounts)).to_series()
        parts.append(
            _shaped(
                {
                    "leg": pl.lit(context.leg.name),
                    "dataset": pl.lit(view.dataset.name),
                    "item_id": view.dataset.item_ids(rows),
                    "open_amount": amounts,
                    "reason": own["reason"],
                    "best_candidates": own["candidates"],
                },
                UNMATCHED,
            )
        )
    return pl.concat(parts)


def _named(index: npt.NDArray[np.generic], names: Sequence[str]) -> pl.Series:
    return pl.Series(list(names), dtype=pl.String)[index]


def _shaped(columns: Mapping[str, pl.Series | pl.Expr], shape: Mapping[str, pl.DataType]) -> pl.DataFrame:
    if not columns:
        return pl.DataFrame(schema=dict(shape))
    series = {name: value for name, value in columns.items() if isinstance(value, pl.Series)}
    literals = {name: value for name, value in columns.items() if isinstance(value, pl.Expr)}
    return pl.DataFrame(series).select(
        literals.get(name, pl.col(name)).cast(kind).alias(name) for name, kind in shape.items()
    )
