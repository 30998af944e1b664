"""Questions that a pass left open: decided later by elimination, or named as ambiguous, never guessed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext
from reconciliation.matching.encoding import Ints, Mask
from reconciliation.matching.marginals import components
from reconciliation.matching.proposals import GROUPS, KIND, MEMBERS, PAIRS, SUGGESTED_ODDS, Proposals
from reconciliation.matching.resolution import AMBIGUOUS, DECIDED, Resolved
from reconciliation.matching.taken import Taken

MAX_NAMED = 200  # a tie of more items than this is told as a reason, not as a group


class OpenQuestions:
    """Ties of a leg's passes."""

    def __init__(self, context: LegContext) -> None:
        self._context = context
        self._edges: list[tuple[str, pl.DataFrame]] = []
        self._groups: list[tuple[str, pl.DataFrame]] = []

    def add(self, name: str, proposals: Proposals, resolved: Resolved) -> None:
        """Keep what a pass's resolution left tied."""
        if not resolved.tied.is_empty():
            self._edges.append((name, resolved.tied))
        if not resolved.tied_groups.is_empty():
            self._groups.append((name, proposals.members.join(resolved.tied_groups, on="proposal", how="semi")))

    def again(self, suggested: tuple[Ints, Ints]) -> Iterator[tuple[str, Proposals]]:
        """Tied pairs once more, after all passes: where rivals are gone, what is left may be the only answer; a suggestion at most
        where the item of a rival is only suggested elsewhere (what is `suggested`, by side and row)."""
        for place, (name, edges) in enumerate(self._edges):
            live = self._context.still_open(edges)
            self._edges[place] = (name, live)
            if live.height in (0, edges.height):
                continue
            pairs = live.select(
                "left",
                "right",
                pl.Series("left_applied", self._context.left.open[live["left"].to_numpy()]),
                pl.Series("right_applied", self._context.right.open[live["right"].to_numpy()]),
                pl.lit(KIND["none"], pl.UInt8).alias("difference_kind"),
                "odds",
                pl.lit(0, pl.UInt16).alias("evidence"),
            ).filter(pl.col("left_applied") == pl.col("right_applied"), pl.Series(self._of_one_currency(live)))
            self._edges[place] = (name, live.clear())
            most = pl.col("odds").clip(upper_bound=SUGGESTED_ODDS)
            pairs = pairs.with_columns(
                odds=pl.when(_beside_suggested(pairs, edges, suggested)).then(most).otherwise("odds")
            )
            shaped = pairs.cast(PAIRS)  # type: ignore[arg-type]
            yield name, Proposals(pairs=shaped, evidence=("equal amounts; the other candidates are settled",))

    def ambiguous(self) -> list[Taken]:
        """One group for each set of items that compete, naming all of them, nothing applied."""
        links = [
            live.select(pl.lit(name).alias("pass"), "left", "right")
            for name, edges in self._edges
            if not (live := self._context.still_open(edges)).is_empty()
        ]
        links.extend(
            live.select(pl.lit(name).alias("pass"), "left", "right")
            for name, members in self._groups
            if not (live := self._spread(members)).is_empty()
        )
        if not links:
            return []
        edges = pl.concat(links)
        label = components(edges["left"].to_numpy().astype(np.int64), edges["right"].to_numpy().astype(np.int64))
        edges = edges.with_columns(pl.Series("label", label))
        members = pl.concat(
            [
                edges.select("label", pl.lit(number, pl.UInt8).alias("side"), row=side).unique()
                for number, side in enumerate(("left", "right"))
            ]
        )
        sizes = members.group_by("label").agg(pl.len(), pl.col("side").n_unique().alias("sides"))
        fit = sizes.filter(pl.col("len").is_between(3, MAX_NAMED), pl.col("sides") == 2).select("label")
        numbered = fit.sort("label").with_row_index("proposal")
        first = edges.group_by("label").agg(pl.col("pass").first())  # edges are in the order of the passes
        taken, asking = [], set(first["pass"])
        for name in [each.name for each in self._context.leg.passes if each.name in asking]:
            own = numbered.join(first.filter(pl.col("pass") == name), on="label", how="semi")
            if own.is_empty():
                continue
            groups = own.select(
                "proposal",
                pl.lit(KIND["none"], pl.UInt8).alias("difference_kind"),
                pl.lit(0.0).alias("odds"),
                pl.lit(0, pl.UInt16).alias("evidence"),
            ).cast(GROUPS)  # type: ignore[arg-type]
            groups = groups.with_columns(confidence=0.0, margin=0.0, status=pl.lit(AMBIGUOUS, pl.UInt8))
            mine = members.join(own, on="label").with_columns(pl.lit(0, pl.Int64).alias("applied"))
            mine = mine.select(list(MEMBERS)).cast(MEMBERS)  # type: ignore[arg-type]
            none = pl.DataFrame(schema=PAIRS | DECIDED)
            taken.append(Taken(name, ("the evidence is the same for each",), none, groups, mine))
        return taken

    def _of_one_currency(self, edges: pl.DataFrame) -> Mask:
        """By edge: amounts of two currencies agree at a rate, not by their figures."""
        left, right = (
            view.dataset.currency[edges[side].to_numpy()]
            for view, side in zip(self._context.sides, ("left", "right"), strict=True)
        )
        return np.asarray(left == right, dtype=np.bool_)

    def _spread(self, members: pl.DataFrame) -> pl.DataFrame:
        """Alternatives whose members are all still open, as edges between each left and each right member."""
        is_open = np.zeros(members.height, dtype=np.bool_)
        for number, view in enumerate(self._context.sides):
            mine = (members["side"] == number).to_numpy()
            is_open[mine] = view.open[members["row"].to_numpy()[mine]] != 0
        live = members.with_columns(pl.Series("open", is_open)).filter(pl.col("open").all().over("proposal"))
        lefts = live.filter(pl.col("side") == 0).select("proposal", left="row")
        rights = live.filter(pl.col("side") == 1).select("proposal", right="row")
        # a center and its members: the smaller side is one row
        return lefts.join(rights, on="proposal").select("left", "right")


def _beside_suggested(pairs: pl.DataFrame, edges: pl.DataFrame, suggested: tuple[Ints, Ints]) -> pl.Series:
    """By pair: whether one of its items was tied by the edges to one that is only suggested elsewhere."""
    beside = pl.Series([False]).new_from_index(0, pairs.height)
    for own, other, held in (("left", "right", suggested[1]), ("right", "left", suggested[0])):
        unsure = edges.filter(pl.Series(held[edges[other].to_numpy()] != 0, dtype=pl.Boolean))
        beside |= pairs[own].is_in(unsure[own].implode())
    return beside
