"""Items that carry the same identifier, letter for letter: end-to-end id, cheque number, document number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import polars as pl

from reconciliation.matching.amount_rules import AmountRule, AmountRules
from reconciliation.matching.context import LegContext
from reconciliation.matching.customer_numbers import of_one_item, telling_words
from reconciliation.matching.first_payers import settle_first, without_repeats
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import Proposals
from reconciliation.matching.reference_keys import cut_edges, joined, linked_keys, shared_keys, side_keys, word_keys
from reconciliation.matching.repeated_payments import told_by_date
from reconciliation.matching.settlement import settle

_SURE_LENGTH = 7  # a shorter identifier in a text is less sure, by half a power of ten for each character


class ExactReference(PassConfig):
    """Equal identifiers, settled by `amounts`.

    `find` says where the identifiers of one side stand on the other: in its `references`, as a whole word in its text
    (`left_text`, `right_text`), there with the end cut off (`left_cut`); or whether both texts hold the same word
    (`texts`). `through` names a dataset whose identifiers stand for the right items linked to them: a bank line that
    names an invoice means the invoice's payment. An identifier with more than `max_owners` owners on a side names
    nobody. With `first_pays` the right items are bills: the earliest of several left items of one amount settles the
    item they name (`first_payers`), and a number that several bills of one amount carry, or show in their texts, names none
    of them (`customer_numbers`). With `first_booked` the right items are payments, of which the earliest of several left items of
    one amount is the booking. An `echoed` identifier comes back from a machine as it was sent, and is no slip of the keys.
    """

    KIND: ClassVar[str] = "reference"
    WEIGHS_ALL: ClassVar[bool] = False

    kind: Literal["reference"] = "reference"
    find: Literal["references", "left_text", "right_text", "texts", "left_cut"] = "references"
    through: str | None = None
    amounts: AmountRules = (AmountRule(rule="equal"), AmountRule(rule="sum"))
    first_pays: bool = False
    first_booked: bool = False
    echoed: bool = False
    max_owners: int = 200
    min_length: int = 4
    odds: float = 1e6

    @property
    def beside(self) -> tuple[str, ...]:
        """The dataset that `through` names."""
        return () if self.through is None else (self.through,)

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Pairs of open items that share an identifier."""
        if self.through is not None and self.through not in context.datasets:
            return
        edges = (
            cut_edges(context, self.min_length, self.max_owners) if self.find == "left_cut" else self._whole(context)
        )
        if edges.is_empty():
            return
        if self.first_booked:
            edges = without_repeats(context, edges)
        short = (pl.col("length").cast(pl.Float64) - _SURE_LENGTH).clip(upper_bound=0.0) / 2
        certainty = pl.lit(self.odds) * (1.0 if self.find == "references" else pl.lit(10.0).pow(short))
        if self.find == "left_cut":
            certainty /= pl.col("owners")
        edges = edges.with_columns(
            certainty.alias("odds"),
            pl.lit(0, pl.UInt16).alias("evidence"),
            whole=pl.lit(self.find != "left_cut"),
            typed=pl.lit(not self.echoed),
        )
        settler = settle_first if self.first_pays else settle
        yield from settler(context, edges, self.amounts, (self._sentence(),))

    def _whole(self, context: LegContext) -> pl.DataFrame:
        left, right = (
            shared_keys(context, view, self.min_length, self.max_owners)
            if self.find == "texts"
            else word_keys(context, view, self.min_length)
            if self.find == where
            else side_keys(context, view)
            for view, where in zip(context.sides, ("left_text", "right_text"), strict=True)
        )
        if self.through is not None:
            right = linked_keys(context, context.right, self.through)
        elif self.first_pays:
            right = of_one_item(context.right.dataset, right)
            if self.find == "texts":
                met = right.filter(pl.col("key").is_in(left["key"].unique().implode()))
                right = telling_words(context, context.right, met)
        edges = joined(context, left, right, self.max_owners)
        return edges if self.through is None else told_by_date(context, edges, context.right, self.through)

    def _sentence(self) -> str:
        if self.find == "texts":
            return "both texts name the same number"
        if self.find == "left_cut":
            return "the text names the beginning of the reference"
        where = "both carry the same reference" if self.find == "references" else "the text names the reference"
        return where if self.through is None else f"{where} of an item of {self.through} that the other is linked to"
