"""Forecasting: 13 weeks of cash, day by day, per account and currency, in layers that add up; pure.

Start at `engine.forecast`; `accuracy.accuracy` holds earlier vintages against the statements.
"""

from reconciliation.forecasting.accuracy import accuracy
from reconciliation.forecasting.config import ForecastingConfig, ForecastingConfigError, parse_forecasting
from reconciliation.forecasting.engine import forecast
from reconciliation.forecasting.inputs import ForecastInputs, known_by
from reconciliation.forecasting.origins import Origins, origins

__all__ = [
    "ForecastInputs",
    "ForecastingConfig",
    "ForecastingConfigError",
    "Origins",
    "accuracy",
    "forecast",
    "known_by",
    "origins",
    "parse_forecasting",
]
