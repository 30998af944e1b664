"""What stands before a number in a text says whether it is the number of an item: `ORDER 27766` is that by chance alone.

Orders, contracts and customers have numbers of their own, which may be those of items as well. Whose they are is learned from all
lines at a price that show the same word before a number: if these are the numbers of items, their amounts agree; other numbers
agree as often as any item has that price.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext, Rows
from reconciliation.matching.marginals import Floats
from reconciliation.matching.named_items import items_named
from reconciliation.matching.reference_keys import hashed, written
from reconciliation.matching.text.folding import ascii_upper_series

_NUMBER = "[A-Z./_-]*[0-9][A-Z0-9./_-]*"
_LABELLED = rf"\b([A-Z]{{2,}})[^A-Z0-9]{{0,4}}({_NUMBER})"
_PARTS = rf"^{_LABELLED[2:-1]}?)[./_-]*$"
_LEAST = 4  # characters of a number
_FEWEST, _SHARE = (
    3,
    0.1,
)  # numbers of items of another price, and their share, from which a word stands before others too


def label_odds(context: LegContext, left: Rows, right: Rows, prices: pl.DataFrame) -> Floats:
    """By pair of rows of equal amount: the odds that the number which the left text shows is the right item's, by the word before
    it; infinite where it stands before the numbers of items. `prices` has amount, currency and the share of the items at it."""
    told = _labelled(context, np.unique(left))
    pairs = pl.DataFrame({"left": left, "right": right}).with_row_index("pair")
    named = pairs.join(told, on="left").filter(pl.col("right") == pl.col("named"))
    odds = np.full(len(left), np.inf)
    if named.is_empty():
        return odds
    met = named.join(_agreeing(context, prices), on="label").group_by("pair").agg(pl.col("odds").max())
    odds[met["pair"].to_numpy()] = met["odds"].to_numpy()
    return odds


def _labelled(context: LegContext, rows: Rows) -> pl.DataFrame:
    """`left`, `named`, `label` of these left rows: the right items whose numbers they show, and the word before each."""
    texts = context.left.dataset.take([written("text")], rows)["text"]
    told = pl.DataFrame({"row": rows, "said": ascii_upper_series(texts).str.extract_all(_LABELLED)})
    told = told.explode("said", empty_as_null=False, keep_nulls=False)
    told = told.select(
        "row",
        label=pl.col("said").str.extract(_PARTS, 1),
        word=pl.col("said").str.extract(_PARTS, 2),
    ).filter(pl.col("label").is_not_null(), pl.col("word").str.len_bytes() >= _LEAST)
    labels = told.with_row_index("place")
    met = items_named(context.right.dataset, labels.select("word", *hashed("word"), row="place"))
    return (
        met.select(place="left", named="named").join(labels, on="place").select("named", "label", left="row").unique()
    )


def _agreeing(context: LegContext, prices: pl.DataFrame) -> pl.DataFrame:
    """`label`, `odds` of the words that stand before other numbers too."""
    if "number_labels" in context.cache:
        return context.cache["number_labels"]
    one, two = context.left.dataset, context.right.dataset
    every = pl.DataFrame(
        {"left": np.arange(one.height, dtype=np.uint32), "amount": one.amount, "currency": one.currency}
    )
    priced = every.join(prices.group_by("amount", "currency").agg(pl.col("share").max()), on=["amount", "currency"])
    told = _labelled(context, priced["left"].sort().to_numpy())
    ours, theirs = one.entity[told["left"].to_numpy()], two.entity[told["named"].to_numpy()]
    told = told.filter(pl.Series((ours == theirs) | (ours == 0) | (theirs == 0), dtype=pl.Boolean))
    # one that names several pays them all
    told = told.filter(pl.col("named").n_unique().over("left") == 1).join(priced, on="left")
    agrees = pl.Series(two.amount[told["named"].to_numpy()] == told["amount"].to_numpy())
    counted = (
        told.with_columns(agrees=agrees)
        .group_by("label")
        .agg(
            own=pl.col("agrees").sum().cast(pl.Float64),
            others=(~pl.col("agrees")).sum(),
            chance=(pl.col("share") / (1 - pl.col("share"))).filter(~pl.col("agrees")).sum(),
        )
    )
    doubtful = (pl.col("others") >= _FEWEST) & (pl.col("others") >= _SHARE * (pl.col("own") + pl.col("others")))
    odds = (pl.col("own") - pl.col("chance")).clip(lower_bound=0.0) / pl.col("chance")
    context.cache["number_labels"] = counted.filter(doubtful).select("label", odds=odds)
    return context.cache["number_labels"]
