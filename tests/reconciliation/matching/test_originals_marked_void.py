"""A cheque that is marked as void in the books, beside the entry that voids it."""

from __future__ import annotations

import polars as pl
import pytest

from reconciliation.matching import match, preset
from tests.reconciliation.matching.two_sided_rows import Row, side


def _sides(*added: Row) -> dict[str, pl.DataFrame]:
    left: list[Row] = [(f"l{n}", f"-{37 * n * n + 41}.10", 5 + n, f"CHECK {7000 + n}") for n in range(30)]
    right: list[Row] = [(f"r{n}", f"-{37 * n * n + 41}.10", 2 + n, f"ck {7000 + n} vendor") for n in range(30)]
    return {"left": side(left), "right": side([*right, *added])}


@pytest.mark.parametrize("day", [12, 15])
def test_both_say_void_and_name_one_cheque(day: int) -> None:
    void = ("void", "512.40", day, "Void ck 7912 24-1180")
    result = match(_sides(("cheque", "-512.40", 12, "24-1180 Harper ck 7912 VOID"), void), preset("two_sided"))
    held = result.items.filter(pl.col("item_id").is_in(["cheque", "void"])).join(result.groups, on="group_id")
    assert held.select("pass", "status").unique().rows() == [("described_reversal", "matched")]
    assert held["group_id"].n_unique() == 1


def test_what_comes_back_and_is_paid_in_again_undoes_the_first_and_not_what_undoes_it() -> None:
    deposit, returned, again = (
        ("deposit", "512.40", 10, "Deposit cheque 7912"),
        ("returned", "-512.40", 12, "Returned cheque 7912"),
        ("again", "512.40", 15, "Redeposit of returned cheque 7912"),
    )
    result = match(_sides(deposit, returned, again), preset("two_sided"))
    held = result.items.filter(pl.col("item_id").is_in(["deposit", "returned", "again"]))
    assert set(held.join(result.groups, on="group_id")["item_id"]) == {"deposit", "returned"}
