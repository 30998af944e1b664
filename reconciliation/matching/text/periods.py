"""Which month a text names: `fee November`, `LOHN 11/2025`, `Rent Nov 25`, `2025-11`. A date in figures, `05.11.2025`, names none."""

from __future__ import annotations

import polars as pl

#: Names and usual abbreviations in capitals without marks, as `words.side_words` spells them; those that are names of people
#: or words of their own elsewhere are left out.
_NAMES = (
    "JANUARY JANUAR JANVIER ENERO GENNAIO JANEIRO JANUARI STYCZEN STYCZNIA JAN JANV",
    "FEBRUARY FEBRUAR FEVRIER FEBRERO FEBBRAIO FEVEREIRO FEBRUARI LUTY LUTEGO FEB FEVR FEV",
    "MARCH MARZ MAERZ MARZO MAART MARZEC MARCA MAR MRZ MRT",
    "APRIL AVRIL ABRIL APRILE KWIECIEN KWIETNIA APR AVR",
    "MAY MAI MAYO MAGGIO MAIO MAJ",
    "JUNE JUNI JUIN JUNIO GIUGNO JUNHO CZERWIEC CZERWCA JUN",
    "JULY JULI JUILLET JULIO LUGLIO JULHO LIPIEC LIPCA JUL JUIL",
    "AUGUST AOUT AGOSTO AUGUSTUS SIERPIEN SIERPNIA AUG",
    "SEPTEMBER SEPTEMBRE SEPTIEMBRE SETTEMBRE SETEMBRO WRZESIEN WRZESNIA SEP SEPT",
    "OCTOBER OKTOBER OCTOBRE OCTUBRE OTTOBRE OUTUBRO PAZDZIERNIK PAZDZIERNIKA OCT OKT",
    "NOVEMBER NOVEMBRE NOVIEMBRE NOVEMBRO LISTOPAD LISTOPADA NOV",
    "DECEMBER DEZEMBER DECEMBRE DICIEMBRE DICEMBRE DEZEMBRO GRUDZIEN GRUDNIA DEC DEZ DIC",
)
NUMBER_OF_MONTH = {name: f"{number:02}" for number, names in enumerate(_NAMES, start=1) for name in names.split()}
MONTH_NAMES = "|".join(sorted(NUMBER_OF_MONTH, key=len, reverse=True))
_NAMED = rf"\b(?:{MONTH_NAMES})\b"
_APART = r"[^0-9A-Z/.\-]"  # what stands before and after a month in figures: no other part of a date or number
_FIGURES = (
    rf"(?:^|{_APART})(0?[1-9]|1[0-2])[/.\-]20[0-9]{{2}}(?:$|{_APART})",
    rf"(?:^|{_APART})20[0-9]{{2}}[/.\-](0[1-9]|1[0-2])(?:$|{_APART})",
    rf"(?:^|{_APART})(0[1-9]|1[0-2])[/.\-](?:1[3-9]|[23][0-9])(?:$|{_APART})",  # no day of a month 13 and above: a year
)
_DAY_OF, _TH = "(?:0?[1-9]|[12][0-9]|3[01])", "(?:ST|ND|RD|TH)"
_DATES = (
    rf"\b{_DAY_OF}{_TH}?(?:[ .]{{1,2}}|[/-])(?:{MONTH_NAMES})\b(?:[ .,/-]{{1,2}}(?:20)?[0-9]{{2}}\b)?",  # 05 MAR 2026
    rf"\b(?:{MONTH_NAMES})(?:[ .]{{1,2}}|[/-]){_DAY_OF}{_TH}?[ ,/-]{{1,2}}20[0-9]{{2}}\b",  # MAR 05, 2026
    rf"\b(?:{MONTH_NAMES})[ .]{{1,2}}(?:{_DAY_OF}{_TH}|[1-9])\b",  # MARCH 5TH, MARCH 5
    rf"\b20[0-9]{{2}}[ .-](?:{MONTH_NAMES})[ .-]{_DAY_OF}\b",  # 2026-MAR-05
)
_PERIODS = (
    rf"(?:\b20[0-9]{{2}}[ ./'-]{{1,4}})?\b(?:{MONTH_NAMES})\b(?:[ ./'-]{{1,4}}(?:20[0-9]{{2}}|[0-9]{{2}})\b)?",
    *_FIGURES,
)
_ALSO_NAMES = {"JAN", "MAI", "MAY", "MAJ", "MAR", "APRIL", "JUN", "JUNE", "JULI", "JULIO", "AUGUST"}
#: Words that are nothing but months: as words they would only say again what the month says.
WORDS = sorted(set(NUMBER_OF_MONTH) - _ALSO_NAMES)
MONTH = "MONTH-"  # before the number of a month


def months_meant(text: pl.Expr) -> pl.Expr:
    """The months that texts in capitals name as periods, in the order of the text, as figures: 202603 with a year, 2603 with one of
    two digits, which may be a day, 3 without. A month beside a day, `05 MAR 2026`, is a date."""
    for date in _DATES:
        text = text.str.replace_all(date, " ")
    # each stands apart from the next
    text = text.str.replace_all(rf"[./\-]*(?:{_APART}|$)", "  ")
    named = pl.element().str.strip_chars()
    month = pl.coalesce(
        named.str.extract(rf"\b({MONTH_NAMES})\b").replace_strict(
            NUMBER_OF_MONTH, default=None, return_dtype=pl.String
        ),
        named.str.extract(r"^(0?[1-9]|1[0-2])[/.\-]"),
        named.str.extract(r"[/.\-](0[1-9]|1[0-2])$"),
    )
    year = pl.coalesce(named.str.extract("(20[0-9]{2})"), named.str.extract("[^0-9]([0-9]{2})$"), pl.lit("0"))
    return text.str.extract_all("|".join(_PERIODS)).list.eval(year.cast(pl.Int32) * 100 + month.cast(pl.Int32))


def months(text: pl.Expr) -> pl.Expr:
    """The months that texts in capitals name, as `MONTH-11`: a list, empty where there is none."""
    named = text.str.extract_all(_NAMED).list.eval(pl.element().replace_strict(NUMBER_OF_MONTH, return_dtype=pl.String))
    figures = [text.str.extract(pattern, 1).str.zfill(2) for pattern in _FIGURES]
    found = pl.concat_list(named, *figures).list.drop_nulls().list.unique()
    return found.list.eval(pl.lit(MONTH) + pl.element())
