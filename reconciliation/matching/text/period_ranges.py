"""Several months in one word: `Jan-Mar 2026`, `Januar bis März 2026`, `01/2026 - 03/2026`, `Q1/2026`, `2. Quartal 2026`."""

from __future__ import annotations

import re

import polars as pl

from reconciliation.matching.text.periods import MONTH_NAMES, NUMBER_OF_MONTH

_YEAR = 12
_TO = r"(?: ?[-–] ?| (?:BIS|TO|THRU|THROUGH|TILL?|TOT|AU|AL|DO|T/M) )"
_NAMED = rf"\b(?:{MONTH_NAMES})[.]?{_TO}(?:{MONTH_NAMES})\b"
_FIGURES = rf"\b(?:0?[1-9]|1[0-2])[./]20[0-9]{{2}}{_TO}(?:0?[1-9]|1[0-2])[./]20[0-9]{{2}}\b"
_WORD = "(?:QUARTAL|QUARTER|QTR|TRIMESTRE|TRIMESTER|KWARTAAL|KWARTAL|KVARTAL)"
_QUARTERS = (
    r"\bQ[1-4](?:[ ./-]|/ )?20[0-9]{2}\b",
    r"\b[1-4]Q[ ./-]?20[0-9]{2}\b",
    rf"\b[1-4][.]?(?:ST|ND|RD|TH|ER|E)? {_WORD}(?: 20[0-9]{{2}}\b)?",
    rf"\b{_WORD} [1-4](?:[ ./-]20[0-9]{{2}}\b)?",
)
_SPAN = "|".join((_NAMED, _FIGURES, *_QUARTERS))
_SPELLED = {number: name for name, number in reversed(NUMBER_OF_MONTH.items())}


def with_months_spelled(texts: pl.Series) -> pl.Series:
    """Texts in capitals with each span of months written out, month by month. What is there in few spellings is worked on once for
    each."""
    if not texts.str.contains(_SPAN).any():
        return texts
    spans = texts.str.extract_all(_SPAN).explode(empty_as_null=False, keep_nulls=False).unique().sort().to_list()
    spelled = {span: " ".join(_months(span)) for span in spans}
    known = {span: f" {told} " for span, told in spelled.items() if told}
    return texts.str.replace_many(list(known), list(known.values()), leftmost=True) if known else texts


def _months(span: str) -> list[str]:
    """The months of a span, as words with the year where it is said; none where it is no span."""
    if named := re.findall(rf"\b(?:{MONTH_NAMES})\b", span):
        return _between(int(NUMBER_OF_MONTH[named[0]]), int(NUMBER_OF_MONTH[named[1]]))
    figures = [(int(year), int(month)) for month, year in re.findall(r"\b([0-9]{1,2})[./](20[0-9]{2})", span)]
    if figures:
        (first, one), (last, two) = figures
        apart = (last - first) * _YEAR + two - one
        months = [first * _YEAR + one - 1 + step for step in range(apart + 1)] if 0 < apart < _YEAR else []
        return [f"{_SPELLED[f'{month % _YEAR + 1:02}']} {month // _YEAR}" for month in months]
    year = re.search("20[0-9]{2}", span)
    quarter = re.search("[1-4]", span if year is None else span.replace(year.group(), ""))
    if quarter is None:
        return []
    last = 3 * int(quarter.group())
    names = _between(last - 2, last)
    return names if year is None else [f"{name} {year.group()}" for name in names]


def _between(first: int, last: int) -> list[str]:
    """The names of the months from the first to the last, over the end of a year where the last comes before."""
    apart = (last - first) % _YEAR
    return [_SPELLED[f"{(first - 1 + step) % _YEAR + 1:02}"] for step in range(apart + 1)] if apart else []
