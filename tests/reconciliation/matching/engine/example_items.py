"""Small ways to write items down in a test."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import polars as pl

from reconciliation.contracts import ITEM
from reconciliation.matching import MatchResult, Rules, parse_rules

FIRST = date(2024, 3, 1)


def day(number: int) -> date:
    """The day so many days after the first."""
    return FIRST + timedelta(days=number)


def items(*rows: dict[str, object]) -> pl.DataFrame:
    """Items of the item shape; amounts may be text, `on` is a day number, what is not said is one company's euros."""
    full = []
    for row in rows:
        given = {"currency": "EUR", "entity": "E1", "date": day(int(str(row.get("on", 0))))} | row
        given.pop("on", None)
        for name in ("amount", "discount_amount"):
            if name in given:
                given[name] = Decimal(str(given[name]))
        full.append({name: given.get(name) for name in ITEM})
    return pl.DataFrame(full, schema=ITEM)


def one_leg(*passes: str, precision: float = 0.999, left: str = "left", right: str = "right") -> Rules:
    """Rules of one leg with these passes, each a line of YAML."""
    lines = "\n".join(f"      - {each}" for each in passes)
    return parse_rules(
        f"legs:\n  - name: leg\n    left: {{dataset: {left}, pool: p}}\n    right: {{dataset: {right}, pool: q}}\n"
        f"    precision: {precision}\n    passes:\n{lines}\n"
    )


def members(result: MatchResult, status: str | None = None) -> list[tuple[str, ...]]:
    """The item ids of each group, of groups of that status if one is given."""
    groups = result.groups if status is None else result.groups.filter(pl.col("status") == status)
    held = result.items.join(groups.select("group_id"), on="group_id")
    return sorted(tuple(sorted(ids)) for ids in held.group_by("group_id").agg("item_id")["item_id"].to_list())


def only_group(result: MatchResult) -> dict[str, object]:
    """The one group there is."""
    assert result.groups.height == 1, result.groups
    return result.groups.row(0, named=True)


def reasons(result: MatchResult) -> dict[str, str]:
    """Item id -> why it is unmatched."""
    return dict(zip(result.unmatched["item_id"], result.unmatched["reason"], strict=True))


def ids(*names: str) -> Sequence[tuple[str, ...]]:
    """One group of these items, as `members` gives it."""
    return [tuple(sorted(names))]
