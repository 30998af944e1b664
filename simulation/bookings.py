"""What banks book for the payments they were sent: single and batch entries, foreign exchange, charges, returns."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np

from simulation.calendars import business_day
from simulation.fx import Rates, convert, cross_rate
from simulation.group import ACCOUNT, BANK, LAST_DAY
from simulation.model import ZERO, BankLine, LinePart, Payment, PaymentBatch, PaymentMessage, money

INTERNATIONAL_CHARGE = {
    "EUR": Decimal("12.50"),
    "USD": Decimal("25.00"),
    "CHF": Decimal("10.00"),
    "GBP": Decimal("8.00"),
}
WIRE_CHARGE = Decimal("18.00")
FX_MARGIN = Decimal("1.0035")
RETURN_TEXTS = {"AC01": "IncorrectAccountNumber", "AC04": "ClosedAccountNumber", "AC06": "BlockedAccount"}
_SINGLE = {"SEPA": "sepa_out", "DOMESTIC": "domestic_out", "INTL": "intl_out", "ACH": "ach_out", "WIRE": "wire_out"}


def book_payments(rng: np.random.Generator, messages: list[PaymentMessage], rates: Rates) -> list[BankLine]:
    """Bank lines of all payments that were executed by the last day, their charges and returns."""
    lines: list[BankLine] = []
    for message in messages:
        for batch in message.batches:
            executed = [p for p in batch.payments if p.outcome in ("executed", "returned")]
            if not executed:
                continue
            day = _booking_day(batch)
            if day > LAST_DAY:
                for payment in executed:
                    payment.outcome = "in_flight"
                continue
            for payment in executed:
                payment.booked_on = day
            if batch.batch_booking and len(executed) > 1:
                lines.append(_batch_line(rng, batch, executed, day))
            else:
                for payment in executed:
                    lines += _single_lines(rng, payment, day, rates)
            lines += [_return(rng, p, day) for p in executed if p.outcome == "returned"]
    return lines


def _booking_day(batch: PaymentBatch) -> date:
    account = ACCOUNT[batch.own_account]
    step = 1 if batch.scheme == "INTL" else 0
    return business_day(batch.execution_date, BANK[account.bank].calendar, step)


def payment_part(payment: Payment, amount: Decimal) -> LinePart:
    """A payment as the bank itemises it."""
    return LinePart(
        amount=amount,
        name=payment.party.name,
        account=payment.account.identifier,
        agent=payment.account.bic,
        end_to_end_id=payment.end_to_end_id,
        instruction_id=payment.instruction_id,
        remittance=None if payment.structured_reference else payment.text,
        structured_reference=payment.structured_reference,
        reference_type="SCOR" if payment.structured_reference else None,
        payment=payment,
    )


def _batch_line(rng: np.random.Generator, batch: PaymentBatch, payments: list[Payment], day: date) -> BankLine:
    total = sum((p.amount for p in payments), ZERO)
    bank = ACCOUNT[batch.own_account].bank
    # the savings-type bank and the US bank never itemise; the others do for most of their customers' batches
    itemised = bank in ("rheinbank", "alpenbank") and bool(rng.random() < 0.6)
    return BankLine(
        account=batch.own_account,
        booking_date=day,
        value_date=day,
        amount=-total,
        kind="batch",
        code="batch_out",
        parts=[payment_part(p, p.amount) for p in payments],
        itemised=itemised,
        batch=batch,
    )


def _single_lines(rng: np.random.Generator, payment: Payment, day: date, rates: Rates) -> list[BankLine]:
    assert payment.batch is not None  # noqa: S101  (every payment sits in a batch once its file is made)
    account = ACCOUNT[payment.own_account]
    line = BankLine(
        account=account.id,
        booking_date=day,
        value_date=day,
        amount=-payment.amount,
        kind="payment",
        code=_SINGLE[payment.batch.scheme],
        parts=[payment_part(payment, payment.amount)],
        batch=payment.batch if len(payment.batch.payments) == 1 else None,
    )
    if payment.currency != account.currency:
        rate = (cross_rate(rates, day, payment.currency, account.currency) * FX_MARGIN).quantize(Decimal("0.000001"))
        booked = convert(payment.amount, rate, account.currency)
        line.instructed_amount, line.instructed_currency, line.exchange_rate = payment.amount, payment.currency, rate
        line.amount = -booked
        line.parts = [payment_part(payment, booked)]
        line.kind = "fx_payment"
    if payment.batch.scheme == "INTL":
        charge = INTERNATIONAL_CHARGE[account.currency]
        if rng.random() < 0.5:
            line.charges = charge
            line.amount -= charge
            return [line]
        return [line, charge_line(account.id, day, charge, f"Entgelt Auslandszahlung {payment.end_to_end_id}")]
    if payment.batch.scheme == "WIRE":
        return [line, charge_line(account.id, day, WIRE_CHARGE, "WIRE TRANSFER FEE")]
    return [line]


def charge_line(account: str, day: date, amount: Decimal, text: str) -> BankLine:
    """Charges booked as an entry of their own."""
    return BankLine(account, day, day, -money(amount, ACCOUNT[account].currency), "fee", "fee", [], text=text)


def _return(rng: np.random.Generator, payment: Payment, booked: date) -> BankLine:
    account = ACCOUNT[payment.own_account]
    day = business_day(booked, BANK[account.bank].calendar, int(rng.integers(1, 4)))
    payment.returned_on = day
    return BankLine(
        account=account.id,
        booking_date=day,
        value_date=day,
        amount=payment.amount,
        kind="return",
        code="return",
        parts=[payment_part(payment, payment.amount)],
        text=f"Rueckgabe {payment.reason} {RETURN_TEXTS[payment.reason or 'AC01']}",
        return_reason=payment.reason,
        returns=payment,
    )
