"""Stale statements, sources and positions: what is due depends on bank holidays, cut-off and time zone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from monitoring_facts import ACCOUNT, AS_OF, LINE, SOURCE, STATEMENT, Row, alerts, facts, only

from reconciliation.business_days import UnknownCalendarError, business_days
from reconciliation.monitoring import parse_monitoring
from reconciliation.monitoring.arrival_habits import usual_delay, usual_silence


def test_a_statement_of_yesterday_is_fresh() -> None:
    assert alerts(facts(accounts=[ACCOUNT], statements=[STATEMENT])) == []


def test_a_late_statement_says_since_when_and_how_late() -> None:
    old = STATEMENT | {"statement_date": date(2026, 3, 6), "closing_balance": Decimal("2500.50")}
    alert = only(alerts(facts(accounts=[ACCOUNT], statements=[old]), "stale_statement"))
    assert alert["since"] == date(2026, 3, 10)  # Monday's statement was due on Tuesday
    assert alert["message"] == (
        "DE-EUR: the newest statement is of 2026-03-06, the one of 2026-03-10 was due; "
        "2 business days late since 2026-03-10"
    )
    assert (alert["account"], alert["owner"], alert["amount"]) == ("DE-EUR", "cash.desk", Decimal("2500.50000"))
    assert alert["severity"] == "warning"


def test_a_list_without_an_entry_says_that_nothing_was_booked() -> None:
    old = STATEMENT | {"statement_date": date(2026, 3, 6)}

    def late(came: datetime, account: str = "DE-EUR") -> list[str]:
        source = SOURCE | {"calendar": None, "account_id": account, "last_empty_at": came}
        found = alerts(facts(accounts=[ACCOUNT], statements=[old], sources=[source]))
        return sorted(str(alert["check"]) for alert in found)

    assert late(datetime(2026, 3, 11, 5, 0, tzinfo=UTC)) == []  # before the cut-off, and yet it covers the day before
    assert late(datetime(2026, 3, 9, 5, 0, tzinfo=UTC)) == ["stale_position", "stale_statement"]
    assert late(datetime(2026, 3, 11, 5, 0, tzinfo=UTC), account="elsewhere") == ["stale_position", "stale_statement"]


@pytest.mark.parametrize(
    ("known_at", "is_late"),
    [
        (datetime(2026, 3, 11, 6, 59, tzinfo=UTC), False),  # 07:59 in Berlin
        (datetime(2026, 3, 11, 7, 0, tzinfo=UTC), True),  # 08:00 in Berlin
    ],
)
def test_the_cut_off_is_local_to_the_account(known_at: datetime, is_late: bool) -> None:
    monday = STATEMENT | {"statement_date": date(2026, 3, 9)}
    inputs = replace(facts(accounts=[ACCOUNT], statements=[monday]), known_at=known_at)
    assert bool(alerts(inputs, "stale_statement")) is is_late


@pytest.mark.parametrize(
    ("calendar", "as_of", "newest", "missed"),
    [
        ("TARGET2", date(2026, 4, 7), date(2026, 4, 2), 0),  # Good Friday to Easter Monday: Thursday's is the newest
        ("FED", date(2026, 4, 7), date(2026, 4, 2), 2),  # the Fed has no Good Friday and no Easter Monday
        ("FED", date(2026, 11, 27), date(2026, 11, 25), 0),  # Thanksgiving
        ("GB", date(2026, 9, 1), date(2026, 8, 28), 0),  # late summer bank holiday
        ("JP", date(2026, 5, 7), date(2026, 5, 1), 0),  # Golden Week
        ("CH", date(2026, 5, 15), date(2026, 5, 13), 0),  # Ascension
    ],
)
def test_bank_holidays_move_what_is_due(calendar: str, as_of: date, newest: date, missed: int) -> None:
    inputs = replace(
        facts(
            accounts=[ACCOUNT | {"calendar": calendar, "timezone": "UTC"}],
            statements=[STATEMENT | {"statement_date": newest}],
        ),
        known_at=datetime(as_of.year, as_of.month, as_of.day, 12, tzinfo=UTC),
    )
    found = alerts(inputs, "stale_statement", as_of=as_of)
    assert (len(found), str(missed) in str(found)) == ((1, True) if missed else (0, False))


def test_an_account_that_never_sent_a_statement_is_stale_from_the_first_run() -> None:
    first = alerts(facts(accounts=[ACCOUNT]), "stale_statement")
    alert = only(first)
    assert "has ever arrived" in str(alert["message"])
    assert (alert["since"], alert["severity"]) == (AS_OF, "critical")


def test_a_calendar_no_bank_has_is_an_error() -> None:
    with pytest.raises(UnknownCalendarError, match="'MOON' is not known; expected TARGET2, FED"):
        alerts(facts(accounts=[ACCOUNT | {"calendar": "MOON"}]))


def test_lag_and_tolerance_are_set_per_account() -> None:
    config = parse_monitoring("checks: {stale_statement: {accounts: {DE-EUR: {lag_days: 2, tolerance_days: 1}}}}")
    old = facts(accounts=[ACCOUNT], statements=[STATEMENT | {"statement_date": date(2026, 3, 6)}])
    assert alerts(old, config=config) == []
    older = facts(accounts=[ACCOUNT], statements=[STATEMENT | {"statement_date": date(2026, 3, 5)}])
    assert {row["check"] for row in alerts(older, config=config)} == {"stale_statement", "stale_position"}


def test_an_intraday_report_keeps_the_position_fresh_though_the_statement_is_late() -> None:
    report = STATEMENT | {"statement_key": "r", "kind": "report", "statement_date": AS_OF}
    old = STATEMENT | {"statement_date": date(2026, 3, 5)}
    inputs = facts(accounts=[ACCOUNT], statements=[old, report])
    assert [row["check"] for row in alerts(inputs)] == ["stale_statement"]


def test_a_position_from_an_old_balance_is_marked() -> None:
    old = STATEMENT | {"statement_date": date(2026, 3, 5), "closing_balance": Decimal("-12000.00")}
    alert = only(alerts(facts(accounts=[ACCOUNT], statements=[old]), "stale_position"))
    assert alert["message"] == (
        "The position of DE-EUR rests on -12,000.00 EUR of 2026-03-05, 3 business days older than due"
    )
    assert alert["amount"] == Decimal("12000.00000")


def test_a_source_that_missed_its_delivery_is_late() -> None:
    fresh = facts(sources=[SOURCE])
    assert alerts(fresh) == []
    early = facts(sources=[SOURCE | {"last_received_at": datetime(2026, 3, 10, 17, 0, tzinfo=UTC)}])
    assert alerts(early) == []  # what comes the evening before serves the morning
    late = facts(sources=[SOURCE | {"last_received_at": datetime(2026, 3, 9, 4, 0, tzinfo=UTC)}])
    alert = only(alerts(late, "stale_source"))
    assert alert["message"] == (
        "sap_items (SAP items) delivered last on 2026-03-09 05:00 local time; "
        "2 due deliveries have not come since 2026-03-10 06:00"
    )
    assert (alert["since"], alert["owner"], alert["account"]) == (date(2026, 3, 10), "erp.team", None)


def test_a_source_without_an_arrival_calendar_is_late_only_while_it_cannot_be_asked() -> None:
    assert alerts(facts(sources=[SOURCE | {"calendar": None, "last_received_at": None}])) == []
    down: Row = {
        "unreachable_since": datetime(2026, 3, 9, 4, 0, tzinfo=UTC),
        "unreachable_because": "no answer in time",
    }
    for calendar in (None, "TARGET2"):
        alert = only(alerts(facts(sources=[SOURCE | down | {"calendar": calendar}])))
        assert (
            alert["message"] == "sap_items (SAP items) was asked in vain since 2026-03-09 04:00 UTC: no answer in time"
        )
        assert (alert["check"], alert["since"], alert["owner"]) == ("stale_source", date(2026, 3, 9), "erp.team")
    missed = SOURCE | down | {"last_received_at": datetime(2026, 3, 9, 4, 0, tzinfo=UTC)}
    assert str(only(alerts(facts(sources=[missed])))["message"]).endswith("06:00; asked in vain: no answer in time")


def test_business_days_count_and_roll_over_holidays() -> None:
    target = business_days("TARGET2", AS_OF)
    assert target.add(date(2026, 4, 2), 1) == date(2026, 4, 7)
    assert target.between(date(2026, 4, 2), date(2026, 4, 7)) == 1
    assert target.between(date(2026, 4, 7), date(2026, 4, 2)) == -1
    assert target.on_or_after(date(2026, 12, 25)) == date(2026, 12, 28)
    assert target.on_or_before(date(2026, 12, 27)) == date(2026, 12, 24)
    assert business_days("AE", AS_OF).is_business_day(date(2026, 3, 13)) is True  # the Emirates rest on Saturday


def statements(days: list[date], **change: object) -> list[Row]:
    """Statements of these days, each opening where the one before closed, numbered from one."""
    return [
        STATEMENT | {"statement_key": f"s{place}", "statement_date": day, "sequence": place + 1,
                     "previous_sequence": place or None, "previous_date": days[place - 1] if place else None} | change
        for place, day in enumerate(days)
    ]  # fmt: skip


def test_an_account_with_a_statement_a_month_is_late_after_a_month() -> None:
    ends = [
        date(2025, 9, 30),
        date(2025, 10, 31),
        date(2025, 11, 28),
        date(2025, 12, 31),
        date(2026, 1, 30),
        date(2026, 2, 27),
    ]
    assert alerts(facts(accounts=[ACCOUNT], statements=statements(ends))) == []
    late = alerts(facts(accounts=[ACCOUNT], statements=statements(ends[:-1])))
    assert {row["check"] for row in late} == {"stale_statement", "stale_position"}
    alert = next(row for row in late if row["check"] == "stale_statement")
    assert alert["message"] == (
        "DE-EUR: the newest statement is of 2026-01-30; 27 business days without one, where up to 25 were usual"
    )
    assert (alert["since"], alert["severity"]) == (date(2026, 3, 10), "warning")
    assert alerts(facts(accounts=[ACCOUNT], statements=statements(ends[-2:]))) == []  # two say it, if less surely


def test_the_entries_of_a_first_statement_say_how_long_it_is_a_statement_of() -> None:
    first = [STATEMENT | {"statement_date": date(2026, 2, 27)}]
    of_a_month = [
        LINE | {"bank_line_id": f"l{day}", "date": date(2026, 2, day), "open_amount": Decimal(0)} for day in (3, 17, 27)
    ]
    assert alerts(facts(accounts=[ACCOUNT], statements=first, bank_lines=of_a_month), "stale_statement") == []
    assert len(alerts(facts(accounts=[ACCOUNT], statements=first, bank_lines=of_a_month[-1:]), "stale_statement")) == 1


def test_a_bank_that_turns_to_weekly_statements_shows_it_twice() -> None:
    """And one that turns to daily ones within three weeks; what is missing then is missed at once."""
    january = [date(2026, 1, day) for day in range(5, 31) if date(2026, 1, day).weekday() < 5]
    fridays = [date(2026, 2, 6), date(2026, 2, 13), date(2026, 2, 20), date(2026, 2, 27), date(2026, 3, 6)]
    for days, is_late in ((january + fridays, False), (january + fridays[:1], True)):
        assert bool(alerts(facts(accounts=[ACCOUNT], statements=statements(days)), "stale_statement")) is is_late
    february = [date(2026, 2, day) for day in range(9, 28) if date(2026, 2, day).weekday() < 5]
    march = [date(2026, 3, day) for day in (2, 3, 4, 5, 6)]
    before = [date(2026, 1, day) for day in (9, 16, 23, 30)] + fridays[:1]
    assert (
        len(alerts(facts(accounts=[ACCOUNT], statements=statements(before + february + march)), "stale_statement")) == 1
    )


def test_an_outage_is_no_habit_of_an_account_that_is_silent_now_and_then() -> None:
    tens = np.array([0, 2, 0, 1, 3, 0, 14, 1, 2, 0])
    assert usual_silence(tens) == 4
    assert usual_silence(np.array([0, 0, 0, 0, 9, 0, 0, 0, 0])) == 0
    assert usual_silence(np.array([21])) == 27  # a month, or a little more


def test_statements_that_come_days_late_are_usually_late() -> None:
    """Of ends of months that come on the fourth business day none is late on the third; a late one alone is no habit."""
    assert usual_delay(np.array([3, 3, 2, 3])) == 3
    assert usual_delay(np.array([0, 0, 9, 0])) == 0


def test_an_account_without_movement_most_days_is_late_once_it_is_silent_for_longer_than_usual() -> None:
    days = [date(2026, 2, day) for day in (2, 3, 6, 9, 10, 16, 17, 18, 19, 24, 25)] + [date(2026, 3, 4)]
    assert alerts(facts(accounts=[ACCOUNT], statements=statements(days)), "stale_statement") == []
    after = datetime(2026, 3, 13, 18, 0, tzinfo=UTC)
    inputs = replace(facts(accounts=[ACCOUNT], statements=statements(days)), known_at=after)
    assert len(alerts(inputs, "stale_statement", as_of=date(2026, 3, 13))) == 1
    # what was missing in between is no habit
    gaps = statements(days)
    for row in gaps:
        row["continuity"] = "gap" if row["previous_date"] is not None else "first"
    assert len(alerts(facts(accounts=[ACCOUNT], statements=gaps), "stale_statement")) == 1


def test_one_long_silence_is_no_habit() -> None:
    daily = [date(2026, 2, day) for day in range(2, 28) if date(2026, 2, day).weekday() < 5 and not 10 <= day <= 12]
    assert len(alerts(facts(accounts=[ACCOUNT], statements=statements(daily)), "stale_statement")) == 1


def test_numbers_that_count_days_or_are_dates_leap_over_weekends() -> None:
    days = [date(2026, 2, day) for day in range(2, 28) if date(2026, 2, day).weekday() < 5]
    by_day, by_date = statements(days), statements(days)
    for plain, dated in zip(by_day, by_date, strict=True):
        for row, wording in ((plain, "%j"), (dated, "%Y%m%d")):
            for column, of in (("sequence", "statement_date"), ("previous_sequence", "previous_date")):
                day = row[of]
                row[column] = int(day.strftime(wording)) if isinstance(day, date) else None
    assert alerts(facts(accounts=[ACCOUNT], statements=by_day), "statement_gap") == []
    assert alerts(facts(accounts=[ACCOUNT], statements=by_date), "statement_gap") == []
    one_left_out = statements(days)
    for row in one_left_out[7:]:
        row["sequence"] = int(str(row["sequence"])) + 1
    for row in one_left_out[8:]:
        row["previous_sequence"] = int(str(row["previous_sequence"])) + 1
    assert only(alerts(facts(accounts=[ACCOUNT], statements=one_left_out), "statement_gap"))["object_id"] == "s7"


@pytest.mark.parametrize(
    ("silences", "usual"),
    [
        (
            [0, 0, 0, 30],
            0,
        ),  # a new account of daily statements that were missing for six weeks: the next outage is told at once
        ([0, 0, 0, 30, 0, 0, 0], 0),
        ([4, 4, 4, 20], 5),
        ([20, 21, 19, 20], 24),
        ([4], 5),
        ([0] * 20 + [4, 4], 5),
    ],
)
def test_one_silence_far_longer_than_all_others_is_no_habit(silences: list[int], usual: int) -> None:
    assert usual_silence(np.array(silences, dtype=np.int64)) == usual


def habit(*days: date) -> list[Row]:
    """A source without an arrival calendar that delivered on these days."""
    return alerts(
        facts(
            sources=[SOURCE | {"calendar": None, "due_by": None}],
            arrivals=[{"source": "sap_items", "received_on": day} for day in days],
        ),
        "stale_source",
    )


def test_a_source_without_a_calendar_is_late_once_it_is_silent_for_longer_than_is_usual_of_it() -> None:
    february = [date(2026, 2, day) for day in range(2, 28) if date(2026, 2, day).weekday() < 5]
    march = [date(2026, 3, day) for day in (2, 3, 4, 5, 6, 9)]
    assert habit(*february, *march) == []  # Tuesday is over: it may be a holiday that nobody has declared
    alert = only(habit(*february, *march[:4]))
    assert alert["message"] == (
        "sap_items (SAP items) delivered last on 2026-03-05: 3 business days without a delivery, where up to 1 was usual"
    )
    assert (alert["since"], alert["owner"]) == (date(2026, 3, 9), "erp.team")
    weekly = [date(2026, 1, 6) + timedelta(weeks=week) for week in range(9)]
    assert habit(*weekly) == []
    assert len(habit(*weekly[:-1])) == 1
    assert habit(*march[:3]) == habit() == []  # three days are no habit


def test_a_position_that_statements_without_a_balance_carry_on_is_as_old_as_the_last_of_them() -> None:
    stated = STATEMENT | {"statement_date": date(2026, 2, 27)}
    later = [
        STATEMENT | {"statement_key": f"s{day}", "statement_date": date(2026, 3, day), "closing_balance": None}
        for day in (2, 3, 4, 5, 6, 9, 10)
    ]
    assert alerts(facts(accounts=[ACCOUNT], statements=[stated, *later]), "stale_position") == []
    alert = only(alerts(facts(accounts=[ACCOUNT], statements=[stated, *later[:4]]), "stale_position"))
    assert "of 2026-02-27, with what is booked until 2026-03-05, 3 business days older" in str(alert["message"])
