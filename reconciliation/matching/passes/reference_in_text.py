"""Identifiers of one side found in the other side's free text, at token boundaries, also truncated, reformatted or
wrapped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

import polars as pl

from reconciliation.matching.amount_rules import AmountRule, AmountRules
from reconciliation.matching.context import LegContext, SideView
from reconciliation.matching.customer_numbers import carried_by_several, of_one_item
from reconciliation.matching.first_payers import settle_first
from reconciliation.matching.joins import of_rows
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import Proposals
from reconciliation.matching.reference_keys import (
    beginning_alike,
    linked_references,
    shared_words,
    side_references,
    written,
)
from reconciliation.matching.repeated_payments import told_by_date
from reconciliation.matching.settlement import settle
from reconciliation.matching.text import Variant, find_identifiers
from reconciliation.matching.text.identifiers import identifier_keys
from reconciliation.matching.text.token_filter import worth_compiling

if TYPE_CHECKING:
    from reconciliation.matching.text.compiled_tokens import TextTokens

#: How sure each way of writing an identifier is, as odds.
VARIANT_ODDS: Mapping[str, float] = {
    Variant.EXACT: 3e5,
    Variant.SEGMENTS: 1e5,
    Variant.UNPREFIXED: 5e4,
    Variant.TRUNCATED: 2e4,
    Variant.SERIAL: 3e3,
}
_SENTENCES = {
    Variant.EXACT: "the text names the reference",
    Variant.SEGMENTS: "the text names the reference without its leading zeros",
    Variant.UNPREFIXED: "the text names the reference without its prefix",
    Variant.TRUNCATED: "the text names the reference cut off",
    Variant.SERIAL: "the text names the serial number of the reference",
}
_BOTH_SAY = "both texts name the same number"
_SHORT = 7  # an identifier below this many characters is less sure, by half a power of ten each


class ReferenceInText(PassConfig):
    """Identifiers found in texts.

    `texts` says whose texts are read (the other side's identifiers are searched in them). `through` names a dataset
    whose identifiers stand for the items linked to them: a bank line that names an invoice means the payment of the
    invoice. With `first_pays` the right items are bills: the earliest of several left items of one amount settles the
    item they name (`first_payers`), a number that several bills of one amount carry names none of them, and one that
    several of any amount carry names one only by the amount (`customer_numbers`). With `named_by: text` the numbers that
    the other side's texts say are the identifiers: an own payment's text names the bill.
    """

    KIND: ClassVar[str] = "reference_text"
    WEIGHS_ALL: ClassVar[bool] = False

    kind: Literal["reference_text"] = "reference_text"
    texts: Literal["left", "right"] = "left"
    through: str | None = None
    named_by: Literal["references", "text"] = "references"
    variants: tuple[Variant, ...] = (Variant.EXACT, Variant.SEGMENTS, Variant.UNPREFIXED)
    amounts: AmountRules = (AmountRule(rule="equal"), AmountRule(rule="sum"))
    first_pays: bool = False
    min_length: int = 4
    max_owners: int = 20
    grams: int = 3
    odds: float = 1.0  # multiplies the odds of the variants

    @property
    def beside(self) -> tuple[str, ...]:
        """The dataset that `through` names."""
        return () if self.through is None else (self.through,)

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Pairs of a text and an identifier standing in it."""
        edges = self._edges(context)
        if edges.is_empty():
            return
        settler = settle_first if self.first_pays else settle
        said = [_SENTENCES[variant] if self.named_by == "references" else _BOTH_SAY for variant in Variant]
        yield from settler(context, edges, self.amounts, said)

    def _edges(self, context: LegContext) -> pl.DataFrame:
        """Compatible pairs with the odds of their surest reading, of the variants that this pass allows."""
        hits = self.hits(context)
        if hits.is_empty():
            return hits
        fits = context.compatible(hits["left"].to_numpy(), hits["right"].to_numpy())
        hits = hits.filter(pl.Series(fits), pl.col("variant").is_in([str(variant) for variant in self.variants]))
        variant_odds = pl.col("variant").replace_strict(
            {str(variant): odds for variant, odds in VARIANT_ODDS.items()}, return_dtype=pl.Float64
        )
        length = pl.col("token").str.len_bytes().cast(pl.Float64)
        shortness = pl.lit(10.0).pow((length - _SHORT).clip(upper_bound=0.0) / 2)
        written = pl.when(pl.col("span") == 1).then(1.0).otherwise(0.5)
        return hits.select(
            "left",
            "right",
            (variant_odds * shortness * written * self.odds / pl.col("owners")).alias("odds"),
            pl.col("rank").cast(pl.UInt16).alias("evidence"),
            (~pl.col("variant").is_in([Variant.TRUNCATED, Variant.SERIAL])).alias("whole"),
            pl.lit(True).alias("typed"),
            "shared",
            (pl.col("variant") == Variant.SERIAL).alias("serial"),
        )

    def hits(self, context: LegContext) -> pl.DataFrame:
        """The pairs (`left`, `right`) of a text and an identifier standing in it (`token`, `variant`), whatever their amounts and
        currencies, for all passes of the leg with the same texts and identifiers; made once."""
        if self.through is not None and self.through not in context.datasets:
            return pl.DataFrame()
        name = f"text_hits_{self.texts}_{self.through}_{self.named_by}_{self.min_length}_{self.max_owners}_{self.grams}_{self.first_pays}"
        if name not in context.cache:
            found = self._hits(context)
            if self.through is not None:
                found = told_by_date(context, found, context.sides[1 if self.texts == "left" else 0], self.through)
            context.cache[name] = found
        return context.cache[name]

    def _hits(self, context: LegContext) -> pl.DataFrame:
        """All hits that any pass of the leg with the same texts and identifiers wants: texts are cut into tokens
        once."""
        variants = {
            variant
            for each in context.leg.passes
            if isinstance(each, ReferenceInText)
            and (each.texts, each.through, each.named_by) == (self.texts, self.through, self.named_by)
            for variant in each.variants
        }
        reading, named = (context.left, context.right) if self.texts == "left" else (context.right, context.left)
        texts = _texts(context, reading)
        identifiers = self._identifiers(context, named)
        by: list[str] = []
        if reading.dataset.entity[reading.rows()].all() and named.dataset.entity[named.rows()].all():
            by = ["entity"]
            texts = texts.with_columns(pl.Series("entity", reading.dataset.entity[texts["text_row"].to_numpy()]))
            rows = identifiers["identifier_row"].to_numpy()
            identifiers = identifiers.with_columns(pl.Series("entity", named.dataset.entity[rows]))
        hits = find_identifiers(
            texts,
            identifiers,
            by=by,
            variants=sorted(variants, key=list(Variant).index),
            grams=self.grams,
            min_length=self.min_length,
            max_owners=self.max_owners,
            tokens=self._tokens(context, texts, by)
            if worth_compiling(texts["text"], identifiers["reference"])
            else None,
        )
        # what the ids of settled items begin with as well names none of them
        hits = hits.with_columns(owners=self._owners(context, named, hits)).filter(pl.col("owners") <= self.max_owners)
        left, right = ("text_row", "identifier_row") if self.texts == "left" else ("identifier_row", "text_row")
        return hits.select(
            pl.col(left).cast(pl.UInt32).alias("left"),
            pl.col(right).cast(pl.UInt32).alias("right"),
            "token",
            "span",
            "variant",
            "rank",
            "owners",
            self._shared(named, hits).alias("shared"),
        )

    def _owners(self, context: LegContext, named: SideView, hits: pl.DataFrame) -> pl.Series:
        """By hit: how many identifiers begin with what is left of one that was cut off; 1 for any other."""
        data = named.dataset if self.through is None else context.datasets[self.through]
        cut = (hits["variant"] == Variant.TRUNCATED).arg_true()
        owners = pl.repeat(1, hits.height, dtype=pl.UInt32, eager=True)
        return (
            owners.scatter(cut, beginning_alike(data, hits["token"].gather(cut), canonical=True))
            if len(cut)
            else owners
        )

    def _shared(self, named: SideView, hits: pl.DataFrame) -> pl.Series:
        """By hit: whether it is of a number that several bills carry."""
        several = carried_by_several(named.dataset) if self.first_pays else pl.DataFrame()
        if several.is_empty() or hits.is_empty():
            return pl.repeat(False, hits.height, eager=True)
        several = of_rows(several, "row", hits["identifier_row"].to_numpy(), named.dataset.height)
        keys = identifier_keys(
            several, variants=list(Variant), min_length=self.min_length, among=hits.select("token").unique()
        )
        keys = keys.select(pl.col("row").alias("identifier_row"), "token", shared=pl.lit(True)).unique()
        met = hits.join(keys, on=["identifier_row", "token"], how="left", maintain_order="left")
        return met["shared"].fill_null(False)

    def _tokens(self, context: LegContext, texts: pl.DataFrame, by: Sequence[str]) -> TextTokens:
        """The texts' tokens; made once a leg, since later passes read fewer texts, where a trial of the leg has not read fewer."""
        from reconciliation.matching.text.compiled_tokens import TextTokens

        name = f"{self.texts}_{self.min_length}_{self.grams}_{'_'.join(by)}"
        if name not in context.tokens or not context.tokens[name].hold(texts["text_row"]):
            context.tokens[name] = TextTokens.of(texts, by, self.grams, self.min_length)
        return context.tokens[name]

    def _identifiers(self, context: LegContext, named: SideView) -> pl.DataFrame:
        if self.named_by == "text":
            words = shared_words(context, named, self.min_length, self.max_owners)
            given = words.select("row", reference="word")
        elif self.through is None:
            given = side_references(context, named, "reference", *(["key"] if self.first_pays else []))
            given = of_one_item(named.dataset, given).select("row", "reference") if self.first_pays else given
        else:
            given = linked_references(context, named, self.through, "reference")
        return given.rename({"row": "identifier_row"})


def _texts(context: LegContext, view: SideView) -> pl.DataFrame:
    """Text and references in one of the open items that may be met: a bank may put a mangled identifier in either place."""
    frame = view.dataset.read([written("text")], context.meeting(view)).select(pl.col("row").alias("text_row"), "text")
    return frame.filter(pl.col("text").is_not_null() & (pl.col("text") != ""))
