"""What a leg leaves open, told anew without its passes.

Later legs match items that a leg has told are open. The leg looks at its items as if they had not (`precedence`), so that its
passes would find what they have found: where nothing was freed and none of its suggestions and ties is concerned, only
what it has told of open items, and of their nearest candidates, is no longer true.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext, Rows, SideView
from reconciliation.matching.encoding import Encoding, Ints, encode
from reconciliation.matching.known_groups import Ledger, StoredLedger
from reconciliation.matching.leftovers import FOLLOWING, unmatched_rows
from reconciliation.matching.links import Links
from reconciliation.matching.results import unmatched_table
from reconciliation.matching.rules import Leg, Rules, Side
from reconciliation.matching.state import Pools

#: The columns of the item shape that are looked at.
COLUMNS = ("item_id", "amount", "currency", "date", "entity", "account", "kind")


def retell_leg(
    leg: str,
    items: Mapping[str, pl.LazyFrame | pl.DataFrame],
    rules: Rules,
    told: pl.DataFrame,
    ledger: Ledger | StoredLedger,
) -> pl.DataFrame:
    """What the leg leaves open, of the shape UNMATCHED; `told` is what it has left open before, with the reasons its passes gave.

    `items` has the leg's datasets, `ledger` all active groups, its own suggestions and ties among them. Raises MatchingError
    as `engine.match` does.
    """
    own = rules.leg(leg)
    encoding = encode({name: frame for name, frame in items.items() if name in own.datasets(rules)})
    pools = Pools(encoding, rules.legs)
    pools.use(ledger.stored() if isinstance(ledger, Ledger) else ledger, rules, leg, frozenset())
    left, right = (
        SideView(number, side, encoding.datasets[side.dataset], _open(pools, own, side))
        for number, side in enumerate(own.sides)
    )
    context = LegContext(own, left, right, encoding, Links(encoding, None))
    one, two = (_tied(pools, own, side) for side in own.sides)
    notes = [_given(encoding, told, number, side) for number, side in enumerate(own.sides)]
    return unmatched_table(context, unmatched_rows(context, (one, two), notes))


def _open(pools: Pools, leg: Leg, side: Side) -> Ints:
    """What is open of a side beside what the leg has suggested."""
    amounts = pools.side(side)
    suggested, _ = pools.unsure(leg, side.dataset)
    np.subtract.at(amounts, suggested.row, np.where(amounts[suggested.row] == 0, 0, suggested.minor))
    return amounts


def _tied(pools: Pools, leg: Leg, side: Side) -> Rows:
    _, tied = pools.unsure(leg, side.dataset)
    return tied.row


def _given(encoding: Encoding, told: pl.DataFrame, number: int, side: Side) -> pl.DataFrame:
    """Notes (side, row, reason) of the reasons that were given, and do not follow from what is open."""
    given = told.filter(pl.col("dataset") == side.dataset, ~pl.col("reason").is_in(list(FOLLOWING)))
    rows = encoding.datasets[side.dataset].rows_of(given.select("item_id", "reason"))
    return rows.select(pl.lit(number, pl.UInt8).alias("side"), "row", "reason")
