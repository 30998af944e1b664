"""Whether a statement's own arithmetic holds: opening balance plus booked entries equals closing balance.

The equation is reported, never used to repair a figure: many genuine files fail it (redacted balances, entries that are
valued later), and the reader of a report has to see which.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar

Amount = TypeVar("Amount", Decimal, int)


def check_balance(opening: Amount | None, net: Amount, closing: Amount | None) -> tuple[str, Amount | None]:
    """The verdict (`ok`, `off`, `none`) and `closing - (opening + net)`; all amounts signed, one currency and unit.

    `none`, with no difference, says that a balance is missing and the equation cannot be checked.
    """
    if opening is None or closing is None:
        return "none", None
    difference = closing - opening - net
    return ("off" if difference else "ok"), difference
