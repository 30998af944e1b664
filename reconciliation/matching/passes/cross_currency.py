"""Items of two currencies: a payment in dollars that the bank books in euros, at a rate of its own near the day's.

The references have to agree, or the counterparty; the amount only has to lie near the day's rate, or less near by what a
bank charges for such a payment. Where no rates are given, those at which items that name each other were exchanged serve
(`learned_rates`). The right item is settled in its own currency; the group says what it was worth in the left one's, and
the rest is the exchange difference, or the charge.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from reconciliation.matching.amount_differences import bound
from reconciliation.matching.amount_rules import AmountRule, Tolerance
from reconciliation.matching.context import LegContext
from reconciliation.matching.exchange import valued
from reconciliation.matching.joins import key_pairs, without_frequent
from reconciliation.matching.learned_rates import learned_rates
from reconciliation.matching.parties import left_parties
from reconciliation.matching.party_codes import right_parties
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.passes.reference_in_text import ReferenceInText
from reconciliation.matching.proposals import KIND, PAIRS, Proposals
from reconciliation.matching.reference_keys import linked_keys, side_keys, word_keys
from reconciliation.matching.text.identifiers import SURE

_SENTENCES = (
    "both carry the same reference, and the amounts are near at the rate of the day, {days}",
    "both are of the same counterparty, and the amounts are near at the rate of the day, {days}",
    "both carry the same reference, and the amounts are near at the rate at which others were exchanged, {days}",
    "both are of the same counterparty, and the amounts are near at the rate at which others were exchanged, {days}",
)
_REFERENCE, _PARTY = 0, 1
_LEARNED = 2  # the sentence further on where the rate is learned
_SURE = [str(variant) for variant in SURE]
_CHARGED = 0.02  # how much less a pair is believed that a charge has to explain as well
_LARGEST = 3  # a charge is at most one in so many of the amount
_SPREAD = 3.0  # amounts of one counterparty spread over so many powers of e


class CrossCurrency(PassConfig):
    """Pairs of unlike currency within `before` to `after` days (left date minus right date).

    The left amount lies within `share` of the right one at the newest rate of at most `max_age` days before the left
    date, or it moves up to `charge` more away from us, or less to us. `through` names a dataset whose identifiers stand
    for the right items linked to them; an identifier in a text is found as the leg's `reference_text` passes find it. Pairs of one
    counterparty alone (at most `max_pairs` each) are worth a suggestion, never more. Without rates, given or learned, nothing is
    found.
    """

    KIND: ClassVar[str] = "cross_currency"

    kind: Literal["cross_currency"] = "cross_currency"
    through: str | None = None
    share: Annotated[float, Field(gt=0, lt=0.2)] = 0.02
    charge: Tolerance = Field(default_factory=dict)
    max_age: Annotated[int, Field(ge=0)] = 7
    before: int = 3
    after: int = 10
    min_length: int = 5
    max_owners: int = 20
    max_pairs: int = 10_000
    odds: float = 1e5

    @property
    def beside(self) -> tuple[str, ...]:
        """The dataset that `through` names."""
        return () if self.through is None else (self.through,)

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Pairs by reference first, then by counterparty."""
        currencies = [np.unique(view.dataset.currency[view.rows()]) for view in context.sides]
        if len(np.union1d(*currencies)) < 2:
            return
        named = self._compatible(context, self._named(context))
        given = context.rates is not None and not context.rates.is_empty()
        rates = context.rates if given else self._learned(context, named)
        if rates is None or rates.is_empty():
            return
        sentence = 0 if given else _LEARNED
        charged = pl.when("charged").then(_CHARGED).otherwise(1.0)
        named = self._near(context, named, rates)
        yield self._proposals(named.with_columns(odds=self.odds * charged), sentence + _REFERENCE)
        party = self._near(context, self._compatible(context, self._of_party(context)), rates)
        # how many items of the counterparty lie as near by chance
        chance = pl.len().over("left") * pl.col("width") / _SPREAD
        yield self._proposals(party.with_columns(odds=(1 / chance).clip(upper_bound=100.0)), sentence + _PARTY)

    def _named(self, context: LegContext) -> pl.DataFrame:
        left = word_keys(context, context.left, self.min_length)
        own = [side_keys(context, context.right)]
        if self.through is not None and self.through in context.datasets:
            own.append(linked_keys(context, context.right, self.through))
        right = pl.concat(own).filter(pl.col("length") >= self.min_length)
        left, right = (without_frequent(keys, self.max_owners) for keys in (left, right))
        met = left.join(right, on="key", suffix="_right").filter(pl.col("check") == pl.col("check_right"))
        pairs = [met.select(left="row", right="row_right")]
        readers = [each for each in context.leg.passes if isinstance(each, ReferenceInText) and each.texts == "left"]
        for through in dict.fromkeys((None, self.through)):
            reader = next((each for each in readers if each.through == through), None)
            hits = pl.DataFrame() if reader is None else reader.hits(context)
            if not hits.is_empty():
                long = pl.col("token").str.len_bytes() >= self.min_length
                pairs.append(hits.filter(long, pl.col("variant").is_in(_SURE)).select("left", "right"))
        return pl.concat(pairs).unique()

    def _of_party(self, context: LegContext) -> pl.DataFrame:
        sides = (left_parties(context), right_parties(context))
        pairs, _ = key_pairs(*sides, ["party"], self.max_pairs)
        return pairs.select("left", "right").unique()

    def _compatible(self, context: LegContext, pairs: pl.DataFrame) -> pl.DataFrame:
        """Open compatible pairs (`left`, `right`) of unlike currency and one sign whose dates lie near."""
        left, right = (pairs[side].to_numpy().astype(np.uint32) for side in ("left", "right"))
        one, two = (view.dataset for view in context.sides)
        days = one.date[left].astype(np.int64) - two.date[right]
        fits = context.compatible(left, right, same_currency=False) & (one.currency[left] != two.currency[right])
        fits &= (days >= -self.before) & (days <= self.after)
        fits &= np.sign(context.left.open[left]) == np.sign(context.right.open[right])
        return pairs.filter(pl.Series(fits, dtype=pl.Boolean)).cast(pl.UInt32)

    def _learned(self, context: LegContext, named: pl.DataFrame) -> pl.DataFrame:
        """The rates at which items that name each other and nothing else were exchanged."""
        alone = pl.all_horizontal(pl.len().over(side) == 1 for side in ("left", "right"))
        pairs = named.filter(alone)
        left, right = (pairs[side].to_numpy() for side in ("left", "right"))
        return learned_rates(context.encoding, (context.left, left), (context.right, right))

    def _near(self, context: LegContext, pairs: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
        """Of pairs (`left`, `right`) those whose amounts lie near, with `mine`, `other`, `valued`; whether a charge explains what
        the rate does not (`charged`), and how wide "near" is, as a share of the amount (`width`)."""
        left, right = (pairs[side].to_numpy() for side in ("left", "right"))
        worth, known = valued(rates, context.encoding, (context.left, left), (context.right, right), self.max_age)
        mine, other = context.left.open[left], context.right.open[right]
        pairs = pl.DataFrame({"left": left, "right": right, "mine": mine, "other": other, "valued": worth})
        size = np.maximum(np.abs(worth).astype(np.float64), 1.0)
        # a charge is one of the left side's bank, in its currency: bounded by that currency's tolerance
        charge = bound(context, pairs, AmountRule(rule="fee", up_to=self.charge), of="left")
        charge = np.minimum(charge, size / _LARGEST)
        apart = (mine - worth).astype(np.float64)
        at_rate = np.abs(apart) <= size * self.share
        charged = ~at_rate & (apart < 0) & (-apart <= size * self.share + charge) & (np.sign(mine) == np.sign(worth))
        width = 2 * self.share + np.where(charged, charge / size, 0.0)
        return pairs.with_columns(pl.Series("charged", charged), pl.Series("width", width)).filter(
            pl.Series(known & (at_rate | charged), dtype=pl.Boolean)
        )

    def _proposals(self, pairs: pl.DataFrame, evidence: int) -> Proposals:
        frame = pairs.select(
            "left",
            "right",
            pl.col("mine").alias("left_applied"),
            pl.col("other").alias("right_applied"),
            pl.when("charged").then(KIND["fee"]).otherwise(KIND["fx"]).alias("difference_kind"),
            "odds",
            pl.lit(evidence).alias("evidence"),
            "valued",  # beyond the shape of pairs: what `results` balances the group with
        )
        return Proposals(pairs=frame.cast(PAIRS), evidence=_SENTENCES)  # type: ignore[arg-type]
