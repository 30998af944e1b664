"""Customers who pay by statement pay all that is open up to a day, or of a month, less their credit memos."""

from __future__ import annotations

from datetime import date

import polars as pl
from example_items import items, members

from reconciliation.matching import MatchResult, match, preset

Row = dict[str, object]
_STORES = {"counterparty_name": "Bricla Garden Stores", "counterparty_id": "W306"}
# 40 bills of four months and a memo a month: far too many for a sum to be the only one
_BILLS = [
    _STORES
    | {"item_id": f"X{month}{place}", "amount": f"{37 + 61 * place + 13 * month}.{(29 * place + 7 * month) % 100:02}"}
    | {
        "date": date(2026, month, 2 * place + 1),
        "due_date": date(2026, month + 1, 28),
        "references": [f"5{month}{place}70"],
    }
    for month in range(1, 5)
    for place in range(10)
] + [
    _STORES
    | {"item_id": f"C{month}", "amount": f"-{month * 17}.35", "date": date(2026, month, 20), "kind": "credit_memo"}
    for month in range(1, 5)
]


def _total(bills: list[Row]) -> str:
    return str(pl.Series([str(each["amount"]) for each in bills]).cast(pl.Decimal(10, 2)).sum())


def _of(*months: int) -> list[Row]:
    return [each for each in _BILLS if each["date"].month in months]  # type: ignore[attr-defined]


def _paid(bills: list[Row], text: str, on: date, owed: list[Row] = _BILLS) -> MatchResult:
    line = _STORES | {"item_id": "L0", "amount": _total(bills), "date": on, "text": text}
    return match({"bank_lines": items(line), "open_items": items(*owed)}, preset("receivables"))


def _ids(bills: list[Row]) -> list[tuple[str, ...]]:
    return [tuple(sorted([*(str(each["item_id"]) for each in bills), "L0"]))]


def test_a_month_is_paid_with_its_memos_though_ever_so_many_sums_would_fit() -> None:
    assert members(_paid(_of(2), "STATEMENT FEBRUARY", date(2026, 3, 27)), "matched") == _ids(_of(2))


def test_all_that_is_open_up_to_a_month_is_paid_where_customers_do_so() -> None:
    owed: list[Row] = []
    lines: list[Row] = []
    for customer, paid in (("Bricla", (1,)), ("Genturh", (1, 2)), ("Olvalgr", (1, 2, 3))):
        said = {"counterparty_name": f"{customer} Garden Stores", "counterparty_id": customer}
        owed += [each | said | {"item_id": f"{customer} {each['item_id']}", "references": None} for each in _BILLS]
        line = {
            "item_id": customer,
            "amount": _total(_of(*paid)),
            "date": date(2026, max(paid) + 1, 10),
            "text": "ACCOUNT",
        }
        lines.append(line | said)
    result = match({"bank_lines": items(*lines), "open_items": items(*owed)}, preset("receivables"))
    sizes = sorted(len(each) - 1 for each in members(result, "matched"))
    assert sizes == [11, 22, 33]


def test_what_no_statement_shows_is_none() -> None:
    some = [each for each in _of(2) if each["item_id"] not in ("X23", "X25")]
    assert members(_paid(some, "STATEMENT", date(2026, 3, 27)), "matched") == []


def test_at_one_price_a_sum_does_not_tell_which_bills_a_statement_shows() -> None:
    priced = [each | {"amount": "60.00"} for each in _BILLS if each["item_id"] != "C2"]
    of_march = [each for each in priced if each["date"].month == 3]  # type: ignore[attr-defined]
    assert members(_paid(of_march, "PAYMENT", date(2026, 5, 10), priced), "matched") == []


def _in_yen(customer: str, *amounts: int) -> list[Row]:
    said = {"counterparty_name": f"{customer} Shoji", "counterparty_id": customer, "currency": "JPY"}
    dates = {"due_date": date(2026, 3, 31)}
    bills = enumerate(amounts)
    return [
        said | dates | {"item_id": f"{customer}{n}", "amount": amount, "date": date(2026, 2, 3 + n)}
        for n, amount in bills
    ]


def _transfer(customer: str, amount: int) -> Row:
    said = {"text": f"FURIKOMI {customer.upper()} SHOJI", "currency": "JPY", "date": date(2026, 3, 31)}
    return said | {"item_id": f"L {customer}", "amount": amount}


def test_a_month_is_paid_less_the_charge_that_others_bear_as_well() -> None:
    single = {"Tanakamura": 81_730, "Suzukihara": 142_905, "Yamaguchi": 63_117, "Kobayashi": 251_344}
    month = _in_yen("Nakagawara", 118_360, 77_451, 203_907)
    owed = [each for customer, amount in single.items() for each in _in_yen(customer, amount)] + month
    for charge, sure in ((550, True), (735, False)):  # nobody else has lacked 735
        lines = [_transfer(customer, amount - 550) for customer, amount in single.items()]
        lines.append(_transfer("Nakagawara", 118_360 + 77_451 + 203_907 - charge))
        result = match({"bank_lines": items(*lines), "open_items": items(*owed)}, preset("receivables"))
        group = tuple(sorted([*(str(each["item_id"]) for each in month), "L Nakagawara"]))
        assert (group in members(result, "matched")) is sure
        if sure:
            assert set(result.groups["difference_kind"]) == {"fee"}
