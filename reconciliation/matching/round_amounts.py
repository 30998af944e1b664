"""How much a sum of round amounts proves: whole hundreds meet whole hundreds far oftener than odd cents meet anything."""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.coincidence import Floats
from reconciliation.matching.encoding import Ints

_ROUND = tuple(step * 10**power for power in range(1, 12) for step in (5, 10, 25))  # minor units: from half a euro up


def round_chance(targets: Ints, cases: Ints, members: list[Ints], candidates: pl.DataFrame) -> Floats:
    """Sums expected by chance among amounts as round as those of each solution.

    `targets`, `cases` and `members` (their amounts) are one per solution; `candidates` (`case`, `value`) are the amounts
    there were to choose from. Minor units. Of k candidates that are multiples of the solution's common divisor, 2^k sums
    lie on steps of that size within their total. Only the steps people round to count: any two amounts have some divisor.
    """
    divisors = np.array([np.gcd.reduce(np.append(own, target)) for own, target in zip(members, targets, strict=True)])
    steps = np.array([step for step in _ROUND if step <= max(1, int(divisors.max(initial=1)))], dtype=np.int64)
    divisors = np.where(divisors[:, None] % steps == 0, steps, 0).max(axis=1, initial=0)
    solutions = pl.DataFrame({"case": cases, "divisor": divisors}).with_row_index("solution")
    solutions = solutions.filter(pl.col("divisor") > 0)
    as_round = (
        solutions.join(candidates.select("case", "value"), on="case")
        .filter(pl.col("value") % pl.col("divisor") == 0)
        .group_by("solution")
        .agg(pl.len().cast(pl.Float64).alias("many"), pl.col("value").abs().sum().alias("total"))
    )
    counted = pl.DataFrame({"solution": np.arange(len(cases), dtype=np.uint32)}).join(
        solutions.join(as_round, on="solution"), on="solution", how="left", maintain_order="left"
    )
    sums = pl.lit(2.0) ** pl.col("many") - pl.col("many") - 1
    return counted.select((sums * pl.col("divisor") / pl.col("total")).fill_null(0.0).alias("chance"))[
        "chance"
    ].to_numpy()
