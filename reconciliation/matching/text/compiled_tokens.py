"""The tokens of many texts and the keys of many identifiers as hashes, from the compiled kernel: what `tokens` and
`identifiers` give as texts, where there are so many that making them all would be most of the work.

A hash says what may meet; what has met is spelled out and compared letter for letter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.text import token_kernel as kernel
from reconciliation.matching.text.check_digits import self_identifying, structured_references
from reconciliation.matching.text.folding import ascii_upper_series, compact
from reconciliation.matching.text.identifiers import Variant
from reconciliation.matching.text.ranges import range_members
from reconciliation.matching.text.token_filter import Bools, Words, salts, text_bytes, texts_of_bytes

_BITS_PER_TOKEN = 16  # of the table of tokens, which sets three for each

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.integer]


@dataclass(frozen=True)
class TextTokens:
    """The tokens of the texts of some rows, ascending: by token the text's row and the salt of its `by` columns, the hash, where in
    `data` it begins and ends, and its span as in `tokens`."""

    texts: Rows
    data: Bytes
    rows: pl.Series
    salt: Words
    hashes: Words
    begins: Ints
    ends: Ints
    spans: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, texts: pl.DataFrame, by: Sequence[str], grams: int, min_length: int) -> TextTokens:
        """The tokens of texts as `find_identifiers` takes them."""
        folded = ascii_upper_series(texts["text"].fill_null("")).alias("text")
        salt = salts(texts, by)
        data, bounds = text_bytes(folded)
        found, until, may_hold = kernel.text_tokens(data, bounds, salt, grams, min_length)
        owner = np.repeat(np.arange(texts.height), np.diff(until, prepend=0))
        numbered = pl.DataFrame({"row": np.arange(texts.height, dtype=np.uint32), "text": folded})
        listed = range_members(numbered.filter(pl.Series(may_hold & kernel.LISTED != 0)))
        grouped = structured_references(numbered.filter(pl.Series(may_hold & kernel.STRUCTURED != 0)))
        implied = pl.concat([listed, grouped.select("row", raw="reference")])
        said, ends = text_bytes(implied["raw"])
        whose = implied["row"].to_numpy()
        hashes, sizes = kernel.whole_tokens(said, ends, salt[whose])
        long = sizes >= min_length
        spans = np.repeat(np.array([0, 1], dtype=np.uint8), [listed.height, grouped.height])
        owner = np.concatenate([owner, whose[long]])
        whole = np.concatenate([data, said])
        whole.setflags(write=False)
        return cls(
            texts=texts["text_row"].sort().to_numpy(),
            data=whole,
            rows=texts["text_row"].gather(owner),
            salt=salt[owner],
            hashes=np.concatenate([found[:, 0], hashes[long]]),
            begins=np.concatenate([found[:, 1].astype(np.int64), ends[:-1][long] + len(data)]),
            ends=np.concatenate([found[:, 2].astype(np.int64), ends[1:][long] + len(data)]),
            spans=np.concatenate([found[:, 3].astype(np.uint8), spans[long]]),
        )

    def hold(self, rows: pl.Series) -> bool:
        """Whether the texts of all these rows are among those whose tokens these are."""
        if rows.is_empty():
            return True
        if not len(self.texts):
            return False
        place = np.minimum(np.searchsorted(self.texts, rows.to_numpy()), len(self.texts) - 1)
        return bool((self.texts[place] == rows.to_numpy()).all())

    @cached_property
    def _table(self) -> Words:
        table = np.zeros(1 << max(10, (len(self.hashes) * _BITS_PER_TOKEN).bit_length() - 6), dtype=np.uint64)
        kernel.enter(self.hashes, table)
        return table

    def keys(
        self, identifiers: pl.DataFrame, by: Sequence[str], variants: Sequence[Variant], min_length: int
    ) -> pl.DataFrame:
        """The keys of identifiers, as `find_identifiers` takes them, that may be among the tokens: `identifier_row`, `token` (hash),
        `rank`, `key` (as text), `key_salt`."""
        flags = sum(getattr(kernel, variant.name) for variant in variants)
        references = identifiers["reference"].fill_null("")
        salt = salts(identifiers, by)
        owner, hashes, ranks, said, bounds, formed = kernel.identifier_keys(
            *text_bytes(ascii_upper_series(references)), salt, flags, min_length, self._table
        )
        kept = ~(_verified(references, owner, formed) & (ranks != 0))
        keys = pl.DataFrame(
            {
                "identifier_row": identifiers["identifier_row"].gather(owner),
                "token": hashes,
                "rank": ranks,
                "key": texts_of_bytes(said, bounds),
                "key_salt": salt[owner],
            }
        )
        return keys if kept.all() else keys.filter(pl.Series(kept))

    def among(self, keys: pl.Series) -> pl.DataFrame:
        """The tokens that may be among these hashes: `text_row`, `token` (hash), `span`, `place`."""
        table = np.zeros_like(self._table)
        kernel.enter(np.array(keys.to_numpy()), table)
        place = np.flatnonzero(kernel.among(self.hashes, table))
        return pl.DataFrame(
            {
                "text_row": self.rows.gather(place),
                "token": self.hashes[place],
                "span": self.spans[place],
                "place": place,
            }
        )

    def verified(self, met: pl.DataFrame) -> pl.DataFrame:
        """What has met by hash (`place`, `key`, `key_salt`) and is the same letter for letter, `token` as text."""
        place = met["place"].to_numpy()
        said = texts_of_bytes(*kernel.spelled(self.data, self.begins[place], self.ends[place]))
        same = (said == met["key"]) & (pl.Series(self.salt[place]) == met["key_salt"])
        return met.with_columns(said.alias("token")).filter(same)


def _verified(references: pl.Series, owner: Ints, formed: Bools) -> Bools:
    """By key: whether its identifier carries check digits of its own that hold."""
    asked = np.unique(owner[formed[owner]])
    forms = pl.DataFrame({"text": ascii_upper_series(references.gather(asked))}).select(compact(pl.col("text")))
    holds = np.zeros(len(references), dtype=np.bool_)
    holds[asked] = self_identifying(forms["text"]).to_numpy()
    return np.asarray(holds[owner], dtype=np.bool_)
