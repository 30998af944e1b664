"""Items whose texts agree and whose amounts nearly do: a fee kept back, two digits swapped."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from reconciliation.matching.charge_rows import CHARGED_WITHIN, charge_rows
from reconciliation.matching.coincidence import Floats
from reconciliation.matching.context import LegContext, minor_tolerance
from reconciliation.matching.described import learned_lags, learned_share, learned_texts, related_pairs, shown_alone
from reconciliation.matching.edge_candidates import pairs_frame
from reconciliation.matching.encoding import Mask
from reconciliation.matching.fee_habits import habit_ratios, known_fees, unseen_fees
from reconciliation.matching.near_rivals import equal_rivals, fee_rivals, party_rivals, slip_rivals
from reconciliation.matching.passes.base import PassConfig
from reconciliation.matching.proposals import GROUPS, KIND, MEMBERS, PAIRS, Proposals
from reconciliation.matching.typing_errors import looks_mistyped

_SENTENCES = {
    "fee": "texts that share rare words, and amounts that differ by no more than a fee, {days}",
    "typing_error": "texts that share rare words, and amounts that differ as a slip of the keyboard makes them, {days}",
}
_CHARGED = "texts that share rare words, and amounts that differ by a charge which is shown by itself, {days}"
_SIDES = ("left", "right")
_NEAR = 1  # days within which the other side would show a charge of its own
_EITHER = 0.1  # how much less a fee is believed where an item of its amount may belong to the two
_NONE = Proposals()
_PRIOR_ITEMS = 20.0  # items that the configured share of such pairs counts for


class DescribedDifference(PassConfig):
    """Pairs of open items with `min_nats` of text in common, within `window` days, whose amounts differ by a fee or
    a slip.

    A fee is at most `up_to` units or `share` of the amount, and one side always bears it: the one that `payer`
    names moves the less money in, or the more out. The odds are how often an open item has such a partner
    (`prior`, corrected by the data), times what text and date distance say, over the number of items whose amount
    would do as well by chance.
    """

    KIND: ClassVar[str] = "described_difference"
    WEIGHS_SUGGESTED: ClassVar[bool] = True

    kind: Literal["described_difference"] = "described_difference"
    window: int = 30
    min_nats: float = 3.0
    payer: Literal["left", "right", "either"] = "either"
    up_to: Annotated[Decimal, Field(ge=0)] = Decimal(30)
    share: Annotated[float, Field(ge=0, lt=0.5)] = 0.035
    prior: Annotated[float, Field(gt=0, lt=1)] = 0.1

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Fees, then slips."""
        for kind in ("typing_error", "fee"):
            pairs = related_pairs(context, self.window, self.min_nats)
            related = pairs = pairs.filter((pl.col("mine") > 0) == (pl.col("other") > 0))
            pairs = pairs.filter(pl.col("mine") != pl.col("other"))
            if pairs.is_empty():
                continue
            bound = self._bound(context, pairs)
            slips = looks_mistyped(pairs["mine"], pairs["other"])
            fits = slips if kind == "typing_error" else self._is_fee(pairs, bound) & ~slips
            pairs, bound = pairs.filter(pl.Series(fits)), bound[fits]
            if pairs.is_empty():
                continue
            texts, shares = learned_texts(context), learned_lags(context, self.window)
            likely = shares[pairs["lag"].to_numpy() + self.window]
            if kind == "fee":
                ratios = texts.odds(pairs) / fee_rivals(context.right, pairs, bound)
                # what texts tell of strangers they do not tell of others of the party
                ratios = likely * np.minimum(ratios, (2 * self.window + 1) / party_rivals(related, pairs, bound))
            else:
                ratios = likely * texts.odds(pairs) / slip_rivals(context.right, pairs)
            share = learned_share(
                ratios, pairs["left"].to_numpy().astype(np.int64), len(context.left.rows()), self.prior, _PRIOR_ITEMS
            )
            odds = share / (1 - share) * ratios
            if kind == "fee":
                differences = pairs["mine"].to_numpy() - pairs["other"].to_numpy()
                unseen = unseen_fees(differences, bound)
                odds = odds * habit_ratios(
                    differences, pairs["other"].to_numpy(), bound, odds / (1 + odds), unseen, known_fees(context)
                )
                odds = np.minimum(odds, likely * texts.odds(pairs) / equal_rivals(context.sides, pairs))
            weighed = pairs.with_columns(pl.Series("odds", odds), pl.lit(0, pl.UInt16).alias("evidence"))
            groups, members, rest = _NONE.groups, _NONE.members, weighed
            if kind == "fee":
                groups, members, rest = self._with_charges(context, weighed)
            yield Proposals(
                pairs=pairs_frame(rest, "mine", "other", kind, 1.0).select(list(PAIRS)),
                groups=groups,
                members=members,
                evidence=(_SENTENCES[kind], _CHARGED),
            )

    def _with_charges(
        self, context: LegContext, pairs: pl.DataFrame
    ) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """Groups of the pairs whose fee the side of the lesser amount shows by itself, as it does for others, and the other
        side does not; and the pairs, believed less where it shows such an amount that may be something else."""
        pairs = pairs.with_row_index("proposal")
        dates = {
            name: view.dataset.date[pairs[name].to_numpy()] for view, name in zip(context.sides, _SIDES, strict=True)
        }
        lacking = pl.col("mine").abs() < pl.col("other").abs()
        found, either = [], []
        for view, other, name, lacks in (
            (context.left, context.right, "left", lacking),
            (context.right, context.left, "right", ~lacking),
        ):
            difference = pl.col("other") - pl.col("mine") if name == "left" else pl.col("mine") - pl.col("other")
            wanted = pairs.with_columns(
                pl.Series("currency", view.dataset.currency[pairs[name].to_numpy()]), first=pl.Series(dates[name])
            ).filter(lacks)
            wanted = wanted.select(
                "proposal", "currency", "first", last=pl.col("first") - CHARGED_WITHIN + 1, open=difference,
                one="right" if name == "left" else "left",
            )  # fmt: skip
            shown = charge_rows(context, view, wanted, habit=True)
            alone = shown_alone(view, other, shown["row"].to_numpy(), _NEAR)
            found.append(shown.filter(~pl.Series(alone, dtype=pl.Boolean)).with_columns(side=pl.lit(view.index)))
            either.append(charge_rows(context, view, wanted)["proposal"])
        charges = pl.concat(found)
        whole = pairs.join(charges.select("proposal"), on="proposal", how="semi")
        members = pl.concat(
            [
                part.select(list(MEMBERS)).cast(MEMBERS)  # type: ignore[arg-type]
                for part in (
                    whole.select("proposal", side=pl.lit(0), row="left", applied="mine"),
                    whole.select("proposal", side=pl.lit(1), row="right", applied="other"),
                    charges,
                )
            ]
        )
        groups = whole.select("proposal", "odds", difference_kind=KIND["none"], evidence=1).select(list(GROUPS))
        doubted = pl.col("proposal").is_in(pl.concat(either).implode())
        rest = pairs.join(whole, on="proposal", how="anti", maintain_order="left").with_columns(
            odds=pl.col("odds") * pl.when(doubted).then(_EITHER).otherwise(1.0)
        )
        return groups.cast(GROUPS), members.sort("proposal", "side", "row"), rest.drop("proposal")  # type: ignore[arg-type]

    def _bound(self, context: LegContext, pairs: pl.DataFrame) -> Floats:
        """The largest fee of each pair, in minor units; never more than a third of the amount."""
        units = minor_tolerance(context, str(self.up_to))[context.left.dataset.currency[pairs["left"].to_numpy()]]
        size = pairs["other"].abs().to_numpy().astype(np.float64)
        bound: Floats = np.minimum(np.maximum(units, size * self.share), size / 3)
        return bound

    def _is_fee(self, pairs: pl.DataFrame, bound: Floats) -> Mask:
        difference = pairs["mine"].to_numpy() - pairs["other"].to_numpy()
        near: Mask = np.abs(difference) <= bound
        borne = {"left": difference < 0, "right": difference > 0}
        fits: Mask = np.logical_and(near, borne.get(self.payer, True))
        return fits
