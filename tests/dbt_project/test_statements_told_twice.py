"""Statements that tell of the same bookings: each booking is one bank line, and what is only alike stays two."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from small_warehouse import SmallWarehouse, Value, group
from week import AS_OF, KNOWN_AT, detail, entry, statement

from orchestration.additions import build_phase
from orchestration.content_hash import content_hash
from orchestration.fingerprints import CANONICAL
from orchestration.warehouse import connect
from orchestration.workspace import Workspace

Booking = tuple[str, str, str | None]  # day, amount, the bank's reference
Told = tuple[str, str, str | None, str | None, list[Booking]]  # account, source, opening and closing balance, bookings
MONDAY, TUESDAY = "2026-09-21", "2026-09-22"

# in the order of their arrival
TOLD: list[Told] = [
    # the bank sends camt and MT940, which number entries differently
    ("formats", "camt", "100", "40", [(MONDAY, "-50", "C1"), (MONDAY, "-10", "C2")]),
    ("formats", "mt940", "100", "40", [(MONDAY, "-50", None), (MONDAY, "-10", "7")]),
    # daily statements, and one of the week
    ("week", "camt", "0", "5", [(MONDAY, "5", "W1")]),
    ("week", "camt", "5", "10", [(TUESDAY, "5", "W2")]),
    ("week", "camt", "0", "10", [(MONDAY, "5", "W1"), (TUESDAY, "5", "W2")]),
    # downloads: the second one begins before the first one ended, and shows all of its last day
    ("download", "csv", "0", "3", [(MONDAY, "1", None), (TUESDAY, "2", None)]),
    ("download", "csv", "1", "5", [(TUESDAY, "2", None), (TUESDAY, "2", None)]),
    # two statements of one day that go on where the other ended: equal amounts are two bookings
    ("halves", "camt", "100", "90", [(MONDAY, "-10", None)]),
    ("halves", "camt", "90", "80", [(MONDAY, "-10", None)]),
    # the same, and a statement of the whole day in another format
    ("whole day", "camt", "100", "90", [(MONDAY, "-10", "H1")]),
    ("whole day", "camt", "90", "80", [(MONDAY, "-10", "H2")]),
    ("whole day", "mt940", "100", "80", [(MONDAY, "-10", None), (MONDAY, "-10", None)]),
    # an account swept to zero twice a day; the other format tells the first time alone
    ("swept", "camt", "0", "0", [(MONDAY, "70", "S1"), (MONDAY, "-70", "S2")]),
    ("swept", "mt940", "0", "0", [(MONDAY, "70", "1"), (MONDAY, "-70", "2")]),
    ("swept", "camt", "0", "0", [(MONDAY, "70", "S3"), (MONDAY, "-70", "S4")]),
    # under another number one entry is the same, the other is not, and nothing proves which of the two statements holds
    ("told otherwise", "camt", "100", "87", [(MONDAY, "-5", "K1"), (MONDAY, "-8", "K2")]),
    ("told otherwise", "camt", "100", "88", [(MONDAY, "-5", "K1"), (MONDAY, "-7", "K2")]),
    # a correction that adds up where the first statement did not
    ("corrected", "camt", "100", "88", [(MONDAY, "-5", "K1"), (MONDAY, "-8", "K2")]),
    ("corrected", "camt", "100", "88", [(MONDAY, "-5", "K1"), (MONDAY, "-7", "K2")]),
    # one from which the next day goes on
    ("corrected later", "camt", "100", "87", [(MONDAY, "-5", "K1"), (MONDAY, "-8", None)]),
    ("corrected later", "camt", "100", "95", [(MONDAY, "-5", "K1")]),
    ("corrected later", "camt", "95", "87", [(TUESDAY, "-8", None)]),
    # one from which it does not
    ("not corrected", "camt", "100", "87", [(MONDAY, "-5", "K1"), (MONDAY, "-8", None)]),
    ("not corrected", "camt", "100", "95", [(MONDAY, "-5", "K1")]),
    ("not corrected", "camt", "87", "80", [(TUESDAY, "-7", None)]),
    # several statements of a day, of which the last starts as the first did: what goes on from the first proves it
    ("there and back", "camt", "100", "90", [(MONDAY, "-10", "T1")]),
    ("there and back", "camt", "90", "100", [(MONDAY, "10", "T2")]),
    ("there and back", "camt", "100", "92", [(MONDAY, "-8", "T3")]),
    ("there and back", "camt", "92", "90", [(TUESDAY, "-2", "T4")]),
    ("swept, then used", "camt", "100", "100", [(MONDAY, "5", "U1"), (MONDAY, "-5", "U2")]),
    ("swept, then used", "camt", "100", "92", [(MONDAY, "-8", "U3")]),
    ("swept, then used", "camt", "92", "90", [(TUESDAY, "-2", "U4")]),
    # lists without balances: the bank's reference tells, an amount alone does not
    ("list", "csv", None, None, [(MONDAY, "-9", "R1"), (MONDAY, "-4", "R2")]),
    ("list", "csv", None, None, [(MONDAY, "-4", "R2"), (TUESDAY, "-6", "R3")]),
    ("bare list", "csv", None, None, [(MONDAY, "-9", None)]),
    ("bare list", "csv", None, None, [(MONDAY, "-9", None)]),
    # what a reference repeats within its list is a kind of booking, no booking
    ("kinds", "csv", None, None, [(MONDAY, "-9", "166")]),
    ("kinds", "csv", None, None, [(MONDAY, "-9", "166"), (TUESDAY, "-8", "166")]),
    # a download that begins where the first one ended and tells what the second one has told, and one booking of that amount more
    ("charges", "csv", "100", "90", [(MONDAY, "-10", None)]),
    ("charges", "csv", "90", "80", [(MONDAY, "-10", None)]),
    ("charges", "csv", "90", "70", [(MONDAY, "-10", None), (MONDAY, "-10", None)]),
    # the same in another format
    ("charges in two formats", "camt", "100", "90", [(MONDAY, "-10", "G1")]),
    ("charges in two formats", "camt", "90", "80", [(MONDAY, "-10", "G2")]),
    ("charges in two formats", "mt940", "90", "70", [(MONDAY, "-10", None), (MONDAY, "-10", None)]),
    # a swept account, in one format after each sweep, in another one of the whole day; and the other way round
    ("swept in parts", "camt", "0", "70", [(MONDAY, "70", "V1")]),
    ("swept in parts", "camt", "70", "0", [(MONDAY, "-70", "V2")]),
    ("swept in parts", "mt940", "0", "0", [(MONDAY, "70", None), (MONDAY, "-70", None)]),
    ("swept as a whole", "mt940", "0", "0", [(MONDAY, "70", None), (MONDAY, "-70", None)]),
    ("swept as a whole", "camt", "0", "70", [(MONDAY, "70", "V1")]),
    ("swept as a whole", "camt", "70", "0", [(MONDAY, "-70", "V2")]),
    # two statements of half a day, and a list of the day without balances
    ("list of the day", "camt", "100", "90", [(MONDAY, "-10", "L1")]),
    ("list of the day", "camt", "90", "80", [(MONDAY, "-10", "L2")]),
    ("list of the day", "csv", None, None, [(MONDAY, "-10", None), (MONDAY, "-10", None)]),
    # a batch in one sum, and in another format its payments one by one
    ("batch", "camt", "100", "70", [(MONDAY, "-30", "B1")]),
    ("batch", "mt940", "100", "70", [(MONDAY, "-10", None), (MONDAY, "-20", None)]),
    # two pages, each with the balances of the whole statement
    ("pages", "camt", "100", "80", [(MONDAY, "-10", None)]),
    ("pages", "camt", "100", "80", [(MONDAY, "-10", None)]),
]
LINES = {
    "formats": [-50, -10],
    "week": [5, 5],
    "download": [1, 2, 2],
    "halves": [-10, -10],
    "whole day": [-10, -10],
    "swept": [-70, -70, 70, 70],
    "told otherwise": [-8, -7, -5],
    "corrected": [-7, -5],
    "corrected later": [-8, -5],
    "not corrected": [-8, -7, -5],
    "there and back": [-10, -8, -2, 10],
    "swept, then used": [-8, -5, -2, 5],
    "list": [-9, -6, -4],
    "bare list": [-9, -9],
    "kinds": [-9, -9, -8],
    "charges": [-10, -10, -10],
    "charges in two formats": [-10, -10, -10],
    "swept in parts": [-70, 70],
    "swept as a whole": [-70, 70],
    "list of the day": [-10, -10],
    "batch": [-30, -20, -10],
    "pages": [-10, -10],
}


def deliver(warehouse: SmallWarehouse, number: int, told: Told) -> None:
    account, source, opening, closing, bookings = told
    record: dict[str, Value] = {"identity": f"{account} {number}", "account_id": account, "opening_balance": opening,
                                "closing_balance": closing, "statement_id": str(number), "electronic_sequence": number}  # fmt: skip
    days = [day for day, *_ in bookings]
    net = sum(Decimal(amount) for _, amount, _ in bookings)
    off = opening is not None and Decimal(opening) + net != Decimal(str(closing))
    record |= {
        "from_date": min(days),
        "net_amount": net,
        "balance_check": "off" if off else "ok",
        "entry_count": len(bookings),
    }
    record |= {"statement_id": "one"} if account == "pages" else {}
    rows = [statement(1, max(days), "0", "0", **record)]
    rows += [
        entry(place, day, amount, account_servicer_reference=reference)
        for place, (day, amount, reference) in enumerate(bookings, start=1)
    ]
    warehouse.deliver(f"d{number:02d}", source, "bank", f"2026-09-23 06:{number:02d}:00+00", rows)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> SmallWarehouse:
    warehouse = SmallWarehouse(tmp_path_factory.mktemp("told"))
    group(warehouse)
    for number, one in enumerate(TOLD):
        deliver(warehouse, number, one)
    warehouse.dbt("run", AS_OF, KNOWN_AT, "--select", "+bank_statement_line", "+bank_statement")
    return warehouse


def test_each_booking_is_one_line(told: SmallWarehouse) -> None:
    found: dict[object, list[object]] = {}
    for account, amount in told.rows(
        "SELECT account_id.replace('/EUR', ''), amount FROM canonical.bank_statement_line ORDER BY ALL"
    ):
        found.setdefault(account, []).append(amount)
    assert found == {account: sorted(lines) for account, lines in LINES.items()}


def test_who_is_paid_tells_equal_amounts_of_a_source_apart(told: SmallWarehouse, tmp_path: Path) -> None:
    """A debit, sent back and drawn by somebody else at once, on three statements of a day: the third starts as the first does."""
    warehouse = SmallWarehouse(tmp_path)
    group(warehouse)
    for number, (opening, closing, amount, text) in enumerate(
        [("100", "90", "-10", "Levy"), ("90", "100", "10", "Levy, sent back"), ("100", "90", "-10", "Ng"), ("100", "90", "-10", "Levy")]
    ):  # fmt: skip
        rows = [
            statement(1, MONDAY, opening, closing, identity=str(number), account_id="equal", statement_id=str(number),
                      net_amount=amount, balance_check="ok", entry_count=1),
            entry(1, MONDAY, amount, text=text),
        ]  # fmt: skip
        warehouse.deliver(f"d{number}", "mt940", "bank", f"2026-09-23 06:0{number}:00+00", rows)
    warehouse.dbt("run", AS_OF, KNOWN_AT, "--select", "+bank_statement_line")
    assert warehouse.rows("SELECT amount, text FROM canonical.bank_statement_line ORDER BY ALL") == [
        (Decimal("-10"), "Levy"), (Decimal("-10"), "Ng"), (Decimal("10"), "Levy, sent back"),
    ]  # fmt: skip


def test_what_repeats_is_no_gap_and_what_differs_is_an_overlap(told: SmallWarehouse) -> None:
    said: dict[object, list[tuple[object, object]]] = {}
    for account, continuity, repeated in told.rows(
        "SELECT account_id.replace('/EUR', ''), continuity, repeated_entries FROM canonical.bank_statement "
        "ORDER BY account_id, delivery_id"
    ):
        said.setdefault(account, []).append((continuity, repeated))
    assert said["formats"] == [("first", 0), ("repeated", 2)]
    assert said["week"] == [("first", 0), ("ok", 0), ("repeated", 2)]
    assert said["download"] == [("first", 0), ("repeated", 1)]
    assert said["halves"] == [("first", 0), ("ok", 0)]
    assert said["whole day"] == [("first", 0), ("ok", 0), ("repeated", 2)]
    assert said["told otherwise"] == [("first", 0), ("overlap", 1)]
    assert said["corrected"] == [("repeated", 1), ("first", 1)]
    assert said["corrected later"] == [("repeated", 1), ("first", 1), ("ok", 0)]
    assert said["not corrected"] == [("first", 0), ("repeated", 1), ("ok", 0)]
    assert said["batch"] == [("first", 0), ("overlap", 0)]


def test_a_slip_in_one_balance_is_no_missing_statement(told: SmallWarehouse, tmp_path: Path) -> None:
    warehouse = SmallWarehouse(tmp_path)
    group(warehouse)
    for number, (opening, closing, day) in enumerate(
        [("100", "110", "2026-09-21"), ("210", "120", "2026-09-22"), ("120", "31", "2026-09-23"), ("130", "140", "2026-09-24"),
         ("150", "160", "2026-09-25")]
    ):  # fmt: skip
        deliver(warehouse, number, ("slip", "camt", opening, closing, [(day, "10", f"X{number}")]))
    warehouse.dbt("run", AS_OF, KNOWN_AT, "--select", "+bank_statement")
    assert warehouse.rows("SELECT continuity, balance_check FROM canonical.bank_statement ORDER BY delivery_id") == [
        ("first", "ok"), ("ok", "off"), ("ok", "off"), ("ok", "ok"), ("gap", "ok"),
    ]  # fmt: skip


def test_statements_added_in_any_order_give_the_lines_of_a_whole_build(told: SmallWarehouse, tmp_path: Path) -> None:
    def build(warehouse: SmallWarehouse) -> bool:
        select = "+bank_statement_line +cash_position_event +bank_statement_line_detail +bank_lines"
        results, added = build_phase(Workspace(warehouse.folder), CANONICAL, select, "", tests=False)
        assert [f"{one.node.name}: {one.message}" for one in results if str(one.status) == "error"] == []
        return added

    def hashes(warehouse: SmallWarehouse) -> list[str]:
        with connect(warehouse.path) as connection:
            return [
                content_hash(connection, table)
                for table in ("canonical.bank_statement_line", "canonical.bank_statement", "matching_input.bank_lines")
            ]

    warehouse = SmallWarehouse(tmp_path)
    group(warehouse)
    with connect(warehouse.path) as connection:
        connection.execute("DELETE FROM config.run_parameter")
        connection.execute("INSERT INTO config.run_parameter VALUES (?, ?, 'test')", [AS_OF, KNOWN_AT])
    numbered = sorted(enumerate(TOLD), key=lambda one: one[0] * 8 % len(TOLD))
    build(warehouse)
    for part in (numbered[:6], numbered[6:7], numbered[7:15], numbered[15:]):
        for number, one in part:
            deliver(warehouse, number, one)
        assert build(warehouse)
    whole = SmallWarehouse(tmp_path / "whole")
    whole.folder.mkdir(exist_ok=True)
    shutil.copy(warehouse.path, whole.path)
    with connect(whole.path) as connection:
        connection.execute("DELETE FROM ops.phase_build")
    assert not build(whole)
    assert hashes(warehouse) == hashes(whole)


def test_a_position_is_carried_on_by_what_later_statements_without_a_balance_have_booked(tmp_path: Path) -> None:
    """A list of the day of the balance tells nothing new, one of the day after does."""
    warehouse = SmallWarehouse(tmp_path)
    group(warehouse)
    for number, told_once in enumerate(
        [
            ("carried", "camt", "100", "90", [(MONDAY, "-10", "P1")]),
            ("carried", "csv", None, None, [(MONDAY, "-10", "P1"), (TUESDAY, "-4", "P2")]),
        ]
    ):
        deliver(warehouse, number, told_once)
    warehouse.dbt("run", AS_OF, KNOWN_AT, "--select", "+cash_position")
    assert warehouse.rows(
        "SELECT statement_balance, balance_date::VARCHAR, later_movement, position, position_date::VARCHAR "
        "FROM marts.cash_position WHERE account_id LIKE 'carried%'"
    ) == [(Decimal(90), MONDAY, Decimal(-4), Decimal(86), TUESDAY)]


def test_a_booking_told_once_more_has_the_details_of_who_says_more_of_it(tmp_path: Path) -> None:
    """The MT940 of the morning keeps its lines; the camt.053 of the day adds what it itemises, where the amount names one entry."""
    warehouse = SmallWarehouse(tmp_path)
    group(warehouse)
    with connect(warehouse.path) as connection:
        connection.execute("DELETE FROM config.run_parameter")
        connection.execute("INSERT INTO config.run_parameter VALUES (?, ?, 'test')", [AS_OF, KNOWN_AT])

    def tell(number: int, source: str, more: dict[int, list[dict[str, Value]]]) -> None:
        rows = [
            statement(1, MONDAY, "100", "20", identity=source, account_id="rich", statement_id=source, net_amount="-80",
                      balance_check="ok", entry_count=4),
            *(entry(place, MONDAY, amount, text=source, detail_count=len(more.get(place, [])))
              for place, amount in enumerate(["-50", "-13", "-10", "-7"], start=1)),
            *(detail(place, at, **one) for place, parts in more.items() for at, one in enumerate(parts, start=1)),
        ]  # fmt: skip
        warehouse.deliver(f"d{number}", source, "bank", f"2026-09-23 06:0{number}:00+00", rows)

    def lines() -> list[tuple[object, ...]]:
        results, _ = build_phase(
            Workspace(warehouse.folder), CANONICAL, "+bank_statement_line_detail +bank_lines", "", tests=False
        )
        assert [f"{one.node.name}: {one.message}" for one in results if str(one.status) == "error"] == []
        return warehouse.rows(
            "SELECT line.amount, line.details_from, line.detail_count, line.end_to_end_id, line.counterparty_name, item.kind "
            "FROM canonical.bank_statement_line AS line JOIN matching_input.bank_lines AS item ON item_id = bank_line_id "
            "ORDER BY line.amount"
        )

    poor = {1: [{"remittance_unstructured": "INV 5"}], 4: [{"creditor_name": "Ng", "creditor_account": "X1"}]}
    tell(1, "mt940", poor)
    before = lines()
    assert [line[1] for line in before] == ["statement", "none", "none", "statement"]
    parts: list[dict[str, Value]] = [{"end_to_end_id": "E2"}, {"end_to_end_id": "E3"}]
    tell(2, "camt", {1: [{"end_to_end_id": "E1", "creditor_name": "Ada"}], 2: parts, 4: [{"end_to_end_id": "E4"}]})
    assert lines() == [
        (Decimal("-50"), "other_statement", 1, "E1", "Ada", "bank_line"),
        (Decimal("-13"), "other_statement", 2, None, None, "batch"),
        (Decimal("-10"), "none", 0, None, None, "bank_line"),
        (Decimal("-7"), "statement", 1, None, "Ng", "bank_line"),
    ]
    assert warehouse.rows(
        "SELECT amount, detail.origin FROM canonical.bank_statement_line_detail AS detail ORDER BY ALL"
    ) == [(None, "other_statement")] * 3 + [(None, "statement")]
