"""What one pass decided, and what it uses of each side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.context import Rows
from reconciliation.matching.encoding import Ints
from reconciliation.matching.marginals import Floats

Number = TypeVar("Number", bound=np.generic)


class Uses(NamedTuple):
    """What candidates apply of one side, one place for each of their rows on it: of pairs, then of the members of groups."""

    candidate: Rows  # the place of the pair or group, pairs before groups
    row: Rows
    applied: Ints
    status: npt.NDArray[np.uint8]
    confidence: Floats


@dataclass(frozen=True)
class Taken:
    """Pairs and groups that one pass decided, as `resolution` gives them, with the pass's name and sentences.

    `pairs`: left, right, left_applied, right_applied, difference_kind, evidence, confidence, margin, status.
    `groups`: proposal, difference_kind, evidence, confidence, margin, status; `members`: proposal, side, row, applied
    (0 in an ambiguous group). `part` as in `Proposals`.
    """

    pass_name: str
    evidence: Sequence[str]
    pairs: pl.DataFrame
    groups: pl.DataFrame
    members: pl.DataFrame
    part: float = 1.0

    @cached_property
    def uses(self) -> tuple[Uses, Uses]:
        """What is used of the left and of the right side."""
        left, right = (self._uses(number, name) for number, name in enumerate(("left", "right")))
        return left, right

    def _uses(self, side: int, name: str) -> Uses:
        pairs, count = self.pairs, self.pairs.height
        own = (self.members["side"] == side).to_numpy()
        place = self._group_of_member[own]
        groups, members = self.groups, self.members
        return Uses(
            _both(np.arange(count, dtype=np.uint32), (place + count).astype(np.uint32)),
            _both(pairs[name].to_numpy(), members["row"].to_numpy()[own]),
            _both(pairs[f"{name}_applied"].to_numpy(), members["applied"].to_numpy()[own]),
            _both(pairs["status"].to_numpy(), groups["status"].to_numpy()[place]),
            _both(pairs["confidence"].to_numpy(), groups["confidence"].to_numpy()[place]),
        )

    @cached_property
    def _group_of_member(self) -> Ints:
        """By member: the place of its group."""
        numbers, of_members = self.groups["proposal"].to_numpy(), self.members["proposal"].to_numpy()
        place = np.zeros(int(of_members.max(initial=0)) + 1, dtype=np.int64)
        place[numbers] = np.arange(len(numbers))
        found: Ints = place[of_members]
        return found


def _both(of_pairs: npt.NDArray[Number], of_members: npt.NDArray[Number]) -> npt.NDArray[Number]:
    # most of what is taken is pairs alone, of which nothing is copied
    return np.concatenate([of_pairs, of_members]) if len(of_members) else of_pairs
