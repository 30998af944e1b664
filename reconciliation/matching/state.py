"""What is open: for every dataset and pool, minor units by row; fed by the ledger, used up leg by leg."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from reconciliation.contracts import AMOUNT, MATCH_GROUP, MATCH_ITEM
from reconciliation.matching.context import Rows
from reconciliation.matching.encoding import Encoding, Ints, Mask
from reconciliation.matching.errors import MatchingError
from reconciliation.matching.joins import id_hashes
from reconciliation.matching.rules import Leg, Rules, Side


@dataclass(frozen=True)
class Ledger:
    """Active groups of earlier runs and of this run's earlier legs: frames of the shapes MATCH_GROUP and
    MATCH_ITEM."""

    groups: pl.DataFrame
    items: pl.DataFrame

    @classmethod
    def empty(cls) -> Ledger:
        """No group at all."""
        return cls(pl.DataFrame(schema=MATCH_GROUP), pl.DataFrame(schema=MATCH_ITEM))


class Pools:
    """Open amounts by dataset and pool."""

    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding
        self._open: dict[tuple[str, str], Ints] = {}
        self._contested: dict[tuple[str, str], Mask] = {}
        self._accepted: pl.LazyFrame | None = None  # dataset, group_id, row, leg, pass of pairs the ledger holds

    def open(self, dataset: str, pool: str) -> Ints:
        """The open amounts of a dataset in a pool: all of it where nothing was used yet. The array is the state
        itself."""
        key = (dataset, pool)
        if key not in self._open:
            data = self._encoding.datasets[dataset]
            amounts = data.amount.copy()
            amounts[data.too_large] = 0
            self._open[key] = amounts
        return self._open[key]

    def contest(self, dataset: str, pool: str, rows: Rows) -> None:
        """Mark items that an ambiguous group names: one of its answers holds, so that no other leg may use them in
        the pool."""
        if (dataset, pool) not in self._contested:
            self._contested[dataset, pool] = np.zeros(self._encoding.datasets[dataset].height, dtype=np.bool_)
        self._contested[dataset, pool][rows] = True

    def accepted(self, leg: Leg) -> dict[str, pl.DataFrame]:
        """By pass: the pairs (`left`, `right`: rows) that earlier runs have matched in a leg between two datasets."""
        if self._accepted is None or leg.offsets:
            return {}
        own = self._accepted.filter(pl.col("leg") == leg.name)
        left, right = (
            own.filter(pl.col("dataset") == side.dataset).select("group_id", "pass", pl.col("row").alias(name))
            for side, name in zip(leg.sides, ("left", "right"), strict=True)
        )
        pairs = left.join(right.drop("pass"), on="group_id", how="inner").select("pass", "left", "right").collect()
        return {str(name): part for (name,), part in pairs.sort("left", "right").group_by(["pass"])}

    def side(self, side: Side) -> Ints:
        """A copy of the open amounts of a leg's side, zero where an item takes no part."""
        data = self._encoding.datasets[side.dataset]
        amounts = self.open(side.dataset, side.pool).copy()
        if (side.dataset, side.pool) in self._contested:
            amounts[self._contested[side.dataset, side.pool]] = 0
        for pool in side.blocked_by:
            if (side.dataset, pool) in self._open:
                amounts[self.open(side.dataset, pool) != data.amount] = 0
        if side.sign:
            amounts[np.sign(amounts) != side.sign] = 0
        if side.kinds:
            kinds = data.read(["kind"])["kind"].is_in(side.kinds).fill_null(False)
            amounts[~kinds.to_numpy()] = 0
        return amounts

    def use(self, ledger: Ledger, rules: Rules, before: str | None) -> None:
        """Take what the ledger's groups have applied: matched ones, and suggestions of the legs that come before
        `before`.

        Raises MatchingError when a group has applied more of an item than the item amounts to: the item has changed
        and its groups have to be released first (`ledger.carry_forward`).
        """
        if ledger.groups.is_empty():
            return
        names = [leg.name for leg in rules.legs]
        earlier = names[: names.index(before)] if before is not None else []
        binding = ledger.groups.filter(
            (pl.col("status") == "matched") | ((pl.col("status") == "suggested") & pl.col("leg").is_in(earlier))
        )
        undecided = ledger.groups.filter((pl.col("status") == "ambiguous") & pl.col("leg").is_in(earlier))
        present = self._present(ledger.items)
        for leg in rules.legs[: len(earlier)]:
            for side in leg.sides:
                named = present.filter(pl.col("dataset") == side.dataset).join(
                    undecided.filter(pl.col("leg") == leg.name).select("group_id"), on="group_id", how="semi"
                )
                if not named.is_empty():
                    self.contest(side.dataset, side.pool, named["row"].to_numpy())
        applied = present.join(binding.select("group_id", "leg"), on="group_id", how="inner")
        pairs = ledger.groups.filter(pl.col("status") == "matched", pl.col("cardinality") == "1:1")
        self._accepted = present.lazy().join(pairs.lazy().select("group_id", "leg", "pass"), on="group_id", how="inner")
        pools = pl.DataFrame(
            {
                "leg": [leg.name for leg in rules.legs for _ in leg.sides],
                "dataset": [side.dataset for leg in rules.legs for side in leg.sides],
                "pool": [side.pool for leg in rules.legs for side in leg.sides],
            },
            schema={"leg": pl.String, "dataset": pl.String, "pool": pl.String},
        ).unique()
        # a leg that the rules no longer know has used its items all the same: in every pool they have
        unknown = applied.filter(~pl.col("leg").is_in(names)).join(
            pools.select("dataset", "pool").unique(), on="dataset", how="inner"
        )
        known = applied.join(pools, on=["leg", "dataset"], how="inner")
        columns = ["dataset", "pool", "row", "applied_amount"]
        used = pl.concat([known.select(columns), unknown.select(columns)])
        for (dataset, pool), part in used.group_by(["dataset", "pool"]):
            self._take(str(dataset), str(pool), part.group_by("row").agg(pl.col("applied_amount").sum()))

    def _present(self, items: pl.DataFrame) -> pl.DataFrame:
        """`dataset`, `group_id`, `row`, `applied_amount` of a ledger's items that the run has: a run over open and new
        items looks no further at what is settled."""
        parts = [
            pl.DataFrame(
                schema={"dataset": pl.String, "group_id": pl.String, "row": pl.UInt32, "applied_amount": AMOUNT}
            )
        ]
        for name, data in self._encoding.datasets.items():
            here = data.read(["item_id"]).select("row", *id_hashes("item_id", "key"))
            held = items.lazy().filter(pl.col("dataset") == name)
            parts.append(
                held.with_columns(*id_hashes("item_id", "key"))
                .join(here.lazy(), on="key")
                .filter(pl.col("key_check") == pl.col("key_check_right"))
                .select("dataset", "group_id", "row", pl.col("applied_amount").cast(AMOUNT))
                .collect()
            )
        return pl.concat(parts)

    def _take(self, dataset: str, pool: str, used: pl.DataFrame) -> None:
        data = self._encoding.datasets[dataset]
        row = used["row"].to_numpy()
        factors = np.asarray([10 ** (5 - exponent) for exponent in self._encoding.exponents], dtype=np.int64)
        applied = used["applied_amount"].cast(pl.Decimal(38, 5)).to_physical().cast(pl.Int64).to_numpy()
        minor = applied // factors[data.currency[row]]
        open_amounts = self.open(dataset, pool)
        rest = open_amounts[row] - minor
        beyond = (np.sign(rest) * np.sign(open_amounts[row]) < 0) | (np.abs(rest) > np.abs(open_amounts[row]))
        if beyond.any():
            item = data.item_ids(row[beyond]).sort()[0]
            raise MatchingError(
                f"{dataset}: item {item} has more applied in the ledger than it amounts to; it has changed, "
                "release its groups with carry_forward first"
            )
        open_amounts[row] = rest
