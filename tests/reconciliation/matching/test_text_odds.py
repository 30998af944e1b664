"""What two texts prove is learned from pairs that amounts make sure: names count, phrases of one side do not."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from reconciliation.matching.counted_odds import never_falling
from reconciliation.matching.sum_words import told_by_words
from reconciliation.matching.text.words import SideWords, side_words
from reconciliation.matching.text_odds import TextOdds

PARTIES = [
    f"{first} {second}" for first in ("Acme", "Zenith", "Harbor", "Cascade") for second in ("Tools", "Foods", "Media")
]
CITIES, PURPOSES = ("DENVER", "AUSTIN", "SEATTLE"), ("freight", "repairs", "supplies", "advertising")


def sides(left: list[str], right: list[str]) -> tuple[SideWords, SideWords]:
    """The texts in question, and a hundred and twenty pairs to learn from (rows 10 and on)."""
    bank = [f"CARD {PARTIES[n % 12].upper()[:14]} {CITIES[n % 3]}" for n in range(120)]
    books = [f"Paid {PARTIES[n % 12]} for {PURPOSES[n % 4]}" for n in range(120)]
    frames = (
        pl.DataFrame(
            {"row": [*range(len(own)), *range(10, 130)], "text": [*own, *rest]}, schema_overrides={"row": pl.UInt32}
        )
        for own, rest in ((left, bank), (right, books))
    )
    one, two = (side_words(frame) for frame in frames)
    return one, two


def odds(left: list[str], right: list[str]) -> list[float]:
    """The likelihood ratio of each left text with the right one beside it."""
    rows = pl.Series(range(10, 130), dtype=pl.UInt32)
    asked = pl.Series(range(len(left)), dtype=pl.UInt32)
    learned = TextOdds(*sides(left, right), pl.DataFrame({"left": rows, "right": rows}))
    return list(learned.odds(pl.DataFrame({"left": asked, "right": asked})))


def test_a_name_counts_and_what_only_one_side_ever_says_does_not() -> None:
    same, other, half = odds(
        ["CARD HARBOR MEDIA AUSTIN", "CARD HARBOR MEDIA AUSTIN", "CARD HARBOR MEDIA AUSTIN"],
        ["Paid Harbor Media for repairs", "Paid Zenith Foods for repairs", "Paid Harbor Foods for repairs"],
    )
    assert same > 10 and other < 0.1
    assert half < same / 10  # one word of the name alone is half of the parties


def test_a_side_that_says_nothing_is_no_evidence() -> None:
    assert odds(["CARD"], ["Paid Harbor Media for repairs"]) == [1.0]


def test_numbers_in_common_count_beside_the_words() -> None:
    bare, cited = odds(
        ["CARD HARBOR MEDIA AUSTIN", "CARD HARBOR MEDIA 4471122"],
        ["Paid Harbor Media for repairs", "Paid Harbor Media for repairs 4471122"],
    )
    assert cited > 3 * bare


def test_words_that_often_meet_in_true_pairs_go_together_though_they_are_not_alike() -> None:
    bank = [*(f"CARD {party.upper()}" for party in PARTIES * 5), *["KONTOFUEHRUNG"] * 6]
    books = [*(f"Paid {party}" for party in PARTIES * 5), *["Nebenkosten Geldverkehr"] * 6]
    rows = pl.Series(range(len(bank)), dtype=pl.UInt32)
    one, two = (side_words(pl.DataFrame({"row": rows, "text": texts})) for texts in (bank, books))
    known = pl.DataFrame({"left": rows, "right": rows})
    without = TextOdds(one, two, known.head(60))
    learned = TextOdds(one, two, known.head(60), known.tail(6).with_columns(probable=pl.lit(0.6)))
    asked = pl.DataFrame({"left": [60, 60], "right": [61, 3]}, schema=known.schema)
    fee, stranger = learned.odds(asked)
    assert fee > 1 > stranger
    assert fee > 20 * without.odds(asked)[0]


def test_a_word_that_both_sides_say_is_no_other_name_of_what_only_one_says() -> None:
    """Some annexes have been taken for houses: that does not make the cleaner's name another word for an annex."""
    bank = [*(f"CARD {party.upper()}" for party in PARTIES * 5), *["BLITZBLANK ANNEX", "BLITZBLANK HOUSE"] * 6]
    books = [*(f"Paid {party}" for party in PARTIES * 5), *["Cleaning annex", "Cleaning house"] * 6]
    rows = pl.Series(range(len(bank)), dtype=pl.UInt32)
    one, two = (side_words(pl.DataFrame({"row": rows, "text": texts})) for texts in (bank, books))
    known = pl.DataFrame({"left": rows, "right": rows})
    crossed = pl.DataFrame({"left": rows.tail(12), "right": rows.tail(12).reverse()}).with_columns(probable=pl.lit(0.6))
    asked = pl.DataFrame({"left": [60, 60], "right": [62, 63]}, schema=known.schema)
    same, other = TextOdds(one, two, known.head(60), crossed).odds(asked)
    assert same > 3 * other


def test_without_sure_pairs_a_prior_stands_in() -> None:
    texts = sides(["CARD HARBOR MEDIA"], ["Paid Harbor Media"])
    none = pl.DataFrame(schema={"left": pl.UInt32, "right": pl.UInt32})
    asked = pl.DataFrame({"left": [0, 0], "right": [0, 11]}, schema=none.schema)
    same, other = TextOdds(*texts, none).odds(asked)
    assert same > 5 * other


def test_words_of_the_sums_found_make_the_next_one_likelier() -> None:
    texts = ["CARD DEPOSIT 17", *(f"CARD {party}" for party in PARTIES), "CARD DEPOSIT 18", "CARD DEPOSIT 19"]
    words = side_words(pl.DataFrame({"row": range(len(texts)), "text": texts}, schema_overrides={"row": pl.UInt32}))
    sums, pairs = np.array([13, 14], dtype=np.uint32), np.arange(2, 13, dtype=np.uint32)
    deposit, party = told_by_words(words, sums, pairs, np.array([0, 1], dtype=np.uint32))
    assert deposit > 2 and party <= 1
    assert told_by_words(words, sums[:0], pairs, np.array([0], dtype=np.uint32)) == pytest.approx([1.0])


def test_what_hardly_any_stranger_shows_does_not_soften_what_speaks_against_a_pair() -> None:
    true = np.array([0.5, 0.5, 1.0, 400.0])
    strange = np.array([0.6, 3.0, 3000.0, 60.0])  # few are so much apart as the first two classes
    ratios = never_falling(true / true.sum(), strange / strange.sum())
    assert ratios[2] < 0.01
    assert (np.diff(ratios) >= 0).all()
