"""What is only suggested elsewhere is still a rival."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from reconciliation.matching import match, preset
from reconciliation.matching.context import LegContext
from reconciliation.matching.proposals import SUGGESTED_ODDS, Proposals
from reconciliation.matching.resolution import Resolved
from reconciliation.matching.ties import OpenQuestions
from tests.reconciliation.matching.two_sided_rows import Row, side


@pytest.mark.parametrize("day", [28, 29])
def test_the_twin_of_what_is_only_suggested_elsewhere_is_no_surer_a_part(day: int) -> None:
    left: list[Row] = [("cash", "123.45", day, None), ("sum", "181.36", 31, "ZANZIBAR TRADING PAYMENT")]
    right: list[Row] = [
        ("near", "123.45", 28, "ZANZIBAR TRADING"),
        ("twin", "123.45", 26, "ZANZIBAR TRADING"),
        ("rest", "57.91", 27, "ZANZIBAR TRADING"),
    ]
    for number in range(80):
        amount, booked = f"{97 * number * number + 11}.{number + 10}", 5 + 7 * number % 55
        left.append((f"l{number}", amount, booked + (0, 0, 0, 1, 2)[number % 5], f"PAYMENT CUSTOMER{number:03}"))
        right.append((f"r{number}", amount, booked, f"invoice CUSTOMER{number:03}"))

    result = match({"left": side(left), "right": side(right)}, preset("two_sided"))

    decided = result.items.join(result.groups.select("group_id", "status"), on="group_id")
    status = dict(decided.select("item_id", "status").rows())
    assert (status["cash"], status["near"]) == ("suggested", "suggested")
    assert (status["sum"], status["twin"]) == ("suggested", "suggested")


@dataclass
class _Side:
    open: npt.NDArray[np.int64]

    @property
    def dataset(self) -> _Side:
        return self

    @property
    def currency(self) -> npt.NDArray[np.int64]:
        return np.zeros_like(self.open)


class _Context:
    """Two items of one amount on each side, of which some are gone by now."""

    def __init__(self, left: list[int], right: list[int]) -> None:
        self.left, self.right = _Side(np.array(left)), _Side(np.array(right))
        self.sides = (self.left, self.right)

    still_open = LegContext.still_open


@pytest.mark.parametrize(("suggested", "odds"), [(0, 900.0), (500, SUGGESTED_ODDS)])
def test_what_is_left_of_a_tie_is_sure_only_where_the_others_are_matched(suggested: int, odds: float) -> None:
    context = _Context([500, 500], [0, 500])
    questions = OpenQuestions(context)  # type: ignore[arg-type]
    tied = pl.DataFrame(
        {"left": [0, 0], "right": [0, 1], "odds": [900.0, 900.0], "probability": [0.5, 0.5]},
        schema_overrides={"left": pl.UInt32, "right": pl.UInt32},
    )
    none = Proposals()
    questions.add("described", none, Resolved(none.pairs, none.groups, tied, pl.DataFrame({"proposal": []})))

    ((_, proposals),) = questions.again((np.zeros(2, np.int64), np.array([suggested, 0])))

    assert proposals.pairs.select("left", "right", "odds").rows() == [(0, 1, odds)]
