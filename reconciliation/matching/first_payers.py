"""Who pays first settles: of several lines of one amount that name one open item, what comes later was paid twice.

A pass that reads identifiers letter for letter would otherwise give the item to the later line where the earlier one
has written it less well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from reconciliation.matching.amount_rules import AmountRule
from reconciliation.matching.context import LegContext
from reconciliation.matching.joins import among, key_pairs
from reconciliation.matching.mistaken_numbers import at_price_of_another
from reconciliation.matching.proposals import Proposals
from reconciliation.matching.reference_keys import NO_REFERENCE, written
from reconciliation.matching.settlement import settle
from reconciliation.matching.text import Variant, find_identifiers

_DAYS = 90  # between a payment and its repetition
_BEFORE = 10  # days that a payment may come before the date of the document
_MOST_EQUAL = 400  # pairs of lines of one amount in one account beyond which no repetition is looked for
_SAME = ["amount", "currency", "entity", "account"]


def settle_first(
    context: LegContext, edges: pl.DataFrame, rules: Sequence[AmountRule], evidence: Sequence[str]
) -> Iterator[Proposals]:
    """As `settlement.settle`, an item of which an earlier line of the same amount speaks being left to that line."""
    edges = _without_later(context, edges)
    earlier = _earlier(context, edges)
    if not earlier.is_empty():
        # first those that nobody precedes: most of the earlier lines pay for other items of that amount
        undisputed = edges.join(earlier, on="left", how="anti", maintain_order="left")
        yield from settle(context, undisputed, (AmountRule(rule="equal"),), evidence)
        repeated = _naming(context, _earlier(context, edges))
        edges = edges.join(repeated, on=["left", "right"], how="anti", maintain_order="left")
    yield from settle(context, edges, rules, evidence)


def without_repeats(context: LegContext, edges: pl.DataFrame) -> pl.DataFrame:
    """Edges without those of a booking that is later than another of the same amount with an edge to the payment: a bank that
    books a payment twice has paid it by the first booking."""
    return _without_later(context, edges, typed=False)


def _without_later(context: LegContext, edges: pl.DataFrame, *, typed: bool = True) -> pl.DataFrame:
    """Edges without those of a line that is later than another of the same amount with an edge to the item. A number that was
    `typed` may be mistaken."""
    one, two = context.left, context.right
    left, right = edges["left"].to_numpy(), edges["right"].to_numpy()
    times = np.bincount(right, minlength=len(two.open))[right]
    several = np.flatnonzero((one.open[left] == two.open[right]) & (one.open[left] != 0) & (times > 1))
    if not len(several):
        return edges
    left, right = left[several], right[several]
    day = one.dataset.date[left].astype(np.int64)
    pays = day >= two.dataset.date[right] - _BEFORE
    if typed:
        pays &= ~at_price_of_another(context, left, right)
    shown = pl.DataFrame({"place": several, "right": right, "day": day, "pays": pays})
    first = pl.col("day").filter("pays").min().over("right")
    later = shown.filter(pl.col("day") > first, pl.col("day") <= first + _DAYS)["place"].to_numpy()
    kept = np.ones(edges.height, dtype=np.bool_)
    kept[later] = False
    return edges.filter(pl.Series(kept))


def _earlier(context: LegContext, edges: pl.DataFrame) -> pl.DataFrame:
    """`left`, `right`, `earlier` of edges of equal amount with an earlier open line of that amount in the same
    account."""
    one, two = context.left, context.right
    left, right = edges["left"].to_numpy(), edges["right"].to_numpy()
    equal = (one.open[left] == two.open[right]) & (one.open[left] != 0)
    left, right = left[equal], right[equal]
    rows = one.rows()
    rows = rows[among(one.open[rows], one.open[left])]
    asked, there = (
        pl.DataFrame(
            {
                "row": own,
                "amount": one.open[own],
                "currency": one.dataset.currency[own],
                "entity": one.dataset.entity[own],
                "account": one.dataset.account[own],
                "day": one.dataset.date[own],
            }
        )
        for own in (left, rows)
    )
    asked = asked.with_columns(pl.Series("bill", right), since=pl.Series(two.dataset.date[right] - _BEFORE))
    pairs, _ = key_pairs(asked, there, _SAME, _MOST_EQUAL)
    before = pl.col("day_right")
    return pairs.filter(before < pl.col("day"), before >= pl.col("day") - _DAYS, before >= pl.col("since")).select(
        "left", right="bill", earlier="right"
    )


def _naming(context: LegContext, earlier: pl.DataFrame) -> pl.DataFrame:
    """The `left`, `right` whose earlier line names the right item too, however it is written, and not by mistake."""
    if earlier.is_empty():
        return earlier.select("left", "right")
    texts = context.left.selected(np.unique(earlier["earlier"].to_numpy()), written("said")).select("row", "said")
    names = context.right.selected(np.unique(earlier["right"].to_numpy()), "references").select("row", "references")
    names = names.explode("references", empty_as_null=False, keep_nulls=False)
    names = names.filter(~pl.col("references").is_in(NO_REFERENCE)).unique()
    cases = earlier.with_row_index("case")
    found = find_identifiers(
        cases.join(texts, left_on="earlier", right_on="row").select("case", text_row="case", text="said"),
        cases.join(names, left_on="right", right_on="row").select(
            "case", identifier_row="case", reference="references"
        ),
        by=["case"],
        variants=list(Variant),
    )
    cases = cases.filter(pl.col("case").is_in(found["text_row"].implode()))
    first, second = (
        at_price_of_another(context, cases[line].to_numpy(), cases["right"].to_numpy()) for line in ("earlier", "left")
    )
    return cases.filter(pl.Series(~first | second, dtype=pl.Boolean)).select("left", "right").unique()
