"""Bank lines in the order the bank books them, with its references, cut into daily statements that tie."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from zoneinfo import ZoneInfo

from simulation.calendars import business_day, business_days
from simulation.group import ACCOUNT, ACCOUNTS, BANK, FIRST_DAY, LAST_DAY
from simulation.model import BankLine, BankStatement

_PREFIX = {"rheinbank": "RB", "suedbank": "SB", "continental": "", "alpenbank": "AB"}
NEVER_DELIVERED = {("sued_eur", date(2026, 9, 9))}
"""A statement that is lost on the way: the next one does not open where the last one that arrived closed."""
DELIVERED_LATE = {("continental_usd", date(2026, 8, 20)): 2}
"""A statement that comes so many business days after it was due; the next one is there before it."""
STALE_FROM = {"alpen_gbp": date(2026, 9, 25)}
"""An account whose statements stop: from this day none arrives before the world ends."""


def build_statements(lines: list[BankLine]) -> list[BankStatement]:
    """A statement for every business day of every account; sets entry numbers and bank references on the lines."""
    by_day: dict[tuple[str, date], list[BankLine]] = defaultdict(list)
    for line in lines:
        by_day[line.account, line.booking_date].append(line)
    statements = []
    for account in ACCOUNTS:
        balance = account.opening
        calendar = BANK[account.bank].calendar
        for sequence, day in enumerate(business_days(FIRST_DAY, LAST_DAY, calendar), start=128):
            todays = sorted(by_day.pop((account.id, day), []), key=_order)
            closing = balance + sum(line.amount for line in todays)
            statement = BankStatement(account.id, day, sequence, balance, closing, todays, _delivery(account.id, day))
            for number, line in enumerate(todays, start=1):
                line.statement, line.entry_number = statement, number
                line.bank_reference = f"{_PREFIX[account.bank]}{day:%y%m%d}{number:06d}"
            statements.append(statement)
            balance = closing
    if by_day:
        raise AssertionError(f"lines booked on days without a statement: {sorted(by_day)}")
    return statements


def _order(line: BankLine) -> tuple[object, ...]:
    part = line.parts[0] if line.parts else None
    return (
        line.code,
        line.amount,
        part.end_to_end_id or "" if part else "",
        part.name or "" if part else "",
        line.text,
    )


def _delivery(account: str, day: date) -> datetime | None:
    """Local moment at which the bank delivers a day's statement: the next business day's morning."""
    bank = BANK[ACCOUNT[account].bank]
    if (account, day) in NEVER_DELIVERED or (account in STALE_FROM and day >= STALE_FROM[account]):
        return None
    following = business_day(day, bank.calendar, 1)
    if following > LAST_DAY:
        return None
    following = business_day(following, bank.calendar, DELIVERED_LATE.get((account, day), 0))
    return datetime.combine(following, bank.statement_at, ZoneInfo(bank.timezone))
