"""One spelling for text of any script: ASCII capitals, and the canonical form identifiers are compared in.

Transliteration follows what banks do to names on their way into a SEPA or SWIFT field (EPC217-08 recommends such a
table): one or two Latin letters per character. Where a language has two habits (Mueller, Muller) `names` folds them
together.
"""

from __future__ import annotations

import polars as pl

from reconciliation.matching.text.distinct import of_each

_GERMANIC = {"Ä": "AE", "Ö": "OE", "Ü": "UE", "ẞ": "SS", "ß": "SS", "Æ": "AE", "Œ": "OE", "Ø": "OE", "Å": "AA"}
_LATIN = {"Ł": "L", "Đ": "D", "Ð": "D", "Þ": "TH", "Ħ": "H", "Ŧ": "T", "ı": "I", "İ": "I", "Ŋ": "N", "ĸ": "K"}
_CYRILLIC = dict(
    zip(
        "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯІЇЄҐЎЈЉЊЋЂЏЅ",
        (
            *("A", "B", "V", "G", "D", "E", "E", "ZH", "Z", "I", "I", "K", "L", "M", "N", "O", "P", "R", "S", "T", "U"),
            *("F", "KH", "TS", "CH", "SH", "SHCH", "", "Y", "", "E", "YU", "YA", "I", "I", "YE", "G", "U", "J", "LJ"),
            *("NJ", "C", "DJ", "DZ", "DZ"),
        ),
        strict=True,
    )
)
_GREEK = dict(zip("ΑΒΓΔΕΖΗΙΚΛΜΝΞΟΠΡΣΤΥΦΩ", "AVGDEZIIKLMNXOPRSTYFO", strict=True)) | {
    "Θ": "TH",
    "Χ": "CH",
    "Ψ": "PS",
}
# Arabic, Persian, Devanagari, Bengali and Thai
_DIGITS = {chr(zero + digit): str(digit) for zero in (0x660, 0x6F0, 0x966, 0x9E6, 0xE50) for digit in range(10)}
# composed letters are replaced before accents are dropped, plain ones after
_COMPOSED = {**_GERMANIC, **_CYRILLIC}
_PLAIN = {**_LATIN, "ΟΥ": "OU", **_GREEK, **_DIGITS, "’": "'", "–": "-", "—": "-", "‐": "-", "‑": "-"}


def ascii_upper(text: pl.Expr) -> pl.Expr:
    """The text in ASCII capitals: upper case, transliterated, accents dropped, what has no Latin form left as it is."""
    return (
        text.str.to_uppercase()
        .str.normalize("NFC")
        .str.replace_many(list(_COMPOSED), list(_COMPOSED.values()))
        .str.normalize("NFKD")
        .str.replace_all(r"\p{M}+", "")
        .str.replace_many(list(_PLAIN), list(_PLAIN.values()), leftmost=True)
    )


def ascii_upper_series(values: pl.Series) -> pl.Series:
    """As `ascii_upper`, for a column most of whose values are ASCII: the table is applied to the others only."""
    return _with_foreign_folded(values, values.str.to_uppercase())


def ascii_digits_series(values: pl.Series) -> pl.Series:
    """As `ascii_upper_series` for what looks at digits alone: small letters of ASCII texts stay."""
    return _with_foreign_folded(values, values)


def _with_foreign_folded(values: pl.Series, plain: pl.Series) -> pl.Series:
    """`plain`, with the values that are not in ASCII as `ascii_upper` gives them."""
    foreign = values.str.len_bytes() != values.str.len_chars()
    if not foreign.any():
        return plain
    text = pl.col("text")
    places = foreign.fill_null(False).arg_true()
    latin = of_each(values.gather(places), lambda each: each.alias("text").to_frame().select(ascii_upper(text))["text"])
    return plain.scatter(places, latin)


def compact(text: pl.Expr) -> pl.Expr:
    """Capitals and digits only, of text that is in ASCII capitals: separators of any kind go."""
    return text.str.replace_all("[^A-Z0-9]+", "")


def canonical_identifier(compacted: pl.Expr) -> pl.Expr:
    """The form in which a compact identifier and a compact token of a text are equal if they mean the same number.

    O is 0 and I is 1 (people and scanners confuse them), zeros that lead the whole or follow a letter are dropped
    (`INV000123` is `INV123`). The same function is applied to both sides, so that it can only join spellings, never
    split.
    """
    return canonical_identifier_inside(compacted).str.strip_chars_start("0")


def canonical_identifier_inside(compacted: pl.Expr) -> pl.Expr:
    """As `canonical_identifier`, for what may stand inside one: zeros in front are kept."""
    return compacted.str.replace_many(["O", "I"], ["0", "1"]).str.replace_all(r"([A-Z])0+([0-9])", "$1$2")
