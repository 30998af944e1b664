"""How delivered text becomes amounts, dates, timestamps, numbers and flags: Polars expressions that never guess.

Each function gives an expression that is null where the text is not exactly in the declared form; the mapper turns such
a null, where the text was not empty, into a reject. Nothing here rounds and nothing passes through a float.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from ingestion.contracts import AMOUNT, BOOL, DATE, INT, RATE
from ingestion.declaration import Numbers, format_pattern
from ingestion.declaration_amounts import plain_decimals
from ingestion.declaration_cells import Texts, arrow_texts, distinct_texts
from ingestion.declaration_currency_amounts import currency_amount, decimals_of, rate
from ingestion.declaration_digits import of_our_calendar, with_ascii_digits

TIMESTAMP_NAMES = ("at", "booking_time", "date_time")
ISO_TIMESTAMP = (
    r"^\d{4}-\d{2}-\d{2}(?:[T ](?:[01]\d|2[0-4]):[0-5]\d(?::[0-6]\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$"
)
ISO_DAY = ISO_TIMESTAMP.replace("[01]\\d", "[01]?\\d")  # of a time only the day counts: its hour may have one digit
ODATA_DATE = r"^/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/$"
TRUE = ("true", "t", "yes", "y", "1", "x")
FALSE = ("false", "f", "no", "n", "0", "")
DIGITS: dict[pa.DataType, tuple[int, int]] = {AMOUNT: (5, 18), RATE: (10, 13)}  # decimals, and digits before them
BY_CURRENCY = "currency"
_PLAIN_GROUPS = (".", ",", "_")  # marks that are written in one way only
THOUSANDS = {"'": "['’]", " ": r"[ \u00a0\u202f]", ".": r"\.", ",": ",", "_": "_"}


@dataclass(frozen=True)
class Notation:
    """How a column writes its numbers, dates and timestamps."""

    numbers: Numbers
    dates: Sequence[str]
    timestamps: Sequence[str]


def is_timestamp(name: str) -> bool:
    """Whether a text column of a contract holds an ISO 8601 timestamp."""
    return name.endswith("_at") or name in TIMESTAMP_NAMES


def clean(text: pl.Expr, null_values: Sequence[str] = (), trimmed: bool = False) -> pl.Expr:
    """Text without surrounding white space; null where nothing is left or where it is one of the values that mean
    nothing. `trimmed`: the texts are known to have no white space around them."""
    stripped = text if trimmed else text.str.strip_chars()
    return pl.when(~means_nothing(stripped, null_values)).then(stripped)


def means_nothing(text: pl.Expr, null_values: Sequence[str]) -> pl.Expr:
    """Whether a trimmed text is empty or one of the values that mean nothing."""
    return reduce(or_, (text == value for value in ("", *null_values)))


def read_plain(texts: Texts, kind: pa.DataType, notation: Notation, null_values: Sequence[str]) -> pl.Series | None:
    """Texts as delivered read as numbers or dates; None where one of them is perhaps not clean, or not of its form."""
    if kind in (AMOUNT, RATE) and notation.numbers.decimal != BY_CURRENCY and not notation.numbers.suffixes:
        if any(re.search("[0-9]", value) for value in null_values):  # a number may mean nothing
            return None
        return plain_decimals(texts, notation.numbers, *DIGITS[kind])
    if kind != DATE:
        return None
    some, which = distinct_texts(texts)
    given = some.alias("given").to_frame()
    text, day = pl.col("text"), pl.col("date")
    read = given.select("given", clean(pl.col("given"), null_values).alias("text"))
    read = read.with_columns(_date(text, notation.dates).alias("date"))
    is_plain = pl.col("given").eq_missing(text) & (day.is_null() == text.is_null())
    if not read.select(is_plain.all()).item():
        return None
    return read.get_column("date").gather(which)


def number(text: pl.Expr, numbers: Numbers, decimals: int, whole_digits: int) -> pl.Expr:
    """Cleaned text as a decimal of `decimals` places; null where it is not in the declared form or would lose a digit.

    Plain numbers take a short way; only the others (blanks between digits, marks behind) pay for the full form.
    """
    kind = pl.Decimal(whole_digits + decimals, decimals)
    if numbers.decimal == BY_CURRENCY:  # beside amounts only percentages, which are few
        return _signed(text, numbers, rate, decimals, whole_digits)
    if numbers.suffixes:  # without its mark no number has a sign
        return _full_number(text, numbers, decimals, kind)
    whole = rf"[0-9]{{1,{whole_digits}}}"
    grouped = len(numbers.thousands) == 1 and numbers.thousands in _PLAIN_GROUPS
    if grouped:
        whole = rf"(?:[0-9]{{1,3}}(?:{re.escape(numbers.thousands)}[0-9]{{3}})+|{whole})"
    shape = rf"^[+-]?{whole}(?:{re.escape(numbers.decimal)}[0-9]{{0,{decimals}}})?$"

    def plain(series: pl.Series) -> pl.Series:
        if grouped:
            series = series.str.replace_all(numbers.thousands, "", literal=True)
        if numbers.decimal != ".":
            series = series.str.replace(numbers.decimal, ".", literal=True)
        return series.cast(kind, strict=False)

    def value(series: pl.Series) -> pl.Series:
        proven = plain_decimals(arrow_texts(series), numbers, decimals, whole_digits)
        if proven is not None:
            return proven
        is_plain = series.str.contains(shape)
        if is_plain.all():  # nulls aside
            return plain(series)
        given = pl.DataFrame({"text": series, "plain": is_plain})
        shaped, other = pl.when(pl.col("plain")).then(pl.col("text")), pl.when(~pl.col("plain")).then(pl.col("text"))
        full = given.select(_full_number(other, numbers, decimals, kind)).to_series()
        return plain(given.select(shaped).to_series()).zip_with(is_plain.fill_null(False), full)

    return text.map_batches(value, return_dtype=kind)


def number_by_currency(text: pl.Expr, numbers: Numbers, currency: pl.Expr, decimals: int, whole_digits: int) -> pl.Expr:
    """Cleaned text as a decimal, its marks told by the currency; null where they are not.

    Numbers of at most two decimals after a point, in currencies that have two, take a short way.
    """
    pointed = numbers.model_copy(update={"decimal": "."})
    kind = pl.Decimal(whole_digits + decimals, decimals)

    def read(body: pl.Expr, kind: pl.Decimal) -> pl.Expr:
        return currency_amount(body, decimals_of(pl.col("currency")), kind)

    def value(given: pl.Series) -> pl.Series:
        texts, currencies = given.struct.field("text"), given.struct.field("currency")
        two = currencies.unique().to_frame().select(decimals_of(pl.first()).fill_null(2) >= 2).to_series().all()
        if two and not texts.str.contains(r"[.][0-9]{3,}$").any():
            proven = plain_decimals(arrow_texts(texts), pointed, decimals, whole_digits)
            if proven is not None:
                return proven
        found = _signed(pl.col("text"), numbers, read, decimals, whole_digits)
        return given.struct.unnest().select(found).to_series()

    pair = pl.struct(text.alias("text"), currency.alias("currency"))
    return pair.map_batches(value, return_dtype=kind)


def _signed(
    text: pl.Expr, numbers: Numbers, read: Callable[[pl.Expr, pl.Decimal], pl.Expr], decimals: int, whole_digits: int
) -> pl.Expr:
    negative, body = _sign(with_ascii_digits(text), numbers)
    value = read(body, pl.Decimal(whole_digits + decimals, decimals))
    return value if negative is None else pl.when(negative).then(-value).otherwise(value)


def _full_number(text: pl.Expr, numbers: Numbers, decimals: int, kind: pl.Decimal) -> pl.Expr:
    negative, body = _sign(with_ascii_digits(text), numbers)
    mark = re.escape(numbers.decimal)
    whole = "[0-9]+"
    if numbers.thousands:
        group = THOUSANDS[numbers.thousands]
        indian = "[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}|" if numbers.thousands == "," else ""  # 1,00,000: a lakh
        whole = rf"(?:[0-9]{{1,3}}(?:{group}[0-9]{{3}})+|{indian}[0-9]+)"
    shape = rf"^[+-]?(?:{whole}(?:{mark}[0-9]{{0,{decimals}}}0*)?|{mark}[0-9]{{1,{decimals}}}0*)$"
    shaped: pl.Expr = pl.when(body.str.contains(shape)).then(body)
    if numbers.thousands:
        shaped = shaped.str.replace_all(THOUSANDS[numbers.thousands], "")
    if numbers.decimal != ".":
        shaped = shaped.str.replace(numbers.decimal, ".", literal=True)
    value = shaped.cast(kind, strict=False)
    return value if negative is None else pl.when(negative).then(-value).otherwise(value)


def _sign(text: pl.Expr, numbers: Numbers) -> tuple[pl.Expr | None, pl.Expr]:
    """(whether the mark of the declared form says negative, the text without the mark)."""
    if numbers.suffixes:
        marks = {mark.upper(): sign for mark, sign in numbers.suffixes.items()}
        pattern = r"(?i)\s*(" + "|".join(re.escape(mark) for mark in sorted(marks, key=len, reverse=True)) + r")$"
        minus = [mark for mark, sign in marks.items() if sign == "minus"]
        found = text.str.extract(pattern).str.to_uppercase()
        body = pl.when(found.is_not_null()).then(text.str.replace(pattern, ""))  # no mark: the sign is not known
        return found.is_in(minus), body
    if numbers.minus == "trailing":
        return text.str.ends_with("-"), text.str.replace(r"^([^-+].*?)\s*[-+]$", "${1}")
    if numbers.minus == "parentheses":
        inside = r"^\(\s*([^()+-]*?)\s*\)$"
        bracketed = text.str.contains(inside)
        return bracketed, pl.when(bracketed).then(text.str.extract(inside)).otherwise(text)
    behind = text.str.replace(r"^([0-9.,].*?)\s*\+$", "${1}")  # a plus is one wherever it stands, alone
    return None, behind.str.replace(r"^([+-])\s+", "$1")


def date(text: pl.Expr, formats: Sequence[str]) -> pl.Expr:
    """Cleaned text as a local date by the first format it has; null where two formats read it as two different days."""
    return by_distinct(text, pl.Date(), lambda one: _date(one, formats))


def by_distinct(text: pl.Expr, kind: pl.DataType, read: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
    """Texts of which a file has far fewer than rows, each read once."""

    def value(series: pl.Series) -> pl.Series:
        runs = _runs(series)
        return by_value(series) if runs is None else by_value(runs[0]).gather(runs[1])

    def by_value(series: pl.Series) -> pl.Series:
        distinct = series.unique()
        found = distinct.to_frame().select(read(pl.col(distinct.name))).to_series()
        if found.equals(distinct, check_dtypes=True, null_equal=True):
            return series
        return series.replace_strict(distinct, found, return_dtype=kind)

    return text.map_batches(value, return_dtype=kind)


def _runs(texts: pl.Series) -> tuple[pl.Series, npt.NDArray[np.int64]] | None:
    """One text of each run of the same text, and for each text the number of its run; None where runs are not long, as
    they are in a file sorted by day."""
    changes = texts.slice(1).ne_missing(texts.head(-1)).arg_true().to_numpy()
    if changes.size * 8 >= len(texts) - 8:
        return None
    begins = np.concatenate(([0], changes.astype(np.int64) + 1))
    return texts.gather(begins), np.repeat(np.arange(begins.size), np.diff(begins, append=len(texts)))


def _date(text: pl.Expr, formats: Sequence[str]) -> pl.Expr:
    candidates = [of_our_calendar(_one_date(with_ascii_digits(text), form)) for form in formats]
    value = pl.coalesce(candidates)
    if len(candidates) == 1:
        return value
    agree = pl.all_horizontal(*(candidate.is_null() | (candidate == value) for candidate in candidates))
    return pl.when(agree).then(value)


def _one_date(text: pl.Expr, form: str) -> pl.Expr:
    if form == "odata":
        return _odata(text).dt.date()
    shape = ISO_DAY if form == "iso" else format_pattern(form)
    shaped = pl.when(text.str.contains(shape)).then(text)  # a failing parse costs more than a look at the shape
    if form == "iso":
        return shaped.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    return shaped.str.to_date(_chrono(form), strict=False)


def _odata(text: pl.Expr) -> pl.Expr:
    """OData V2 `/Date(milliseconds)/`: UTC by its definition; a minutes offset behind it does not change the
    instant."""
    milliseconds = text.str.extract(ODATA_DATE).cast(pl.Int64, strict=False)
    return milliseconds.cast(pl.Datetime("ms"))


def timestamp(text: pl.Expr, formats: Sequence[str]) -> pl.Expr:
    """Cleaned text as ISO 8601 text; an offset is kept, and none is invented where none was delivered."""
    return pl.coalesce([_one_timestamp(text, form) for form in formats])


def _one_timestamp(text: pl.Expr, form: str) -> pl.Expr:
    if form == "iso":
        valid = text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False).is_not_null()
        normal = text.str.replace(r"^(.{10}) ", "${1}T").str.replace(",", ".", literal=True)
        normal = normal.str.replace(r"([+-]\d{2})(\d{2})$", "${1}:${2}")
        return pl.when(text.str.contains(ISO_TIMESTAMP) & valid).then(normal)
    if form == "odata":
        return _odata(text).dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
    has_time = "%H" in form or "%I" in form
    parsed = text.str.to_datetime(_chrono(form), strict=False, time_unit="us") if has_time else _one_date(text, form)
    shape = "%Y-%m-%d"
    if has_time:
        shape += "T%H:%M:%S" + ("%.f" if "%f" in form else "") + ("Z" if "%z" in form else "")
    return pl.when(text.str.contains(format_pattern(form))).then(parsed.dt.strftime(shape))


def _chrono(form: str) -> str:
    return form.replace(".%f", "%.f")


def flag(text: pl.Expr) -> pl.Expr:
    """Cleaned text as a boolean: true/false, T/F, yes/no, 1/0, and SAP's X."""
    lower = text.str.to_lowercase()
    return pl.when(lower.is_in(TRUE)).then(True).when(lower.is_in(FALSE)).then(False)


def integer(text: pl.Expr) -> pl.Expr:
    """Cleaned text as a whole number; `30.00` is 30, `30.5` is none."""
    return text.str.extract(r"^([+-]?\d{1,18})(?:\.0*)?$").cast(pl.Int64, strict=False)


def typed(text: pl.Expr, name: str, kind: pa.DataType, notation: Notation) -> pl.Expr:
    """Cleaned text as the type a contract column has."""
    if kind in (AMOUNT, RATE):
        return number(text, notation.numbers, *DIGITS[kind])
    if kind == DATE:
        return date(text, notation.dates)
    if kind == INT:
        return integer(text)
    if kind == BOOL:
        return flag(text)
    if kind == pa.list_(pa.string()):
        return text.str.split("\n")
    if is_timestamp(name):
        return timestamp(text, notation.timestamps)
    if name == "currency" or name.endswith("_currency"):
        return by_distinct(text, pl.String(), lambda one: one.str.extract(r"^([A-Z]{3})$"))
    return text


def expectation(name: str, kind: pa.DataType, notation: Notation) -> str:
    """What a column expects, in words for a reject."""
    numbers = notation.numbers
    if kind in (AMOUNT, RATE):
        if numbers.decimal == BY_CURRENCY:
            return "a number like 1234.56 or 1.234,56-, with no more decimals than its currency has"
        places, example = (5, "1{t}234{d}56") if kind == AMOUNT else (10, "1{d}0876")
        shown = example.format(t=numbers.thousands, d=numbers.decimal)
        form = {"leading": f"-{shown}", "trailing": f"{shown}-", "parentheses": f"({shown})"}[numbers.minus]
        marks = f", then {' or '.join(numbers.suffixes)}" if numbers.suffixes else f", negative as {form}"
        return f"a number like {shown}{marks}, at most {places} decimals"
    if kind == DATE:
        return "a date as " + " or ".join(notation.dates)
    if is_timestamp(name):
        return "a timestamp as " + " or ".join(notation.timestamps)
    if kind == INT:
        return "a whole number"
    if kind == BOOL:
        return "true or false"
    if name == "currency" or name.endswith("_currency"):
        return "a currency code of three capital letters (ISO 4217)"
    return "a value"
