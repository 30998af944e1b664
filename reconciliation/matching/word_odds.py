"""How much it tells that a word of one text is said, or not said, by the other: learned word by word.

A name that true partners nearly always both say speaks against a pair in which only one of them says it; what only
the books say (what the money was for) or only the bank (a city, a product) is never expected and speaks against
nothing. Which word is which the data tells: in what share of true pairs, and of strangers, a word that one text has
is found in the other.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.glossary import Glossary
from reconciliation.matching.text.words import SideWords, alike_words

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_NOT_SAID, _ALIKE, _EQUAL = range(3)
_TRUE_PRIOR = np.array([4.0, 2.0, 4.0])  # words of true pairs, assumed before any is seen
_STRANGER_PRIOR = np.array([192.0, 4.0, 4.0])
_OWN, _OWN_STRANGER = 4.0, 20.0  # words for which those of all texts count beside the word's own record
_UNSEEN = 8.0  # texts without the word that are added to those there are
_RAREST = 1e-4  # the share of texts that a word is in at least
_LEAST, _MOST = -4.0, 8.0  # nats that one word may tell


class WordOdds:
    """The nats that each word tells, for the two sides of a leg."""

    def __init__(self, left: SideWords, right: SideWords, true: pl.DataFrame, strange: pl.DataFrame) -> None:
        """Learn from pairs of documents (`one`, `two`, `times`) that belong together and that do not."""
        # what most texts of a side say tells nothing, whether the other says it or not
        self._sides = tuple(replace(side, words=side.words.filter(pl.col("weight") > 0)) for side in (left, right))
        self._words = [side.words["word"].unique().sort().to_frame().with_row_index("place") for side in self._sides]
        said = self._said(true)
        self._glossary = Glossary(self._sides[0], self._sides[1], true, said)
        true_counts, strange_counts = self._counts(true, said), self._counts(strange, self._said(strange))
        self._told, self._told_without = [], []
        for number, other in enumerate(reversed(self._sides)):
            own, chance = true_counts[number], strange_counts[number]
            by_chance = _by_chance(self._words[number], other, sum(part.sum(axis=1) for part in strange_counts))
            expected = sum(part.sum(axis=1) for part in true_counts) + _TRUE_PRIOR
            usual = (expected / expected.sum())[:, None]
            rate = (chance + _OWN_STRANGER * by_chance) / (chance.sum(axis=0) + _OWN_STRANGER)
            total = own.sum(axis=0)
            self._told.append(_nats((own + _OWN * usual) / (total + _OWN), rate))
            without = (np.maximum(own - 1, 0) + _OWN * usual) / (np.maximum(total - 1, 0) + _OWN)
            self._told_without.append(_nats(without, rate))

    def nats(self, documents: pl.DataFrame) -> Floats:
        """By pair of documents (`one`, `two`, `learned`): the nats of the words of the left, and of the right.

        What a pair taught speaks neither for itself nor for the rivals of its items: of those, the `learned`, one is left out.
        """
        numbered = documents.with_row_index("pair")
        alike = self._said(documents)
        said = numbered.join(alike, on=["one", "two"])
        learned = documents["learned"].to_numpy()
        nats = np.zeros((documents.height, 2))
        told = self._glossary.told(documents, alike)
        for side, (document, word) in enumerate((("one", "word"), ("two", "word_two"))):
            own = said.group_by("pair", pl.col(word).alias("word")).agg(pl.col("alike").max())
            placed = own.join(self._words[side], on="word").sort("pair", "place")
            pair, place = placed["pair"].to_numpy(), placed["place"].to_numpy()
            level = np.where(placed["alike"].to_numpy() >= 1.0, _EQUAL, _ALIKE)
            for table, chosen in ((self._told[side], ~learned), (self._told_without[side], learned)):
                silent = self._of_all_words(side, table[_NOT_SAID])
                nats[chosen, side] = silent[documents[document].to_numpy()[chosen]]
                mine = chosen[pair]
                more = table[level[mine], place[mine]] - table[_NOT_SAID, place[mine]]
                nats[:, side] += np.bincount(pair[mine], weights=more, minlength=documents.height)
            nats[:, side] += self._instead(side, told.select("pair", "nats", word=word), learned)
        return nats

    def _instead(self, side: int, told: pl.DataFrame, learned: npt.NDArray[np.bool_]) -> Floats:
        """By pair: how much more the words of a side tell that go together with a word of the other text (`told`: `pair`,
        `word`, `nats`) than words that the other does not say."""
        best = told.group_by("pair", "word").agg(pl.col("nats").max())
        placed = best.join(self._words[side], on="word").sort("pair", "place")
        pair, place = placed["pair"].to_numpy(), placed["place"].to_numpy()
        tables = (self._told[side][_NOT_SAID, place], self._told_without[side][_NOT_SAID, place])
        more = np.maximum(placed["nats"].to_numpy() - np.where(learned[pair], tables[1], tables[0]), 0.0)
        return np.bincount(pair, weights=more, minlength=len(learned)).astype(np.float64)

    def _said(self, documents: pl.DataFrame) -> pl.DataFrame:
        return alike_words(self._sides[0], self._sides[1], documents.select("one", "two").unique().sort("one", "two"))

    def _of_all_words(self, side: int, nats: Floats) -> Floats:
        """By document: the nats of its words, were none of them said by the other text."""
        words = self._sides[side].words.join(self._words[side], on="word").sort("document", "place")
        size = int(self._sides[side].rows["document"].max() or 0) + 1  # type: ignore[arg-type]
        weights = nats[words["place"].to_numpy()]
        return np.bincount(words["document"].to_numpy(), weights=weights, minlength=size).astype(np.float64)

    def _counts(self, documents: pl.DataFrame, said: pl.DataFrame) -> list[Floats]:
        """By side, level and word: in how many pairs the word is not said, said alike, said equally."""
        said = documents.join(said, on=["one", "two"])
        counts = []
        for side, (document, word) in enumerate((("one", "word"), ("two", "word_two"))):
            own = said.group_by("one", "two", pl.col(word).alias("word")).agg(
                pl.col("alike").max(), pl.col("times").first()
            )
            placed = own.join(self._words[side], on="word")
            size = self._words[side].height
            equal = placed["alike"].to_numpy() >= 1.0
            place, times = placed["place"].to_numpy(), placed["times"].to_numpy()
            levels = [np.bincount(place[of], weights=times[of], minlength=size) for of in (~equal, equal)]
            shown = documents.join(self._sides[side].words, left_on=document, right_on="document")
            shown = shown.join(self._words[side], on="word")
            total = np.bincount(shown["place"].to_numpy(), weights=shown["times"].to_numpy(), minlength=size)
            counts.append(np.stack([total - levels[0] - levels[1], *levels]))
        return counts


def _by_chance(words: pl.DataFrame, other: SideWords, strange: Floats) -> Floats:
    """By level and word: the share of strangers expected to say it, from how many texts of the other side have it."""
    texts = other.rows.group_by("document").len("rows")
    total = other.rows.height + _UNSEEN
    having = other.words.join(texts, on="document").group_by("word").agg((pl.col("rows").sum() / total).alias("share"))
    share = words.join(having, on="word", how="left", maintain_order="left")["share"].fill_null(0.0).to_numpy()
    known = strange + _STRANGER_PRIOR
    alike = np.full(len(share), known[_ALIKE] / known.sum())
    return np.stack([np.maximum(1 - share - alike, 0.01), alike, np.maximum(share, _RAREST)])


def _nats(true: Floats, strange: Floats) -> Floats:
    nats: Floats = np.clip(np.log(true / strange), _LEAST, _MOST)
    return nats
