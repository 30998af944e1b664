"""A booking that the bank has undone and made anew: the one undone is the first of two of that amount which the undoing one names
beside itself, the other one stands in its place.

All three name one payment, which the first would be taken for, and for money that came back. Where the number is not that of one
payment, of a bill that was paid anew by another, the first is what came back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext
from reconciliation.matching.edge_candidates import pairs_frame
from reconciliation.matching.encoding import Dataset
from reconciliation.matching.joins import among
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.passes.returned import rare_words, undoing_rows
from reconciliation.matching.proposals import Proposals
from reconciliation.matching.reference_index import with_owners
from reconciliation.matching.reference_keys import hashed

_KEYS = ["said", "open", "currency", "account"]
_SENTENCE = (
    "the text says that it undoes another, both name the same number, and so does the booking that was made instead"
)


class Rebooked(PassConfig):
    """Pairs of opposite amount in one account of one dataset, where a third item of the right one's amount names the same number.

    The left item is at most `after` days later than the right one, which is earlier than the third; the third is at most so many
    days later than the left one. The number is an identifier of one item of the dataset that `of` names.
    """

    KIND: ClassVar[str] = "rebooked"
    WEIGHS_ALL: ClassVar[bool] = False

    kind: Literal["rebooked"] = "rebooked"
    of: str
    after: int = 30
    odds: float = 1e5

    @property
    def beside(self) -> tuple[str, ...]:
        """The dataset that `of` names."""
        return (self.of,)

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Pairs that cancel out."""
        view = context.left
        undoing = undoing_rows(context)
        if undoing.is_empty() or self.of not in context.datasets:
            return
        rows = view.rows()
        rows = rows[among(view.open[rows], -undoing["open"].to_numpy())]
        others = view.selected(np.setdiff1d(rows, undoing["row"].to_numpy())).with_columns(-pl.col("open"))
        numbers = rare_words(view, np.unique(np.concatenate([undoing["row"].to_numpy(), rows])), "number")
        numbers = _of_one_item(context.datasets[self.of], numbers)
        met = undoing.join(numbers, on="row").join(others.join(numbers, on="row"), on=_KEYS, suffix="_right")
        lag = pl.col("date").cast(pl.Int64) - pl.col("date_right").cast(pl.Int64)
        met = met.select(left="row", right="row_right", open="open", lag=lag).unique()
        fits = context.compatible(met["left"].to_numpy(), met["right"].to_numpy())
        met = met.filter(pl.Series(fits), pl.col("lag").is_between(-self.after, self.after))
        # what is undone is before, what stands instead behind; of three that are alike nothing tells which
        first, last = pl.col("lag").max().over("left"), pl.col("lag").min().over("left")
        made = met.filter(pl.len().over("left") == 2, first >= 0, last <= 0, first > last, pl.col("lag") == first)
        made = made.filter(pl.len().over("right") == 1).sort("left")
        if made.is_empty():
            return
        shaped = made.with_columns(opposite=-pl.col("open"), odds=pl.lit(self.odds), evidence=pl.lit(0))
        yield Proposals(pairs=pairs_frame(shaped, "open", "opposite", "none", 1.0), evidence=(_SENTENCE,))


def _of_one_item(data: Dataset, numbers: pl.DataFrame) -> pl.DataFrame:
    """Those of the `numbers` (`row`, `said`) that one item of a dataset has as an identifier."""
    said = numbers.select("said").unique().with_columns(hashed("said"))
    owners = with_owners(data, said, 2).group_by("said").agg(pl.col("owner").n_unique())
    return numbers.join(owners.filter(pl.col("owner") == 1), on="said", how="semi")
