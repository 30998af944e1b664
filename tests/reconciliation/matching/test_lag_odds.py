"""How far dates lie apart is learned of all pairs, and of those whose texts say some word."""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.coincidence import lag_shares
from reconciliation.matching.lag_odds import LagOdds
from reconciliation.matching.text.words import side_words


def learned(lags: dict[str, list[int]]) -> tuple[LagOdds, int]:
    """The odds from a hundred pairs a day or two apart, of texts of their own, and from one pair for each of the
    `lags` of a text; and the first row of the latter."""
    texts = [f"CARD {chr(65 + n % 26)}{chr(65 + n // 26)}KO" for n in range(100)]
    days = [1 + n % 2 for n in range(100)]
    for text, own in lags.items():
        texts.extend([text] * len(own))
        days.extend(own)
    rows = pl.Series(range(len(texts)), dtype=pl.UInt32)
    left, right = (side_words(pl.DataFrame({"row": rows, "text": own})) for own in (texts, ["BOOKED"] * len(texts)))
    known = pl.DataFrame({"left": rows, "right": rows, "lag": days}).with_columns(probable=pl.lit(1.0))
    return LagOdds(left, right, known), 100


def share(odds: LagOdds, row: int, lag: int) -> float:
    pair = pl.DataFrame(
        {"left": [row], "right": [0], "lag": [lag]}, schema={"left": pl.UInt32, "right": pl.UInt32, "lag": pl.Int64}
    )
    return float(odds.shares(pair, 30)[0])


def test_what_the_books_enter_after_the_bank_has_booked_it_is_known_by_its_words() -> None:
    odds, fee = learned({"MONTHLY FEE": [-3, -2, -1, -2, -3, -1, -2, -3]})
    assert share(odds, fee, -2) > 5 * share(odds, 0, -2)
    assert share(odds, fee, 1) < share(odds, 0, 1) / 2


def test_one_pair_of_a_text_says_nothing_of_the_next() -> None:
    odds, fee = learned({"MONTHLY FEE": [-3]})
    assert share(odds, fee, -2) == share(odds, 0, -2)


def test_a_pair_does_not_speak_for_itself() -> None:
    odds, fee = learned({"MONTHLY FEE": [-3] * 4})
    asked = pl.DataFrame(
        {"left": [fee, fee], "right": [fee, 0], "lag": [-3, -3]},
        schema={"left": pl.UInt32, "right": pl.UInt32, "lag": pl.Int64},
    )
    itself, other = odds.shares(asked, 30)
    assert itself < other


def test_that_one_side_is_later_does_not_say_that_the_other_may_be() -> None:
    shares = lag_shares(np.repeat([0, 1, 2], 200), 14)
    assert shares[14 - 1] < shares[14 + 3] < shares[14 + 2]
    assert shares[14 - 1] < 0.01


def test_pairs_count_by_how_probable_they_are() -> None:
    lags = np.array([5] * 50)
    half, none = (lag_shares(lags, 14, weights=np.full(50, weight))[14 + 5] for weight in (0.5, 0.0))
    assert none < half < lag_shares(lags, 14)[14 + 5]
