"""How much likelier the numbers and months that two texts show are for a true pair than for two strangers, learned from the data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.counted_odds import counted_odds
from reconciliation.matching.text.words import (
    SideWords,
    is_month,
    numbers_apart,
    numbers_in_common,
    rows_with_numbers,
)

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_WEIGHT = 10.0  # pairs that the priors count for: banks and books of one house cite the same numbers always, or never
_APART = -1.0
_NUMBERS = np.array(
    [-0.5, 0.1, 3.5, 5.0, 6.5]
)  # nats of numbers in common; first those that differ, then none to compare
_TRUE = np.array([0.08, 0.72, 0.02, 0.03, 0.05, 0.10])
_STRANGER = np.array([0.16, 0.81, 0.02, 0.007, 0.002, 0.001])
_MONTHS = np.array([-0.5, 0.1])  # the same of months
_TRUE_MONTHS, _STRANGER_MONTHS = np.array([0.02, 0.88, 0.10]), np.array([0.10, 0.88, 0.02])
_TRUE_ELSEWHERE, _STRANGER_ELSEWHERE = np.array([0.02, 0.98]), np.array([0.08, 0.92])


class NumberOdds:
    """Likelihood ratios of numbers and months, for one leg's two sides. `of_none` is that of texts without a number in common."""

    def __init__(self, left: SideWords, right: SideWords, true: pl.DataFrame, strange: pl.DataFrame) -> None:
        """Learn from pairs (`left`, `right` rows) that belong together and that do not."""
        of_months = is_month(pl.col("number"))
        self._sides, self._months = (
            tuple(replace(side, numbers=side.numbers.filter(kept)) for side in (left, right))
            for kept in (~of_months, of_months)
        )
        one, two = self._sides
        self._citing = rows_with_numbers(one, two), rows_with_numbers(two, one)
        self._numbered = rows_with_numbers(one), rows_with_numbers(two)
        numbers = [self._in_common(self._sides, pairs) for pairs in (true, strange)]
        self._of_numbers = counted_odds(_NUMBERS, numbers, (_TRUE, _STRANGER), _WEIGHT)
        months = [self._in_common(self._months, pairs) for pairs in (true, strange)]
        self._of_months = counted_odds(_MONTHS, months, (_TRUE_MONTHS, _STRANGER_MONTHS), _WEIGHT)
        shown = [np.where(self._shown_elsewhere(pairs), -1.0, 1.0) for pairs in (true, strange)]
        elsewhere = counted_odds(np.zeros(1), shown, (_TRUE_ELSEWHERE, _STRANGER_ELSEWHERE), _WEIGHT)
        self._of_elsewhere = min(float(elsewhere[0]), float(self._of_numbers[0]))
        self.of_none = float(self._of_numbers[1])

    def odds(self, pairs: pl.DataFrame) -> Floats:
        """The likelihood ratio of each pair (`left`, `right` rows)."""
        of_numbers, of_months = (
            ratios[np.searchsorted(bounds, self._in_common(sides, pairs), side="right")]
            for sides, bounds, ratios in (
                (self._sides, _NUMBERS, self._of_numbers),
                (self._months, _MONTHS, self._of_months),
            )
        )
        of_numbers = np.where(self._shown_elsewhere(pairs), self._of_elsewhere, of_numbers)
        odds: Floats = of_numbers * of_months
        return odds

    def elsewhere(self, pairs: pl.DataFrame) -> Floats:
        """By pair: 1, or how much less likely it is where both texts show numbers, one of them that only others of the other
        side show."""
        return np.where(self._shown_elsewhere(pairs), self._of_elsewhere, 1.0)

    def _in_common(self, sides: tuple[SideWords, ...], pairs: pl.DataFrame) -> Floats:
        """By pair: the nats of the numbers in common; `_APART` where there is none, and both show one of the same kind."""
        left, right = sides
        common = numbers_in_common(left, right, pairs).to_numpy()
        apart = numbers_apart(left, right, pairs).to_numpy()
        return np.where((common == 0) & apart, _APART, common)

    def _shown_elsewhere(self, pairs: pl.DataFrame) -> Mask:
        """By pair: whether no number is in common, both show some, and one is one that only others of the other side show."""
        citing, numbered = (
            [pairs[name].is_in(rows.implode()).to_numpy() for name, rows in zip(("left", "right"), of, strict=True)]
            for of in (self._citing, self._numbered)
        )
        common = numbers_in_common(self._sides[0], self._sides[1], pairs).to_numpy()
        return np.asarray((common == 0) & np.logical_or(*citing) & np.logical_and(*numbered), dtype=np.bool_)
