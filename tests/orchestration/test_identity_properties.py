"""Whatever order files arrive in, and however often, a booked line is in the ledger once, and genuine twins are in it twice.

Files overlap, are repeated under other names, sent again with corrections; intraday reports show lines before they are
booked. The plain model beside each example says what has to come of it. `TIEOUT_FUZZ=long` tries far more orders.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st
from small_workspace import land, small_workspace

from ingestion.readers import reader
from orchestration.landing import landed
from orchestration.loading import load_source
from orchestration.warehouse import create_tables
from orchestration.workspace import Workspace

FUZZ = settings(max_examples=1500 if os.environ.get("TIEOUT_FUZZ") == "long" else 6, derandomize=True, deadline=None)
LATER = datetime(2026, 12, 31, tzinfo=UTC)

# What each day's statement says, in cents; the same amount twice on a day is two payments that look alike.
BOOKED = {1: (100, 100, -50), 2: (-75,), 3: (100, 20, 20, 20), 4: ()}


@dataclass(frozen=True)
class File:
    """A file as sent: the days whose statement (or, intraday, whose first lines) it holds, and how."""

    days: tuple[int, ...]
    kind: str = "statement"  # or corrected: the same statement with another amount; or intraday
    lines: int = 1  # how many lines an intraday report shows

    @property
    def content(self) -> str:
        return "".join(self._message(day) for day in self.days)

    def amounts(self, day: int) -> tuple[int, ...]:
        return (*BOOKED[day], 7) if self.kind == "corrected" else BOOKED[day]

    def _message(self, day: int) -> str:
        date = f"2609{day:02d}"
        entries = [
            f":61:{date}{date[2:]}{'D' if cents < 0 else 'C'}{abs(cents) // 100},{abs(cents) % 100:02d}NTRFNONREF\n:86:Rent\n"
            for cents in self.amounts(day)
        ]
        head = f":20:DAY{day}\n:25:DE89370400440532013000\n:28C:{day}/1\n"
        if self.kind == "intraday":
            return f"{head}:34F:EUR0,\n:13D:{date}1200+0200\n{''.join(entries[: self.lines])}-\n"
        closing = sum(self.amounts(day))
        mark = "D" if closing < 0 else "C"
        ends = f":62F:{mark}{date}EUR{abs(closing) // 100},{abs(closing) % 100:02d}\n-\n"
        return f"{head}:60F:C{date}EUR0,00\n{''.join(entries)}{ends}"


DAYS = st.sampled_from(sorted(BOOKED))
FILES = st.one_of(
    st.builds(File, st.lists(DAYS, min_size=1, max_size=3, unique=True).map(tuple)),
    st.builds(File, DAYS.map(lambda day: (day,)), st.just("corrected")),
    st.builds(File, DAYS.map(lambda day: (day,)), st.just("intraday"), st.integers(0, 3)),
)


def expected(files: list[File]) -> Counter[tuple[int, int]]:
    """Day and amount of each line of the ledger: what comes first holds; a file that says otherwise is refused whole."""
    known: dict[int, str] = {}
    ledger: Counter[tuple[int, int]] = Counter()
    for file in files:
        if file.kind == "intraday" or any(known.get(day, file.kind) != file.kind for day in file.days):
            continue
        for day in file.days:
            if day not in known:
                known[day] = file.kind
                ledger.update((day, cents) for cents in file.amounts(day))
    return ledger


def load(connection: duckdb.DuckDBPyConnection, workspace: Workspace, run_id: str) -> None:
    (source,) = workspace.sources().sources
    files = landed(connection, workspace, source, LATER)
    load_source(connection, workspace, source, reader(source.format), files, run_id)


def ledger(connection: duckdb.DuckDBPyConnection) -> Counter[tuple[int, int]]:
    """The booked lines of statements, as the canonical models take them from the raw layer."""
    rows = connection.execute(
        "SELECT day(booking_date), (signed_amount * 100)::INTEGER FROM raw.bank_entry "
        "JOIN raw.bank_statement USING (delivery_id, statement_number) WHERE kind = 'statement' AND status = 'BOOK'"
    ).fetchall()
    return Counter((int(day), int(cents)) for day, cents in rows)


@FUZZ
@given(st.lists(FILES, min_size=1, max_size=9), st.integers(0, 9))
def test_fuzz_every_order_of_arrival_gives_each_line_once(files: list[File], first_run: int) -> None:
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        workspace = small_workspace(Path(folder) / "small")
        create_tables(connection)
        for number, file in enumerate(files):
            if number == first_run:
                load(connection, workspace, "first")
            moment = datetime(2026, 9, 10, tzinfo=UTC) + timedelta(hours=number)
            land(workspace, f"testbank/{number}.sta", file.content, moment.isoformat())
        load(connection, workspace, "last")
        assert ledger(connection) == expected(files)
        assert connection.execute(
            "SELECT count(*), count(*) FILTER (status != 'conflict' AND "
            "records_read != records_loaded + records_rejected + records_duplicate) FROM raw.delivery"
        ).fetchall() == [(len(files), 0)]
        before = ledger(connection)
        load(connection, workspace, "again")
        assert ledger(connection) == before


@FUZZ
@given(st.permutations([File((1,)), File((1, 2)), File((2, 3)), File((3,)), File((4, 1)), File((1,), "intraday", 2)]))
def test_fuzz_overlapping_files_give_the_same_ledger_in_any_order(files: list[File]) -> None:
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        workspace = small_workspace(Path(folder) / "small")
        create_tables(connection)
        for number, file in enumerate(files):
            land(workspace, f"testbank/{number}.sta", file.content, f"2026-09-10T{number:02d}:00:00")
        load(connection, workspace, "run")
        assert ledger(connection) == Counter((day, cents) for day, amounts in BOOKED.items() for cents in amounts)
