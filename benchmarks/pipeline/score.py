"""How right something is against the simulation's truth, as pairs that are true, found, and both; and the table of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """`what` is a leg or a topic; `right` are found pairs that are true, `held` true pairs that were found (fewer where a group of
    several on both sides makes a pair of each with each); `wrong` and `missed` hold a few pairs to look at."""

    what: str
    true: int
    found: int
    right: int
    held: int
    wrong: tuple[tuple[str, str], ...]
    missed: tuple[tuple[str, str], ...]

    @property
    def precision(self) -> float:
        """Share of the found pairs that are true."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of the true pairs that were found."""
        return self.held / self.true if self.true else 1.0


def print_scores(heading: str, scores: Iterable[Score]) -> None:
    """The table, under each row up to five pairs that are wrong or missed."""
    print(f"{heading:<24}{'true':>8}{'found':>8}{'right':>8}{'precision':>11}{'recall':>9}")
    for one in scores:
        print(f"{one.what:<24}{one.true:>8}{one.found:>8}{one.right:>8}{one.precision:>11.4f}{one.recall:>9.4f}")
        for name, pairs in (("wrong", one.wrong), ("missed", one.missed)):
            for pair in pairs[:5]:
                print(f"    {name}: {pair[0]}  ~  {pair[1]}")
