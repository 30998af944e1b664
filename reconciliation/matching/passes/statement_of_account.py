"""Statements that are paid: all that a counterparty owes up to a day, or of a month, less its credit memos."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from reconciliation.matching.billing_periods import periods_named
from reconciliation.matching.charged_statements import less_usual_charges
from reconciliation.matching.common_numbers import names_other_numbers
from reconciliation.matching.context import LegContext, Rows
from reconciliation.matching.contradiction import spoken_against
from reconciliation.matching.described import learned_share
from reconciliation.matching.encoding import Ints
from reconciliation.matching.joins import key_pairs
from reconciliation.matching.other_sums import fit_otherwise
from reconciliation.matching.parties import left_parties
from reconciliation.matching.party_codes import right_parties
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import GROUPS, KIND, MEMBERS, SUGGESTED_ODDS, Proposals
from reconciliation.matching.statement_sets import statement_sets
from reconciliation.matching.text.dates import days_named

_SENTENCE = "all that the counterparty's statement shows up to a day, or of a month"
_PRIOR_ITEMS = 20.0  # payments that this share counts for
_ROUND = 100  # minor units of which round amounts are multiples: prices, which others may make up
_EPOCH = 1970 * 12  # months from the year 0 to 1970
_MONTHS = "datetime64[M]"


class StatementOfAccount(PassConfig):
    """The open items of the left item's counterparty up to a day, or of a month, where they are the only such set that comes to
    its amount (`statement_sets`), or with `charged` to its amount and a charge that others bear as well. `ahead` is how many days an
    item may be dated after the payment; of a counterparty that would make more than `max_pairs` pairs nothing is proposed."""

    KIND: ClassVar[str] = "statement_of_account"

    kind: Literal["statement_of_account"] = "statement_of_account"
    ahead: int = 3
    charged: bool = False
    max_pairs: int = 200_000
    #: Share of payments that pay such a set, before the data has spoken.
    prior: Annotated[float, Field(gt=0, lt=1)] = 0.1

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """The sets as groups."""
        pairs = self._pairs(context)
        sets = self._sets(context, pairs)
        if sets.is_empty():
            return
        left, right = sets["left"].to_numpy(), sets["right"].to_numpy()
        fits = pl.Series(context.compatible(left, right), dtype=pl.Boolean)
        sets = sets.filter(fits.to_frame("fits").select(pl.col("fits").all().over(sets["set"])).to_series())
        against = pl.Series(spoken_against(context, sets["left"].to_numpy(), sets["right"].to_numpy()))
        otherwise = fit_otherwise(context, sets.select("left", "right", proposal="set"))["proposal"]
        others = pl.Series(names_other_numbers(context, sets)) | sets["set"].is_in(otherwise.implode())
        sets = sets.with_columns(against=against, others=others)
        first = sets.unique("set", maintain_order=True)
        ratios = 1.0 / first["chance"].to_numpy()
        share = learned_share(
            ratios, first["left"].to_numpy().astype(np.int64), pairs["left"].n_unique(), self.prior, _PRIOR_ITEMS
        )
        odds = share / (1 - share) / pl.col("chance").first() * pl.col("usual").first()
        sets = sets.join(_interchangeable(sets, pairs, _months_said(context, first["left"].to_numpy())), on="set")
        doubtful = pl.col("against").all() | pl.col("others").any() | pl.col("twins").first()
        groups = sets.group_by("set").agg(
            pl.when(doubtful).then(odds.clip(upper_bound=SUGGESTED_ODDS)).otherwise(odds).alias("odds")
        )
        groups = groups.sort("set").select(
            "odds",
            proposal="set",
            difference_kind=pl.lit(KIND["fee" if self.charged else "none"]),
            evidence=pl.lit(0),
        )
        whole = sets.select("set", "left").unique().sort("set")
        lines = whole.select(
            proposal="set",
            side=pl.lit(0, pl.UInt8),
            row="left",
            applied=pl.Series(context.left.open[whole["left"].to_numpy()]),
        )
        bills = sets.select(proposal="set", side=pl.lit(1, pl.UInt8), row="right", applied="part")
        yield Proposals(
            groups=groups.select(list(GROUPS)).cast(GROUPS),  # type: ignore[arg-type]
            members=pl.concat([lines, bills]).cast(MEMBERS),  # type: ignore[arg-type]
            evidence=(f"{_SENTENCE}, less a charge that others bear as well" if self.charged else _SENTENCE,),
        )

    def _sets(self, context: LegContext, pairs: pl.DataFrame) -> pl.DataFrame:
        """The sets (`statement_sets.SETS`) of the left items that just one comes to, and how `usual` it is to pay less by the charge."""
        tried, cases = pairs, None
        if self.charged:
            tried, cases = less_usual_charges(context, pairs)
        alone = tried.filter(pl.col("part") == pl.col("whole")).select("left").unique()
        sets = statement_sets(tried.join(alone, on="left", how="anti"))
        if cases is None:
            return sets.with_columns(usual=pl.lit(1.0))
        found = sets.rename({"left": "case"}).join(cases, on="case", maintain_order="left")
        found = found.filter(pl.col("case").n_unique().over("left") == 1)
        return found.select(*sets.columns, usual="share").sort("set", "right")

    def _pairs(self, context: LegContext) -> pl.DataFrame:
        """The open items of the counterparty of each left item that has just one, as `statement_sets` takes them."""
        wanted = left_parties(context).unique()
        wanted = wanted.filter(pl.len().over("row") == 1)
        known = right_parties(context).join(wanted.select("party").unique(), on="party", how="semi")
        lines = context.left.selected(wanted["row"].to_numpy()).select(
            "row", "open", "currency", "date", wanted["party"]
        )
        due = pl.col("due_date").to_physical().cast(pl.Int64).alias("due")
        bills = context.right.selected(known["row"].to_numpy(), due)
        bills = bills.select("row", "open", "currency", "date", "due", known["party"])
        pairs, _ = key_pairs(lines, bills, ["party", "currency"], self.max_pairs)
        day = pl.col("date_right").cast(pl.Int64)
        pairs = pairs.filter(day <= pl.col("date").cast(pl.Int64) + self.ahead)
        pairs = pairs.select("left", "right", "due", whole="open", part="open_right", day=day)
        return pairs.with_columns(
            pl.coalesce("due", "day").alias("due"), pl.Series("month", _months(pairs["day"].to_numpy()))
        )


def _interchangeable(sets: pl.DataFrame, pairs: pl.DataFrame, said: pl.DataFrame) -> pl.DataFrame:
    """`set`, `twins`: whether another open item of the counterparty has the amount of a member, or round amounts make it up, so that the
    sum does not tell which is paid, but where the left text says the month of all members."""
    outside = pairs.join(sets, on=["left", "right"], how="anti").select("left", "right", "part")
    twins = pl.concat([sets.join(other, on=["left", "part"], how="semi") for other in (outside, _two_of(outside))])
    twins = pl.concat([twins, _two_of(sets).join(outside, on=["left", "part"], how="semi")], how="diagonal")
    twins = twins.select("set").unique()
    months = sets.join(pairs.select("left", "right", "month"), on=["left", "right"])
    one = months.group_by("set").agg(pl.col("left", "month").first(), pl.col("month").n_unique().alias("count"))
    told = one.filter(pl.col("count") == 1).join(said, on=["left", "month"], how="semi").select("set")
    doubtful = twins.join(told, on="set", how="anti").with_columns(twins=pl.lit(True))
    return one.select("set").join(doubtful, on="set", how="left").with_columns(pl.col("twins").fill_null(False))


def _two_of(items: pl.DataFrame) -> pl.DataFrame:
    """Any two of a left item's items of round amounts as one: `left`, `part`, and `set` where items have it."""
    rounded = items.filter(pl.col("part") % _ROUND == 0)
    keys = [name for name in ("left", "set") if name in items.columns]
    both = rounded.join(rounded, on=keys, suffix="_two").filter(pl.col("right") < pl.col("right_two"))
    return both.select(*keys, part=pl.col("part") + pl.col("part_two"))


def _months_said(context: LegContext, rows: Rows) -> pl.DataFrame:
    """`left`, `month` (since 1970-01) of the months, and of the dates, that these left rows name."""
    rows = np.unique(rows)
    named = periods_named(context, rows).select(left="row", month=pl.col("period").cast(pl.Int64) - _EPOCH)
    texts = context.left.dataset.take(["text"], rows).with_columns(pl.Series("row", rows))
    days = days_named(texts)
    dated = pl.DataFrame({"left": days["row"], "month": _months(days["day"].to_numpy().astype(np.int64))})
    return pl.concat([named, dated]).unique()


def _months(days: Ints) -> Ints:
    """The months of days since 1970-01-01."""
    return np.asarray(days.astype("datetime64[D]").astype(_MONTHS).astype(np.int64), dtype=np.int64)
