"""Files matched in parts of whole entities: what fits into memory at a time never changes what is sure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from orchestration.file_matching import match_files
from reconciliation.matching import MatchingError, preset
from tests.reconciliation.matching.engine.example_items import items

ENTITIES = ("DE01", "FR01", "US01")


def _company(folder: Path, entities: tuple[str | None, ...] = ENTITIES, twins: bool = False) -> dict[str, Path]:
    """Of each entity: an invoice, its payment and the bank line; and money moved from the first entity to the last."""
    lines: list[dict[str, object]] = []
    payments: list[dict[str, object]] = []
    invoices: list[dict[str, object]] = []
    for number, entity in enumerate(entities):
        own: dict[str, object] = {"entity": entity, "account": f"{entity}-EUR", "currency": "EUR"}
        for each in range(3):
            amount = -(1000 + 100 * number + each)
            name = "same" if twins and each == 0 else f"{number}-{each}"
            reference = [f"E2E-{number:03}-{each:05}"]
            lines.append(own | {"item_id": f"L{name}", "amount": amount, "references": reference})
            payments.append(own | {"item_id": f"P{number}-{each}", "amount": amount, "references": reference})
            invoices.append(own | {"item_id": f"I{number}-{each}", "amount": amount, "account": None})
    for entity, other, sign in ((entities[0], entities[-1], -1), (entities[-1], entities[0], 1)):
        lines.append(
            {
                "item_id": f"T{entity}", "amount": sign * 50_000, "currency": "EUR", "entity": entity,
                "account": f"{entity}-EUR", "counterparty_account": f"{other}-EUR", "kind": "transfer",
            }
        )  # fmt: skip
    files = {}
    for name, rows in (("bank_lines", lines), ("payments", payments), ("open_items", invoices)):
        files[name] = folder / f"{name}.parquet"
        items(*(row | {"date": date(2026, 3, 2)} for row in rows)).write_parquet(files[name])
    links = pl.DataFrame(
        {
            "left_dataset": "payments",
            "left_id": [row["item_id"] for row in payments],
            "right_dataset": "open_items",
            "right_id": [row["item_id"] for row in invoices],
        }
    )
    links.write_parquet(folder / "links.parquet")
    return files


def _matched(out: Path) -> pl.DataFrame:
    groups = pl.read_parquet(out / "match_group.parquet").filter(pl.col("status") == "matched")
    members = pl.read_parquet(out / "match_item.parquet").join(groups.select("group_id", "leg"), on="group_id")
    return members.sort("leg", "group_id", "dataset", "item_id")


def _side(summary: Mapping[str, Any], leg: str, side: str) -> object:
    return summary["legs"][leg][side]


@pytest.mark.parametrize("rows", [1, 12, 20])
def test_parts_of_any_size_find_what_one_run_finds(tmp_path: Path, rows: int) -> None:
    files = _company(tmp_path)
    whole = match_files(files, preset("payables"), tmp_path / "whole", links=tmp_path / "links.parquet")
    parts = match_files(files, preset("payables"), tmp_path / "parts", links=tmp_path / "links.parquet", rows=rows)
    assert _matched(tmp_path / "parts").equals(_matched(tmp_path / "whole"))
    assert _matched(tmp_path / "whole").height == 9 * 2 + 9 * 2 + 2
    for leg in ("bank_lines_payments", "payments_open_items", "own_transfers"):
        for side in ("left", "right"):
            assert _side(parts, leg, side) == _side(whole, leg, side)
    assert json.loads((tmp_path / "parts/summary.json").read_text()) == parts
    assert not list(tmp_path.rglob(".*"))


def test_a_transfer_between_entities_is_found_across_parts(tmp_path: Path) -> None:
    match_files(_company(tmp_path), preset("payables"), tmp_path / "out", rows=1)
    moved = _matched(tmp_path / "out").filter(pl.col("leg") == "own_transfers")
    assert moved["item_id"].to_list() == ["TDE01", "TUS01"]


def test_the_same_id_in_two_parts_is_an_error_that_leaves_no_result(tmp_path: Path) -> None:
    with pytest.raises(MatchingError, match="bank_lines: item_id not unique, found more than once: Lsame"):
        match_files(_company(tmp_path, twins=True), preset("payables"), tmp_path / "out", rows=1)
    assert not list(tmp_path.glob("*out*"))


@pytest.mark.parametrize("rows", [1, 1000])
def test_an_entity_that_is_a_number_is_refused_whatever_the_size(tmp_path: Path, rows: int) -> None:
    """A code that lost its leading zeros on the way would part items that belong together."""
    files = _company(tmp_path)
    pl.read_parquet(files["payments"]).with_columns(pl.lit(7).alias("entity")).write_parquet(files["payments"])
    with pytest.raises(MatchingError, match="payments: column entity is Int32, expected String"):
        match_files(files, preset("payables"), tmp_path / "out", rows=rows)
    assert not list(tmp_path.glob("*out*"))
