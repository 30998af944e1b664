"""Words that go together though they are not alike: what the bank calls `KONTOFUEHRUNG` the books call `Bank charges`, a
name of a shop is `Fuel`.

Learned from pairs of texts that belong together: two words that meet there oftener than chance lets expect, neither of
which the other text says.
"""

from __future__ import annotations

import polars as pl

from reconciliation.matching.text.words import AT_ONCE, SideWords

_PRIOR = 1.0  # meetings that are added to those seen and to those expected
_COMMON = 1.0  # times as many texts of the other side from which a word is one of both sides
_SEEN = 0.5  # meetings from which two words are looked at: one that is likelier than not


class Glossary:
    """What words of the left texts go together with what words of the right ones."""

    def __init__(self, left: SideWords, right: SideWords, true: pl.DataFrame, said: pl.DataFrame) -> None:
        """Learn from pairs of documents (`one`, `two`, `times`) that belong together; `said` as `alike_words` gives it."""
        words, words_two = (
            true.join(side.words, left_on=name, right_on="document").group_by("word").agg(pl.col("times").sum())
            for side, name in ((left, "one"), (right, "two"))
        )
        # a word that the other side says itself needs no translation
        self._words = (_own_words(left, right), _own_words(right, left))
        rest, rest_two = self._unsaid(true, said)
        crossed = rest.join(rest_two, on=["one", "two"], suffix="_two").join(true, on=["one", "two"])
        crossed = crossed.sort("word", "word_two", "one", "two")
        met = crossed.group_by("word", "word_two", maintain_order=True).agg(pl.col("times").sum().alias("met"))
        by_chance = pl.col("times") * pl.col("times_two") / max(float(true["times"].sum()), 1.0)
        met = met.filter(pl.col("met") > _SEEN).join(words, on="word")
        met = met.join(words_two.rename({"word": "word_two", "times": "times_two"}), on="word_two")
        met = met.select("word", "word_two", "met", by_chance.alias("expected"))
        self._met = told = met.filter(_nats(pl.col("met"), pl.col("expected")) > 0)
        one, two = self._words
        self._words = (
            one.join(told, on="word", how="semi"),
            two.join(told.select(word="word_two"), on="word", how="semi"),
        )

    def told(self, documents: pl.DataFrame, said: pl.DataFrame) -> pl.DataFrame:
        """What those words of pairs of documents (`one`, `two`, `learned`) tell that the other does not say: `pair` (the place
        of the pair), `word`, `word_two`, `nats`. A pair that was `learned` from does not speak for itself."""
        numbered = documents.with_row_index("pair")
        parts = [
            self._told(numbered.slice(place, AT_ONCE), said) for place in range(0, max(1, documents.height), AT_ONCE)
        ]
        return pl.concat(parts)

    def _told(self, numbered: pl.DataFrame, said: pl.DataFrame) -> pl.DataFrame:
        rest, rest_two = self._unsaid(numbered, said)
        met = rest.join(self._met, on="word").join(rest_two.rename({"word": "word_two"}), on=["one", "two", "word_two"])
        met = numbered.join(met, on=["one", "two"])
        nats = _nats((pl.col("met") - pl.col("learned").cast(pl.Float64)).clip(0.0), pl.col("expected"))
        return met.select("pair", "word", "word_two", nats.alias("nats")).filter(pl.col("nats") > 0)

    def _unsaid(self, documents: pl.DataFrame, said: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Each `word` of the left documents, and of the right ones, that the other does not say: `one`, `two`, `word`."""
        pairs = documents.select("one", "two").unique().sort("one", "two")
        left, right = (
            pairs.join(own, left_on=name, right_on="document").join(
                said.select("one", "two", word=word), on=["one", "two", "word"], how="anti"
            )
            for own, name, word in zip(self._words, ("one", "two"), ("word", "word_two"), strict=True)
        )
        return left, right


def _own_words(side: SideWords, other: SideWords) -> pl.DataFrame:
    """`document`, `word`: without the words that the other side's texts say as often or more."""
    counts, others = (
        each.words.join(each.rows.group_by("document").len("texts"), on="document")
        .group_by("word")
        .agg(pl.col("texts").sum())
        for each in (side, other)
    )
    met = counts.join(others, on="word", suffix="_other")
    common = met.filter(pl.col("texts_other") >= _COMMON * pl.col("texts"))
    return side.words.select("document", "word").join(common, on="word", how="anti")


def _nats(met: pl.Expr, expected: pl.Expr) -> pl.Expr:
    return ((met + _PRIOR) / (expected + _PRIOR)).log()
