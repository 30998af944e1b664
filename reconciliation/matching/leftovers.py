"""Items no group took: why, and what came nearest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext, Rows, SideView
from reconciliation.matching.joins import key_pairs
from reconciliation.matching.resolution import AMBIGUOUS
from reconciliation.matching.taken import Taken

_NEAREST = 3
_NONE: Rows = np.zeros(0, dtype=np.uint32)
_MAX_PAIRS = 400  # of one amount: beyond it no candidate is nearer than the others


#: Reasons that follow from what is open; any other was given by a pass, or by a person.
FOLLOWING = (
    "amount_out_of_range",
    "zero_amount",
    "partly_applied",
    "too_little_evidence",
    "outside_window",
    "many_equal_amounts",
    "no_candidate",
)


def tied_rows(taken: Sequence[Taken]) -> tuple[Rows, Rows]:
    """By side: the rows of the items that ties name."""
    left, right = ([_NONE], [_NONE])
    for each in taken:
        for rows, uses in zip((left, right), each.uses, strict=True):
            rows.append(uses.row[uses.status == AMBIGUOUS])
    return np.concatenate(left), np.concatenate(right)


def unmatched_rows(context: LegContext, tied: tuple[Rows, Rows], notes: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Open items outside every group of the leg, on the sides that report them: side, row, open, reason, candidates
    (ids). `tied` has by side the rows that ties name."""
    parts = []
    for number, view in enumerate(context.sides):
        if not view.side.report_unmatched:
            continue
        rest = view.open.copy()
        rest[tied[number]] = 0
        rows = np.flatnonzero(rest).astype(np.uint32)
        frame = pl.DataFrame({"row": rows, "open": rest[rows]}).with_columns(
            pl.Series("partly", rest[rows] != view.dataset.amount[rows])
        )
        if len(view.dataset.too_large):
            large = pl.DataFrame({"row": view.dataset.too_large}).with_columns(open=pl.lit(0, pl.Int64), partly=False)
            frame = pl.concat([frame, large]).sort("row")
        nothing = pl.DataFrame({"row": _zero_amounts(view)}).with_columns(open=pl.lit(0, pl.Int64), partly=False)
        if not nothing.is_empty():
            frame = pl.concat([frame, nothing]).sort("row")
        frame = frame.with_columns(pl.lit(number, pl.UInt8).alias("side"))
        frame = frame.join(_noted(notes, number), on="row", how="left", maintain_order="left")
        near, crowded = _nearest(context, number, frame)
        frame = frame.join(near, on="row", how="left", maintain_order="left")
        frame = frame.join(crowded.with_columns(crowded=True), on="row", how="left", maintain_order="left")
        too_large = pl.col("row").is_in(view.dataset.too_large.tolist())
        reason = (
            pl.when(too_large)
            .then(pl.lit("amount_out_of_range"))
            .when(pl.col("open") == 0)
            .then(pl.lit("zero_amount"))
            .when("partly")
            .then(pl.lit("partly_applied"))
            .when(pl.col("noted").is_not_null())
            .then("noted")
            .when(pl.col("apart") <= max(each.days_apart for each in context.leg.passes))
            .then(pl.lit("too_little_evidence"))
            .when(pl.col("candidates").is_not_null())
            .then(pl.lit("outside_window"))
            .when("crowded")
            .then(pl.lit("many_equal_amounts"))
            .otherwise(pl.lit("no_candidate"))
        )
        parts.append(
            frame.select(
                "side",
                "row",
                "open",
                reason.alias("reason"),
                pl.col("candidates").fill_null(pl.lit([], dtype=pl.List(pl.String))),
            )
        )
    if parts:
        return pl.concat(parts)
    return pl.DataFrame(
        schema={
            "side": pl.UInt8,
            "row": pl.UInt32,
            "open": pl.Int64,
            "reason": pl.String,
            "candidates": pl.List(pl.String),
        }
    )


def reopened_rows(context: LegContext, held: pl.DataFrame) -> pl.DataFrame:
    """As `unmatched_rows`, of the items alone that a leg's suggestions and ties held (`doubts.HELD`) and that are open again."""
    parts = [unmatched_rows(context, (_NONE, _NONE), []).clear()]
    whole = [view.open for view in context.sides]
    for number, view in enumerate(context.sides):
        rows = held.filter(pl.col("dataset") == view.dataset.name)["row"].unique().to_numpy()
        view.open = np.zeros_like(whole[number])
        view.open[rows] = whole[number][rows]
        found = unmatched_rows(context, (_NONE, _NONE), [])
        parts.append(found.filter(pl.col("side") == number, pl.col("row").is_in(rows)))
        view.open = whole[number]
    return pl.concat(parts)


def _zero_amounts(view: SideView) -> Rows:
    """The rows of items of the side that amount to nothing: no group can take them, and none is lost."""
    data = view.dataset
    rows = np.setdiff1d(np.flatnonzero(data.amount == 0).astype(np.uint32), data.too_large)
    if view.side.takes is not None:
        rows = rows[data.take([view.side.takes], rows)["kind"].to_numpy()]
    return rows


def _noted(notes: Sequence[pl.DataFrame], side: int) -> pl.DataFrame:
    """The last reason a pass gave for each row: the later pass looked harder."""
    if not notes:
        return pl.DataFrame(schema={"row": pl.UInt32, "noted": pl.String})
    numbered = pl.concat([each.with_columns(pl.lit(place).alias("place")) for place, each in enumerate(notes)])
    own = numbered.filter(pl.col("side") == side).sort("row", "place", "reason")
    return own.unique("row", keep="last", maintain_order=True).select("row", noted="reason")


def _nearest(context: LegContext, number: int, rest: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Up to three open items of the other side with the same amount, nearest in date first, by id where equally
    near, with how many days `apart` the nearest is; and the rows whose amount so many have that none is nearer than the others."""
    none = pl.DataFrame(schema={"row": pl.UInt32, "apart": pl.Int32, "candidates": pl.List(pl.String)})
    other = context.sides[1 - number]
    if rest.is_empty():
        return none, none.select("row")
    view = context.sides[number]
    rows = rest["row"].to_numpy()
    sign = -1 if context.leg.offsets else 1
    mine = pl.DataFrame(
        {
            "row": rows,
            "amount": rest["open"],
            "currency": view.dataset.currency[rows],
            "day": view.dataset.date[rows],
            "entity": view.dataset.entity[rows],
            "account": view.dataset.account[rows],
        }
    ).filter(pl.col("amount") != 0)
    theirs = other.frame().rename({"open": "amount", "date": "day"}).with_columns(pl.col("amount") * sign)
    # where every item has an entity or an account, those of another one are not counted as candidates
    own = [code for code in ("entity", "account") if (mine[code] != 0).all() and (theirs[code] != 0).all()]
    pairs, crowded = key_pairs(mine, theirs, ["amount", "currency", *own], _MAX_PAIRS)
    for code in ("entity", "account"):
        if code not in own:
            pairs = pairs.filter(
                (pl.col(code) == pl.col(f"{code}_right")) | (pl.col(code) == 0) | (pl.col(f"{code}_right") == 0)
            )
    if pairs.is_empty():
        return none, crowded
    wanted = np.unique(pairs["right"].to_numpy())
    ids = pl.DataFrame({"right": wanted, "id": other.dataset.item_ids(wanted)})
    apart = (pl.col("day") - pl.col("day_right")).abs().alias("apart")
    near = (
        pairs.select("left", "right", apart)
        .join(ids, on="right")
        .sort("left", "apart", "id")
        .group_by("left", maintain_order=True)
        .agg(pl.col("apart").first(), pl.col("id").head(_NEAREST))
        .select("apart", row="left", candidates="id")
    )
    return near, crowded
