"""The forecasting config (`config/forecasting.yml`). Every key has a default: an empty file is a valid config."""

from __future__ import annotations

from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError


class ForecastingConfigError(ValueError):
    """The file is not what was expected; the message has a line per problem: file, key, expected, found."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PaymentDelay(_Strict):
    """How payment habits are learned from the items paid so far."""

    pseudo_observations: Annotated[float, Field(gt=0, le=1000)] = 8
    run_day_share: Annotated[float, Field(gt=0.5, le=1)] = Field(
        default=0.9, description="share of payments that must fall on one or two weekdays for them to be pay-run days"
    )
    run_day_minimum: Annotated[int, Field(ge=10)] = Field(
        default=30, description="paid payables an entity must have before its pay-run days are learned"
    )


class Committed(_Strict):
    """How long a payment past its day is still expected."""

    expires_after_days: Annotated[int, Field(ge=1, le=365)] = Field(
        default=10, description="days that statements cover after the execution date without showing the payment"
    )


class Recurring(_Strict):
    """What counts as a flow that comes again by itself: payroll, tax, rent."""

    enabled: bool = True
    occurrences: Annotated[int, Field(ge=3, le=24)] = Field(
        default=3,
        description="how often a flow must have come; with 3, two a month apart are enough in an account's first quarter",
    )
    amount_tolerance: Annotated[float, Field(gt=0, le=1)] = 0.25
    day_tolerance: Annotated[int, Field(ge=0, le=10)] = 3


class RunOff(_Strict):
    """What usually arrives that is not yet on the books."""

    enabled: bool = True
    history_days: Annotated[int, Field(ge=20, le=2000)] = Field(default=520, description="business days looked back")
    minimum_days: Annotated[int, Field(ge=10)] = 30


class Intervals(_Strict):
    """How the 80 % interval is calibrated on earlier cut-offs."""

    cutoffs: Annotated[int, Field(ge=0, le=52)] = 8
    minimum_days: Annotated[int, Field(ge=5)] = Field(
        default=20, description="days compared per horizon bucket, below which the wide interval is used and said so"
    )
    uncalibrated_factor: Annotated[float, Field(gt=0)] = Field(
        default=1.8, description="half width in standard deviations where nothing could be calibrated"
    )


class ForecastingConfig(_Strict):
    """`config/forecasting.yml`."""

    weeks: Annotated[int, Field(ge=1, le=52)] = 13
    default_calendar: str = "TARGET2"
    paying_accounts: dict[str, dict[str, str]] = Field(
        default={}, description="entity -> currency -> account that its open items are expected on"
    )
    payment_delay: PaymentDelay = PaymentDelay()
    committed: Committed = Committed()
    recurring: Recurring = Recurring()
    run_off: RunOff = RunOff()
    intervals: Intervals = Intervals()


def parse_forecasting(text: str, where: str = "forecasting.yml") -> ForecastingConfig:
    """The config in a YAML text; what it leaves out keeps its default.

    Raises `ForecastingConfigError` with a line per problem: file, key, what was expected, what was found.
    """
    try:
        return ForecastingConfig.model_validate(yaml.safe_load(text) or {})
    except yaml.YAMLError as error:
        raise ForecastingConfigError(f"{where}: not valid YAML: {error}") from error
    except ValidationError as error:
        raise ForecastingConfigError(
            "\n".join(
                f"{where}: {'.'.join(str(part) for part in problem['loc']) or '(whole file)'}: {problem['msg']}"
                f" (found {problem['input']!r})"
                for problem in error.errors()
            )
        ) from error
