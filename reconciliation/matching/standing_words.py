"""Words that the texts of a side show whoever the other party is: what a bank calls its transfers, the labels of its fields.

They are learned from the pairs that surer passes have accepted: a word that stands beside several counterparties, and in the
name of none of them, is nobody's name.
"""

from __future__ import annotations

import polars as pl

from reconciliation.matching.context import LegContext, Rows, SideView
from reconciliation.matching.counterparty_keys import account_keys, name_keys
from reconciliation.matching.reference_keys import NO_REFERENCE
from reconciliation.matching.taught_pairs import taught_pairs
from reconciliation.matching.text import name_key

_MISSING = tuple(each for each in NO_REFERENCE if each.isalpha())  # words that stand where a reference is missing
_SEVERAL = 5  # counterparties beside whom a word stands
_WITH_DIGIT = r"[^\s/|*:;,+-]*[0-9][^\s/|*:;,+-]*"  # banks put slashes and dashes where others leave a space


def told_words(texts: pl.Series) -> pl.Series:
    """What texts say without numbers, in the form of `name_key`."""
    return name_key(texts.str.replace_all(_WITH_DIGIT, " "))


def without_standing_words(context: LegContext, view: SideView, told: pl.Series) -> pl.Series:
    """Texts of a side (`told_words`) without the standing words among theirs; null where nothing is left."""
    standing = standing_words(context, view)
    distinct = pl.DataFrame({"told": told.unique().drop_nulls()})
    if distinct.is_empty():
        return told
    words = distinct["told"].str.split(" ").to_frame().with_row_index("text").explode("told")
    rest = words.join(standing.to_frame("told"), on="told", how="anti", maintain_order="left")
    rest = rest.group_by("text", maintain_order=True).agg(pl.col("told").str.join(" ").alias("rest"))
    distinct = distinct.with_row_index("text").join(rest, on="text", how="left")
    return told.to_frame("told").join(distinct, on="told", how="left", maintain_order="left")["rest"]


def standing_words(context: LegContext, view: SideView) -> pl.Series:
    """The standing words of a side's texts; made once of what they are learned from."""
    pairs = learned_from(context)
    name = f"standing_words_{view.index}_{len(pairs[0])}"
    if name not in context.cache:
        missing = name_key(pl.Series(_MISSING))
        context.cache[name] = pl.DataFrame({"word": pl.concat([_learned(context, view, pairs), missing])})
    return context.cache[name]["word"]


def learned_from(context: LegContext) -> tuple[Rows, Rows]:
    """The pairs that standing words are learned from: those of all ways of writing once they are known."""
    return context.surest if len(context.surest[0]) else context.taught


def _learned(context: LegContext, view: SideView, pairs: tuple[Rows, Rows]) -> pl.Series:
    rows = taught_pairs(context, pairs)
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
