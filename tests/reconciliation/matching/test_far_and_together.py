"""Two sides without a shared identifier: prices paid weeks late, totals of what is booked together, numbers meant for others."""

from __future__ import annotations

import polars as pl
from two_sided_rows import Row, side

from reconciliation.matching import match, preset

RULES = preset("two_sided")
TENANTS = ["HARPER", "QUIGLEY", "BRANDT", "OKAFOR", "SILVA", "TANAKA", "WEISS", "YOUNG", "ZELLER", "MORETTI"]


def groups(left: list[Row], right: list[Row], *statuses: str) -> list[set[str]]:
    result = match({"left": side(left), "right": side(right)}, RULES)
    wanted = result.groups.filter(pl.col("status").is_in(statuses or ("matched",))).select("group_id")
    members = result.items.join(wanted, on="group_id", how="semi")
    return [set(own["item_id"]) for _, own in members.group_by("group_id", maintain_order=True)]


def rents(months: int, late: dict[tuple[int, int], int]) -> tuple[list[Row], list[Row]]:
    """The rents of all tenants, 650.00 each, paid two days after they are due or as many as `late` says."""
    due = [(tenant, month) for month in range(months) for tenant in range(len(TENANTS))]
    books: list[Row] = [(f"l{t}-{m}", "650.00", 30 * m, f"Rent {TENANTS[t].title()}") for t, m in due]
    bank: list[Row] = [(f"b{t}-{m}", "650.00", 30 * m + late.get((t, m), 2), f"STO {TENANTS[t]}") for t, m in due]
    return bank, books


def test_a_rent_paid_weeks_late_is_not_the_next_months() -> None:
    bank, books = rents(4, late={(3, 1): 23, (7, 0): 20, (7, 1): 18})
    found = groups(bank, books, "matched", "suggested")
    assert all(len({item[1:] for item in pair}) == 1 for pair in found)
    assert {"b3-1", "l3-1"} in found and {"b7-0", "l7-0"} in found


def test_a_rent_paid_in_two_parts_weeks_apart_is_one_group() -> None:
    bank, books = rents(4, late={})
    bank = [row for row in bank if row[0] != "b5-2"]
    parts: list[Row] = [("p1", "237.15", 63, "STO TANAKA"), ("p2", "412.85", 81, "STO TANAKA")]
    assert {"p1", "p2", "l5-2"} in groups([*bank, *parts], books, "matched", "suggested")


GUESTS = [(204_117_730 + 7_919 * n, 300 + 45 * (n % 5), name) for n, name in enumerate([*TENANTS, *TENANTS[::-1]])]


def bookings(lag: int) -> tuple[list[Row], list[Row]]:
    """Bookings through a portal that keeps 15 %, several of one price; the books show the commission apart."""
    bank: list[Row] = []
    books: list[Row] = []
    for n, (number, price, name) in enumerate(GUESTS):
        bank.append((f"b{n}", f"{price * 0.85:.2f}", 3 * n + lag, f"BOOKINGPORTAL BV {number}"))
        books.append((f"l{n}", f"{price}.00", 3 * n, f"Stay {name.title()} ref {number}"))
        books.append((f"c{n}", f"-{price * 0.15:.2f}", 3 * n, f"Commission ref {number}"))
    return bank, books


def test_a_booking_and_the_commission_on_it_come_to_what_the_portal_pays() -> None:
    bank, books = bookings(lag=6)
    found = groups(bank, books)
    assert all(len({item[1:] for item in group}) == 1 for group in found)
    assert sum(len(group) == 3 for group in found) >= 18


def test_both_sides_may_show_what_was_taken_off() -> None:
    bank, books = bookings(lag=6)
    found = groups(books, bank)
    assert all(len({item[1:] for item in group}) == 1 for group in found)
    assert sum(len(group) == 3 for group in found) >= 18


def test_a_dividend_and_the_tax_withheld_from_it_are_one_payment() -> None:
    shares = ["NORDLICHT", "ALPENSTAHL", "RHEINGAS", "SEEBANK", "OSTWERKE", "HARZBERG", "ELBTECH", "MAINFRUCHT"]
    bank: list[Row] = []
    books: list[Row] = []
    for n, name in enumerate([*shares, *shares]):
        gross, day = 18_437 + 2_911 * n, 5 * n
        tax = gross * 26_375 // 100_000
        bank.append((f"b{n}", f"{(gross - tax) / 100:.2f}", day + 2, f"DIVIDENDE {name} AG KUPON"))
        books.append((f"l{n}", f"{gross / 100:.2f}", day, f"Dividend {name.title()}"))
        books.append((f"c{n}", f"-{tax / 100:.2f}", day, f"Withholding tax {name.title()}"))
        books.append((f"x{n}", f"{(gross + 777) / 100:.2f}", day, f"Dividend {name[::-1].title()}"))
    found = groups(bank, books)
    assert all(len({item[1:] for item in group}) == 1 for group in found)
    assert len(found) >= 14


def test_a_long_number_in_common_tells_also_in_a_small_file() -> None:
    bank: list[Row] = [(f"b{n}", "80.00", 4 + n % 2, f"GUTSCHRIFT RE {90_311_870 + 13 * n}") for n in range(6)]
    books: list[Row] = [(f"l{n}", "80.00", 2, f"Kurs {90_311_870 + 13 * n}") for n in range(6)]
    found = groups(bank, books)
    assert sorted(map(sorted, found)) == [[f"b{n}", f"l{n}"] for n in range(6)]


def test_a_line_whose_number_other_entries_show_is_no_sum_of_these() -> None:
    """The portal's payment names the booking it is for; two others of its amount by chance are none of its business."""
    bank, books = bookings(lag=6)
    rest = [row for row in books if row[0] not in ("l4", "c4")]
    price = GUESTS[4][1] * 0.85
    chance: list[Row] = [
        ("s1", f"{price - 61.3:.2f}", 15, "Stay Adler ref 88310465"),
        ("s2", "61.30", 15, "Bar ref 88310466"),
    ]
    named: Row = ("n4", "1.00", 15, f"Note ref {GUESTS[4][0]}")
    assert not any({"b4", "s1"} <= group for group in groups(bank, [*rest, *chance, named]))


def runs() -> tuple[list[Row], list[Row]]:
    """Two payment runs of more than twenty entries each on every fourth day; the bank shows their totals, and no number of theirs."""
    bank: list[Row] = []
    books: list[Row] = []
    for run in range(10):
        day = 4 * (run // 2)
        cents = [10_031 + 977 * n + 4_409 * run + 13 * n * n for n in range(22 + run)]
        name = f"Payment run {240_117 + run}"
        books += [(f"r{run}-{n}", f"-{own / 100:.2f}", day, f"{name} {TENANTS[n % 5]}") for n, own in enumerate(cents)]
        bank.append((f"b{run}", f"-{sum(cents) / 100:.2f}", day + 1, f"SAMMELUEBERWEISUNG ANZAHL {len(cents)}"))
    return bank, books


def test_all_entries_of_one_payment_run_are_its_total_though_the_bank_does_not_name_the_run() -> None:
    bank, books = runs()
    alone: list[Row] = [(f"x{n}", f"-{41 + 37 * n}.{n + 10}", n, f"{name} ONE") for n, name in enumerate(TENANTS)]
    found = groups([*bank, *alone], [*books, *alone_again(alone)])
    whole = [{f"b{run}"} | {f"r{run}-{n}" for n in range(22 + run)} for run in range(10)]
    assert all(each in found for each in whole)


def test_entries_that_show_one_number_for_months_are_no_payment_run() -> None:
    bank, books = runs()
    spread = [(name, amount, day + 9 * (int(name.split("-")[1]) % 2), text) for name, amount, day, text in books]
    assert not any("b0" in group for group in groups(bank, spread))


def alone_again(rows: list[Row]) -> list[Row]:
    return [(f"l{name}", amount, day, text) for name, amount, day, text in rows]


def test_an_entry_of_the_amount_itself_is_likelier_than_a_sum() -> None:
    others: list[Row] = [(f"x{n}", f"{41 + 37 * n}.{n + 10}", n, f"{name} ONE") for n, name in enumerate(TENANTS)]
    card: list[Row] = [("b1", "774.00", 4, "VISA SETTLEMENT"), ("b2", "774.00", 5, "VISA SETTLEMENT")]
    folios: list[Row] = [
        ("l1", "774.00", 2, "Folio 141"),
        ("l2", "327.00", 2, "Folio 205"),
        ("l3", "447.00", 2, "Folio 292"),
    ]
    assert not any(len(group) > 2 for group in groups([*card, *others], [*folios, *others]))


MONTHS = ["Januar", "Februar", "Maerz", "April", "Mai", "Juni", "Juli", "August"]


def others() -> tuple[list[Row], list[Row]]:
    """Thirty payments of odd amounts, up to ten days after they are due."""
    booked: list[Row] = [
        (f"lx{n}", f"{41 + 37 * n}.{n + 10}", 8 * n, f"{name} ONE") for n, name in enumerate(TENANTS * 3)
    ]
    return [(f"b{item[1:]}", amount, day + n % 11, text) for n, (item, amount, day, text) in enumerate(booked)], booked


def test_a_fee_of_one_month_is_not_that_of_another_however_late_it_is_paid() -> None:
    paid, booked = others()
    books: list[Row] = [(f"l{n}", "-39.90", 30 * n, f"Hosting {n + 1:02}/2026") for n in range(8)]
    bank: list[Row] = [
        (f"b{n}", "-39.90", 30 * n + late, f"RECHENZENTRUM HOSTING {MONTHS[n].upper()} 2026")
        for n, late in enumerate((2, 26, 5, 24, 27, 1, 22, 12))
    ]
    found = groups([*bank, *paid], [*books, *booked], "matched", "suggested")
    assert all(len({item[1:] for item in pair}) == 1 for pair in found)
    assert sum({f"b{n}", f"l{n}"} in found for n in range(8)) == 8


def test_a_fee_that_the_bank_shows_by_itself_belongs_to_the_wire_that_was_entered_with_it() -> None:
    paid, booked = others()
    wires: list[Row] = [(f"b{n}", f"-{400 + 31 * n}.17", 9 * n, f"WIRE OUT {name}") for n, name in enumerate(TENANTS)]
    fees: list[Row] = [(f"f{n}", "-25.00", 9 * n, "WIRE FEE") for n in range(len(TENANTS))]
    books: list[Row] = [
        (f"l{n}", f"-{425 + 31 * n}.17", 9 * n, f"Paid {name.title()}") for n, name in enumerate(TENANTS)
    ]
    found = groups([*wires, *fees, *paid], [*books, *booked])
    assert sum({f"b{n}", f"f{n}", f"l{n}"} in found for n in range(len(TENANTS))) >= 9
