"""Who pays again and again without a bill that is told: a processor pays out what others have paid to it. Where a line shows no
other party, those whose texts begin alike are of one."""

from __future__ import annotations

import polars as pl

from reconciliation.matching.context import LegContext, Rows, SideView
from reconciliation.matching.counterparty_keys import account_keys, name_keys
from reconciliation.matching.encoding import Mask
from reconciliation.matching.standing_words import told_words

_OFTEN = 3  # items of one account or name
_WORDS = 2  # of a text's beginning


def coming_again(context: LegContext, view: SideView, rows: Rows) -> Mask:
    """By row of a side: whether several items of its account, name or, without them, of its text's beginning are open, and fewer
    are paired one by one; or it shows nothing."""
    shown = _shown(view, rows)
    paired = _shown(view, context.accepted[view.index])
    often = [pl.all_horizontal(pl.col("iban", "name", "words").is_null())]
    for key in ("iban", "name", "words"):
        counts = paired.drop_nulls(key).join(shown.select(key).unique(), on=key, how="semi").group_by(key)
        shown = shown.join(counts.len(f"{key}_paired"), on=key, how="left", maintain_order="left")
        times = pl.len().over(key)
        often.append((times >= _OFTEN) & pl.col(key).is_not_null() & (times > pl.col(f"{key}_paired").fill_null(0)))
    again: Mask = shown.select(pl.any_horizontal(often)).to_series().to_numpy()
    return again & context.meeting(view)[rows]


def payers(view: SideView, rows: Rows) -> pl.Series:
    """By row of a side: one key of who it shows, its name before its account, or the beginning of its text; empty for nobody."""
    told = pl.coalesce("name", "iban", "words", pl.lit(""))
    return _shown(view, rows).select(told.alias("payer")).to_series()


def _shown(view: SideView, rows: Rows) -> pl.DataFrame:
    """`iban` and `name` (keys) of these rows, and `words`, the beginning of their texts, of those without them."""
    shown = pl.DataFrame({"iban": account_keys(view.dataset, rows), "name": name_keys(view.dataset, rows)})
    nobody = shown.select(pl.col("iban").is_null() & pl.col("name").is_null()).to_series().arg_true()
    told = told_words(view.dataset.take(["text"], rows[nobody.to_numpy()])["text"])
    words = pl.Series("words", [None], dtype=pl.String).new_from_index(0, len(rows))
    return shown.with_columns(words.scatter(nobody, told.str.split(" ").list.head(_WORDS).list.join(" ")))
