"""Lines that undo another and keep a charge: a returned direct debit with the bank's fee on top, a payment that came back
with the fee taken off.

The text says that something is undone, a number in both texts says what; the amount differs by the charge, so that it
alone says nothing. One counterparty without a number in common is worth a suggestion, never more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from reconciliation.matching.amount_differences import fee_taken
from reconciliation.matching.amount_rules import AmountRule, Tolerance
from reconciliation.matching.context import LegContext, Rows
from reconciliation.matching.counterparty_keys import account_keys, name_keys
from reconciliation.matching.edge_candidates import pairs_frame
from reconciliation.matching.joins import key_pairs, without_frequent
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.passes.described_reversal import UNDOING
from reconciliation.matching.proposals import Proposals
from reconciliation.matching.reference_keys import written
from reconciliation.matching.text.folding import ascii_upper_series

_SENTENCES = (
    "the text says that it undoes another, both name the same number, {days}",
    "the text says that it undoes another of the same counterparty, {days}",
)
_NUMBER, _PARTY = 0, 1
_ODDS = (4000.0, 12.0)
_ANOTHER = (40.0, 1.0)  # how much less odds are believed for each other item that would be meant as well
_LONGEST_SHARE = 0.5  # what a charge may be of the amount without a number in common
_MAX_PAIRS = 2500
_NUMBERS = r"[A-Z0-9]*[0-9][A-Z0-9]*"


class ReturnedLessCharge(PassConfig):
    """Pairs of one account of one dataset that cancel out but for a charge of at most `charge`, the left item saying that it
    undoes another, at most `after` days later.

    Both texts hold one number of at least `min_length` characters that at most `max_owners` items hold, or both are of one
    counterparty.
    """

    KIND: ClassVar[str] = "returned_less_charge"

    kind: Literal["returned_less_charge"] = "returned_less_charge"
    charge: Tolerance = Field(default_factory=dict)
    after: int = 30
    min_length: int = 5
    max_owners: int = 20

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Pairs that cancel out but for a charge."""
        undoing = self._undoing(context)
        if undoing.is_empty():
            return
        named = self._apart(context, self._of_number(context, undoing), _NUMBER)
        known = named.select("left").unique()
        of_party = self._of_party(context, undoing["row"].to_numpy()).join(known, on="left", how="anti")
        pairs = pl.concat([named, self._apart(context, of_party, _PARTY)])
        if not pairs.is_empty():
            yield Proposals(pairs=pairs_frame(pairs, "mine", "open", "fee", 1.0), evidence=_SENTENCES)

    def _undoing(self, context: LegContext) -> pl.DataFrame:
        """`row`, `text` of the open left items that say they undo."""
        signs = np.sign(context.right.open)
        met = [sign for sign in (-1, 1) if (signs == -sign).any()]
        asked = np.isin(np.sign(context.left.open), met) & context.left.is_open
        frame = context.left.dataset.read([written("text")], asked).select("row", "text").drop_nulls("text")
        said = frame.with_columns(ascii_upper_series(frame["text"]).alias("text"))
        return said.filter(pl.col("text").str.contains(UNDOING))

    def _of_number(self, context: LegContext, undoing: pl.DataFrame) -> pl.DataFrame:
        """Pairs (`left`, `right`) of texts that hold one number."""
        mine = self._numbers(undoing)
        if mine.is_empty():
            return pl.DataFrame(schema={"left": pl.UInt32, "right": pl.UInt32})
        texts = context.right.dataset.read([written("text")], context.right.is_open).select("row", "text")
        texts = texts.filter(
            pl.col("text").str.contains_any(mine["number"].unique().implode(), ascii_case_insensitive=True)
        )
        other = self._numbers(texts.with_columns(ascii_upper_series(texts["text"]).alias("text")))
        other = without_frequent(other.with_columns(pl.col("number").hash().alias("key")), self.max_owners)
        met = mine.join(other, on="number").select(left="row", right="row_right")
        return met.unique().sort("left", "right")

    def _numbers(self, texts: pl.DataFrame) -> pl.DataFrame:
        """`row`, `number`: the words with a digit of each text."""
        words = texts.select("row", pl.col("text").str.extract_all(_NUMBERS).alias("number"))
        words = words.explode("number", empty_as_null=False, keep_nulls=False)
        return words.filter(pl.col("number").str.len_bytes() >= self.min_length).unique()

    def _of_party(self, context: LegContext, undoing: Rows) -> pl.DataFrame:
        """Pairs (`left`, `right`) of one counterparty's account or name."""
        found = []
        for keys in (account_keys, name_keys):
            left = pl.DataFrame({"row": undoing, "party": keys(context.left.dataset, undoing)}).drop_nulls()
            rows = context.right.rows() if not left.is_empty() else context.right.rows()[:0]
            right = pl.DataFrame({"row": rows, "party": keys(context.right.dataset, rows)}).drop_nulls()
            right = right.join(left.select("party").unique(), on="party", how="semi")
            found.append(key_pairs(left, right, ["party"], _MAX_PAIRS)[0].select("left", "right"))
        return pl.concat(found).unique().sort("left", "right")

    def _apart(self, context: LegContext, met: pl.DataFrame, evidence: int) -> pl.DataFrame:
        """Those of the pairs that differ by a charge, with `odds`: the less, the more items would be meant as well."""
        left, right = met["left"].to_numpy(), met["right"].to_numpy()
        mine, other = context.left.open[left], -context.right.open[right]
        days = context.left.dataset.date[left].astype(np.int64) - context.right.dataset.date[right]
        # on one day the money goes out before it comes back
        later = (days > 0) | ((days == 0) & (mine > 0))
        fits = context.compatible(left, right) & (left != right) & (np.sign(mine) == np.sign(other))
        shaped = met.with_columns(
            pl.Series("mine", mine), pl.Series("other", other), pl.Series("open", -other), pl.Series("lag", days)
        ).filter(pl.Series(fits & later & (days <= 3 * self.after)))
        rivals = shaped.with_columns((pl.len().over("left") - 1).alias("others"))
        near = rivals.filter(pl.Series(fee_taken(context, rivals, AmountRule(rule="fee", up_to=self.charge))))
        near = near.filter(pl.col("lag") <= self.after)
        if evidence == _PARTY:
            charge = (pl.col("mine") - pl.col("other")).abs()
            near = near.filter(charge <= _LONGEST_SHARE * pl.col("other").abs())
        odds = _ODDS[evidence] / (1 + _ANOTHER[evidence] * pl.col("others"))
        return near.with_columns(odds.alias("odds"), pl.lit(evidence, pl.UInt16).alias("evidence"))
