"""Amount, date and counterparty agree, and what is written speaks against it: a suggestion at best."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from example_items import day, ids, items, members, only_group

from reconciliation.contracts import LINK
from reconciliation.matching import MatchResult, match, preset

CUSTOMER = {"counterparty_name": "Weber Metall GmbH", "counterparty_account": "DE12"}
#: Odd amounts of other customers, by which the company's prices are seen to be rare.
OTHERS = [
    {"item_id": f"X{number}", "amount": 1000 + 37 * number, "on": number % 60, "references": [f"RE-2025-1{number:04}"]}
    | {"counterparty_name": f"{word} Handel"}
    for number, word in enumerate(f"{one}{two}" for one in ("Nord", "Süd", "West", "Ost") for two in "ABCDEFGHIJ")
]


def paid(
    line: dict[str, object], *invoices: dict[str, object], more: tuple[dict[str, object], ...] = ()
) -> MatchResult:
    lines = items({"item_id": "B1", "amount": "1234.56", "on": 30} | CUSTOMER | line, *more)
    return match({"bank_lines": lines, "open_items": items(*invoices, *OTHERS)}, preset("receivables"))


INVOICE = {"item_id": "I1", "amount": "1234.56", "on": 14, "references": ["RE-2025-00415"]} | CUSTOMER


@pytest.mark.parametrize("text", ["Rechnung", "RE-2025-00425", "Danke 12.03.2025"])
def test_an_amount_of_the_customer_is_enough_where_nothing_speaks_against_it(text: str) -> None:
    assert members(paid({"text": text}, INVOICE), "matched") == ids("B1", "I1")


@pytest.mark.parametrize("text", ["RE-2024-00812", "AKONTO", "Rückerstattung"])
def test_another_years_number_money_on_account_and_a_refund_settle_nothing_surely(text: str) -> None:
    assert members(paid({"text": text}, INVOICE), "matched") == []


@pytest.mark.parametrize("said", [{"text": "RE-2025-00416"}, {"references": ["RE-2025-00416"]}])
def test_who_names_another_invoice_of_the_customer_does_not_surely_mean_this_one(said: dict[str, object]) -> None:
    other = INVOICE | {"item_id": "I2", "amount": 980, "references": ["RE-2025-00416"]}
    assert not any("I1" in group for group in members(paid(said, INVOICE, other), "matched"))


def test_an_invoice_that_is_settled_is_named_all_the_same() -> None:
    settled = INVOICE | {"item_id": "I2", "references": ["RE-2025-00416"], "on": 0}
    first = {"item_id": "B0", "amount": "1234.56", "on": 10, "text": "RE-2025-00416"} | CUSTOMER
    result = paid({"text": "RE-2025-00416"}, INVOICE, settled, more=(first,))
    assert members(result, "matched") == ids("B0", "I2")


def test_a_line_at_a_price_that_names_a_bill_is_no_payment_of_other_bills() -> None:
    vendor = {"counterparty_name": "Delta Plumbing Inc"}
    bills = items(
        *({"item_id": f"I{n}", "amount": "-512.40", "on": 0, "references": [f"773-369{n}"]} | vendor for n in range(2))
    )
    other = {"item_id": "P2", "amount": "-512.40", "on": 59, "counterparty_name": "Sierra Dental Inc"}
    payments = items({"item_id": "P1", "amount": "-512.40", "on": 9, "references": ["E2E1"]} | vendor, other)
    links = pl.DataFrame({"left_dataset": "payments", "left_id": "P1", "right_dataset": "open_items", "right_id": "I0"})

    def matched(text: str) -> list[tuple[str, ...]]:
        line = items({"item_id": "B1", "amount": "-512.40", "on": 10, "text": f"DEBIT DELTA PLUMBING INC {text}"})
        world = {"bank_lines": line, "payments": payments, "open_items": bills}
        return members(match(world, preset("payables"), links=links), "matched")

    assert ("B1", "P1") in matched("773-3690")
    assert ("B1", "P1") not in matched("773-3691")


PRICES = [
    {"item_id": f"P{number}", "amount": 119, "on": number % 40, "references": [f"R3{number:03}"]}
    | {"counterparty_name": f"{'ABCDEFGH'[number % 8]}nton {'KLMNOPQR'[number // 8]}ubrecht"}
    for number in range(64)
]


def at_price(**line: object) -> MatchResult:
    lines = items({"item_id": "B1", "amount": 119, "on": 30} | line)
    return match({"bank_lines": lines, "open_items": items(*PRICES)}, preset("receivables"))


def test_a_number_at_a_common_price_may_be_mistyped_where_somebody_else_pays() -> None:
    assert members(at_price(text="R3008", counterparty_name="Anton Lubrecht"), "matched") == ids("B1", "P8")
    assert members(at_price(text="R3008", counterparty_name="Gesine Tavares"), "matched") == []
    told = "R3008 fuer Anton Lubrecht"
    assert members(at_price(text=told, counterparty_name="Gesine Tavares"), "matched") == ids("B1", "P8")


def test_the_first_of_two_payments_settles_however_many_pay_that_amount() -> None:
    named = {"amount": 119, "text": "R3008", "counterparty_name": "Anton Lubrecht"}
    other = [{"item_id": f"L{number}", "amount": 119, "on": number % 40} for number in range(30)]
    lines = items(named | {"item_id": "B1", "on": 30}, named | {"item_id": "B2", "on": 34}, *other)
    result = match({"bank_lines": lines, "open_items": items(*PRICES)}, preset("receivables"))
    assert ("B1", "P8") in members(result, "matched")


def test_who_says_that_he_pays_for_another_customer_does_not_pay_his_own_invoice() -> None:
    other = INVOICE | {"item_id": "I2", "references": ["RE-2025-00416"], "counterparty_name": "Brandt Holzbau"}
    other |= {"counterparty_account": "DE77", "amount": 980}
    assert members(paid({"text": "for Brandt Holzbau KG"}, INVOICE, other), "matched") == []
    assert members(paid({"text": "for Weber Metall"}, INVOICE, other), "matched") == ids("B1", "I1")


def test_a_like_name_that_is_another_customers_own_is_no_like_name() -> None:
    alone = {"counterparty_account": None}
    invoice = INVOICE | alone | {"counterparty_name": "Karin Krause"}
    other = INVOICE | alone | {"item_id": "I2", "counterparty_name": "Karin Kraus", "amount": 980}
    payer = {"text": "Danke", "counterparty_name": "Karin Kraus"} | alone
    assert members(paid(payer, invoice), "matched") == ids("B1", "I1")
    assert members(paid(payer, invoice, other), "matched") == []


def sums(amount: str, *parts: str) -> MatchResult:
    own = [
        INVOICE | {"item_id": f"I{n}", "amount": part, "references": [f"N{n}"], "on": n} for n, part in enumerate(parts)
    ]
    return paid({"amount": amount, "on": 12}, *own)


def test_an_amount_that_two_other_invoices_add_up_to_is_not_sure() -> None:
    assert members(sums("2380.18", "2380.18"), "matched") == ids("B1", "I0")
    assert members(sums("2380.18", "2380.18", "1190.09", "1190.09"), "matched") == []


def test_a_sum_that_others_of_the_customer_make_too_is_not_sure() -> None:
    assert members(sums("4760.36", "1189.11", "3571.25"), "matched") == ids("B1", "I0", "I1")
    assert members(sums("4760.36", "1189.11", "3571.25", "2380.18", "2380.18"), "matched") == []


def test_rows_in_another_order_change_nothing() -> None:
    world = {
        "bank_lines": items({"item_id": "B1", "amount": 119, "on": 30, "text": "R3008"}),
        "open_items": items(*PRICES),
    }
    turned = {name: frame.reverse() for name, frame in world.items()}
    one, two = (match(each, preset("receivables")).groups for each in (world, turned))
    assert one.equals(two)


def test_a_known_link_is_no_mistyped_number_whoever_pays() -> None:
    """A subsidiary's payment of an invoice at a price that many have, linked by the system that made it."""
    bills = [
        {
            "item_id": f"I{n}",
            "amount": "-119.00",
            "on": n,
            "counterparty_id": f"V{n}",
            "counterparty_name": f"{word} AG",
        }
        for n, word in enumerate(("Nordwind", "Alpendruck", "Quarzglas", "Ostsee", "Feinkost", "Lindenbau"))
    ]
    payment = {
        "item_id": "P1",
        "amount": "-119.00",
        "on": 9,
        "counterparty_id": "V9",
        "counterparty_name": "Holding SE",
    }
    link = {"left_dataset": "payments", "left_id": "P1", "right_dataset": "open_items", "right_id": "I3"}
    result = match(
        {"payments": items(payment), "open_items": items(*bills), "bank_lines": items()},
        preset("payables"),
        links=pl.DataFrame([link]).with_columns(amount=pl.lit(None, dtype=pl.Decimal(23, 5))),
    )
    assert members(result, "matched") == ids("P1", "I3")


def test_an_end_to_end_id_is_no_mistyped_number_whoever_is_paid() -> None:
    """The bank shows the payment's own id, and the factor who receives the money for the supplier."""
    rent = {"amount": "-950.00", "counterparty_id": "V1", "counterparty_name": "Nordwind AG"}
    payments = items(*(rent | {"item_id": f"P{n}", "on": n, "references": [f"E2E-2026-00{n}"]} for n in range(6)))
    line = {
        "item_id": "B1",
        "amount": "-950.00",
        "on": 4,
        "references": ["E2E-2026-003"],
        "counterparty_name": "Faktor SE",
    }
    data = {"bank_lines": items(line), "payments": payments, "open_items": items()}
    assert members(match(data, preset("payables")), "matched") == ids("B1", "P3")


BETA, GAMMA = {"counterparty_name": "Beta AG"}, {"counterparty_name": "Gamma Stahl SE"}


@pytest.mark.parametrize("line", [{"text": "RE-10010 Beta AG"}, {"text": "RE-10010"}])
@pytest.mark.parametrize("payment", [{"text": "RE-20"} | BETA, {"references": ["E2E-00077"]} | GAMMA])
def test_a_line_that_names_a_bill_of_its_amount_is_no_payment_that_was_made_for_another(
    line: dict[str, object], payment: dict[str, object]
) -> None:
    """A payment of that amount, for another bill or to somebody else, does not keep the line from the bill it names."""
    bill = {"item_id": "BILL", "amount": "-512.40", "references": ["RE-10010"]} | BETA
    others = [
        {"item_id": name, "amount": "-512.40", "references": [f"{name}-20"]} | whose
        for name, whose in (("RE", BETA), ("GS", GAMMA))
    ]
    result = match(
        {
            "bank_lines": items({"item_id": "LINE", "amount": "-512.40", "on": 20} | line),
            "payments": items({"item_id": "PAID", "amount": "-512.40", "on": 20} | payment),
            "open_items": items(bill, *others),
        },
        preset("payables"),
    )
    assert ids("BILL", "LINE")[0] in members(result, "matched")


def test_a_payment_of_which_nothing_is_known_may_be_for_the_bill_that_the_line_names() -> None:
    bill = {"item_id": "BILL", "amount": "-512.40", "references": ["RE-10010"]} | BETA
    payment = {"item_id": "PAID", "amount": "-512.40", "on": 20} | BETA
    result = match(
        {
            "bank_lines": items({"item_id": "LINE", "amount": "-512.40", "on": 20, "text": "RE-10010"} | BETA),
            "payments": items(payment),
            "open_items": items(bill),
        },
        preset("payables"),
    )
    assert ids("LINE", "PAID")[0] in members(result)


def test_a_discount_taken_late_is_no_charge_of_a_bank() -> None:
    invoice = INVOICE | {"discount_amount": "24.69", "discount_until": day(20)}
    group = only_group(paid({"text": "RE-2025-00415", "amount": "1209.87", "on": 50}, invoice))
    assert (group["status"], group["difference_kind"]) == ("matched", "discount")


@pytest.mark.parametrize(
    ("text", "kind"), [("", "fee"), (" less bank charges", "fee"), (" Abzug Transportschaden", "none")]
)
def test_what_the_payer_says_was_deducted_is_no_charge_and_stays_open(text: str, kind: str) -> None:
    result = paid({"text": f"RE-2025-00415{text}", "amount": "1222.06"}, INVOICE)
    assert only_group(result)["difference_kind"] == kind
    applied = result.items.filter(pl.col("item_id") == "I1")["applied_amount"].item()
    assert applied == Decimal("1222.06" if kind == "none" else "1234.56")


def test_several_lines_that_name_bills_beside_payments_made_for_others() -> None:
    """Told pair by pair: two lines name bills that nobody has paid through the hub, one payment is of the bill its line names."""
    bills = [{"item_id": f"BILL{n}", "amount": "-512.40", "references": [f"RE-1001{n}"]} | BETA for n in range(3)]
    others = [{"item_id": f"OTHER{n}", "amount": "-512.40", "references": [f"GS-2{n}"]} | GAMMA for n in range(2)]
    lines = [{"item_id": f"LINE{n}", "amount": "-512.40", "on": 20 + n, "text": f"RE-1001{n}"} | BETA for n in range(3)]
    payments = [
        {"item_id": f"PAID{n}", "amount": "-512.40", "on": 20 + n, "text": f"GS-2{n}"} | GAMMA for n in range(2)
    ]
    payments.append({"item_id": "PAID2", "amount": "-512.40", "on": 22} | BETA)
    links = pl.DataFrame(
        [
            {
                "left_dataset": "payments",
                "left_id": "PAID2",
                "right_dataset": "open_items",
                "right_id": "BILL2",
                "amount": None,
                "reference": None,
            }
        ],
        schema=LINK,
    )
    result = match(
        {"bank_lines": items(*lines), "payments": items(*payments), "open_items": items(*bills, *others)},
        preset("payables"),
        links=links,
    )
    found = members(result, "matched")
    assert [group for group in found if "LINE" in "".join(group)] == [
        *ids("BILL0", "LINE0"),
        *ids("BILL1", "LINE1"),
        *ids("LINE2", "PAID2"),
    ]


def test_of_lines_that_name_one_bill_and_two_each_is_told_by_what_it_names_itself() -> None:
    bills = [{"item_id": f"BILL{n}", "amount": "-512.40", "references": [f"RE-1001{n}"]} | BETA for n in range(3)]
    texts = {"ONE": "RE-10010", "TWO": "RE-10011 RE-10012"}
    lines = [{"item_id": name, "amount": "-512.40", "on": 20, "text": text} | BETA for name, text in texts.items()]
    bills.append({"item_id": "OTHER", "amount": "-512.40", "references": ["GS-20"]} | GAMMA)
    payment = {"item_id": "PAID", "amount": "-512.40", "on": 20, "text": "GS-20"} | GAMMA
    result = match(
        {"bank_lines": items(*lines), "payments": items(payment), "open_items": items(*bills)}, preset("payables")
    )
    assert ids("BILL0", "ONE")[0] in members(result, "matched")


def test_a_bill_of_the_same_figure_in_another_currency_is_not_of_the_lines_amount() -> None:
    def groups(currency: str) -> list[tuple[str, ...]]:
        bill = {"item_id": "BILL", "amount": "-512.40", "references": ["RE-10010"], "currency": currency} | BETA
        other = {"item_id": "OTHER", "amount": "-512.40", "references": ["GS-20"]} | GAMMA
        line = {"item_id": "LINE", "amount": "-512.40", "on": 20, "text": "RE-10010"}
        payment = {"item_id": "PAID", "amount": "-512.40", "on": 20, "text": "GS-20"} | GAMMA
        world = {"bank_lines": items(line), "payments": items(payment), "open_items": items(bill, other)}
        return members(match(world, preset("payables")))

    assert ids("BILL", "LINE")[0] in groups("EUR")
    assert ids("LINE", "PAID")[0] in groups("USD")


@pytest.mark.parametrize(("price", "found"), [("99.00", False), (None, True)])
def test_a_number_one_digit_away_is_a_slip_where_the_amount_is_rare_and_another_item_at_a_price(
    price: str | None, found: bool
) -> None:
    amounts = [price or f"{99 + n}.17" for n in range(30)]
    bills = [
        {"item_id": f"B{n}", "amount": amounts[n], "on": n % 20, "references": [str(40000 + n)]} for n in range(30)
    ]
    lines = [
        {"item_id": f"L{n}", "amount": amounts[n], "on": 14 + n % 20, "text": f"RE {40000 + n if n else 50000}"}
        for n in range(30)
    ]
    result = match({"bank_lines": items(*lines), "open_items": items(*bills)}, preset("receivables"))
    assert (("B0", "L0") in members(result, "matched")) is found
