"""Severity, owners, the config's errors, and the life of an alert over runs."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from monitoring_facts import (
    ACCOUNT,
    AS_OF,
    INVOICE,
    KNOWN_AT,
    LINE,
    NOTHING_KNOWN,
    PAYMENT,
    SOURCE,
    STATEMENT,
    alerts,
    facts,
    only,
)
from polars.testing import assert_frame_equal

from reconciliation.contracts import ALERT
from reconciliation.monitoring import (
    CHECKS,
    MonitoringConfig,
    MonitoringConfigError,
    MonitoringInputs,
    monitor,
    parse_monitoring,
)
from reconciliation.monitoring.config import Settings

ONE_LINE = facts(bank_lines=[LINE])
NO_LINE = facts()
LATER = date(2026, 3, 12)
TEN_TO_ONE = {"currency": "SEK", "numerator": Decimal(1), "denominator": Decimal(10)}


def run(
    inputs: MonitoringInputs, as_of: date, known: pl.DataFrame, config: MonitoringConfig | None = None
) -> pl.DataFrame:
    return monitor(inputs, config or MonitoringConfig(), as_of, known)


def test_an_alert_opens_stays_resolves_and_opens_again_under_one_id() -> None:
    opened = run(ONE_LINE, AS_OF, NOTHING_KNOWN)
    stays = run(ONE_LINE, LATER, opened)
    resolved = run(NO_LINE, date(2026, 3, 13), stays)
    again = run(ONE_LINE, date(2026, 3, 16), resolved)
    history = [
        one.select("alert_id", "status", "first_seen", "last_seen", "resolved_on").row(0)
        for one in (opened, stays, resolved, again)
    ]
    key = opened["alert_id"][0]
    assert history == [
        (key, "open", AS_OF, AS_OF, None),
        (key, "open", AS_OF, LATER, None),
        (key, "resolved", AS_OF, LATER, date(2026, 3, 13)),
        (key, "open", AS_OF, date(2026, 3, 16), None),
    ]


def test_what_a_person_has_set_aside_is_ignored_until_its_day() -> None:
    until = date(2026, 3, 13)
    ignored = {"check": "unreconciled_line", "object_id": "l1", "until": until, "said": "ada, the bank was asked"}
    of_another = {"check": "duplicate_payment", "object_id": "l1", "until": until, "said": "ada, not now"}
    opened = run(facts(bank_lines=[LINE], set_aside=[of_another]), AS_OF, NOTHING_KNOWN)
    aside = run(facts(bank_lines=[LINE], set_aside=[ignored]), LATER, opened)
    resolved = run(NO_LINE, LATER, aside)
    again = run(ONE_LINE, until, aside)
    told = [
        one.select("status", "since", "first_seen", "ignored_until").row(0) for one in (opened, aside, resolved, again)
    ]
    assert told == [
        ("open", LINE["date"], AS_OF, None),
        ("ignored", LINE["date"], AS_OF, until),
        ("resolved", LINE["date"], AS_OF, None),
        ("open", LINE["date"], AS_OF, None),
    ]
    assert aside["next_step"].to_list() == ["Nothing before 2026-03-13: ada, the bank was asked"]


def test_the_same_day_twice_changes_nothing() -> None:
    for inputs in (ONE_LINE, NO_LINE):
        once = run(inputs, LATER, run(ONE_LINE, AS_OF, NOTHING_KNOWN))
        assert_frame_equal(run(inputs, LATER, once), once)


def test_a_run_for_an_earlier_day_does_not_resolve_what_came_later() -> None:
    later = run(ONE_LINE, LATER, NOTHING_KNOWN)
    assert_frame_equal(run(NO_LINE, AS_OF, later), later)


def test_a_resolved_alert_stays_resolved_since_the_day_it_was() -> None:
    resolved = run(NO_LINE, LATER, run(ONE_LINE, AS_OF, NOTHING_KNOWN))
    assert run(NO_LINE, date(2026, 4, 1), resolved)["resolved_on"].to_list() == [LATER]


def test_a_check_switched_off_resolves_its_alerts_and_says_so() -> None:
    off = parse_monitoring("checks: {unreconciled_line: {enabled: false}}")
    found = run(ONE_LINE, LATER, run(ONE_LINE, AS_OF, NOTHING_KNOWN), off)
    assert found.select("status", "next_step").row(0) == ("resolved", "None: the check is switched off")


@pytest.mark.parametrize(
    ("currency", "amount", "severity"),
    [
        ("EUR", "49999.99", "info"),
        ("EUR", "50000.00", "warning"),
        ("EUR", "250000.00", "critical"),
        ("SEK", "499999.99", "info"),
        ("SEK", "500000.00", "warning"),
        ("SEK", "2500000.00", "critical"),
        ("XXX", "0.01", "warning"),  # no rate: its size cannot be judged
    ],
)
def test_severity_follows_the_money_in_the_groups_currency(currency: str, amount: str, severity: str) -> None:
    young = LINE | {
        "date": date(2026, 3, 8), "known_on": date(2026, 3, 8), "currency": currency, "amount": Decimal(amount),
        "open_amount": Decimal(amount),
    }  # fmt: skip
    assert only(alerts(facts(bank_lines=[young], rates=[TEN_TO_ONE])))["severity"] == severity


def test_owners_come_from_the_config_then_the_account_then_the_default() -> None:
    late = facts(accounts=[ACCOUNT], statements=[STATEMENT | {"statement_date": date(2026, 3, 2)}])
    assert only(alerts(late, "stale_statement"))["owner"] == "cash.desk"
    named = parse_monitoring("{default_owner: ops, checks: {stale_statement: {owner: bank.desk}}}")
    assert only(alerts(late, "stale_statement", named))["owner"] == "bank.desk"
    assert only(alerts(ONE_LINE, config=named))["owner"] == "ops"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("chekcs: {}", "m.yml: chekcs: Extra inputs are not permitted (found {})"),
        (
            "checks: {stale_statement: {lag_days: -1}}",
            "m.yml: checks.stale_statement.lag_days: Input should be greater",
        ),
        ("checks: {late_approval: {owner: 3}}", "m.yml: checks.late_approval.owner: Input should be a valid string"),
        (
            "checks: {balance_off: {warning_amount: 9, critical_amount: 1}}",
            "warning_amount (9) is above critical_amount (1)",
        ),
        ("checks: [", "m.yml: not valid YAML"),
    ],
)
def test_a_wrong_config_names_file_and_key(text: str, message: str) -> None:
    with pytest.raises(MonitoringConfigError) as caught:
        parse_monitoring(text, "m.yml")
    assert message in str(caught.value)


def test_an_empty_config_is_the_default_and_every_check_has_settings() -> None:
    assert parse_monitoring("") == MonitoringConfig()
    assert set(CHECKS) == set(Settings.model_fields)


def test_inputs_that_lack_a_column_or_an_offset_are_refused() -> None:
    with pytest.raises(ValueError, match="bank_lines: missing columns state"):
        replace(ONE_LINE, bank_lines=ONE_LINE.bank_lines.drop("state"))
    with pytest.raises(ValueError, match="no offset"):
        MonitoringInputs(known_at=datetime(2026, 3, 11, 18, 0), base_currency="EUR")  # noqa: DTZ001


def test_empty_inputs_give_no_alerts_of_the_right_shape() -> None:
    assert run(NO_LINE, AS_OF, NOTHING_KNOWN).schema == pl.Schema(ALERT)


_AMOUNT = st.decimals("-2000", "2000", places=2).filter(bool)


def _many(amounts: list[Decimal]) -> MonitoringInputs:
    """A group where most checks find something, with a row per amount."""
    days = [date(2026, 2, 1 + place % 28) for place in range(len(amounts))]
    lines = [
        LINE | {"bank_line_id": f"l{n}", "open_amount": amount, "amount": amount, "date": days[n]}
        for n, amount in enumerate(amounts)
    ]
    items = [
        INVOICE | {"open_item_id": f"i{n}", "document_number": str(n), "open_amount": -abs(amount),
                   "amount": -abs(amount),
                   "reference": f"R-{100 + n % 3}", "approval_status": ("approved", "pending")[n % 2]}
        for n, amount in enumerate(amounts)
    ]  # fmt: skip
    payments = [
        PAYMENT | {"payment_id": f"p{n}", "amount": -abs(amount), "end_to_end_id": f"E{n % 3}",
                   "status": ("sent", "acknowledged", "executed", "rejected")[n % 4]}
        for n, amount in enumerate(amounts)
    ]  # fmt: skip
    settlements = [
        {"payment_id": f"p{n}", "open_item_id": f"i{n // 2}", "amount": -abs(amount)}
        for n, amount in enumerate(amounts)
    ]
    statements = [STATEMENT | {"statement_key": f"s{n}", "statement_date": day} for n, day in enumerate(days)]
    return facts(
        accounts=[ACCOUNT, ACCOUNT | {"account_id": "CH-CHF", "currency": "CHF", "calendar": "CH"}],
        sources=[SOURCE | {"last_received_at": None}],
        bank_lines=lines,
        open_items=items,
        payments=payments,
        settlements=settlements,
        statements=statements,
    )


@settings(max_examples=8, derandomize=True, deadline=None)
@given(amounts=st.lists(_AMOUNT, min_size=1, max_size=9), seed=st.integers(0, 10_000))
def test_alerts_do_not_depend_on_the_order_of_rows(amounts: list[Decimal], seed: int) -> None:
    inputs = _many(amounts)
    shuffled = replace(
        inputs,
        **{
            one.name: getattr(inputs, one.name).sample(fraction=1, shuffle=True, seed=seed)
            for one in fields(inputs)
            if isinstance(getattr(inputs, one.name), pl.DataFrame)
        },
    )
    expected = run(inputs, AS_OF, NOTHING_KNOWN)
    assert_frame_equal(run(shuffled, AS_OF, NOTHING_KNOWN), expected)
    assert expected["alert_id"].is_unique().all()
    assert (expected["amount"].drop_nulls() >= 0).all()
    assert expected.filter(pl.col("since") > AS_OF).is_empty()


def test_known_at_is_what_counts_not_the_day_alone() -> None:
    evening = replace(facts(accounts=[ACCOUNT], statements=[STATEMENT | {"statement_date": date(2026, 3, 9)}]))
    assert len(alerts(evening, "stale_statement")) == 1
    morning = replace(evening, known_at=KNOWN_AT.replace(hour=1).astimezone(UTC))
    assert alerts(morning, "stale_statement") == []
