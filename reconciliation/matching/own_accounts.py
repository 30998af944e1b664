"""Which own account a bank line names as the other one of a transfer: in the field for it, or in its text, whole or by its last
digits. And which lines say in words that they move money between own accounts."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from reconciliation.matching.text import find_identifiers
from reconciliation.matching.text.folding import ascii_upper_series

_TAIL = 4  # last characters of an account that banks show of it
_TELLING = 8  # last characters from which an account is told wherever they stand
_IN_TEXT = 6  # characters, at least, of an account that is looked for in texts
_GRAMS = 9  # groups of four in which the longest IBAN is printed
_SHOWN = (
    r"(?:[X*#]{2,}|\b(?:ENDING(?: IN| WITH)?|ACCOUNT|ACCT|ACC|AC|A/C|DDA|CHECKING|CHK|SAVINGS|SAV|KONTO|KTO|COMPTE|CPTE|CUENTA|CTA|"
    r"CONTO|CONTA|REKENING|REK|RACHUNEK)\b[ .:#-]*(?:NO|NR|NUM)?[ .:#-]*[X*#]*)[ -]?[0-9]{4,}\b"
)
_MOVED = (
    r"\b(?:INTERNAL (?:BANK |FUNDS |ACCOUNT |CASH )?(?:TRANSFER|TRF|TFR|XFER)|INTRA ?(?:COMPANY|GROUP) (?:TRANSFER|TRF|FUNDING)|"
    r"(?:TRANSFER|TRF|TFR|XFER) (?:BETWEEN|BTW) (?:OWN |INTERNAL )?(?:ACCOUNTS|ACCTS)|OWN ACCOUNTS? (?:TRANSFER|TRF|TFR|XFER)|"
    r"(?:TRANSFER|TRF|TFR|XFER) (?:TO|FROM) OWN ACCOUNT|CASH ?POOL\w*|ZBA|ZERO BALANC\w+|TARGET BALANC\w+|(?:CASH )?CONCENTRATION|"
    r"(?:AUTO(?:MATIC)? |ACCOUNT |CASH |BALANCE |LIQUIDITY )?SWEEP|UMBUCHUNG|KONTOUE?BERTRAG|EIGENUE?BERTRAG|"
    r"UE?BERTRAG(?:UNG)? (?:AUF |VON )?EIGENE\w*(?: KONT\w+)?|EIGENE[SNM]? KONT\w+|VIREMENT INTERNE|NIVELLEMENT|"
    r"VIREMENT (?:DE )?COMPTE A COMPTE|TRASPASO (?:INTERNO|PROPIO|ENTRE CUENTAS)|TRANSFERENCIA (?:INTERNA|ENTRE (?:CUENTAS|CONTAS))|"
    r"GIROCONTO|GIROFONDI|INTERNE (?:OVERBOEKING|OVERSCHRIJVING)|EIGEN REKENING\w*|INTERN OVERF\w+|EGE[NT] KONTO|"
    r"PRZELEW (?:WEWNETRZNY|WLASNY|NA RACHUNEK WLASNY))\b"
)


def says_moved(texts: pl.Series) -> pl.Series:
    """By text: whether its words say that money is moved between own accounts. A mere transfer may be to anybody."""
    return ascii_upper_series(texts).str.contains(_MOVED).fill_null(False)


def named_in_field(given: pl.Series, own: Sequence[str]) -> pl.Series:
    """By account number given (`account_key`): the own account that it is, also where one of the two is written without what
    stands in front of it (country, bank); null where it is another's, or may be of two."""
    values = given.drop_nulls().unique().alias("given").to_frame()
    met = [
        values.join(
            pl.DataFrame({"given": own, "account": own}, schema={"given": pl.String, "account": pl.String}), on="given"
        )
    ]
    met.append(values.join(_ends(own, _TELLING), left_on="given", right_on="end"))
    for length in sorted({len(account) for account in own if len(account) >= _TELLING}):
        longer = values.filter(pl.col("given").str.len_chars() > length)
        met.append(longer.with_columns(account=pl.col("given").str.tail(length)))
    known = pl.concat(met).filter(pl.col("account").is_in(own)).unique()
    known = known.filter((pl.len().over("given") == 1) | (pl.col("given") == pl.col("account")))
    return given.alias("given").to_frame().join(known, on="given", how="left", maintain_order="left")["account"]


def named_in_text(lines: pl.DataFrame, own: Sequence[str]) -> pl.DataFrame:
    """`row`, `account` of lines (`row`, `own`, `text`) whose text names one other own account: its number, or its last digits
    where the text says that they are those of an account."""
    texts = lines.select(text_row="row", text="text").drop_nulls()
    numbers = [each for each in own if len(each) >= _IN_TEXT and sum(map(str.isdigit, each)) >= _TAIL]
    if texts.is_empty() or not numbers:
        return pl.DataFrame(schema={"row": lines.schema["row"], "account": pl.String})
    identifiers = pl.DataFrame({"reference": numbers}).with_row_index("identifier_row")
    whole = find_identifiers(texts, identifiers, grams=_GRAMS, min_length=_IN_TEXT).join(
        identifiers, on="identifier_row"
    )
    shown = (
        texts.select("text_row", ascii_upper_series(texts["text"]).str.extract_all(_SHOWN).alias("shown"))
        .explode("shown", empty_as_null=False, keep_nulls=False)
        .select("text_row", end=pl.col("shown").str.extract("([0-9]+)$"))
        .join(_ends(own, _TAIL), on="end")
    )
    found = pl.concat(
        [whole.select(row="text_row", account="reference"), shown.select(row="text_row", account="account")]
    )
    found = found.unique().join(lines.select("row", "own"), on="row").filter(pl.col("account") != pl.col("own"))
    return found.filter(pl.len().over("row") == 1).select("row", "account")


def _ends(own: Sequence[str], least: int) -> pl.DataFrame:
    """The ends (`end`) of at least so many characters of own accounts (`account`), the whole left out."""
    lengths = pl.int_ranges(least, pl.col("account").str.len_chars()).alias("length")
    ends = (
        pl.DataFrame({"account": own}, schema={"account": pl.String})
        .with_columns(lengths)
        .explode("length", empty_as_null=False, keep_nulls=False)
    )
    return ends.select("account", end=pl.col("account").str.tail(pl.col("length")))
