"""What processors pay out: takings, refunds and charges in one amount, or less charges that no entry shows."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from reconciliation.matching import match, preset
from reconciliation.matching.encoding import Ints
from reconciliation.matching.fee_schedules import NO_CHARGE, best_schedule, with_habits

RULES = preset("two_sided")
Row = tuple[str, int, int, str]  # item_id, cents, day of January, text
TAKINGS = [  # by day, in cents
    [2_140, 5_599, 1_225, 8_030], [7_310, 4_415], [990, 12_075, 3_360], [6_105, 2_250, 1_985, 4_440, 3_015],
    [15_020, 3_199], [2_745, 2_060, 9_890], [4_520, 1_110, 6_675], [3_335, 8_240],
]  # fmt: skip


def side(rows: list[Row]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "item_id": [row[0] for row in rows],
            "amount": pl.Series([Decimal(row[1]).scaleb(-2) for row in rows], dtype=pl.Decimal(23, 5)),
            "currency": ["EUR"] * len(rows),
            "date": [date(2026, 1, 1) + timedelta(days=row[2]) for row in rows],
            "text": [row[3] for row in rows],
        }
    )


def groups(left: list[Row], right: list[Row], status: str = "matched") -> list[set[str]]:
    result = match({"left": side(left), "right": side(right)}, RULES)
    wanted = result.groups.filter(status=status).select("group_id")
    members = result.items.join(wanted, on="group_id", how="semi")
    return [set(own["item_id"]) for _, own in members.group_by("group_id", maintain_order=True)]


def sales(days: int, word: str = "Sale") -> list[Row]:
    return [
        (f"{word}{day}-{place}", cents, day, f"{word} {1000 + 10 * day + place}")
        for day, own in enumerate(TAKINGS[:days])
        for place, cents in enumerate(own)
    ]


def of_day(day: int, word: str = "Sale") -> set[str]:
    return {f"{word}{day}-{place}" for place in range(len(TAKINGS[day]))}


def less(day: int, rate: int, each: int) -> int:
    """The day's takings less `rate` hundredths of a percent and `each` cents."""
    return sum(cents - round(cents * rate / 10_000) - each for cents in TAKINGS[day])


def test_takings_a_refund_and_the_charges_add_up_to_the_payout() -> None:
    books = [
        *sales(8),
        *((f"fee{day}", less(day, 290, 30) - sum(TAKINGS[day]), day, "Processor charges") for day in range(8)),
        ("refund", -990, 2, "Refund 1020"),
    ]
    bank: list[Row] = [
        (f"b{day}", less(day, 290, 30) - 990 * (day == 2), day + 2, f"STRIPE TRANSFER {day}77{day}")
        for day in range(8)
    ]  # fmt: skip
    found = groups(bank, books)
    assert {"b2", "fee2", "refund"} | of_day(2) in found
    assert all({f"b{day}", f"fee{day}"} | of_day(day) in found for day in (0, 1, 3, 4, 5, 6, 7))


def test_a_charge_that_no_entry_shows_is_learned_from_the_payouts() -> None:
    bank: list[Row] = [(f"b{day}", less(day, 290, 30), day + 2, f"STRIPE TRANSFER {day}77{day}") for day in range(8)]
    result = match({"left": side(bank), "right": side(sales(8))}, RULES)
    matched = result.groups.filter(status="matched")
    assert matched.height == 8
    assert set(matched["difference_kind"]) == {"fee"}
    assert "2.90 % and 30 minor units for each" in matched["explanation"][0]
    members = result.items.group_by("group_id").agg("item_id")["item_id"].to_list()
    assert sorted(map(sorted, members)) == sorted(sorted({f"b{day}"} | of_day(day)) for day in range(8))


def test_the_charge_that_the_books_show_on_the_day_of_the_payout_belongs_to_it() -> None:
    payouts: list[Row] = [(f"P{day}", less(day, 260, 10), day + 1, f"SQUARE {day}7") for day in range(8)]
    charges: list[Row] = [
        (f"C{day}", less(day, 260, 10) - sum(TAKINGS[day]), day + 1, "Processing fees") for day in range(8)
    ]
    found = groups(payouts, [*sales(8), *charges])
    assert sum({f"P{day}", f"C{day}", *of_day(day)} in found for day in range(8)) >= 6
    assert all(len([item for item in group if item[0] == "P"]) == 1 for group in found)


def test_a_payout_found_both_by_its_days_and_by_a_schedule_is_no_rival_of_itself() -> None:
    shown = range(6, 8)  # days on which the books show the charge; on the others the schedule is learned
    charges: list[Row] = [
        (f"fee{day}", less(day, 290, 30) - sum(TAKINGS[day]), day, "Processor charges") for day in shown
    ]
    bank: list[Row] = [(f"b{day}", less(day, 290, 30), day + 2, f"STRIPE TRANSFER {day}77{day}") for day in range(8)]
    result = match({"left": side(bank), "right": side([*sales(8), *charges])}, RULES)
    assert set(result.groups["status"]) == {"matched"}
    members = result.items.group_by("group_id").agg("item_id")["item_id"].to_list()
    whole = [{f"b{day}"} | of_day(day) | ({f"fee{day}"} if day in shown else set()) for day in range(8)]
    assert sorted(map(sorted, members)) == sorted(map(sorted, whole))


def test_sales_that_are_paid_out_one_by_one_are_known_by_the_charge_of_the_others() -> None:
    cents = [8_417 + 1_009 * n + 37 * n * n for n in range(24)]
    days = [*range(20), 21, 21, 23, 23]  # two sales on each of the last days: no day's total is paid out
    numbered = list(enumerate(zip(cents, days, strict=True)))
    books: list[Row] = [(f"s{n}", own, day, f"Paypal order {8_000 + n}") for n, (own, day) in numbered]
    bank: list[Row] = [
        (f"b{n}", own - round(own * 0.0349) - 49, day + 1, f"PAYPAL TRANSFER {61 * n}7") for n, (own, day) in numbered
    ]
    rents: list[Row] = [(f"x{n}", -7_013 * (n + 3), n, f"Rent of lot {n}") for n in range(20)]
    paid: list[Row] = [(f"y{n}", -7_013 * (n + 3), n, f"LOT {n} RENT") for n in range(20)]
    found = groups([*bank, *paid], [*books, *rents])
    assert all({f"b{n}", f"s{n}"} in found for n in range(24))


def test_a_word_that_the_payout_says_too_chooses_between_items_of_equal_amounts() -> None:
    takings = sales(6, "Shoply")
    same: list[Row] = [(f"x{day}", TAKINGS[day][0], day, "Paynow sale") for day in range(6)]
    payouts: list[Row] = [(f"P{day}", sum(TAKINGS[day]), day + 2, f"SHOPLY TRANSFER {day}3") for day in range(6)]
    found = groups(payouts, [*takings, *same])
    assert all({f"P{day}", *of_day(day, "Shoply")} in found for day in range(6) if len(TAKINGS[day]) > 2)


def test_takings_of_a_weekend_are_paid_out_together() -> None:
    days = [[0], [1], [2, 3, 4], [5], [6], [7]]
    bank: list[Row] = [
        (f"b{own[-1]}", sum(less(day, 175, 0) for day in own), own[-1] + 1, f"CARD SETTLEMENT {own[-1]}55") for own in days
    ]  # fmt: skip
    found = groups(bank, sales(8))
    assert {"b4"} | of_day(2) | of_day(3) | of_day(4) in found


def test_two_processors_of_one_day_are_told_apart_by_a_word() -> None:
    other = [(f"{name}o", cents + 37, day, text) for name, cents, day, text in sales(8, "Paypal")]
    bank: list[Row] = [(f"s{day}", less(day, 140, 25), day + 2, f"STRIPE TRANSFER {day}77{day}") for day in range(8)]
    bank += [
        (f"p{day}", sum(cents + 37 - round((cents + 37) * 0.0349) - 35 for cents in TAKINGS[day]), day + 1, f"PP {day}123")
        for day in range(8)
    ]  # fmt: skip
    found = groups(bank, [*sales(8, "Stripe"), *other])
    assert sum({f"s{day}"} | of_day(day, "Stripe") in found for day in range(8)) >= 7
    assert sum({f"p{day}"} | {f"{name}o" for name in of_day(day, "Paypal")} in found for day in range(8)) >= 7


def test_a_word_does_not_choose_between_items_of_equal_amounts() -> None:
    books = [(f"Pay{n}", cents, 3, f"Payment {n}") for n, cents in enumerate([245_050, 210_000, 333_000, 260_010])]
    books += [(f"Rec{n}", cents, 3, f"Receipt {n}") for n, cents in enumerate([245_050, 310_025, 333_000, 190_000])]
    books += [(f"x{n}", 7_013 * (n + 3), 20 + n, f"{'Payment' if n % 2 else 'Receipt'} {n}") for n in range(8)]
    found = groups([("b", sum(cents for name, cents, *_ in books if name.startswith("Pay")), 3, "PAYROLL 7711")], books)
    assert not any("b" in group for group in found)


@pytest.mark.parametrize("payouts", [1, 2])
def test_a_charge_seen_once_or_twice_is_no_match(payouts: int) -> None:
    bank: list[Row] = [(f"b{day}", less(day, 287, 31), day + 2, f"TRANSFER {day}77{day}") for day in range(payouts)]
    assert groups(bank, sales(payouts)) == []


def candidates(fees: list[int]) -> pl.DataFrame:
    gross = [sum(own) for own in TAKINGS]
    return pl.DataFrame(
        {
            "row": list(range(8)),
            "open": [total - fee for total, fee in zip(gross, fees, strict=True)],
            "gross": gross,
            "fee": fees,
            "takings": [len(own) for own in TAKINGS],
            "returns": [0] * 8,
            "lag": [2] * 8,
            "length": [0] * 8,
            "family": [""] * 8,
            "named": [False] * 8,
            "wording": ["TRANSFER"] * 8,
            "lag_share": [0.2] * 8,
            "length_share": [0.5] * 8,
            "family_share": [1.0] * 8,
        }
    )


def test_the_schedule_that_explains_most_is_found_and_nothing_where_fees_have_no_rule() -> None:
    charged = candidates([sum(own) - less(day, 265, 10) for day, own in enumerate(TAKINGS)])
    found = best_schedule(charged)
    assert found is not None and (found.rate, found.each) == (265, 10)
    assert found.probable > 0.999
    learned = with_habits(found, charged, 8, 0.1)
    assert (learned.odds(charged) > 100).all()
    assert learned.habits["times"].sum() == pytest.approx(8, abs=0.1)
    random = best_schedule(candidates([411, 93, 620, 205, 333, 78, 512, 150]))
    assert random is None or random.probable < 0.5


def test_of_many_amounts_a_few_agree_by_chance_with_some_schedule() -> None:
    rng = np.random.default_rng(5)
    gross = rng.integers(10_000, 4_000_000, 400)
    fees = (gross * rng.uniform(0, 0.06, 400)).astype(np.int64)
    found = best_schedule(random_candidates(gross, fees))
    assert found is None or found.probable < 0.1
    # amounts that are all round differ by round amounts, which is no charge
    round_ones = best_schedule(random_candidates(rng.integers(20, 40, 40) * 500, rng.integers(1, 3, 40) * 500))
    assert round_ones is None or round_ones.probable < 0.1


def random_candidates(gross: Ints, fees: Ints) -> pl.DataFrame:
    numbers = range(len(gross))
    habits = {"takings": 1, "returns": 0, "lag": 2, "length": 0, "family": "", "named": False, "wording": "TRANSFER"}
    habits |= {"lag_share": 0.2, "length_share": 0.5, "family_share": 1.0}
    frame = pl.DataFrame({"row": numbers, "open": gross - fees, "gross": gross, "fee": fees})
    return frame.with_columns(pl.lit(value).alias(name) for name, value in habits.items())


def test_three_of_one_sign_or_a_refund_that_agree_need_no_charge() -> None:
    several = [len(own) > 2 for own in TAKINGS]
    assert (NO_CHARGE.ratios(candidates([0] * 8)) > 0).tolist() == several
    assert (NO_CHARGE.ratios(candidates([25] * 8)) == 0).all()
