"""What the fields of an MT940 or MT942 statement say: reference, account, number, balances, floor limit, time, declared sums."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from ingestion.currencies import CURRENCIES
from ingestion.readers import mt94_fields as fields
from ingestion.readers.mt94_settling import set_currency
from ingestion.readers.mt94_statement import Statement

if TYPE_CHECKING:
    from ingestion.readers.mt94_walk import Walk

_CODES = {
    ":60F:": "OPBD",
    ":60M:": "OPBD",
    ":62F:": "CLBD",
    ":62M:": "CLBD",
    ":64:": "CLAV",
    ":65:": "FWAV",
}
_SEQUENCE = re.compile(r"\s*(\d{1,18})(?:/(\d{1,18}))?")
_DECLARED = re.compile(r"(\d{1,9})([A-Z]{3})([\d.,]+)")


def _on_reference(walk: Walk, tag: str, content: str, start: int, line: int) -> None:
    walk.finish_statement(start)
    walk.open(tag, start, line).reference = fields.decode(content.strip(), walk.encoding)[:100] or None


def _on_account(walk: Walk, tag: str, content: str, start: int, line: int) -> None:
    one = walk.statement
    if one is not None and not one.closed and (one.entries or one.rejected or one.opening_seen):
        # out of place: either the next account's statement without :20:, or a text under a wrong tag
        walk.drop_stray_account()
        walk.stray_account = (start, line, content)
        return
    one = walk.open(tag, start, line)
    number, *more = fields.decode(content.strip(), walk.encoding)[:200].splitlines() or [""]
    one.account = fields.account(number)
    if more:
        # :25P: has the bank's BIC in a line of its own
        second = " ".join(more).strip()
        if fields.BIC.fullmatch(second):
            one.account = one.account._replace(servicer=second)
        else:
            walk.findings.warn(f"line {line}: {tag} has a second line {second[:40]!r}, which was not used")
    if one.account.currency is not None and one.currency is None:
        set_currency(one, walk.output, one.account.currency)


def _adopt_stray_account(walk: Walk, start: int) -> None:
    """A `:25:` among entries was followed by a statement number or balance: a new statement begins with it."""
    stray = walk.stray_account
    if stray is None:
        return
    walk.stray_account = None
    walk.finish_statement(stray[0])
    _on_account(walk, ":25:", stray[2], stray[0], stray[1])


def _on_sequence(walk: Walk, tag: str, content: str, start: int, line: int) -> None:
    _adopt_stray_account(walk, start)
    one = walk.open(tag, start, line)
    match = _SEQUENCE.match(content)
    if match is None:
        walk.findings.warn(f"line {line}: {tag} holds no statement number: {content.strip()[:40]!r}")
        return
    one.sequence = int(match.group(1))
    one.page = int(match.group(2)) if match.group(2) else None


def _on_opening(walk: Walk, tag: str, content: str, start: int, line: int) -> None:
    _adopt_stray_account(walk, start)
    one = walk.statement
    if one is not None and not one.closed and (one.entries or one.rejected):
        before = one
        walk.finish_statement(start)
        one = walk.open(tag, start, line)
        one.reference, one.account = before.reference, before.account
    one = walk.open(tag, start, line)
    read = fields.balance(tag[1:-1], _CODES[tag], content)
    if isinstance(read, str):
        one.opening_seen = True
        walk.findings.reject_balance(walk.statement, tag, content, start, line, read)
        return
    if one.opening is not None:
        if read != one.opening:
            walk.findings.reject_balance(walk.statement, tag, content, start, line, "one opening balance a statement")
        return
    one.opening_seen = True
    one.opening = read
    if one.currency is None:
        set_currency(one, walk.output, read.currency)
    elif one.currency != read.currency:
        walk.findings.warn(f"line {line}: {tag} is in {read.currency}, the account in {one.currency}")
        one.currency = read.currency
    _add_balance(walk, one, read, tag, content, start, line)


def _on_closing(walk: Walk, tag: str, content: str, start: int, line: int) -> None:
    one = walk.open(tag, start, line)
    read = fields.balance(tag[1:-1], _CODES[tag], content)
    again = one.closed
    one.closed = True
    if isinstance(read, str):
        walk.findings.reject_balance(walk.statement, tag, content, start, line, read)
        return
    if one.currency is not None and read.currency != one.currency:
        walk.findings.reject_balance(
            walk.statement, tag, content, start, line, f"a balance in {one.currency}, as the statement's others"
        )
        return
    if again and one.closing != read:
        walk.findings.reject_balance(walk.statement, tag, content, start, line, "one closing balance a statement")
        return
    if again:
        return
    if one.currency is None:
        set_currency(one, walk.output, read.currency)
    one.closing = read
    _add_balance(walk, one, read, tag, content, start, line)


def _on_available(walk: Walk, tag: str, content: str, start: int, line: int) -> None:
    one = walk.open(tag, start, line)
    read = fields.balance(tag[1:-1], _CODES[tag], content)
    if isinstance(read, str):
        walk.findings.reject_balance(walk.statement, tag, content, start, line, read)
        return
    _add_balance(walk, one, read, tag, content, start, line)


def _add_balance(
    walk: Walk, one: Statement, read: fields.Balance, tag: str, content: str, start: int, line: int
) -> None:
    if read.date is None:
        # the amount is certain and still proves the statement's arithmetic; the balance has no day to stand on
        walk.findings.reject_balance(walk.statement, tag, content, start, line, "a date of the calendar, YYMMDD")
    else:
        walk.output.add_balance(one.number, walk.findings.counter.next(), line, start, read)


def _on_floor(walk: Walk, tag: str, content: str, start: int, line: int) -> None:
    one = walk.open(tag, start, line)
    one.interim = True
    currency = content.strip()[:3]
    if currency in CURRENCIES and one.currency is None:
        set_currency(one, walk.output, currency)


def _on_time(walk: Walk, tag: str, content: str, start: int, line: int) -> None:
    one = walk.open(tag, start, line)
    one.interim = True
    one.created_at = fields.created_at(content.strip())
    walk.created_at = walk.created_at or one.created_at
    if one.created_at is None:
        walk.findings.warn(f"line {line}: {tag} is no time: {content.strip()[:40]!r}")


def _on_declared(walk: Walk, tag: str, content: str, start: int, line: int) -> None:
    one = walk.open(tag, start, line)
    one.interim = True
    match = _DECLARED.match(content.strip())
    value = fields.amount(match.group(3), match.group(2)) if match and match.group(2) in CURRENCIES else None
    if match is None or value is None:
        walk.findings.warn(f"line {line}: {tag} holds no count and sum: {content.strip()[:40]!r}")
        return
    one.declared[tag[1:-1]] = (int(match.group(1)), value)
    if one.currency is None:
        set_currency(one, walk.output, match.group(2))
    if not one.opening_seen:
        one.closed = True


def _on_related(walk: Walk, tag: str, content: str, start: int, line: int) -> None:
    """Field :21: names the request a statement answers: nothing a ledger needs."""
    walk.open(tag, start, line)


HANDLERS: dict[str, Callable[[Walk, str, str, int, int], None]] = {
    ":20:": _on_reference,
    ":21:": _on_related,
    ":25:": _on_account,
    ":25P:": _on_account,
    ":28:": _on_sequence,
    ":28C:": _on_sequence,
    ":60F:": _on_opening,
    ":60M:": _on_opening,
    ":62F:": _on_closing,
    ":62M:": _on_closing,
    ":64:": _on_available,
    ":65:": _on_available,
    ":34F:": _on_floor,
    ":13:": _on_time,
    ":13D:": _on_time,
    ":90C:": _on_declared,
    ":90D:": _on_declared,
}
"""By tag: takes the walk, the tag, its content, the byte it starts at and its line."""
