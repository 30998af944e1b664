"""Ranges and short-hand lists of document numbers: `INV 1001-1004`, `1001 bis 1004`, `F1001/02/03`, `RE-2025-00415, 416 und 418`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from reconciliation.matching.text.folding import compact

_LISTED_APART = 6  # two whole numbers with a slash between them that lie as far apart are no range
MAX_MEMBERS = 50  # a wider span is a pair of numbers, or a typing error, not a list of documents
_WORDS = r"(?:-|/|\.\.+|\bTO\b|\bBIS\b|\bTHRU\b|\bTHROUGH\b|\bTOT\b|\bAU\b|\bAL\b|\bTILL?\b)"
_TO = _WORDS.replace("/|", "")
_MORE = r"(?:\s*[/,+&]\s*[0-9]+)*"  # with a third number behind a slash the first two are a list's, not a range's
_LAST = r"\s*[A-Z]{0,6}[0-9]{1,12}\b"
_RANGE = rf"\b[A-Z]{{0,6}}[0-9]{{4,12}}\s*(?:{_TO}{_LAST}|/{_LAST}{_MORE})"
_PARTS = r"^[A-Z]*([0-9]+)\s*([^0-9]*?)\s*(?:[A-Z]*)([0-9]+)$"
_LIST = (
    r"\b[A-Z]{0,6}(?:[0-9]{4,12}(?:\s*[/,+&]\s*[0-9]{1,4})+|[0-9]{5,12}(?:-[0-9]{1,4}){2,})\b"  # 2026-03-31 is a day
)
# what stands in front of the number that counts, in a number of several parts, and is not said again
_STEM = r"(?:[A-Z0-9]{1,8}[-/._])+"  # a slash is a part's end here
_AND = r"(?:\s*[/,;+&]\s*|\s+(?:UND|AND|ET|EN|Y|E|OG|OCH)\s+)"
_GOES_ON = r"[-/._]+[A-Z0-9]+"  # what ends there is a part of a number, not a range's last one
_STEMMED_RANGE = rf"\b{_STEM}[0-9]{{2,12}}\s*{_TO}\s*(?:{_STEM})?[0-9]{{1,12}}\b(?:{_GOES_ON})?"
_STEMMED_RANGE_PARTS = rf"^({_STEM})([0-9]+)\s*{_TO}\s*({_STEM})?([0-9]+)$"
_STEMMED_LIST = rf"\b{_STEM}[0-9]{{2,12}}(?:{_AND}[0-9]{{1,6}})+\b"


def range_members(texts: pl.DataFrame) -> pl.DataFrame:
    """The numbers that ranges and short-hand lists in `texts` (`row`, `text` in ASCII capitals) stand for.

    Gives (`row`, `raw`). The end of a range may be short (`1001-04` ends at 1004). A range must rise and hold at most
    MAX_MEMBERS numbers; anything else gives nothing. A list's short members replace the last digits of its first
    number.
    """
    told = texts.select(
        "row", **{name: pl.col("text").str.extract_all(pattern) for name, (pattern, _) in _WAYS.items()}
    )
    times = told.select(pl.col(*_WAYS).list.len().sum()).row(0)
    found = [
        members(_spans(told, name))
        for (name, (_, members)), count in zip(_WAYS.items(), times, strict=True)
        if count  # as a rule there are none
    ]
    return pl.concat(found) if found else pl.DataFrame(schema={"row": texts.schema["row"], "raw": pl.String})


def _ranges(spans: pl.DataFrame) -> pl.DataFrame:
    found = spans.with_columns(
        pl.col("span").str.extract(_PARTS, 1).alias("first"),
        pl.col("span").str.extract(_PARTS, 2).alias("mark"),
        pl.col("span").str.extract(_PARTS, 3).alias("last"),
    ).drop_nulls(["first", "last"])
    # 1001/1004 may be a range, 11633/11668 are two numbers
    whole = (pl.col("mark") == "/") & (pl.col("first").str.len_bytes() == pl.col("last").str.len_bytes())
    members = _numbers_between(found.with_columns(whole=whole))
    apart = pl.col("high") - pl.col("low") >= _LISTED_APART
    return members.filter(~(pl.col("whole") & apart)).select("row", raw="number")


def _numbers_between(ranges: pl.DataFrame) -> pl.DataFrame:
    """The ranges (`first`, `last`, other columns) once for each `number` they hold, as long as the first one."""
    full = _completed(pl.col("first"), pl.col("last"))
    return (
        ranges.with_columns(full.alias("last"), pl.col("first").str.len_chars().alias("width"))
        .with_columns(pl.col("first").cast(pl.Int64).alias("low"), pl.col("last").cast(pl.Int64).alias("high"))
        .filter((pl.col("high") - pl.col("low")).is_between(1, MAX_MEMBERS - 1))
        .with_columns(pl.int_ranges("low", pl.col("high") + 1).alias("number"))
        .explode("number", empty_as_null=False, keep_nulls=False)
        .with_columns(pl.col("number").cast(pl.String).str.pad_start(pl.col("width"), "0"))
    )


def _stemmed_ranges(spans: pl.DataFrame) -> pl.DataFrame:
    """Ranges whose end leaves out the stem of the first number, or has the same."""
    found = spans.with_columns(
        pl.col("span").str.extract(_STEMMED_RANGE_PARTS, place).alias(name)
        for place, name in enumerate(("stem", "first", "again", "last"), start=1)
    )
    same = pl.col("again").is_null() | (pl.col("again") == pl.col("stem"))
    numbers = _numbers_between(found.drop_nulls(["first", "last"]).filter(same))
    return numbers.select("row", raw=compact(pl.col("stem") + pl.col("number")))


def _stemmed_lists(spans: pl.DataFrame) -> pl.DataFrame:
    """Lists whose members leave out the stem of the first number."""
    stem = pl.col("span").str.extract(f"^({_STEM})").alias("stem")
    found = spans.with_columns(stem)
    numbers = pl.col("span").str.strip_prefix(pl.col("stem")).str.extract_all("[0-9]+").alias("numbers")
    members = _listed(found.with_columns(numbers))
    return members.select("row", raw=compact(pl.col("stem") + pl.col("raw")))


def _lists(spans: pl.DataFrame) -> pl.DataFrame:
    numbers = pl.col("span").str.extract_all("[0-9]+").alias("numbers")
    return _listed(spans.with_columns(numbers)).select("row", "raw")


def _listed(lists: pl.DataFrame) -> pl.DataFrame:
    """The lists (`numbers`, other columns) once for each member behind the first, `raw`: as long as the first one."""
    return (
        lists.with_columns(
            pl.col("numbers").list.first().alias("first"),
            pl.col("numbers").list.slice(1, MAX_MEMBERS).alias("last"),
        )
        .explode("last", empty_as_null=False, keep_nulls=False)
        .with_columns(_completed(pl.col("first"), pl.col("last")).alias("raw"))
    )


def _spans(told: pl.DataFrame, way: str) -> pl.DataFrame:
    """`row`, `span` of what the texts have of one way of writing."""
    return told.select("row", span=way).explode("span", empty_as_null=False, keep_nulls=False)


def _completed(first: pl.Expr, last: pl.Expr) -> pl.Expr:
    """`last` with the leading digits of `first` where it is the shorter one."""
    missing = first.str.len_chars().cast(pl.Int64) - last.str.len_chars().cast(pl.Int64)
    return pl.when(missing > 0).then(first.str.slice(0, missing.clip(0)) + last).otherwise(last)


#: Ways to write several numbers at once, and what each one's spans stand for.
_WAYS: Mapping[str, tuple[str, Callable[[pl.DataFrame], pl.DataFrame]]] = {
    "range": (_RANGE, _ranges),
    "list": (_LIST, _lists),
    "stemmed_range": (_STEMMED_RANGE, _stemmed_ranges),
    "stemmed_list": (_STEMMED_LIST, _stemmed_lists),
}
