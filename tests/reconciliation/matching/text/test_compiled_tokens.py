"""The compiled search finds what the plain one finds, letter for letter."""

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
def test_the_same_identifiers_are_found_compiled_and_plain(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
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
    some = ((Variant.EXACT,), (Variant.SEGMENTS, Variant.TRUNCATED), (Variant.UNPREFIXED, Variant.SERIAL))
    for variants in (tuple(Variant), *some):
        for by, owners in (((), 50), (("entity",), 7)):
            plain = find_identifiers(*given, by=by, variants=variants, min_length=3, max_owners=owners)
            with monkeypatch.context() as patch:
                patch.setattr(token_filter, "_WORTH", 0)
                patch.setattr(token_filter, "_WORTH_LOADED", 0)
                compiled = find_identifiers(*given, by=by, variants=variants, min_length=3, max_owners=owners)
            assert compiled.equals(plain)
            assert plain.height > 10
