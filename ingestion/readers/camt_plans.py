"""Entries and transactions of a structure that repeats, taken as they stand in the file to be made into rows later.

A plan is made for a shape (`xml_shapes`): which of its captured texts goes into which column. Taking a container checks
its dates, counts it and keeps its texts; `camt_taken` makes rows of many at a time. What a plan could have to reject,
or cannot tell, is left to the handlers of `camt`, which read one container at a time; both ways make the same rows.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ingestion.readers import iso20022_values as values
from ingestion.readers.camt_rows import DETAIL_IDENTIFIERS, DETAIL_TEXTS, ENTRY_TEXTS, Money
from ingestion.readers.camt_statement import Statement
from ingestion.readers.iso20022_fields import account_paths
from ingestion.readers.shape_leaves import Leaves, Text
from ingestion.readers.xml_shapes import Shape
from ingestion.reading import RecordCounter

Row = tuple[int | str | None, ...]
ENTRY_HEAD = 8
"""What an entry's row begins with: record number, statement, entry number, offset of the text it was found in, signed
amount, booking day, value day, country of the account; then come the marks of its containers, then its texts."""

DETAIL_HEAD = 8
"""What a transaction's row begins with: record number, statement, entry number, ordinal in the entry, start, end,
direction of the entry, country of the account; then come its texts."""

_KINDS = frozenset(
    {"Entry", "Batch", "EntryCharges", "TransactionCharges", "Charge", "Transaction", "Structured", "Document"}
)
_ENTRY_OTHERS: dict[str, tuple[str, ...]] = {"account_servicer_reference": ("AcctSvcrRef",), "reversal": ("RvslInd",)}
_DETAIL_OTHERS: dict[str, tuple[str, ...]] = {
    "debtor_account": account_paths("RltdPties/DbtrAcct"),
    "creditor_account": account_paths("RltdPties/CdtrAcct"),
    "additional_info": ("AddtlTxInf",),
}
_BATCH = (("batch_message_id", "MsgId"), ("batch_payment_information_id", "PmtInfId"), ("batch_count", "NbOfTxs"))
_EXCHANGE = (("exchange_rate", "XchgRate"), ("source_currency", "SrcCcy"), ("target_currency", "TrgtCcy"))
_EXCHANGED = ("TxAmt", "InstdAmt", "CntrValAmt")  # whose exchange rate counts, best first


class Block(NamedTuple):
    """A container that has others in it: a `Strd` with its documents, charges with their records."""

    leaves: Leaves
    inner: list[Leaves]


class _Tree:
    """The containers of a shape by what they lie in."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.leaves = [Leaves(shape, frame) for frame in shape.frames]
        self.is_usual = (
            shape.is_usual
            and all(leaves.are_single for leaves in self.leaves)
            and all(frame.name in _KINDS for frame in shape.frames)
        )

    def inside(self, number: int, name: str) -> list[int]:
        """The containers of a name that lie in another, in file order."""
        frames = enumerate(self.shape.frames)
        return [place for place, frame in frames if frame.parent == number and frame.name == name]

    def blocks(self, number: int, name: str, inner: str) -> list[Block]:
        return [
            Block(self.leaves[place], [self.leaves[one] for one in self.inside(place, inner)])
            for place in self.inside(number, name)
        ]


class DetailPlan:
    """Where the columns of a transaction are among the texts of a shape."""

    def __init__(self, tree: _Tree, number: int) -> None:
        leaves = tree.leaves[number]
        text = leaves.text
        self.amount, self.currency = _amount(leaves, "Amt")
        self.direction = leaves.place("CdtDbtInd")
        self.texts: dict[str, Text] = {"credit_debit": text("CdtDbtInd")}
        self.texts |= {
            name: text(*paths) for name, paths in (DETAIL_IDENTIFIERS | DETAIL_TEXTS | _DETAIL_OTHERS).items()
        }
        for column, way in (("instructed", "InstdAmt"), ("transaction", "TxAmt")):
            self.texts[f"{column}_amount"], self.texts[f"{column}_currency"] = _amount(leaves, f"AmtDtls/{way}/Amt")
        rated = next((way for way in _EXCHANGED if text(f"AmtDtls/{way}/CcyXchg/XchgRate")), None)
        if rated is not None and text(*(f"AmtDtls/{way}/Amt" for way in _EXCHANGED)):
            for column, leaf in _EXCHANGE:
                self.texts[column] = text(f"AmtDtls/{rated}/CcyXchg/{leaf}")
        self.structured = tree.blocks(number, "Structured", "Document")
        self.charges = tree.blocks(number, "TransactionCharges", "Charge")

    def amount_in(self, currency: str) -> dict[str, Text]:
        """Amount and currency of the transaction in an entry of this currency (`camt_rows.detail_row`)."""
        if self.amount is None and self.texts["transaction_currency"] == currency:
            return {"amount": self.texts["transaction_amount"], "currency": currency}
        return {"amount": self.amount, "currency": self.currency}


class _Needed(NamedTuple):
    """Where the texts of an entry are that it cannot do without, or that have to be looked at as it is taken."""

    amount: int
    direction: int
    status: int
    booked: int | None
    valued: int | None


class EntryPlan:
    """Takes entries of one shape, their transactions in them."""

    def __init__(self, tree: _Tree, needed: _Needed, currency: str, counter: RecordCounter) -> None:
        leaves, shape = tree.leaves[0], tree.shape
        transactions = tree.inside(0, "Transaction")
        self.rows: list[Row] = []
        self.currency = currency
        self.direction = needed.direction
        self.details = [DetailPlan(tree, number) for number in transactions]
        self.texts: dict[str, Text] = {
            name: leaves.text(*paths) for name, paths in (ENTRY_TEXTS | _ENTRY_OTHERS).items()
        }
        self.texts |= {"currency": currency, "credit_debit": (needed.direction,)}
        self.texts["instructed_amount"], self.texts["instructed_currency"] = _amount(leaves, "AmtDtls/InstdAmt/Amt")
        for batch in tree.inside(0, "Batch")[:1]:
            self.texts |= {column: tree.leaves[batch].text(leaf) for column, leaf in _BATCH}
        self.charges = tree.blocks(0, "EntryCharges", "Charge")
        days = (("booking_date", needed.booked, 5), ("value_date", needed.valued, 6))
        self.days = [(name, at) for name, place, at in days if place is not None]  # columns, their place in the head
        frames = [shape.frames[number] for number in (0, *transactions)]
        self.marks = tuple(mark for frame in frames for mark in (frame.start, frame.end))
        self._needed = needed
        self._groups = shape.groups
        self._counter = counter

    def take(self, found: re.Match[str], statement: Statement, country: str | None, offset: int) -> bool:
        """Take an entry of a statement whose account is of a country; False, and nothing is done, where a date is
        none."""
        texts: tuple[str, ...] = found.group(*self._groups)
        at_amount, at_direction, at_status, at_booked, at_valued = self._needed
        try:
            booked = None if at_booked is None else values.day(texts[at_booked])
            valued = None if at_valued is None else values.day(texts[at_valued])
        except ValueError:
            return False
        amount = values.amount(texts[at_amount])
        signed = amount if texts[at_direction] == "CRDT" else -amount
        head = (
            self._counter.last + 1, statement.number, statement.entries + statement.rejected + 1, offset,
            signed, booked, valued, country,
        )  # fmt: skip
        self._counter.last += 1 + len(self.details)
        statement.book(self.currency, signed, texts[at_status])
        self.rows.append((*head, *map(found.end, self.marks), *texts))
        return True


def entry_plan(shape: Shape, counter: RecordCounter) -> EntryPlan | None:
    """How entries of a shape are taken; None where one of them might have to be rejected."""
    tree = _Tree(shape)
    leaves = tree.leaves[0]
    amount, direction, status = (leaves.place(*paths) for paths in (("Amt",), ("CdtDbtInd",), ENTRY_TEXTS["status"]))
    days = [leaves.text(f"{path}/Dt", f"{path}/DtTm") for path in ("BookgDt", "ValDt")]
    try:
        currency = values.currency(leaves.constant("Amt@Ccy"))
    except ValueError:
        return None
    if not tree.is_usual or amount is None or direction is None or status is None:
        return None
    if any(day is not None and len(day) > 1 for day in days):
        return None
    booked, valued = (None if day is None else int(day[0]) for day in days)
    return EntryPlan(tree, _Needed(amount, direction, status, booked, valued), currency, counter)


class TransactionPlan:
    """Takes transactions of one shape that lie in an entry which is read tag by tag."""

    def __init__(self, tree: _Tree) -> None:
        self.detail = DetailPlan(tree, 0)
        self.rows: dict[str, list[Row]] = {}  # by the currency of the entry
        self._groups = tree.shape.groups

    def take(self, found: re.Match[str], offset: int) -> TakenTransaction:
        """Take a transaction, until its entry is known to be good."""
        return TakenTransaction(self, found.group(*self._groups), offset + found.start(), offset + found.end())


class TakenTransaction(NamedTuple):
    """A transaction as it was taken."""

    plan: TransactionPlan
    texts: tuple[str, ...]
    start: int  # parser offsets
    end: int

    def write(self, place: tuple[int, int, int, int], entry: Money, country: str | None) -> None:
        """Keep it with a good entry; `place` is its record number, the statement, the entry and its ordinal in it."""
        row = (*place, self.start, self.end, entry.credit_debit, country, *self.texts)
        self.plan.rows.setdefault(entry.currency, []).append(row)


def transaction_plan(shape: Shape) -> TransactionPlan | None:
    """How transactions of a shape are taken; None where one of them might have to be rejected."""
    tree = _Tree(shape)
    return TransactionPlan(tree) if tree.is_usual else None


def _amount(leaves: Leaves, path: str) -> tuple[Text, Text]:
    """An amount and its currency, which counts only with the amount."""
    amount = leaves.text(path)
    return amount, None if amount is None else leaves.text(f"{path}@Ccy")
