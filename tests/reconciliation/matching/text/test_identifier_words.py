"""Words that may be identifiers, found compiled as they are found plain."""

from __future__ import annotations

import random

import polars as pl
import pytest

from reconciliation.matching.text import identifier_words, token_filter

PIECES = ("RE", "4711", "0", "x9", "ü7", "ẞ", "счёт12", ".", "/", "_", "-", " ", "\n", "+", "--", "A-", "-B2", "12.50")


def test_a_word_keeps_its_separators_and_loses_those_around_it() -> None:
    texts = pl.DataFrame({"row": [7, 8], "text": ["pay -INV/2024-001. and RE-77, none", None]})
    assert identifier_words(texts, 5).rows() == [(7, "INV/2024-001"), (7, "RE-77")]


@pytest.mark.parametrize("seed", range(3))
def test_the_same_words_are_found_compiled_and_plain(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = random.Random(seed)  # noqa: S311 - an example, no secret
    said = ["".join(chosen.choice(PIECES) for _ in range(chosen.randint(0, 12))) for _ in range(2000)]
    texts = pl.DataFrame({"row": range(2001), "text": [*said, None]})
    for min_length in (1, 4):
        plain = identifier_words(texts, min_length)
        with monkeypatch.context() as patch:
            patch.setattr(token_filter, "_WORTH", 0)
            patch.setattr(token_filter, "_WORTH_LOADED", 0)
            assert identifier_words(texts, min_length).equals(plain)
        assert plain.height > 1000
