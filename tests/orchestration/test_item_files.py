"""Items as people have them: a CSV or a sheet is read as it is written, and what is not clear is asked about."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from orchestration.item_files import beside, scan_items, scan_rates
from reconciliation.matching import MatchingError

HEADER = "item_id,amount,currency,date,references,text"


def _csv(folder: Path, *rows: str, header: str = HEADER, encoding: str = "utf-8") -> Path:
    path = folder / "left.csv"
    path.write_bytes("\n".join([header, *rows]).encode(encoding))
    return path


def test_a_csv_is_read_as_texts_of_the_item_shape(tmp_path: Path) -> None:
    path = _csv(
        tmp_path, '007,-1234.50,EUR,2026-03-31,INV-1 | INV-2,"Müller, Köln"', " 8 ,+7,EUR,2026-03-31 00:00:00,, "
    )
    read = scan_items(path).collect()
    assert read["item_id"].to_list() == ["007", "8"]
    assert read["amount"].to_list() == ["-1234.50", "+7"]
    assert read["date"].to_list() == [date(2026, 3, 31)] * 2
    assert read["references"].to_list() == [["INV-1", "INV-2"], None]
    assert read["text"].to_list() == ["Müller, Köln", None]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_the_delimiter_is_told_by_the_header_and_a_mark_of_byte_order_is_no_part_of_a_name(
    tmp_path: Path, delimiter: str
) -> None:
    rows = [line.replace(",", delimiter) for line in (HEADER, "1,-5,EUR,2026-03-31,,Rent")]
    read = scan_items(_csv(tmp_path, rows[1], header=rows[0], encoding="utf-8-sig")).collect()
    assert read.columns == HEADER.split(",")
    assert read.row(0)[:2] == ("1", "-5")


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("2,1.234,50,EUR,2026-03-31,,", "not a CSV file"),  # a cell too many
        ("2,5,EUR,2026-03-31", "Expected 6 columns, got 4"),
        ('2,"1.234,50",EUR,2026-03-31,,', "record 2: amount is '1.234,50', expected a number such as -1234.56"),
        ("2,5-,EUR,2026-03-31,,", "record 2: amount is '5-'"),
        ("2,5,EUR,31.03.2026,,", "record 2: date is '31.03.2026', expected a day such as 2026-03-31"),
        ("2,5,EUR,2026-02-30,,", "record 2: date is '2026-02-30', expected a day of the calendar"),
        ("2,5,EUR,2026-03-31 14:05,,", "record 2: date is '2026-03-31 14:05'"),
    ],
)
def test_what_may_be_read_in_two_ways_is_told_with_its_record(tmp_path: Path, row: str, told: str) -> None:
    with pytest.raises(MatchingError) as error:
        scan_items(_csv(tmp_path, "1,-5,EUR,2026-03-31,,", row))
    assert told in str(error.value)
    assert "left.csv" in str(error.value)


def test_a_file_of_another_encoding_is_told(tmp_path: Path) -> None:
    with pytest.raises(MatchingError, match="not a CSV file in UTF-8"):
        scan_items(_csv(tmp_path, "1,-5,EUR,2026-03-31,,Müller", encoding="latin-1"))


def test_a_sheet_is_read_as_its_cells_show(tmp_path: Path) -> None:
    path = tmp_path / "left.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["item_id", "amount", "currency", "date", "text"])
        sheet.write_row(1, 0, [4711, -0.1, "EUR"])
        sheet.write_datetime(1, 3, datetime(2026, 3, 31), book.add_format({"num_format": "yyyy-mm-dd"}))  # noqa: DTZ001
        sheet.write_row(2, 0, ["A1", 20, "EUR", "2026-04-01", "Rent"])
    read = scan_items(path).collect()
    assert read.rows() == [
        ("4711", "-0.1", "EUR", date(2026, 3, 31), None),
        ("A1", "20", "EUR", date(2026, 4, 1), "Rent"),
    ]
    path.write_bytes(b"no workbook")
    with pytest.raises(MatchingError, match=r"left.xlsx: the file is not a readable XLSX workbook"):
        scan_items(path)


def test_a_column_without_a_name_moves_no_other(tmp_path: Path) -> None:
    path = tmp_path / "left.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["item_id", "", "text"])
        sheet.write_row(1, 0, ["A1", "seen by the auditor", "Rent", "beside the list"])
    assert scan_items(path).select("item_id", "text").collect().rows() == [("A1", "Rent")]


def test_a_name_that_two_columns_bear_is_told(tmp_path: Path) -> None:
    sheet = tmp_path / "left.xlsx"
    with xlsxwriter.Workbook(str(sheet)) as book:
        book.add_worksheet().write_row(0, 0, ["item_id", "text", "text "])
    for path in (sheet, _csv(tmp_path, "A1,Rent,March", header="item_id,text, text")):
        with pytest.raises(MatchingError, match="found text twice in the header"):
            scan_items(path)


def test_rates_come_as_csv_too(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text("valid_from,base_currency,quote_currency,rate\n2026-03-31,EUR,USD,1.25\n")
    assert scan_rates(path).collect().row(0) == (date(2026, 3, 31), "EUR", "USD", "1.25")
    path.write_text('valid_from,base_currency,quote_currency,rate\n2026-03-31,EUR,USD,"1,25"\n')
    with pytest.raises(MatchingError, match="rate is '1,25'"):
        scan_rates(path)


def test_of_a_dataset_there_is_one_file(tmp_path: Path) -> None:
    pl.DataFrame({"item_id": ["1"]}).write_parquet(tmp_path / "left.parquet")
    (tmp_path / "right.csv").touch()
    (tmp_path / "readme.txt").touch()
    (tmp_path / "~$right.xlsx").touch()  # left by Excel beside a file that is open
    assert {name: path.name for name, path in beside(tmp_path).items()} == {
        "left": "left.parquet",
        "right": "right.csv",
    }
    (tmp_path / "right.xlsx").touch()
    with pytest.raises(MatchingError, match=r"found right.csv and right.xlsx; expected one file of a name"):
        beside(tmp_path)
