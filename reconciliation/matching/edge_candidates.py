"""Candidates made of edges (`settlement`): pairs, and the star of an item with all that its edges lead to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.proposals import GROUPS, KIND, MEMBERS, PAIRS, Proposals


def pairs_frame(
    edges: pl.DataFrame, left_applied: str, right_applied: str, kind: str | pl.Expr, factor: float
) -> pl.DataFrame:
    """Edges as candidate pairs."""
    columns = {
        "left": pl.col("left"),
        "right": pl.col("right"),
        "left_applied": pl.col(left_applied),
        "right_applied": pl.col(right_applied),
        "difference_kind": pl.lit(KIND[kind]) if isinstance(kind, str) else kind,
        "odds": pl.col("odds") * factor,
        "evidence": pl.col("evidence"),
    }
    return edges.select(columns[name].cast(dtype).alias(name) for name, dtype in PAIRS.items())


def star_groups(
    stars: pl.DataFrame, center: str, kind: str, factor: float, evidence: Sequence[str]
) -> Iterator[Proposals]:
    """Each star, all of whose items are applied in full, as a candidate group."""
    if stars.is_empty():
        return
    other = "right" if center == "left" else "left"
    own_amount, other_amount = ("mine", "other") if center == "left" else ("other", "mine")
    centers, first, number = np.unique(stars[center].to_numpy(), return_index=True, return_inverse=True)
    own, around = (0, 1) if center == "left" else (1, 0)
    members = pl.DataFrame(
        {
            "proposal": np.concatenate([np.arange(len(centers)), number]),
            "side": np.repeat([own, around], [len(centers), len(number)]),
            "row": np.concatenate([centers, stars[other].to_numpy()]),
            "applied": np.concatenate([stars[own_amount].to_numpy()[first], stars[other_amount].to_numpy()]),
        },
        schema=MEMBERS,
    )
    yield Proposals(groups=summary(number, stars, kind, factor), members=members, evidence=evidence)


def summary(number: npt.NDArray[np.integer], edges: pl.DataFrame, kind: str, factor: float) -> pl.DataFrame:
    """The candidate groups of edges, by the `number` of each edge's group, from 0."""
    count = int(number.max()) + 1
    odds, evidence = np.full(count, np.inf), np.zeros(count, dtype=np.uint16)
    np.minimum.at(odds, number, edges["odds"].to_numpy())  # the weakest edge decides how sure the whole is
    np.maximum.at(evidence, number, edges["evidence"].to_numpy())
    of_kind = np.full(count, KIND[kind])
    columns = {"proposal": np.arange(count), "difference_kind": of_kind, "odds": odds * factor, "evidence": evidence}
    return pl.DataFrame(columns, schema=GROUPS)
