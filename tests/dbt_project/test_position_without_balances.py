"""The cash position where the newest statements state no balance: the last one stated, and what has been booked since."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from small_warehouse import SmallWarehouse, Value, group
from week import AS_OF, KNOWN_AT, entry, statement


def test_what_lists_without_balances_have_booked_since_is_in_the_position(tmp_path: Path) -> None:
    """A list tells of the balance's own day again; what an intraday report told of its days is in it already."""
    warehouse = SmallWarehouse(tmp_path)
    group(warehouse)
    bare: dict[str, Value] = {
        "opening_balance": None,
        "closing_balance": None,
        "closing_date": None,
        "balance_check": "none",
    }
    told = [
        ("camt", statement(1, "2026-09-24", "100", "90"), [("2026-09-24", "-10")]),
        ("camt_intraday", statement(1, "2026-09-25", "90", "90", **bare, kind="report"), [("2026-09-25", "-3")]),
        ("csv", statement(1, "2026-09-25", "90", "90", **bare), [("2026-09-24", "-10"), ("2026-09-25", "-3"), ("2026-09-25", "-4")]),
        ("csv", statement(1, "2026-09-28", "90", "90", **bare), [("2026-09-28", "20")]),
        ("camt_intraday", statement(1, "2026-09-29", "90", "90", **bare, kind="report"), [("2026-09-29", "-1")]),
    ]  # fmt: skip
    for number, (source, (kind, record), bookings) in enumerate(told):
        record |= {
            "identity": f"told {number}",
            "statement_id": str(number),
            "from_date": min(day for day, _ in bookings),
        }
        entries = [entry(place, day, amount, text=f"{day} {amount}") for place, (day, amount) in enumerate(bookings, 1)]
        warehouse.deliver(
            f"d{number}", source, "bank", f"2026-09-{24 + number} 20:00:00+00", [(kind, record), *entries]
        )
    warehouse.dbt("run", AS_OF, KNOWN_AT, "--select", "+cash_position")
    assert warehouse.rows(
        "SELECT statement_balance, later_movement, later_lines, intraday_movement, position, position_date::VARCHAR "
        "FROM marts.cash_position WHERE statement_balance IS NOT NULL"
    ) == [(Decimal(90), Decimal(13), 3, Decimal(-1), Decimal(102), "2026-09-29")]
