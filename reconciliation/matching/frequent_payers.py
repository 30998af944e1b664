"""Who pays again and again without a bill that is told: a processor pays out what others have paid to it."""

from __future__ import annotations

import polars as pl

from reconciliation.matching.context import LegContext, Rows, SideView
from reconciliation.matching.counterparty_keys import account_keys, name_keys
from reconciliation.matching.encoding import Mask

_OFTEN = 3  # items of one account or name


def coming_again(context: LegContext, view: SideView, rows: Rows) -> Mask:
    """By row of a side: whether several items of its account or name are open, and fewer are paired one by one; or it shows
    neither."""
    shown = _shown(view, rows)
    paired = _shown(view, context.accepted[view.index])
    often = [pl.col("iban").is_null() & pl.col("name").is_null()]
    for key in ("iban", "name"):
        counts = paired.drop_nulls(key).join(shown.select(key).unique(), on=key, how="semi").group_by(key)
        shown = shown.join(counts.len(f"{key}_paired"), on=key, how="left", maintain_order="left")
        times = pl.len().over(key)
        often.append((times >= _OFTEN) & pl.col(key).is_not_null() & (times > pl.col(f"{key}_paired").fill_null(0)))
    again: Mask = shown.select(pl.any_horizontal(often)).to_series().to_numpy()
    return again & context.meeting(view)[rows]


def _shown(view: SideView, rows: Rows) -> pl.DataFrame:
    """`iban` and `name` (keys) of these rows."""
    return pl.DataFrame({"iban": account_keys(view.dataset, rows), "name": name_keys(view.dataset, rows)})
