"""Items, links and rates as files: Parquet as it is, CSV and Excel sheets with every text taken for what its column holds.

Nothing is guessed: an amount has a point before its decimals and no other mark, a day is written 2026-03-31, several references of
an item stand between bars. What is written otherwise is an error that names file, record, column, what was found and what is
expected; files in a bank's or an ERP's own layout are declared as a source instead.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from reconciliation.contracts import ITEM, LINK, RATE
from reconciliation.matching import MatchingError

SUFFIXES = (".parquet", ".csv", ".xlsx")
_BETWEEN = "|"  # several references of one item
_DELIMITERS = ",;\t"
_NUMBER = r"^[+-]?[0-9]+(\.[0-9]+)?$"
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]00:00(:00(\.0+)?)?)?$"  # with a time where a program knows no day without one
_ISO_DAY = 10


def scan_items(path: Path) -> pl.LazyFrame:
    """The items of a file. Raises MatchingError where a text is not what its column holds; the shape itself is checked where items
    are matched."""
    return _scan(path, ITEM)


def scan_links(path: Path) -> pl.LazyFrame:
    """The known links of a file; raises MatchingError as `scan_items` does."""
    return _scan(path, LINK)


def scan_rates(path: Path) -> pl.LazyFrame:
    """The exchange rates of a file; raises MatchingError as `scan_items` does."""
    return _scan(path, RATE)


def beside(folder: Path) -> dict[str, Path]:
    """The files of a folder by name. Raises MatchingError where two of them have one name."""
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if not path.is_file() or path.name.startswith((".", "~$")) or path.suffix.lower() not in SUFFIXES:
            continue
        if path.stem in found:
            raise MatchingError(f"{folder}: found {found[path.stem].name} and {path.name}; expected one file of a name")
        found[path.stem] = path
    return found


def _scan(path: Path, shape: Mapping[str, pl.DataType]) -> pl.LazyFrame:
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return _typed(path, _csv(path), shape).lazy()
    if suffix == ".xlsx":
        return _typed(path, _sheet(path), shape).lazy()
    return pl.scan_parquet(path)


def _csv(path: Path) -> pl.DataFrame:
    """All cells as texts, null where there is none. A record of more or fewer cells than the header has is an error."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    data = path.read_bytes()
    try:
        first, _, rest = data.partition(b"\n")
        header = first.decode("utf-8-sig")
        delimiter = max(_DELIMITERS, key=header.count)
        names = next(csv.reader([header], delimiter=delimiter), [])
        _require_once(path, names)
        names = _all_named(names)
        if not rest.strip():
            return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
        table = arrow_csv.read_csv(
            io.BytesIO(rest),
            read_options=arrow_csv.ReadOptions(column_names=names, use_threads=False),
            parse_options=arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
            ),
        )
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise MatchingError(f"{path}: not a CSV file in UTF-8: {str(error).splitlines()[0]}") from None
    texts = pl.from_arrow(table)
    assert isinstance(texts, pl.DataFrame)  # noqa: S101 - a table makes a frame
    return texts


def _all_named(names: Sequence[str]) -> list[str]:
    """The names of a header, one for each column."""
    return [name if name.strip() else f"column {place}" for place, name in enumerate(names, start=1)]


def _sheet(path: Path) -> pl.DataFrame:
    """The same of a workbook's sheet."""
    from ingestion.readers.xlsx_table import sheet_texts
    from ingestion.reading import FileRejected

    try:
        with path.open("rb") as stream:
            rows = sheet_texts(stream)
    except FileRejected as error:
        raise MatchingError(f"{path}: {error}") from None
    rows = [row for row in rows if any(row)]
    if not rows:
        raise MatchingError(f"{path}: found no sheet with rows, expected the names of the columns in its first row")
    width = max(map(len, rows))
    names = rows[0] + [""] * (width - len(rows[0]))
    _require_once(path, names)
    cells = [[cell or None for cell in row] + [None] * (width - len(row)) for row in rows[1:]]
    return pl.DataFrame(cells, schema=dict.fromkeys(_all_named(names), pl.String), orient="row")


def _require_once(path: Path, names: list[str]) -> None:
    """Which of two columns of one name is meant cannot be known."""
    named = [name.strip() for name in names if name.strip()]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise MatchingError(f"{path}: found {', '.join(twice)} twice in the header, expected each column once")


def _typed(path: Path, texts: pl.DataFrame, shape: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Texts as what their columns hold; columns that the shape does not have stay as they are."""
    trimmed = pl.all().str.strip_chars()
    given = texts.select(pl.when(trimmed != "").then(trimmed)).rename(str.strip)
    typed = pl.DataFrame([_column(path, each, shape[each.name]) if each.name in shape else each for each in given])
    return typed.filter(~pl.all_horizontal(pl.all().is_null()))  # blank lines, as many programs end with one


def _column(path: Path, texts: pl.Series, kind: pl.DataType) -> pl.Series:
    if kind == pl.Date:
        _require(path, texts, _DAY, "a day such as 2026-03-31")
        days = texts.str.head(_ISO_DAY).str.to_date("%Y-%m-%d", strict=False)
        _refuse(path, texts, days.is_null() & texts.is_not_null(), "a day of the calendar such as 2026-03-31")
        return days
    if isinstance(kind, pl.Decimal):
        _require(path, texts, _NUMBER, "a number such as -1234.56, with no mark but the point before its decimals")
        return texts  # the engine reads it digit for digit
    if isinstance(kind, pl.List):
        listed = texts.to_frame().select(
            pl.col(texts.name).str.split(_BETWEEN).list.eval(pl.element().str.strip_chars()).list.filter(pl.element() != "")
        )  # fmt: skip
        return listed.to_series()
    return texts


def _require(path: Path, texts: pl.Series, pattern: str, expected: str) -> None:
    _refuse(path, texts, ~texts.str.contains(pattern).fill_null(True), expected)


def _refuse(path: Path, texts: pl.Series, wrong: pl.Series, expected: str) -> None:
    """Raises MatchingError where something is wrong, with the first record it is wrong in."""
    records = wrong.arg_true()
    if len(records):
        more = f"; so in {len(records)} records" if len(records) > 1 else ""
        found = texts[int(records[0])]
        raise MatchingError(
            f"{path}, record {int(records[0]) + 1}: {texts.name} is {found!r}, expected {expected}{more}"
        )
