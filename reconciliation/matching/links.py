"""The links that are given: payments and the documents they are known to settle, as rows of the run's datasets."""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.contracts import LINK
from reconciliation.matching.encoding import Encoding
from reconciliation.matching.item_frames import link_frame
from reconciliation.matching.joins import has_repeats, id_hashes, pair_keys


class Links:
    """Known links as row numbers, by pair of datasets, whichever side names which."""

    def __init__(self, encoding: Encoding, links: pl.LazyFrame | pl.DataFrame | None) -> None:
        self._encoding = encoding
        self._links = link_frame(links) if links is not None else pl.LazyFrame(schema=LINK)
        self._resolved: dict[tuple[str, str], pl.DataFrame] = {}
        self._empty = links is None

    def __call__(self, left: str, right: str) -> pl.DataFrame:
        """Distinct links of two datasets: left, right (rows), amount (minor units of the right item, null where
        unknown)."""
        if (left, right) not in self._resolved:
            self._resolved[left, right] = self._resolve(left, right)
        return self._resolved[left, right]

    def _resolve(self, left: str, right: str) -> pl.DataFrame:
        none = pl.DataFrame(schema={"left": pl.UInt32, "right": pl.UInt32, "amount": pl.Int64})
        if self._empty or left not in self._encoding.datasets or right not in self._encoding.datasets:
            return none
        forward = self._links.filter(pl.col("left_dataset") == left, pl.col("right_dataset") == right).select(
            one="left_id", two="right_id", amount="amount"
        )
        backward = self._links.filter(pl.col("left_dataset") == right, pl.col("right_dataset") == left).select(
            one="right_id", two="left_id", amount="amount"
        )
        given = pl.concat([forward, backward] if left != right else [forward])
        amount = pl.col("amount").cast(pl.Decimal(38, 5)).to_physical()
        met = given.select(*id_hashes("one"), *id_hashes("two"), amount).collect()
        for name, id_hash, row in ((left, "one", "left"), (right, "two", "right")):
            met = met.join(self._encoding.datasets[name].keys, left_on=id_hash, right_on="key")
            met = met.filter(pl.col(f"{id_hash}_check") == pl.col("key_check"))
            met = met.rename({"row": row}).drop(id_hash, f"{id_hash}_check", "key_check")
        met = met.select("left", "right", "amount")
        if met.is_empty():
            return none
        factors = [10 ** (5 - exponent) for exponent in self._encoding.exponents]
        currency = self._encoding.datasets[right].currency[met["right"].to_numpy()]
        factor = pl.Series(np.asarray(factors, dtype=np.int64)[currency], dtype=pl.Int128)
        met = met.with_columns((pl.col("amount") // factor).cast(pl.Int64))
        if has_repeats(pair_keys(met["left"].to_numpy(), met["right"].to_numpy())):
            known = pl.when(pl.col("amount").is_not_null().all()).then(pl.col("amount").sum())
            met = met.group_by("left", "right").agg(known.alias("amount"))
        return met
