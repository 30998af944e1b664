"""The shapes reconciliation takes and gives: the item, and the result tables.

One shape, the *item*, serves every leg: bank lines, payments, open items, ledger entries. Amounts are
DECIMAL(23,5) signed by their effect on cash; kernels convert to Int64 minor units at their border, exactly.
"""

from __future__ import annotations

import polars as pl

AMOUNT = pl.Decimal(23, 5)

ITEM: dict[str, pl.DataType] = {
    "item_id": pl.String(),  # required, unique in its dataset
    "amount": AMOUNT,  # required, signed by its effect on cash
    "currency": pl.String(),  # required, ISO 4217
    "date": pl.Date(),  # required: booking, execution, document or posting date
    "value_date": pl.Date(),
    "due_date": pl.Date(),
    "entity": pl.String(),  # a match never crosses two different entities, where both sides carry one
    "account": pl.String(),  # likewise for the own bank account
    "references": pl.List(pl.String()),
    "text": pl.String(),
    "counterparty_id": pl.String(),
    "counterparty_account": pl.String(),
    "counterparty_name": pl.String(),
    "batch_id": pl.String(),
    "discount_amount": AMOUNT,
    "discount_until": pl.Date(),
    "kind": pl.String(),  # invoice, credit_memo, payment, bank_line, fee, return, ledger_entry, ...
}
ITEM_REQUIRED = ("item_id", "amount", "currency", "date")

LINK: dict[str, pl.DataType] = {
    "left_dataset": pl.String(),
    "left_id": pl.String(),
    "right_dataset": pl.String(),
    "right_id": pl.String(),
    "amount": AMOUNT,  # optional
    "reference": pl.String(),  # optional
}

RATE: dict[str, pl.DataType] = {
    "valid_from": pl.Date(),  # the day the rate is of
    "base_currency": pl.String(),  # one unit of it ...
    "quote_currency": pl.String(),
    "rate": pl.Decimal(23, 10),  # ... costs so many units of the quote currency
}

MATCH_GROUP: dict[str, pl.DataType] = {
    "group_id": pl.String(),  # deterministic hash of leg and members
    "leg": pl.String(),
    "pass": pl.String(),
    "rules_version": pl.String(),  # content hash of the rules
    "status": pl.String(),  # matched, suggested, ambiguous
    "cardinality": pl.String(),  # 1:1, 1:N, N:1, N:M
    "currency": pl.String(),
    "left_total": AMOUNT,
    "right_total": AMOUNT,
    "difference": AMOUNT,  # left_total - right_total = difference, typed by difference_kind
    "difference_kind": pl.String(),  # none, fee, fx, discount, rounding, short_pay, over_pay, return, typing_error, write_off
    "confidence": pl.Float64(),
    "margin": pl.Float64(),  # to the runner-up
    "explanation": pl.String(),
}

MATCH_ITEM: dict[str, pl.DataType] = {
    "group_id": pl.String(),
    "dataset": pl.String(),
    "item_id": pl.String(),
    "applied_amount": AMOUNT,
}

UNMATCHED: dict[str, pl.DataType] = {
    "leg": pl.String(),
    "dataset": pl.String(),
    "item_id": pl.String(),
    "open_amount": AMOUNT,
    "reason": pl.String(),  # docs/how-to/work-the-exceptions.md says what each means
    "best_candidates": pl.List(pl.String()),
}

DECISION: dict[str, pl.DataType] = {
    "decision_id": pl.String(),
    "kind": pl.String(),  # confirm, match, write_off, reject, unmatch, ignore
    "actor": pl.String(),
    "decided_at": pl.Datetime("us", "UTC"),  # of two that want the same money, the earlier holds
    "reason": pl.String(),
    "leg": pl.String(),  # null only of ignore: in every leg
    "until": pl.Date(),  # of ignore: the first day the items take part again; null: until undone
    "difference_kind": pl.String(),  # what a difference of the two sides is; null: by its sign
    "approved_by": pl.String(),  # the second person, where one had to agree
    "undone_by": pl.String(),  # who undid it, and by which decision; null: it is in force
}

#: The items of a decision. It holds only as long as they are what the person saw.
DECISION_ITEM: dict[str, pl.DataType] = {
    "decision_id": pl.String(),
    "dataset": pl.String(),
    "item_id": pl.String(),
    "amount": AMOUNT,  # how much of the item is meant; null: all of it
    "seen_amount": AMOUNT,  # the item's amount and currency as the person saw them; null: not looked at
    "seen_currency": pl.String(),
}

DECISION_EFFECT: dict[str, pl.DataType] = {
    "decision_id": pl.String(),  # of a decision that makes a group
    "group_id": pl.String(),  # the group it made
    "lapsed": pl.String(),  # why it makes none: its items have changed, gone, or been used up
}

ALERT: dict[str, pl.DataType] = {
    "alert_id": pl.String(),  # deterministic hash of check and object
    "check": pl.String(),  # stale_statement, approved_not_scheduled, sent_not_acknowledged, ...
    "severity": pl.String(),  # info, warning, critical
    "object_type": pl.String(),
    "object_id": pl.String(),
    "related_id": pl.String(),  # the other object of a pair: the earlier invoice, the earlier payment; else null
    "entity": pl.String(),
    "account": pl.String(),
    "currency": pl.String(),
    "amount": AMOUNT,  # money at stake, unsigned; null where unknown
    "owner": pl.String(),
    "message": pl.String(),  # one sentence: what, since when, how much
    "next_step": pl.String(),
    "since": pl.Date(),  # when the condition began
    "first_seen": pl.Date(),  # as_of of the first run that saw it
    "last_seen": pl.Date(),
    "status": pl.String(),  # open, ignored (a person has set its object aside), resolved
    "resolved_on": pl.Date(),
    "ignored_until": pl.Date(),  # of an ignored one: the first day it counts again
}

PAYABLE: dict[str, pl.DataType] = {
    "open_item_id": pl.String(),  # an open payable on which something has been paid or instructed
    "payments": pl.Int64(),  # payments that settle it and were neither stopped nor returned
    "paid_amount": AMOUNT,  # what bank lines have paid of it without a payment, unsigned
    "left_amount": AMOUNT,  # what is left to be paid, unsigned; null where a payment does not say how much it settles
}

FAILED_PAYMENT: dict[str, pl.DataType] = {
    "payment_id": pl.String(),  # a payment that did not go through
    "outcome": pl.String(),  # rejected, cancelled, or returned: the bank booked it back
    "failed_on": pl.Date(),
    "is_replaced": pl.Boolean(),  # whether what it was to pay is paid or instructed otherwise
}

CASH_FORECAST: dict[str, pl.DataType] = {
    "vintage": pl.Date(),  # as_of of the run that made it
    "entity": pl.String(),
    "account": pl.String(),
    "currency": pl.String(),
    "date": pl.Date(),
    "layer": pl.String(),  # opening, committed, open_items, recurring, run_off, ...: layers add up
    "certainty": pl.String(),  # actual, committed, expected, statistical
    "amount": AMOUNT,  # expected cash effect on that date, signed
    "low": AMOUNT,  # 80 % interval
    "high": AMOUNT,
    "item_count": pl.Int64(),
    "sources": pl.String(),  # which inputs it came from
    "balance_date": pl.Date(),  # of the layer opening: the day of the bank's balance; null for others
    "error_correlation": pl.Float64(),  # of the errors of two days of the account: 0 where they cancel out, 1 where all are alike
}

FORECAST_ACCURACY: dict[str, pl.DataType] = {
    "vintage": pl.Date(),
    "account": pl.String(),
    "currency": pl.String(),
    "horizon_bucket": pl.String(),  # w1, w2, w3-4, w5-8, w9-13
    "days_compared": pl.Int64(),
    "forecast": AMOUNT,
    "actual": AMOUNT,
    "absolute_error": AMOUNT,
    "wape": pl.Float64(),
    "bias": pl.Float64(),
    "coverage": pl.Float64(),  # share of days inside the 80 % interval
    "naive_wape": pl.Float64(),  # the due-date forecast on the same days
    "mean_wape": pl.Float64(),  # the mean of the eight weeks before the vintage on the same days
    "weekly_wape": pl.Float64(),  # the same as wape for sums of calendar weeks
    "mase": pl.Float64(),  # mean absolute error over that of taking each day's movement of a week before
    "pinball": pl.Float64(),  # mean pinball loss of low (10 %), forecast (50 %) and high (90 %), over the mean movement
    "width": pl.Float64(),  # mean width of the interval, over the mean movement
}
