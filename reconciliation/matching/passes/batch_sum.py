"""Items that a bank books as one entry: the batch adds up, or all of it but the members that were rejected."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
import polars as pl

from reconciliation.matching.amount_rules import AmountRule, AmountRules
from reconciliation.matching.batches import batched_items, of_given
from reconciliation.matching.context import LegContext, SideView
from reconciliation.matching.joins import key_pairs
from reconciliation.matching.passes.dated import DatedPass
from reconciliation.matching.proposals import Proposals
from reconciliation.matching.reference_keys import hashed, word_keys
from reconciliation.matching.rejected_members import less_rejected
from reconciliation.matching.settlement import settle

_MIN_REFERENCE = 5  # characters of a batch reference that a text names
_SENTENCES = (
    "both carry the same batch",
    "the batch's reference stands in the text",
    "the batch adds up to the amount in the same account, {days}",
)
_LESS = [f"{sentence}, less rejected members" for sentence in _SENTENCES]
_NAMED_PRIOR = 20.0  # odds that an entry that names a batch and is not all of it lacks rejected members
_MOST_PAIRS = 200_000  # of the entries and members of one batch; beyond them amounts say which may belong together


class BatchSum(DatedPass):
    """Batches of one side against entries of the other.

    `batches` names the side whose items form batches (`batch_id`). An entry is brought to a batch by the same
    `batch_id`, by the batch's reference in its text or references (`in_text`), or by account, date (`before`, `after`
    days from the batch's, that of its earliest member) and total alone (`by_total`).
    """

    KIND: ClassVar[str] = "batch"
    WEIGHS_ALL: ClassVar[bool] = False

    kind: Literal["batch"] = "batch"
    batches: Literal["left", "right"] = "right"
    in_text: bool = True
    by_total: bool = True
    before: int = 3
    after: int = 7
    through: str = ""  # the documents that members pay, by which one that another payment has replaced is known
    rejected: AmountRules = (AmountRule(rule="subset", odds=0.5),)
    odds: float = 1e6

    @property
    def beside(self) -> tuple[str, ...]:
        """The dataset that `through` names."""
        return (self.through,) if self.through else ()

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Entries against whole batches, then against batches with rejected members."""
        entries, members = (context.left, context.right) if self.batches == "right" else (context.right, context.left)
        batched = batched_items(members)
        if batched.is_empty():
            return
        if self.batches == "right":
            batched = batched.drop("date").hstack(self.dated(members, batched["row"].to_numpy()).select("date"))
        yield from self._named(context, entries, batched)
        if self.by_total:
            yield from self._by_total(context, entries, members, batched)

    def _named(self, context: LegContext, entries: SideView, batched: pl.DataFrame) -> Iterator[Proposals]:
        for sentence, found in enumerate(naming_batches(context, entries, batched, in_text=self.in_text)):
            yield from self._of_batch(context, found, batched, self.odds / 10**sentence, sentence)

    def _of_batch(
        self, context: LegContext, found: pl.DataFrame, batched: pl.DataFrame, odds: float, sentence: int
    ) -> Iterator[Proposals]:
        """Entries (`entry`) that name a batch (`batch_id`): the whole of it, or all but a few, or some of it."""
        entries, members = (context.left, context.right) if self.batches == "right" else (context.right, context.left)
        met, crowded = _met(entries, found, batched)
        edges = self._edges(context, met, odds, sentence)
        yield from settle(context, edges, (AmountRule(rule="equal"), AmountRule(rule="sum")), _SENTENCES)
        if not crowded.is_empty():
            too_many = pl.lit("too_many_candidates").alias("reason")
            yield Proposals(notes=crowded.select(pl.lit(entries.index, pl.UInt8).alias("side"), "row", too_many))
        still = batched.filter(pl.Series(members.is_open[batched["row"].to_numpy()]))
        named = found.filter(pl.Series(entries.is_open[found["entry"].to_numpy()]))
        groups, parts = less_rejected(context, self.batches, named, still, least_booked=1, through=self.through)
        if not groups.is_empty():
            likely = (pl.col("odds") * _NAMED_PRIOR).clip(upper_bound=odds)
            said = pl.lit(sentence, pl.UInt16).alias("evidence")
            yield Proposals(groups=groups.with_columns(likely, said), members=parts, evidence=_LESS)
        yield from settle(context, edges, self.rejected, _SENTENCES)

    def _by_total(
        self, context: LegContext, entries: SideView, members: SideView, batched: pl.DataFrame
    ) -> Iterator[Proposals]:
        still = batched.filter(pl.Series(members.is_open[batched["row"].to_numpy()]))
        totals = (
            still.group_by("batch_id", "currency")
            .agg(
                pl.col("open").sum(),
                pl.len().alias("count"),
                pl.col("date").min(),
                pl.col("account").max(),
                pl.col("account").n_unique().alias("accounts"),
                pl.col("entity").max(),
            )
            .filter(pl.col("count") > 1, pl.col("accounts") == 1)
        )
        lines = entries.frame().rename({"row": "entry"})
        met = lines.join(totals, on=["open", "currency"], suffix="_batch")
        apart = pl.col("date") - pl.col("date_batch")
        met = met.filter(
            apart.is_between(-self.before, self.after),
            (pl.col("account") == pl.col("account_batch"))
            | ((pl.col("account") == 0) | (pl.col("account_batch") == 0)),
        )
        if met.is_empty():
            return
        # a total of several items met by chance in one account and week is rare; each rival is weighed as an equal
        rivals = pl.len().over("entry") * pl.len().over("batch_id", "currency")
        met = met.filter(rivals == 1)
        edges = self._edges(context, _members(met.select("entry", "batch_id"), still), self.odds / 100, 2)
        yield from settle(context, edges, (AmountRule(rule="sum"),), _SENTENCES)

    def _edges(self, context: LegContext, met: pl.DataFrame, odds: float, sentence: int) -> pl.DataFrame:
        """Pairs of an entry and a member (rows) as edges, those that may belong together."""
        left, right = ("entry", "member") if self.batches == "right" else ("member", "entry")
        edges = met.select(pl.col(left).alias("left"), pl.col(right).alias("right"))
        rows = (edges[side].to_numpy().astype(np.uint32) for side in ("left", "right"))
        return edges.filter(pl.Series(context.compatible(*rows))).with_columns(
            pl.lit(odds).alias("odds"), pl.lit(sentence, pl.UInt16).alias("evidence")
        )


def _met(entries: SideView, found: pl.DataFrame, batched: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Every `entry` with each `member` of the batch that it names, and the entries (`row`) of crowded batches.

    Of a batch that many entries name, with many members, an entry meets all of them only where it alone has their total, and
    else those of its own amount: so many pairs would say no more.
    """
    names = found.group_by("batch_id").len("entries")
    sizes = batched.group_by("batch_id").agg(pl.len().alias("members"), pl.col("open").sum().alias("total"))
    many = pl.col("entries").cast(pl.Int64) * pl.col("members") > _MOST_PAIRS
    crowded = names.join(sizes, on="batch_id").filter(pl.col("entries") > 1, many)
    if crowded.is_empty():
        return _members(found, batched), pl.DataFrame(schema={"row": pl.UInt32})
    of_crowded = found.join(crowded.select("batch_id", "total"), on="batch_id")
    of_crowded = of_crowded.with_columns(open=pl.Series(entries.open[of_crowded["entry"].to_numpy()]))
    whole = of_crowded.filter(pl.col("open") == pl.col("total")).filter(pl.len().over("batch_id") == 1)
    equal, _ = key_pairs(of_crowded.rename({"entry": "row"}), batched, ["batch_id", "open"], _MOST_PAIRS)
    parts = [
        _members(found.join(crowded, on="batch_id", how="anti"), batched),
        _members(whole, batched),
        equal.select(entry="left", member="right"),
    ]
    return pl.concat(parts).unique(), of_crowded.select(row="entry").unique()


def _members(found: pl.DataFrame, batched: pl.DataFrame) -> pl.DataFrame:
    """Every `entry` with each `member` of the batch that it names."""
    met = found.join(batched.select("batch_id", member="row"), on="batch_id")
    return met.select("entry", "member").unique()


def naming_batches(
    context: LegContext, entries: SideView, batched: pl.DataFrame, *, in_text: bool = True
) -> Iterator[pl.DataFrame]:
    """`entry` (row), `batch_id` of the entries that have a batch's id, then of those whose text or references hold its
    reference."""
    own = entries.frame("batch_id").select(entry="row", given="batch_id").drop_nulls("given")
    yield of_given(entries, own, batched)
    if not in_text:
        return
    # a batch id may be a composed key: its last part is what the bank was told
    names = batched.select("given").unique().with_columns(pl.col("given").str.split("|").list.last().alias("reference"))
    names = names.filter(pl.col("reference").str.len_bytes() >= _MIN_REFERENCE, pl.len().over("reference") == 1)
    words = word_keys(context, entries, _MIN_REFERENCE)
    met = words.join(names.select("given", *hashed("reference")), on="key", suffix="_name")
    found = met.filter(pl.col("check") == pl.col("check_name")).select("given", entry="row").unique()
    yield of_given(entries, found, batched)
