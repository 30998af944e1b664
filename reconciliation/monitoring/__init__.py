"""Monitoring: is the work flowing, and can the figures be trusted? Canonical facts in, alerts out; pure.

Start at `engine.monitor`; each check is one module under `checks/`.
"""

from reconciliation.monitoring.config import MonitoringConfig, MonitoringConfigError, parse_monitoring
from reconciliation.monitoring.engine import CHECKS, monitor
from reconciliation.monitoring.inputs import MonitoringInputs

__all__ = ["CHECKS", "MonitoringConfig", "MonitoringConfigError", "MonitoringInputs", "monitor", "parse_monitoring"]
