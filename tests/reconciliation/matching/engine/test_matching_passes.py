"""What each pass finds, by example."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from example_items import day, ids, items, members, one_leg, only_group, reasons

from reconciliation.matching import Rules, match, match_leg, preset
from reconciliation.matching.party_evidence import MOST_WEIGHT
from reconciliation.matching.passes.reference_in_text import VARIANT_ODDS, ReferenceInText
from reconciliation.matching.text import Variant


def test_the_same_reference_and_amount_is_a_match() -> None:
    left = items({"item_id": "B1", "amount": "-100.00", "references": ["E2E-1"]})
    right = items({"item_id": "P1", "amount": "-100.00", "references": ["E2E-1", "other"]})
    result = match({"left": left, "right": right}, one_leg("{kind: reference}"))
    group = only_group(result)
    assert members(result, "matched") == ids("B1", "P1")
    assert group["cardinality"] == "1:1"
    assert group["difference"] == 0
    assert str(group["explanation"]).startswith("Both carry the same reference; the amounts agree")


def test_a_word_that_stands_for_no_reference_joins_nothing() -> None:
    left = items({"item_id": "B1", "amount": -1, "references": ["NOTPROVIDED"]})
    right = items({"item_id": "P1", "amount": -1, "references": ["NOTPROVIDED"]})
    assert match({"left": left, "right": right}, one_leg("{kind: reference}")).groups.is_empty()


def test_another_entity_or_account_is_never_crossed_but_an_unknown_one_is() -> None:
    left = items(
        {"item_id": "B1", "amount": -1, "references": ["R1"], "entity": "E1", "account": "A1"},
        {"item_id": "B2", "amount": -2, "references": ["R2"], "entity": "E1", "account": "A1"},
        {"item_id": "B3", "amount": -3, "references": ["R3"], "entity": "E1", "account": "A1"},
    )
    right = items(
        {"item_id": "P1", "amount": -1, "references": ["R1"], "entity": "E2"},
        {"item_id": "P2", "amount": -2, "references": ["R2"], "account": "A2"},
        {"item_id": "P3", "amount": -3, "references": ["R3"], "entity": None, "account": None},
    )
    assert members(match({"left": left, "right": right}, one_leg("{kind: reference}"))) == ids("B3", "P3")


@pytest.mark.parametrize(
    "text",
    [
        "INV-2024-000123",
        "invoice inv2024000123 thank you",
        "INV 2024 123",
        "INV-2024-\n000123",
        "2024000123",
        "INV-2O24-OOO123",
    ],
)
def test_a_reference_is_found_however_the_text_writes_it(text: str) -> None:
    left = items({"item_id": "B1", "amount": -100, "text": text})
    right = items({"item_id": "I1", "amount": -100, "references": ["INV-2024-000123"]})
    assert members(match({"left": left, "right": right}, one_leg("{kind: reference_text}"))) == ids("B1", "I1")


@pytest.mark.parametrize(("text", "number"), [("CHEQUE 002202", "2202"), ("CHQ 2202", "0002202")])
def test_a_number_is_the_same_with_zeros_in_front(text: str, number: str) -> None:
    left = items({"item_id": "B1", "amount": "-165.33", "text": text, "on": 9})
    right = items({"item_id": "P1", "amount": "-165.33", "references": [number]})
    found = match({"left": left, "right": right}, one_leg("{kind: reference, find: left_text}", precision=0.99))
    assert members(found, "matched") == ids("B1", "P1")


@pytest.mark.parametrize(("said", "found"), [("23.03.26", False), ("2026-03-23", False), ("2303-26", True)])
def test_a_date_that_both_texts_show_is_no_number_of_theirs(said: str, found: bool) -> None:
    left = items({"item_id": "B1", "amount": "-559.64", "text": f"26030187 of {said}"})
    right = items({"item_id": "P1", "amount": "-559.64", "text": f"VF2026-00593 of {said}"})
    result = match({"left": left, "right": right}, one_leg("{kind: reference, find: texts}", precision=0.9))
    assert members(result, "matched") == (ids("B1", "P1") if found else [])


def test_a_number_inside_a_longer_number_is_not_the_reference() -> None:
    left = items({"item_id": "B1", "amount": -100, "text": "customer 918150"})
    right = items({"item_id": "I1", "amount": -100, "references": ["1815"]})
    rules = one_leg(
        "{kind: reference, find: left_text}", "{kind: reference_text, variants: [exact, serial, truncated]}"
    )
    assert match({"left": left, "right": right}, rules).groups.is_empty()


def test_a_lump_sum_that_names_its_invoices_and_a_credit_memo() -> None:
    left = items({"item_id": "B1", "amount": -250, "text": "RE-1001, RE-1002 less GS-1003"})
    right = items(
        {"item_id": "I1", "amount": -200, "references": ["RE-1001"]},
        {"item_id": "I2", "amount": -80, "references": ["RE-1002"]},
        {"item_id": "C3", "amount": 30, "references": ["GS-1003"]},
    )
    result = match({"left": left, "right": right}, one_leg("{kind: reference_text}"))
    assert members(result, "matched") == ids("B1", "I1", "I2", "C3")
    assert only_group(result)["cardinality"] == "1:N"


def test_a_credit_memo_that_is_deducted_without_being_named() -> None:
    left = items({"item_id": "B1", "amount": 170, "on": 20, "text": "INV-90017"})
    right = items(
        {"item_id": "I1", "amount": 200, "references": ["INV-90017"], "counterparty_id": "C1"},
        {"item_id": "C1", "amount": -30, "references": ["CM-1"], "counterparty_id": "C1"},
        {"item_id": "C2", "amount": -30, "references": ["CM-2"], "counterparty_id": "C2"},
    )
    rules = one_leg("{kind: reference_text, amounts: [equal, sum, netted, partial]}", precision=0.9)
    assert members(match({"left": left, "right": right}, rules)) == ids("B1", "I1", "C1")


def test_a_batch_is_booked_as_one_entry() -> None:
    left = items({"item_id": "B1", "amount": -60, "account": "A", "batch_id": "RUN1"})
    right = items(*({"item_id": f"P{n}", "amount": -10 * n, "account": "A", "batch_id": "RUN1"} for n in (1, 2, 3)))
    assert members(match({"left": left, "right": right}, one_leg("{kind: batch}")), "matched") == ids(
        "B1", "P1", "P2", "P3"
    )


def test_a_batch_without_its_rejected_member() -> None:
    left = items({"item_id": "B1", "amount": "-46.37", "account": "A", "batch_id": "RUN1"})
    amounts = ["-11.21", "-12.34", "-17.99", "-22.82"]
    right = items(
        *({"item_id": f"P{n}", "amount": a, "account": "A", "batch_id": "RUN1"} for n, a in enumerate(amounts))
    )
    result = match({"left": left, "right": right}, one_leg("{kind: batch}", precision=0.9))
    assert members(result) == ids("B1", "P0", "P1", "P3")
    assert reasons(result) == {"P2": "no_candidate"}


def test_a_batch_told_by_its_reference_in_the_text_or_by_its_total() -> None:
    left = items(
        {"item_id": "B1", "amount": -30, "account": "A", "text": "SALARY PMT20240301 TOTAL"},
        {"item_id": "B2", "amount": -77, "account": "A", "on": 1},
    )
    right = items(
        *({"item_id": f"P{n}", "amount": -15, "account": "A", "batch_id": "A|PMT20240301"} for n in (1, 2)),
        *({"item_id": f"Q{n}", "amount": a, "account": "A", "batch_id": "A|X"} for n, a in ((1, -70), (2, -7))),
    )
    result = match({"left": left, "right": right}, one_leg("{kind: batch}"))
    assert members(result, "matched") == [("B1", "P1", "P2"), ("B2", "Q1", "Q2")]


def test_a_batch_is_booked_once_for_each_account_that_pays_it() -> None:
    """One file of payments, one number, two accounts: the bank books what each of them pays."""
    left = items(
        {"item_id": "B1", "amount": "-30.10", "account": "A", "text": "BATCH RUN0301"},
        {"item_id": "B2", "amount": "-70.50", "account": "B", "on": 1},
        {"item_id": "B3", "amount": "-12.25", "account": "C", "batch_id": "RUN0301"},
    )
    amounts = {"A": ("-10.05", "-20.05"), "B": ("-40.25", "-30.25"), "C": ("-12.25", "-4.41")}
    right = items(
        *(
            {"item_id": f"P-{account}{n}", "amount": amount, "account": account, "batch_id": "RUN0301"}
            for account, of_account in amounts.items()
            for n, amount in enumerate(of_account)
        )
    )
    result = match({"left": left, "right": right}, one_leg("{kind: batch}"))
    assert members(result)[:2] == [("B1", "P-A0", "P-A1"), ("B2", "P-B0", "P-B1")]
    assert members(result)[2:] == [("B3", "P-C0")]  # the other was rejected


def test_known_links_apply_the_amounts_they_state() -> None:
    left = items({"item_id": "P1", "amount": -60}, {"item_id": "P2", "amount": -40}, {"item_id": "P3", "amount": -5})
    right = items({"item_id": "I1", "amount": -100}, {"item_id": "I2", "amount": -50})
    links = pl.DataFrame(
        {
            "left_dataset": ["left"] * 3,
            "left_id": ["P1", "P2", "P3"],
            "right_dataset": ["right"] * 3,
            "right_id": ["I1", "I1", "I2"],
            "amount": [Decimal(-60), Decimal(-40), Decimal(-5)],
        }
    )
    result = match({"left": left, "right": right}, one_leg("{kind: links}"), links=links)
    assert members(result, "matched") == [("I1", "P1", "P2"), ("I2", "P3")]
    rest = result.unmatched.row(0, named=True)
    assert (rest["item_id"], rest["open_amount"], rest["reason"]) == ("I2", Decimal(-45), "partly_applied")


def test_cash_discount_in_time_and_too_late() -> None:
    bill = {"amount": -100, "discount_amount": 2, "discount_until": day(10)}
    left = items(
        {"item_id": "B1", "amount": -98, "on": 9, "references": ["R1"]},
        {"item_id": "B2", "amount": -98, "on": 30, "references": ["R2"]},
    )
    right = items({"item_id": "I1", "references": ["R1"]} | bill, {"item_id": "I2", "references": ["R2"]} | bill)
    result = match({"left": left, "right": right}, one_leg("{kind: reference, amounts: [equal, {rule: discount}]}"))
    group = only_group(result)
    assert members(result, "matched") == ids("B1", "I1")
    assert (group["difference"], group["difference_kind"]) == (Decimal(2), "discount")


@pytest.mark.parametrize(
    ("paid", "kind"),
    [("-102.50", "fee"), ("-101.99", "fee"), ("-120.00", None), ("-98.00", None)],
)
def test_a_fee_only_ever_costs(paid: str, kind: str | None) -> None:
    left = items({"item_id": "B1", "amount": paid, "references": ["R1"]})
    right = items({"item_id": "P1", "amount": "-100.00", "references": ["R1"]})
    result = match({"left": left, "right": right}, one_leg("{kind: reference, amounts: [{rule: fee, up_to: 5}]}"))
    assert result.groups["difference_kind"].to_list() == ([kind] if kind else [])


@pytest.mark.parametrize(("currency", "paid"), [("EUR", 5006), ("EUR", 5004), ("JPY", 5600), ("JPY", 6900)])
def test_a_fee_tolerance_is_said_for_each_currency(currency: str, paid: int) -> None:
    left = items({"item_id": "B1", "amount": -paid, "currency": currency, "references": ["E2E-000001"]})
    right = items({"item_id": "P1", "amount": -5000, "currency": currency, "references": ["E2E-000001"]})
    rules = one_leg("{kind: reference, amounts: [{rule: fee, up_to: {default: 5, JPY: 800}}]}")
    found = match({"left": left, "right": right}, rules).groups.height == 1
    assert found == (paid - 5000 <= {"EUR": 5, "JPY": 800}[currency])


@pytest.mark.parametrize(
    ("paid", "kind"), [("2754.66", "fee"), ("2762.16", "none"), ("2769.66", None), ("2700.00", None)]
)
def test_a_charge_is_taken_on_the_sum_of_the_invoices_the_text_names(paid: str, kind: str | None) -> None:
    lines = items({"item_id": "B1", "amount": paid, "text": "RE-2026-10931 / RE-2026-10935"})
    bills = items(
        {"item_id": "O1", "amount": "499.00", "references": ["RE-2026-10931"]},
        {"item_id": "O2", "amount": "2263.16", "references": ["RE-2026-10935"]},
    )
    result = match(
        {"left": lines, "right": bills}, one_leg("{kind: reference_text, amounts: [sum, {rule: fee, up_to: 10}]}")
    )
    assert [(row["difference_kind"], row["status"]) for row in result.groups.to_dicts()] == (
        [(kind, "matched")] if kind else []
    )
    assert members(result) == (ids("B1", "O1", "O2") if kind else [])


def test_a_short_pay_of_several_named_invoices_closes_them_all_with_the_difference_typed() -> None:
    lines = items({"item_id": "B1", "amount": "980.00", "text": "RE-2026-10931 / RE-2026-10935"})
    bills = items(
        {"item_id": "O1", "amount": "400.00", "references": ["RE-2026-10931"]},
        {"item_id": "O2", "amount": "600.00", "references": ["RE-2026-10935"]},
    )
    result = match(
        {"left": lines, "right": bills}, one_leg("{kind: reference_text, amounts: [{rule: deviation, share: 0.05}]}")
    )
    group = only_group(result)
    assert (group["difference_kind"], group["difference"]) == ("short_pay", Decimal(-20))
    assert members(result) == ids("B1", "O1", "O2")


@pytest.mark.parametrize("name", ["payables", "receivables"])
def test_the_presets_ask_a_person_about_a_short_pay_of_several_invoices(name: str) -> None:
    """The missing amount would otherwise be closed without a row that says so."""
    party = {"counterparty_name": "Acme Bau GmbH", "counterparty_account": "DE02"}
    lines = [
        {"item_id": f"B{n}", "amount": f"{100 + n}.17", "text": f"RE-2026-{20000 + n}", "on": n % 20} for n in range(60)
    ]
    bills = [
        {"item_id": f"O{n}", "amount": f"{100 + n}.17", "references": [f"RE-2026-{20000 + n}"], "on": n % 20}
        for n in range(60)
    ]
    short = {"item_id": "SHORT", "amount": "4900.00", "text": "RE-2026-10931 / RE-2026-10935", "on": 9}
    named = [
        {"item_id": "O-A", "amount": "2000.00", "references": ["RE-2026-10931"], "on": 2},
        {"item_id": "O-B", "amount": "3000.00", "references": ["RE-2026-10935"], "on": 2},
    ]
    leg = preset(name).leg("bank_lines_open_items")
    result = match(
        {
            "bank_lines": items(*(one | party for one in [*lines, short])),
            "open_items": items(*(one | party for one in [*bills, *named])),
        },
        Rules(legs=(leg,)),
    )
    assert ("O-A", "O-B", "SHORT") in members(result, "suggested")
    assert len(members(result, "matched")) == 60
    # and no evidence makes it more: the surest spelling, of the surest party
    (short_pay,) = (each for each in leg.passes if each.name == "text_short_pay")
    assert isinstance(short_pay, ReferenceInText)
    surest = VARIANT_ODDS[Variant.EXACT] * short_pay.amounts[0].factor * MOST_WEIGHT
    assert surest < leg.precision / (1 - leg.precision)


def test_two_swapped_digits_are_a_typing_error_two_other_amounts_are_not() -> None:
    left = items(
        {"item_id": "B1", "amount": "-1254.00", "references": ["R1"]},
        {"item_id": "B2", "amount": "-1245.00", "references": ["R2"]},
    )
    right = items(
        {"item_id": "P1", "amount": "-1245.00", "references": ["R1"]},
        {"item_id": "P2", "amount": "-9999.00", "references": ["R2"]},
    )
    result = match({"left": left, "right": right}, one_leg("{kind: reference, amounts: [typing_error]}"))
    assert members(result) == ids("B1", "P1")
    assert only_group(result)["difference"] == Decimal(-9)


def test_instalments_settle_one_item_and_leave_its_rest_open() -> None:
    left = items(*({"item_id": f"B{n}", "amount": 30, "on": n, "references": ["R1"]} for n in (1, 2)))
    right = items({"item_id": "I1", "amount": 100, "references": ["R1"]})
    result = match({"left": left, "right": right}, one_leg("{kind: reference, amounts: [equal, sum, partial]}"))
    assert members(result, "matched") == ids("B1", "B2", "I1")
    assert result.unmatched.select("item_id", "open_amount", "reason").row(0) == ("I1", Decimal(40), "partly_applied")


def test_equal_amounts_of_one_counterparty_close_in_date() -> None:
    left = items({"item_id": "B1", "amount": "-412.77", "on": 1, "counterparty_account": "DE02 1203 0000"})
    right = items({"item_id": "P1", "amount": "-412.77", "counterparty_account": "DE0212030000"})
    result = match({"left": left, "right": right}, one_leg("{kind: amount_date}"))
    assert members(result, "matched") == ids("B1", "P1")
    assert "counterparty account, 1 day later" in str(only_group(result)["explanation"])


def test_a_payment_soon_after_the_document_though_long_before_it_is_due() -> None:
    named = {"counterparty_name": "Acme Bau GmbH", "counterparty_account": "DE02"}
    payments = items({"item_id": "P1", "amount": "-158.01", "on": 20} | named)
    bills = items({"item_id": "O1", "amount": "-158.01", "on": 1, "due_date": day(61)} | named)
    frames = {"payments": payments, "open_items": bills}
    result = match_leg("payments_open_items", frames, preset("payables"))
    assert members(result) == ids("P1", "O1")


def test_another_counterparty_is_not_taken_for_the_sake_of_an_amount() -> None:
    left = items({"item_id": "B1", "amount": "-412.77", "counterparty_account": "DE1"})
    right = items({"item_id": "P1", "amount": "-412.77", "counterparty_account": "FR9"})
    result = match({"left": left, "right": right}, one_leg("{kind: amount_date}"))
    assert result.groups.is_empty()
    assert result.unmatched.filter(pl.col("item_id") == "B1")["best_candidates"].to_list() == [["P1"]]


def test_of_an_amount_that_many_have_the_reason_says_so() -> None:
    left = items(*({"item_id": f"B{n}", "amount": -100, "entity": "E1"} for n in range(30)))
    right = items(
        *({"item_id": f"P{n}", "amount": -100, "on": 200, "entity": "E1"} for n in range(30)),
        *({"item_id": f"Q{n}", "amount": -100, "on": 200, "entity": "E2"} for n in range(3)),
    )
    result = match({"left": left, "right": right}, one_leg("{kind: amount_date}"))
    told = reasons(result)
    assert {told["B1"], told["P1"]} == {"many_equal_amounts"} and told["Q1"] == "no_candidate"


def test_two_equally_good_answers_are_one_ambiguous_group_that_names_both() -> None:
    left = items({"item_id": "B1", "amount": -70, "counterparty_account": "X"})
    right = items(*({"item_id": f"P{n}", "amount": -70, "counterparty_account": "X"} for n in (1, 2)))
    result = match({"left": left, "right": right}, one_leg("{kind: amount_date}"))
    assert members(result, "ambiguous") == ids("B1", "P1", "P2")
    assert result.items["applied_amount"].sum() == 0
    assert result.unmatched.is_empty()


def test_the_nearer_month_of_a_rent() -> None:
    months = (0, 30, 61)
    left = items(*({"item_id": f"B{m}", "amount": -900, "on": m + 1, "counterparty_account": "X"} for m in months))
    right = items(*({"item_id": f"P{m}", "amount": -900, "on": m, "counterparty_account": "X"} for m in months))
    result = match({"left": left, "right": right}, one_leg("{kind: amount_date}"))
    taken = members(result, "matched") + members(result, "suggested")
    assert set(taken) <= {(f"B{m}", f"P{m}") for m in months}


def test_a_lump_sum_without_reference_is_the_only_subset() -> None:
    left = items({"item_id": "B1", "amount": "-3117.38", "on": 2, "counterparty_id": "S1"})
    amounts = ["-1204.11", "-1913.27", "-877.40", "-64.19"]
    right = items(*({"item_id": f"I{n}", "amount": a, "counterparty_id": "S1"} for n, a in enumerate(amounts)))
    assert members(match({"left": left, "right": right}, one_leg("{kind: subset_sum}"))) == ids("B1", "I0", "I1")


def test_a_sum_is_doubtful_where_one_item_of_another_time_has_the_amount() -> None:
    left = items({"item_id": "B1", "amount": "-1180.00", "on": 2, "counterparty_id": "S1"})
    amounts = {"I0": ("-590.00", 0), "I1": ("-590.00", 1), "I2": ("-431.17", 0)}
    shown = [{"item_id": i, "amount": a, "on": on, "counterparty_id": "S1"} for i, (a, on) in amounts.items()]
    whole = {"item_id": "I9", "amount": "-1180.00", "on": -70, "counterparty_id": "S1"}
    rules = one_leg("{kind: subset_sum, max_chance: 1}")
    assert members(match({"left": left, "right": items(*shown)}, rules), "matched") == ids("B1", "I0", "I1")
    result = match({"left": left, "right": items(*shown, whole)}, rules)
    assert (members(result, "matched"), members(result, "suggested")) == ([], ids("B1", "I0", "I1"))


def test_several_subsets_are_a_tie() -> None:
    left = items({"item_id": "B1", "amount": -30, "counterparty_id": "S1"})
    right = items(*({"item_id": f"I{n}", "amount": -10 * n, "counterparty_id": "S1"} for n in (1, 2, 3)))
    result = match({"left": left, "right": right}, one_leg("{kind: subset_sum, max_chance: 100}"))
    assert members(result, "matched") == []
    assert members(result, "ambiguous") in ([], ids("B1", "I1", "I2", "I3"))


def test_a_returned_payment_cancels_out_and_its_money_is_not_free_for_a_customer() -> None:
    lines = items(
        {"item_id": "B1", "amount": -100, "on": 1, "references": ["E1"], "account": "A"},
        {"item_id": "B2", "amount": 100, "on": 4, "references": ["E1"], "account": "A"},
    )
    payments = items({"item_id": "P1", "amount": -100, "on": 1, "references": ["E1"], "account": "A"})
    open_items = items({"item_id": "I1", "amount": 100, "references": ["E1"]})
    result = match({"bank_lines": lines, "payments": payments, "open_items": open_items}, preset("payables"))
    held = {
        (leg, ids)
        for leg, ids in result.items.join(result.groups.select("group_id", "leg"), on="group_id")
        .group_by("group_id", "leg")
        .agg(pl.col("item_id").sort())
        .select("leg", pl.col("item_id").list.join(" "))
        .iter_rows()
    }
    assert held == {("bank_lines_payments", "B1 P1"), ("returns", "B1 B2")}


def test_a_payment_serves_the_bank_line_and_the_open_item_each_once() -> None:
    lines = items({"item_id": "B1", "amount": -100, "references": ["E1"], "text": "RE-77001"})
    payments = items({"item_id": "P1", "amount": -100, "references": ["E1"], "text": "RE-77001"})
    open_items = items({"item_id": "I1", "amount": -100, "references": ["RE-77001"]})
    result = match({"bank_lines": lines, "payments": payments, "open_items": open_items}, preset("payables"))
    assert members(result, "matched") == [("B1", "P1"), ("I1", "P1")]


def test_the_text_names_the_invoice_and_the_link_its_payment() -> None:
    lines = items({"item_id": "B1", "amount": -100, "text": "RE-77001 thanks"})
    payments = items({"item_id": "P1", "amount": -100, "references": ["E1"]})
    open_items = items({"item_id": "I1", "amount": -100, "references": ["RE-77001"]})
    links = pl.DataFrame(
        {"left_dataset": ["payments"], "left_id": ["P1"], "right_dataset": ["open_items"], "right_id": ["I1"]}
    )
    given = {"bank_lines": lines, "payments": payments, "open_items": open_items}
    result = match(given, preset("payables"), links=links)
    assert members(result, "matched") == [("B1", "P1"), ("I1", "P1")]


def test_both_texts_name_the_same_invoice() -> None:
    left = items({"item_id": "B1", "amount": -100, "text": "VOGEL LTD Ref: SI/26/20984"})
    right = items(
        {"item_id": "P1", "amount": -100, "text": "SI/26/20984"},
        {"item_id": "P2", "amount": -100, "text": "SI/26/20985"},
    )
    assert members(match({"left": left, "right": right}, one_leg("{kind: reference, find: texts}"))) == ids("B1", "P1")


@pytest.mark.parametrize(("on", "found"), [(8, True), (30, False)])
def test_a_payment_less_the_discount_goes_to_the_item_in_its_time(on: int, found: bool) -> None:
    left = items({"item_id": "P1", "amount": "-120.56", "on": on, "counterparty_id": "V1"})
    bill = {"item_id": "I1", "amount": "-124.29", "discount_amount": "-3.73", "discount_until": day(10)}
    right = items(bill | {"counterparty_id": "V1"}, {"item_id": "I2", "amount": "-120.56", "counterparty_id": "V2"})
    rules = one_leg("{kind: amount_date, right_date: discount_until, net: true, before: 20, after: 5}", precision=0.95)
    result = match({"left": left, "right": right}, rules)
    assert members(result) == (ids("P1", "I1") if found else [])
    if found:
        group = only_group(result)
        assert (group["difference_kind"], group["difference"]) == ("discount", Decimal("3.73"))
