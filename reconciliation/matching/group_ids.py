"""Group ids: a fingerprint of the leg, the status, and each member with its amount and what was applied of it.

An id made again from the items as they are now shows whether any of them has changed since.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.encoding import Ints
from reconciliation.matching.stable_hash import Words, hexadecimal, mix, text_hash

STATUSES = ("matched", "suggested", "ambiguous")
DIGITS = 24


def member_words(
    dataset: str, currency: Words, id_words: tuple[Words, Words], amount: Ints, applied: Ints
) -> tuple[Words, Words]:
    """Two words per member. Amounts are in hundred-thousandths of the currency's unit, modulo 2^64; `currency` is the
    code's hash."""
    with np.errstate(over="ignore"):
        salt = text_hash(pl.Series([dataset]), 3)[0]
        sums = mix(mix(amount.view(np.uint64)) + applied.view(np.uint64) + currency)
        return mix((id_words[0] ^ salt) + sums), mix((id_words[1] ^ salt) + sums)


def group_ids(
    leg: str, words: tuple[Words, Words], status: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
) -> pl.Series:
    """The ids of a leg's groups, given the sums of their members' words and the index of their status."""
    with np.errstate(over="ignore"):
        salt = text_hash(pl.Series([leg]), 4)[0]
        state = mix(status.astype(np.uint64) + np.uint64(1))
        return hexadecimal(mix(words[0] ^ salt ^ state), mix(words[1] + salt + state))
