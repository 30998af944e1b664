"""How far apart the dates of true pairs lie, learned from known ones: of all, and of those whose texts say some word.

A cheque is cashed days after it was drawn, a bank's fee is entered in the books days after it was charged. Each text is
judged by the one of its words whose pairs lie apart least like all others do.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.coincidence import Floats, lag_shares
from reconciliation.matching.encoding import Ints
from reconciliation.matching.text.words import SideWords

_BOUNDS = np.array([-3, 0, 1, 4, 8])  # days from which the next class of date distances begins
_PRIOR = 6.0  # pairs for which those of all words count beside a word's own
_EVEN = 20.0  # pairs spread evenly over the classes, before any is seen
_LEAST_GAIN = 2.0  # nats that a word has told of all its pairs, to be believed of another


class LagOdds:
    """The shares of date distances, for one leg's two sides."""

    def __init__(self, left: SideWords, right: SideWords, known: pl.DataFrame) -> None:
        """Learn from pairs of rows (`left`, `right`, `lag` in days, `probable`), in an order of business ids."""
        self._known = known
        classes = _classes(known["lag"].to_numpy())
        counts = np.bincount(classes, weights=known["probable"].to_numpy(), minlength=len(_BOUNDS) + 1)
        self._usual = (counts + _EVEN / len(counts)) / (counts.sum() + _EVEN)
        numbered = known.select("left", "right", "probable", of=pl.Series(classes))
        self._sides = [_Side(side, numbered, name, self._usual) for side, name in ((left, "left"), (right, "right"))]

    def shares(self, pairs: pl.DataFrame, reach: int) -> Floats:
        """By pair (`left`, `right`, `lag`): the share of true pairs with such words that lie so many days apart."""
        lags = pairs["lag"].to_numpy()
        known = self._known["lag"].to_numpy(), self._known["probable"].to_numpy()
        usual = lag_shares(known[0], reach, weights=known[1])[lags + reach]
        told: Floats = usual * self._ratios(pairs, _classes(lags))
        return told

    def _ratios(self, pairs: pl.DataFrame, classes: Ints) -> Floats:
        """By pair: how many times likelier its class of date distances is by the most telling word of either text.

        A pair that was learned from does not speak for itself.
        """
        learned = self._known.select("left", "right", own="probable")
        own = pairs.select("left", "right").join(learned, on=["left", "right"], how="left", maintain_order="left")
        itself = own["own"].fill_null(0.0).to_numpy()
        ratios, told = np.ones(pairs.height), np.full(pairs.height, _LEAST_GAIN)
        for side in self._sides:
            place = side.places(pairs)
            said = np.flatnonzero(place >= 0)
            said = said[side.gains[place[said]] > told[said]]
            counts, usual, less = side.counts[place[said]], self._usual[classes[said]], itself[said]
            seen = np.maximum(counts[np.arange(len(said)), classes[said]] - less, 0.0)
            total = np.maximum(counts.sum(axis=1) - less, 0.0)
            ratios[said] = (seen + _PRIOR * usual) / (total + _PRIOR) / usual
            told[said] = side.gains[place[said]]
        return ratios


class _Side:
    """Of one side's words, by place: the `counts` of known pairs by class of date distance, and the nats that these have
    told (`gains`)."""

    def __init__(self, side: SideWords, known: pl.DataFrame, name: str, usual: Floats) -> None:
        self._name, self._rows = name, side.rows.rename({"row": name})
        words = side.words.filter(pl.col("weight") > 0).select("document", "word")
        said = known.with_row_index("order").join(self._rows, on=name).join(words, on="document")
        places = said["word"].unique().sort().to_frame().with_row_index("place")
        said = said.join(places, on="word").sort("place", "order")
        code = said["place"].to_numpy().astype(np.int64) * len(usual) + said["of"].to_numpy()
        counts = np.bincount(code, weights=said["probable"].to_numpy(), minlength=places.height * len(usual))
        self.counts = counts.reshape(places.height, len(usual))
        shares = (self.counts + _PRIOR * usual) / (self.counts.sum(axis=1) + _PRIOR)[:, None]
        self.gains: Floats = (self.counts * np.log(shares / usual)).sum(axis=1)
        told = words.join(places.with_columns(pl.Series("gain", self.gains)), on="word")
        told = told.sort("document", "gain", "word", descending=[False, True, False])
        self._telling = told.unique("document", keep="first", maintain_order=True).select("document", "place")

    def places(self, pairs: pl.DataFrame) -> Ints:
        """By pair: the place of the most telling word of this side's text; -1 where none is known."""
        documents = pairs.select(self._name).join(self._rows, on=self._name, how="left", maintain_order="left")
        placed = documents.select("document").join(self._telling, on="document", how="left", maintain_order="left")
        return placed["place"].cast(pl.Int64).fill_null(-1).to_numpy()


def _classes(lags: Ints) -> Ints:
    return np.searchsorted(_BOUNDS, lags, side="right").astype(np.int64)
