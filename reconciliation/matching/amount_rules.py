"""Amount rules: in which ways the amounts of items that belong together may agree. Declared per pass, tried in
order."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

RuleName = Literal[
    "equal",  # one to one, to the minor unit
    "sum",  # one to many, many to one, many to many: totals agree to the minor unit
    "subset",  # one to some of the many: the only subset of the candidates whose sum agrees
    "netted",  # the right items named, in full or less a discount, less credit memos of the same counterparty not named
    "completed",  # the right items named, and others of the same counterparty that are not named
    "itemised",  # the amounts that the left text states for each of the right items it names, within discounts (`days` late)
    "linked",  # the amounts that known links state
    "withheld",  # all of what known links state, less a share of at most `share` that other payments lack too
    "discount",  # less the cash discount of the right side's items, within its time (plus `days`)
    "stated",  # less, or more, by what the left text states, as an amount or a share
    "rounding",  # within `up_to` units
    "fee",  # the left side moves up to `up_to` units or `share` of the amount more (or receives less)
    "fx",  # within `share` of the amount, either way
    "typing_error",  # two neighbouring digits swapped, one digit wrong, missing or doubled
    "partial",  # one side settles the other in part; the rest stays open
    "deviation",  # within `share` either way, both sides closed: a short or over payment
]

#: Ways in which items agree whole, to the minor unit.
AGREEING: tuple[RuleName, ...] = ("equal", "sum", "subset")

#: What the odds of the evidence are multiplied with where a rule says nothing of its own.
DEFAULT_ODDS: Mapping[str, float] = {
    "equal": 1.0,
    "sum": 1.0,
    "subset": 1.0,
    "netted": 0.05,
    "completed": 0.05,
    "itemised": 0.3,
    "linked": 1.0,
    "withheld": 0.1,
    "discount": 0.3,
    "stated": 0.3,
    "rounding": 0.1,
    "fee": 0.01,
    "fx": 0.01,
    "typing_error": 0.01,
    "partial": 0.01,
    "deviation": 0.0005,
}


def _by_currency(value: object) -> object:
    return value if isinstance(value, Mapping) else {"default": value}


Tolerance = Annotated[dict[str, Annotated[Decimal, Field(ge=0)]], BeforeValidator(_by_currency)]


class AmountRule(BaseModel):
    """One way in which amounts may agree, with its tolerance: `share` of the amount, or `up_to` units of the currency.

    `up_to` is one number for all currencies, or one each, `default` standing for those not named.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: RuleName
    up_to: Tolerance = {}
    share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    days: Annotated[int, Field(ge=0)] = 0
    odds: Annotated[float, Field(gt=0)] | None = None
    #: Of a `fee`: the share of the amount above which it has to be one that others bear too; what only one bears may be a claim.
    alone: Annotated[float, Field(ge=0, le=1)] = 1.0

    def tolerance(self, currency: str) -> Decimal:
        """`up_to` in units of that currency (ISO 4217)."""
        return self.up_to.get(currency, self.up_to.get("default", Decimal(0)))

    @property
    def differs(self) -> bool:
        """Whether the amounts of the two sides need not agree to the minor unit."""
        return self.rule in (
            "itemised",
            "withheld",
            "stated",
            "rounding",
            "fee",
            "fx",
            "typing_error",
            "partial",
            "deviation",
        )

    @property
    def factor(self) -> float:
        """What this way of agreeing multiplies the odds of the evidence with."""
        return self.odds if self.odds is not None else DEFAULT_ODDS[self.rule]


def _rule(value: object) -> object:
    return {"rule": value} if isinstance(value, str) else value


AmountRules = tuple[Annotated[AmountRule, BeforeValidator(_rule)], ...]
