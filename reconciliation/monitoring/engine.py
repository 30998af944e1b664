"""Runs the checks that are switched on and carries their alerts on from run to run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import polars as pl

from reconciliation.contracts import ALERT
from reconciliation.frames import conform
from reconciliation.monitoring.checks import (
    acknowledgement_gaps,
    approved_not_scheduled,
    balance_off,
    bank_detail_changes,
    duplicate_invoices,
    duplicate_payments,
    executed_not_booked,
    failed_deliveries,
    group_balance,
    late_approvals,
    rejected_not_reissued,
    scheduled_not_sent,
    sent_not_acknowledged,
    stale_positions,
    stale_sources,
    stale_statements,
    statement_gaps,
    unreconciled_lines,
)
from reconciliation.monitoring.config import MonitoringConfig, Settings
from reconciliation.monitoring.findings import FINDING
from reconciliation.monitoring.inputs import MonitoringInputs
from reconciliation.monitoring.lifecycle import alert_id, carry_on
from reconciliation.monitoring.severity import with_severity

Check = Callable[[MonitoringInputs, Settings, date], pl.DataFrame]

CHECKS: dict[str, Check] = {
    "stale_statement": lambda inputs, settings, as_of: stale_statements.find(inputs, settings.stale_statement, as_of),
    "stale_source": lambda inputs, settings, as_of: stale_sources.find(
        inputs, settings.stale_source, settings.stale_statement.default_calendar, as_of
    ),
    "stale_position": lambda inputs, settings, as_of: stale_positions.find(inputs, settings.stale_statement, as_of),
    "statement_gap": lambda inputs, _, as_of: statement_gaps.find(inputs, as_of),
    "balance_off": lambda inputs, _, as_of: balance_off.find(inputs, as_of),
    "approved_not_scheduled": lambda inputs, settings, as_of: approved_not_scheduled.find(
        inputs, settings.approved_not_scheduled, as_of
    ),
    "late_approval": lambda inputs, settings, as_of: late_approvals.find(inputs, settings.late_approval, as_of),
    "scheduled_not_sent": lambda inputs, settings, as_of: scheduled_not_sent.find(
        inputs, settings.scheduled_not_sent, settings.stale_statement.default_calendar, as_of
    ),
    "sent_not_acknowledged": lambda inputs, settings, as_of: sent_not_acknowledged.find(
        inputs, settings.sent_not_acknowledged, settings.stale_statement.default_calendar, as_of
    ),
    "acknowledgement_gap": lambda inputs, settings, as_of: acknowledgement_gaps.find(
        inputs, settings.acknowledgement_gap, settings.stale_statement.default_calendar, as_of
    ),
    "rejected_not_reissued": lambda inputs, settings, as_of: rejected_not_reissued.find(
        inputs, settings.rejected_not_reissued, as_of
    ),
    "executed_not_booked": lambda inputs, settings, as_of: executed_not_booked.find(
        inputs, settings.executed_not_booked, settings.stale_statement.default_calendar, as_of
    ),
    "unreconciled_line": lambda inputs, settings, as_of: unreconciled_lines.find(
        inputs, settings.unreconciled_line, as_of
    ),
    "duplicate_invoice": lambda inputs, settings, as_of: duplicate_invoices.find(
        inputs, settings.duplicate_invoice, as_of
    ),
    "duplicate_payment": lambda inputs, settings, as_of: duplicate_payments.find(
        inputs, settings.duplicate_payment, as_of
    ),
    "bank_detail_change": lambda inputs, settings, as_of: bank_detail_changes.find(
        inputs, settings.bank_detail_change, as_of
    ),
    "failed_delivery": lambda inputs, _, as_of: failed_deliveries.find(inputs, as_of),
    "group_balance": lambda inputs, _, as_of: group_balance.find(inputs, as_of),
}


def monitor(inputs: MonitoringInputs, config: MonitoringConfig, as_of: date, known: pl.DataFrame) -> pl.DataFrame:
    """All alerts, of this run and of earlier ones, with their status as of this run (ALERT, sorted by alert_id).

    `known` are the alerts earlier runs gave, empty on the first. What a person has set aside until a later day is ignored,
    and says by whom. Alerts of a check that is switched off are resolved, and say why. Amounts are unsigned. Raises
    `ValueError` for inputs that are not of their shapes, `UnknownCalendarError` for a calendar name no bank has.
    """
    found = [
        _alerts(name, check(inputs, config.checks, as_of), inputs, config, as_of)
        for name, check in CHECKS.items()
        if getattr(config.checks, name).enabled
    ]
    shape = {name: kind for name, kind in ALERT.items() if name not in _HISTORY}
    now = pl.concat([pl.DataFrame(schema=shape), *found])
    repeated = now.filter(pl.col("alert_id").is_duplicated())
    if repeated.height:
        raise ValueError(f"a check found the same object twice: {repeated['check'][0]} {repeated['object_id'][0]}")
    alerts = carry_on(_without_doubted(_with_set_aside(now, inputs.set_aside)), known, as_of)
    off = [name for name in CHECKS if not getattr(config.checks, name).enabled]
    switched_off = pl.col("check").is_in(off) & (pl.col("resolved_on") == as_of)
    return alerts.with_columns(
        pl.when(switched_off).then(pl.lit("None: the check is switched off")).otherwise("next_step").alias("next_step")
    )


_HISTORY = ("first_seen", "last_seen", "status", "resolved_on", "ignored_until")


def _without_doubted(now: pl.DataFrame) -> pl.DataFrame:
    """The alerts without those that ask for a document to be approved or paid that looks entered twice."""
    doubted = now.filter((pl.col("check") == "duplicate_invoice") & ~pl.col("is_ignored")).select(
        "object_type", "object_id"
    )
    asked = pl.col("check").is_in(["approved_not_scheduled", "late_approval"])
    return pl.concat([now.filter(~asked), now.filter(asked).join(doubted, on=["object_type", "object_id"], how="anti")])


def _with_set_aside(now: pl.DataFrame, set_aside: pl.DataFrame) -> pl.DataFrame:
    """The alerts of this run with `is_ignored` and `ignored_until`, as people have decided of their objects."""
    found = now.join(set_aside, on=["check", "object_id"], how="left", maintain_order="left")
    is_ignored = pl.col("said").is_not_null()
    when = pl.when(pl.col("until").is_null()).then(pl.lit("Nothing until that is undone")).otherwise(
        pl.format("Nothing before {}", "until")
    )  # fmt: skip
    return found.with_columns(
        pl.when(is_ignored).then(pl.format("{}: {}", when, "said")).otherwise("next_step").alias("next_step"),
        is_ignored.alias("is_ignored"),
        pl.col("until").alias("ignored_until"),
    ).drop("until", "said")


def _alerts(
    name: str, found: pl.DataFrame, inputs: MonitoringInputs, config: MonitoringConfig, as_of: date
) -> pl.DataFrame:
    """The findings of one check as alerts without history."""
    settings = getattr(config.checks, name)
    rated = with_severity(conform(found, FINDING, name), settings, inputs.rates, inputs.base_currency, as_of)
    ids = [alert_id(name, *one) for one in rated.select("object_type", "object_id").iter_rows()]
    owner = pl.lit(settings.owner) if settings.owner else pl.coalesce("owner", pl.lit(config.default_owner))
    return rated.with_columns(
        pl.Series("alert_id", ids, dtype=pl.String), pl.lit(name).alias("check"), owner.alias("owner")
    ).select(name for name in ALERT if name not in _HISTORY)
