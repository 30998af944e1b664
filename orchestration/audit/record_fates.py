"""Where each delivered record ended: one row a record and the object it became, by comparing the raw tables with the canonical ones.

A fate is proven, not inferred: a record that repeats an earlier one is `told_before` only where the earlier one is there, and one that
stands nowhere is `lost`. What was received after the run's `known_at` is `later`: no run has looked at it yet.
"""

from __future__ import annotations

import duckdb

LOST, TWICE, ALTERED = "lost", "counted_twice", "altered"
"""Fates that must not be."""

FATES = {
    "bank_line": "a booked bank line",
    "told_before": "a repetition of an entry that another statement told first",
    "corrected": "an entry whose statement was corrected under another number, which does not tell it",
    "intraday_line": "an entry of an intraday report, or one that is not booked yet",
    "shown_before": "an entry that an earlier report showed already",
    "itemises_line": "the details of a bank line, told apart (camt.054)",
    "notification": "a notification: told, and counted with its statement",
    "of_statement": "a part of a statement that was taken over",
    "statement": "a statement in its account's chain",
    "detail": "a transaction of a bank line",
    "told_more_closely": "a transaction of a bank line of which another statement says more",
    "payment": "a payment",
    "batch": "a payment batch",
    "message": "the head of a payment file",
    "status": "a status of a payment or batch",
    "said_more_closely": "a status of a file or batch; the same report says more of its payments",
    "status_of_none": "a status that names no payment that is known",
    "remittance": "what a payment says it settles",
    "remittance_of_none": "what a payment says it settles, of a document that is not known",
    "open_item": "an open item, as its newest record says it",
    "earlier_observation": "an earlier state of something that a newer record tells",
    "other_record": "another record of an open item that is known twice",
    "approval": "a step of approval",
    "master_data": "master data in force",
    "no_account": "a bank detail without an account",
    "later": "received after the moment the run looks at",
    LOST: "stands nowhere",
    TWICE: "stands in two places",
    ALTERED: "stands with another amount",
}
"""What became of a record, in words."""

_HEAD = "SELECT '{kind}' AS kind, r.delivery_id, r.record_number, {amount} AS amount, {currency} AS currency, "
_FROM = "FROM raw.{kind} AS r LEFT JOIN staging.stg_delivery AS d ON r.delivery_id = d.delivery_id"


def _head(kind: str, amount: str = "NULL::DECIMAL(23, 5)", currency: str = "NULL::VARCHAR") -> str:
    return _HEAD.format(kind=kind, amount=amount, currency=currency)


_ENTRY = f"""
    {_head("bank_entry", "r.signed_amount", "r.currency")}
        CASE
            WHEN d.delivery_id IS NULL THEN 'later'
            WHEN line.lines > 1 OR (line.lines = 1 AND (repeated.entry_number IS NOT NULL OR shown.lines > 0)) THEN '{TWICE}'
            WHEN line.lines = 1 THEN CASE WHEN line.amount = r.signed_amount THEN 'bank_line' ELSE '{ALTERED}' END
            WHEN repeated.corrected_by IS NOT NULL THEN 'corrected'
            WHEN repeated.entry_number IS NOT NULL THEN CASE WHEN told.delivery_id IS NOT NULL THEN 'told_before' ELSE '{LOST}' END
            WHEN shown.lines = 1 THEN CASE WHEN shown.amount = r.signed_amount THEN 'intraday_line' ELSE '{ALTERED}' END
            WHEN shown.lines > 1 THEN '{TWICE}'
            WHEN statement.kind = 'notification' AND link.entry_number IS NOT NULL THEN 'itemises_line'
            WHEN statement.kind = 'notification' THEN 'notification'
            WHEN (statement.kind = 'report' OR r.status != 'BOOK') AND before.account_id IS NOT NULL THEN 'shown_before'
            ELSE '{LOST}'
        END AS fate,
        CASE WHEN shown.bank_line_id IS NULL THEN 'bank_line' ELSE 'intraday_line' END AS object_type,
        coalesce(line.bank_line_id, shown.bank_line_id, linked.bank_line_id) AS object_id
    {_FROM.format(kind="bank_entry")}
    LEFT JOIN staging.stg_bank__statement AS statement
        ON r.delivery_id = statement.delivery_id AND r.statement_number = statement.statement_number
    LEFT JOIN (
        SELECT delivery_id, record_number, count(*) AS lines, min(bank_line_id) AS bank_line_id, min(amount) AS amount
        FROM canonical.bank_statement_line GROUP BY ALL
    ) AS line ON r.delivery_id = line.delivery_id AND r.record_number = line.record_number
    LEFT JOIN staging.stg_bank__repeated_entry AS repeated
        ON statement.statement_key = repeated.statement_key AND r.entry_number = repeated.entry_number
    LEFT JOIN (
        SELECT delivery_id, record_number, count(*) AS lines, min(bank_line_id) AS bank_line_id, min(amount) AS amount
        FROM canonical.bank_intraday_line GROUP BY ALL
    ) AS shown ON r.delivery_id = shown.delivery_id AND r.record_number = shown.record_number
    LEFT JOIN (
        SELECT detail_delivery_id, detail_statement_number, detail_entry_number, min(statement_key) AS statement_key,
            min(entry_number) AS entry_number
        FROM staging.stg_bank__notification_link GROUP BY ALL
    ) AS link
        ON r.delivery_id = link.detail_delivery_id AND r.statement_number = link.detail_statement_number
        AND r.entry_number = link.detail_entry_number
    LEFT JOIN canonical.bank_statement_line AS linked
        ON link.statement_key = linked.statement_key AND link.entry_number = linked.entry_number
    -- what is told or shown again is there once from another record: same account, day and amount
    LEFT JOIN (
        SELECT account_id, currency, amount, effective_date, min(delivery_id) AS delivery_id
        FROM canonical.bank_statement_line GROUP BY ALL
    ) AS told
        ON statement.own_account_id = told.account_id AND r.currency = told.currency AND r.signed_amount = told.amount
        AND coalesce(r.booking_date, r.value_date, statement.statement_date) = told.effective_date
    LEFT JOIN (
        SELECT DISTINCT account_id, currency, amount, effective_date, status FROM canonical.bank_intraday_line
    ) AS before
        ON statement.own_account_id = before.account_id AND r.currency = before.currency AND r.signed_amount = before.amount
        AND coalesce(r.booking_date, r.value_date, statement.statement_date) = before.effective_date AND r.status = before.status
"""

_DETAIL = f"""
    {_head("bank_entry_detail", "r.signed_amount", "r.currency")}
        CASE
            WHEN d.delivery_id IS NULL THEN 'later'
            WHEN detail.details > 1 THEN '{TWICE}'
            WHEN detail.details = 1 THEN 'detail'
            WHEN entry.details_from = 'other_statement' THEN 'told_more_closely'
            WHEN entry.fate = '{LOST}' OR entry.fate IS NULL OR entry.fate = 'bank_line' THEN '{LOST}'
            ELSE entry.fate
        END AS fate,
        'bank_line' AS object_type, coalesce(detail.bank_line_id, entry.object_id) AS object_id
    {_FROM.format(kind="bank_entry_detail")}
    LEFT JOIN (
        SELECT delivery_id, record_number, count(*) AS details, min(bank_line_id) AS bank_line_id
        FROM canonical.bank_statement_line_detail GROUP BY ALL
    ) AS detail ON r.delivery_id = detail.delivery_id AND r.record_number = detail.record_number
    LEFT JOIN (
        SELECT e.delivery_id, e.statement_number, e.entry_number, fates.fate, fates.object_id, line.details_from
        FROM raw.bank_entry AS e JOIN entry_fate AS fates USING (delivery_id, record_number)
        LEFT JOIN canonical.bank_statement_line AS line
            ON fates.object_id = line.bank_line_id AND e.delivery_id = line.delivery_id AND e.record_number = line.record_number
    ) AS entry
        ON r.delivery_id = entry.delivery_id AND r.statement_number = entry.statement_number AND r.entry_number = entry.entry_number
"""

_BALANCE = f"""
    {_head("bank_balance")}
        CASE
            WHEN d.delivery_id IS NULL THEN 'later' WHEN statement.statement_key IS NOT NULL THEN 'of_statement' ELSE '{LOST}'
        END AS fate,
        'statement' AS object_type, statement.statement_key AS object_id
    {_FROM.format(kind="bank_balance")}
    LEFT JOIN staging.stg_bank__statement AS statement
        ON r.delivery_id = statement.delivery_id AND r.statement_number = statement.statement_number
"""


def _became(
    kind: str, table: str, key: str, object_type: str, fate: str, amount: tuple[str, str] | None = None, where: str = "true"
) -> str:  # fmt: skip
    """A record that is one row of a canonical table; its amount stands there, but for the sign."""
    raw_amount, currency = amount or ("NULL::DECIMAL(23, 5)", "NULL::VARCHAR")
    same = f"abs(found.amount) IS NOT DISTINCT FROM abs({raw_amount})" if amount else "true"
    held = "min(amount) AS amount" if amount else "NULL AS amount"
    return f"""
        {_head(kind, raw_amount, currency)}
            CASE
                WHEN d.delivery_id IS NULL THEN 'later'
                WHEN found.times > 1 THEN '{TWICE}'
                WHEN found.times = 1 THEN CASE WHEN {same} THEN '{fate}' ELSE '{ALTERED}' END
                ELSE '{LOST}'
            END AS fate,
            '{object_type}' AS object_type, found.id AS object_id
        {_FROM.format(kind=kind)}
        LEFT JOIN (
            SELECT delivery_id, record_number, count(*) AS times, min({key}) AS id, {held}
            FROM {table} WHERE {where} GROUP BY ALL
        ) AS found ON r.delivery_id = found.delivery_id AND r.record_number = found.record_number
    """


_MESSAGE = f"""
    {_head("payment_message")} CASE WHEN d.delivery_id IS NULL THEN 'later' ELSE 'message' END AS fate,
        'delivery' AS object_type, r.delivery_id AS object_id
    {_FROM.format(kind="payment_message")}
"""

_REMITTANCE = f"""
    {_head("payment_remittance", "r.remitted_amount", "r.currency")}
        CASE
            WHEN d.delivery_id IS NULL THEN 'later'
            WHEN found.times > 1 THEN '{TWICE}'
            WHEN found.times IS NULL THEN '{LOST}'
            WHEN found.open_item_id IS NULL THEN 'remittance_of_none'
            ELSE 'remittance'
        END AS fate,
        'payment' AS object_type, found.id AS object_id
    {_FROM.format(kind="payment_remittance")}
    LEFT JOIN (
        SELECT delivery_id, record_number, count(*) AS times, min(payment_id) AS id, min(open_item_id) AS open_item_id
        FROM canonical.remittance_advice WHERE origin = 'payment_message' GROUP BY ALL
    ) AS found ON r.delivery_id = found.delivery_id AND r.record_number = found.record_number
"""


def _status(kind: str) -> str:
    """A status may be said of a batch, and so of many payments; the same report may say more of each of them."""
    is_general = "r.level != 'transaction'" if kind == "payment_status" else "r.end_to_end_id IS NULL"
    return f"""
        {_head(kind)}
            CASE
                WHEN d.delivery_id IS NULL THEN 'later'
                WHEN found.delivery_id IS NULL AND closer.delivery_id IS NOT NULL THEN 'said_more_closely'
                WHEN found.delivery_id IS NULL THEN '{LOST}'
                WHEN found.id IS NULL THEN 'status_of_none'
                ELSE 'status'
            END AS fate,
            'payment' AS object_type, found.id AS object_id
        {_FROM.format(kind=kind)}
        LEFT JOIN (
            SELECT delivery_id, record_number, min(payment_id) AS id FROM canonical.payment_status_event GROUP BY ALL
        ) AS found ON r.delivery_id = found.delivery_id AND r.record_number = found.record_number
        LEFT JOIN (
            SELECT DISTINCT delivery_id FROM canonical.payment_status_event WHERE payment_id IS NOT NULL AND level != 'message'
        ) AS closer ON r.delivery_id = closer.delivery_id AND {is_general}
    """


_ITEM_KEY = "concat_ws('|', r.source_system, r.company_code, r.document_number, coalesce(r.fiscal_year, ''), coalesce(r.line_item, ''))"
# the newest record stands for the item; of an item that two systems know, either may
_OPEN_ITEM = f"""
    {_head("open_item", "r.amount", "r.currency")}
        CASE
            WHEN d.delivery_id IS NULL THEN 'later'
            WHEN newest.delivery_id IS NULL
                OR (newest_at.received_at, newest.delivery_id, newest.record_number)
                < (d.received_at, r.delivery_id, r.record_number)
                THEN '{LOST}'
            WHEN item.times > 1 THEN '{TWICE}'
            WHEN newest.delivery_id != r.delivery_id OR newest.record_number != r.record_number THEN 'earlier_observation'
            WHEN item.times = 1 THEN
                CASE WHEN item.amount IS NULL OR abs(item.amount) = abs(r.amount) THEN 'open_item' ELSE '{ALTERED}' END
            WHEN origin.open_item_id IS NOT NULL THEN 'other_record'
            ELSE '{LOST}'
        END AS fate,
        'open_item' AS object_type, coalesce(origin.open_item_id, newest.open_item_id) AS object_id
    {_FROM.format(kind="open_item")}
    LEFT JOIN staging.stg_erp__newest_item AS newest ON newest.open_item_id = {_ITEM_KEY}
    LEFT JOIN staging.stg_delivery AS newest_at ON newest.delivery_id = newest_at.delivery_id
    LEFT JOIN (
        SELECT open_item_id, count(*) AS times, min(amount) AS amount FROM canonical.open_item GROUP BY ALL
    ) AS item ON newest.open_item_id = item.open_item_id
    LEFT JOIN (
        SELECT origin_item_id, min(open_item_id) AS open_item_id FROM canonical.open_item_origin GROUP BY ALL
    ) AS origin ON newest.open_item_id = origin.origin_item_id
"""


def _master(kind: str, table: str, key: str, raw_key: str) -> str:
    """A record of which the newest of its key is in force; an earlier one has told something on the way."""
    return f"""
        {_head(kind)}
            CASE
                WHEN d.delivery_id IS NULL THEN 'later'
                WHEN found.delivery_id IS NOT NULL THEN 'master_data'
                WHEN known.id IS NOT NULL THEN 'earlier_observation'
                ELSE '{LOST}'
            END AS fate,
            '{kind}' AS object_type, known.id AS object_id
        {_FROM.format(kind=kind)}
        LEFT JOIN (SELECT DISTINCT {key} AS id FROM {table}) AS known ON known.id = {raw_key}
        LEFT JOIN (
            SELECT DISTINCT delivery_id, record_number FROM {table}
        ) AS found ON r.delivery_id = found.delivery_id AND r.record_number = found.record_number
    """


def _key(*names: str) -> tuple[str, str]:
    """The same natural key, of a canonical row and of a raw one."""
    return tuple(  # type: ignore[return-value]
        "concat_ws('|', " + ", ".join(f"coalesce({of}{name}::VARCHAR, '')" for name in names) + ")" for of in ("", "r.")
    )


_BANK_DETAIL = f"""
    {_head("counterparty_bank_account")}
        CASE
            WHEN d.delivery_id IS NULL THEN 'later'
            WHEN coalesce(r.iban, r.account_number) IS NULL THEN 'no_account'
            WHEN found.delivery_id IS NOT NULL THEN 'master_data'
            WHEN known.counterparty_id IS NOT NULL THEN 'earlier_observation'
            ELSE '{LOST}'
        END AS fate,
        'counterparty_bank_account' AS object_type, known.counterparty_id || '|' || known.account_identifier AS object_id
    {_FROM.format(kind="counterparty_bank_account")}
    LEFT JOIN staging.stg_erp__counterparty_account AS seen
        ON r.delivery_id = seen.delivery_id AND r.record_number = seen.record_number
    LEFT JOIN (
        SELECT DISTINCT counterparty_id, account_identifier FROM canonical.counterparty_bank_account
    ) AS known ON seen.counterparty_id = known.counterparty_id AND seen.account_identifier = known.account_identifier
    LEFT JOIN (
        SELECT DISTINCT delivery_id, record_number FROM canonical.counterparty_bank_account
    ) AS found ON r.delivery_id = found.delivery_id AND r.record_number = found.record_number
"""

_APPROVAL = f"""
    {_head("approval")}
        CASE
            WHEN d.delivery_id IS NULL THEN 'later'
            WHEN found.delivery_id IS NOT NULL THEN 'approval'
            WHEN known.source_system IS NOT NULL THEN 'earlier_observation'
            ELSE '{LOST}'
        END AS fate,
        'approval' AS object_type, NULL AS object_id
    {_FROM.format(kind="approval")}
    LEFT JOIN (
        SELECT delivery_id, record_number FROM staging.stg_erp__approval
    ) AS found ON r.delivery_id = found.delivery_id AND r.record_number = found.record_number
    LEFT JOIN (
        SELECT DISTINCT source_system, company_code, document_number, fiscal_year, step, status, actor, "at"
        FROM staging.stg_erp__approval
    ) AS known
        ON r.source_system = known.source_system AND r.document_number = known.document_number
        AND r.company_code IS NOT DISTINCT FROM known.company_code AND r.fiscal_year IS NOT DISTINCT FROM known.fiscal_year
        AND r.step IS NOT DISTINCT FROM known.step AND r.status IS NOT DISTINCT FROM known.status
        AND r.actor IS NOT DISTINCT FROM known.actor AND r."at" IS NOT DISTINCT FROM known."at"
"""

ENTRY_FATES = _ENTRY
"""The fates of entries come first: those of their details follow from them (`entry_fate`)."""

RECORD_FATES = {
    "bank_statement": _became(
        "bank_statement", "canonical.bank_statement", "statement_key", "statement", "statement"
    ),
    "bank_balance": _BALANCE,
    "bank_entry": "SELECT * FROM entry_fate",
    "bank_entry_detail": _DETAIL,
    "payment_message": _MESSAGE,
    "payment_batch": _became("payment_batch", "canonical.payment_batch", "batch_id", "batch", "batch"),
    "payment_instruction": _became(
        "payment_instruction", "canonical.payment_instruction", "payment_id", "payment", "payment", ("r.amount", "r.currency")
    ),
    "payment_remittance": _REMITTANCE,
    "payment_status": _status("payment_status"),
    "payment_event": _status("payment_event"),
    "counterparty": _master(
        "counterparty", "canonical.counterparty", "counterparty_id", "r.source_system || '|' || r.role || '|' || r.source_id"
    ),
    "counterparty_bank_account": _BANK_DETAIL,
    "open_item": _OPEN_ITEM,
    "approval": _APPROVAL,
    "payment_terms": _master("payment_terms", "canonical.payment_terms", *_key("source_system", "terms_id")),
    "purchase_order": _master(
        "purchase_order", "canonical.purchase_order", *_key("source_system", "company_code", "number", "line_number")
    ),
    "goods_receipt": _master(
        "goods_receipt", "canonical.goods_receipt", *_key("source_system", "company_code", "number", "line_number")
    ),
    "fx_rate": _master(
        "fx_rate", "canonical.fx_rate", *_key("provider", "rate_type", "base_currency", "quote_currency", "valid_from")
    ),
}  # fmt: skip
"""Per kind of record a query of kind, delivery_id, record_number, amount, currency, fate, object_type, object_id; one row a record."""


def make_record_fates(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the temporary table `record_fate`: kind, delivery_id, record_number, amount, currency, fate, object_type, object_id."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE entry_fate AS {ENTRY_FATES}")
    every = " UNION ALL ".join(f"SELECT * FROM ({query})" for query in RECORD_FATES.values())
    connection.execute(f"CREATE OR REPLACE TEMP TABLE record_fate AS {every}")
