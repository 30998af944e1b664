"""Numbers in a text that are of the shape of a document's number, and yet another document's: `SI/24-25/0005` beside
`SI/25-26/0058`."""

from __future__ import annotations

import polars as pl
from rapidfuzz import process
from rapidfuzz.distance import OSA

from reconciliation.matching.text.serial_numbers import YEAR, numbers_in, serial_number

# what people write before the number of an invoice that is nothing but digits
_INVOICE = "INVOICE INV BILL RECHNUNG RECHNG RECHN RECH RG RE RNR RGNR FACTURE FACT FAC FATTURA FATT FT FACTURA FAKTURA FAKTUUR"
_NUMBER = "(?:NR|NO|NUM|NUMMER|NUMBER|N)"
_SPOT = rf"\b[A-Z]{{1,12}}[ .]{{0,2}}{_NUMBER}?[ .:#/_-]{{0,3}}[0-9](?:[0-9./_-]*[0-9])?"
_REFERENCE = r"^[A-Z]*[ ./_#-]*[0-9][0-9 ./_-]*$"
_LEAST = 3  # digits of a reference that has a shape
_LEAST_MISTYPED = 4  # digits from which one wrong one is a slip, not another number


def names_another(texts: pl.DataFrame, references: pl.DataFrame, exact: pl.Series | None = None) -> pl.DataFrame:
    """The `pair` of those whose text names a number of the shape of the item's reference, and none that may be it.

    Takes `texts` and `references` (`pair`, `text` and `pair`, `reference`, both in ASCII capitals). A number may be the
    reference if it is the whole or the end of it, its beginning, or a slip of the keys away; in the pairs `exact` a slip is
    another number.
    """
    shaped = references.filter(pl.col("reference").str.contains(_REFERENCE)).select(
        "pair",
        own_letters=pl.col("reference").str.extract("^([A-Z]+)").fill_null(""),
        own=pl.col("reference").str.replace_all("[^0-9]", ""),
        serial=serial_number(pl.col("reference")),
    )
    size = pl.col("own").str.len_bytes()
    shaped = shaped.with_columns(size=size).filter(pl.col("size") >= _LEAST)
    spots = _spots(texts.join(shaped.select("pair").unique(), on="pair", how="semi"))
    of_invoice = spots.filter(pl.col("letters").is_in(_INVOICE.split(" "))).with_columns(
        size=pl.col("digits").str.len_bytes()
    )
    lettered = shaped.filter(pl.col("own_letters") != "").rename({"own_letters": "letters"})
    # an invoice's number may be written as its serial number alone; a year is none
    by_serial = shaped.with_columns(size=pl.col("serial").str.len_bytes()).filter(
        pl.col("size") < pl.col("own").str.len_bytes()
    )
    alone = of_invoice.filter(~pl.col("digits").str.contains(YEAR))
    parts = (
        spots.join(lettered, on=["pair", "letters"]),
        of_invoice.join(shaped, on=["pair", "size"]),
        alone.join(by_serial, on=["pair", "size"]),
    )
    met = pl.concat([part.select("pair", "digits", "last", "numbers", "own", "size", "serial") for part in parts])
    if met.is_empty():
        return met.select("pair")
    another = met.filter(~_may_be().any().over("pair"))
    forgiven = another if exact is None else another.filter(~pl.col("pair").is_in(exact.implode()))
    return another.join(_slips(forgiven), on="pair", how="anti").select("pair").unique()


def _spots(texts: pl.DataFrame) -> pl.DataFrame:
    """`pair`, `letters`, `digits`, `last` (the last run of digits), `numbers` of the numbers with letters in front."""
    found = texts.select("pair", pl.col("text").str.extract_all(_SPOT).alias("spot"))
    found = found.explode("spot", empty_as_null=False, keep_nulls=False)
    return found.select(
        "pair",
        letters=pl.col("spot").str.extract("^([A-Z]+)"),
        digits=pl.col("spot").str.replace_all("[^0-9]", ""),
        last=pl.col("spot").str.extract("([0-9]+)$"),
        numbers=numbers_in(pl.col("spot")),
    )


def _may_be() -> pl.Expr:
    """Whether a number met in a text (`digits`, `last`, `numbers`) may be a reference (`own`: its digits, `size`: how many), letter for
    letter."""
    own, digits = pl.col("own"), pl.col("digits")
    serial = pl.col("last").str.strip_chars_start("0")
    cut = own.str.ends_with(digits) | own.str.starts_with(digits) | own.str.ends_with(serial)
    held = pl.col("numbers").list.contains(pl.col("serial"))
    return held.fill_null(False) | (_first() == own) | ((digits.str.len_bytes() < pl.col("size")) & cut)


def _first() -> pl.Expr:
    """As many of a number's first digits as the reference has."""
    return pl.col("digits").str.head(pl.col("size"))


def _slips(met: pl.DataFrame) -> pl.DataFrame:
    """The `pair` of the numbers that are a slip of the keys away from the reference."""
    long = met.filter(pl.col("size") >= _LEAST_MISTYPED, pl.col("digits").str.len_bytes() + 1 >= pl.col("size"))
    serial = met.filter(
        pl.col("serial").str.len_bytes() >= _LEAST_MISTYPED,
        pl.col("serial").str.len_bytes() == pl.col("digits").str.len_bytes(),
    )
    near = pl.concat([long.select("pair", "own", first=_first()), serial.select("pair", own="serial", first="digits")])
    slips = process.cpdist(near["first"].to_list(), near["own"].to_list(), scorer=OSA.distance, score_cutoff=1)
    return near.filter(pl.Series(slips <= 1, dtype=pl.Boolean)).select("pair").unique()
