"""What a payer's text says is paid of each item it names: `INV 471100 100.00 INV 471101 240.50`.

Amounts that stand beside the numbers of several items, and come to what was paid to the cent, say how it is applied: what one of them is
short by stays open there, and is no charge on the whole.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.amount_differences import discounts
from reconciliation.matching.context import LegContext
from reconciliation.matching.reference_index import references_of
from reconciliation.matching.reference_keys import written
from reconciliation.matching.text.folding import ascii_upper_series, compact
from reconciliation.matching.text.serial_numbers import serial_number
from reconciliation.matching.text.stated_amounts import figures_between

_LEAST = 4  # characters of a number that is looked for in a text
_FEWEST = 2  # items named: one amount beside one number is what the bank shows of the whole
_PAIR = ["left", "right"]


def itemised(context: LegContext, edges: pl.DataFrame, days: int) -> pl.DataFrame:
    """Edges (as in `settlement`) of the left items whose text states an amount for each of several right items, all in all what was
    paid: `other` is what is applied, `discounted` whether it holds a discount that may be taken (`days` late)."""
    stars = edges.filter(pl.len().over("left") >= _FEWEST)
    told = _texts(context, stars)
    if told.is_empty():
        return edges.clear().with_columns(discounted=pl.lit(False))
    between = figures_between(told)
    places = _places(context, stars, between)
    # a number that is read in an amount alone is no bill's: 1207 of 1207.12
    stars = stars.join(places, on=_PAIR, how="semi").filter(pl.len().over("left") >= _FEWEST)
    stated = _stated(places, between)
    read = stars.join(stated, on=_PAIR)
    paid = pl.col("stated") * pl.col("other").sign()
    of_reading = read.with_columns(named=pl.len().over("left", "read"), paid=paid).join(
        stars.group_by("left").agg(count=pl.len()), on="left"
    )
    whole = of_reading.filter(
        (pl.col("named") == pl.col("count"))
        & (pl.col("paid").sum().over("left", "read") == pl.col("mine"))
        & (pl.col("stated") <= pl.col("other").abs()).all().over("left", "read")
    )
    # read in two ways, it says nothing where the two differ
    once = whole.unique([*_PAIR, "stated"], maintain_order=True)
    once = once.filter(pl.len().over("left") == pl.col("count")).sort(_PAIR)
    taken = pl.Series(discounts(context, once, days), dtype=pl.Int64)
    net = (taken > 0) & (once["stated"] == once["other"].abs() - taken)
    applied = pl.when("discounted").then("other").otherwise("paid")
    once = once.with_columns(discounted=net).with_columns(other=applied)
    # named for nothing, an item is not paid
    return once.filter(pl.col("other") != 0).select(*edges.columns, "discounted")


def _texts(context: LegContext, stars: pl.DataFrame) -> pl.DataFrame:
    """`left`, `text`, `exponent` of the left items whose text shows an amount."""
    rows = stars["left"].unique().sort()
    texts = ascii_upper_series(context.left.dataset.take([written("text")], rows.to_numpy())["text"])
    exponents = np.asarray(context.encoding.exponents, dtype=np.int64)[context.left.dataset.currency[rows.to_numpy()]]
    told = pl.DataFrame({"left": rows, "text": texts, "exponent": exponents})
    return told.filter(pl.col("text").str.contains("[0-9][.,'][0-9]"))


def _stated(places: pl.DataFrame, between: pl.DataFrame) -> pl.DataFrame:
    """`left`, `right`, `stated` of the amounts that may be meant for each item named, by how the text is `read`: the first one behind
    the number, the last one before the next number, the one in front of it."""
    alone = (pl.len().over(_PAIR) == 1) & (pl.len().over("left", "place") == 1)
    named = places.filter(alone).sort("left", "place")
    until = pl.col("place").shift(-1).over("left").fill_null(np.iinfo(np.int64).max)
    figures = between.select("left", pl.col("place").alias("at"), stated="amount").drop_nulls()
    met = named.with_columns(until=until).join(figures, on="left").sort("left", "at")
    behind = met.filter(pl.col("at").is_between("place", "until", closed="left")).group_by(_PAIR, maintain_order=True)
    before = met.filter(pl.col("at") == pl.col("place") - 1)
    return pl.concat(
        [
            behind.agg(pl.col("stated").first(), read=pl.lit(0)),
            behind.agg(pl.col("stated").last(), read=pl.lit(1)),
            before.select(*_PAIR, "stated", read=pl.lit(2)),
        ]
    )


def _places(context: LegContext, stars: pl.DataFrame, between: pl.DataFrame) -> pl.DataFrame:
    """`left`, `right`, `place` of the items whose number stands in a piece of text between amounts."""
    owned = references_of(context.right.dataset, stars["right"].unique().sort().to_numpy())
    owned = owned.with_columns(ascii_upper_series(owned["reference"]))
    bare, serial = compact(pl.col("reference").str.replace("^[^0-9]+", "")), serial_number(pl.col("reference"))
    keys = pl.concat([owned.select(right="row", key=key) for key in (bare, serial)]).drop_nulls().unique()
    keys = keys.filter(pl.col("key").str.len_bytes() >= _LEAST)
    asked = stars.select(_PAIR).join(keys, on="right").join(between, on="left")
    met = asked.filter(compact(pl.col("piece")).str.contains(pl.col("key"), literal=True))
    return met.select(*_PAIR, "place").unique()
