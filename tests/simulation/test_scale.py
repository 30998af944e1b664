"""The scale generator: sizes, shapes, truth that balances, and nothing of the truth in the items."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from reconciliation.contracts import ITEM, ITEM_REQUIRED, LINK
from simulation import scale
from simulation.scale import ScaleSummary, write_scale
from simulation.scale_kinds import KINDS, ScaleProfile
from simulation.scale_parties import CURRENCIES, DECIMALS

DATASETS = ("bank_lines", "payments", "open_items")


@pytest.fixture(scope="module")
def hard(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ScaleSummary]:
    out = tmp_path_factory.mktemp("scale")
    return out, write_scale(out, 6_000, seed=11, hard=True)


def frame(out: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(out / f"{name}.parquet")


@pytest.mark.parametrize("lines", [1, 7, 100, 2_500])
def test_has_exactly_the_lines_asked_for(tmp_path: Path, lines: int) -> None:
    summary = write_scale(tmp_path, lines, seed=3)
    assert summary.bank_lines == lines
    assert frame(tmp_path, "bank_lines").height == lines
    assert frame(tmp_path, "truth/bank_lines").height == lines


def test_same_seed_same_rows_other_seed_other_rows(tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        write_scale(tmp_path / name, 800, seed=seed, hard=True)
    for name in (*DATASETS, "links", "truth/edges", "truth/bank_lines", "truth/payments"):
        assert frame(tmp_path / "a", name).equals(frame(tmp_path / "b", name))
        assert not frame(tmp_path / "a", name).equals(frame(tmp_path / "c", name))


def test_chunks_share_accounts_but_no_identifier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "CHUNK_LINES", 900)
    summary = write_scale(tmp_path, 2_000, seed=4)
    assert summary.bank_lines == 2_000
    for name in DATASETS:
        assert frame(tmp_path, name)["item_id"].is_unique().all()
    first, last = frame(tmp_path, "bank_lines").head(900), frame(tmp_path, "bank_lines").tail(200)
    assert set(last["account"]) <= set(first["account"])


@pytest.mark.parametrize("name", DATASETS)
def test_datasets_have_the_item_shape(hard: tuple[Path, ScaleSummary], name: str) -> None:
    items = frame(hard[0], name)
    assert items.schema.items() <= pl.Schema(ITEM).items()
    for column in ITEM_REQUIRED:
        assert items[column].null_count() == 0
    assert items["item_id"].is_unique().all()
    assert (items["amount"] != 0).all()


def test_links_have_the_link_shape(hard: tuple[Path, ScaleSummary]) -> None:
    assert frame(hard[0], "links").schema.items() <= pl.Schema(LINK).items()


@pytest.mark.parametrize("name", DATASETS)
def test_amounts_fit_the_decimals_of_their_currency(hard: tuple[Path, ScaleSummary], name: str) -> None:
    places = dict(zip(CURRENCIES, DECIMALS.tolist(), strict=True))
    for (currency,), items in frame(hard[0], name).group_by("currency"):
        assert (
            items["amount"]
            .cast(pl.Decimal(23, places[str(currency)]))
            .cast(items["amount"].dtype)
            .equals(items["amount"])
        )


def test_truth_names_existing_items_once(hard: tuple[Path, ScaleSummary]) -> None:
    edges = frame(hard[0], "truth/edges")
    for side in ("left", "right"):
        for (dataset,), part in edges.group_by(f"{side}_dataset"):
            assert set(part[f"{side}_id"]) <= set(frame(hard[0], str(dataset))["item_id"])
    assert edges.select("left_id", "right_id").is_unique().all()


def test_truth_of_bank_lines_balances(hard: tuple[Path, ScaleSummary]) -> None:
    out = hard[0]
    settled = frame(out, "truth/edges").group_by("left_id").agg(pl.col("amount").sum().alias("settled"))
    lines = frame(out, "bank_lines").join(frame(out, "truth/bank_lines"), on="item_id", suffix="_truth")
    found = lines.join(settled, left_on="item_id", right_on="left_id", how="inner")
    assert found.filter(pl.col("amount") != pl.col("settled") + pl.col("difference")).is_empty()
    assert found.filter((pl.col("difference") != 0) == (pl.col("difference_kind") == "none")).is_empty()


def test_no_item_is_settled_beyond_its_amount(hard: tuple[Path, ScaleSummary]) -> None:
    out = hard[0]
    returned = frame(out, "truth/payments").filter(pl.col("kind") == "returned")["item_id"]
    edges = frame(out, "truth/edges").filter(~pl.col("left_id").is_in(returned.implode()))
    applied = edges.filter(pl.col("right_dataset") == "open_items").group_by("right_id").agg(pl.col("amount").sum())
    items = frame(out, "open_items").join(applied, left_on="item_id", right_on="right_id", suffix="_applied")
    assert items.filter(pl.col("amount_applied").abs() > pl.col("amount").abs()).is_empty()
    assert items.height > 3_000


def test_payments_are_the_sum_of_their_documents(hard: tuple[Path, ScaleSummary]) -> None:
    out = hard[0]
    paid = frame(out, "truth/edges").filter(pl.col("kind") == "ledger").group_by("left_id").agg(pl.col("amount").sum())
    payments = frame(out, "payments").join(paid, left_on="item_id", right_on="left_id", suffix="_documents")
    assert payments.height == frame(out, "payments").height
    assert payments.filter(pl.col("amount") != pl.col("amount_documents")).is_empty()


def test_every_edge_stays_in_one_entity_account_and_currency(hard: tuple[Path, ScaleSummary]) -> None:
    out = hard[0]
    columns = [pl.col("item_id"), "entity", "currency", pl.col("date").alias("booked")]
    for (left, right), edges in frame(out, "truth/edges").group_by("left_dataset", "right_dataset"):
        pairs = edges.join(frame(out, str(left)).select(columns), left_on="left_id", right_on="item_id")
        pairs = pairs.join(
            frame(out, str(right)).select(columns), left_on="right_id", right_on="item_id", suffix="_right"
        )
        assert pairs.height == edges.height
        assert pairs.filter(
            (pl.col("entity") != pl.col("entity_right")) | (pl.col("currency") != pl.col("currency_right"))
        ).is_empty()


def test_every_kind_occurs_and_noise_has_no_counterpart(hard: tuple[Path, ScaleSummary]) -> None:
    out = hard[0]
    lines = frame(out, "truth/bank_lines")
    assert set(lines["kind"]) == {kind.name for kind in KINDS if kind.lines[1] > 0}
    noise = lines.filter(pl.col("expected") == "unmatched")["item_id"]
    edges = frame(out, "truth/edges")
    assert not set(noise) & (set(edges["left_id"]) | set(edges["right_id"]))
    explained = lines.filter(pl.col("expected") == "matched")["item_id"]
    assert set(explained) <= set(edges["left_id"]) | set(edges["right_id"])


def test_twins_are_not_decidable_and_referenced_lines_are(hard: tuple[Path, ScaleSummary]) -> None:
    rate = dict(frame(hard[0], "truth/bank_lines").group_by("kind").agg(pl.col("decidable").mean()).iter_rows())
    assert rate["payment_twins"] == rate["receipt_twins"] == 0
    assert rate["exact"] == rate["receipt"] == rate["invoice_mangled"] == 1
    assert rate["lump_no_reference"] > 0.5


def test_items_carry_nothing_of_the_truth(hard: tuple[Path, ScaleSummary]) -> None:
    out = hard[0]
    lines = frame(out, "bank_lines")
    assert set(lines["kind"]) == {"bank_line"}
    assert set(frame(out, "payments")["kind"]) == {"payment"}
    assert "counterparty_id" not in lines.columns  # a bank does not know our suppliers
    cash = frame(out, "truth/edges").filter(pl.col("kind") == "cash")
    numbers = cash.select(pl.col("left_id", "right_id").str.slice(2).cast(pl.Float64))
    assert abs(numbers.select(pl.corr("left_id", "right_id")).item()) < 0.1
    position = {item: row for row, item in enumerate(frame(out, "payments")["item_id"])}
    rows = cash.join(lines.select("item_id").with_row_index(), left_on="left_id", right_on="item_id")
    rows = rows.with_columns(other=pl.col("right_id").replace_strict(position, return_dtype=pl.Int64))
    assert abs(rows.select(pl.corr("index", "other")).item()) < 0.1


def test_rates_are_dials(tmp_path: Path) -> None:
    only_cheques = dict.fromkeys((kind.name for kind in KINDS), 0.0) | {"cheque": 1.0}
    write_scale(tmp_path, 400, seed=1, profile=ScaleProfile(exact=0.5, weights=only_cheques, countries={"JP": 1.0}))
    counts = dict(frame(tmp_path, "truth/bank_lines")["kind"].value_counts().iter_rows())
    assert counts == {"cheque": 200, "exact": 200}
    assert set(frame(tmp_path, "bank_lines")["entity"].str.head(2)) == {"JP"}


def test_refuses_what_it_cannot_make(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected 1 to"):
        write_scale(tmp_path, 0, seed=1)
    with pytest.raises(ValueError, match="unknown kinds of bank line"):
        write_scale(tmp_path, 10, seed=1, profile=ScaleProfile(weights={"chek": 0.1}))
    with pytest.raises(ValueError, match="expected 0 to 1"):
        write_scale(tmp_path, 10, seed=1, profile=ScaleProfile(exact=1.5))
