"""Who quotes the number of an order pays the bill whose text shows it; the number of a contract stands on every month's bill."""

from __future__ import annotations

import polars as pl
import pytest
from example_items import items, members

from reconciliation.matching import match, preset

PRESETS = pytest.mark.parametrize("rules", ["payables", "receivables"])
Row = dict[str, object]


def _matched(rules: str, lines: list[Row], bills: list[Row]) -> list[tuple[str, ...]]:
    """The matched groups of lines and bills of one price each, which are 250.00 where nothing else is said."""
    sign = "-" if rules == "payables" else ""
    own, other = (
        items(*({"item_id": f"{kind}{n}"} | row | {"amount": f"{sign}{row.get('amount', '250.00')}"} for n, row in enumerate(rows)))
        for kind, rows in (("L", lines), ("B", bills))
    )  # fmt: skip
    frames = {"bank_lines": own, "open_items": other} | ({"payments": items()} if rules == "payables" else {})
    return members(match(frames, preset(rules)), "matched")


@PRESETS
def test_of_bills_of_one_price_the_order_quoted_tells_which(rules: str) -> None:
    bills: list[Row] = [{"text": f"Order 45000{n:05}", "on": n % 5} for n in range(6, 0, -1)]
    lines: list[Row] = [{"text": f"PO 45000{n:05} thank you", "on": 20} for n in (2, 5)]
    assert _matched(rules, lines, bills) == [("B1", "L1"), ("B4", "L0")]


@PRESETS
def test_an_order_billed_in_parts_is_paid_at_once_or_part_by_part(rules: str) -> None:
    parts: list[Row] = [{"text": "Order 4500000777", "amount": amount} for amount in ("100.10", "200.20")]
    other: Row = {"text": "Order 4500000778", "amount": "300.30"}
    assert _matched(rules, [{"text": "4500000777", "amount": "300.30"}], [*parts, other]) == [("B0", "B1", "L0")]
    assert _matched(rules, [{"text": "4500000777", "amount": "200.20"}], [*parts, other]) == [("B1", "L0")]


@PRESETS
def test_a_contract_number_on_every_bill_of_the_amount_tells_none_of_them(rules: str) -> None:
    bills: list[Row] = [{"text": "Contract 88001234", "on": n, "due_date": None} for n in (0, 1, 2)]
    lines: list[Row] = [{"text": "Contract 88001234", "on": n} for n in (3, 4)]
    assert _matched(rules, lines, bills) == []


def test_a_number_that_a_settled_bill_of_the_amount_shows_too_tells_nothing() -> None:
    bills: list[Row] = [
        {"text": "Contract 88001234", "references": ["INV-1001"]},
        {"text": "Contract 88001234", "on": 30},
    ]
    lines: list[Row] = [{"text": "INV-1001", "on": 5}, {"text": "Contract 88001234 INV-1001 again", "on": 7}]
    assert _matched("receivables", lines, bills) == [("B0", "L0")]


def test_the_group_says_what_it_rests_on() -> None:
    frames = {
        "bank_lines": items({"item_id": "L", "amount": 250, "text": "PO 4500000001"}),
        "open_items": items(*({"item_id": f"B{n}", "amount": 250, "text": f"PO 450000000{n}"} for n in range(4))),
    }
    group = match(frames, preset("receivables")).groups.filter(pl.col("leg") == "bank_lines_open_items")
    assert group["pass"].to_list() == ["shared_word"]
    assert group["explanation"].item().startswith("Both texts name the same number; the amounts agree")


def _beside_orders(said: str, shared: int = 20, bank: str = "") -> list[tuple[str, ...]]:
    """The group of a line of one customer's amount that says so, and the bill of order 4711000777, beside others that share the
    numbers of their orders; `bank` stands in every line."""
    customer: Row = {"counterparty_name": "Nordwind AG", "amount": "1234.56"}
    bills: list[Row] = [{"amount": f"{300 + n}.10", "text": f"Order 47110{n:05}"} for n in range(shared)]
    lines: list[Row] = [{"amount": f"{300 + n}.10", "text": f"{bank} 47110{n:05}", "on": n % 7} for n in range(shared)]
    bills.append(customer | {"item_id": "bill", "text": "Order 4711000777"})
    lines.append(customer | {"item_id": "line", "text": f"{bank} {said}", "on": 3})
    return [group for group in _matched("receivables", lines, bills) if "line" in group]


@pytest.mark.parametrize("said", ["4711000777", "Thank you", "4711000771", "Ref 12345"])
def test_an_amount_of_the_customer_is_enough_where_no_other_order_is_named(said: str) -> None:
    assert _beside_orders(said) == [("bill", "line")]


def test_who_names_another_order_does_not_surely_pay_this_one() -> None:
    assert _beside_orders("4711000955") == []
    assert _beside_orders("4711000955", shared=3) == [("bill", "line")]  # whether texts share such numbers is not known


def test_a_number_of_the_bank_in_every_line_is_no_order() -> None:
    assert _beside_orders("Thank you", bank="Konto 9900112233") == [("bill", "line")]


@PRESETS
@pytest.mark.parametrize("on", [12, 200])  # about when the bills are due, and long after
@pytest.mark.parametrize("said", ["ORDER {}", "ORDER-{}", "ORDER NO. {}", "ORDER{}"])
def test_a_word_that_stands_before_numbers_of_bills_at_other_prices_says_that_it_is_another_number(
    rules: str, on: int, said: str
) -> None:
    """Of twenty orders five happen to be the number of a bill at the price that was paid."""
    prices = ("99.00", "149.00", "199.00", "249.00")
    bills: list[Row] = [{"references": [f"{40000 + n}"], "amount": prices[n % 4], "on": n % 9} for n in range(60)]
    paid: list[Row] = [{"text": f"RE {40000 + n}", "amount": prices[n % 4], "on": on} for n in range(20, 60)]
    orders: list[Row] = [{"text": said.format(40000 + n), "amount": prices[0], "on": on} for n in range(20)]
    matched = _matched(rules, [*paid, *orders], bills)
    assert matched == sorted((f"B{n}", f"L{n - 20}") for n in range(20, 60))
    one: Row = {"text": "RE 40000", "amount": prices[0], "on": on}
    assert ("B0", "L40") in _matched(rules, [*paid, one], bills)


@PRESETS
def test_the_numbers_of_another_companys_bills_say_nothing_of_a_word(rules: str) -> None:
    def numbered(first: int, amount: str, **more: str) -> list[Row]:
        return [{"references": [f"{first + n}"], "amount": amount, "on": n % 9} | more for n in range(30)]

    bills = numbered(40000, "99.00") + numbered(50000, "149.00", entity="E2")
    lines: list[Row] = [{"text": f"RE {40000 + n}", "amount": "99.00", "on": 12} for n in range(5, 30)]
    lines += [{"text": f"RE {50000 + n}", "amount": "99.00", "on": 12} for n in range(5)]
    assert [group for group in _matched(rules, lines, bills) if group[1] == "L0"] == [("B5", "L0")]


@pytest.mark.parametrize(
    ("payer", "taken"), [(None, []), ("Schraubenwerk Hagen", []), ("Thiele Blech", [("B1", "L0", "L1")])]
)
def test_a_bill_that_is_paid_twice_is_no_part_of_another_s_whose_order_has_its_number(
    payer: str | None, taken: list[tuple[str, ...]]
) -> None:
    number = "450032011"
    bills: list[Row] = [
        {"amount": "551.54", "references": [number], "counterparty_name": "Schraubenwerk Hagen"},
        {"amount": "1103.08", "references": ["RE-7"], "text": f"Order {number}", "counterparty_name": "Thiele Blech"},
    ]
    lines: list[Row] = [{"amount": "551.54", "text": f"INV {number}", "on": 30, "counterparty_name": payer}] * 2
    for twice in (bills, [bills[0], bills[1] | {"text": None, "references": ["RE-7", number]}]):
        assert _matched("receivables", lines, twice) == taken


def test_of_a_number_on_bills_of_two_customers_the_one_still_open_is_not_surely_paid_in_part() -> None:
    bills: list[Row] = [
        {"amount": amount, "references": ["450032011"], "counterparty_name": name}
        for amount, name in (("551.54", "Schraubenwerk Hagen"), ("1103.08", "Thiele Blech"))
    ]
    lines: list[Row] = [{"amount": "551.54", "text": "INV 450032011", "on": day} for day in (30, 31)]
    assert _matched("receivables", lines, bills) == [("B0", "L0")]
