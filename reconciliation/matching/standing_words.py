"""Words that the texts of a side show whoever the other party is: what a bank calls its transfers, the labels of its fields.

They are learned from the pairs that surer passes have accepted: a word that stands beside several counterparties, and in the
name of none of them, is nobody's name.
"""

from __future__ import annotations

import polars as pl

from reconciliation.matching.context import LegContext, SideView
from reconciliation.matching.counterparty_keys import account_keys, name_keys
from reconciliation.matching.party_evidence import sample
from reconciliation.matching.text import name_key

_SEVERAL = 5  # counterparties beside whom a word stands
_WITH_DIGIT = r"[^\s/|*:;,+-]*[0-9][^\s/|*:;,+-]*"  # banks put slashes and dashes where others leave a space


def told_words(texts: pl.Series) -> pl.Series:
    """What texts say without numbers, in the form of `name_key`."""
    return name_key(texts.str.replace_all(_WITH_DIGIT, " "))


def says_something(context: LegContext, view: SideView, told: pl.Series) -> pl.Series:
    """By text of a side (`told_words`): whether it has a word that is not a standing one; not where it is null."""
    standing = standing_words(context, view)
    distinct = told.unique().drop_nulls()
    if standing.is_empty() or distinct.is_empty():
        return told.is_not_null()
    words = distinct.str.split(" ").list.set_difference(standing.implode())
    return told.is_in(distinct.filter(words.list.len() > 0).implode()).fill_null(False)


def standing_words(context: LegContext, view: SideView) -> pl.Series:
    """The standing words of a side's texts; made once of what is taught."""
    name = f"standing_words_{view.index}_{len(context.taught[0])}"
    if name not in context.cache:
        context.cache[name] = pl.DataFrame({"word": _learned(context, view)})
    return context.cache[name]["word"]


def _learned(context: LegContext, view: SideView) -> pl.Series:
    rows = sample(context)
    texts = view.dataset.take(["text"], rows[view.index])["text"]
    parties: dict[str, pl.Series] = {}
    for each in (context.sides[1 - view.index], view):
        data, own = each.dataset, rows[each.index]
        parties[f"name_{each.index}"] = name_keys(data, own)
        parties[f"id_{each.index}"] = data.take(["counterparty_id"], own)["counterparty_id"]
        parties[f"account_{each.index}"] = account_keys(data, own)
    said = pl.DataFrame({"word": told_words(texts).str.split(" "), **parties}).explode("word").drop_nulls("word")
    names = [
        pl.col(name).str.contains(pl.col("word"), literal=True).fill_null(False) for name in parties if "name" in name
    ]
    beside = said.filter(~pl.any_horizontal(names)).select("word", party=pl.coalesce(*parties))
    return (
        beside.drop_nulls().group_by("word").agg(pl.col("party").n_unique()).filter(pl.col("party") >= _SEVERAL)["word"]
    )
