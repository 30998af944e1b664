"""The months that items are of: what a payer's text names, `Rent February`, and what a bill is for by its text or its dates; and the
days that payers name, `invoice of 12.03.2026`.

Of rents and subscriptions every month's bill has the same amount. Dates tell them apart only where everybody pays in time; the month
that is written tells them whenever it is paid. Months are numbered on from the year 0.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.context import LegContext, Rows, SideView
from reconciliation.matching.encoding import Mask
from reconciliation.matching.joins import key_pairs
from reconciliation.matching.parties import parties_named
from reconciliation.matching.party_codes import parties_of
from reconciliation.matching.text.dates import days_named
from reconciliation.matching.text.distinct import of_each
from reconciliation.matching.text.folding import ascii_upper_series
from reconciliation.matching.text.period_ranges import with_months_spelled
from reconciliation.matching.text.periods import months_meant

_YEAR = 12
_PAID_LATE, _BILLED_AHEAD = 9, 6  # months that the month named by a payer, and by a bill, lies before the date at most
_YEARS = 24  # months that one with a year of two digits lies before the date at most
_PAYING = 3  # days before a line's own within which a date in its text is that of paying
_OLDEST = 400  # and within which it may be that of a document
_NEAR = 7  # days from the due date within which the bill that a payer means is as a rule the nearest
_ENOUGH = 5  # payments that tell how due dates lie to the months named, by which one answer has to lead
_MOST_EQUAL = 4000  # pairs of one amount of a counterparty beyond which they are no series
_MOSTLY, _HELD = 0.6, 0.9  # share of them that has to agree: of those paid about when due, and of all
_AHEAD = -1, 2  # months that a bill may be due after the one it is for
_KEPT, _NAMED, _PAYERS, _DATES = "months_ahead", "months_named", "payers_of_months", "dates_named"
_NOBODY = pl.DataFrame(schema={"row": pl.UInt32, "party": pl.UInt64})
PERIOD = {"row": pl.UInt32(), "period": pl.Int32()}


def periods_named(context: LegContext, rows: Rows | None = None) -> pl.DataFrame:
    """`row`, `period` of the months that the texts of left rows name, of all open ones if none are given: without a year
    the last months of that name, or the next ones."""
    if _NAMED not in context.cache:
        every = np.flatnonzero(context.meeting(context.left)).astype(np.uint32)
        context.cache[_NAMED] = _named(context.left, every, _PAID_LATE)
    named = context.cache[_NAMED]
    if named.is_empty():
        return named
    own = named["row"].to_numpy()
    return named.filter(pl.Series(context.left.is_open[own] if rows is None else np.isin(own, rows)))


def payers(context: LegContext) -> pl.DataFrame:
    """The periods that open left rows name (PERIOD) with the `party` that the row may be of, several where
    names are alike."""
    named = periods_named(context)
    if _PAYERS not in context.cache:
        rows = named["row"].unique().sort().to_numpy()
        context.cache[_PAYERS] = parties_named(context, rows) if len(rows) else _NOBODY
    return named.join(context.cache[_PAYERS], on="row")


def dates_named(context: LegContext) -> pl.DataFrame:
    """`row`, `day`, `party` of the days well before their own that open left rows name, with the parties that the row may be of. Nearer
    ones are as a rule the day on which it was paid."""
    if _DATES not in context.cache:
        rows = np.flatnonzero(context.meeting(context.left)).astype(np.uint32)
        data = context.left.dataset
        said = days_named(data.take(["text"], rows).with_columns(pl.Series("row", rows)))
        before = pl.Series(data.date[said["row"].to_numpy()].astype(np.int32)) - said["day"]
        said = said.filter(before.is_between(_PAYING + 1, _OLDEST))
        rows = said["row"].unique().sort().to_numpy()
        known = parties_named(context, rows) if len(rows) else _NOBODY
        context.cache[_DATES] = said.join(known, on="row")
    named = context.cache[_DATES]
    return named.filter(pl.Series(context.left.is_open[named["row"].to_numpy()], dtype=pl.Boolean))


def bill_periods(context: LegContext, rows: Rows) -> pl.DataFrame:
    """`row`, `period` of these right rows: the months that the text names, else that of the due date, where payments show how far due
    dates lie from the months that payers name."""
    said = _named(context.right, rows, _BILLED_AHEAD)
    ahead = _months_ahead(context)
    if ahead is None:
        return said
    due = _due(context, np.setdiff1d(rows, said["row"].to_numpy()).astype(np.uint32))
    meant = due.select("row", period=pl.col("month") - ahead).cast(PERIOD)  # type: ignore[arg-type]
    return pl.concat([said, _without_names(meant, "row", _in_names(context.right, rows))])


def another_period(context: LegContext, left: Rows, right: Rows) -> Mask:
    """By pair of rows: whether the left text names months, and none that the right item is of."""
    named = periods_named(context, np.unique(left))
    against = np.zeros(len(left), dtype=np.bool_)
    if named.is_empty():
        return against
    pairs = pl.DataFrame({"left": left, "right": right}).with_row_index("pair")
    pairs = pairs.join(named, left_on="left", right_on="row")
    pairs = _without_names(pairs, "right", _in_names(context.right, np.unique(pairs["right"].to_numpy())))
    of_bills = bill_periods(context, np.unique(pairs["right"].to_numpy()))
    met = pairs.join(of_bills, left_on="right", right_on="row", suffix="_bill")
    same = met.group_by("pair").agg((pl.col("period") == pl.col("period_bill")).any().alias("same"))
    against[same.filter(~pl.col("same"))["pair"].to_numpy()] = True
    return against


def _named(view: SideView, rows: Rows, before: int) -> pl.DataFrame:
    """`row`, `period` of the months named in a side's texts; what is a part of the counterparty's own name is none."""
    texts = view.dataset.take(["text"], rows)["text"]
    told = pl.DataFrame({"row": rows, "said": of_each(texts, _months)}, schema_overrides={"row": pl.UInt32})
    told = told.with_columns(pl.Series("date", _month_of(view.dataset.date[rows])))
    told = told.explode("said", empty_as_null=False, keep_nulls=False)
    month, year = pl.col("said") % 100, pl.col("said") // 100
    given = pl.when(year > 0).then(pl.when(year < 100).then(year + 2000).otherwise(year) * _YEAR + month - 1)
    likely = (pl.col("date") - pl.col("given")).is_between(-_BILLED_AHEAD, _YEARS)
    told = told.with_columns(given=given).filter(~year.is_between(1, 99) | likely)  # two digits may be a day
    # without a year it is the one of that name among the twelve months around the date, or the one beside a month that has a year
    behind = (pl.col("date") - (month - 1)) % _YEAR
    behind = pl.when(behind > before).then(behind - _YEAR).otherwise(behind)
    following = pl.col("given").fill_null(strategy="backward").over("row")
    preceding = pl.col("given").fill_null(strategy="forward").over("row")
    beside = pl.coalesce(following - (following - (month - 1)) % _YEAR, preceding + (month - 1 - preceding) % _YEAR)
    period = pl.coalesce("given", beside, pl.col("date") - behind).alias("period")
    periods = told.select("row", period).unique(maintain_order=True).cast(PERIOD)  # type: ignore[arg-type]
    return _without_names(periods, "row", _in_names(view, np.unique(periods["row"].to_numpy())))


def _in_names(view: SideView, rows: Rows) -> pl.DataFrame:
    """`row`, `month` (1 to 12) of what reads as a month in the names of these rows' counterparties: Jan Kowalski, April Jones."""
    names = view.dataset.take(["counterparty_name"], rows)["counterparty_name"]
    told = pl.DataFrame({"row": rows, "month": of_each(names, _months)}, schema_overrides={"row": pl.UInt32})
    return told.explode("month", empty_as_null=False, keep_nulls=False).with_columns(pl.col("month") % 100).unique()


def _without_names(periods: pl.DataFrame, row: str, names: pl.DataFrame) -> pl.DataFrame:
    """The periods (with `period`, and the `row` of an item) but for those whose month is in that item's counterparty's name."""
    months = periods.with_columns(month=pl.col("period") % _YEAR + 1)
    own = months.join(names, left_on=[row, "month"], right_on=["row", "month"], how="anti", maintain_order="left")
    return own.drop("month")


def _months(texts: pl.Series) -> pl.Series:
    told = with_months_spelled(ascii_upper_series(texts.fill_null("")))
    return told.alias("text").to_frame().select(months_meant(pl.col("text")))["text"]


def _month_of(days: npt.NDArray[np.integer]) -> npt.NDArray[np.int32]:
    """The months of days since 1970-01-01."""
    since = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return (since + 1970 * _YEAR).astype(np.int32)


def _due(context: LegContext, rows: Rows) -> pl.DataFrame:
    """`row`, `due` (days since 1970-01-01), `month` of the right rows that have a due date."""
    due = context.right.dataset.take([pl.col("due_date").to_physical().cast(pl.Int64).alias("due")], rows)
    dated = due.with_columns(pl.Series("row", rows)).drop_nulls()
    return dated.select("row", "due", pl.Series("month", _month_of(dated["due"].to_numpy())))


def _months_ahead(context: LegContext) -> int | None:
    """How many months after the month that payers name their bills are due; None where too few tell it."""
    if _KEPT not in context.cache:
        context.cache[_KEPT] = _shown_ahead(context)
    told = context.cache[_KEPT]
    return None if told.is_empty() else int(told["ahead"].item())


def _shown_ahead(context: LegContext) -> pl.DataFrame:
    """`ahead`, one row or none, by the lines paid about when an equal bill of the counterparty is due."""
    if _due(context, context.right.rows()).is_empty():
        return pl.DataFrame(schema={"ahead": pl.Int32})
    lines = payers(context).unique("row", keep="none")
    bills = parties_of(context.right, context.right.rows())
    bills = bills.join(lines.select("party").unique(), on="party", how="semi")
    lines, bills = _priced(context.left, lines), _priced(context.right, bills)
    met, _ = key_pairs(lines, bills, ["party", "amount", "currency"], _MOST_EQUAL)
    met = met.join(_due(context, met["right"].unique().to_numpy()), left_on="right", right_on="row")
    met = met.with_columns(ahead=pl.col("month") - pl.col("period"))
    near = met.filter((pl.col("day") - pl.col("due")).abs() <= _NEAR).unique("left", keep="none")
    # where dates are no guide, a series has an end: beyond it a month named has no bill
    for told, least in (
        (near, _MOSTLY),
        (met.filter(pl.col("ahead").is_between(*_AHEAD)).unique(["left", "ahead"]), _HELD),
    ):
        counts = told.group_by("ahead").len("lines").sort("lines", "ahead", descending=[True, False])
        lines_told, (first, second) = told["left"].n_unique(), [*counts["lines"].to_list(), 0, 0][:2]
        if first >= max(_ENOUGH, least * lines_told) and first - second >= _ENOUGH:
            return counts.head(1).select("ahead")
    return pl.DataFrame(schema={"ahead": pl.Int32})


def _priced(view: SideView, items: pl.DataFrame) -> pl.DataFrame:
    """Items with what is open of them, their currency and date."""
    rows, data = items["row"].to_numpy(), view.dataset
    return items.with_columns(
        amount=pl.Series(view.open[rows]),
        currency=pl.Series(data.currency[rows]),
        day=pl.Series(data.date[rows].astype(np.int64)),
    )
