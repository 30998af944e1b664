"""The sentence that says why a group stands: the evidence, how the amounts agree, how far the dates lie apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from reconciliation.matching.context import LegContext
from reconciliation.matching.proposals import DIFFERENCE_KINDS

_DIFFERENCES = {
    "none": "the amounts agree",
    "fee": "the amounts differ by a fee",
    "fx": "the amounts differ within the exchange rate's tolerance",
    "discount": "the amounts differ by the cash discount",
    "rounding": "the amounts differ by rounding",
    "short_pay": "less was paid than asked",
    "over_pay": "more was paid than asked",
    "return": "the payment came back",
    "typing_error": "the amounts differ by what looks like a typing error",
}


def pair_explanations(context: LegContext, pairs: pl.DataFrame, evidence: Sequence[str]) -> pl.Series:
    """One sentence a pair. Few distinct ones: they are made once each and gathered."""
    left, right = pairs["left"].to_numpy(), pairs["right"].to_numpy()
    one, two = context.left.dataset, context.right.dataset
    lag = one.date[left].astype(np.int64) - two.date[right].astype(np.int64)
    left_applied, right_applied = pairs["left_applied"].to_numpy(), pairs["right_applied"].to_numpy()
    part = 2 * (np.abs(left_applied) < np.abs(one.amount[left])) + (np.abs(right_applied) < np.abs(two.amount[right]))
    keys = pairs.select("evidence", "difference_kind", "status").with_columns(
        pl.Series("lag", lag), pl.Series("part", part.astype(np.int8))
    )
    code = pl.struct("evidence", "difference_kind", "status", "lag", "part")
    distinct = keys.unique()
    sentences = [_sentence(context, row, evidence) for row in distinct.iter_rows(named=True)]
    lookup = distinct.select(code.alias("code")).with_columns(pl.Series("sentence", sentences, dtype=pl.String))
    return keys.select(code.alias("code")).join(lookup, on="code", how="left", maintain_order="left")["sentence"]


def _sentence(context: LegContext, row: dict[str, int], evidence: Sequence[str]) -> str:
    reason = evidence[row["evidence"]]
    days = lag_words(row["lag"])
    said = reason.replace("{days}", days)
    clauses = [said[0].upper() + said[1:]]
    clauses.append(
        "the amounts cancel out"
        if context.leg.offsets and DIFFERENCE_KINDS[row["difference_kind"]] == "none"
        else _DIFFERENCES[DIFFERENCE_KINDS[row["difference_kind"]]]
    )
    if row["part"]:
        names = context.left.dataset.name, context.right.dataset.name
        which = " and of the ".join(name for bit, name in ((2, names[0]), (1, names[1])) if row["part"] & bit)
        clauses[1] = f"a part of the {which} item is settled, its rest stays open"
    if "{days}" not in reason:
        clauses.append(days)
    text = "; ".join(clauses)
    return text + ("; not sure enough to be taken as matched." if row["status"] == 1 else ".")


def lag_words(days: int) -> str:
    """The date distance in words; `days` is left date minus right date."""
    if days == 0:
        return "on the same day"
    return f"{abs(days)} day{'s' if abs(days) != 1 else ''} {'later' if days > 0 else 'earlier'}"


def group_explanations(
    context: LegContext, groups: pl.DataFrame, totals: pl.DataFrame, evidence: Sequence[str]
) -> pl.Series:
    """One sentence a group of several items: how many of each side, the evidence, the amounts. Made once for all groups
    that say the same."""
    keys = ["evidence", "difference_kind", "lefts", "rights", "status"]
    frame = groups.select("evidence", "difference_kind", "status").hstack(totals.select("lefts", "rights"))
    distinct = frame.unique()
    told = distinct.with_columns(_group_sentences(context, distinct, evidence).alias("explanation"))
    return frame.join(told, on=keys, how="left", maintain_order="left")["explanation"]


def _group_sentences(context: LegContext, groups: pl.DataFrame, evidence: Sequence[str]) -> pl.Series:
    kinds = pl.Series([_DIFFERENCES[kind] for kind in DIFFERENCE_KINDS])
    said = pl.Series([sentence.replace(", {days}", "") for sentence in evidence] or [""])
    sentence = said.gather(groups["evidence"]).str.replace("^(.)", "$1")
    first = sentence.str.slice(0, 1).str.to_uppercase() + sentence.str.slice(1)
    frame = pl.DataFrame(
        {
            "first": first,
            "kind": kinds.gather(groups["difference_kind"]),
            "lefts": groups["lefts"],
            "rights": groups["rights"],
            "status": groups["status"],
        }
    )
    left, right = context.left.dataset.name, context.right.dataset.name
    count = pl.format("{} of {} against {} of {}", "lefts", pl.lit(left), "rights", pl.lit(right))
    ending = (
        pl.when(pl.col("status") == 1).then(pl.lit("; not sure enough to be taken as matched.")).otherwise(pl.lit("."))
    )
    usual = pl.format("{}; {}: {}{}", "first", count, "kind", ending)
    tie = pl.format("Several answers are equally good: {}; {}. None is taken.", count, "first")
    return frame.select(pl.when(pl.col("status") == 2).then(tie).otherwise(usual).alias("explanation"))["explanation"]
