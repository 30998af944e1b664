"""What a person means by a name: an item, a group, a row of the exception queue, a decision."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from orchestration.decisions.facts import Facts, Group, Item, Key, QueueRow
from orchestration.decisions.log import parse_decision_id
from orchestration.decisions.refusal import Refused
from orchestration.decisions.standing import Standing, State
from reconciliation.matching import Rules


class Names:
    """Finds what is named among the facts. Every method raises Refused where the name fits nothing, or several things."""

    def __init__(self, facts: Facts, rules: Rules, standing: Sequence[Standing]) -> None:
        self._facts, self._rules = facts, rules
        self._decisions = {one.decision.decision_id: one for one in standing}

    def things(self, name: str) -> frozenset[Item | Group | QueueRow]:
        """Everything the name may mean; a row of the queue or a group, not both."""
        things = self._facts.named.get(name.strip(), frozenset())
        rows = [one for one in things if isinstance(one, QueueRow)]
        groups = [one for one in things if isinstance(one, Group)]
        if len(rows) + len(groups) > 1:
            ids = sorted([row.exception_id for row in rows] + [group.group_id for group in groups])
            raise Refused(
                "object", name, "an id that fits one thing", f"It fits {', '.join(ids)}: give more of its digits"
            )
        return things

    def row(self, name: str) -> QueueRow | None:
        """The row of the queue of that exception_id."""
        return next((one for one in self.things(name) if isinstance(one, QueueRow)), None)

    def party_row(self, name: str) -> bool:
        """Whether the name is a row of the queue about two counterparties."""
        row = self.row(name)
        return row is not None and row.object_type == "counterparty_link"

    def group(self, name: str) -> Group:
        """The group in force, by its id or that of its row in the queue."""
        things, row = self.things(name), self.row(name)
        group = next((one for one in things if isinstance(one, Group)), None)
        if group is None and row is not None:
            group = self._facts.groups.get(row.object_id)
        if group is None:
            raise Refused(
                "group", name, "the id of a group in force, or of its row in the exception queue",
                "It may have been superseded since: look at the queue of the last run (`tieout decide export`)",
            )  # fmt: skip
        return group

    def named_group(self, name: str) -> Group | None:
        """The group in force that the name, or its row in the queue, is; None where it is something else."""
        row = self.row(name)
        if row is not None:
            return self._facts.groups.get(row.object_id) if row.object_type == "match_group" else None
        return next((one for one in self.things(name) if isinstance(one, Group)), None)

    def named_item(self, name: str) -> tuple[Item, Decimal | None]:
        """The item a name means, and the amount behind `=`."""
        found = self._items_of(name)
        amount = None
        text, equals, part = name.rpartition("=")
        if not found and equals:
            found = self._items_of(text)
            amount = _amount(part) if found else None
        if not found:
            raise Refused("item", name, "an item as dataset:id, its id, or the exception_id of its row in the queue",
                          f"Datasets are {', '.join(self._rules.datasets)}. A row of an older queue may have been settled since: "
                          "export it again")  # fmt: skip
        if len(found) > 1:
            raise Refused("item", name, "one item", f"Say which: {', '.join(sorted(one.name for one in found))}")
        return found[0], amount

    def _items_of(self, name: str) -> list[Item]:
        row = self.row(name)
        if row is not None:
            item = self._facts.items.get((row.object_type, row.object_id))
            return [item] if item else []
        dataset, _, item_id = name.strip().partition(":")
        keys = [(dataset, item_id), *((each, name.strip()) for each in self._rules.datasets)]
        return [self._facts.items[key] for key in dict.fromkeys(keys) if key in self._facts.items]

    def item(self, key: Key) -> Item:
        """An item by its key."""
        item = self._facts.items.get(key)
        if item is None:
            raise Refused(
                "item", f"{key[0]}:{key[1]}", "an item that is there", "It is gone since the last run: run again"
            )
        return item

    def decision(self, name: str) -> Standing:
        """The decision of that number."""
        decision_id = parse_decision_id(name)
        one = self._decisions.get(decision_id or "")
        if one is None:
            raise Refused("decision", name, "the number of a decision, such as D17", "`tieout decide list` shows them")
        return one

    def waiting(self, name: str) -> Standing:
        """The decision of that number, which has to wait for a second person."""
        one = self.decision(name)
        if one.state != State.WAITING:
            raise Refused("decision", f"{one.decision.decision_id}, which {_state_words(one)}", "one that waits for a second person",
                          "`tieout decide list --state waiting` shows them")  # fmt: skip
        return one


def _amount(text: str) -> Decimal:
    if not re.fullmatch(r"-?\d+(\.\d{1,5})?", text.strip()):
        raise Refused(
            "amount", text, "a number such as -1234.50, without grouping", "Write ITEM=AMOUNT, signed as the item is"
        )
    return Decimal(text.strip())


def _state_words(one: Standing) -> str:
    if one.state == State.HOLDS:
        return f"holds, approved by {one.approved_by}" if one.approved_by else "holds and needs nobody's approval"
    return f"was {one.state} by {one.closed_by}"
