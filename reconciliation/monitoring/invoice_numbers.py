"""The forms of a supplier's invoice number that tell whether two documents carry the same one, once typing is forgiven."""

from __future__ import annotations

import re

import polars as pl

NEIGHBOURS = 100  # numbers this close are two of one day: a supplier numbers what he writes in a row
MINIMUM_DIGITS = 3  # a shorter number ("1", "12") says nothing about two documents being one
LAST_DIGITS = 5  # so many and more of a longer number are what somebody types who leaves its beginning out
_SPREADSHEET = r"^[0-9][.,][0-9]+E\+[0-9]{2}$"  # 1.01E+12: what a spreadsheet has left of a long number says nothing
_LAST_PART = r"-(\d{5,})$"  # 4711-100123: a customer's number before the document's own
_SUFFIX = r"(?:[A-Z]|[^A-Z0-9]+(?:[A-Z]+|[0-9]))$"  # 1001A, 1001-A, 1001 COPY, 1001-1


def with_number_forms(items: pl.DataFrame) -> pl.DataFrame:
    """Items (reference) with the forms of their number, each null where nothing is left of it.

    - `written`: letters and digits, O for 0 and I or L for 1 forgiven;
    - `typed`: that without leading letters and zeros;
    - `parted`: as typed, with its separators, and without the zeros that lead any of its parts;
    - `letters`: the leading letters;
    - `digits`: how many digits `typed` has.
    """
    upper = pl.col("reference").str.strip_chars().str.to_uppercase()
    upper = pl.when(~upper.str.contains(_SPREADSHEET)).then(upper)
    plain = upper.str.replace_all(r"[^A-Z0-9]", "")
    return items.with_columns(
        written=_alike(plain).replace("", None),
        typed=_typed(upper).replace("", None),
        parted=_alike(_parts(upper)).str.replace_all(r"(^|-)0+([0-9])", "${1}${2}").replace("", None),
        letters=plain.str.extract(r"^([A-Z]*)"),
    ).with_columns(pl.col("typed").str.count_matches(r"\d").fill_null(0).alias("digits"))


def lesser_numbers(items: pl.DataFrame) -> pl.DataFrame:
    """What is left of the `typed` number without the year of the document, without a suffix, without both, and of several parts
    the last one where it is long, and what it was where a scan took digits for letters: items (reference, document_date, typed)
    with a row for each such `lesser`.
    """
    upper = pl.col("reference").str.strip_chars().str.to_uppercase()
    bare = upper.str.replace(_SUFFIX, "")
    return (
        items.with_columns(
            lesser=pl.concat_list(
                *_without_year(upper),
                _typed(bare),
                *_without_year(bare),
                _typed(_parts(upper).str.extract(_LAST_PART)),
                _typed(_scanned(upper)),
            ).list.unique()
        )
        .explode("lesser")
        .filter((pl.col("lesser") != "") & (pl.col("lesser") != pl.col("typed")))
    )


def mistyped(one: str | None, other: str | None, parts: str | None, other_parts: str | None, is_usual: bool) -> bool:
    """Whether one typing error makes one number the other, and neither is the next of a row: 398A and 396A, 81/12 and 82/12. Where
    the letters alone differ, as in 1001A and 1001B, they tell two parts from each other. The end of a number, 23456 of 9000123456,
    is what is left where its beginning is not typed.

    Neighbours that changed places are an error in near numbers too, unless documents of the amount are usual: 46684 and 46648 may
    be two orders of a day.
    """
    if one is None or other is None:
        return True
    short, long = sorted((one, other), key=len)
    if len(short) >= LAST_DIGITS and len(short) < len(long) and short.isdigit() and long.endswith(short):
        return True
    if len(short) < MINIMUM_DIGITS or not one_typing_error(one, other):
        return False
    if re.sub(r"\D", "", one) == re.sub(r"\D", "", other):
        return False
    if len(one) != len(other) or (not is_usual and swapped_neighbours(one, other)):
        return True
    numbers, others = re.findall(r"\d+", parts or one), re.findall(r"\d+", other_parts or other)
    return len(numbers) != len(others) or all(
        abs(int(number) - int(with_error)) >= NEIGHBOURS
        for number, with_error in zip(numbers, others, strict=True)
        if number != with_error
    )


def one_typing_error(one: str, other: str) -> bool:
    """Whether one text becomes the other by one character changed, left out or doubled, or by two neighbours that change places."""
    if one == other:
        return False
    short, long = sorted((one, other), key=len)
    start = next((place for place, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(short) == len(long):
        return short[start + 1 :] == long[start + 1 :] or swapped_neighbours(one, other)
    return len(long) - len(short) == 1 and short[start:] == long[start + 1 :]


def swapped_neighbours(one: str, other: str) -> bool:
    """Whether the texts differ by two neighbouring characters that changed places."""
    if len(one) != len(other):
        return False
    places = [place for place in range(len(one)) if one[place] != other[place]]
    if len(places) != 2 or places[1] != places[0] + 1:
        return False
    first, second = places
    return one[first] == other[second] and one[second] == other[first]


def _alike(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all("O", "0", literal=True).str.replace_all(r"[IL]", "1")


def _scanned(upper: pl.Expr) -> pl.Expr:
    """The number with digits for the letters that a scan takes them for: 5 for S, 8 for B, 2 for Z, 6 for G after a digit, 1 for I
    or L and 0 for O before one.
    """
    for letter, digit in (("S", "5"), ("B", "8"), ("Z", "2"), ("G", "6")):
        upper = upper.str.replace_all(rf"([0-9]){letter}([0-9]|[^A-Z0-9]|$)", "${1}" + digit + "${2}")
    for letter, digit in (("[IL]", "1"), ("O", "0")):
        upper = upper.str.replace_all(rf"(^|[^A-Z0-9]){letter}([0-9])", "${1}" + digit + "${2}")
    return upper


def _typed(upper: pl.Expr) -> pl.Expr:
    plain = upper.str.replace_all(r"[^A-Z0-9]", "").str.replace(r"^[A-Z]+", "")
    return _alike(plain).str.strip_chars_start("0")


def _parts(upper: pl.Expr) -> pl.Expr:
    """The number without leading letters, its parts joined by hyphens."""
    return upper.str.replace_all(r"[^A-Z0-9]+", "-").str.replace(r"^[A-Z-]+", "").str.strip_chars("-")


def _without_year(upper: pl.Expr) -> list[pl.Expr]:
    """The number without the year of the document, or the year before, at its start or end: 2026-0017, 26/0017, 17/2026; or without
    its month and year: 17/02/2026, 2026/02/17.
    """
    parts = _parts(upper)
    year = pl.col("document_date").dt.year()
    month, of_month = pl.col("document_date").dt.strftime("-%m-%Y"), pl.col("document_date").dt.strftime("%Y-%m-")
    found = [
        pl.when(parts.str.ends_with(month)).then(parts.str.strip_suffix(month)),
        pl.when(parts.str.starts_with(of_month)).then(parts.str.strip_prefix(of_month)),
    ]
    for back in (0, 1):
        long = (year - back).cast(pl.String)
        short = long.str.slice(2) + "-"
        found += [
            pl.when(parts.str.starts_with(long)).then(parts.str.strip_prefix(long)),
            pl.when(parts.str.starts_with(short)).then(parts.str.strip_prefix(short)),
            pl.when(parts.str.ends_with("-" + long)).then(parts.str.strip_suffix("-" + long)),
            pl.when(parts.str.ends_with("-" + long.str.slice(2))).then(parts.str.strip_suffix("-" + long.str.slice(2))),
        ]
    return [_typed(one) for one in found]
