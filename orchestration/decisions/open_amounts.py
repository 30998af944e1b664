"""How much of an item is still open for a decision, in the pool of its leg; and which leg a decision is for."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from orchestration.decisions.facts import Facts, Item
from orchestration.decisions.log import DecidedItem, Draft
from orchestration.decisions.refusal import Refused
from orchestration.treasurer_summary import money
from reconciliation.matching import Leg, Rules
from reconciliation.matching.decisions import MAKING
from reconciliation.minor_units import decimals

NOTHING = Decimal(0)


class OpenAmounts:
    """What groups in force and other decisions leave of each item. Methods raise Refused where there is too little."""

    def __init__(self, facts: Facts, rules: Rules) -> None:
        self._facts, self._rules = facts, rules
        self._made = {group for group, _ in facts.effects.values()}  # counted by their decisions
        self._used: dict[
            tuple[str, str, str], list[tuple[str, Decimal]]
        ] = {}  # by dataset, item id, pool: by decisions

    def count(self, draft: Draft, name: str) -> None:
        """Count what a decision uses, under the name it is to be called."""
        if draft.kind not in MAKING or draft.leg is None:
            return
        for item in draft.items:
            for pool in self._pools(draft.leg, item.dataset):
                self._used.setdefault((item.dataset, item.item_id, pool), []).append((name, item.amount))

    def leg_between(self, datasets: set[str], named: str | None) -> Leg:
        """The leg whose two sides these datasets are."""
        fitting = [leg for leg in self._rules.legs if {leg.left.dataset, leg.right.dataset} == datasets]
        return self._one_leg(fitting, named, f"items of {' and '.join(sorted(datasets))}")

    def leg_of(self, dataset: str, named: str | None, face: str | None) -> Leg:
        """The leg in which an item of the dataset is closed without a counterpart; `face` is a payment's other side."""
        fitting = [
            leg for leg in self._rules.legs
            if dataset in (leg.left.dataset, leg.right.dataset) and not leg.offsets
            and (face is None or named is not None or face in (leg.left.dataset, leg.right.dataset))
        ] or [leg for leg in self._rules.legs if dataset == leg.left.dataset]  # fmt: skip
        pools = {side.pool for leg in fitting for side in leg.sides if side.dataset == dataset}
        return self._one_leg(
            fitting[:1] if len(pools) == 1 and named is None else fitting, named, f"items of {dataset}"
        )

    def _one_leg(self, fitting: Sequence[Leg], named: str | None, what: str) -> Leg:
        names = ", ".join(leg.name for leg in fitting)
        if named is not None:
            fitting = [leg for leg in fitting if leg.name == named]
            if not fitting:
                raise Refused("leg", named, f"a leg for {what}", f"There {'are ' + names if names else 'is none'}")
        if not fitting:
            legs = "; ".join(f"{leg.name}: {leg.left.dataset} and {leg.right.dataset}" for leg in self._rules.legs)
            raise Refused("items", what, "items of the two sides of one leg", f"The legs are {legs}")
        if len(fitting) > 1:
            raise Refused("leg", "none", "the leg they are meant for", f"Name one of {names}")
        return fitting[0]

    def _pools(self, leg: str, dataset: str) -> set[str]:
        return {
            side.pool for one in self._rules.legs if one.name == leg for side in one.sides if side.dataset == dataset
        }  # fmt: skip

    def _by_rules(self, item: Item, pool: str) -> tuple[Decimal, list[str]]:
        """What matched groups that no person made use of the item in a pool, and the groups."""
        uses = [
            use for use in self._facts.uses.get(item.key, ())
            if use.status == "matched" and pool in self._pools(use.leg, item.dataset)
            and use.group_id not in self._made
        ]  # fmt: skip
        return sum((use.applied for use in uses), NOTHING), [use.group_id for use in uses]

    def _by_decisions(self, dataset: str, item_id: str, pool: str) -> tuple[Decimal, str]:
        used = self._used.get((dataset, item_id, pool), [])
        return sum((amount for _, amount in used), NOTHING), ", ".join(name for name, _ in used)

    def part(self, item: Item, amount: Decimal | None, leg: str, *, replace: bool) -> DecidedItem:
        """How much of the item a decision takes: what was said, else all that is open."""
        (pool,) = self._pools(leg, item.dataset)
        automatic, groups = self._by_rules(item, pool)
        by_people, names = self._by_decisions(item.dataset, item.item_id, pool)
        if amount is not None and _places(amount) > max(decimals(item.currency), _places(item.amount)):
            raise Refused(
                "amount", f"{amount} {item.currency}", f"at most {decimals(item.currency)} decimals", "Correct it"
            )
        free = item.amount - by_people - (NOTHING if replace else automatic)
        wanted = free if amount is None else amount
        if free == 0 or abs(wanted) > abs(free) or wanted * item.amount <= 0:
            taken = f"{money(item.amount - free)} of {money(item.amount)} {item.currency} is used"
            if groups and not replace:
                advice = (
                    f"Group {', '.join(groups)} uses it: take that apart first (`tieout decide unmatch {groups[0]}`), or let "
                    "this decision take its place (--replace)"
                )
            elif names:
                advice = f"{names} uses it: undo that first"
            else:
                advice = f"Give a part of {money(item.amount)} {item.currency}, signed as the item is"
            found = f"{item.name}{'' if amount is None else f'={amount}'}, of which {taken}"
            raise Refused("item", found, "an amount that is still open", advice)
        return decided(item, wanted)

    def fits(self, item: DecidedItem, leg: str) -> None:
        """Check that no decision uses the item in the leg's pool."""
        for pool in self._pools(leg, item.dataset):
            by_people, names = self._by_decisions(item.dataset, item.item_id, pool)
            if abs(by_people) + abs(item.amount) > abs(item.seen_amount):
                raise Refused("group", f"{item.dataset}:{item.item_id}, which {names} uses", "items nobody has decided on",
                              "Undo that decision first")  # fmt: skip


def decided(item: Item, amount: Decimal) -> DecidedItem:
    """An item with the amount meant, and what the person saw."""
    return DecidedItem(
        dataset=item.dataset, item_id=item.item_id, amount=amount, seen_amount=item.amount, currency=item.currency
    )


def _places(amount: Decimal) -> int:
    exponent = amount.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
