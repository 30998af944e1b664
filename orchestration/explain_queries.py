"""The SQL of `orchestration.explain`: names, facts, observations, steps, matches and places, each for a list of ids.

Parameters are lists; where two belong together they are of the same length, and `unnest` pairs them.
"""

from __future__ import annotations

from ingestion.contracts import CONTRACTS
from orchestration.audit.figures import FIGURES

_IDS = "(SELECT unnest(?::VARCHAR[]))"


def _money(column: str) -> str:
    """An amount and its currency as a sentence says them: two decimals, or as many as it needs."""
    return f"regexp_replace(cast({column} AS DECIMAL(23, 5))::VARCHAR, '0{{1,3}}$', '') || ' ' || currency"


NAMES = f"""
    SELECT 'open_item' AS type, open_item_id AS id, unnest([
        {{name: open_item_id, rank: 1}}, {{name: document_number, rank: 2}},
        {{name: reference, rank: CASE WHEN kind = 'payment' THEN 3 ELSE 2 END}}
    ], recursive := true), concat_ws(' ', ledger, kind, document_number, {_money("amount")}, 'of', document_date) AS said
    FROM canonical.open_item
    UNION ALL
    SELECT 'open_item', open_item_id, origin_item_id, 1, concat_ws(' ', 'also', origin_item_id)
    FROM canonical.open_item_origin
    UNION ALL
    SELECT 'payment', payment_id, unnest([
        {{name: payment_id, rank: 1}}, {{name: end_to_end_id, rank: 2}}, {{name: instruction_id, rank: 2}}, {{name: uetr, rank: 2}}
    ], recursive := true), concat_ws(' ', {_money("amount")}, 'to', counterparty_name, 'on', execution_date)
    FROM canonical.payment_instruction
    UNION ALL
    SELECT 'bank_line', bank_line_id, unnest([
        {{name: bank_line_id, rank: 1}}, {{name: account_id || '|' || bank_reference, rank: 1}}, {{name: bank_reference, rank: 2}},
        {{name: end_to_end_id, rank: 3}}, {{name: customer_reference, rank: 3}}
    ], recursive := true), concat_ws(' ', {_money("amount")}, 'on', account_id, 'of', effective_date)
    FROM canonical.bank_statement_line
    UNION ALL
    SELECT DISTINCT 'match', group_id, group_id, 1, concat_ws(' ', status, 'by', leg) FROM matching.known_group
    UNION ALL
    SELECT 'alert', alert_id, alert_id, 1, message FROM monitoring.known_alert
    UNION ALL
    SELECT 'exception', exception_id, exception_id, 1, message FROM marts.exception_queue
    UNION ALL
    SELECT 'statement', statement_key, statement_key, 1, concat_ws(' ', kind, statement_id, 'of', account_id, statement_date)
    FROM canonical.bank_statement
    UNION ALL
    SELECT 'delivery', delivery_id, unnest([{{name: delivery_id, rank: 1}}, {{name: file_name, rank: 2}}, {{name: sha256, rank: 2}}],
        recursive := true), concat_ws(' ', file_name, status) FROM raw.delivery
    UNION ALL
    SELECT 'cash_position', cash_position_id, unnest([
        {{name: cash_position_id, rank: 1}}, {{name: account_id, rank: 2}}, {{name: account_name, rank: 3}}
    ], recursive := true), concat_ws(' ', {_money("position")}, 'on', account_id) FROM marts.cash_position
    UNION ALL
    SELECT 'cash_forecast', cash_forecast_id, cash_forecast_id, 1, concat_ws(' ', {_money("amount")}, layer, 'of', date)
    FROM marts.cash_forecast
    UNION ALL
    SELECT 'cash_outlook', cash_outlook_id, cash_outlook_id, 1, concat_ws(' ', 'week of', week) FROM marts.cash_outlook
    UNION ALL
    SELECT 'reconciliation_status', reconciliation_status_id, reconciliation_status_id, 1, concat_ws(' ', items, 'items of', leg)
    FROM marts.reconciliation_status
    UNION ALL
    SELECT 'tie_out', tie_out_id, tie_out_id, 1, concat_ws(' ', delivered_items, 'items of', source_system) FROM marts.tie_out
    UNION ALL
    SELECT 'workflow_health', workflow_health_id, workflow_health_id, 1, concat_ws(' ', open_count, 'open')
    FROM marts.workflow_health
    UNION ALL
    SELECT 'stale_data', stale_data_id, stale_data_id, 1, title FROM marts.stale_data
    UNION ALL
    SELECT 'ownership_violation', ownership_violation_id, ownership_violation_id, 1, message FROM marts.ownership_violation
"""
"""Each object under each of its names. Rank 1 is a key, 2 a number of the trade, 3 a reference it merely carries."""

FACTS: dict[str, str] = {
    "open_item": f"""
        SELECT
            item.open_item_id AS id, item.entity_id AS entity, item.system, item.ledger, item.kind, party.name AS counterparty,
            item.counterparty_id, item.document_number, item.reference, item.amount, item.open_amount, item.currency,
            item.document_date, item.due_date, item.status, item.approval_status, item.payment_block, item.clearing_document,
            item.purchase_order, item.correlation_id
        FROM canonical.open_item AS item LEFT JOIN canonical.counterparty AS party USING (counterparty_id)
        WHERE item.open_item_id IN {_IDS} ORDER BY id
    """,
    "payment": f"""
        SELECT
            payment_id AS id, entity_id AS entity, account_id AS account, direction, counterparty_name AS counterparty,
            counterparty_account, amount, currency, execution_date, end_to_end_id, status, status_at, correlation_id
        FROM canonical.payment_instruction WHERE payment_id IN {_IDS} ORDER BY id
    """,
    "bank_line": f"""
        SELECT
            bank_line_id AS id, entity_id AS entity, account_id AS account, line_kind AS kind, counterparty_name AS counterparty,
            counterparty_account, amount, currency, booking_date, value_date, bank_reference, end_to_end_id, text, correlation_id
        FROM canonical.bank_statement_line WHERE bank_line_id IN {_IDS} ORDER BY id
    """,
    "match": f"""
        SELECT group_id AS id, leg, "pass", status, cardinality, currency, left_total, right_total, difference, explanation
        FROM matching.known_group WHERE group_id IN {_IDS} ORDER BY superseded_by NULLS FIRST, as_of DESC, run_id
    """,
    "alert": f"""
        SELECT
            alert_id AS id, "check", severity, status, entity, account, amount, currency, since, first_seen, last_seen, resolved_on,
            ignored_until, owner, message, next_step, object_type, object_id, related_id
        FROM monitoring.known_alert WHERE alert_id IN {_IDS}
    """,
    "exception": f"""
        SELECT
            exception_id AS id, cause, detail, entity_id AS entity, account_id AS account, amount, currency, since, owner, message,
            next_step, source, file_name, decided, object_type, object_id
        FROM marts.exception_queue WHERE exception_id IN {_IDS}
    """,
    "statement": f"""
        SELECT
            statement_key AS id, kind, account_id AS account, currency, statement_id, statement_date, opening_balance, closing_balance,
            net_amount, entry_count, balance_check, continuity, repeated_entries
        FROM canonical.bank_statement WHERE statement_key IN {_IDS}
    """,
    "delivery": f"""
        SELECT
            delivery_id AS id, source, system, file_name, status, reason, records_read, records_loaded, records_rejected,
            records_duplicate, warnings
        FROM raw.delivery WHERE delivery_id IN {_IDS}
    """,
}

FACTS |= {
    name: f"SELECT {figure.key} AS id, * EXCLUDE ({figure.key}) FROM marts.{figure.mart} WHERE {figure.key} IN {_IDS}"
    for name, figure in FIGURES.items()
    if name not in FACTS
}
"""Of a figure all that its mart says."""

PARTS = """
    SELECT part.object_type, part.object_id, part.amount, part.currency, part.said, record.delivery_id, record.record_number
    FROM part
    LEFT JOIN (
        SELECT object_type, object_id, min(delivery_id) AS delivery_id, min(record_number) AS record_number
        FROM object_record GROUP BY ALL
    ) AS record USING (object_type, object_id)
    WHERE part.figure_type = ? AND part.figure_id = ? AND part.object_id IS NOT NULL
    ORDER BY abs(part.amount) DESC NULLS LAST, part.object_type, part.object_id
"""
"""What a figure is made of, most money first, each with the record it comes from."""

LEARNED = """
    SELECT 'bank_line' AS object_type, line.object_id, flow.amount, flow.currency, 'booked on ' || flow.effective_date AS said,
        flow.delivery_id, flow.record_number
    FROM learned AS line
    JOIN (
        SELECT bank_line_id, amount, currency, effective_date, delivery_id, record_number FROM canonical.bank_statement_line
        UNION ALL
        SELECT bank_line_id, amount, currency, effective_date, delivery_id, record_number FROM canonical.bank_intraday_line
    ) AS flow ON line.object_id = flow.bank_line_id
    WHERE line.figure_id = ?
    ORDER BY flow.effective_date DESC, line.object_id
"""
"""The bank lines that an estimate was learned from, newest first."""

OBSERVATIONS = {
    # an extract repeats an item many times: the first observation, and each that says something else than the one before
    "open_item": f"""
        SELECT 'open_item' AS object_type, open_item_id AS object_id, system,
            concat_ws(', ', status, {_money("open_amount")} || ' of it open', approval_status,
                'block ' || payment_block, 'cleared by ' || clearing_document) AS said,
            delivery_id, record_number
        FROM staging.stg_erp__open_item_observation WHERE open_item_id IN {_IDS}
        QUALIFY said IS DISTINCT FROM lag(said) OVER (PARTITION BY open_item_id ORDER BY received_at, delivery_id, record_number)
        ORDER BY received_at, object_id, record_number
    """,
    "payment": f"""
        SELECT 'payment' AS object_type, payment_id AS object_id, 'hub' AS system,
            concat_ws(' ', replace(direction, '_', ' '), {_money("amount")}, 'instructed') AS said, delivery_id, record_number
        FROM canonical.payment_instruction WHERE payment_id IN {_IDS} ORDER BY object_id
    """,
    "bank_line": f"""
        SELECT 'bank_line' AS object_type, line.bank_line_id AS object_id, 'bank' AS system,
            CASE WHEN origin.is_entry THEN concat_ws(' ', 'booked', {_money("line.amount")}, 'on', line.account_id)
                ELSE 'details of the entry' END AS said,
            origin.delivery_id, origin.record_number
        FROM canonical.bank_statement_line AS line,
            LATERAL (
                SELECT true AS is_entry, line.delivery_id, line.record_number
                UNION ALL
                SELECT false, line.detail_delivery_id, NULL WHERE line.detail_delivery_id IS NOT NULL
            ) AS origin
        WHERE line.bank_line_id IN {_IDS} ORDER BY object_id, origin.is_entry DESC
    """,
    "statement": f"""
        SELECT 'statement' AS object_type, statement_key AS object_id, 'bank' AS system,
            concat_ws(' ', 'closes with', {_money("closing_balance")}, 'on', statement_date) AS said, delivery_id, record_number
        FROM canonical.bank_statement WHERE statement_key IN {_IDS}
    """,
    "delivery": f"""
        SELECT 'delivery' AS object_type, delivery_id AS object_id, system, status AS said, delivery_id, NULL AS record_number
        FROM raw.delivery WHERE delivery_id IN {_IDS}
    """,
}

STEPS = """
    SELECT flow."at", flow.object_type, flow.object_id, flow.event, flow.system, flow.actor, flow.detail, flow.hours_in_state,
        flow.known_at, flow.latency_hours, flow.delivery_id, flow.record_number
    FROM marts.document_flow AS flow
    SEMI JOIN (SELECT unnest(?::VARCHAR[]) AS object_type, unnest(?::VARCHAR[]) AS object_id) USING (object_type, object_id)
    ORDER BY flow."at", flow.step_number, flow.object_type, flow.object_id
"""

LINKS = """
    WITH wanted AS (SELECT unnest($1::VARCHAR[]) AS item_id)
    SELECT DISTINCT other.item_id
    FROM matching.match_item AS one
    JOIN matching.match_item AS other USING (group_id, run_id)
    JOIN matching.known_group AS g USING (group_id, run_id)
    WHERE g.status = 'matched' AND g.superseded_by IS NULL
        AND one.dataset = $2 AND one.item_id IN (FROM wanted) AND other.dataset = $3
    UNION
    SELECT payment_id FROM canonical.remittance_advice
    WHERE $2 = 'open_items' AND $3 = 'payments' AND open_item_id IN (FROM wanted)
    UNION
    SELECT open_item_id FROM canonical.remittance_advice
    WHERE $2 = 'payments' AND $3 = 'open_items' AND payment_id IN (FROM wanted) AND open_item_id IS NOT NULL
"""

GROUPS = """
    WITH wanted AS (SELECT unnest($1::VARCHAR[]) AS dataset, unnest($2::VARCHAR[]) AS item_id),
    held AS (
        SELECT item.group_id, item.run_id, count(*) AS members, bool_or(item.item_id = $3) AS holds_it
        FROM matching.match_item AS item SEMI JOIN wanted USING (dataset, item_id)
        GROUP BY ALL
    )
    SELECT
        g.group_id, g.leg, g."pass", g.rules_version, g.status, g.cardinality, g.currency, g.left_total, g.right_total,
        g.difference, g.difference_kind, g.confidence, g.explanation, g.as_of, g.run_id, g.superseded_by, g.superseded_in
    FROM matching.known_group AS g
    LEFT JOIN held USING (group_id, run_id)
    WHERE g.group_id = $3 OR held.holds_it OR held.members > 1
    ORDER BY g.as_of, g.leg, g.group_id, g.run_id
"""

GROUP_ITEMS = f"""
    SELECT group_id, run_id, dataset, item_id, applied_amount FROM matching.match_item
    WHERE group_id IN {_IDS} ORDER BY ALL
"""

OPEN = """
    SELECT leg, dataset, item_id, open_amount, reason, best_candidates FROM matching.unmatched
    SEMI JOIN (SELECT unnest(?::VARCHAR[]) AS dataset, unnest(?::VARCHAR[]) AS item_id) USING (dataset, item_id)
    ORDER BY ALL
"""

DECISIONS = """
    SELECT decision.* FROM matching.decision AS decision
    WHERE decision.group_id IN (SELECT unnest($1::VARCHAR[])) OR decision.exception_id IN (SELECT unnest($1::VARCHAR[]))
        OR decision.decision_id IN (
        SELECT effect.decision_id FROM matching.decision_effect AS effect
        WHERE effect.group_id IN (SELECT unnest($1::VARCHAR[]))
        UNION
        SELECT item.decision_id FROM matching.decision_item AS item
        SEMI JOIN (SELECT unnest($2::VARCHAR[]) AS dataset, unnest($3::VARCHAR[]) AS item_id) USING (dataset, item_id)
    )
    ORDER BY decision.decided_at, decision.decision_id
"""

ALERTS = f"""
    SELECT "check", object_id, severity, status, since, message, owner, next_step FROM monitoring.known_alert
    WHERE object_id IN {_IDS} ORDER BY ALL
"""


def places_query() -> str:
    """Where records stand in their files; record numbers count over all kinds of a delivery, so that a pair names one."""
    kinds = " UNION ALL ".join(
        f"SELECT delivery_id, record_number, '{kind}' AS record_kind, file_line, byte_start, byte_end FROM raw.{kind} "
        "SEMI JOIN wanted USING (delivery_id, record_number)"
        for kind in CONTRACTS
    )
    return (
        "WITH wanted AS (SELECT unnest(?::VARCHAR[]) AS delivery_id, unnest(?::BIGINT[]) AS record_number) "
        f"SELECT * FROM ({kinds})"
    )
