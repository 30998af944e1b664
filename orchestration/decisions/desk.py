"""The desk: what a person asks for, checked against the items, groups and decisions as they are, becomes a draft.

Nothing is written here. A draft that the desk has accepted counts for the next one, so that two rows of one file cannot
decide about the same money.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from orchestration.decisions.facts import PAIR, Facts, Group, QueueRow
from orchestration.decisions.log import ABOUT_DECISIONS, DecidedItem, Decision, Draft
from orchestration.decisions.naming import Names
from orchestration.decisions.open_amounts import NOTHING, OpenAmounts, decided
from orchestration.decisions.policy import DecisionPolicy, same_person
from orchestration.decisions.refusal import Refused
from orchestration.decisions.standing import Standing, State
from orchestration.treasurer_summary import money
from reconciliation.matching import Rules

DIFFERENCES = ("fee", "fx", "discount", "rounding", "short_pay", "over_pay", "return", "typing_error", "write_off")


class Desk:
    """Turns words into drafts. Every method raises Refused where that cannot be done."""

    def __init__(
        self, facts: Facts, rules: Rules, policy: DecisionPolicy, standing: Sequence[Standing], actor: str, as_of: date
    ) -> None:
        self._facts, self._rules, self._policy, self._actor, self._as_of = facts, rules, policy, actor, as_of
        self._names, self._open = Names(facts, rules, standing), OpenAmounts(facts, rules)
        self._decisions = {one.decision.decision_id: one for one in standing}
        self._groups: dict[str, str] = {}  # group -> the decision about it
        self._posted: dict[str, str] = {}  # group -> the decision that its difference is posted
        self._ignored: dict[str, str] = {}  # exception or item name -> the decision that ignores it
        self._parties: dict[tuple[str, str], str] = {}
        self._answered: dict[str, str] = {}  # decision -> what was said about it in this sitting
        for one in standing:
            if one.stands:
                state = ", waits for a second person" if one.state == State.WAITING else ""
                self._count(
                    one.decision, f"{one.decision.decision_id} ({_words(one.decision.kind)} by {one.actor}{state})"
                )

    def accept(self, draft: Draft, name: str) -> Draft:
        """Count a draft for those that follow, under this name; returns it with the need for a second person told."""
        self._count(draft, name)
        stake = self._facts.in_group_currency(draft.amount, draft.currency)
        return draft.model_copy(update={"needs_approval": self._policy.needs_approval(draft.kind, stake)})

    # groups
    # ------------------------------------------------------------------------------------------------------------------

    def confirm(self, name: str, reason: str) -> Draft:
        """Take a suggested group, or keep a matched one; or say that two counterparties are one."""
        if PAIR in name or self._names.party_row(name):
            return self._party_decision(name, reason, is_same=True)
        group = self._names.group(name)
        if group.status == "ambiguous":
            answers = ", ".join(self._names.item(key).name for key, _ in group.members)
            raise Refused(
                "group", f"{group.group_id}, which names several equally good answers", "a group with one answer",
                f"Choose among its items with `tieout decide match ITEM ITEM`: {answers}",
            )  # fmt: skip
        self._undecided(group)
        items = tuple(decided(self._names.item(key), applied) for key, applied in group.members)
        for item in items:
            self._open.fits(item, group.leg)
        kind = None if group.difference_kind == "none" else group.difference_kind
        return self._about_group("confirm", group, reason, items, difference_kind=kind)

    def reject(self, name: str, reason: str) -> Draft:
        """Say that a suggested or ambiguous group does not belong together; or that two counterparties are not one."""
        if PAIR in name or self._names.party_row(name):
            return self._party_decision(name, reason, is_same=False)
        group = self._names.group(name)
        if group.status == "matched":
            raise Refused(
                "group", f"{group.group_id}, which is matched", "a suggested or ambiguous group",
                f"A match is taken apart with `tieout decide unmatch {group.group_id}`",
            )  # fmt: skip
        self._undecided(group)
        return self._about_group("reject", group, reason, self._whole(group))

    def unmatch(self, name: str, reason: str) -> Draft:
        """Take a matched group apart: its left items do not belong to its right ones."""
        group = self._names.group(name)
        if group.status != "matched":
            raise Refused(
                "group", f"{group.group_id}, which is {group.status}", "a matched group",
                f"What is only suggested is turned down with `tieout decide reject {group.group_id}`",
            )  # fmt: skip
        made_by = [
            decision_id
            for decision_id, (group_id, _) in sorted(self._facts.effects.items())
            if group_id == group.group_id and decision_id in self._decisions and self._decisions[decision_id].stands
        ]
        if not made_by:
            self._undecided(group)
        return self._about_group("unmatch", group, reason, self._whole(group), target=made_by[0] if made_by else None)

    # items
    # ------------------------------------------------------------------------------------------------------------------

    def match(
        self, names: Sequence[str], reason: str, leg: str | None = None, difference: str | None = None,
        *, replace: bool = False,
    ) -> Draft:  # fmt: skip
        """Bring items together by hand. A name is an item, or ITEM=AMOUNT where only a part of it is meant."""
        chosen = [self._names.named_item(name) for name in names]
        if len({item.key for item, _ in chosen}) < max(2, len(chosen)):
            raise Refused("items", ", ".join(names), "two or more different items", "Name each item once")
        found = self._open.leg_between({item.dataset for item, _ in chosen}, leg)
        currencies = sorted({item.currency for item, _ in chosen})
        if len(currencies) > 1:
            raise Refused("items", f"amounts in {', '.join(currencies)}", "one currency", "Match items of one currency")
        items = tuple(self._open.part(item, amount, found.name, replace=replace) for item, amount in chosen)
        left = sum((one.amount for one in items if found.offsets or one.dataset == found.left.dataset), NOTHING)
        right = sum((one.amount for one in items if not found.offsets and one.dataset != found.left.dataset), NOTHING)
        if left != right and difference is None:
            sides = f"{found.left.dataset} {money(left)}" + (
                "" if found.offsets else f", {found.right.dataset} {money(right)}"
            )
            raise Refused(
                "items", f"{sides} {currencies[0]}: they differ by {money(left - right)}", "two sides that agree",
                f"Say what the difference is (difference: {', '.join(DIFFERENCES)}), or give a part of an item as "
                "ITEM=AMOUNT and leave its rest open",
            )  # fmt: skip
        _known_difference(difference)
        about = " + ".join(one.name for one, _ in chosen)
        stake = max(abs(left), abs(right), *(abs(one.amount) for one in items if found.offsets), NOTHING)
        return Draft(
            kind="match", about=f"{found.name}: {about}", reason=_reason(reason), leg=found.name, items=items,
            difference_kind=difference if left != right else None, amount=stake, currency=currencies[0],
        )  # fmt: skip

    def write_off(
        self, names: Sequence[str], reason: str, leg: str | None = None, difference: str | None = None
    ) -> Draft:
        """Close items, or the parts given as ITEM=AMOUNT, without a counterpart; all have to be of one dataset. Or, by the id of
        a match, say that what its sides differ by is posted."""
        if len(names) == 1 and (group := self._names.named_group(names[0])) is not None:
            return self._difference_posted(group, reason, difference)
        chosen = [self._names.named_item(name) for name in names]
        datasets = sorted({item.dataset for item, _ in chosen})
        currencies = sorted({item.currency for item, _ in chosen})
        if len(datasets) != 1 or len(currencies) != 1:
            raise Refused(
                "items", f"{', '.join(datasets)} in {', '.join(currencies)}", "items of one dataset and one currency",
                "Write them off one after the other",
            )  # fmt: skip
        face = next(
            (row.detail for name in names if (row := self._names.row(name)) and row.object_type == "payments"), None
        )
        found = self._open.leg_of(datasets[0], leg, face)
        _known_difference(difference)
        items = tuple(self._open.part(item, amount, found.name, replace=False) for item, amount in chosen)
        return Draft(
            kind="write_off", about=f"{found.name}: " + " + ".join(item.name for item, _ in chosen),
            reason=_reason(reason), leg=found.name, items=items, difference_kind=difference or "write_off",
            amount=sum((abs(one.amount) for one in items), NOTHING), currency=currencies[0],
        )  # fmt: skip

    def _difference_posted(self, group: Group, reason: str, difference: str | None) -> Draft:
        found = group.status if group.status != "matched" else "matched without a difference"
        if group.status != "matched" or not group.difference:
            raise Refused(
                "group", f"{group.group_id}, which is {found}", "a match whose sides differ, or an item",
                "Name the items to be closed without a counterpart",
            )  # fmt: skip
        if group.group_id in self._posted:
            raise Refused("group", f"{group.group_id}, written off in {self._posted[group.group_id]}",
                          "a difference that is still to be posted", "Undo that decision first")  # fmt: skip
        _known_difference(difference)
        draft = self._about_group("write_off", group, reason, (), difference_kind=difference or group.difference_kind)
        about = f"difference ({_words(group.difference_kind)}) of the match in {group.leg}: {group.explanation}"
        return draft.model_copy(update={"amount": abs(group.difference), "about": about})

    def ignore(self, name: str, reason: str, until: date) -> Draft:
        """Set an item or another row of the queue aside until a day. An item takes no part in matching until then."""
        if until <= self._as_of:
            raise Refused("until", until.isoformat(), f"a day after {self._as_of}", "The item would come back at once")
        row, things = self._names.row(name), self._names.things(name)
        group = next((one for one in things if isinstance(one, Group)), None)
        if row is None and group is not None:
            raise Refused(
                "object", f"group {group.group_id}", "an item or a row of the queue",
                "Give the exception_id of its row in the queue, or reject the group",
            )  # fmt: skip
        items: tuple[DecidedItem, ...] = ()
        if row is None or self._is_unmatched_item(row):
            item = self._names.named_item(name)[0]
            items = (decided(item, item.amount),)
        keys = [f"{item.dataset}:{item.item_id}" for item in items] or [row.exception_id if row else name]
        for key in keys:
            if key in self._ignored:
                raise Refused(
                    "object", key, "one that is not set aside yet", f"See {self._ignored[key]}; undo it first"
                )
        money_at_stake = (
            (items[0].amount, items[0].currency) if items else (row.amount, row.currency) if row else (None, None)
        )
        return Draft(
            kind="ignore", about=f"{row.cause}: {row.object_id}" if row else keys[0], reason=_reason(reason),
            exception_id=row.exception_id if row else None, items=items, until=until,
            amount=None if money_at_stake[0] is None else abs(money_at_stake[0]), currency=money_at_stake[1],
        )  # fmt: skip

    # decisions
    # ------------------------------------------------------------------------------------------------------------------

    def undo(self, name: str, reason: str) -> Draft:
        """Take a decision back; what it did is undone in the next run, and nothing else."""
        one = self._once(self._names.decision(name))
        if one.decision.kind in ("undo", "approve", "decline"):
            raise Refused("decision", f"{one.decision.decision_id}, which is itself about {one.decision.target}",
                          "a decision about the matter", f"Decide about {one.decision.target} anew")  # fmt: skip
        if not one.stands:
            raise Refused("decision", f"{one.decision.decision_id}, {one.state} by {one.closed_by}",
                          "one that holds or waits", "There is nothing left to undo")  # fmt: skip
        return self._about_decision("undo", one, _reason(reason))

    def approve(self, name: str, reason: str = "") -> Draft:
        """Agree, as the second person, to a decision that waits."""
        one = self._once(self._names.waiting(name))
        if same_person(one.actor, self._actor):
            raise Refused("actor", self._actor, f"a person other than {one.actor}, who decided",
                          "Ask a colleague to approve it")  # fmt: skip
        return self._about_decision("approve", one, reason.strip())

    def decline(self, name: str, reason: str) -> Draft:
        """Turn down a decision that waits."""
        return self._about_decision("decline", self._once(self._names.waiting(name)), _reason(reason))

    # drafts
    # ------------------------------------------------------------------------------------------------------------------

    def _whole(self, group: Group) -> tuple[DecidedItem, ...]:
        return tuple(
            decided(self._names.item(key), applied or self._names.item(key).amount) for key, applied in group.members
        )

    def _stake(self, group: Group) -> Decimal:
        """The larger of a group's sides; where its items cancel each other out, as those of a transfer, what moved."""
        applied = [
            amount for key, amount in group.members
            if key in self._facts.items and self._facts.items[key].currency == group.currency
        ]  # fmt: skip
        into, out = (sum((abs(one) for one in applied if (one > 0) == is_in), NOTHING) for is_in in (True, False))
        return max(group.money, *((into, out) if not group.right_total else (NOTHING,)))

    def _undecided(self, group: Group) -> None:
        if group.group_id in self._groups:
            raise Refused("group", f"{group.group_id}, about which there is {self._groups[group.group_id]}",
                          "a group nobody has decided on", "Undo that decision first")  # fmt: skip

    def _about_group(
        self, kind: str, group: Group, reason: str, items: tuple[DecidedItem, ...], *, target: str | None = None,
        difference_kind: str | None = None,
    ) -> Draft:  # fmt: skip
        return Draft.model_validate(
            {
                "kind": kind, "about": f"{group.status} in {group.leg}: {group.explanation}", "reason": _reason(reason),
                "leg": group.leg, "group_id": group.group_id, "items": items, "target": target,
                "difference_kind": difference_kind, "amount": self._stake(group), "currency": group.currency,
            }
        )  # fmt: skip

    def _party_decision(self, name: str, reason: str, *, is_same: bool) -> Draft:
        row = self._names.row(name)
        parts = (row.object_id if row else name).split(PAIR)
        unknown = [part for part in parts if part.strip() not in self._facts.parties]
        if len(parts) != 2 or unknown or parts[0] == parts[1]:
            raise Refused(
                "counterparties", name, "two different counterparty ids as 'A = B'",
                f"No counterparty {', '.join(unknown)}" if unknown else "Ids are those of canonical.counterparty",
            )  # fmt: skip
        one, other = sorted(part.strip() for part in parts)
        if (one, other) in self._parties:
            raise Refused(
                "counterparties",
                name,
                "a pair nobody has decided on",
                f"See {self._parties[one, other]}; undo it first",
            )
        return Draft(
            kind="same_party" if is_same else "other_party", about=f"{one}{PAIR}{other}", reason=_reason(reason),
            parties=(one, other),
        )  # fmt: skip

    def _about_decision(self, kind: str, one: Standing, reason: str) -> Draft:
        decision = one.decision
        return Draft.model_validate(
            {
                "kind": kind, "about": f"{decision.decision_id}: {_words(decision.kind)} of {decision.about}", "reason": reason,
                "target": decision.decision_id, "amount": decision.amount, "currency": decision.currency,
            }
        )  # fmt: skip

    def _is_unmatched_item(self, row: QueueRow) -> bool:
        return row.object_type in self._rules.datasets and (row.object_type, row.object_id) in self._facts.items and (
            row.cause.startswith("unmatched_") or row.cause in
            ("cleared_not_proven", "partly_explained_bank_line", "charge_to_post", "returned_payment")
        )  # fmt: skip

    def _count(self, draft: Draft, name: str) -> None:
        if draft.kind in ("confirm", "reject", "unmatch") and draft.group_id:
            self._groups[draft.group_id] = name
        if draft.kind == "write_off" and draft.group_id:
            self._posted[draft.group_id] = name
        lapsed = isinstance(draft, Decision) and self._facts.effects.get(draft.decision_id, (None, None))[1]
        if not lapsed:
            self._open.count(draft, name)
        if draft.kind == "ignore":
            for key in self._ignored_keys(draft):
                self._ignored[key] = name
        if draft.parties:
            self._parties[draft.parties] = name
        if draft.target and draft.kind in ABOUT_DECISIONS and not isinstance(draft, Decision):
            self._answered[draft.target] = name

    def _once(self, one: Standing) -> Standing:
        """A decision, which a file may name but once."""
        if one.decision.decision_id in self._answered:
            said = self._answered[one.decision.decision_id]
            raise Refused("decision", one.decision.decision_id, "a decision named once", f"{said} is about it as well")
        return one

    def _ignored_keys(self, draft: Draft) -> Iterable[str]:
        if draft.until and draft.until <= self._as_of:
            return ()
        keys = [f"{item.dataset}:{item.item_id}" for item in draft.items]
        return keys or ([draft.exception_id] if draft.exception_id else [])


def _reason(text: str) -> str:
    if not text.strip():
        raise Refused(
            "reason", "nothing", "why, in a few words", "The reason is kept with the decision; an auditor will read it"
        )
    return text.strip()


def _known_difference(kind: str | None) -> None:
    if kind is not None and kind not in DIFFERENCES:
        raise Refused("difference", kind, f"one of {', '.join(DIFFERENCES)}", "Say what the difference is")


def _words(kind: str) -> str:
    return kind.replace("_", " ")
