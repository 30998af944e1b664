"""Numbers that a text and the items of its counterparty share: a job, a delivery note, a meter, the end of a bill's number.

Among all items such a number may be anything; among the few of one counterparty it tells which are meant, however short it is and
wherever the item shows it. Numbers that many of the counterparty's items show, its own or a year, tell none of them.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext, Rows
from reconciliation.matching.encoding import Dataset, Mask
from reconciliation.matching.joins import among
from reconciliation.matching.number_index import rows_showing
from reconciliation.matching.parties import parties_named
from reconciliation.matching.party_codes import party_codes
from reconciliation.matching.party_evidence import NAMED, party_classes
from reconciliation.matching.reference_index import references_of
from reconciliation.matching.reference_keys import written
from reconciliation.matching.text.folding import ascii_upper, ascii_upper_series
from reconciliation.matching.text.ranges import range_members
from reconciliation.matching.text.serial_numbers import serial_number

_LEAST, _MOST = 3, 18  # digits of such a number
_TELLING = 4  # digits of one that tells an item of the amount whoever pays
_OWNERS = 2  # items of a counterparty that may show it
_EVERYWHERE = 3  # counterparties in whose lines it stands, from which it is nobody's
_YEAR = "^(?:19|20)[0-9]{2}$"
_NUMBER = f"[0-9]{{{_LEAST},}}"
_FIGURES = r"(?:^|[^0-9A-Z.,'/-])[0-9]{1,3}(?:[.,'][0-9]{3})*[.,][0-9]{2}(?:[^0-9A-Z.,'/-]|$)"
_DATES = r"\b(?:[0-3]?[0-9][./-][0-3]?[0-9][./-](?:20)?[0-9]{2}|20[0-9]{2}-[01][0-9]-[0-3][0-9])\b"


def numbers_met(context: LegContext) -> pl.DataFrame:
    """`left`, `right`, `size`, `serial` (digits) of open items of one counterparty that show a number in common; `serial` where it is
    the right item's own number within its series, else 0."""
    return _met(context, np.flatnonzero(context.meeting(context.left)).astype(np.uint32))


def names_other_numbers(context: LegContext, members: pl.DataFrame) -> Mask:
    """By member of sums (`left`, `right`): whether its left text shows a number of an open item of the counterparty that is no
    member."""
    found = np.zeros(members.height, dtype=np.bool_)
    met = _met(context, np.unique(members["left"].to_numpy()))
    others = met.join(members.select("left", "right"), on=["left", "right"], how="anti")
    found[members["left"].is_in(others["left"].unique().implode()).arg_true().to_numpy()] = True
    return found


def names_another_of_the_amount(context: LegContext, left: Rows, right: Rows) -> Mask:
    """By pair of rows that names bring together: whether the left text shows a number of other right items of its own amount, and none
    of the right one's. That a customer's name is like another's is likelier than that. Without names the number alone is no doubt
    of the others, as it would be all that speaks for its own."""
    against = np.zeros(len(left), dtype=np.bool_)
    alike = np.flatnonzero(np.isin(party_classes(context, left, right), NAMED))
    if len(alike):
        against[alike] = _names_another(context, left[alike], right[alike])
    return against


def _names_another(context: LegContext, left: Rows, right: Rows) -> Mask:
    against = np.zeros(len(left), dtype=np.bool_)
    said = _shown(context.left.dataset, np.unique(left)).filter(pl.col("number").str.len_bytes() >= _TELLING)
    one, two = context.left, context.right.dataset
    lines = said["row"].to_numpy()
    said = said.select("number", left="row", amount=pl.Series(one.open[lines]), currency=one.dataset.currency[lines])
    if said.is_empty():
        return against
    alike = rows_showing(two, said["number"])
    alike = alike[among(two.amount[alike], np.unique(one.open[lines]))]
    if not len(alike):
        return against
    # a number of few digits is met by chance among all that items show, not among their own numbers
    serials = references_of(two, alike).select("row", number=serial_number(ascii_upper(pl.col("reference"))))
    long = _shown(two, alike).filter(pl.col("number").str.len_bytes() > _TELLING)
    owned = pl.concat([serials.drop_nulls(), long]).unique()
    items = owned["row"].to_numpy()
    owned = owned.select("number", named="row", amount=pl.Series(two.amount[items]), currency=two.currency[items])
    named = said.join(owned, on=["number", "amount", "currency"]).select("left", "named").unique()
    named = named.filter(pl.len().over("left") <= _OWNERS)
    pairs = pl.DataFrame({"left": left, "right": right}).with_row_index("pair").join(named, on="left")
    fits = context.compatible(pairs["left"].to_numpy(), pairs["named"].to_numpy())
    met = (
        pairs.filter(pl.Series(fits, dtype=pl.Boolean))
        .group_by("pair")
        .agg((pl.col("right") == pl.col("named")).any().alias("own"))
    )
    against[met.filter(~pl.col("own"))["pair"].to_numpy()] = True
    return against


def names_more(context: LegContext, left: Rows, right: Rows) -> Mask:
    """By pair of rows: whether the left text shows, beside the right item's number, another of as many digits: `INV 2041902/389/404`
    pays more than the first bill."""
    said = _listed(context.left.dataset, np.unique(left)).select("number", left="row")
    owned = references_of(context.right.dataset, right)
    own = owned.select(right="row", own=serial_number(ascii_upper(pl.col("reference")))).drop_nulls().unique()
    pairs = (
        pl.DataFrame({"left": left, "right": right}).with_row_index("pair").join(own, on="right").join(said, on="left")
    )
    size = pl.col("own").str.len_bytes()
    told = pairs.filter((pl.col("number").str.len_bytes() == size) & (size >= _TELLING)).group_by("pair", "own")
    met = told.agg(itself=(pl.col("number") == pl.col("own")).any(), other=(pl.col("number") != pl.col("own")).any())
    more = np.zeros(len(left), dtype=np.bool_)
    more[met.filter("itself", "other")["pair"].to_numpy()] = True
    return more


def _met(context: LegContext, rows: Rows) -> pl.DataFrame:
    """`left`, `right`, `size`, `serial` of these left rows and those open items of their counterparties that show a number they show."""
    said = _listed(context.left.dataset, rows)
    known = parties_named(context, said["row"].unique().sort().to_numpy()).unique()
    said = said.join(known.filter(pl.len().over("row") == 1), on="row")
    said = said.filter(pl.col("party").n_unique().over("number") < _EVERYWHERE)
    if said.is_empty():
        return pl.DataFrame(schema={"left": pl.UInt32, "right": pl.UInt32, "size": pl.UInt32, "serial": pl.UInt32})
    codes = party_codes(context.right.dataset)
    showing = rows_showing(context.right.dataset, said["number"])
    theirs = showing[codes.gather(showing).is_in(said["party"].unique().implode()).fill_null(False).to_numpy()]
    owned = _shown(context.right.dataset, theirs).with_columns(pl.col("row").alias("right"))
    owned = owned.with_columns(party=codes.gather(owned["row"])).join(
        said.select("number", "party").unique(), on=["number", "party"], how="semi"
    )
    owned = owned.filter(pl.col("right").n_unique().over("number", "party") <= _OWNERS)
    owned = owned.filter(pl.Series(context.right.is_open[owned["right"].to_numpy()], dtype=pl.Boolean))
    met = said.select("number", "party", left="row").join(
        owned.select("number", "party", "right"), on=["number", "party"]
    )
    given = references_of(context.right.dataset, met["right"].to_numpy())
    series = given.select(right="row", number=serial_number(ascii_upper(pl.col("reference")))).drop_nulls().unique()
    met = met.join(series.with_columns(own=pl.lit(1, pl.UInt32)), on=["right", "number"], how="left")
    size = pl.col("number").str.len_bytes()
    shown = met.group_by("left", "right").agg(
        size.max().alias("size"), serial=(size * pl.col("own")).max().fill_null(0)
    )
    return shown.sort("left", "right")


def _shown(data: Dataset, rows: Rows) -> pl.DataFrame:
    """`row`, `number` of the numbers that texts and references of these rows show (`numbers_shown`)."""
    shown = pl.DataFrame({"row": rows, "number": data.by_row(numbers_shown, rows)})
    return shown.explode("number", empty_as_null=False, keep_nulls=False)


def numbers_shown(data: Dataset, rows: Rows) -> pl.Series:
    """By row: the numbers that its text and references show, as written and without zeros in front, without dates and amounts."""
    found = _numbers(_told(data, rows)).group_by("row").agg("number")
    return pl.DataFrame({"row": rows}).join(found, on="row", how="left", maintain_order="left")["number"]


def _listed(data: Dataset, rows: Rows) -> pl.DataFrame:
    """As `_shown`, with what a list or range of numbers stands for."""
    told = _told(data, rows)
    return _numbers(told, range_members(told).select("row", number=pl.col("raw").str.extract("([0-9]+)$", 1)))


def _told(data: Dataset, rows: Rows) -> pl.DataFrame:
    """`row`, `text` of those of these rows that show a number: what is written there but dates and amounts."""
    texts = data.take([written("text")], rows)["text"]
    told = pl.DataFrame({"row": rows, "text": ascii_upper_series(texts)}).filter(pl.col("text").str.contains(_NUMBER))
    return told.with_columns(pl.col("text").str.replace_all(_DATES, " ").str.replace_all(_FIGURES, " ; "))


def _numbers(told: pl.DataFrame, *more: pl.DataFrame) -> pl.DataFrame:
    """`row`, `number` of the numbers in texts (`row`, `text`), and of `more` of that shape."""
    numbers = told.select("row", number=pl.col("text").str.extract_all(_NUMBER))
    shown = pl.concat([numbers.explode("number", empty_as_null=False, keep_nulls=False), *more])
    bare = shown.with_columns(pl.col("number").str.strip_chars_start("0"))
    size = pl.col("number").str.len_bytes()
    shown = pl.concat([shown, bare]).drop_nulls().filter(size.is_between(_LEAST, _MOST))
    return shown.filter(~pl.col("number").str.contains(_YEAR)).unique()
