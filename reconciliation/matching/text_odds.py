"""How much likelier a degree of likeness of two texts is for a true pair than for two strangers, learned from the
data.

The Fellegi-Sunter weights of a single field, without labels: the true pairs are those that their amounts alone
leave little doubt about, the strangers are such items with the wrong partner. Where the two sides' texts have
nothing to do with each other, both look the same and the text says nothing; a prior stands in where there is little
data.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.text.words import SideWords, shared_information

Floats = npt.NDArray[np.float64]

_BOUNDS = np.array([0.4, 1.5, 2.5, 3.5, 5.0, 7.0, 10.0])  # nats in common; the first class is nothing in common
_TRUE_PRIOR = np.array([0.16, 0.08, 0.08, 0.12, 0.18, 0.18, 0.12, 0.08])
_STRANGER_PRIOR = np.array([0.78, 0.12, 0.05, 0.03, 0.013, 0.005, 0.0015, 0.0005])
_PRIOR_WEIGHT = 30.0  # pairs that the priors count for
_LEARNED_FROM = 1500  # sure pairs are plenty; more would cost more than they teach
_SHIFTS = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89)  # how far the partners are moved to make strangers


class TextOdds:
    """Likelihood ratios of texts, for one leg's two sides."""

    def __init__(self, left: SideWords, right: SideWords, sure: pl.DataFrame) -> None:
        """Learn from `sure` pairs (`left`, `right` rows), in an order of business ids."""
        self._left, self._right = left, right
        sure = sure.gather_every(max(1, sure.height // _LEARNED_FROM))
        true = self._classes(shared_information(left, right, sure))
        moved = [
            sure.select("left", pl.Series("right", np.roll(sure["right"].to_numpy(), shift)))
            for shift in _SHIFTS
            if shift < sure.height
        ]
        strange = self._classes(shared_information(left, right, pl.concat(moved))) if moved else true[:0]
        self.ratios = self._ratios(true[true >= 0], strange[strange >= 0])

    def information(self, pairs: pl.DataFrame) -> pl.Series:
        """The nats that the texts of pairs have in common; null where a side has none."""
        return shared_information(self._left, self._right, pairs)

    def odds(self, information: pl.Series) -> Floats:
        """The likelihood ratio of each pair's information; 1 where a side has no text."""
        classes = self._classes(information)
        return np.where(classes < 0, 1.0, self.ratios[np.maximum(classes, 0)])

    @staticmethod
    def _classes(information: pl.Series) -> npt.NDArray[np.int64]:
        values = information.fill_null(-1.0).to_numpy()
        return np.where(values < 0, -1, np.searchsorted(_BOUNDS, values, side="right"))

    @staticmethod
    def _ratios(true: npt.NDArray[np.int64], strange: npt.NDArray[np.int64]) -> Floats:
        classes = len(_TRUE_PRIOR)
        seen = np.bincount(true, minlength=classes) + _PRIOR_WEIGHT * _TRUE_PRIOR
        chance = np.bincount(strange, minlength=classes) + _PRIOR_WEIGHT * _STRANGER_PRIOR
        ratio = (seen / seen.sum()) / (chance / chance.sum())
        # more in common is never weaker evidence; what rises by small numbers alone is levelled from above
        ratios: Floats = np.maximum.accumulate(ratio)
        return ratios
