"""The yardstick itself: a perfect result scores one, a wrong pair and a missing one each cost what they should."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from benchmarks.matching.truth_comparison import Truth, ambiguity, compare
from simulation.scale import write_scale


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("scale")
    write_scale(out, 1_500, seed=2, hard=True)
    return out


def perfect(data: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The truth as match groups: one per left item and right dataset."""
    edges = pl.read_parquet(data / "truth/edges.parquet").with_columns(
        group_id=pl.col("left_id") + pl.lit("-") + pl.col("right_dataset")
    )
    groups = edges.select("group_id", leg="kind").unique("group_id", maintain_order=True)
    groups = groups.with_columns(pl.lit("p").alias("pass"), status=pl.lit("matched"), confidence=pl.lit(1.0))
    left = edges.select("group_id", dataset="left_dataset", item_id="left_id").unique(maintain_order=True)
    return groups, pl.concat([left, edges.select("group_id", dataset="right_dataset", item_id="right_id")])


def test_the_truth_scores_one(data: Path) -> None:
    score = compare(*perfect(data), Truth.read(data))
    assert score.edge_precision == score.group_precision == score.line_precision == score.line_recall == 1


def test_a_wrong_partner_costs_its_line_precision_and_recall(data: Path) -> None:
    groups, items = perfect(data)
    truth = Truth.read(data)
    cash = items.filter(pl.col("dataset") == "payments", pl.col("group_id").str.ends_with("-payments"))
    single = cash.filter(pl.len().over("group_id") == 1).join(
        pl.read_parquet(data / "truth/bank_lines.parquet")
        .filter(pl.col("kind") == "exact")
        .select(group_id=pl.col("item_id") + pl.lit("-payments")),
        on="group_id",
    )
    one, two = single["group_id"][0], single["group_id"][1]
    swap = {single["item_id"][0]: single["item_id"][1], single["item_id"][1]: single["item_id"][0]}
    swapped = items.with_columns(
        item_id=pl.when(pl.col("group_id").is_in([one, two])).then(pl.col("item_id").replace(swap)).otherwise("item_id")
    )
    score = compare(groups, swapped, truth)
    assert score.lines["wrong"].sum() == 2
    assert score.groups.filter(pl.col("false") > 0)["group_id"].sort().to_list() == sorted([one, two])
    decidable = truth.lines.filter(pl.col("decidable") & (pl.col("expected") == "matched")).height
    assert score.line_recall == pytest.approx(1 - 2 / decidable)


def test_a_missing_batch_member_is_not_found_but_not_wrong(data: Path) -> None:
    groups, items = perfect(data)
    batches = pl.read_parquet(data / "truth/bank_lines.parquet").filter(pl.col("kind") == "batch")
    group = batches["item_id"][0] + "-payments"
    member = items.filter((pl.col("group_id") == group) & (pl.col("dataset") == "payments"))["item_id"][0]
    score = compare(
        groups, items.filter((pl.col("group_id") != group) | (pl.col("item_id") != member)), Truth.read(data)
    )
    line = score.lines.filter(pl.col("item") == f"bank_lines/{batches['item_id'][0]}").row(0, named=True)
    assert not line["found"]
    assert not line["wrong"]
    assert score.line_precision == 1


def test_suggested_groups_count_only_where_asked(data: Path) -> None:
    groups, items = perfect(data)
    suggested = groups.with_columns(status=pl.lit("suggested"))
    assert compare(suggested, items, Truth.read(data)).line_recall == 0
    assert compare(suggested, items, Truth.read(data), ("matched", "suggested")).line_recall == 1


def test_ambiguous_is_honest_only_for_what_cannot_be_told(data: Path) -> None:
    groups, items = perfect(data)
    truth = Truth.read(data)
    undecidable = truth.lines.filter(~pl.col("decidable"))["item"].str.strip_prefix("bank_lines/")
    of_twins = pl.col("group_id").str.extract(r"^(BL\d+)").is_in(undecidable.implode())
    honest = groups.with_columns(status=pl.when(of_twins).then(pl.lit("ambiguous")).otherwise(pl.lit("matched")))
    assert ambiguity(honest, items, truth)["truly undecidable"] == 1
    assert ambiguity(honest, items, truth)["undecidable lines left open"] == 1
    assert ambiguity(groups, items, truth)["undecidable lines left open"] == 0
