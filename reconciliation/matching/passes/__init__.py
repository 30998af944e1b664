"""The kinds of pass, by the name YAML calls them. A new kind is one module here and one line in `MODULES`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module

from reconciliation.matching.passes.base import PassConfig

MODULES: Mapping[str, str] = {
    "links": "known_links",
    "reference": "exact_reference",
    "reference_text": "reference_in_text",
    "batch": "batch_sum",
    "batch_rejected": "batch_rejected",
    "batch_charge": "batch_charge",
    "statement_of_account": "statement_of_account",
    "amount_date": "amount_date",
    "near_amount": "near_amount",
    "period_named": "period_named",
    "common_number": "common_number",
    "recurring": "recurring",
    "cross_currency": "cross_currency",
    "subset_sum": "subset_sums",
    "offset": "offsetting",
    "voided": "voided",
    "rebooked": "rebooked",
    "returned": "returned",
    "returned_less_charge": "returned_less_charge",
    "own_transfer": "own_transfer",
    "described": "described_amount",
    "described_sum": "described_sum",
    "described_cluster": "described_cluster",
    "described_payout": "described_payout",
    "described_charge": "described_charge",
    "described_together": "described_together",
    "described_difference": "described_difference",
    "described_near": "described_near",
    "described_reversal": "described_reversal",
}

__all__ = ["MODULES", "PassConfig", "pass_kind", "validate_pass"]


@cache
def pass_kind(kind: str) -> type[PassConfig]:
    """The declaration class of a kind of pass, its module imported on first use."""
    module = import_module(f"reconciliation.matching.passes.{MODULES[kind]}")
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, PassConfig) and kind == value.KIND:
            return value
    raise LookupError(f"{module.__name__} declares no PassConfig with KIND = {kind!r}")


def validate_pass(value: object) -> object:
    """A pass of YAML (a mapping with `kind`, or the kind alone) as its declaration class."""
    if isinstance(value, str):
        value = {"kind": value}
    if isinstance(value, Mapping):
        kind = value.get("kind")
        if kind not in MODULES:
            raise ValueError(f"unknown kind of pass {kind!r}; known: {', '.join(MODULES)}")
        return pass_kind(str(kind)).model_validate(dict(value))
    return value
