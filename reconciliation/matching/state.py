"""What is open: for every dataset and pool, minor units by row; fed by the ledger, used up leg by leg."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from reconciliation.matching.came_back import HELD
from reconciliation.matching.context import Rows
from reconciliation.matching.encoding import Encoding, Ints, Mask
from reconciliation.matching.known_groups import HeldItems, KnownGroups, StoredLedger, take_applied
from reconciliation.matching.links import Links
from reconciliation.matching.rules import Leg, Rules, Side
from reconciliation.matching.settles_nothing import REASONS, SettlesNothing
from reconciliation.matching.taken import Taken

DECIDED = "decision"  # the pass name of groups that a person made; only a person supersedes them

#: What standing matches use and another may want: `blocked` where they stand only as long as the pool is not used at all.
RIVAL = {
    "dataset": pl.String(),
    "pool": pl.String(),
    "row": pl.UInt32(),
    "minor": pl.Int64(),
    "group": pl.UInt32(),
    "own": pl.Boolean(),
    "blocked": pl.Boolean(),
}


@dataclass(frozen=True)
class _Used:
    """What the automatic matches of one leg, its place among the legs, use of one pool of a dataset."""

    place: int
    dataset: str
    pool: str
    held: HeldItems


class Pools:
    """Open amounts by dataset and pool; `legs` are those of the rules."""

    def __init__(self, encoding: Encoding, legs: Sequence[Leg]) -> None:
        self._encoding = encoding
        self._open: dict[tuple[str, str], Ints] = {}
        self._contested: dict[tuple[str, str], Mask] = {}
        self._known = KnownGroups(pl.DataFrame(schema={"group_id": pl.String}), {})
        none = np.zeros(0, dtype=np.bool_)
        self._stands = none  # by group: whether it is matched and still stands
        self._pairs = none  # by group: whether it is a pair among them
        self._shown = none  # by group: whether the passes of its leg are shown it again
        self._open_ended = none  # by group: whether it uses an item in part or leaves a difference
        self._place_of: Ints = np.zeros(0, dtype=np.int64)  # by group: the place of its leg among the legs
        self._of_place: dict[tuple[int, str], HeldItems] = {}  # what the groups of a leg hold, once asked for
        self._automatic: list[_Used] = []  # matches that no person has made or confirmed
        self._of_people = none  # by group: whether it is matched and a person has made or confirmed it
        self._loose: list[_Used] = []  # one by one of these what is open ended
        self._legs = tuple(legs)
        self._settles_nothing = SettlesNothing(encoding, self._legs)

    def part(self, encoding: Encoding, rows: Mapping[str, slice], legs: Sequence[Leg]) -> Pools:
        """The pools of a part of the rows, whose numbers begin anew, with what these legs look at: what is used there is
        used here."""
        part = Pools(encoding, self._legs)
        part._settles_nothing = self._settles_nothing.part(encoding, rows)
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

    def tried(self) -> Pools:
        """A copy on which a leg may be tried: what is used there is not used here."""
        tried = copy(self)
        tried._open = {key: amounts.copy() for key, amounts in self._open.items()}
        tried._contested = {key: marked.copy() for key, marked in self._contested.items()}
        tried._stands, tried._shown, tried._pairs = self._stands.copy(), self._shown.copy(), self._pairs.copy()
        return tried

    def give_back(self, held: pl.DataFrame, beside: pl.DataFrame) -> None:
        """Open again what suggestions and ties hold (`doubts.HELD`); `beside` is what others hold."""
        for pools_of, contested in ((held, False), (beside, True)):
            tied = pools_of.filter(pl.col("status") == "ambiguous")
            for (dataset, pool), part in tied.group_by(["dataset", "pool"]):
                self._contesting(str(dataset), str(pool))[part["row"].to_numpy()] = contested
        for (dataset, pool), part in held.group_by(["dataset", "pool"]):
            np.add.at(self.open(str(dataset), str(pool)), part["row"].to_numpy(), part["minor"].to_numpy())

    def _contesting(self, dataset: str, pool: str) -> Mask:
        if (dataset, pool) not in self._contested:
            self._contested[dataset, pool] = np.zeros(self._encoding.datasets[dataset].height, dtype=np.bool_)
        return self._contested[dataset, pool]

    def accepted(self, leg: Leg) -> dict[str, pl.DataFrame]:
        """By pass: the pairs (`left`, `right`: rows) that earlier runs have matched in a leg between two datasets, those
        aside that its passes can find again."""
        if leg.offsets or not self._pairs.any():
            return {}
        wanted = self._pairs & ~self._shown & (self._place_of == self._place(leg))
        for used in self._giving_way(leg):
            wanted[used.held.group] = False
        rows = [np.full(len(wanted), -1, dtype=np.int64) for _ in leg.sides]
        for side, row_of in zip(leg.sides, rows, strict=True):
            held = self._held_by(self._place(leg), side.dataset)
            row_of[held.group] = held.row
        group = np.flatnonzero(wanted & (rows[0] >= 0) & (rows[1] >= 0))
        left, right = (pl.Series(each[group], dtype=pl.UInt32) for each in rows)
        pairs = pl.DataFrame({"pass": self._known.groups["pass"].gather(group), "left": left, "right": right})
        return {
            str(name): part for (name,), part in pairs.sort("left", "right").group_by(["pass"], maintain_order=True)
        }

    def held(self, leg: Leg) -> tuple[pl.DataFrame, pl.DataFrame]:
        """By side: row, group (numbered from 0) of the standing matches that the leg's own passes find again."""
        number = np.cumsum(self._shown & (self._place_of == self._place(leg))) - 1
        left, right = (self._shown_to(leg, side.dataset) for side in leg.sides)
        one, two = (pl.DataFrame({"row": own.row, "group": number[own.group]}) for own in (left, right))
        return one, two

    def _shown_to(self, leg: Leg, dataset: str) -> HeldItems:
        """The items of a leg's matches that its passes are shown again."""
        held = self._held_by(self._place(leg), dataset)
        return held.where(self._shown[held.group])

    def unsure(self, leg: Leg, dataset: str) -> tuple[HeldItems, HeldItems]:
        """The items of a dataset in what the leg has suggested, and in the ties it has named."""
        held = self._held_by(self._place(leg), dataset)
        suggested, tied = (
            held.where(self._known.where(pl.col("status") == status)[held.group])
            for status in ("suggested", "ambiguous")
        )
        return suggested, tied

    def _held_by(self, place: int, dataset: str) -> HeldItems:
        """The items of a dataset in the groups of the leg at a place."""
        if (place, dataset) not in self._of_place:
            held = self._known.held_of(dataset)
            self._of_place[place, dataset] = held.where(self._place_of[held.group] == place)
        return self._of_place[place, dataset]

    def side(self, side: Side, leg: Leg | None = None, *, again: bool = False) -> Ints:
        """A copy of the open amounts of a leg's side, zero where an item takes no part. To a `leg` what may give way to it is
        open (`precedence`). With `again` its own matches that are shown again are open too (`replay`)."""
        data = self._encoding.datasets[side.dataset]
        amounts = self._seen(side.dataset, side.pool, leg)
        if leg is not None and again:
            own = self._shown_to(leg, side.dataset).row
            amounts[own] = data.amount[own]
        if (side.dataset, side.pool) in self._contested:
            amounts[self._contested[side.dataset, side.pool]] = 0
        for pool in side.blocked_by:
            if (side.dataset, pool) in self._open:
                amounts[self._seen(side.dataset, pool, leg) != data.amount] = 0
        for without in self._settles_nothing.of(side):
            if without is not None:
                amounts[without] = 0
        if side.sign:
            amounts[np.sign(amounts) != side.sign] = 0
        if side.takes is not None:
            amounts[~data.read([side.takes])["kind"].to_numpy()] = 0
        return amounts

    def _seen(self, dataset: str, pool: str, leg: Leg | None) -> Ints:
        """A copy of what is open in a pool; to a leg, without what matches use that may give way to it."""
        amounts = self.open(dataset, pool).copy()
        for used in () if leg is None else self._giving_way(leg):
            if (used.dataset, used.pool) == (dataset, pool):
                np.add.at(amounts, used.held.row, used.held.minor)
        return amounts

    def gives_way(self, leg: Leg) -> bool:
        """Whether anything may give way to a leg."""
        return any(len(used.held.row) for used in self._giving_way(leg))

    def _giving_way(self, leg: Leg) -> Iterator[_Used]:
        """The standing matches of later legs, and the leg's own that are open ended."""
        place = self._place(leg)
        for used, loose in zip(self._automatic, self._loose, strict=True):
            if used.place >= place:
                yield used if used.place > place else loose

    def _place(self, leg: Leg) -> int:
        return next((number for number, each in enumerate(self._legs) if each.name == leg.name), len(self._legs))

    def rivals(self, leg: Leg, wanted: pl.DataFrame) -> pl.DataFrame:
        """The standing matches that may give way to this leg and use anything of what is `wanted` (dataset, pool, row), with all
        that they use of the leg's pools: of the shape RIVAL."""
        touched: dict[tuple[str, str], Mask] = {}
        for (dataset, pool), part in wanted.group_by(["dataset", "pool"]):
            rows = touched[str(dataset), str(pool)] = np.zeros(self._encoding.datasets[str(dataset)].height, np.bool_)
            rows[part["row"].to_numpy()] = True
        uses: list[tuple[_Used, bool]] = []
        own = self._place(leg)
        for used in self._giving_way(leg):
            uses.append((used, False))
            if used.place > own:
                uses.extend((replace(used, pool=pool), True) for pool in self._blocking(used))
        uses = [(used, blocked) for used, blocked in uses if (used.dataset, used.pool) in leg.pools]
        met = np.zeros(len(self._place_of), dtype=np.bool_)
        for used, _ in uses:
            if (used.dataset, used.pool) in touched:
                met[used.held.group[touched[used.dataset, used.pool][used.held.row]]] = True
        parts = [pl.DataFrame(schema=RIVAL)]
        for used, blocked in uses:
            held = used.held.where(met[used.held.group])
            frame = pl.DataFrame({"row": held.row, "minor": held.minor, "group": held.group})
            parts.append(
                frame.with_columns(
                    dataset=pl.lit(used.dataset), pool=pl.lit(used.pool), own=used.place == own, blocked=blocked
                ).select(list(RIVAL))
            )
        return pl.concat(parts)

    def _blocking(self, used: _Used) -> list[str]:
        """The pools that must not be used at all for what is used to stand."""
        sides = self._legs[used.place].sides
        own = (side.blocked_by for side in sides if (side.dataset, side.pool) == (used.dataset, used.pool))
        return sorted({pool for pools in own for pool in pools})

    def standing_pairs(self, leg: Leg, name: str) -> pl.DataFrame:
        """The standing pairs of a pass of a leg within one dataset, people's aside: `group`, `one`, `two` (rows)."""
        own = [used.held for used in self._automatic if used.place == self._place(leg)]
        parts = [pl.DataFrame({"group": each.group, "row": each.row}) for each in own]
        held = pl.concat([pl.DataFrame(schema={"group": pl.UInt32, "row": pl.UInt32}), *parts])
        if held.is_empty():
            return pl.DataFrame(schema={"group": pl.UInt32, "one": pl.UInt32, "two": pl.UInt32})
        found = held.filter(self._known.groups["pass"].gather(held["group"]) == name)
        both = found.group_by("group").agg(pl.len(), one=pl.col("row").min(), two=pl.col("row").max())
        return both.filter(pl.col("len") == 2).select("group", "one", "two").sort("group")

    def held_by_people(self, leg: Leg, side: Side) -> Rows:
        """The rows of a side of a leg in matches that people have made or confirmed in legs which use nothing that this leg uses."""
        found = [np.zeros(0, dtype=np.uint32)]
        for place, other in enumerate(self._legs):
            barred = any(side.pool in each.blocked_by for each in other.sides if each.dataset == side.dataset)
            if barred and other.name != leg.name and self._of_people.any():
                held = self._held_by(place, side.dataset)
                found.append(held.row[self._of_people[held.group]])
        return np.concatenate(found)

    def group_ids(self, groups: pl.Series) -> pl.Series:
        """The ids of known groups, given their numbers."""
        return self._known.groups["group_id"].gather(groups)

    def release(self, groups: pl.Series) -> None:
        """Open again what the matches of these numbers use."""
        if groups.is_empty():
            return
        stands = np.ones(len(self._place_of), dtype=np.bool_)
        stands[groups.to_numpy()] = False
        for used in self._automatic:
            freed = used.held.where(~stands[used.held.group])
            if len(freed.row):
                np.add.at(self.open(used.dataset, used.pool), freed.row, freed.minor)
        self._automatic, self._loose = (
            [replace(used, held=used.held.where(stands[used.held.group])) for used in each]
            for each in (self._automatic, self._loose)
        )
        for standing in (self._stands, self._shown, self._pairs):
            standing &= stands

    def use(self, ledger: StoredLedger, rules: Rules, before: str | None, decided: frozenset[str]) -> None:
        """Take what the ledger's groups have applied: matched ones, and suggestions of the legs that come before
        `before`. Matches that people made or confirmed (`decided`: group ids) give way to none.

        Raises MatchingError when a group has applied more of an item than the item amounts to: the item has changed
        and its groups have to be released first (`ledger.carry_forward`).
        """
        self._known = known = KnownGroups.of(ledger, self._encoding)
        places = {leg.name: place for place, leg in enumerate(rules.legs)}
        of_leg = pl.col("leg").replace_strict(places, default=len(places), return_dtype=pl.Int64)
        place = self._place_of = known.groups.select(of_leg).to_series().to_numpy()
        self._of_place = {}
        earlier = place < (places[before] if before is not None else 0)
        matched, suggested, ambiguous = (
            known.where(pl.col("status") == status) for status in ("matched", "suggested", "ambiguous")
        )
        for number, leg in enumerate(rules.legs):
            undecided = ambiguous & earlier & (place == number)
            for side in leg.sides if undecided.any() else ():
                held = self._held_by(number, side.dataset)
                if len(rows := held.row[undecided[held.group]]):
                    self.contest(side.dataset, side.pool, rows)
        by_hand = pl.col("pass") == DECIDED
        if decided:
            by_hand |= pl.col("group_id").is_in(list(decided))
        automatic = matched & ~known.where(by_hand)
        self._use_up(matched | (suggested & earlier))
        self._automatic = [
            replace(used, held=used.held.where(automatic[used.held.group])) for used in self._uses(rules.legs)
        ]
        self._open_ended = known.where(pl.col("difference") != 0)
        for used in self._automatic:
            self._open_ended[used.held.group[~used.held.whole]] = True
        self._open_ended &= automatic
        self._loose = [
            replace(used, held=used.held.where(self._open_ended[used.held.group])) for used in self._automatic
        ]
        self._stands = matched
        self._of_people = matched & ~automatic
        self._pairs = matched & known.where(pl.col("cardinality") == "1:1")
        # its own from the first pass on that weighs all that is open; what is open ended may give way and is open anyway
        again = [
            (pl.col("leg") == leg.name) & pl.col("pass").is_in([each.name for each in leg.passes[leg.first_weighing :]])
            for leg in rules.legs
        ]
        self._shown = known.complete(ledger, matched & ~self._open_ended & known.where(pl.any_horizontal(again)))
        for leg in rules.legs:
            self._settles_nothing.learn(leg.name, self._standing, self.open)

    def settled(self, leg: Leg, taken: Sequence[Taken]) -> None:
        """Remember what a leg of this run has matched, where it says what came back or what the bank has booked."""
        self._settles_nothing.settled(leg, taken, self._standing, self.open)

    def _standing(self, leg: Leg) -> Iterator[pl.DataFrame]:
        """What the standing groups of a leg hold, of the ledger (HELD)."""
        own = self._stands & (self._place_of == self._place(leg))
        if own.any():
            parts = [pl.DataFrame(schema=HELD)]
            for side, dataset in enumerate(dict.fromkeys(each.dataset for each in leg.sides)):
                held = self._held_by(self._place(leg), dataset)
                held = held.where(own[held.group])
                parts.append(
                    pl.DataFrame({"group": held.group, "row": held.row}).select(
                        "group", pl.lit(side, pl.UInt8).alias("side"), "row"
                    )
                )
            yield pl.concat(parts)

    def release_undone(self, leg: Leg, links: Links) -> pl.DataFrame:
        """Release the leg's standing matches of what came back or what another pays, people's aside (RELEASED)."""
        parts = [pl.DataFrame(schema={"group": pl.UInt32, "reason": pl.String})]
        for side in leg.sides:
            self._settles_nothing.tell(leg, side, links, self._standing)
            for without, why in zip(self._settles_nothing.of(side), REASONS, strict=True):
                for used in self._automatic:
                    if without is not None and (used.place, used.dataset) == (self._place(leg), side.dataset):
                        gone = used.held.where(without[used.held.row])
                        ids = self._encoding.datasets[side.dataset].item_ids(gone.row)
                        reason = pl.format("{} {} {}", pl.lit(side.dataset), "item", pl.lit(why))
                        parts.append(pl.DataFrame({"group": gone.group, "item": ids}).select("group", reason=reason))
        first = pl.concat(parts).group_by("group").agg(pl.col("reason").min())
        self.release(first["group"])
        return first.select(self.group_ids(first["group"]).alias("group_id"), "reason").sort("group_id")

    def _uses(self, legs: Sequence[Leg]) -> Iterator[_Used]:
        """What the known groups of each leg hold, by pool."""
        for place, leg in enumerate(legs):
            for dataset, pool in sorted({(side.dataset, side.pool) for side in leg.sides}):
                yield _Used(place, dataset, pool, self._held_by(place, dataset))

    def _use_up(self, binding: Mask) -> None:
        """Take what these groups have applied."""
        uses = list(self._uses(self._legs))
        # a leg that the rules no longer know has used its items all the same: in every pool they have
        for dataset, pool in sorted({(used.dataset, used.pool) for used in uses}):
            held = self._known.held_of(dataset)
            unknown = held.where(self._place_of[held.group] == len(self._legs))
            uses.append(_Used(len(self._legs), dataset, pool, unknown))
        applied: dict[tuple[str, str], Ints] = {}
        for used in uses:
            held = used.held.where(binding[used.held.group])
            if len(held.row):
                key = (used.dataset, used.pool)
                applied.setdefault(key, np.zeros(self._encoding.datasets[used.dataset].height, dtype=np.int64))
                np.add.at(applied[key], held.row, held.minor)
        for (dataset, pool), minor in applied.items():
            take_applied(self._encoding.datasets[dataset], self.open(dataset, pool), minor)
