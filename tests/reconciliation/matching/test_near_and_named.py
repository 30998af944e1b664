"""Two sides without a shared identifier: amounts that nearly agree, and all that is owed to whoever a payout names."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from two_sided_rows import Row, side

from reconciliation.matching import match, preset

RULES = preset("two_sided")
WORDS = [
    "HARBOR",
    "SUMMIT",
    "REDWOOD",
    "PIONEER",
    "LIBERTY",
    "ZENITH",
    "ORION",
    "CEDAR",
    "FALCON",
    "MERIDIAN",
    "COBALT",
    "WILLOW",
]


def groups(left: list[Row], right: list[Row], *statuses: str) -> list[set[str]]:
    result = match({"left": side(left), "right": side(right)}, RULES)
    wanted = result.groups.filter(pl.col("status").is_in(statuses or ("matched",))).select("group_id")
    members = result.items.join(wanted, on="group_id", how="semi")
    return [set(own["item_id"]) for _, own in members.group_by("group_id", maintain_order=True)]


BANK: list[Row] = [(f"x{n}", f"-{213 + 71 * n}.{17 + n}", 2 * n + 1, f"ACH {word}") for n, word in enumerate(WORDS)]
BOOKS: list[Row] = [(f"y{n}", f"-{213 + 71 * n}.{17 + n}", 2 * n, word.title()) for n, word in enumerate(WORDS)]


@pytest.mark.parametrize("amount", ["-1612.42", "-1621.44"])
def test_two_cents_or_two_digits_swapped_are_no_other_payment_in_a_small_file(amount: str) -> None:
    bank: Row = ("b", amount, 9, "CHECK 1177")
    found = groups([*BANK, bank], [*BOOKS, ("l", "-1612.44", 8, "Payment to Stonecroft")], "matched", "suggested")
    assert {"b", "l"} in found


def test_of_two_amounts_that_are_as_near_neither_is_it() -> None:
    two: list[Row] = [("l1", "-1605.17", 8, None), ("l2", "-1619.64", 8, None)]
    found = groups([*BANK, ("b", "-1612.42", 9, None)], [*BOOKS, *two], "matched", "suggested")
    assert not any("b" in group for group in found)


def test_the_charge_that_every_transfer_bears_is_known_where_names_are_written_in_two_scripts() -> None:
    amounts = [157_679, 170_371, 884_338, 424_567, 596_960, 308_113, 749_292, 61_934]
    bank: list[Row] = [(f"b{n}", f"{amount - 440}", 3 * n + n % 3, "ﾌﾘｺﾐ") for n, amount in enumerate(amounts)]
    books: list[Row] = [(f"l{n}", f"{amount}", 3 * n, "売掛金回収") for n, amount in enumerate(amounts)]
    left, right = (side(rows).with_columns(currency=pl.lit("JPY")) for rows in (bank, books))
    result = match({"left": left, "right": right}, RULES)
    assert result.groups["status"].to_list() == ["matched"] * len(amounts)
    assert result.groups["difference_kind"].to_list() == ["fee"] * len(amounts)


def weekly(weeks: int, word: str) -> tuple[list[Row], list[Row]]:
    """A marketplace pays out on Tuesdays what it sold from Tuesday to Sunday, less its commission; another shop sells beside it."""
    bank: list[Row] = []
    books: list[Row] = []
    for week in range(weeks):
        sold = [6_017 + 1_931 * ((week * 6 + day) * 7 % 17) + 13 * day for day in range(6)]
        kept = sum(sold) * 23 // 100
        books += [
            (f"s{week}-{day}", str(Decimal(cents).scaleb(-2)), 7 * week + day, f"{word} sales {day}")
            for day, cents in enumerate(sold)
        ]
        books.append((f"c{week}", str(-Decimal(kept).scaleb(-2)), 7 * week + 6, f"{word} commission"))
        books += [
            (f"o{week}-{day}", f"{151 + 37 * day + 11 * week}.{19 + day + week}", 7 * week + day, "Counter")
            for day in range(6)
        ]
        bank.append(
            (f"p{week}", str(Decimal(sum(sold) - kept).scaleb(-2)), 7 * week + 7, f"{word} INC ST-{8_311 * (week + 3)}")
        )
        bank += [
            (f"q{week}-{day}", f"{151 + 37 * day + 11 * week}.{19 + day + week}", 7 * week + day + 1, "CARD DEP")
            for day in range(6)
        ]
    return bank, books


def test_a_weeks_sales_less_the_commission_are_the_payout_that_names_who_kept_it() -> None:
    bank, books = weekly(5, "DOORDASH")
    found = groups(bank, books)
    for week in range(5):
        assert {f"p{week}", f"c{week}", *(f"s{week}-{day}" for day in range(6))} in found


def test_two_of_whom_one_is_nearly_all_are_not_the_whole_of_what_is_owed() -> None:
    found = groups(
        [*BANK, ("b", "-7427.51", 2, "SEPA ETOILE LOCATION")],
        [*BOOKS, ("l1", "-7402.51", 2, "Etoile Location"), ("l2", "-25.00", 2, "Etoile Girard Batiment")],
    )
    assert not any("b" in group for group in found)


def test_what_is_put_in_the_plate_is_told_from_gifts_online_of_the_same_amounts_once_the_word_is_known() -> None:
    bank: list[Row] = []
    books: list[Row] = []
    for week in range(8):
        plate = [20, 25, 50, 100, 40 + 20 * (week % 3), 75]
        loose = Decimal(8_013 + 1_733 * week % 5_000) / 100
        books += [
            (f"o{week}-{n}", f"{cash}", 7 * week, f"Offering {WORDS[(week + n) % 12].title()}")
            for n, cash in enumerate(plate)
        ]
        books.append((f"o{week}-loose", f"{loose}", 7 * week, "Loose offering"))
        bank.append((f"d{week}", f"{sum(plate) + loose}", 7 * week + 1, "DEPOSIT"))
        given = [50, 100, 25 + 25 * (week % 2)]
        kept = Decimal(371 + 29 * week) / 100
        books += [
            (f"g{week}-{n}", f"{gift}", 7 * week - 2 * (n % 2), f"Online gift {WORDS[(week + 2 * n) % 12].title()}")
            for n, gift in enumerate(given)
        ]
        books.append((f"f{week}", f"{-kept}", 7 * week + 1, "Giving fees"))
        bank.append((f"t{week}", f"{sum(given) - kept}", 7 * week + 2, f"GIVING ST-{1_731 * (week + 2)}"))
    found = groups(bank, books)
    for week in range(8):
        assert {f"d{week}", f"o{week}-loose", *(f"o{week}-{n}" for n in range(6))} in found


def test_a_progress_payment_less_the_retention_of_its_site_though_the_site_is_named_over_and_over() -> None:
    sites = ["Lincoln School", "Harbor Tower", "Mercy Clinic"]
    bank: list[Row] = []
    books: list[Row] = []
    for n in range(15):
        gross = Decimal(1_781_347 + 913_771 * (n * 7 % 15)) / 100
        kept = (gross / 10).quantize(Decimal("0.01"))
        books += [
            (f"g{n}", f"{gross}", 9 * n, f"Application {sites[n % 3]}"),
            (f"k{n}", f"{-kept}", 9 * n, f"Retention {sites[n % 3]}"),
        ]
        bank.append((f"b{n}", f"{gross - kept}", 9 * n + 2, "WIRE FROM NORTHGATE"))
    found = groups([*BANK, *bank], [*BOOKS, *books])
    assert all({f"b{n}", f"g{n}", f"k{n}"} in found for n in range(15))


@pytest.mark.parametrize("step", [30, 31, 33, 37, 39])
def test_an_equal_amount_of_two_files_that_have_nothing_to_do_with_each_other_is_chance(step: int) -> None:
    bank: list[Row] = [(f"b{n}", f"-{17 + step * n % 397}", 5 * n % 31, None) for n in range(24)]
    books: list[Row] = [(f"l{n}", f"-{11 + (2 * step - 27) * n % 389}", 7 * n % 31, None) for n in range(24)]
    assert {row[1] for row in bank} & {row[1] for row in books}
    assert groups(bank, books) == []


@pytest.mark.parametrize("books_first", [True, False])
def test_takings_of_a_day_come_in_by_kind_of_card_on_several_working_days(books_first: bool) -> None:
    """2026-01-05 is a Monday: what is sold from Thursday on comes in after the weekend."""
    bank: list[Row] = []
    books: list[Row] = []
    for day in (4, 6, 8, 11, 13, 15, 18, 20, 22, 25):
        parts = [5_017 + (day**3 * 7_919 + day * n * n * 104_729 + n * 31_337) % 183_961 for n in range(3)]
        for n, cents in enumerate(parts):
            paid = day + n + 1
            paid += 2 if (paid - 2) % 7 in (0, 1) or (day - 2) % 7 > (paid - 2) % 7 else 0
            bank.append(
                (
                    f"p{day}-{n}",
                    f"{Decimal(cents) / 100}",
                    paid,
                    f"{['BANKCARD', 'AMEX', 'DISCOVER'][n]} {4_711 * (day + n)}",
                )
            )
        books.append((f"d{day}", f"{Decimal(sum(parts)) / 100}", day, "Daily sales"))
    left, right = [*BANK, *bank], [*BOOKS, *books]
    found = groups(right, left) if books_first else groups(left, right)
    assert (
        sum({f"d{day}", *(f"p{day}-{n}" for n in range(3))} in found for day in (4, 6, 8, 11, 13, 15, 18, 20, 22, 25))
        > 8
    )
    assert all(len({item[1:].split("-")[0] for item in group}) == 1 for group in found)
