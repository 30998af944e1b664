"""Code words of SEPA entries that a bank has glued to what stands before them: `EREF+2000251 00004072SVWZ+INV 4711`."""

from __future__ import annotations

import polars as pl

# the fields of a purpose text in the German banks' agreement on data exchange, annex 3, with those of reversed and bundled bookings
_WORDS = ("EREF", "KREF", "MREF", "BREF", "RREF", "CRED", "DEBT", "COAM", "OAMT", "SVWZ", "ABWA", "ABWE", "PURP")
_GLUED = rf"([A-Za-z0-9])((?:{'|'.join(_WORDS)})\+)"


def code_words_apart(texts: pl.Series) -> pl.Series:
    """The texts, with a space before each code word that has none: the number before it is a word of its own."""
    signed = texts.str.contains("+", literal=True).fill_null(False).arg_true()
    if signed.is_empty():
        return texts
    apart = texts.gather(signed).str.replace_all(_GLUED, "$1 $2")
    return texts.clone().scatter(signed, apart)
