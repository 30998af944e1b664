"""Which days a text names in figures: `RG vom 12.03.2026`, `inv dated 03/12/26`, `2026-03-12`. Where day and month may have changed
places it is either day."""

from __future__ import annotations

import polars as pl

_APART = r"(?:^|[A-Za-z][.]|[^0-9A-Za-z./-])"  # what stands before a date: no other part of a number
_ALL = _APART + r"(?:[0-3]?[0-9][./-][0-3]?[0-9][./-](?:20)?[0-9]{2}|20[0-9]{2}-[01][0-9]-[0-3][0-9])\b"
_FIGURES = r"^([0-3]?[0-9])[./-]([0-3]?[0-9])[./-](?:20)?([0-9]{2})$"
_ISO = r"^20([0-9]{2})-([01][0-9])-([0-3][0-9])$"
_CENTURY = 2000


def days_named(texts: pl.DataFrame) -> pl.DataFrame:
    """`row`, `day` (since 1970-01-01) of the days that texts (`row`, `text`) name."""
    dated = texts.select("row", pl.col("text").str.extract_all(_ALL).alias("said")).filter(
        pl.col("said").list.len() > 0
    )
    said = dated.explode("said").with_columns(pl.col("said").str.extract("([0-9][0-9./-]*)$"))
    figures, iso = (
        [pl.col("said").str.extract(pattern, group).cast(pl.Int32) for group in (1, 2, 3)]
        for pattern in (_FIGURES, _ISO)
    )
    readings = [(figures[2], figures[1], figures[0]), (figures[2], figures[0], figures[1]), tuple(iso)]
    days = [
        said.select("row", _day(year, month, day).alias("day")).drop_nulls() for year, month, day in readings
    ]  # fmt: skip
    return pl.concat(days).unique(maintain_order=True)


def _day(year: pl.Expr, month: pl.Expr, day: pl.Expr) -> pl.Expr:
    """The day, null where there is no such date."""
    parts = (year + _CENTURY, month, day)
    written = pl.concat_str(*(part.cast(pl.String).str.zfill(2) for part in parts), separator="-")
    return written.str.to_date("%Y-%m-%d", strict=False).to_physical().cast(pl.Int32)
