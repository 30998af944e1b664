"""Two sides without a shared identifier: what is matched, what is left tied, and how right it is on labelled worlds."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from two_sided_rows import Row, side

from reconciliation.matching import MatchResult, match, preset
from reconciliation.matching.described import ordered
from reconciliation.matching.round_amounts import round_chance
from simulation.two_sided import HARD, TwoSidedSettings, two_sided

RULES = preset("two_sided")


def groups(left: list[Row], right: list[Row]) -> dict[str, list[set[str]]]:
    """Members of the groups, by status."""
    result = match({"left": side(left), "right": side(right)}, RULES)
    members = result.items.join(result.groups.select("group_id", "status"), on="group_id")
    found: dict[str, list[set[str]]] = {}
    for (status, _), own in members.group_by("status", "group_id", maintain_order=True):
        found.setdefault(str(status), []).append(set(own["item_id"]))
    return found


def test_an_odd_amount_that_both_sides_show_once_is_matched() -> None:
    assert groups([("b", "-123.45", 2, None)], [("l", "-123.45", 0, None)]) == {"matched": [{"b", "l"}]}


def test_two_entries_that_would_do_equally_are_a_tie() -> None:
    found = groups([("b", "-50.00", 2, "X")], [("l1", "-50.00", 2, "X"), ("l2", "-50.00", 2, "X")])
    assert found == {"ambiguous": [{"b", "l1", "l2"}]}


def test_words_decide_between_equal_amounts() -> None:
    found = groups(
        [("b1", "-50.00", 2, "CARD ACME STORE"), ("b2", "-50.00", 2, "CARD ZENITH FOOD")],
        [("l1", "-50.00", 2, "Zenith Foods"), ("l2", "-50.00", 2, "Acme Stores")],
    )
    assert sorted(map(sorted, found["matched"])) == [["b1", "l2"], ["b2", "l1"]]


def test_purchases_of_one_price_within_a_week_are_paired_in_their_order_where_the_bank_never_books_first() -> None:
    others: list[Row] = [(f"x{n}", f"-{61 + 7 * n}.{n % 90 + 10}", n % 60, text) for n, text in enumerate(named(150))]
    bank: list[Row] = [(f"b{n}", "-5.75", 10 + 2 * n, "BLUE BOTTLE CFE") for n in range(3)]
    books: list[Row] = [(f"l{n}", "-5.75", 9 + 2 * n, "Blue Bottle") for n in range(3)]
    later: list[Row] = [
        (item, amount, day + 1 + number % 2, text) for number, (item, amount, day, text) in enumerate(others)
    ]
    found = groups([*later, *bank], [*others, *books])["matched"]
    assert all({f"b{n}", f"l{n}"} in found for n in range(3))


def test_pairs_are_in_one_order_also_where_an_item_is_in_several() -> None:
    """What is learned from pairs in their order must not depend on how they came to be listed."""
    view = SimpleNamespace(order=lambda rows: rows)
    pairs = pl.DataFrame({"left": [2, 1, 1], "right": [0, 7, 5]})
    for listed in (pairs, pairs.reverse()):
        assert ordered(SimpleNamespace(sides=(view, view)), listed).rows() == [(1, 5), (1, 7), (2, 0)]  # type: ignore[arg-type]


def cheques(gap: int, count: int = 12) -> tuple[list[Row], list[Row]]:
    """Cheques of odd amounts, the number in either text, cashed `gap` days and more after they were drawn."""
    drawn = [(f"-{1300 + 77 * n}.{10 + n}", 1041 + n, 2 * n) for n in range(count)]
    bank: list[Row] = [(f"b{no}", amount, day + gap + no % 5, f"CHECK 00{no}") for amount, no, day in drawn]
    books: list[Row] = [(f"l{no}", amount, day, f"Ck# {no} Payee {'ABCDE'[no % 5] * 4}") for amount, no, day in drawn]
    return bank, books


def test_a_cheque_cashed_weeks_later_is_found_by_its_number() -> None:
    bank, books = cheques(gap=20)
    assert sorted(map(sorted, groups(bank, books)["matched"])) == sorted([b[0], "l" + b[0][1:]] for b in bank)


def test_cheques_of_one_amount_and_different_numbers_are_not_brought_together() -> None:
    bank, books = cheques(gap=2, count=30)
    found = groups(
        [*bank, ("b2001", "-500.00", 9, "CHECK 002001"), ("b2002", "-500.00", 14, "CHECK 002002")],
        [*books, ("l2002", "-500.00", 9, "Ck# 2002 Payee AAAA"), ("l2003", "-500.00", 8, "Ck# 2003 Payee BBBB")],
    )
    assert ["b2002", "l2002"] in map(sorted, found["matched"])
    assert not any({"b2001", "l2003"} & group for group in found["matched"])


def test_what_a_pair_taught_of_its_words_does_not_speak_for_its_rivals() -> None:
    """Two agreements of one rate: were the words of the first allowed to speak for the second, both would be crossed."""
    others: list[Row] = [(f"x{n}", f"-{61 + 7 * n}.{n % 90 + 10}", n, text) for n, text in enumerate(named(30))]
    later: list[Row] = [(item, amount, day + n % 3, text) for n, (item, amount, day, text) in enumerate(others)]
    bank: list[Row] = []
    books: list[Row] = []
    for month, late in enumerate((2, 1)):
        for number, what in enumerate(("van", "lathe")):
            day, agreement = 8 + 34 * month + 2 * number, 7_781_290 + number
            bank.append((f"b{month}{number}", "-287.45", day, f"DD LOMBARD FINANCE {agreement}"))
            books.append((f"l{month}{number}", "-287.45", day - late * number, f"HP {what} agreement {agreement}"))
    found = groups([*bank, *later], [*books, *others])["matched"]
    assert all({item, f"l{item[1:]}"} in found for item, *_ in bank)


def members(count: int) -> list[str]:
    """Names of which no two have a word in common."""
    return [f"{chr(65 + n)}{chr(75 + n % 9)}OLDA {chr(90 - n)}{chr(80 - n % 9)}ERTIN" for n in range(count)]


def test_a_price_stays_one_when_all_others_who_paid_it_are_found() -> None:
    names = members(20)
    bank: list[Row] = [(f"b{n}", "19.90", 2 * n, f"GUTSCHRIFT {name}") for n, name in enumerate(names)]
    books: list[Row] = [(f"l{n}", "19.90", 2 * n - n % 3, f"Beitrag {name.title()}") for n, name in enumerate(names)]
    found = groups(
        [*bank, ("b", "19.90", 17, "GUTSCHRIFT PRUNK OVID")], [*books, ("l", "19.90", 13, "Beitrag Hux Jebb")]
    )
    assert all({f"b{n}", f"l{n}"} in found["matched"] for n in range(20))
    assert not any({"b", "l"} & each for each in found["matched"])


def test_lines_worded_like_those_whose_amount_the_books_never_have_agree_with_one_by_chance() -> None:
    names = members(20)
    bank: list[Row] = [(f"b{n}", f"{31 + 17 * n}.{n + 10}", n + 1, f"BGC {name}") for n, name in enumerate(names)]
    books: list[Row] = [(f"l{n}", f"{31 + 17 * n}.{n + 10}", n, f"Receipt {name}") for n, name in enumerate(names)]
    bank += [(f"d{n}", f"{400 + 13 * n}.50", n, "CASH DEPOSIT") for n in range(20)]
    books += [(f"t{n}", f"{57 + 11 * n}.50", n, f"Till {7310 + n}") for n in range(20)]
    found = groups([*bank, ("b", "68.50", 10, "CASH DEPOSIT")], books)["matched"]
    assert all({f"b{n}", f"l{n}"} in found for n in range(20))
    assert not any("b" in each for each in found)


def test_the_number_of_a_flat_tells_one_tenant_from_another_of_the_same_name() -> None:
    flats = ["3A", "12B", "7C", "21D", "9E", "14F", "2G", "30H"]
    bank: list[Row] = [(f"b{flat}", "-950.00", n % 3 + 2, f"STO SMITH FLAT {flat}") for n, flat in enumerate(flats)]
    books: list[Row] = [(f"l{flat}", "-950.00", 1, f"Rent Smith unit {flat}") for flat in flats]
    others: list[Row] = [(f"x{n}", f"-{61 + n}.{n + 10}", n, f"CARD {text} {n}K") for n, text in enumerate(named(40))]
    found = groups([*bank, *others], [*books, *others])
    assert all(len({item[1:] for item in pair}) == 1 for pair in found["matched"])
    assert sum(len({"b" + flat, "l" + flat} & pair) == 2 for flat in flats for pair in found["matched"]) == len(flats)


def test_an_amount_that_many_items_have_is_no_slip_of_another() -> None:
    """950.00 without its first digit is 50.00, as a dozen late fees of other tenants are."""
    rents: list[Row] = [(f"r{n}", f"-{900 + 13 * n}.00", 2, f"{text} RENT") for n, text in enumerate(named(12))]
    fees: list[Row] = [(f"f{n}", "-50.00", 2, f"Late fee {text}") for n, text in enumerate(named(12))]
    found = groups([*rents, ("b", "-950.00", 5, f"{named(12)[7]} RENT")], [*rents, *fees])
    assert not any("b" in group for status in ("matched", "suggested") for group in found.get(status, []))


def test_opposite_amounts_and_far_dates_are_not_brought_together() -> None:
    assert groups([("b", "-123.45", 2, "ACME")], [("l", "123.45", 2, "Acme")]) == {}
    assert groups([("b", "-123.45", 90, "ACME")], [("l", "-123.45", 2, "Acme")]) == {}


def test_one_payment_of_several_entries() -> None:
    found = groups(
        [("b", "-350.30", 2, "ACME")],
        [("l1", "-100.10", 2, "Acme"), ("l2", "-250.20", 2, "Acme"), ("l3", "-70.00", 2, "Other")],
    )
    assert found == {"matched": [{"b", "l1", "l2"}]}


def test_an_entry_of_the_party_and_a_small_one_of_another_may_as_well_be_a_fee() -> None:
    found = groups(
        [("b", "-7427.51", 2, "SEPA ETOILE LOCATION")],
        [("l1", "-7402.51", 2, "Etoile Location"), ("l2", "-25.00", 2, "Girard Batiment")],
    )
    assert {"b", "l1", "l2"} not in found.get("matched", [])


@pytest.mark.parametrize("large", [None, "Etoile Location"])
def test_an_entry_without_a_text_and_a_small_stranger_are_no_sum_either(large: str | None) -> None:
    others: list[Row] = [(f"x{n}", f"-{61 + 7 * n}.{n + 10}", n, text) for n, text in enumerate(named(20))]
    found = groups(
        [*others, ("b", "-7427.51", 2, "SEPA ETOILE LOCATION")],
        [*others, ("l1", "-7402.51", 2, large), ("l2", "-25.00", 2, "Etoile Girard Batiment")],
    )
    assert {"b", "l1", "l2"} not in found.get("matched", [])


def test_a_rent_and_the_late_fee_of_the_same_tenant_are_a_sum() -> None:
    others: list[Row] = [(f"x{n}", f"-{61 + 7 * n}.{n + 10}", n, text) for n, text in enumerate(named(40))]
    found = groups(
        [*others, ("b", "-1345.17", 3, "STO WALKERMAN LINDA")],
        [*others, ("l1", "-1295.17", 2, "Rent Linda Walkerman"), ("l2", "-50.00", 2, "Late fee Linda Walkerman")],
    )
    taken = found.get("matched", []) + found.get("suggested", [])
    assert {"b", "l1", "l2"} in taken


def test_two_sets_that_add_up_equally_are_a_tie() -> None:
    found = groups(
        [("b", "-300.00", 2, "DEPOSIT")],
        [
            ("l1", "-100.00", 2, "Acme"),
            ("l2", "-200.00", 2, "Zenith"),
            ("l3", "-130.00", 2, "Other"),
            ("l4", "-170.00", 2, "Fourth"),
        ],
    )
    assert "matched" not in found and "suggested" not in found


def test_two_sums_of_one_party_are_two_groups() -> None:
    found = groups(
        [("b1", "-3542.23", 2, "SEPA ACME PACKAGING"), ("b2", "-101.17", 2, "SEPA ACME PACKAGING")],
        [("l1", "-2441.25", 2, "Acme Packaging"), ("l2", "-1100.98", 2, "Acme Packaging"), ("l3", "-101.17", 2, "Acme Packaging")],
    )  # fmt: skip
    assert sorted(map(sorted, found["matched"])) == [["b1", "l1", "l2"], ["b2", "l3"]]


def test_a_split_paid_in_other_parts_is_one_group() -> None:
    others: list[Row] = [
        (f"x{n}", f"-{n}00{n}.13", 2, f"{word} TRADING") for n, word in enumerate(["BRAVO", "DELTA", "ECHO", "KILO"])
    ]
    found = groups(
        [("b1", "-300.11", 2, "SEPA ACME PACKAGING"), ("b2", "-200.22", 2, "SEPA ACME PACKAGING"), *others],
        [("l1", "-410.30", 2, "Acme Packaging"), ("l2", "-90.03", 2, "Acme Packaging"), *others],
    )  # fmt: skip
    assert {"b1", "b2", "l1", "l2"} in found["matched"]


def test_the_part_of_a_split_that_has_no_text_is_told_by_what_is_missing() -> None:
    others: list[Row] = [
        (f"x{n}", f"-{n}00{n}.13", 2, f"{word} TRADING") for n, word in enumerate(["BRAVO", "DELTA", "ECHO", "KILO"])
    ]
    paid: list[Row] = [("b1", "-30000.11", 2, "SEPA ACME PACKAGING"), ("b2", "-20000.22", 2, "SEPA ACME PACKAGING")]
    booked: list[Row] = [("l1", "-31030.30", 2, "Acme Packaging"), ("l2", "-9910.10", 2, "Acme Packaging")]
    found = groups([*paid, *others], [*booked, ("l3", "-9059.93", 2, None), ("l4", "-9059.90", 2, None), *others])
    assert {"b1", "b2", "l1", "l2", "l3"} in found["matched"]
    assert not any("l4" in group for group in found["matched"])
    other_day = groups([*paid, *others], [*booked, ("l3", "-9059.93", 3, None), *others])
    assert not any("b1" in group for group in other_day["matched"])


OTHERS: list[Row] = [
    (f"x{n}", f"-{n + 1}00{n}.13", 2, f"{word} TRADING")
    for n, word in enumerate(["BRAVO", "DELTA", "ECHO", "KILO", "LIMA", "OSCAR", "QUEBEC", "ROMEO", "SIERRA", "TANGO"])
]
PAID: list[Row] = [("b1", "-30000.11", 2, "SEPA ACME PACKAGING"), ("b2", "-20000.22", 2, "SEPA ACME PACKAGING")]
BOOKED: list[Row] = [("l1", "-31030.30", 2, "Acme Packaging"), ("l2", "-9910.10", 2, "Acme Packaging")]


def test_the_part_of_a_split_whose_text_is_worn_beyond_recognition_is_what_is_missing() -> None:
    found = groups([*PAID, *OTHERS], [*BOOKED, ("l3", "-9059.93", 2, "CMA PCK"), *OTHERS])
    assert any({"b1", "b2", "l1", "l2", "l3"} in found.get(status, []) for status in ("matched", "suggested"))


def test_another_payment_of_the_party_on_the_day_does_not_hide_a_split() -> None:
    more: Row = ("l4", "-7777.77", 2, "Acme Packaging")
    found = groups([*PAID, *OTHERS], [*BOOKED, ("l3", "-9059.93", 2, "Acme Packaging"), more, *OTHERS])
    assert {"b1", "b2", "l1", "l2", "l3"} in found["matched"]
    again: Row = ("l5", "-9059.93", 2, "Acme Packaging")  # which of the two it is nobody can tell
    found = groups([*PAID, *OTHERS], [*BOOKED, ("l3", "-9059.93", 2, "Acme Packaging"), again, *OTHERS])
    assert not any("b1" in group for group in found["matched"])


def test_a_small_split_is_believed_where_larger_ones_of_its_kind_are_sure() -> None:
    names = [*named(14), "LIBERTY AXKO"]  # fewer words in common: it is looked at when those are gone
    bank: list[Row] = []
    books: list[Row] = []
    for n, name in enumerate(names):
        size, late = (40, 2) if n == 14 else (40_000 + 1_711 * n, 1)
        parts = [(f"{n}a", size + 3.17 + n), (f"{n}b", 2 * size + 0.31 + n), (f"{n}c", size / 2 + 1.03)]
        cut = size / 8
        paid = [(f"{n}p", parts[0][1] + cut), (f"{n}q", parts[1][1] + parts[2][1] - cut)]
        books.extend((f"l{key}", f"-{amount:.2f}", n, name.title()) for key, amount in parts)
        bank.extend((f"b{key}", f"-{amount:.2f}", n + late, f"SEPA {name}") for key, amount in paid)
    found = groups(bank, books)["matched"]
    assert {"b14p", "b14q", "l14a", "l14b", "l14c"} in found


def test_a_sum_of_round_amounts_proves_less_than_one_of_odd_cents() -> None:
    target, cases, candidates = np.array([27500]), np.array([0]), [25000, 2500, 10000, 5000, 18927]
    frame = pl.DataFrame({"case": [0] * 5, "value": candidates})
    (as_round,) = round_chance(target, cases, [np.array([25000, 2500])], frame)
    assert as_round == pytest.approx(
        (2**4 - 4 - 1) * 2500 / 42500
    )  # four whole twenty-fives, eleven sums of two or more
    assert round_chance(np.array([43927]), cases, [np.array([25000, 18927])], frame).tolist() == [0.0]


def test_a_voided_entry_is_paired_with_its_original() -> None:
    found = groups(
        [("b", "-10.11", 9, "SOMETHING ELSE")],
        [("l1", "-77.31", 2, "Payment to Acme Tools"), ("l2", "77.31", 5, "VOID Payment to Acme Tools")],
    )
    assert found["matched"] == [{"l1", "l2"}]


@pytest.mark.parametrize("undone", ["Возврат Петров", "Ακύρωση Πέτρου", "取消 佐藤商店", "취소 김철수"])
def test_an_entry_says_in_any_script_that_it_undoes_another(undone: str) -> None:
    entry = undone.split()[1]
    found = groups([("b", "-10.11", 9, "OTHER")], [("l1", "-77.31", 2, entry), ("l2", "77.31", 5, undone)])
    assert found["matched"] == [{"l1", "l2"}]


def test_names_in_letters_without_a_latin_form_decide_between_equal_amounts() -> None:
    names = ["佐藤太郎", "鈴木花子", "高橋一郎", "田中美咲", "伊藤健太", "渡辺由美", "山本太郎", "中村花子", "小林一郎"]
    bank: list[Row] = [(f"b{n}", "3000.00", 2 + n % 3, f"振込 {name}") for n, name in enumerate(names)]
    books: list[Row] = [(f"l{n}", "3000.00", 2, f"{name} 水道料") for n, name in enumerate(names)]
    found = groups([*bank, *OTHERS], [*books, *OTHERS])["matched"]
    assert all({f"b{n}", f"l{n}"} in found for n in range(len(names)))


def test_what_names_the_entry_it_undoes_undoes_it_though_the_bank_shows_that_amount_too() -> None:
    found = groups(
        [("b", "119.00", 5, "NTRF ACME"), *OTHERS],
        [
            ("l1", "-119.00", 2, "1900000276 KZ Acme"),
            ("l2", "119.00", 4, "1900000277 STORNO 1900000276 Acme"),
            *OTHERS,
        ],
    )
    assert {"l1", "l2"} in found["matched"]


def test_what_names_the_entry_it_undoes_undoes_no_other() -> None:
    found = groups(
        [("b", "-902.17", 9, "CHECK 3657"), *OTHERS],
        [
            ("l1", "-902.17", 2, "Check 3656 Metro Waste"),
            ("l2", "-902.17", 3, "Check 3657 Metro Waste reissue"),
            ("l3", "902.17", 4, "VOID Check 3656 Metro Waste"),
            *OTHERS,
        ],
    )
    assert {"l1", "l3"} in found["matched"]
    assert {"b", "l2"} in found["matched"]


SALES: list[Row] = [("l1", "1281.46", 2, "Daily sales"), ("l2", "-37.46", 2, "Merchant fees")]


def test_takings_and_the_fee_that_the_books_show_apart_are_one_payout() -> None:
    assert {"b", "l1", "l2"} in groups([("b", "1244.00", 4, "STRIPE TRANSFER"), *OTHERS], [*SALES, *OTHERS])["matched"]
    assert {"b", "l1", "l2"} in groups([*SALES, *OTHERS], [("b", "1244.00", 4, "Stripe payout"), *OTHERS])["matched"]


def test_a_fee_that_the_bank_shows_by_itself_is_not_taken_off_a_receipt() -> None:
    bank: list[Row] = [("b1", "5576.94", 4, "WIRE IN UMBRELLA HEALTH"), ("b2", "-30.00", 5, "WIRE FEE")]
    books: list[Row] = [("l1", "5606.94", 4, "Umbrella Health"), ("l2", "-30.00", 4, "Bank charge")]
    more: list[Row] = [(f"f{n}", "-30.00", 7 * n, "Bank charge") for n in range(3)]
    found = groups([*bank, *OTHERS], [*books, *more, *OTHERS])
    assert not any({"b1", "l2"} <= group for group in found["matched"])


def test_a_return_of_a_rare_amount_needs_no_like_text_unless_the_books_show_the_payment() -> None:
    bank: list[Row] = [("b1", "-2580.31", 4, "DD JAEGERMETALLBAUAG"), ("b2", "2580.31", 9, "RETURNED ITEM 0000")]
    rest: list[Row] = [(f"b{n}", f"-{n * 37}.{n}0", n, "CARD") for n in range(3, 9)]
    assert groups([*bank, *rest], [("l1", "-1.00", 0, None)])["matched"] == [{"b1", "b2"}]
    assert {"b1", "l1"} in groups([*bank, *rest], [("l1", "-2580.31", 3, "Jaeger Metallbau")])["matched"]


def test_a_reversal_that_the_bank_shows_too_is_left_to_the_two_sides() -> None:
    found = groups(
        [("b1", "-77.31", 2, "ACME TOOLS"), ("b2", "77.31", 5, "RETURN ACME TOOLS")],
        [("l1", "-77.31", 2, "Payment to Acme Tools"), ("l2", "77.31", 5, "Return Acme Tools")],
    )
    assert sorted(map(sorted, found["matched"])) == [["b1", "l1"], ["b2", "l2"]]


@pytest.fixture(scope="module")
def world() -> tuple[MatchResult, pl.DataFrame]:
    made = two_sided(
        21, replace(TwoSidedSettings(), events=900, bank_style="uk_high_street", ledger_style="name_column")
    )
    return match({"left": made.bank, "right": made.ledger}, RULES), made.truth


def edges(members: pl.DataFrame) -> set[frozenset[str]]:
    pairs = members.join(members, on="group", suffix="_other").filter(pl.col("item_id") < pl.col("item_id_other"))
    both = pairs.filter(
        (pl.col("dataset") != pl.col("dataset_other")) | (pl.col("dataset").n_unique().over("group") == 1)
    )
    return {frozenset(pair) for pair in both.select("item_id", "item_id_other").rows()}


def found_edges(result: MatchResult, status: str) -> set[frozenset[str]]:
    wanted = result.groups.filter(status=status).select("group_id")
    return edges(result.items.join(wanted, on="group_id", how="semi").rename({"group_id": "group"}))


def test_matched_is_right_on_a_labelled_world(world: tuple[MatchResult, pl.DataFrame]) -> None:
    result, truth = world
    matched, right = found_edges(result, "matched"), edges(truth)
    assert len(matched & right) / len(matched) > 0.985
    assert len(matched & right) / len(right) > 0.75


def test_groups_balance_and_no_item_is_used_twice(world: tuple[MatchResult, pl.DataFrame]) -> None:
    result, _ = world
    taken = result.groups.filter(pl.col("status") != "ambiguous")
    assert result.items.join(taken, on="group_id", how="semi")["item_id"].is_unique().all()
    unequal = taken.filter(pl.col("difference") != 0)
    assert set(unequal["difference_kind"]) <= {"fee", "typing_error"}


def test_row_order_changes_nothing() -> None:
    made = two_sided(5, replace(HARD, events=200))
    one = match({"left": made.bank, "right": made.ledger}, RULES)
    other = match({"left": made.bank.reverse(), "right": made.ledger.sample(fraction=1, shuffle=True, seed=4)}, RULES)
    keys = ["group_id", "dataset", "item_id"]
    assert one.items.sort(keys).equals(other.items.sort(keys))
    assert one.groups["status"].len() > 100
    assert (
        one.groups.select("group_id", "status")
        .sort("group_id")
        .equals(other.groups.select("group_id", "status").sort("group_id"))
    )


def test_two_payments_against_three_entries_of_one_party() -> None:
    others = ["Acme Tools", "Harbor Lines", "Summit Media", "Redwood Hardware", "Pioneer Coffee", "Liberty Travel"]
    bank: list[Row] = [(f"b{n}", f"-{61 + 7 * n}.{n}7", 3 + n, f"CARD {name.upper()}") for n, name in enumerate(others)]
    books: list[Row] = [(f"l{n}", f"-{61 + 7 * n}.{n}7", 2 + n, name) for n, name in enumerate(others)]
    found = groups(
        [*bank, ("p1", "-310.45", 3, "WIRE ZENITH FOODS"), ("p2", "-189.55", 3, "WIRE ZENITH FOODS")],
        [
            *books,
            ("e1", "-100.13", 2, "Zenith Foods Inc"),
            ("e2", "-150.21", 2, "Zenith Foods Inc"),
            ("e3", "-249.66", 2, "Zenith Foods Inc"),
        ],
    )
    assert {"p1", "p2", "e1", "e2", "e3"} in found["matched"]


def named(count: int) -> list[str]:
    """Different texts."""
    first = ("ACME", "HARBOR", "SUMMIT", "REDWOOD", "PIONEER", "LIBERTY")
    second = ("TOOLS", "LINES", "MEDIA", "COFFEE", "TRAVEL")
    return [f"{first[n % 6]} {second[n % 5]} {chr(65 + n % 26)}{chr(65 + n // 26)}KO" for n in range(count)]


def test_required_columns_alone_are_enough() -> None:
    bare = side([("b1", "-123.45", 2, None), ("b2", "-77.31", 4, None)]).drop("text")
    books = bare.with_columns(item_id=pl.Series(["l1", "l2"]))
    result = match({"left": bare, "right": books}, RULES)
    assert result.groups["status"].to_list() == ["matched", "matched"]


def test_amounts_as_floats_are_read_by_their_shortest_decimals() -> None:
    floats = side([("b1", "-0.30", 2, "ACME"), ("b2", "-77.31", 4, "ZENITH")]).with_columns(
        pl.col("amount").cast(pl.Float64)
    )
    result = match({"left": floats, "right": floats.with_columns(pl.col("item_id").str.replace("b", "l"))}, RULES)
    assert result.groups["status"].to_list() == ["matched", "matched"]
    assert result.summary["float_columns"] == {"left": ["amount"], "right": ["amount"]}


def test_a_shared_reference_outweighs_date_and_amount() -> None:
    left = side([("b1", "-50.00", 2, "ACME"), ("b2", "-50.00", 9, "ACME")])
    right = side([("l1", "-50.00", 9, "Acme"), ("l2", "-50.00", 2, "Acme")])
    given = [
        each.with_columns(references=pl.Series([["INV-90017"], ["INV-90018"]], dtype=pl.List(pl.String)))
        for each in (left, right)
    ]
    result = match({"left": given[0], "right": given[1]}, RULES)
    pairs = result.items.group_by("group_id").agg(pl.col("item_id").sort()).get_column("item_id").to_list()
    assert sorted(pairs) == [["b1", "l1"], ["b2", "l2"]]


def test_different_accounts_and_entities_are_never_brought_together() -> None:
    left = side([("b", "-123.45", 2, "ACME")]).with_columns(account=pl.lit("A1"))
    right = side([("l", "-123.45", 2, "Acme")])
    assert match({"left": left, "right": right.with_columns(account=pl.lit("A2"))}, RULES).groups.is_empty()
    assert match({"left": left, "right": right.with_columns(account=pl.lit("A1"))}, RULES).groups.height == 1


def test_one_row_finds_its_partner_among_many_and_an_empty_side_finds_none() -> None:
    books: list[Row] = [(f"l{n}", f"-{100 + n}.{n % 90 + 10}", n % 60, text) for n, text in enumerate(named(60))]
    assert groups([("b", "-107.17", 8, named(8)[7])], books) == {"matched": [{"b", "l7"}]}
    assert groups([], books) == {}


def test_equal_amounts_and_equal_texts_without_end_are_left_with_a_reason() -> None:
    many: list[Row] = [(f"{n:04d}", "-50.00", n % 20, "MONTHLY FEE") for n in range(400)]
    result = match({"left": side(many), "right": side(many)}, RULES)
    assert "matched" not in result.groups["status"].to_list()
    assert result.unmatched["reason"].unique().to_list() == ["too_many_candidates"]


def test_words_decide_among_very_many_equal_amounts() -> None:
    amounts = [f"-{61 + n}.{n % 89 + 10}" if n < 80 else "-50.00" for n in range(380)]
    bank: list[Row] = [(f"b{n:03d}", amounts[n], n % 20, f"CARD {text}") for n, text in enumerate(named(380))]
    books: list[Row] = [(f"l{n:03d}", amounts[n], n % 20, text.title()) for n, text in enumerate(named(380))]
    found = groups(bank, books)["matched"]
    assert all(len({item[1:] for item in pair}) == 1 for pair in found)
    assert len(found) > 300


def test_sides_of_opposite_sign_are_told_not_turned_round() -> None:
    rows: list[Row] = [(f"b{n}", f"-{100 + 7 * n}.{n + 10}", n, text) for n, text in enumerate(named(12))]
    left, right = side(rows), side(rows).with_columns(pl.col("amount") * -1)
    result = match({"left": left, "right": right}, RULES)
    assert result.groups.is_empty()
    assert result.summary["warnings"] == [
        "two_sided: 12 amounts that left and right show once each have opposite signs, 0 have equal ones; amounts are "
        "signed by their effect on cash on both sides, turn the signs of one side round"
    ]
    assert match({"left": left, "right": left}, RULES).summary["warnings"] == []


def test_sums_of_one_day_are_surer_where_most_items_that_could_be_one_are_one() -> None:
    rng = np.random.default_rng(3)
    left: list[Row] = []
    right: list[Row] = []
    for day in range(25):
        cents = rng.integers(2_000, 90_000, size=11)
        parts = cents[: 3 + day % 3]
        left.append((f"D{day:02}", f"{parts.sum() / 100:.2f}", day, None))
        right.extend((f"L{day:02}{n}", f"{amount / 100:.2f}", day, None) for n, amount in enumerate(cents))
    found = groups(left, right)
    sums = {frozenset([f"D{day:02}", *(f"L{day:02}{n}" for n in range(3 + day % 3))]) for day in range(25)}
    assert len(sums & {frozenset(each) for each in found["matched"]}) >= 20
    assert all(frozenset(each) in sums for each in found["matched"])


def test_sides_that_have_nothing_to_do_with_each_other_are_not_matched_by_coincidence() -> None:
    rng = np.random.default_rng(1)
    left, right = (
        [(f"{name}{n}", f"{amount / 100:.2f}", 0, None) for n, amount in enumerate(rng.integers(100, 1_000_000, 3000))]
        for name in ("b", "l")
    )
    assert "matched" not in groups(left, right)
