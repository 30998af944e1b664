"""Which booked lines may be one flow that comes again: the lines of one party and text, of one party, of one size.

The finest grouping that recurs wins. A tax office takes wage tax and sales tax under one account number: each text is
a series. A landlord's text names the month: all his lines are one. What says nothing but a text is grouped by its
words, then by its first ones.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from reconciliation.contracts import AMOUNT
from reconciliation.forecasting.minor_amounts import Whole, points

KEY = ("entity_id", "account_id", "currency", "incoming")
GROUPINGS: tuple[str, ...] = ("by_text", "by_party", "by_size")
OLDEST_LAST = timedelta(days=400)  # a yearly flow a month late
CLOSEST = 4.0  # days between occurrences: what comes more often has no single days to expect
SAME_SIZE = 1.5  # two neighbouring amounts further apart than this factor are of two sizes
TWICE = 2
SIZE_OCCURRENCES = 4  # a size is chosen after the fact: three of one size may be chance
SETTLING_PARTY = 0.5  # a party with this share of lines that settle items pays invoices: its other lines do too

Key = tuple[str | None, str, str, bool]


def numbered(flows: pl.DataFrame) -> pl.DataFrame:
    """Lines that move money and settle no item, each with its row number in `flows`, its amount's direction and what it
    may be grouped by.

    Digits, and words with two or more, are left out of a text: "PAYROLL 2026-03" and "PAYROLL 2026-04" are one.
    """
    name = pl.col("counterparty_name").str.to_uppercase().str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars()
    words = (
        pl.col("text")
        .str.to_uppercase()
        .str.replace_all(r"\S*\d{3,}\S*|\b\w*\d\w*\d\w*\b", " ")
        .str.replace_all(r"[^\p{L}]+", " ")
        .str.strip_chars()
        .str.slice(0, 60)
    )
    account, by_name, text = (
        pl.when(one.str.len_chars() > 0).then(one) for one in (pl.col("counterparty_account"), name, words)
    )
    own = flows.with_row_index("number").with_columns(
        (pl.col("amount") > 0).alias("incoming"), pl.coalesce(account, by_name).alias("party"), text.alias("words"),
        pl.coalesce(by_name, text, account).alias("name"), pl.col("settles_item").fill_null(value=False),
    )  # fmt: skip
    settling = pl.col("settles_item").mean().over("entity_id", "currency", "incoming", "party")
    is_free = ~pl.col("settles_item") & (pl.col("party").is_null() | (settling < SETTLING_PARTY))
    return own.filter(is_free & (pl.col("amount") != 0)).with_columns(
        pl.concat_str(pl.coalesce("party", pl.lit("")), pl.coalesce("words", pl.lit("")), separator="\x1f").alias(
            "by_text"
        ),
        pl.coalesce("party", pl.concat_str(pl.lit("\x1f"), pl.col("words").str.extract(r"^(\S+)"))).alias("by_party"),
    )


@dataclass(frozen=True)
class Occurrences:
    """The days of one candidate in order, the amount of each (points), and its newest name."""

    days: list[date]
    amounts: Whole
    name: str

    def every_second(self, start: int) -> Occurrences:
        """Every second one from `start` on."""
        return Occurrences(self.days[start::2], self.amounts[start::2], self.name)


def candidates(
    lines: pl.DataFrame, grouping: str, occurrences: int, as_of: date, young: Collection[str] = ()
) -> Iterator[tuple[Key, Occurrences, Callable[[], list[int]]]]:
    """Each group of lines that may recur, its occurrences, and a way to ask for the numbers of its lines. On `young`
    accounts two occurrences are enough, but for groups that are chosen after the fact.
    """
    if grouping == "by_size":
        lines, occurrences, young = _sized(lines), max(occurrences, SIZE_OCCURRENCES), ()
    needed = pl.when(pl.col("account_id").is_in(list(young))).then(TWICE).otherwise(occurrences)
    lines = lines.filter(pl.col(grouping).is_not_null() & (pl.col(grouping) != "\x1f"))
    own = [*KEY, grouping]
    days = (
        lines.sort("date", "amount", "name", nulls_last=True)
        .group_by(*own, "date", maintain_order=True)
        .agg(pl.col("amount").sum().cast(AMOUNT), pl.col("name").last(), pl.col("number").alias("numbers"))
    )
    spans = pl.col("date").max() - pl.col("date").min()
    likely = (
        days.group_by(own)
        .agg(pl.len().alias("count"), pl.col("date").max().alias("last"), spans.dt.total_days().alias("span"))
        .filter(
            (pl.col("count") >= needed)
            & (pl.col("last") >= as_of - OLDEST_LAST)
            & (pl.col("span") >= CLOSEST * (pl.col("count") - 1))
        )
    )
    chosen = days.join(likely.select(own), on=own, how="semi", nulls_equal=True).sort(*own, "date", nulls_last=True)
    groups = chosen.group_by(own, maintain_order=True).agg(
        pl.len().alias("count"), pl.col("name").drop_nulls().last().fill_null("")
    )
    # groups are many, and mostly none recurs: cut from whole columns, not made into frames
    dates, whole, numbers = chosen["date"].to_list(), points(chosen["amount"]), chosen["numbers"]
    end = 0
    for entity, account, currency, incoming, _, count, name in groups.iter_rows():
        start, end = end, end + count
        yield (
            (entity, account, currency, incoming),
            Occurrences(dates[start:end], whole[start:end], name),
            lambda start=start, end=end: sorted(numbers[start:end].explode().to_list()),  # type: ignore[misc]
        )


def _sized(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines with `by_size`: the party and which of its sizes an amount has."""
    own = [*KEY, "by_party"]
    size = pl.col("amount").abs().cast(pl.Float64)
    jump = (size / size.shift(1).over(own) > SAME_SIZE).fill_null(value=False)
    return lines.sort(*own, size, "date").with_columns(
        pl.concat_str("by_party", jump.cast(pl.Int64).cum_sum().over(own).cast(pl.String), separator="\x1f").alias(
            "by_size"
        )
    )
