"""What each figure of a mart is made of: the objects that add up to it, and the record each object comes from.

`prepare` makes temporary tables; `part` holds, per figure, its parts; `object_record` leads an object to its delivery and record. Parts
are found from the canonical layer, not read from the mart: that they add up to the figure says that the mart is right.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import duckdb

_OBJECT_RECORDS = """
    SELECT 'bank_line' AS object_type, bank_line_id AS object_id, delivery_id, record_number FROM canonical.bank_statement_line
    UNION ALL
    SELECT 'bank_line', bank_line_id, delivery_id, record_number FROM canonical.bank_intraday_line
    UNION ALL
    SELECT 'payment', payment_id, delivery_id, record_number FROM canonical.payment_instruction
    UNION ALL
    SELECT 'open_item', open_item_id, delivery_id, record_number FROM canonical.open_item
    UNION ALL
    SELECT 'statement', statement_key, delivery_id, record_number FROM canonical.bank_statement
    UNION ALL
    SELECT 'remittance', remittance_id, delivery_id, record_number FROM canonical.remittance_advice
    UNION ALL
    SELECT 'status', status_event_id, delivery_id, record_number FROM canonical.payment_status_event
    UNION ALL
    SELECT 'counterparty', counterparty_id, delivery_id, record_number FROM canonical.counterparty
    UNION ALL
    SELECT 'counterparty_link', link.counterparty_link_id, party.delivery_id, party.record_number
    FROM canonical.counterparty_link AS link
    JOIN canonical.counterparty AS party ON party.counterparty_id IN (link.counterparty_id, link.other_id)
    UNION ALL
    SELECT 'counterparty_bank_account', counterparty_id || '|' || account_identifier, delivery_id, record_number
    FROM canonical.counterparty_bank_account
    UNION ALL
    SELECT 'record', delivery_id || '|' || record_number, delivery_id, record_number FROM raw.reject
    UNION ALL
    SELECT 'delivery', delivery_id, delivery_id, NULL FROM raw.delivery
    UNION ALL
    SELECT 'source', source, delivery_id, NULL FROM raw.delivery
    UNION ALL
    SELECT 'ledger', concat_ws('|', source, coalesce(company_code, ''), ledger), delivery_id, record_number FROM canonical.open_item
    UNION ALL
    SELECT 'cash_position', cash_position_id, statement.delivery_id, statement.record_number
    FROM marts.cash_position JOIN canonical.bank_statement AS statement USING (statement_key)
    UNION ALL
    SELECT 'bank_account', account_id, delivery_id, record_number FROM canonical.bank_statement
    UNION ALL
    SELECT 'bank_account', account_id, delivery_id, record_number FROM canonical.payment_instruction
    UNION ALL
    SELECT 'bank_account', account_id, delivery_id, record_number FROM canonical.payment_batch
    UNION ALL
    -- what is declared in the config or decided by a person comes from no delivery, what a payment only names in passing from many
    SELECT 'bank_account', account_id, NULL, NULL FROM canonical.bank_account
    UNION ALL
    SELECT 'source', source, NULL, NULL FROM config.source
    UNION ALL
    SELECT 'decision', decision_id, NULL, NULL FROM matching.decision
    UNION ALL
    SELECT 'match', item.group_id, record.delivery_id, record.record_number
    FROM (
        SELECT group_id, item_id, CASE dataset WHEN 'bank_lines' THEN 'bank_line' WHEN 'payments' THEN 'payment' ELSE 'open_item' END
            AS object_type
        FROM matching.match_item
    ) AS item
    JOIN (
        SELECT 'bank_line' AS object_type, bank_line_id AS item_id, delivery_id, record_number FROM canonical.bank_statement_line
        UNION ALL
        SELECT 'payment', payment_id, delivery_id, record_number FROM canonical.payment_instruction
        UNION ALL
        SELECT 'open_item', open_item_id, delivery_id, record_number FROM canonical.open_item
    ) AS record USING (object_type, item_id)
"""

TYPES = {
    "open_items": "open_item", "payments": "payment", "bank_lines": "bank_line", "match_group": "match", "position": "cash_position",
}  # fmt: skip
"""What marts call the objects of the chain otherwise."""
_TYPE = (
    "CASE {column} " + " ".join(f"WHEN '{said}' THEN '{meant}'" for said, meant in TYPES.items()) + " ELSE {column} END"
)
# of an account's bank detail an alert names the currency too, and of an account of ours it may
_ABOUT = f"""
    {_TYPE.format(column="object_type")} AS object_type,
    CASE object_type
        WHEN 'counterparty_bank_account' THEN regexp_replace(object_id, '\\|[^|]*$', '')
        WHEN 'bank_account' THEN split_part(object_id, '|', 1)
        ELSE object_id
    END AS object_id
"""

# the newest balance a statement or a later intraday report states, and what has moved since that it does not hold
_POSITION = """
    WITH report AS (
        SELECT report.account_id, report.currency, arg_max(report.statement_key, report.position) AS statement_key
        FROM canonical.bank_statement AS report
        JOIN marts.cash_position AS position USING (account_id, currency)
        WHERE report.kind = 'report' AND report.closing_balance IS NOT NULL
            AND report.statement_date > position.balance_date AND report.statement_date <= position.as_of
        GROUP BY ALL
    ),
    base AS (
        SELECT position.cash_position_id AS figure_id, position.account_id, position.currency, position.as_of,
            coalesce(report.statement_key, position.statement_key) AS statement_key, report.statement_key IS NULL AS is_statement
        FROM marts.cash_position AS position LEFT JOIN report USING (account_id, currency)
    ),
    dated AS (
        SELECT base.*, balance.closing_balance, balance.statement_date AS balance_date, (
            SELECT max(statement_date) FROM canonical.bank_statement AS s
            WHERE s.kind = 'statement' AND s.account_id = base.account_id AND s.currency = base.currency
                AND s.statement_date <= base.as_of
        ) AS told_until
        FROM base JOIN canonical.bank_statement AS balance USING (statement_key)
    )
    SELECT 'cash_position' AS figure_type, figure_id, 'statement' AS object_type, statement_key AS object_id,
        closing_balance AS amount, currency, 'balance of ' || balance_date AS said
    FROM dated
    UNION ALL
    SELECT 'cash_position', dated.figure_id, 'bank_line', line.bank_line_id, line.amount, line.currency,
        'booked since, on ' || line.effective_date
    FROM dated
    JOIN canonical.bank_statement_line AS line ON line.account_id = dated.account_id AND line.currency = dated.currency
    JOIN canonical.bank_statement AS statement ON line.statement_key = statement.statement_key
    WHERE line.effective_date > dated.balance_date AND statement.statement_date > dated.balance_date
        AND statement.statement_date <= dated.as_of
    UNION ALL
    SELECT 'cash_position', dated.figure_id, 'bank_line', line.bank_line_id, line.amount, line.currency,
        'reported during the day, on ' || line.effective_date
    FROM dated
    JOIN canonical.bank_intraday_line AS line ON line.account_id = dated.account_id AND line.currency = dated.currency
    WHERE dated.is_statement AND line.kind = 'report' AND line.status = 'BOOK'
        AND line.effective_date > dated.told_until AND line.effective_date <= dated.as_of
"""

# the forecast's own opening: its newest balance, of a statement before a report of the same day, carried on by later statements
_OPENING = """
    WITH newest AS (
        SELECT statement.*
        FROM canonical.bank_statement AS statement CROSS JOIN config.run_parameter AS run
        WHERE statement.kind IN ('statement', 'report') AND statement.statement_date <= run.as_of
            AND statement.closing_balance IS NOT NULL
        QUALIFY row_number() OVER (
            PARTITION BY statement.account_id, statement.currency
            ORDER BY statement.statement_date DESC, statement.kind = 'statement' DESC, statement.position DESC
        ) = 1
    ),
    opening AS (
        SELECT forecast.cash_forecast_id AS figure_id, newest.*
        FROM marts.cash_forecast AS forecast JOIN newest USING (account_id, currency) WHERE forecast.layer = 'opening'
    )
    SELECT 'cash_forecast' AS figure_type, figure_id, 'statement' AS object_type, statement_key AS object_id,
        closing_balance AS amount, currency, 'balance of ' || statement_date AS said
    FROM opening
    UNION ALL
    SELECT 'cash_forecast', opening.figure_id, 'bank_line', line.bank_line_id, line.amount, line.currency,
        'booked since, on ' || line.effective_date
    FROM opening
    JOIN canonical.bank_statement_line AS line ON line.account_id = opening.account_id AND line.currency = opening.currency
    JOIN canonical.bank_statement AS statement ON line.statement_key = statement.statement_key
    CROSS JOIN config.run_parameter AS run
    WHERE line.effective_date > opening.statement_date AND statement.kind = 'statement'
        AND statement.statement_date > opening.statement_date AND statement.statement_date <= run.as_of
"""

_FORECAST = """
    SELECT 'cash_forecast' AS figure_type, forecast.cash_forecast_id AS figure_id, part.object_type, part.object_id, part.amount,
        part.currency, CASE part.object_type
            WHEN 'open_item' THEN 'what of it is expected on this day'
            WHEN 'payment' THEN 'instructed and not booked'
            ELSE 'estimated, see what it was learned from'
        END AS said
    FROM forecast_part AS part
    JOIN marts.cash_forecast AS forecast
        ON part.entity IS NOT DISTINCT FROM forecast.entity_id AND part.account IS NOT DISTINCT FROM forecast.account_id
        AND part.currency = forecast.currency AND part.date = forecast.date AND part.layer = forecast.layer
        AND part.certainty = forecast.certainty
"""

# a week's closing balance: what it opens with, and each movement of it
_OUTLOOK = """
    SELECT 'cash_outlook' AS figure_type, week.cash_outlook_id AS figure_id, 'cash_outlook' AS object_type,
        coalesce(lag(week.cash_outlook_id) OVER weeks, first.cash_forecast_id) AS object_id, week.opening_balance AS amount,
        week.currency, 'opening balance' AS said
    FROM marts.cash_outlook AS week
    LEFT JOIN (
        SELECT account_id, currency, min(cash_forecast_id) AS cash_forecast_id FROM marts.cash_forecast WHERE layer = 'opening' GROUP BY ALL
    ) AS first ON week.account_id = first.account_id AND week.currency = first.currency
    WINDOW weeks AS (PARTITION BY week.account_id, week.entity_id, week.currency ORDER BY week.week)
    UNION ALL
    SELECT 'cash_outlook', week.cash_outlook_id, 'cash_forecast', forecast.cash_forecast_id, forecast.amount, forecast.currency,
        concat_ws(' ', forecast.date, forecast.layer, forecast.certainty)
    FROM marts.cash_outlook AS week
    JOIN marts.cash_forecast AS forecast
        ON week.account_id IS NOT DISTINCT FROM forecast.account_id AND week.currency = forecast.currency AND week.week = forecast.week
        AND (week.account_id IS NOT NULL OR week.entity_id IS NOT DISTINCT FROM forecast.entity_id)
    WHERE forecast.layer NOT IN ('opening', 'beyond_horizon')
"""

_RECONCILIATION = f"""
    SELECT 'reconciliation_status' AS figure_type, concat_ws(
            '|', placed.leg, placed.dataset, coalesce(item.entity_id, ''), coalesce(item.account_id, ''), item.currency
        ) AS figure_id, {_TYPE.format(column="placed.dataset")} AS object_type, placed.item_id AS object_id,
        abs(item.amount) AS amount, item.currency, placed.state AS said
    FROM (
        SELECT leg, dataset, item_id, CASE
                WHEN bool_or(status = 'matched') THEN 'matched' WHEN bool_or(status = 'suggested') THEN 'suggested'
                WHEN bool_or(status = 'ambiguous') THEN 'ambiguous' ELSE 'open'
            END AS state
        FROM (
            SELECT g.leg, item.dataset, item.item_id, g.status
            FROM matching.known_group AS g JOIN matching.match_item AS item USING (group_id, run_id)
            WHERE g.superseded_by IS NULL
            UNION ALL
            SELECT leg, dataset, item_id, 'open' FROM matching.unmatched
        ) GROUP BY ALL
    ) AS placed
    JOIN staging.stg_item AS item ON placed.dataset = item.dataset AND placed.item_id = item.item_id
"""

_TIE_OUT = """
    SELECT 'tie_out' AS figure_type, concat_ws('|', item.source_system, item.company_code, item.ledger, item.currency) AS figure_id,
        'open_item' AS object_type, item.open_item_id AS object_id, abs(record.amount) AS amount, item.currency, item.status AS said
    FROM staging.stg_erp__newest_item AS item JOIN raw.open_item AS record USING (delivery_id, record_number)
"""

_HEALTH = """
    SELECT 'workflow_health' AS figure_type, concat_ws('|', check_name, coalesce(entity_id, ''), coalesce(currency, '')) AS figure_id,
        'alert' AS object_type, alert_id AS object_id, CASE WHEN status = 'open' THEN amount END AS amount, currency, status AS said
    FROM marts.alert
"""

_OBJECTS = rf"""
    SELECT 'alert' AS figure_type, alert_id AS figure_id, {_ABOUT}, amount, currency, check_name AS said FROM marts.alert
    UNION ALL
    SELECT 'alert', alert_id, {_TYPE.format(column="object_type")}, related_id, NULL, currency, 'also named by it' FROM marts.alert
    WHERE related_id IS NOT NULL
    UNION ALL
    -- of an account that no record of the party has there is the party
    SELECT 'alert', alert_id, 'counterparty', regexp_extract(object_id, '^[^|]*\|[^|]*\|[^|]*'), NULL, currency,
        'whose account it is said to be'
    FROM marts.alert WHERE object_type = 'counterparty_bank_account'
    UNION ALL
    SELECT 'exception', exception_id, {_ABOUT}, amount, currency, cause FROM marts.exception_queue
    UNION ALL
    SELECT 'open_payables', open_item_id, 'open_item', open_item_id, open_amount, currency, NULL FROM marts.open_payables
    UNION ALL
    SELECT 'payment_proposal', open_item_id, 'open_item', open_item_id, open_amount, currency, NULL FROM marts.payment_proposal
    UNION ALL
    SELECT 'stale_data', stale_data_id, CASE object_type WHEN 'account' THEN 'bank_account' ELSE object_type END, object_id,
        NULL, NULL, title
    FROM marts.stale_data
    UNION ALL
    SELECT 'ownership_violation', ownership_violation_id, object_type, object_id, NULL, NULL, message FROM marts.ownership_violation
"""


@dataclass(frozen=True)
class Figure:
    """A mart whose rows are figures: its key, and the amount that its parts add up to where they do."""

    mart: str
    key: str
    amount: str | None
    parts: tuple[str, ...]

    def rows(self, name: str) -> str:
        """SQL: figure_type, figure_id, amount of each figure."""
        amount = self.amount or "NULL::DECIMAL(23, 5)"
        return f"SELECT '{name}' AS figure_type, {self.key} AS figure_id, {amount} AS amount FROM marts.{self.mart}"


FIGURES = {
    "cash_position": Figure("cash_position", "cash_position_id", "position", (_POSITION,)),
    "cash_forecast": Figure("cash_forecast", "cash_forecast_id", "amount", (_OPENING, _FORECAST)),
    # of an account whose balance nobody has told, what moves
    "cash_outlook": Figure(
        "cash_outlook", "cash_outlook_id", "coalesce(closing_balance, inflow + outflow)", (_OUTLOOK,)
    ),
    "reconciliation_status": Figure("reconciliation_status", "reconciliation_status_id", "value", (_RECONCILIATION,)),
    "tie_out": Figure("tie_out", "tie_out_id", "delivered_gross", (_TIE_OUT,)),
    "workflow_health": Figure("workflow_health", "workflow_health_id", "amount", (_HEALTH,)),
    "alert": Figure("alert", "alert_id", None, (_OBJECTS,)),
    "exception": Figure("exception_queue", "exception_id", None, (_OBJECTS,)),
    "open_payables": Figure("open_payables", "open_item_id", None, (_OBJECTS,)),
    "payment_proposal": Figure("payment_proposal", "open_item_id", None, (_OBJECTS,)),
    "stale_data": Figure("stale_data", "stale_data_id", None, (_OBJECTS,)),
    "ownership_violation": Figure("ownership_violation", "ownership_violation_id", None, (_OBJECTS,)),
}
"""What a row of a mart is called when it is asked for, and how it comes apart."""


class NotWhole(LookupError):  # noqa: N818  (what it says is what happened)
    """The last run has not ended: its canonical tables and the marts are of two runs."""


def require_a_whole_run(connection: duckdb.DuckDBPyConnection) -> None:
    """Raise `NotWhole` where a run began after the one that has made the marts."""
    row = connection.execute(
        "SELECT run.as_of, (SELECT max(as_of) FROM ops.run_content AS content WHERE content.run_id = run.run_id) "
        "FROM config.run_parameter AS run"
    ).fetchone()
    if row is None or row[1] is None:
        begun = "no run has begun" if row is None else f"the run as of {row[0]} has not ended"
        raise NotWhole(f"{begun}; the marts do not fit what was loaded since: `tieout run` again")


def has_read_again(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether this warehouse knows of files that a person had read again."""
    found = connection.execute(
        "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'ops' AND table_name = 'reread'"
    ).fetchone()
    return found is not None and found[0] > 0


def make_object_records(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `object_record`: object_type, object_id, delivery_id, record_number; a delivery as it was before it was read again too."""
    before = (
        " UNION ALL SELECT 'delivery', delivery_id, delivery_id, NULL FROM ops.reread"
        if has_read_again(connection)
        else ""
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE object_record AS {_OBJECT_RECORDS}{before}")


def prepare(connection: duckdb.DuckDBPyConnection, forecasting: str, figures: Collection[str] = tuple(FIGURES)) -> None:
    """Make `part` (figure_type, figure_id, object_type, object_id, amount, currency, said) of the figures of these kinds, `learned`
    (figure_id, object_id of a bank line) and `object_record`. `forecasting` is the text of config/forecasting.yml: to be taken apart
    a forecast is made again.
    """
    make_object_records(connection)
    connection.execute("CREATE OR REPLACE TEMP TABLE learned (figure_id VARCHAR, object_id VARCHAR)")
    if "cash_forecast" in figures:
        _take_apart(connection, forecasting)
    queries = dict.fromkeys(query for name in figures for query in FIGURES[name].parts)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE part AS {' UNION ALL '.join(f'SELECT * FROM ({query})' for query in queries)}"
    )
    if "cash_forecast" in figures:
        connection.execute(
            "INSERT INTO learned SELECT DISTINCT part.figure_id, learned.bank_line_id "
            "FROM part JOIN marts.cash_forecast AS forecast ON forecast.cash_forecast_id = part.figure_id "
            "JOIN forecast_learned AS learned ON learned.object_type = part.object_type AND learned.object_id = part.object_id "
            "AND learned.account = forecast.account_id AND learned.currency = forecast.currency"
        )


def _take_apart(connection: duckdb.DuckDBPyConnection, forecasting: str) -> None:
    """Make `forecast_part` and `forecast_learned` of the forecast of the run's day."""
    from orchestration.assets.forecasting_inputs import read_forecast_inputs
    from reconciliation.forecasting import origins, parse_forecasting

    row = connection.execute("SELECT as_of FROM config.run_parameter").fetchone()
    assert row is not None  # noqa: S101  (a warehouse with marts has had a run)
    found = origins(read_forecast_inputs(connection), parse_forecasting(forecasting, "forecasting.yml"), row[0])
    for name, frame in (("forecast_part", found.parts), ("forecast_learned", found.learned)):
        connection.register("made", frame.to_arrow())
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM made")
        connection.unregister("made")
