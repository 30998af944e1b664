"""Where each bank line, payment and open item ended: with what it was matched, in whose queue it lies, or why it waits for nothing."""

from __future__ import annotations

import duckdb

LOST = "lost"
ENDS = {
    "matched": "matched with its counterpart",
    "matched_in_part": "matched in part; the exception queue asks about the rest",
    "no_item_named": "no leg looks for open items of it: a transfer between own accounts, a payment that came back",
    "suggested": "in a suggested match, which a person confirms",
    "ambiguous": "in a tie, which a person decides",
    "asked_about": "open, and in the exception queue",
    "set_aside": "open, and set aside by a person",
    "told_by_alert": "open, and told by an alert",
    "open": "open, and not asked about yet: its day has not come, or the ERP expects no money",
    "zero_amount": "of no amount: there is nothing to match",
    "stopped": "rejected or cancelled: no money moves",
    "ledger_payment": "a payment as the ledger books it: the payment itself is an item",
    "cancelled": "cancelled in its ledger",
    "no_amount": "without an amount or a sign; the exception queue asks about it",
    LOST: "in no match and in no queue",
}
"""What became of an item, in words."""

# a payment has two faces: what the bank did with it, and which open items it settles
_STATES = """
    SELECT dataset, face, item_id, CASE
            WHEN bool_or(status = 'matched') THEN 'matched'
            WHEN bool_or(status = 'suggested') THEN 'suggested'
            WHEN bool_or(status = 'ambiguous') THEN 'ambiguous'
            WHEN bool_or(is_set_aside) THEN 'set_aside'
            ELSE 'open'
        END AS state
    FROM (
        SELECT dataset, unnest(CASE
                WHEN dataset != 'payments' THEN ['']
                WHEN face IN ('bank_lines', 'open_items') THEN [face]
                ELSE ['bank_lines', 'open_items']
            END) AS face, item_id, status, status = 'open' AND is_decided AS is_set_aside
        FROM staging.stg_match
    )
    GROUP BY dataset, face, item_id
"""

_ITEMS = """
    SELECT 'bank_lines' AS dataset, '' AS face, 'bank_line' AS object_type, bank_line_id AS item_id, amount, currency, NULL AS why
    FROM canonical.bank_statement_line
    UNION ALL
    SELECT 'payments', face, 'payment', payment_id, amount, currency, CASE
            WHEN status IN ('rejected', 'cancelled') THEN 'stopped' WHEN face = 'open_items' THEN 'no_item_named'
        END
    FROM canonical.payment_instruction CROSS JOIN (VALUES ('bank_lines'), ('open_items')) AS faces (face)
    UNION ALL
    SELECT 'open_items', '', 'open_item', open_item_id, amount, currency, CASE
            WHEN kind = 'payment' THEN 'ledger_payment'
            WHEN status = 'cancelled' THEN 'cancelled'
            WHEN amount IS NULL OR amount = 0 THEN 'no_amount'
        END
    FROM canonical.open_item
"""


def make_item_ends(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the temporary table `item_end`: dataset, face (of a payment), object_type, item_id, amount, currency, ended."""
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE item_end AS
        WITH asked AS (
            SELECT object_type AS dataset,
                CASE WHEN object_type = 'payments' AND cause = 'unmatched_payment' THEN detail ELSE '' END AS face,
                object_id AS item_id, bool_or(cause = 'partly_explained_bank_line') AS is_partly
            FROM marts.exception_queue GROUP BY ALL
        ),
        alerted AS (SELECT DISTINCT object_type, object_id AS item_id FROM marts.alert WHERE status = 'open')
        SELECT item.dataset, item.face, item.object_type, item.item_id, item.amount, item.currency, CASE
                WHEN state.state = 'matched' AND asked.is_partly THEN 'matched_in_part'
                WHEN state.state = 'open' AND asked.item_id IS NOT NULL THEN 'asked_about'
                WHEN state.state = 'open' AND alerted.item_id IS NOT NULL THEN 'told_by_alert'
                WHEN state.state = 'open' AND item.amount = 0 THEN 'zero_amount'
                -- a booked line always waits for somebody; a payment or an open item may wait for its day
                WHEN state.state = 'open' AND item.dataset = 'bank_lines' THEN '{LOST}'
                WHEN state.state IS NOT NULL THEN state.state
                WHEN item.why IS NOT NULL THEN item.why
                ELSE '{LOST}'
            END AS ended
        FROM ({_ITEMS}) AS item
        LEFT JOIN ({_STATES}) AS state
            ON item.dataset = state.dataset AND item.face = state.face AND item.item_id = state.item_id
        LEFT JOIN asked ON item.dataset = asked.dataset AND item.face = asked.face AND item.item_id = asked.item_id
        LEFT JOIN alerted ON item.object_type = alerted.object_type AND item.item_id = alerted.item_id
        """
    )
