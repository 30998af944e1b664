"""The compiled search for shared tokens loses nothing: what is found without it is found with it."""

from __future__ import annotations

import random

import polars as pl
import pytest

from reconciliation.matching.text import Variant, find_identifiers, token_filter

NUMBERS = ("0", "00", "7", "14", "1814", "0815", "000123", "2024", "10O1", "0I", "4711", "13947", "00000")
PARTS = (
    *NUMBERS,
    "RE",
    "INV",
    "RF18",
    "RF00",
    "A",
    "O",
    "I",
    "AB",
    "ß",
    "счёт",
    "539007547034",
    "090",
    "9337",
    "55493",
)
SEPARATORS = ("", " ", "-", "/", ".", "  ", "_", "\n", " - ", " bis ", "+++")


def written(chosen: random.Random, parts: int) -> str:
    return "".join(chosen.choice(PARTS) + chosen.choice(SEPARATORS) for _ in range(chosen.randint(1, parts)))


@pytest.mark.parametrize("seed", range(3))
def test_the_same_identifiers_are_found_with_and_without_the_filter(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = random.Random(seed)  # noqa: S311 - an example, no secret
    references = [written(chosen, 4) for _ in range(400)]
    texts = [written(chosen, 9) for _ in range(200)]
    # half of the texts name an identifier, in another spelling or cut off
    texts += [written(chosen, 2) + " " + chosen.choice(references).lower()[chosen.randint(0, 2) :] for _ in range(200)]
    given = (
        pl.DataFrame({"text_row": range(400), "text": texts, "entity": [chosen.randint(1, 3) for _ in texts]}),
        pl.DataFrame(
            {
                "identifier_row": range(400),
                "reference": references,
                "entity": [chosen.randint(1, 3) for _ in references],
            }
        ),
    )
    for variants in (tuple(Variant), (Variant.EXACT,), (Variant.SEGMENTS, Variant.TRUNCATED)):
        for by in ((), ("entity",)):
            plain = find_identifiers(*given, by=by, variants=variants, min_length=3, max_owners=50)
            with monkeypatch.context() as patch:
                patch.setattr(token_filter, "_WORTH", 0)
                patch.setattr(token_filter, "_WORTH_LOADED", 0)
                filtered = find_identifiers(*given, by=by, variants=variants, min_length=3, max_owners=50)
            assert filtered.equals(plain)
            assert plain.height > 10


def test_texts_without_a_name_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_filter, "_WORTH", 0)
    monkeypatch.setattr(token_filter, "_WORTH_LOADED", 0)
    texts = pl.DataFrame(
        {
            "text": ["GUTSCHRIFT RHEIN ALPEN BAU", "RHEINALPENBAU", "XRHEINALPEN", "R HEINALPEN", "RHEIN", ""],
            "entity": [1, 1, 1, 1, 1, 1],
        }
    )
    names = pl.DataFrame({"whole": ["RHEINALPENBAU", "GULFPLASTICS"], "entity": [1, 1]})
    named = token_filter.naming_texts(texts, names, ["entity"], 8)
    assert named.tolist() == [True, True, False, True, False, False]
    elsewhere = names.with_columns(entity=pl.lit(2))
    assert not token_filter.naming_texts(texts, elsewhere, ["entity"], 8).any()
