"""Which entry a void or a return undoes: also one that is marked as void itself, and of many alike the one with the name."""

from __future__ import annotations

import polars as pl
import pytest

from reconciliation.matching import match, preset
from tests.reconciliation.matching.two_sided_rows import Row, side


def _sides(*added: Row) -> dict[str, pl.DataFrame]:
    left: list[Row] = [(f"l{n}", f"-{37 * n * n + 41}.10", 5 + n % 60, f"CHECK {7000 + n}") for n in range(200)]
    right: list[Row] = [(f"r{n}", f"-{37 * n * n + 41}.10", 2 + n % 60, f"ck {7000 + n} vendor") for n in range(200)]
    return {"left": side(left), "right": side([*right, *added])}


@pytest.mark.parametrize("day", [12, 15])
def test_both_say_void_and_name_one_cheque(day: int) -> None:
    void = ("void", "512.40", day, "Void ck 8912 24-1180")
    result = match(_sides(("cheque", "-512.40", 12, "24-1180 Harper ck 8912 VOID"), void), preset("two_sided"))
    held = result.items.filter(pl.col("item_id").is_in(["cheque", "void"])).join(result.groups, on="group_id")
    assert held.select("pass", "status").unique().rows() == [("described_reversal", "matched")]
    assert held["group_id"].n_unique() == 1


def test_two_that_undo_others_and_name_one_date_do_not_undo_each_other() -> None:
    rent = ("rent", "512.40", 12, "Reversal accrual 20251231 rent")
    insurance = ("insurance", "-512.40", 12, "Reversal accrual 20251231 insurance")
    result = match(_sides(rent, insurance), preset("two_sided"))
    held = result.items.join(result.groups.filter(pl.col("status") == "matched"), on="group_id")
    assert held.filter(pl.col("item_id").is_in(["rent", "insurance"])).is_empty()


def test_what_comes_back_and_is_paid_in_again_undoes_the_first_and_not_what_undoes_it() -> None:
    deposit, returned, again = (
        ("deposit", "512.40", 10, "Deposit cheque 8912"),
        ("returned", "-512.40", 12, "Returned cheque 8912"),
        ("again", "512.40", 15, "Redeposit of returned cheque 8912"),
    )
    result = match(_sides(deposit, returned, again), preset("two_sided"))
    held = result.items.filter(pl.col("item_id").is_in(["deposit", "returned", "again"]))
    assert set(held.join(result.groups, on="group_id")["item_id"]) == {"deposit", "returned"}


def test_of_all_salaries_of_a_month_the_one_of_the_name_came_back() -> None:
    staff = ("Walker", "Lee", "Anderson", "Green", "Kelly", "Lewis", "Carter", "Edwards", "Bailey", "Singh", "Torres")
    paid: list[Row] = [(f"pay {name}", "-2011.90", 28, f"{name.upper()} W SAL032025") for name in staff]
    booked: list[Row] = [(f"net {name}", "-2011.90", 27, f"Net pay March {name}") for name in staff]
    returned = ("returned", "2011.90", 31, "RETURN WALKER W SAL032025 ACCOUNT CLOSED")
    sides = _sides(*booked)
    sides["left"] = pl.concat([sides["left"], side([*paid, returned])])
    result = match(sides, preset("two_sided"))
    held = result.items.join(result.groups.filter(pl.col("status") != "ambiguous"), on="group_id")
    groups = {tuple(sorted(ids)) for ids in held.group_by("group_id").agg("item_id")["item_id"].to_list()}
    assert ("pay Walker", "returned") in groups
