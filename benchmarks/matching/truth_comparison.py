"""Compares match results with a scale data set's truth: edges, groups, bank lines.

An *edge* is a pair of items in one group. A group of one item against many has one edge for each of the many; in a
group of many against many a pair counts where the truth has it, and a member without a true partner there is false.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from simulation.scale_kinds import KINDS, RECEIPT

LUMP_SUMS = ("lump_no_reference", "lump_debit")
_PAIR = ["left", "right"]


@dataclass(frozen=True)
class Truth:
    """The truth beside a data set: pairs that belong together (both orders), and what each bank line is."""

    pairs: pl.DataFrame  # left, right: "dataset/item_id", both orders
    lines: pl.DataFrame  # item, kind, expected, decidable
    payments: pl.DataFrame  # item, kind, decidable

    @classmethod
    def read(cls, directory: Path) -> Truth:
        """Read the truth that `simulation.scale.write_scale` wrote beside a data set."""
        edges = pl.read_parquet(directory / "truth/edges.parquet")
        named = edges.select(
            left=pl.col("left_dataset") + pl.lit("/") + pl.col("left_id"),
            right=pl.col("right_dataset") + pl.lit("/") + pl.col("right_id"),
        )
        both = pl.concat([named, named.select(left="right", right="left")]).unique()
        frames = []
        for name, dataset in (("bank_lines", "bank_lines"), ("payments", "payments")):
            rows = pl.read_parquet(directory / f"truth/{name}.parquet")
            frames.append(rows.with_columns(item=pl.lit(f"{dataset}/") + pl.col("item_id")).drop("item_id"))
        return cls(both, *frames)


def receipts_only(truth: Truth) -> Truth:
    """The truth of customers' money alone: the lines by which they paid, and credits that nobody owed."""
    kinds = [kind.name for kind in KINDS if kind.side == RECEIPT] + ["noise_credit"]
    lines = truth.lines.filter(pl.col("kind").is_in(kinds))
    pairs = truth.pairs.filter(
        pl.any_horizontal(pl.col(side).is_in(lines["item"].implode()) for side in ("left", "right"))
    )
    return Truth(pairs, lines, truth.payments)


@dataclass(frozen=True)
class Score:
    """What a comparison found. Rates are between 0 and 1; nan where there is nothing to rate."""

    groups: pl.DataFrame  # group_id, status, leg, false members, kind: one row per group
    lines: pl.DataFrame  # item, kind, decidable, found, wrong, status: one row per bank line
    edge_precision: float
    group_precision: float
    line_precision: float
    line_recall: float


def members(groups: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """Return group_id, status, leg, item ("dataset/item_id") of each member."""
    return items.select("group_id", item=pl.col("dataset") + pl.lit("/") + pl.col("item_id"), dataset="dataset").join(
        groups.select("group_id", "status", "leg"), on="group_id"
    )


def edges_of(member: pl.DataFrame, truth: Truth) -> pl.DataFrame:
    """Return the pairs the groups claim: group_id, left, right, true. Datasets are sides; a lone one is both."""
    sizes = member.group_by("group_id").agg(
        datasets=pl.col("dataset").n_unique(), first=pl.col("dataset").min(), size=pl.len()
    )
    rows = member.join(sizes, on="group_id")
    one = rows.filter((pl.col("dataset") == pl.col("first")) | (pl.col("datasets") == 1))
    other = rows.filter((pl.col("dataset") != pl.col("first")) | (pl.col("datasets") == 1))
    left_counts = one.group_by("group_id").len("lefts")
    right_counts = other.group_by("group_id").len("rights")
    pairs = one.select("group_id", "datasets", left="item").join(other.select("group_id", right="item"), on="group_id")
    pairs = pairs.filter((pl.col("datasets") > 1) | (pl.col("left") < pl.col("right")))
    pairs = pairs.join(truth.pairs.with_columns(true=True), on=_PAIR, how="left").with_columns(
        pl.col("true").fill_null(False)
    )
    pairs = pairs.join(left_counts, on="group_id").join(right_counts, on="group_id")
    many = (pl.col("datasets") > 1) & (pl.col("lefts") > 1) & (pl.col("rights") > 1)
    linked = pairs.with_columns(
        left_true=pl.col("true").any().over("group_id", "left"),
        right_true=pl.col("true").any().over("group_id", "right"),
    )
    # many to many: a pair that is not in the truth is no claim as long as both its members have true partners
    return linked.filter(~many | pl.col("true") | ~pl.col("left_true") | ~pl.col("right_true")).select(
        "group_id", "left", "right", "true"
    )


def compare(groups: pl.DataFrame, items: pl.DataFrame, truth: Truth, status: tuple[str, ...] = ("matched",)) -> Score:
    """Compare the groups of some statuses with the truth.

    A bank line is *found* when the items grouped with it are exactly those the truth names, *wrong* when one of them is
    not in the truth.
    """
    chosen = groups.filter(pl.col("status").is_in(status))
    claimed = edges_of(members(chosen, items), truth)
    both = pl.concat([claimed.select("left", "right", "true"), claimed.select(left="right", right="left", true="true")])
    on_lines = both.filter(pl.col("left").str.starts_with("bank_lines/")).unique()
    per_line = on_lines.group_by(item="left").agg(
        right=pl.col("true").sum(), wrong=(~pl.col("true")).any(), claimed=pl.len()
    )
    expected = truth.pairs.group_by(item="left").len("pairs")
    lines = (
        truth.lines.join(expected, on="item", how="left")
        .join(per_line, on="item", how="left")
        .with_columns(pl.col("pairs", "right", "claimed").fill_null(0), pl.col("wrong").fill_null(False))
        .with_columns(found=(pl.col("pairs") > 0) & (pl.col("right") == pl.col("pairs")) & ~pl.col("wrong"))
    )
    kinds = claimed.select("group_id", item="left").vstack(claimed.select("group_id", item="right"))
    kinds = kinds.join(truth.lines.select("item", "kind"), on="item").group_by("group_id").agg(pl.col("kind").min())
    judged = claimed.group_by("group_id").agg(false=(~pl.col("true")).sum())
    per_group = chosen.select("group_id", "leg", "pass", "status", "confidence").join(judged, on="group_id", how="left")
    per_group = per_group.join(kinds, on="group_id", how="left")
    matched = lines.filter(pl.col("claimed") > 0)
    decidable = lines.filter(pl.col("decidable") & (pl.col("expected") == "matched"))
    return Score(
        groups=per_group,
        lines=lines,
        edge_precision=_mean(claimed["true"]),
        group_precision=_mean(per_group["false"].fill_null(0) == 0),
        line_precision=1 - _mean(matched["wrong"]),
        line_recall=_mean(decidable["found"]),
    )


def _mean(flags: pl.Series) -> float:
    value = flags.mean()
    return float(value) if isinstance(value, int | float) else float("nan")


def ambiguity(groups: pl.DataFrame, items: pl.DataFrame, truth: Truth) -> dict[str, float]:
    """Return how often `ambiguous` was right: of the lines in ambiguous groups the share that is not decidable, and of
    the lines that are not decidable the share that was left open rather than matched."""
    lines = members(groups, items).join(truth.lines, on="item")
    ambiguous = lines.filter(pl.col("status") == "ambiguous").select("item", "decidable").unique()
    guessed = lines.filter((pl.col("status") == "matched") & ~pl.col("decidable")).select("item").unique()
    undecidable = truth.lines.filter(~pl.col("decidable"))
    return {
        "lines in ambiguous groups": float(ambiguous.height),
        "truly undecidable": _mean(~ambiguous["decidable"]),
        "undecidable lines left open": 1 - guessed.height / max(undecidable.height, 1),
    }


def by_kind(matched: Score, any_status: Score) -> pl.DataFrame:
    """Return per kind of bank line: lines, decidable, found, and precision, of `matched` and of any proposed status."""
    rate = matched.lines.group_by("kind").agg(
        lines=pl.len(),
        decidable=pl.col("decidable").sum(),
        recall=pl.col("found").filter(pl.col("decidable")).mean(),
        wrong=pl.col("wrong").sum(),
        precision=1 - pl.col("wrong").filter(pl.col("claimed") > 0).mean(),
    )
    more = any_status.lines.group_by("kind").agg(
        recall_with_suggested=pl.col("found").filter(pl.col("decidable")).mean(),
        wrong_with_suggested=pl.col("wrong").sum(),
    )
    return rate.join(more, on="kind").sort("kind")
