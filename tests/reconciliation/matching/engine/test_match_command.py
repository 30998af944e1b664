"""`tieout match` on files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from example_items import day, items
from openpyxl.worksheet.worksheet import Worksheet

from orchestration.cli import main

LEFT = items({"item_id": "B1", "amount": -5, "references": ["R1"]}, {"item_id": "B2", "amount": -9})
RIGHT = items({"item_id": "P1", "amount": -5, "references": ["R1"]})


def _run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["match", *map(str, arguments)])
    return int(ended.value.code or 0)


def test_two_files_are_matched_by_the_two_sided_preset(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    LEFT.write_parquet(tmp_path / "bank.parquet")
    RIGHT.write_parquet(tmp_path / "book.parquet")
    out = tmp_path / "out"
    assert _run("--left", tmp_path / "bank.parquet", "--right", tmp_path / "book.parquet", "--out", out) == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "match_group.parquet",
        "match_item.parquet",
        "summary.json",
        "unmatched.parquet",
    ]
    assert pl.read_parquet(out / "match_item.parquet")["item_id"].sort().to_list() == ["B1", "P1"]
    assert json.loads((out / "summary.json").read_text())["legs"]["two_sided"]["left"]["matched"] == 1
    told = capsys.readouterr().out.splitlines()
    assert "two_sided: left: 2 open, 1 matched (50.00%), 0 suggested, 0 ambiguous" in told
    assert len([line for line in told if line.startswith("left_reversals")]) == 1


def test_a_folder_with_the_three_datasets_is_matched_by_the_payables_preset(tmp_path: Path) -> None:
    for name, frame in (("bank_lines", LEFT), ("payments", RIGHT), ("open_items", RIGHT.clear())):
        frame.write_parquet(tmp_path / f"{name}.parquet")
    assert _run("--items", tmp_path, "--out", tmp_path / "out") == 0
    assert pl.read_parquet(tmp_path / "out" / "match_group.parquet")["leg"].to_list() == ["bank_lines_payments"]


def test_rates_beside_the_items_bring_two_currencies_together(tmp_path: Path) -> None:
    named = {"references": ["E2E-00001"]}
    line = items({"item_id": "B1", "amount": "-1002.50"} | named)
    payment = items({"item_id": "P1", "amount": "-1250.00", "currency": "USD"} | named)
    for name, frame in (("bank_lines", line), ("payments", payment), ("open_items", payment.clear())):
        frame.write_parquet(tmp_path / f"{name}.parquet")
    rate = {"valid_from": day(0), "base_currency": "EUR", "quote_currency": "USD", "rate": Decimal("1.25")}
    pl.DataFrame([rate]).write_parquet(tmp_path / "rates.parquet")
    assert _run("--items", tmp_path, "--out", tmp_path / "out") == 0
    assert pl.read_parquet(tmp_path / "out" / "match_group.parquet")["pass"].to_list() == ["cross_currency"]
    assert _run("--items", tmp_path, "--rates", tmp_path / "none.parquet", "--out", tmp_path / "out") == 2


def test_what_cannot_be_matched_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    LEFT.with_columns(colour=pl.lit(1)).write_parquet(tmp_path / "left.parquet")
    RIGHT.write_parquet(tmp_path / "right.parquet")
    assert _run("--items", tmp_path, "--out", tmp_path / "out") == 2
    assert "left: unknown column colour" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_two_csv_files_are_matched_and_shown_in_excel(tmp_path: Path) -> None:
    (tmp_path / "bank.csv").write_text(
        "item_id,amount,currency,date,references,text\n1,-5.10,EUR,2026-03-02,R1,=1+1\n2,-9,EUR,2026-03-02,,Rent\n"
    )
    (tmp_path / "book.csv").write_text("item_id;amount;currency;date;references\nP1;-5.1;EUR;2026-03-01;R1\n")
    out = tmp_path / "out"
    assert _run("--left", tmp_path / "bank.csv", "--right", tmp_path / "book.csv", "--out", out, "--excel") == 0
    book = openpyxl.load_workbook(out / "result.xlsx")
    assert book.sheetnames == ["To decide", "Open", "Matched"]
    matched = [dict(zip(*pair, strict=True)) for pair in _rows(book["Matched"])]
    assert [(each["group"], each["dataset"], each["item id"], each["amount"]) for each in matched] == [
        (1, "left", "1", -5.1),
        (1, "right", "P1", -5.1),
    ]
    assert matched[0]["text"] == "=1+1"  # as text, never a formula
    assert matched[0]["explanation"] and matched[1]["explanation"] is None  # once a group
    assert [each["confidence"] for each in matched] == [matched[0]["confidence"]] * 2  # a filter takes whole groups
    (unmatched,) = [dict(zip(*pair, strict=True)) for pair in _rows(book["Open"])]
    assert (unmatched["item id"], unmatched["text"], unmatched["reason"]) == ("2", "Rent", "no candidate")
    assert not list(_rows(book["To decide"]))


def test_the_sheet_of_what_is_open_shows_each_item_once_and_none_that_is_matched(tmp_path: Path) -> None:
    """Bank lines are looked at for returns too, by a leg of their own: what undoes nothing is not open for that."""
    lines = items(
        {"item_id": "paid", "amount": 5, "references": ["R1"]}, {"item_id": "open", "amount": 9, "text": "Danke"}
    )
    lines.write_parquet(tmp_path / "bank_lines.parquet")
    items({"item_id": "bill", "amount": 5, "references": ["R1"]}).write_parquet(tmp_path / "open_items.parquet")
    assert _run("--items", tmp_path, "--out", tmp_path / "out", "--excel") == 0
    book = openpyxl.load_workbook(tmp_path / "out" / "result.xlsx")
    shown = {
        name: [dict(zip(*pair, strict=True))["item id"] for pair in _rows(book[name])] for name in ("Open", "Matched")
    }
    assert shown == {"Open": ["open"], "Matched": ["paid", "bill"]}
    assert _run("--items", tmp_path, "--out", tmp_path / "out") == 0
    assert not (tmp_path / "out" / "result.xlsx").exists()  # that of the run before says nothing of this one


def test_what_only_a_leg_of_returns_looks_at_is_shown_as_open(tmp_path: Path) -> None:
    LEFT.write_parquet(tmp_path / "lines.parquet")
    side = "{dataset: lines, pool: p}"
    passes = "[{kind: offset, by: reference}]"
    rules = tmp_path / "rules.yml"
    rules.write_text(f"legs:\n  - {{name: undone, left: {side}, right: {side}, passes: {passes}}}\n")
    assert _run("--items", tmp_path, "--rules", rules, "--out", tmp_path / "out", "--excel") == 0
    book = openpyxl.load_workbook(tmp_path / "out" / "result.xlsx")
    assert {row[1] for _, row in _rows(book["Open"])} == {"B1", "B2"}


def _rows(sheet: Worksheet) -> Iterator[tuple[tuple[object, ...], tuple[object, ...]]]:
    """The header with each row."""
    header, *rows = sheet.iter_rows(values_only=True)
    return ((header, row) for row in rows)
