"""A bank statement against what a gateway or a ledger reports: payouts of a batch, taxed fees, a number with another amount."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import polars as pl
from two_sided_rows import Row, side

from reconciliation.matching import MatchResult, match, preset


def reconciled(left: list[Row], right: list[Row], batches: list[str | None] | None = None) -> MatchResult:
    entries = side(right)
    if batches is not None:
        entries = entries.with_columns(pl.Series("batch_id", batches, dtype=pl.String))
    return match({"left": side(left), "right": entries}, preset("two_sided"))


def found(result: MatchResult) -> dict[str, list[list[str]]]:
    """Members of the groups, by status."""
    members = result.items.join(result.groups.select("group_id", "status"), on="group_id")
    groups: dict[str, list[list[str]]] = {}
    for (status, _), own in members.group_by("status", "group_id", maintain_order=True):
        groups.setdefault(str(status), []).append(sorted(own["item_id"]))
    return groups


def test_a_payout_is_matched_with_the_batch_that_the_report_lists() -> None:
    """Nothing else says so: the same days hold other payments, and other sums."""
    report: list[Row] = [("p1", "488.10", 3, None), ("p2", "243.70", 3, None), ("p3", "975.20", 3, None)]
    others: list[Row] = [("p4", "311.90", 3, None), ("p5", "120.05", 4, None)]
    result = reconciled(
        [("b1", "1707.00", 5, "NEFT GATEWAY"), ("b2", "431.95", 6, "NEFT GATEWAY")],
        [*report, *others],
        ["s1", "s1", "s1", "s2", "s2"],
    )
    assert sorted(found(result)["matched"]) == [["b1", "p1", "p2", "p3"], ["b2", "p4", "p5"]]


def test_two_payouts_of_one_total_are_left_to_a_person() -> None:
    result = reconciled(
        [("b1", "700.00", 5, "NEFT GATEWAY"), ("b2", "700.00", 5, "NEFT GATEWAY")],
        [("p1", "400.00", 3, None), ("p2", "300.00", 3, None), ("p3", "450.00", 3, None), ("p4", "250.00", 3, None)],
        ["s1", "s1", "s2", "s2"],
    )
    assert "matched" not in found(result)


def test_a_gateways_taxed_fee_is_learned_from_all_that_it_keeps_back() -> None:
    """No number is shared: 2 % and 18 % tax on that tell which order a credit pays."""
    random = np.random.default_rng(5)
    orders: list[Row] = []
    credits: list[Row] = []
    for n in range(40):
        amount = Decimal(int(random.integers(30_000, 2_000_000))) / 100
        fee = round(amount * Decimal("0.02"), 2)
        net = amount - fee - round(fee * Decimal("0.18"), 2)
        day = int(random.integers(0, 30))
        orders.append((f"o{n}", str(amount), day, f"order {70_000 + n}"))
        credits.append((f"c{n}", str(net), day + 1 + n % 2, "NEFT CR GATEWAY"))
    groups = found(reconciled(credits, orders))
    assert len(groups["matched"]) >= 38
    assert all(pair == [f"c{pair[0][1:]}", f"o{pair[0][1:]}"] for pair in groups["matched"])


def test_one_number_and_another_amount_is_shown_to_a_person() -> None:
    result = reconciled(
        [("b", "3765.89", 2, "GATEWAY SETTLEMENT TXN10039"), ("x", "91.20", 2, "CARD FEE")],
        [("l", "4115.49", 2, "settlement TXN10039"), ("y", "512.44", 2, "settlement TXN10040")],
    )
    assert found(result) == {"suggested": [["b", "l"]]}
    assert result.groups["difference_kind"].to_list() == ["short_pay"]


def test_a_number_that_several_carry_is_not_enough_for_that() -> None:
    result = reconciled(
        [("b", "3765.89", 2, "CONTRACT K4711900")],
        [("l1", "4115.49", 2, "CONTRACT K4711900"), ("l2", "2904.30", 9, "CONTRACT K4711900")],
    )
    assert "matched" not in found(result)
    assert ["b", "l1"] not in found(result).get("suggested", [])
