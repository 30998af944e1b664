"""Invoice numbers and how people damage them: the written side of the documents of one chunk."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from simulation.scale_kind_numbers import SIDES, side_of
from simulation.scale_kinds import KIND_NUMBER, PAYMENT, RECEIPT
from simulation.scale_parties import NUMBER_STYLES, Ints, Masters, Parties
from simulation.scale_settlements import Settlements

STRIDE = 10_000_000  # serial numbers a chunk may use
MANGLINGS = 9


def document_frame(
    rng: np.random.Generator, settled: Settlements, parties: Parties, masters: Masters, chunk: int
) -> pl.DataFrame:
    """Return one row per document: `number` (as its issuer writes it), `own_number` and `structured` (ISO 11649).

    A supplier's numbers are unique for that supplier alone; our own invoice numbers are unique in the whole data set.
    """
    unit = settled.doc_unit
    event = settled.unit_event[unit]
    ours = side_of(settled.kind[event]) == SIDES.index(RECEIPT)
    order = np.lexsort((settled.doc_number, unit, settled.doc_day))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    own_serial = chunk * STRIDE + rank + 1
    supplier_serial = parties.base_serial[settled.doc_party] + _rank_within(settled.doc_party, rank)
    entity = settled.entity[event]
    style = np.where(ours, 100 + masters.entity_country[entity] % 3, parties.style[settled.doc_party])
    structured = ours & ((settled.kind[event] == KIND_NUMBER["receipt_structured"]) | (settled.doc_party % 3 == 0))
    text = parties.text[settled.doc_party]
    frame = pl.DataFrame(
        {
            "style": style,
            "serial": np.where(ours, own_serial, supplier_serial),
            "own_serial": own_serial,
            "ours": ours,
            "structured": structured,
            "date": pl.Series(settled.doc_day.astype(np.int32)).cast(pl.Date),
            "initials": text["initials"],
            "party": settled.doc_party % 97_003,
        }
    )
    return frame.select(
        number=_number(),
        own_number=pl.when("ours").then(None).otherwise(pl.lit("51") + _digits("own_serial", 9)),
        structured=pl.when("structured").then(_creditor_reference()),
    )


def _rank_within(group: Ints, rank: Ints) -> Ints:
    order = np.lexsort((rank, group))
    ordered = group[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    within = np.arange(len(group)) - np.repeat(starts, np.diff(np.append(starts, len(group))))
    result = np.empty(len(group), dtype=np.int64)
    result[order] = within
    return result


def _digits(column: str, width: int) -> pl.Expr:
    return pl.col(column).cast(pl.String).str.zfill(width)


def _number() -> pl.Expr:
    year, month = pl.col("date").dt.to_string("%Y"), pl.col("date").dt.to_string("%m")
    short = pl.col("date").dt.to_string("%y")
    serial = pl.col("serial").cast(pl.String)
    by_style = (
        pl.lit("RE-") + year + pl.lit("-") + _digits("serial", 5),
        year + pl.lit("/") + _digits("serial", 4),
        pl.lit("INV") + _digits("serial", 6),
        (pl.col("serial") + 100_000).cast(pl.String),
        short + month + _digits("serial", 5),
        pl.col("initials") + pl.lit("-") + _digits("serial", 7),
        pl.lit("F") + year + month + pl.lit("-") + _digits("serial", 4),
        pl.lit("SI/") + short + pl.lit("/") + _digits("serial", 5),
        pl.lit("90") + _digits("serial", 8),
        _digits("serial", 3) + pl.lit("/") + month + pl.lit("/") + year,
        (pl.col("party") + 10_000).cast(pl.String) + pl.lit("-") + _digits("serial", 4),
        pl.lit("A") + _digits("serial", 6) + pl.lit("/") + short,
    )
    if len(by_style) != NUMBER_STYLES:
        raise ValueError(f"{len(by_style)} ways to number for {NUMBER_STYLES} styles")
    ours = (
        pl.lit("AR-") + serial.str.zfill(9),
        pl.lit("7") + serial.str.zfill(9),
        pl.lit("INV-") + serial.str.zfill(8),
    )
    first = pl.when(pl.col("style") == 100).then(ours[0])
    chain = first.when(pl.col("style") == 101).then(ours[1]).when(pl.col("style") == 102).then(ours[2])
    for number, expression in enumerate(by_style[:-1]):
        chain = chain.when(pl.col("style") == number).then(expression)
    return chain.otherwise(by_style[-1])


def _creditor_reference() -> pl.Expr:
    """Return ISO 11649 references: RF, check digits by ISO 7064 MOD 97-10 over `body RF00`, the body."""
    body = pl.col("own_serial")
    check = pl.lit(98) - (body % 97 * (1_000_000 % 97) + 271_500 % 97) % 97
    return pl.lit("RF") + check.cast(pl.String).str.zfill(2) + body.cast(pl.String)


def mangled(number: pl.Expr, choice: pl.Expr) -> pl.Expr:
    """Return a number as someone else writes it; `choice` (0 to MANGLINGS - 1) says what went wrong."""
    ways = (
        number.str.replace_all(r"[-/. ]", ""),
        number.str.replace_all(r"[-/.]", " "),
        number.str.replace_all("-", "/", literal=True),
        number.str.replace_all("0", "O", literal=True),
        number.str.replace_all(r"(^|[^0-9])0+([0-9])", "${1}${2}"),
        number.str.replace(r"^[A-Z]+[-/ ]*", ""),
        pl.lit("RNR") + number,
        number.str.replace_all("1", "I", literal=True),
        pl.lit("00") + number,
    )
    chain = pl.when(choice == 0).then(ways[0]).when(choice == 1).then(ways[1])
    for position, way in enumerate(ways[2:-1], start=2):
        chain = chain.when(choice == position).then(way)
    return chain.otherwise(ways[-1])


def wrapped(number: pl.Expr, at: pl.Expr) -> pl.Expr:
    """Return a number broken by a line end: a blank after its first `at` characters."""
    return number.str.head(at) + pl.lit(" ") + number.str.slice(at)


def mistyped(number: pl.Expr) -> pl.Expr:
    """Return a number with its last two digits exchanged."""
    return number.str.replace(r"([0-9])([0-9])([^0-9]*)$", "${2}${1}${3}")


def is_payment_side(settled: Settlements) -> npt.NDArray[np.bool_]:
    """Return which units are payments we instructed."""
    return np.asarray(settled.unit_side == SIDES.index(PAYMENT))
