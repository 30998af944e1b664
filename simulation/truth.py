"""The truth about a world: which items belong together, what each bank line is, and what was planted.

Keys are natural ones that survive the pipeline:

* `bank_line`: account id and the bank's reference, `account|reference`, as canonical.bank_statement_line has them
  (account_id, bank_reference);
* `payment`: `message id|payment information id|transaction number`, the payment_id of canonical.payment_instruction;
* `open_item`: `system|company code|document|fiscal year|line`, the open_item_id of canonical.open_item.

Only what was delivered by the last moment is in the link tables; `bank_line.delivered` says it of each line.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import polars as pl

from simulation.anomaly_truth import anomalies
from simulation.keys import line_key, old_open_item_key, open_item_key, party_key, payment_key
from simulation.migration import NEW_SYSTEM, new_supplier
from simulation.model import ZERO, Anomaly
from simulation.purchasing import three_way_results
from simulation.world import World

AMOUNT = pl.Decimal(23, 5)
Row = dict[str, str | int | bool | date | Decimal | None]


def truth_tables(world: World, outcomes: list[Anomaly]) -> dict[str, pl.DataFrame]:
    """The truth tables by name: bank_line, bank_line_payment, payment_open_item, bank_line_open_item, bank_line_transfer,
    open_item_origin, three_way_match, counterparty, anomaly."""
    return {
        "bank_line": _bank_lines(world),
        "bank_line_payment": _line_payments(world),
        "payment_open_item": _payment_items(world),
        "bank_line_open_item": _line_items(world),
        "bank_line_transfer": _transfers(world),
        "open_item_origin": _origins(world),
        "three_way_match": _three_way(world),
        "counterparty": _counterparties(world),
        "anomaly": _anomalies([*anomalies(world), *outcomes]),
    }


def _frame(rows: list[Row], schema: dict[str, pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema, orient="row").sort(list(schema)[:2])


_LINE: dict[str, pl.DataType] = {
    "bank_line": pl.String(),
    "account": pl.String(),
    "bank_reference": pl.String(),
    "statement_id": pl.String(),
    "entry_number": pl.Int64(),
    "booking_date": pl.Date(),
    "amount": AMOUNT,
    "currency": pl.String(),
    "kind": pl.String(),
    "delivered": pl.Boolean(),
}


def _bank_lines(world: World) -> pl.DataFrame:
    rows: list[Row] = []
    for statement in world.statements:
        for line in statement.lines:
            rows.append(
                {
                    "bank_line": line_key(line),
                    "account": line.account,
                    "bank_reference": line.bank_reference,
                    "statement_id": statement.statement_id,
                    "entry_number": line.entry_number,
                    "booking_date": line.booking_date,
                    "amount": line.amount,
                    "currency": world.currency(line.account),
                    "kind": line.kind,
                    "delivered": statement.delivered_at is not None,
                }
            )
    return _frame(rows, _LINE)


def _line_payments(world: World) -> pl.DataFrame:
    """Bank line to payment: `booking` or `return`; amounts unsigned, in the account's and the payment's currency."""
    rows: list[Row] = []
    for line in world.delivered_lines:
        for part in line.parts:
            if part.payment is not None:
                rows.append(
                    {
                        "bank_line": line_key(line),
                        "payment": payment_key(part.payment),
                        "relation": "return" if line.kind == "return" else "booking",
                        "end_to_end_id": part.payment.end_to_end_id,
                        "booked_amount": part.amount,
                        "payment_amount": part.payment.amount,
                        "payment_currency": part.payment.currency,
                        "charges": line.charges,
                    }
                )
    return _frame(
        rows,
        {
            "bank_line": pl.String(),
            "payment": pl.String(),
            "relation": pl.String(),
            "end_to_end_id": pl.String(),
            "booked_amount": AMOUNT,
            "payment_amount": AMOUNT,
            "payment_currency": pl.String(),
            "charges": AMOUNT,
        },
    )


def _payment_items(world: World) -> pl.DataFrame:
    """Payment to open item: what is taken off the item (negative for a credit memo), and the discount within."""
    rows: list[Row] = [
        {
            "payment": payment_key(payment),
            "open_item": open_item_key(settlement.document),
            "outcome": payment.outcome,
            "applied_amount": settlement.amount,
            "discount": settlement.discount,
            "currency": payment.currency,
        }
        for payment in world.payments
        for settlement in payment.settlements
    ]
    return _frame(
        rows,
        {
            "payment": pl.String(),
            "open_item": pl.String(),
            "outcome": pl.String(),
            "applied_amount": AMOUNT,
            "discount": AMOUNT,
            "currency": pl.String(),
        },
    )


def _line_items(world: World) -> pl.DataFrame:
    """Bank line to open item, direct: customer receipts and suppliers' direct debits."""
    rows: list[Row] = [
        {
            "bank_line": line_key(line),
            "open_item": open_item_key(settlement.document),
            "kind": line.kind,
            "applied_amount": settlement.amount,
            "discount": settlement.discount,
            "late_discount": settlement.claimed,
            "charges": line.charges,
            "short": settlement.document.remaining if settlement.document.remaining > 0 else ZERO,
        }
        for line in world.delivered_lines
        for settlement in line.settlements
    ]
    return _frame(
        rows,
        {
            "bank_line": pl.String(),
            "open_item": pl.String(),
            "kind": pl.String(),
            "applied_amount": AMOUNT,
            "discount": AMOUNT,
            "late_discount": AMOUNT,
            "charges": AMOUNT,
            "short": AMOUNT,
        },
    )


def _transfers(world: World) -> pl.DataFrame:
    """Both ends of transfers between own accounts, where both were delivered."""
    ends: dict[tuple[date, str], list[str]] = {}
    for line in world.delivered_lines:
        if line.kind == "transfer" and line.parts[0].remittance:
            ends.setdefault((line.booking_date, line.parts[0].remittance), []).append(line_key(line))
    rows: list[Row] = [
        {"bank_line": pair[0], "other_line": pair[1]} for _, pair in sorted(ends.items()) if len(pair) == 2
    ]
    return _frame(rows, {"bank_line": pl.String(), "other_line": pl.String()})


def _origins(world: World) -> pl.DataFrame:
    """Items that moved to another ERP: the key that holds since the cut-over, and the one before."""
    rows: list[Row] = [{"open_item": open_item_key(item), "origin": old_open_item_key(item)} for item in world.moved]
    return _frame(rows, {"open_item": pl.String(), "origin": pl.String()})


def _three_way(world: World) -> pl.DataFrame:
    """Invoices with an order: its flow, and what comes of laying order, receipts and invoices side by side."""
    rows: list[Row] = [
        {
            "open_item": open_item_key(item),
            "purchase_order": item.purchase_order,
            "match_flow": flow,
            "match_result": result,
        }
        for item, flow, result in three_way_results(world.purchasing, world.items)
    ]
    return _frame(rows, dict.fromkeys(("open_item", "purchase_order", "match_flow", "match_result"), pl.String()))


def _counterparties(world: World) -> pl.DataFrame:
    """Each party of each system, and who it is: the same word for the same party."""
    rows: list[Row] = [{"counterparty": party_key(one), "party": one.same_as or one.key} for one in world.parties]
    suppliers = {item.party.key: item.party for item in world.moved}
    rows += [
        {"counterparty": f"{NEW_SYSTEM}|supplier|{new_supplier(one).source_id}", "party": one.same_as or one.key}
        for one in suppliers.values()
    ]
    return _frame(rows, {"counterparty": pl.String(), "party": pl.String()})


def _anomalies(found: list[Anomaly]) -> pl.DataFrame:
    rows: list[Row] = [
        {
            "kind": a.kind,
            "object_id": a.object_id,
            "object_type": a.object_type,
            "date": a.day,
            "amount": a.amount,
            "currency": a.currency,
            "related_id": a.related_id,
            "note": a.note or None,
        }
        for a in found
    ]
    return _frame(
        rows,
        {
            "kind": pl.String(),
            "object_id": pl.String(),
            "object_type": pl.String(),
            "date": pl.Date(),
            "amount": AMOUNT,
            "currency": pl.String(),
            "related_id": pl.String(),
            "note": pl.String(),
        },
    )
