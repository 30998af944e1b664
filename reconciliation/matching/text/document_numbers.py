"""Numbers in a text that are of the shape of a document's number, and yet another document's: `SI/24-25/0005` beside
`SI/25-26/0058`."""

from __future__ import annotations

import polars as pl
from rapidfuzz import process
from rapidfuzz.distance import OSA

# what people write before the number of an invoice that is nothing but digits
_INVOICE = "INVOICE INV BILL RECHNUNG RECHNG RECHN RECH RG RE RNR RGNR FACTURE FACT FAC FATTURA FATT FT FACTURA FAKTURA FAKTUUR"
_NUMBER = "(?:NR|NO|NUM|NUMMER|NUMBER|N)"
_SPOT = rf"\b[A-Z]{{1,12}}[ .]{{0,2}}{_NUMBER}?[ .:#/_-]{{0,3}}[0-9](?:[0-9./_-]*[0-9])?"
_REFERENCE = r"^[A-Z]*[ ./_#-]*[0-9][0-9 ./_-]*$"
_LEAST = 3  # digits of a reference that has a shape
_LEAST_MISTYPED = 4  # digits from which one wrong one is a slip, not another number


def names_another(texts: pl.DataFrame, references: pl.DataFrame) -> pl.DataFrame:
    """The `pair` of those whose text names a number of the shape of the item's reference, and none that may be it.

    Takes `texts` and `references` (`pair`, `text` and `pair`, `reference`, both in ASCII capitals). A number may be the
    reference if it is the whole or the end of it, its beginning, or a slip of the keys away.
    """
    shaped = references.filter(pl.col("reference").str.contains(_REFERENCE)).select(
        "pair",
        own_letters=pl.col("reference").str.extract("^([A-Z]+)").fill_null(""),
        own=pl.col("reference").str.replace_all("[^0-9]", ""),
    )
    shaped = shaped.filter(pl.col("own").str.len_bytes() >= _LEAST)
    met = _spots(texts.join(shaped.select("pair").unique(), on="pair", how="semi")).join(shaped, on="pair")
    size = pl.col("own").str.len_bytes()
    of_invoice = pl.col("letters").is_in(_INVOICE.split(" ")) & (pl.col("digits").str.len_bytes() == size)
    met = met.filter(((pl.col("letters") == pl.col("own_letters")) & (pl.col("own_letters") != "")) | of_invoice)
    if met.is_empty():
        return met.select("pair")
    return (
        met.with_columns(_may_be(met)).group_by("pair").agg(pl.col("same").any()).filter(~pl.col("same")).select("pair")
    )


def _spots(texts: pl.DataFrame) -> pl.DataFrame:
    """`pair`, `letters`, `digits`, `last` (the last run of digits) of the numbers with letters in front."""
    found = texts.select("pair", pl.col("text").str.extract_all(_SPOT).alias("spot"))
    found = found.explode("spot", empty_as_null=False, keep_nulls=False)
    return found.select(
        "pair",
        letters=pl.col("spot").str.extract("^([A-Z]+)"),
        digits=pl.col("spot").str.replace_all("[^0-9]", ""),
        last=pl.col("spot").str.extract("([0-9]+)$"),
    )


def _may_be(met: pl.DataFrame) -> pl.Series:
    """By number met in a text (`digits`, `last`) and reference (`own`, its digits): `same`, whether the one may be the other."""
    own, size = pl.col("own"), pl.col("own").str.len_bytes()
    digits = pl.col("digits")
    cut = met.with_columns(
        first=pl.when(digits.str.len_bytes() > size).then(digits.str.slice(0, size)).otherwise(digits),
        serial=pl.col("last").str.strip_chars_start("0"),
    )
    slips = process.cpdist(cut["first"].to_list(), cut["own"].to_list(), scorer=OSA.distance)
    short = digits.str.len_bytes() < size
    same = (
        (pl.col("first") == own)
        | (short & (own.str.ends_with(digits) | own.str.starts_with(digits) | own.str.ends_with(pl.col("serial"))))
        | ((size >= _LEAST_MISTYPED) & (pl.col("slips") <= 1))
    )
    return cut.with_columns(pl.Series("slips", slips)).select(same.alias("same"))["same"]
