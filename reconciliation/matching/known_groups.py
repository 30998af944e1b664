"""What of a ledger a run knows: the groups its own items are in, by number, and what they apply of each.

A ledger may hold a thousand times what a night brings. It is asked once, with the run's items; from there on groups go by
their number here, and their ids are looked at again only where one is named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.contracts import MATCH_GROUP, MATCH_ITEM
from reconciliation.matching.encoding import Dataset, Encoding, Ints, Mask
from reconciliation.matching.errors import MatchingError
from reconciliation.matching.joins import id_hashes

Groups = npt.NDArray[np.uint32]

#: What a run asks of the groups of a ledger.
ASKED = ("group_id", "leg", "pass", "status", "cardinality", "difference")
_FEW = 4  # items in the ledger, one in so many, below which a run asks for its own instead of reading all


@dataclass(frozen=True)
class StoredLedger:
    """Active groups as `Ledger` has them, lazy: a run reads of them what its own items are in, and no more."""

    groups: pl.LazyFrame
    items: pl.LazyFrame

    @cached_property
    def _height(self) -> int:
        return int(self.items.select(pl.len()).collect().item())

    def items_of(self, ids: Sequence[pl.Series]) -> pl.DataFrame:
        """The items whose id is one of these, and maybe others: `dataset`, hashes of the ids of the item (`key`, `key_check`) and
        of the group (`of`, `of_check`), `applied_amount`."""
        items = self.items
        if sum(map(len, ids)) * _FEW <= self._height:
            keys = pl.concat([pl.Series([], dtype=pl.UInt64), *(each.hash(1) for each in ids)]).unique()
            items = items.filter(pl.col("item_id").hash(1).is_in(keys.implode()))
        hashes = [*id_hashes("item_id", "key"), *id_hashes("group_id", "of")]
        return items.select(pl.col("dataset").cast(pl.Categorical), *hashes, "applied_amount").collect()

    def groups_of(self, items: pl.DataFrame) -> pl.DataFrame:
        """What a run asks of the groups of these items (`of`), and maybe of others."""
        groups = self.groups.select(ASKED)
        if items.height * _FEW <= self._height:
            groups = groups.filter(pl.col("group_id").hash(1).is_in(items["of"].unique().implode()))
        return groups.collect()

    def sizes(self, groups: pl.DataFrame) -> pl.DataFrame:
        """`group_id` and `size` of groups (group_id, cardinality): how many items each has, also of those that a run has
        not."""
        pairs = groups.filter(pl.col("cardinality") == "1:1").select("group_id", size=pl.lit(2, pl.UInt32))
        others = groups.filter(pl.col("cardinality") != "1:1")["group_id"]
        if others.is_empty():
            return pairs
        members = self.items.select("group_id").filter(pl.col("group_id").is_in(others.implode()))
        return pl.concat([pairs, members.group_by("group_id").len("size").collect()])


@dataclass(frozen=True)
class Ledger:
    """Active groups of earlier runs and of this run's earlier legs: frames of the shapes MATCH_GROUP, of which a run needs
    the columns ASKED, and MATCH_ITEM."""

    groups: pl.DataFrame
    items: pl.DataFrame

    @classmethod
    def empty(cls) -> Ledger:
        """No group at all."""
        return cls(pl.DataFrame(schema=MATCH_GROUP), pl.DataFrame(schema=MATCH_ITEM))

    def stored(self) -> StoredLedger:
        """The same, lazy."""
        return StoredLedger(self.groups.lazy(), self.items.lazy())


@dataclass(frozen=True)
class HeldItems:
    """Of one dataset the items that groups hold, one entry an item and group."""

    group: Groups
    row: npt.NDArray[np.uint32]
    minor: Ints  # what is applied, in minor units
    whole: Mask  # whether that is all of the item

    def where(self, chosen: Mask) -> HeldItems:
        """Some of the entries."""
        return HeldItems(self.group[chosen], self.row[chosen], self.minor[chosen], self.whole[chosen])


@dataclass(frozen=True)
class KnownGroups:
    """The groups that a run's items are in: `groups` has what is known of them, the number of a group being its row there;
    `held` by dataset the items."""

    groups: pl.DataFrame
    held: Mapping[str, HeldItems]

    @classmethod
    def of(cls, ledger: StoredLedger, encoding: Encoding) -> KnownGroups:
        """Ask a ledger for the groups of the run's items."""
        ids = {name: data.read(["item_id"]) for name, data in encoding.datasets.items()}
        items = ledger.items_of([each["item_id"] for each in ids.values()])
        groups = ledger.groups_of(items)
        numbers = groups.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("group"), *id_hashes("group_id", "of"))
        known = (
            items.lazy()
            .join(numbers.lazy(), on="of", suffix="_known")
            .filter(pl.col("of_check") == pl.col("of_check_known"))
            .select("dataset", "key", "key_check", "group", "applied_amount")
            .collect()
        )
        held = {}
        for name in ids:
            found = (
                known.lazy()
                .filter(pl.col("dataset") == name)
                .join(encoding.datasets[name].keys.lazy(), on="key", suffix="_here")
                .filter(pl.col("key_check") == pl.col("key_check_here"))
                .select("group", "row", "applied_amount")
                .collect()
            )
            row = found["row"].to_numpy()
            minor = minor_applied(encoding, name, row, found["applied_amount"])
            whole = minor == encoding.datasets[name].amount[row]
            held[name] = HeldItems(found["group"].to_numpy(), row, minor, whole)
        return cls(groups, held)

    def where(self, condition: pl.Expr) -> Mask:
        """By group: whether something is true of it."""
        return self.groups.select(condition.fill_null(False)).to_series().to_numpy()

    def held_of(self, dataset: str) -> HeldItems:
        """The items of a dataset that groups hold."""
        nothing = np.zeros(0, dtype=np.uint32)
        return self.held.get(dataset, HeldItems(nothing, nothing, nothing.astype(np.int64), nothing.astype(np.bool_)))

    def complete(self, ledger: StoredLedger, chosen: Mask) -> Mask:
        """By group: whether it is one of those chosen, the run has all its items, and all of each is applied."""
        count = np.zeros(self.groups.height, dtype=np.int64)
        fits = chosen.copy()
        for own in self.held.values():
            count += np.bincount(own.group, minlength=self.groups.height)
            fits[own.group[~own.whole]] = False
        asked = self.groups.select("group_id", "cardinality", group=pl.int_range(pl.len(), dtype=pl.UInt32))
        asked = asked.filter(pl.Series(fits & (count > 1), dtype=pl.Boolean))
        sized = asked.join(ledger.sizes(asked), on="group_id")
        group = sized["group"].to_numpy()
        found = np.zeros(self.groups.height, dtype=np.bool_)
        found[group[sized["size"].to_numpy() == count[group]]] = True
        return found


def minor_applied(encoding: Encoding, dataset: str, row: npt.NDArray[np.uint32], applied: pl.Series) -> Ints:
    """Applied amounts of rows of a dataset in minor units of their currency."""
    factors = np.asarray([10 ** (5 - exponent) for exponent in encoding.exponents], dtype=np.int64)
    steps = factors[encoding.datasets[dataset].currency[row]]
    # the ledger's hundred-thousandths of 18 digits are wider than what they are in minor units
    wide = applied.cast(pl.Decimal(38, 5)).to_physical()
    minor: Ints = (wide // pl.Series(steps, dtype=pl.Int128)).cast(pl.Int64).to_numpy()
    return minor


def take_applied(data: Dataset, open_amounts: Ints, used: Ints) -> None:
    """Take from the open amounts of a dataset what groups have applied of them, both by row in minor units.

    Raises MatchingError where that is more than an item amounts to.
    """
    row = np.flatnonzero(used)
    rest = open_amounts[row] - used[row]
    beyond = (np.sign(rest) * np.sign(open_amounts[row]) < 0) | (np.abs(rest) > np.abs(open_amounts[row]))
    if beyond.any():
        item = data.item_ids(row[beyond].astype(np.uint32)).sort()[0]
        raise MatchingError(
            f"{data.name}: item {item} has more applied in the ledger than it amounts to; it has changed, "
            "release its groups with carry_forward first"
        )
    open_amounts[row] = rest
