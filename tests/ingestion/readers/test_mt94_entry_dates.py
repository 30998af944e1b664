"""The year of an entry's booking date, which MT940 writes without one."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso20022_files import read

from ingestion.readers.mt94_fields import entry_day


@pytest.mark.parametrize(
    ("opening", "value", "entry_date", "booked"),
    [
        ("231231", "240102", "1231", date(2023, 12, 31)),  # December in January
        ("231231", "231231", "0102", date(2024, 1, 2)),
        ("230131", "240102", "0102", date(2024, 1, 2)),  # an account that was at rest for a year
        ("240209", "230110", "0210", date(2024, 2, 10)),  # a correction with a value date of last year
        ("240205", "230210", "0210", date(2024, 2, 10)),
        ("240228", "240301", "0229", date(2024, 2, 29)),
    ],
)
@pytest.mark.parametrize("supplement", ["", "\nSupplement"])
def test_the_year_of_an_entry_date(opening: str, value: str, entry_date: str, booked: date, supplement: str) -> None:
    head = f":20:R\n:25:1\n:28C:1\n:60F:C{opening}EUR0,\n"
    (row,) = read(f"{head}:61:{value}{entry_date}C1,00NTRFNONREF{supplement}\n", "mt940")["bank_entry"]
    assert row["booking_date"] == booked


def test_a_day_that_no_year_near_has_is_no_entry_date() -> None:
    head = ":20:R\n:25:1\n:28C:1\n:60F:C230228EUR0,\n"
    assert [one.field for one in read(f"{head}:61:2303010229C1,00NTRFNONREF\n", "mt940").rejects][:1] == [":61:"]


@given(st.integers(3652, 39000), st.none() | st.integers(3652, 39000), st.dates(date(2023, 1, 1), date(2023, 12, 31)))
def test_every_other_day_has_a_year_near(value: int, opening: int | None, day: date) -> None:
    found = entry_day(f"{day:%m%d}", value, opening)
    assert found is not None
    assert opening is None or found >= opening - 184
