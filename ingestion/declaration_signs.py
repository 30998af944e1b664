"""What a sign means in a bank's list, proven by its running balance where it has one.

With amounts and balances in hand, a list is read in four ways: oldest or newest entry first, a plus that adds or takes
away. The way in which each balance follows from the one before is the true one; where none is, custom decides and that
is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from ingestion.declaration_columns import Layout, mark_of
from ingestion.declaration_evidence import is_negative, number_evidence, number_value
from ingestion.declaration_vocabulary import is_card_holder, is_charge

CARD_LIKE = 3  # times as many amounts above zero as below: more leaves most accounts than comes
ENOUGH = 0.8  # share of balances that have to follow from the one before


def describe_signs(layout: Layout, columns: dict[str, object]) -> dict[str, object]:
    """The keys `sign`, `debit_values` and `order` of a declaration, with the notes they rest on in
    `layout.sign_notes`."""
    if layout.numbers is None or not layout.rows:
        return {}
    if "debit" in columns and isinstance(columns["debit"], str):
        return _sides(layout, columns["debit"], str(columns["credit"]))
    if "amount" in columns and isinstance(columns["amount"], str):
        return _single(layout, columns["amount"])
    return {}


def _sides(layout: Layout, debit: str, credit: str) -> dict[str, object]:
    cells = [cell for cell in layout.cells(debit) if _value(layout, cell) != 0]
    negative = [is_negative(cell) for cell in cells]
    block: dict[str, object] = {}
    if cells and all(negative):
        block["debit_values"] = "negative"
    elif any(negative):
        layout.sign_notes.append(("sign", f"{debit!r} holds amounts of both signs: rows are rejected", True))
    signed = [
        (_value(layout, one) or Decimal(0)) - abs(_value(layout, other) or Decimal(0))
        for one, other in zip(layout.cells(credit, filled=False), layout.cells(debit, filled=False), strict=True)
    ]
    _prove(layout, signed, block, may_flip=False)
    return block


def _single(layout: Layout, amount: str) -> dict[str, object]:
    cells = layout.cells(amount, filled=False)
    values = [_value(layout, cell) or Decimal(0) for cell in cells]
    block: dict[str, object] = {}
    mark = layout.taken.get("credit_debit")
    if mark:
        marks = [mark_of(cell) for cell in layout.cells(mark[0], filled=False)]
        against = [value < 0 and one == "CRDT" for value, one in zip(values, marks, strict=True)]
        if any(against):
            block["sign"] = "plus_is_debit"
            layout.sign_notes.append(("sign", "an amount below zero is marked credit: plus is a debit", False))
        signed = [-abs(value) if one == "DBIT" else abs(value) for value, one in zip(values, marks, strict=True)]
        _prove(layout, signed, {}, may_flip=False)
        _ask_for_charges(layout, signed)
        return block
    proven = _prove(layout, values, block, may_flip=True)
    _ask_for_charges(layout, [-value for value in values] if block.get("sign") == "plus_is_debit" else values)
    if proven:
        return block
    below, above = sum(value < 0 for value in values), sum(value > 0 for value in values)
    if below and above >= CARD_LIKE * below:
        told = f"{above} of {above + below} amounts are above zero, as in a list of a card's purchases"
        layout.sign_notes.append(("sign", f"{told}: say what plus is (sign)", True))
    elif below and (card := next(filter(is_card_holder, layout.names), "")):
        layout.sign_notes.append(
            ("sign", f"{card!r} makes it a list of a card, where plus may be a purchase: say what plus is (sign)", True)
        )
    elif below:
        layout.sign_notes.append(("sign", "minus leaves the account, by custom: nothing in the file proves it", False))
    elif telling := _tells_some_sides(layout):
        layout.sign_notes.append(
            (
                "amount",
                f"{telling!r} says of some rows whether they are debits or credits, and no amount is below zero",
                True,
            )
        )
    else:
        layout.sign_notes.append(
            ("sign", "no amount is below zero: say what plus is (sign: plus_is_credit or plus_is_debit)", True)
        )
    return block


def _tells_some_sides(layout: Layout) -> str:
    """The column of which most cells, a third at least, say debit or credit: no amount can be signed by it, nor without it."""
    told = {name: sum(mark_of(cell) is not None for cell in layout.cells(name)) for name in layout.names}
    name = max(told, key=lambda name: told[name])
    return name if told[name] * 3 >= len(layout.rows) else ""


def _prove(layout: Layout, signed: Sequence[Decimal], block: dict[str, object], *, may_flip: bool) -> bool:
    """Whether the running balance proves the signs; sets `sign` and `order` of the block where they are not the usual
    ones."""
    columns = layout.taken.get("running_balance") or []
    if not columns:
        return False
    balances = [_value(layout, cell) if cell else None for cell in layout.cells(columns[0], filled=False)]
    steps = sum(balance is not None for balance in balances) - 1
    if steps < 1:
        return False
    ways = [(flip, order) for flip in ((1, -1) if may_flip else (1,)) for order in ("oldest_first", "newest_first")]
    followed = {way: _followed(signed, balances, *way) for way in ways}
    best = max(ways, key=lambda way: followed[way])
    rivals = [way for way in ways if followed[way] == followed[best] and way != best]
    if followed[best] < max(1, ENOUGH * steps):
        layout.sign_notes.append(
            (
                "balance",
                f"the running balance does not follow from the entries (at {followed[best]} of {steps} places)",
                True,
            )
        )
        return False
    flip, order = best
    layout.sign_notes.append(
        (
            "balance",
            f"{followed[best]} of {steps} balances follow from the one before, {order.replace('_', ' ')}",
            False,
        )
    )
    if any(way[0] != flip for way in rivals):
        return False
    if flip < 0:
        block["sign"] = "plus_is_debit"
    if not rivals and _days_are_equal(layout):
        block["order"] = order
    return True


def _ask_for_charges(layout: Layout, signed: Sequence[Decimal]) -> None:
    """A column of charges beside the amounts: whether they are part of them, only the running balance can prove."""
    columns = layout.taken.get("running_balance") or []
    for name in layout.names:
        if not is_charge(name):
            continue
        charged = [
            bool(cell) and (_value(layout, cell) or Decimal(0)) != 0 for cell in layout.cells(name, filled=False)
        ]
        if not any(charged) or _is_net(layout, name):
            continue
        if not (columns and _all_follow(layout, signed, columns[0], charged)):
            question = f"{name!r} holds charges: nothing proves whether the amounts include them"
            layout.sign_notes.append(("amount", question, True))


def _is_net(layout: Layout, charges: str) -> bool:
    """Whether the amounts are what charges leave of a third column (gross and fee make net)."""
    amount = layout.taken["amount"][0]
    for gross in layout.names:
        columns = [layout.cells(name, filled=False) for name in (gross, charges, amount)]
        evidence = number_evidence([cell for column in columns for cell in column if cell])
        if gross in (charges, amount) or evidence is None:
            continue
        rows = [
            [number_value(cell, evidence.numbers) or Decimal(0) for cell in row] for row in zip(*columns, strict=True)
        ]
        if any(all(whole + sign * fee == left for whole, fee, left in rows) for sign in (1, -1)):
            return True
    return False


def _all_follow(layout: Layout, signed: Sequence[Decimal], column: str, wanted: Sequence[bool]) -> bool:
    """Whether in one order of the rows each wanted one leads from the balance before it to its own."""
    cells = layout.cells(column, filled=False)
    rows = list(zip(signed, [_value(layout, cell) for cell in cells], wanted, strict=True))
    return any(
        not order[0][2]
        and all(
            before is not None and after is not None and before + amount == after
            for (_, before, _), (amount, after, asked) in pairwise(order)
            if asked
        )
        for order in (rows, rows[::-1])
    )


def _followed(signed: Sequence[Decimal], balances: Sequence[Decimal | None], flip: int, order: str) -> int:
    """How many balances follow from the one before it in time."""
    rows = list(zip(signed, balances, strict=True))
    if order == "newest_first":
        rows.reverse()
    total = Decimal(0)
    openings: list[Decimal] = []
    for amount, balance in rows:
        total += flip * amount
        if balance is not None:
            openings.append(balance - total)
    return sum(one == other for one, other in pairwise(openings))


def _days_are_equal(layout: Layout) -> bool:
    """Whether the first and the last entry are of one day, so that dates do not tell the order."""
    cells = layout.cells(layout.taken["booking_date"][0])
    return bool(cells) and cells[0] == cells[-1]


def _value(layout: Layout, cell: str) -> Decimal | None:
    return number_value(cell, layout.numbers) if cell and layout.numbers is not None else None
