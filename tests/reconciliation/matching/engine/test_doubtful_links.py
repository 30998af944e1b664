"""Known links whose amounts do not agree: tax withheld, mistakes, and payments made a second time."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
from example_items import items, members

from reconciliation.contracts import LINK
from reconciliation.matching import match, match_leg, preset

_RULES = preset("payables")


def _links(*pairs: tuple[str, str, Any]) -> pl.DataFrame:
    rows = [
        ("payments", left, "open_items", right, None if amount is None else Decimal(amount), None)
        for left, right, amount in pairs
    ]
    return pl.DataFrame(rows, schema=LINK, orient="row")


def _groups(
    payments: list[dict[str, Any]], bills: list[dict[str, Any]], links: pl.DataFrame | None = None
) -> dict[str, list[tuple[str, ...]]]:
    frames = {"payments": items(*payments), "open_items": items(*bills)}
    result = match_leg("payments_open_items", frames, _RULES, links=links)
    return {status: members(result, status) for status in ("matched", "suggested")}


def _withheld(share: dict[int, str]) -> dict[str, list[tuple[str, ...]]]:
    """Payments of two bills each, less what is withheld of the payments that are numbered."""
    bills = [
        {"item_id": f"I{n}{part}", "amount": f"-{500 + 37 * n + add}.00", "counterparty_id": f"S{n}"}
        for n in range(8)
        for part, add in (("A", 0), ("B", 211))
    ]
    paid = [
        {"item_id": f"P{n}", "amount": share.get(n, f"-{1211 + 74 * n}.00"), "on": 9, "counterparty_id": f"S{n}"}
        for n in range(8)
    ]
    links = _links(*((f"P{bill['item_id'][1]}", bill["item_id"], bill["amount"]) for bill in bills))
    return _groups(paid, bills, links)


def test_a_share_that_several_payments_lack_of_what_they_settle_is_withheld() -> None:
    """Tax at source, ten per cent, of which nobody but the tax office will ever send a line."""
    found = _withheld({n: f"-{(1211 + 74 * n) * 0.9:.2f}" for n in range(4)})
    assert found == {"matched": [(f"I{n}A", f"I{n}B", f"P{n}") for n in range(8)], "suggested": []}


def test_one_payment_that_is_short_is_asked_about() -> None:
    found = _withheld({0: "-1089.90"})
    assert found["suggested"] == [("I0A", "I0B", "P0")]
    assert len(found["matched"]) == 7


_PARTY = {"counterparty_id": "S1", "counterparty_name": "Acme Heating Ltd"}
_OTHER = {"item_id": "I1", "amount": "-3691.30", "references": ["2026-0436"]} | _PARTY
_MEANT = {"item_id": "I2", "amount": "-1872.80", "references": ["2026-0438"], "on": 3} | _PARTY


def test_a_link_to_another_bill_than_the_payment_names_gives_way() -> None:
    """Of two mistakes, a wrong link and a number and an amount that are both wrong, the first is the likelier."""
    payment = {"item_id": "P1", "amount": "-1872.80", "text": "INV 2026-0431/2026-0438", "on": 9} | _PARTY
    links = _links(("P1", "I1", "-3691.30"))
    assert _groups([payment], [_OTHER, _MEANT], links)["matched"] == [("I2", "P1")]
    # without any text the amount says the same
    assert _groups([payment | {"text": None}], [_OTHER, _MEANT], links)["matched"] == [("I2", "P1")]


def test_a_link_that_nothing_speaks_against_settles_a_part() -> None:
    payment = {"item_id": "P1", "amount": "-1872.80", "on": 9} | _PARTY
    assert _groups([payment], [_OTHER], _links(("P1", "I1", None)))["matched"] == [("I1", "P1")]


def test_a_payment_of_bills_that_are_settled_does_not_surely_settle_what_is_left_of_them() -> None:
    """A bill entered twice stays open when it is paid; the payment sent again, as the first was rejected, is not for it."""
    bills = [
        {"item_id": f"I{n}", "amount": f"-{amount}", "references": [f"SI00{n}58"]} | _PARTY
        for n, amount in ((1, "661.11"), (2, "224.28"), (3, "662.92"))
    ]
    twice = bills[1] | {"item_id": "I2-AGAIN", "on": 2}
    first = {"item_id": "P1", "amount": "-1548.31", "text": "SI00158/SI00258/SI00358", "on": 9} | _PARTY
    again = first | {"item_id": "P2", "on": 14}
    links = _links(*(("P1", bill["item_id"], bill["amount"]) for bill in bills))
    assert _groups([first, again], [*bills, twice], links)["matched"] == [("I1", "I2", "I3", "P1")]


def _linked(left_dataset: str, left: str, right_dataset: str, right: str) -> pl.DataFrame:
    row = {"left_dataset": left_dataset, "left_id": left, "right_dataset": right_dataset, "right_id": right}
    return pl.DataFrame([row], schema=LINK)


def test_a_link_tells_which_of_several_equal_bills_or_payments_a_line_is() -> None:
    """A customer's remittance advice, and a payment hub's, whichever side is named first."""
    lines = items(*({"item_id": f"L{number}", "amount": -905.17, "on": 32} for number in (1, 2)))
    bills = items(*({"item_id": f"I{number}", "amount": -905.17, "on": 3} for number in (1, 2, 3)))
    payments = items(*({"item_id": f"P{number}", "amount": -905.17, "on": 31} for number in (1, 2)))
    none = payments.clear()
    advised = _linked("bank_lines", "L1", "open_items", "I2")
    world = {"bank_lines": lines.head(1), "payments": none, "open_items": bills}
    assert members(match(world, preset("payables"), links=advised), "matched") == [("I2", "L1")]
    received = {name: frame.with_columns(-pl.col("amount")) for name, frame in world.items() if name != "payments"}
    assert members(match(received, preset("receivables"), links=advised), "matched") == [("I2", "L1")]
    told = _linked("payments", "P2", "bank_lines", "L1")
    world = {"bank_lines": lines, "payments": payments, "open_items": none}
    assert ("L1", "P2") in members(match(world, preset("payables"), links=told), "matched")


def test_a_link_to_another_counterparty_s_bill_of_another_amount_is_a_suggestion() -> None:
    payment = {
        "item_id": "P1",
        "amount": -350,
        "on": 31,
        "counterparty_id": "K5",
        "counterparty_name": "Zeta Papier AG",
    }
    bill = {
        "item_id": "I1",
        "amount": -900,
        "on": 2,
        "counterparty_id": "K9",
        "counterparty_name": "Bergmann Werkzeuge",
    }
    link = _linked("payments", "P1", "open_items", "I1")
    for own, status in ((bill, "suggested"), (bill | {"counterparty_id": "K5"}, "matched")):
        world = {"bank_lines": items(payment).clear(), "payments": items(payment), "open_items": items(own)}
        assert members(match(world, preset("payables"), links=link), status) == [("I1", "P1")]


def test_a_broker_keeps_his_share_of_what_many_owe_and_of_one_bill_it_may_be_a_mistake() -> None:
    def paid(people: int) -> list[tuple[str, ...]]:
        bills, lines, pairs = [], [], []
        for month in range(6):
            premiums = [41_000 + 137 * month + 1_100 * place for place in range(people)]
            for place, premium in enumerate(premiums):
                who = {
                    "counterparty_id": f"V{place}",
                    "counterparty_name": ("Anna Rossi", "Bruno Weber", "Carla Lopez")[place],
                }
                bills.append({"item_id": f"I{month}{place}", "amount": f"{premium / 100:.2f}", "on": month} | who)
                pairs.append((f"L{month}", f"I{month}{place}"))
            net = sum(premium * 85 // 100 for premium in premiums)
            line = {"item_id": f"L{month}", "amount": f"{net / 100:.2f}", "on": month + 20}
            lines.append(line | {"counterparty_name": "HOWDEN BROKERS", "text": f"HOWDEN BORDEREAU {month}"})
        links = pl.concat([_linked("bank_lines", left, "open_items", right) for left, right in pairs])
        frames = {"bank_lines": items(*lines), "open_items": items(*bills)}
        return members(match(frames, preset("receivables"), links=links), "matched")

    assert paid(3) == [(f"I{month}0", f"I{month}1", f"I{month}2", f"L{month}") for month in range(6)]
    assert paid(1) == []
