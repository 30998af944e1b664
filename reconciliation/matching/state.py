"""What is open: for every dataset and pool, minor units by row; fed by the ledger, used up leg by leg."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from reconciliation.contracts import AMOUNT, MATCH_GROUP, MATCH_ITEM
from reconciliation.matching.context import Rows
from reconciliation.matching.encoding import Encoding, Ints, Mask
from reconciliation.matching.errors import MatchingError
from reconciliation.matching.joins import id_hashes
from reconciliation.matching.replay import Held
from reconciliation.matching.rules import Leg, Rules, Side

DECIDED = "decision"  # the pass name of groups that a person made; only a person supersedes them

#: Members of a leg's own standing matches that are shown to its passes again.
_STANDING = {"dataset": pl.String(), "group_id": pl.String(), "leg": pl.String(), "row": pl.UInt32()}
#: What standing matches use; `place` is that of their leg among the legs, `open_ended` whether they use an item in part or leave
#: a difference: what arrives later may tell what it was.
_USED = {
    "dataset": pl.String(),
    "pool": pl.String(),
    "row": pl.UInt32(),
    "minor": pl.Int64(),
    "group_id": pl.String(),
    "place": pl.UInt32(),
    "open_ended": pl.Boolean(),
}


#: What a run asks of the groups of a ledger.
_ASKED = ("group_id", "leg", "pass", "status", "cardinality", "difference")
_FEW = 4  # items in the ledger, one in so many, below which a run asks for its own instead of reading all


@dataclass(frozen=True)
class StoredLedger:
    """Active groups as `Ledger` has them, lazy: a run reads of them what its own items are in, and no more."""

    groups: pl.LazyFrame
    items: pl.LazyFrame

    @cached_property
    def _height(self) -> int:
        return int(self.items.select(pl.len()).collect().item())

    def with_items(self, ids: Sequence[pl.Series]) -> pl.LazyFrame:
        """The items whose id is one of these, and maybe others."""
        if sum(map(len, ids)) * _FEW > self._height:
            return self.items
        keys = pl.concat([each.hash() for each in ids]).unique()
        return self.items.filter(pl.col("item_id").hash().is_in(keys.implode())).collect().lazy()

    def groups_of(self, members: pl.DataFrame) -> pl.DataFrame:
        """What a run asks of the groups of these items (`group_id`)."""
        asked = self.groups.select(_ASKED)
        if members.height * _FEW > self._height:
            return asked.collect()
        return asked.filter(pl.col("group_id").is_in(members["group_id"].unique().implode())).collect()

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
    """Active groups of earlier runs and of this run's earlier legs: frames of the shapes MATCH_GROUP and
    MATCH_ITEM."""

    groups: pl.DataFrame
    items: pl.DataFrame

    @classmethod
    def empty(cls) -> Ledger:
        """No group at all."""
        return cls(pl.DataFrame(schema=MATCH_GROUP), pl.DataFrame(schema=MATCH_ITEM))

    def stored(self) -> StoredLedger:
        """The same, lazy."""
        return StoredLedger(self.groups.lazy(), self.items.lazy())


class Pools:
    """Open amounts by dataset and pool."""

    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding
        self._open: dict[tuple[str, str], Ints] = {}
        self._contested: dict[tuple[str, str], Mask] = {}
        self._accepted: pl.LazyFrame | None = None  # dataset, group_id, row, leg, pass of pairs the ledger holds
        self._standing = pl.DataFrame(schema=_STANDING)
        self._automatic = pl.DataFrame(schema=_USED)  # matches that no person has made or confirmed
        self._legs: tuple[Leg, ...] = ()

    def part(self, encoding: Encoding, rows: Mapping[str, slice], legs: Sequence[Leg]) -> Pools:
        """The pools of a part of the rows, whose numbers begin anew, with what these legs look at: what is used there is
        used here."""
        part = Pools(encoding)
        for leg in legs:
            for side in leg.sides:
                for pool in (side.pool, *side.blocked_by):
                    part._open[side.dataset, pool] = self.open(side.dataset, pool)[rows[side.dataset]]
                    contested = self._contesting(side.dataset, pool)[rows[side.dataset]]
                    part._contested[side.dataset, pool] = contested
        return part

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
        self._contesting(dataset, pool)[rows] = True

    def _contesting(self, dataset: str, pool: str) -> Mask:
        if (dataset, pool) not in self._contested:
            self._contested[dataset, pool] = np.zeros(self._encoding.datasets[dataset].height, dtype=np.bool_)
        return self._contested[dataset, pool]

    def accepted(self, leg: Leg) -> dict[str, pl.DataFrame]:
        """By pass: the pairs (`left`, `right`: rows) that earlier runs have matched in a leg between two datasets, those
        aside that its passes can find again."""
        if self._accepted is None or leg.offsets:
            return {}
        again = pl.concat([each.select("group_id") for each in (self._standing, self._giving_way(leg))])
        own = self._accepted.filter(pl.col("leg") == leg.name).join(again.lazy(), on="group_id", how="anti")
        left, right = (
            own.filter(pl.col("dataset") == side.dataset).select("group_id", "pass", pl.col("row").alias(name))
            for side, name in zip(leg.sides, ("left", "right"), strict=True)
        )
        pairs = left.join(right.drop("pass"), on="group_id", how="inner").select("pass", "left", "right").collect()
        return {str(name): part for (name,), part in pairs.sort("left", "right").group_by(["pass"])}

    def held(self, leg: Leg) -> Held:
        """By side: row, group of the standing matches that the leg's own passes find again."""
        own = self._standing.filter(pl.col("leg") == leg.name)
        numbered = own.with_columns(group=pl.col("group_id").rank("dense").cast(pl.Int64) - 1)
        left, right = (numbered.filter(pl.col("dataset") == side.dataset).select("row", "group") for side in leg.sides)
        return left, right

    def side(self, side: Side, leg: Leg | None = None, *, again: bool = False) -> Ints:
        """A copy of the open amounts of a leg's side, zero where an item takes no part. To a `leg` what may give way to it is
        open (`precedence`). With `again` its own matches that are shown again are open too (`replay`)."""
        data = self._encoding.datasets[side.dataset]
        amounts = self._seen(side.dataset, side.pool, leg)
        if leg is not None and again:
            own = self._standing.filter(pl.col("leg") == leg.name, pl.col("dataset") == side.dataset)["row"].to_numpy()
            amounts[own] = data.amount[own]
        if (side.dataset, side.pool) in self._contested:
            amounts[self._contested[side.dataset, side.pool]] = 0
        for pool in side.blocked_by:
            if (side.dataset, pool) in self._open:
                amounts[self._seen(side.dataset, pool, leg) != data.amount] = 0
        if side.sign:
            amounts[np.sign(amounts) != side.sign] = 0
        if side.kinds:
            kinds = data.read(["kind"])["kind"].is_in(side.kinds).fill_null(False)
            amounts[~kinds.to_numpy()] = 0
        return amounts

    def _seen(self, dataset: str, pool: str, leg: Leg | None) -> Ints:
        """A copy of what is open in a pool; to a leg, without what matches use that may give way to it."""
        amounts = self.open(dataset, pool).copy()
        if leg is not None and not self._automatic.is_empty():
            weaker = self._giving_way(leg).filter(pl.col("dataset") == dataset, pl.col("pool") == pool)
            np.add.at(amounts, weaker["row"].to_numpy(), weaker["minor"].to_numpy())
        return amounts

    def gives_way(self, leg: Leg) -> bool:
        """Whether anything may give way to a leg."""
        return not self._giving_way(leg).is_empty()

    def _giving_way(self, leg: Leg) -> pl.DataFrame:
        """The standing matches of later legs, and the leg's own that are open ended."""
        own = pl.col("open_ended") & (pl.col("place") == self._place(leg))
        return self._automatic.filter(own | (pl.col("place") > self._place(leg)))

    def _place(self, leg: Leg) -> int:
        return next((number for number, each in enumerate(self._legs) if each.name == leg.name), len(self._legs))

    def rivals(self, leg: Leg) -> pl.DataFrame:
        """The standing matches that may give way to this leg and use what it may use: dataset, pool (of this leg), row, minor,
        group_id, whether the match is the leg's `own`, and whether it stands only as long as the pool is not used at all
        (`blocked`)."""
        weaker = self._giving_way(leg).with_columns(own=pl.col("place") == self._place(leg))
        blocking = [
            (place, side.dataset, side.pool, pool)
            for place, each in enumerate(self._legs)
            for side in each.sides
            for pool in side.blocked_by
        ]
        schema = {"place": pl.UInt32, "dataset": pl.String, "pool": pl.String, "blocking": pl.String}
        blocks = pl.DataFrame(blocking, schema=schema, orient="row").unique()
        later = weaker.filter(~pl.col("own"))
        blocked = later.join(blocks, on=["place", "dataset", "pool"]).with_columns(pool="blocking", blocked=True)
        columns = ["dataset", "pool", "row", "minor", "group_id", "own", "blocked"]
        rivals = pl.concat([weaker.with_columns(blocked=False).select(columns), blocked.select(columns)])
        return rivals.join(
            pl.DataFrame(sorted(leg.pools), schema=["dataset", "pool"], orient="row"),
            on=["dataset", "pool"],
            how="semi",
        )

    def release(self, groups: pl.DataFrame) -> None:
        """Open again what the matches `groups` (group_id) use."""
        freed = self._automatic.join(groups, on="group_id", how="semi")
        for (dataset, pool), part in freed.group_by(["dataset", "pool"]):
            np.add.at(self.open(str(dataset), str(pool)), part["row"].to_numpy(), part["minor"].to_numpy())
        self._automatic = self._automatic.join(groups, on="group_id", how="anti")
        self._standing = self._standing.join(groups, on="group_id", how="anti")
        if self._accepted is not None:
            self._accepted = self._accepted.join(groups.lazy(), on="group_id", how="anti")

    def use(self, ledger: StoredLedger, rules: Rules, before: str | None, decided: frozenset[str]) -> None:
        """Take what the ledger's groups have applied: matched ones, and suggestions of the legs that come before
        `before`. Matches that people made or confirmed (`decided`: group ids) give way to none.

        Raises MatchingError when a group has applied more of an item than the item amounts to: the item has changed
        and its groups have to be released first (`ledger.carry_forward`).
        """
        present = self._present(ledger)
        if present.is_empty():
            return
        groups = ledger.groups_of(present)
        names = [leg.name for leg in rules.legs]
        earlier = names[: names.index(before)] if before is not None else []
        binding = groups.filter(
            (pl.col("status") == "matched") | ((pl.col("status") == "suggested") & pl.col("leg").is_in(earlier))
        )
        undecided = groups.filter((pl.col("status") == "ambiguous") & pl.col("leg").is_in(earlier))
        for leg in rules.legs[: len(earlier)]:
            for side in leg.sides:
                named = present.filter(pl.col("dataset") == side.dataset).join(
                    undecided.filter(pl.col("leg") == leg.name).select("group_id"), on="group_id", how="semi"
                )
                if not named.is_empty():
                    self.contest(side.dataset, side.pool, named["row"].to_numpy())
        applied = present.join(binding.select("group_id", "leg", "pass", "status", "difference"), on="group_id")
        pairs = groups.filter(pl.col("status") == "matched", pl.col("cardinality") == "1:1")
        self._accepted = present.lazy().join(pairs.lazy().select("group_id", "leg", "pass"), on="group_id", how="inner")
        pools = pl.DataFrame(
            [(leg.name, side.dataset, side.pool, place) for place, leg in enumerate(rules.legs) for side in leg.sides],
            schema={"leg": pl.String, "dataset": pl.String, "pool": pl.String, "place": pl.UInt32},
            orient="row",
        ).unique()
        # a leg that the rules no longer know has used its items all the same: in every pool they have
        unknown = applied.filter(~pl.col("leg").is_in(names)).join(
            pools.select("dataset", "pool").unique(), on="dataset", how="inner"
        )
        known = applied.join(pools, on=["leg", "dataset"], how="inner")
        columns = ["dataset", "pool", "row", "minor"]
        used = pl.concat([known.select(columns), unknown.select(columns)])
        for (dataset, pool), part in used.group_by(["dataset", "pool"]):
            self._take(str(dataset), str(pool), part.group_by("row").agg(pl.col("minor").sum()))
        self._legs = rules.legs
        by_hand = pl.col("pass") == DECIDED
        if decided:
            by_hand |= pl.col("group_id").is_in(list(decided))
        automatic = known.filter(pl.col("status") == "matched", ~by_hand)
        open_ended = automatic.filter(~pl.col("whole") | (pl.col("difference") != 0)).select("group_id").unique()
        told = automatic.join(open_ended.with_columns(open_ended=pl.lit(True)), on="group_id", how="left")
        self._automatic = told.with_columns(pl.col("open_ended").fill_null(False)).select(list(_USED))
        self._standing = self._to_be_shown(ledger, groups, present)

    def _to_be_shown(self, ledger: StoredLedger, groups: pl.DataFrame, present: pl.DataFrame) -> pl.DataFrame:
        """Members of the matches that a leg is shown again, of the shape _STANDING: its own from the first pass on that weighs
        all that is open, all their items there and applied whole. What is open ended may give way and is open anyway."""
        shown = [(leg.name, each.name) for leg in self._legs for each in leg.passes[leg.first_weighing :]]
        known = pl.DataFrame(shown, schema={"leg": pl.String, "pass": pl.String}, orient="row")
        groups = groups.filter(pl.col("status") == "matched").join(known, on=["leg", "pass"], how="inner")
        groups = groups.join(self._automatic.filter("open_ended"), on="group_id", how="anti")
        whole = present.join(groups.select("group_id", "leg"), on="group_id", how="inner")
        met = whole.group_by("group_id").agg(pl.len(), pl.col("whole").all()).filter("whole", pl.col("len") > 1)
        sizes = ledger.sizes(groups.join(met, on="group_id", how="semi"))
        complete = met.join(sizes, on="group_id").filter(pl.col("len") == pl.col("size"))
        return whole.join(complete.select("group_id"), on="group_id", how="semi").select(list(_STANDING))

    def _minor(self, dataset: str, used: pl.DataFrame) -> Ints:
        """`applied_amount` of rows of a dataset in minor units of their currency."""
        factors = np.asarray([10 ** (5 - exponent) for exponent in self._encoding.exponents], dtype=np.int64)
        steps = pl.Series(factors[self._encoding.datasets[dataset].currency[used["row"].to_numpy()]], dtype=pl.Int128)
        # the ledger's hundred-thousandths of 18 digits are wider than what they are in minor units
        wide = used["applied_amount"].cast(pl.Decimal(38, 5)).to_physical()
        minor: Ints = (wide // steps).cast(pl.Int64).to_numpy()
        return minor

    def _present(self, ledger: StoredLedger) -> pl.DataFrame:
        """`dataset`, `group_id`, `row`, `minor` (what is applied, in minor units), `whole` (whether that is all of the item) of
        a ledger's items that the run has: a run over open and new items looks no further at what is settled."""
        shape = {"dataset": pl.String, "group_id": pl.String, "row": pl.UInt32, "minor": pl.Int64, "whole": pl.Boolean}
        parts = [pl.DataFrame(schema=shape)]
        ids = {name: data.read(["item_id"]) for name, data in self._encoding.datasets.items()}
        held = ledger.with_items([each["item_id"] for each in ids.values()])
        for name, data in self._encoding.datasets.items():
            found = (
                held.filter(pl.col("dataset") == name)
                .with_columns(*id_hashes("item_id", "key"))
                .join(ids[name].lazy().select("row", *id_hashes("item_id", "key")), on="key")
                .filter(pl.col("key_check") == pl.col("key_check_right"))
                .select("dataset", "group_id", "row", pl.col("applied_amount").cast(AMOUNT))
                .collect()
            )
            minor = self._minor(name, found)
            whole = minor == data.amount[found["row"].to_numpy()]
            parts.append(found.drop("applied_amount").with_columns(minor=pl.Series(minor), whole=pl.Series(whole)))
        return pl.concat(parts)

    def _take(self, dataset: str, pool: str, used: pl.DataFrame) -> None:
        data = self._encoding.datasets[dataset]
        row = used["row"].to_numpy()
        open_amounts = self.open(dataset, pool)
        rest = open_amounts[row] - used["minor"].to_numpy()
        beyond = (np.sign(rest) * np.sign(open_amounts[row]) < 0) | (np.abs(rest) > np.abs(open_amounts[row]))
        if beyond.any():
            item = data.item_ids(row[beyond]).sort()[0]
            raise MatchingError(
                f"{dataset}: item {item} has more applied in the ledger than it amounts to; it has changed, "
                "release its groups with carry_forward first"
            )
        open_amounts[row] = rest
