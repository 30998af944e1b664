"""The time of a run: what the shell fills in, and what it refuses."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from orchestration.company import Company
from orchestration.run_time import resolve

COMPANY = Company(name="Group", base_currency="EUR", timezone="Europe/Berlin")
NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)


def test_today_is_the_groups_today_and_known_is_now() -> None:
    late = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)  # after midnight in Berlin
    assert resolve(COMPANY, late).as_of == date(2026, 11, 26)
    assert resolve(COMPANY, NOW).known_at == NOW


def test_a_day_in_the_past_is_seen_as_known_at_its_end() -> None:
    time = resolve(COMPANY, NOW, as_of=date(2026, 9, 30))
    assert time.known_at == datetime(2026, 9, 30, 21, 59, 59, 999999, tzinfo=UTC)  # midnight in Berlin, summer time


def test_known_at_alone_gives_its_own_day() -> None:
    assert resolve(COMPANY, NOW, known_at=datetime.fromisoformat("2026-09-15T18:00:00+02:00")).as_of == date(
        2026, 9, 15
    )


def test_a_moment_without_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="no offset"):
        resolve(COMPANY, NOW, known_at=datetime.fromisoformat("2026-09-15T18:00"))
