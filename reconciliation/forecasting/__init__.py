"""Forecasting: 13 weeks of cash, day by day, per account and currency, in layers that add up; pure.

Start at `engine.forecast`; `accuracy.accuracy` holds earlier vintages against the statements.
"""

from reconciliation.forecasting.accuracy import accuracy
from reconciliation.forecasting.config import ForecastingConfig, ForecastingConfigError, parse_forecasting
from reconciliation.forecasting.engine import forecast
from reconciliation.forecasting.inputs import ForecastInputs, known_by

__all__ = [
    "ForecastInputs",
    "ForecastingConfig",
    "ForecastingConfigError",
    "accuracy",
    "forecast",
    "known_by",
    "parse_forecasting",
]
