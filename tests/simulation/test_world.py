"""The world holds together: money is conserved, systems keep their rules, the main flows all occur."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from ingestion.references import is_iban, is_qrr, is_rf
from simulation.calendars import business_day, is_business_day
from simulation.extracts import extracts, state_on, visible
from simulation.group import ACCOUNT, ACCOUNTS, BANK, ENTITY, FIRST_DAY, LAST_DAY
from simulation.model import ZERO
from simulation.payment_runs import run_days
from simulation.world import World, build_world


def test_the_world_has_the_size_and_the_kinds_the_demo_is_about(world: World) -> None:
    kinds = Counter(line.kind for line in world.lines)
    assert 2_500 < len(world.lines) < 6_000
    assert 2_000 < len(world.items) < 4_500
    assert set(kinds) == {
        "payment", "fx_payment", "batch", "receipt", "direct_debit", "fee", "interest", "return", "transfer", "payroll",
        "tax", "card", "unexplained",
    }  # fmt: skip
    assert {p.outcome for p in world.payments} == {"executed", "rejected", "returned", "waiting", "in_flight"}
    assert {ACCOUNT[line.account].currency for line in world.lines} == {"EUR", "USD", "CHF", "GBP", "JPY"}


def test_every_account_has_a_statement_each_business_day_and_they_tie(world: World) -> None:
    for account in ACCOUNTS:
        statements = [s for s in world.statements if s.account == account.id]
        balance = account.opening
        for statement in statements:
            assert is_business_day(statement.day, BANK[account.bank].calendar)
            assert statement.opening == balance
            balance += sum((line.amount for line in statement.lines), ZERO)
            assert statement.closing == balance
        assert statements[-1].day == LAST_DAY
        assert min(s.closing for s in statements) > 0, "the group does not live on overdraft"


def test_bank_references_are_unique_per_account(world: World) -> None:
    references = [(line.account, line.bank_reference) for line in world.lines]
    assert len(references) == len(set(references))


def test_an_entry_is_its_parts_less_the_charges(world: World) -> None:
    for line in world.lines:
        if line.parts:
            total = sum((part.amount for part in line.parts), ZERO)
            assert line.amount == (total if line.amount > 0 else -total) - line.charges


def test_payments_are_what_they_settle(world: World) -> None:
    for payment in world.payments:
        assert payment.amount == sum((s.cash for s in payment.settlements), ZERO) > 0
        for settlement in payment.settlements:
            assert settlement.document.currency == payment.currency
            assert settlement.document.entity == payment.party.entity


def test_no_item_is_settled_beyond_its_amount_except_by_failed_payments(world: World) -> None:
    settled: Counter[int] = Counter()
    documents = {id(item): item for item in world.items}
    for payment in world.payments:
        if payment.outcome not in ("rejected", "returned"):
            for settlement in payment.settlements:
                settled[id(settlement.document)] += abs(settlement.amount)
    for line in world.lines:
        for settlement in line.settlements:
            settled[id(settlement.document)] += abs(settlement.amount)
    assert all(amount <= documents[key].amount for key, amount in settled.items())


def test_payment_runs_fall_on_their_weekday_or_the_business_day_after_a_holiday() -> None:
    for entity in ENTITY.values():
        for day in run_days(entity):
            assert is_business_day(day, entity.calendar)
            planned = [day - timedelta(days=back) for back in range(4)]
            moved_from = [d for d in planned if d.weekday() in entity.run_weekdays]
            assert any(business_day(d, entity.calendar) == day for d in moved_from)


def test_nothing_is_paid_before_it_is_approved(world: World) -> None:
    for payment in world.payments:
        assert payment.batch is not None and payment.batch.message is not None
        for settlement in payment.settlements:
            approved = settlement.document.approved_at
            assert approved is not None and approved.date() < payment.batch.message.created_at.date()


def test_a_payment_goes_to_the_account_its_erp_held_on_the_day_of_the_run(world: World) -> None:
    for payment in world.payments:
        assert payment.batch is not None and payment.batch.message is not None
        run = payment.batch.message.created_at.date()
        known = payment.account.known_from
        assert known is None or known <= run


def test_a_discount_is_taken_in_time_or_it_is_not_granted(world: World) -> None:
    for payment in world.payments:
        for settlement in payment.settlements:
            if settlement.discount:
                assert settlement.document.discount_date is not None
                assert payment.execution_date <= settlement.document.discount_date
    late = [s for line in world.lines for s in line.settlements if s.claimed]
    assert late and all(s.discount == 0 and s.document.remaining > 0 for s in late)


def test_a_failed_payment_is_made_good_later(world: World) -> None:
    failed = [p for p in world.payments if p.outcome in ("rejected", "returned")]
    assert any(p.execution_date > LAST_DAY - timedelta(days=5) for p in failed), "one fails too late to be made good"
    for payment in failed:
        if payment.execution_date < LAST_DAY - timedelta(days=10):
            for settlement in payment.settlements:
                if settlement.document.kind == "invoice":
                    assert any(
                        other.execution_date > payment.execution_date
                        for other in world.payments
                        for s in other.settlements
                        if s.document is settlement.document
                    )


def test_a_batch_holds_a_member_that_is_rejected_and_one_that_comes_back(world: World) -> None:
    booked = [line for line in world.lines if line.kind == "batch" and line.batch is not None]
    outcomes = {p.outcome for line in booked if line.batch for p in line.batch.payments}
    assert {"rejected", "returned"} <= outcomes
    for line in booked:
        assert "rejected" not in {p.outcome for p in line.payments}


def test_erp_items_are_cleared_after_the_money_moved(world: World) -> None:
    for payment in world.payments:
        for settlement in payment.settlements:
            for clearing in settlement.document.clearings:
                if payment.posting is not None and clearing.document == payment.posting.number:
                    assert clearing.on >= payment.execution_date
    first_receipt: dict[int, date] = {}
    for line in sorted(world.lines, key=lambda one: one.booking_date):
        for settlement in line.settlements:
            first_receipt.setdefault(id(settlement.document), line.booking_date)
    applied = [(d, on) for d in world.items if d.ledger == "receivable" for on, _ in d.applied]
    assert applied
    assert all(on > first_receipt[id(document)] for document, on in applied)


def test_an_extract_shows_what_is_open_or_changed_since_the_one_before(world: World) -> None:
    first, second = extracts("DE01")[:2]
    shown = {s.document.number: s for s in visible(world.documents, second, "payable")}
    for document in world.documents:
        if document.entity != "DE01" or document.ledger != "payable" or document.posting_date > second.day:
            continue
        state = state_on(document, second.day)
        if not state.is_cleared:
            assert document.number in shown
        elif all(day <= first.day for day in document.changes() if day <= second.day):
            assert document.number not in shown


def test_identifiers_carry_valid_check_digits(world: World) -> None:
    accounts = [a.iban for p in world.parties for a in p.accounts if a.iban] + [a.iban for a in ACCOUNTS if a.iban]
    assert all(is_iban(iban) for iban in accounts)
    references = [d.payment_reference for d in world.items if d.payment_reference]
    assert all(is_rf(r) or is_qrr(r) for r in references)
    assert any(is_qrr(r) for r in references) and any(is_rf(r) for r in references)


def test_duplicates_are_paid_twice(world: World) -> None:
    duplicates = [d for d in world.items if d.duplicate_of is not None]
    assert len(duplicates) == 8
    for duplicate in duplicates:
        assert duplicate.duplicate_of is not None
        assert duplicate.remaining == duplicate.duplicate_of.remaining == 0
    assert any(d.reference != d.duplicate_of.reference for d in duplicates if d.duplicate_of)
    assert any(d.entity != d.duplicate_of.entity for d in duplicates if d.duplicate_of)


def test_another_seed_makes_another_world_by_the_same_rules(world: World) -> None:
    other = build_world(8)
    one, two = ([(line.account, line.bank_reference, line.amount) for line in w.lines] for w in (world, other))
    assert one != two
    assert all(FIRST_DAY <= line.booking_date <= LAST_DAY for line in other.lines)
    assert min(s.closing for s in other.statements) > 0
    assert len([d for d in other.items if d.duplicate_of is not None]) == 8
