"""Lines that say they undo another: a payment that came back, a booking the bank corrected."""

from __future__ import annotations

import polars as pl
from example_items import ids, items, members, one_leg

from reconciliation.matching import MatchResult, match, parse_rules, preset

RULES = one_leg("{kind: returned}", left="lines", right="lines")


def line(name: str, amount: str, on: int, text: str | None = None, **more: object) -> dict[str, object]:
    return {"item_id": name, "amount": amount, "on": on, "text": text, "account": "A1"} | more


def matched(*rows: dict[str, object]) -> MatchResult:
    return match({"lines": items(*rows)}, RULES)


def test_a_return_goes_to_the_payment_of_the_same_account_before_it() -> None:
    result = matched(
        line("OUT", "-102.80", 0, "INV RE-2026-30323", counterparty_account="FR50 5649"),
        line("BACK", "102.80", 1, "RETURN AC04 ACCOUNT CLOSED", counterparty_account="FR505649"),
    )
    assert members(result, "matched") == ids("OUT", "BACK")
    assert "says that it undoes another" in result.groups["explanation"][0]


def test_a_correction_without_any_name_goes_to_the_only_opposite_amount() -> None:
    result = matched(line("OUT", "-7081.55", 0, "REVERSAL"), line("BACK", "7081.55", 2, "CORRECTION OF BOOKING"))
    assert members(result) == ids("OUT", "BACK")


def test_another_counterparty_another_account_or_a_later_payment_is_not_what_came_back() -> None:
    text = {"text": "STORNO"}
    assert matched(
        line("OTHER", "-50.10", 0, counterparty_account="FR1"),
        line("BACK", "50.10", 1, counterparty_account="FR2") | text,
    ).groups.is_empty()
    assert matched(line("OTHER", "-50.10", 0, account="A2"), line("BACK", "50.10", 1) | text).groups.is_empty()
    assert matched(line("AGAIN", "-50.10", 5), line("BACK", "50.10", 1) | text).groups.is_empty()


def test_what_is_of_another_name_is_no_more_than_a_suggestion() -> None:
    out = line("OUT", "-7081.55", 0, "Nordmetall RE-4001", counterparty_name="Nordmetall GmbH")
    back = line("BACK", "7081.55", 2, "RETOURE", counterparty_name="Suedholz GmbH")
    assert members(matched(out, back), "matched") == []


def test_of_a_price_that_is_paid_every_few_days_the_only_one_so_far_is_not_the_one_that_came_back() -> None:
    first, *later = (line(f"OUT{day}", "-50.00", day, f"SALE {day}") for day in range(0, 60, 4))
    back = line("BACK", "50.00", 2, "RETOURE")
    assert members(matched(first, back)) == ids("OUT0", "BACK")
    assert members(matched(first, back, *later), "matched") == []


def test_at_a_price_a_name_of_common_words_tells_what_came_back() -> None:
    names = [
        f"{first} {last}"
        for first in ("JOAO", "MARIA", "PEDRO", "JULIA")
        for last in ("SOUZA", "LIMA", "ROCHA", "DIAS")
    ]
    paid = [line(f"IN{place}", "49.90", place % 9, f"PIX RECEBIDO {name}") for place, name in enumerate(names)]
    back = line("BACK", "-49.90", 9, "PIX DEVOLVIDO PEDRO LIMA")
    assert members(matched(*paid, back), "matched") == ids(f"IN{names.index('PEDRO LIMA')}", "BACK")
    of_the_day = [each | {"on": 9} for each in paid]
    assert members(matched(*of_the_day, back), "matched") == ids(f"IN{names.index('PEDRO LIMA')}", "BACK")
    assert members(matched(*paid, back | {"text": "PIX DEVOLVIDO"}), "matched") == []


def test_what_undoes_a_payment_is_not_itself_undone_by_the_next_one() -> None:
    result = matched(
        line("IN", "158.97", 0, "PAYMENT"),
        line("BACK", "-158.97", 2, "REVERSAL"),
        line("AGAIN", "158.97", 4, "REVERSAL"),
    )
    applied = result.items.group_by("item_id").agg(pl.col("applied_amount").abs().sum())
    assert applied.filter(pl.col("applied_amount") > 158.97).is_empty()
    assert members(result, "matched") == []


def test_the_opposite_amount_alone_says_nothing() -> None:
    assert matched(line("OUT", "-50.10", 0, "PAYMENT"), line("IN", "50.10", 1, "PAYMENT")).groups.is_empty()


def test_a_payment_its_return_and_its_repeat_are_no_sum_of_the_one_payment() -> None:
    text = {"text": "Invoice 2026/30640"}
    lines = items(line("L1", "-140", 0) | text, line("L2", "140", 2) | text, line("L3", "-140", 7) | text)
    payments = items(
        *({"item_id": f"P{n}", "amount": "-140", "on": on, "counterparty_id": "V28"} for n, on in ((1, 0), (2, 7)))
    )
    bill = items({"item_id": "I1", "amount": "-140", "references": ["2026/30640"], "counterparty_id": "V28"})
    links = pl.DataFrame(
        [{"left_dataset": "payments", "left_id": "P1", "right_dataset": "open_items", "right_id": "I1"}]
    )
    datasets = {"bank_lines": lines, "payments": payments, "open_items": bill}
    result = match(datasets, preset("payables"), links=links)
    paid = result.groups.filter(pl.col("leg") == "bank_lines_payments", pl.col("status") == "matched")
    named = result.items.join(paid.select("group_id"), on="group_id")
    assert sorted(sorted(each) for each in named.group_by("group_id").agg("item_id")["item_id"].to_list()) == [
        ["L1", "P1"],
        ["L3", "P2"],
    ]


def test_the_rest_of_a_settled_item_is_not_paid_in_part_by_a_larger_line() -> None:
    rules = parse_rules(
        "legs:\n"
        "  - {name: first, left: {dataset: a, pool: p}, right: {dataset: items, pool: q}, passes: [links]}\n"
        "  - name: second\n    left: {dataset: b, pool: p}\n    right: {dataset: items, pool: q}\n    precision: 0.9\n"
        "    passes: [{kind: reference, find: left_text, amounts: [{rule: fee, up_to: 200}, partial]}]\n"
    )
    datasets = {
        "a": items({"item_id": "P1", "amount": 95}),
        "b": items({"item_id": "B1", "amount": 120, "text": "invoice 4711900"}),
        "items": items({"item_id": "I1", "amount": 100, "references": ["4711900"]}),
    }
    links = pl.DataFrame([{"left_dataset": "a", "left_id": "P1", "right_dataset": "items", "right_id": "I1"}])
    assert members(match(datasets, rules, links=links)) == ids("P1", "I1")


CHARGED = one_leg("{kind: returned}", "{kind: returned_less_charge, charge: 50}", left="lines", right="lines")


def test_a_return_may_keep_a_charge_where_both_texts_name_the_same_number() -> None:
    debit, back = line("IN", "238.00", 0, "DIRECT DEBIT 90001068"), line("BACK", "-241.50", 2, "RETURNED 90001068 AC04")
    result = match({"lines": items(debit, back, line("OTHER", "240.00", 1, "DIRECT DEBIT 90001070"))}, CHARGED)
    assert members(result, "matched") == ids("IN", "BACK")
    assert result.groups["difference_kind"].to_list() == ["fee"]
    assert float(result.groups["difference"][0]) == -3.50


def test_a_return_less_a_charge_without_a_number_is_for_a_person_to_see() -> None:
    rows = [line("OUT", "-100.00", 0, "SALARY", counterparty_name="Jane Roe"), line("BACK", "95.00", 2, "RETURN AC01")]
    named = match({"lines": items(rows[0], rows[1] | {"counterparty_name": "JANE ROE"})}, CHARGED)
    assert members(named, "suggested") == ids("OUT", "BACK")
    stranger = match({"lines": items(rows[0], rows[1] | {"counterparty_name": "John Doe"})}, CHARGED)
    assert stranger.groups.is_empty()


def test_nobody_keeps_more_than_a_charge_and_nobody_adds_to_what_comes_back() -> None:
    debit = line("IN", "238.00", 0, "DIRECT DEBIT 90001068")
    for amount in ("-300.00", "-230.00"):
        back = line("BACK", amount, 2, "RETURNED 90001068 AC04")
        assert match({"lines": items(debit, back)}, CHARGED).groups.is_empty()


def test_money_that_was_returned_less_a_charge_settles_no_item() -> None:
    item = {"item_id": "RE", "amount": "238.00", "on": -10, "references": ["90001068"]}
    lines = items(line("IN", "238.00", 0, "DIRECT DEBIT 90001068"), line("BACK", "-241.50", 2, "RETURNED 90001068"))
    result = match({"bank_lines": lines, "open_items": items(item)}, preset("receivables"))
    assert members(result, "matched") == ids("IN", "BACK")


def test_a_named_number_tells_which_however_often_the_amount_is_paid() -> None:
    paid = [line(f"OUT{n}", "-100.00", n % 25, f"INV RE{50000 + n}") for n in range(40)]
    result = matched(*paid, line("BACK", "100.00", 26, "Reject AM05 RE50017"))
    assert members(result, "matched") == ids("OUT17", "BACK")


def test_an_amount_or_a_date_in_both_texts_is_no_number_of_theirs() -> None:
    paid = [line(f"OUT{n}", "-100.00", 20 + n % 3, f"PAID 100.00 ON 2024-03-{21 + n % 3}") for n in range(9)]
    result = matched(*paid, line("BACK", "100.00", 26, "RETURN OF 100.00 PAID 2024-03-22"))
    assert members(result, "matched") == []


def test_a_line_that_the_bank_has_coded_as_a_return_need_not_say_so() -> None:
    out, back = line("OUT", "-102.80", 0, "INV RE30323"), line("BACK", "102.80", 9, "Unapplied RE30323")
    assert matched(out, back).groups.is_empty()
    assert members(matched(out, back | {"kind": "return"}), "matched") == ids("OUT", "BACK")


ALPHA = {"counterparty_account": "DE1", "counterparty_name": "Alpha GmbH"}


def payables(*lines: dict[str, object], due: tuple[dict[str, object], ...] = ()) -> MatchResult:
    return match({"bank_lines": items(*lines), "payments": items(), "open_items": items(*due)}, preset("payables"))


def test_a_suppliers_refund_is_no_return_of_another_payment_of_its_amount() -> None:
    """Each names its own document: that the amounts are opposite is no reason to leave either open."""
    paid, refund = (
        line("PAID", "-500.00", 20, "RE10010") | ALPHA,
        line("BACK", "500.00", 30, "Gutschrift GS20020") | ALPHA,
    )
    bill = {"item_id": "BILL", "amount": "-500.00", "on": 0, "references": ["RE10010"]} | ALPHA
    memo = {"item_id": "MEMO", "amount": "500.00", "on": 28, "references": ["GS20020"]} | ALPHA
    assert members(payables(paid, refund, due=(bill, memo)), "matched") == [*ids("BACK", "MEMO"), *ids("BILL", "PAID")]
    nothing_said = refund | {"text": "Erstattung"}
    assert members(payables(paid, nothing_said, due=(bill, memo)), "matched") == [
        *ids("BACK", "MEMO"),
        *ids("BILL", "PAID"),
    ]
    assert members(payables(paid, refund, due=(bill,)), "matched") == ids("BILL", "PAID")
    assert members(payables(paid, nothing_said, due=(bill,)), "suggested") == ids("BACK", "PAID")


def test_a_payment_after_a_refund_does_not_undo_it() -> None:
    refund, paid = line("REFUND", "500.00", 0, "Refund") | ALPHA, line("PAID", "-500.00", 9, "Thank you") | ALPHA
    assert payables(refund, paid).groups.is_empty()
