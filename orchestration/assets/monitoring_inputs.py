"""Fills monitoring's inputs from the warehouse: SQL over canonical, config and the match ledger, nothing computed
elsewhere.

Every frame is cut at the run's `known_at` already: canonical tables are made for it, `raw.delivery` is filtered
here.
"""

from __future__ import annotations

from datetime import datetime

import duckdb
import polars as pl

from orchestration.assets.decided_matches import decide
from orchestration.transfers import unreachable
from reconciliation.monitoring import MonitoringInputs

_ACCOUNTS = """
    select account_id, entity_id, currency, calendar, statement_by, timezone, owner, is_configured
    from canonical.bank_account
"""

_STATEMENTS = """
    select
        statement_key, account_id, entity_id, kind, statement_id, sequence, page, statement_date, currency,
        opening_balance, closing_balance, balance_check, difference, continuity, expected_opening, entry_count, repeated_entries,
        lag(case when continuity != 'repeated' then statement_date end ignore nulls) over account_order as previous_date,
        (lag(case when continuity != 'repeated' then {'sequence': sequence} end ignore nulls) over account_order).sequence
            as previous_sequence,
        known_at
    from canonical.bank_statement
    window account_order as (partition by account_id, currency, kind order by position)
"""

# an ERP that delivers what it delivered last still delivers, and so does a file without a record (stg_delivery says the same of
# `is_arrival`)
_ARRIVED = """
    with bare as (
        select delivery.sha256
        from raw.delivery as delivery
        inner join raw.bank_statement as statement on delivery.delivery_id = statement.delivery_id
        where delivery.records_read = 1 and statement.entry_count = 0 and statement.closing_balance is null
    ),
    known as (
        select *, records_read = 0 or sha256 in (select bare.sha256 from bare) as is_empty
        from raw.delivery
    ),
    delivery as (
        select
            source, received_at, is_empty, status in ('loaded', 'partly') or is_empty as is_loaded,
            status in ('loaded', 'partly') or is_empty or (
                status = 'duplicate' and sha256 = lag(case when status in ('loaded', 'partly') then sha256 end ignore nulls) over (
                    partition by source order by received_at, delivery_id
                )
            ) is true as is_as_last
        from known
        cross join config.run_parameter as run
        where received_at <= run.known_at and status in ('loaded', 'partly', 'duplicate')
    )
"""

_SOURCES = f"""
    {_ARRIVED}
    select
        source.source, source.title, source.entity_id, source.account_id, source.calendar, source.due_by,
        source.timezone, source.lag_days, source.owner,
        max(delivery.received_at) filter (where delivery.is_loaded or source.source_group = 'erp') as last_received_at,
        max(delivery.received_at) filter (where delivery.is_empty) as last_empty_at
    from config.source as source
    left join delivery on source.source = delivery.source and delivery.is_as_last
    group by all
"""

# how often a source delivers that has no arrival calendar is told from the days of a year
_ARRIVALS = f"""
    {_ARRIVED}
    select distinct
        source.source, cast(timezone(coalesce(source.timezone, 'UTC'), delivery.received_at) as date) as received_on
    from config.source as source
    inner join delivery on source.source = delivery.source and delivery.is_as_last
    cross join config.run_parameter as run
    where
        source.calendar is null and delivery.received_at > run.known_at - interval 400 day
        and (delivery.is_loaded or source.source_group = 'erp')
"""

# a file that failed is replaced when one of the same name loads later, a full list when any newer one does, and one that nothing could
# read where it lay when it is read from elsewhere (as in stg_delivery)
_DELIVERIES = """
    with delivery as (
        select delivery.* from raw.delivery as delivery
        cross join config.run_parameter as run
        where delivery.received_at <= run.known_at
    )
    select
        delivery.delivery_id, delivery.source, delivery.file_name, delivery.status, delivery.reason,
        delivery.records_rejected, delivery.received_at,
        exists (
            select 1 from delivery as later
            where
                later.source = delivery.source and (later.file_name = delivery.file_name or source.is_snapshot)
                and later.received_at > delivery.received_at and later.status in ('loaded', 'unpacked')
        )
        or (
            delivery.status = 'quarantined'
            and exists (
                select 1 from delivery as read_elsewhere
                where
                    read_elsewhere.sha256 = delivery.sha256 and read_elsewhere.file_name <> delivery.file_name
                    and read_elsewhere.status in ('loaded', 'partly')
            )
        ) as is_replaced,
        source.entity_id, source.account_id, source.owner
    from delivery
    left join config.source as source on delivery.source = source.source
    where delivery.status in ('partly', 'quarantined', 'conflict')
"""

_OPEN_ITEMS = """
    select
        open_item_id, entity_id, ledger, kind, counterparty_id, golden_id, source_system, document_number, reference,
        currency, amount, open_amount, document_date, posting_date, due_date, discount_amount, discount_until,
        is_blocked, is_direct_debit, approval_status, try_cast(approved_at[1:10] as date) as approved_on, status,
        clearing_date as cleared_on, cast(paid.applied as decimal(23, 5)) as paid_amount
    from canonical.open_item as item
    left join (
        select item_id, sum(abs(applied_amount)) as applied
        from decided
        where dataset = 'open_items' and group_id in (select group_id from decided where dataset = 'bank_lines')
        group by item_id
    ) as paid on item.open_item_id = paid.item_id
"""

# a payment the hub never logged left when its file was made; one the hub logs has left only when the hub says so
_PAYMENTS = """
    with event as (
        select
            payment_id,
            min(reported_at) filter (where progress between 4 and 7) as sent_at,
            bool_or(origin = 'hub') as is_logged,
            bool_or(progress between 5 and 7 or (origin = 'bank' and status is not null)) as is_acknowledged
        from canonical.payment_status_event
        where payment_id is not null
        group by payment_id
    ),
    booked as (
        select distinct decided.item_id as payment_id
        from decided
        inner join decided as line on decided.group_id = line.group_id and line.dataset = 'bank_lines'
        where decided.dataset = 'payments'
    )
    select
        payment.payment_id, payment.batch_id, payment.end_to_end_id, payment.entity_id, payment.account_id,
        payment.direction, coalesce(batch.payment_method = 'CHK', payment.cheque_number is not null) as is_cheque, payment.currency,
        payment.amount, payment.execution_date, payment.counterparty_id,
        coalesce(party.golden_id, payment.counterparty_id) as golden_id, payment.counterparty_name,
        upper(regexp_replace(payment.counterparty_account, '[^0-9A-Za-z]', '', 'g')) as counterparty_account,
        payment.remittance_text,
        payment.status,
        cast(timezone(company.timezone, payment.status_at) as date) as status_on,
        coalesce(
            cast(timezone(company.timezone, event.sent_at) as date),
            case
                when not coalesce(event.is_logged, false)
                    then coalesce(try_cast(payment.message_created_at[1:10] as date), payment.received_on)
            end
        ) as sent_on,
        coalesce(event.is_acknowledged, false) as is_acknowledged,
        booked.payment_id is not null as is_booked,
        returned.returned_on,
        case
            when returned.returned_on is not null then returned.returned_because
            when payment.status in ('rejected', 'cancelled') then payment.status_reason
        end as failed_because
    from canonical.payment_instruction as payment
    cross join config.company as company
    left join canonical.payment_batch as batch on payment.batch_id = batch.batch_id
    left join canonical.counterparty as party on payment.counterparty_id = party.counterparty_id
    left join event on payment.payment_id = event.payment_id
    left join booked on payment.payment_id = booked.payment_id
    left join returned on payment.payment_id = returned.payment_id
"""

# What payments settle: their own word, else what the matching decided. In a group of several payments an item's
# amount is said of the first one and nothing of the others, so that it is never counted twice.
_SETTLEMENTS = """
    with said as (
        select
            payment_id,
            open_item_id,
            case when count(amount) = count(*) then cast(sum(amount) as decimal(23, 5)) end as amount
        from canonical.remittance_advice
        where open_item_id is not null
        group by all
    ),
    concluded as (
        select
            payment.item_id as payment_id,
            item.item_id as open_item_id,
            case
                when row_number() over (partition by item.group_id, item.item_id order by payment.item_id) = 1
                    then item.applied_amount
                else 0
            end as amount
        from decided as payment
        inner join decided as item on payment.group_id = item.group_id and item.dataset = 'open_items'
        where payment.dataset = 'payments'
    )
    select payment_id, open_item_id, amount from said
    union all
    select payment_id, open_item_id, cast(sum(amount) as decimal(23, 5)) as amount
    from concluded
    where not exists (
        select 1 from said where said.payment_id = concluded.payment_id and said.open_item_id = concluded.open_item_id
    )
    group by all
"""

# a line has one face, the cash's: what decided matches of any leg apply to it adds up
_BANK_LINES = """
    with placed as (
        select
            match_item.item_id,
            sum(match_item.applied_amount) filter (where match_group.status = 'matched') as applied,
            min(
                case match_group.status when 'matched' then 1 when 'suggested' then 2 when 'ambiguous' then 3 else 4 end
            ) as state
        from matching.match_item as match_item
        inner join matching.known_group as match_group
        on match_item.group_id = match_group.group_id and match_item.run_id is not distinct from match_group.run_id
        where match_group.superseded_by is null and match_item.dataset = 'bank_lines'
        group by match_item.item_id
    )
    select
        line.bank_line_id, line.account_id, line.entity_id, line.currency, line.amount,
        cast(
            case
                when sign(line.amount - coalesce(placed.applied, 0)) = sign(line.amount)
                    then line.amount - coalesce(placed.applied, 0)
                else 0
            end as decimal(23, 5)
        ) as open_amount,
        line.effective_date as date,
        cast(timezone(company.timezone, line.known_at) as date) as known_on,
        line.counterparty_name,
        upper(regexp_replace(line.counterparty_account, '[^0-9A-Za-z]', '', 'g')) as counterparty_account,
        line.text,
        case placed.state when 1 then 'matched' when 2 then 'suggested' when 3 then 'ambiguous' else 'open' end as state
    from canonical.bank_statement_line as line
    cross join config.company as company
    left join placed on line.bank_line_id = placed.item_id
    where line.amount != coalesce(placed.applied, 0)
"""

_COUNTERPARTY_ACCOUNTS = """
    select
        account.counterparty_id, coalesce(party.golden_id, account.counterparty_id) as golden_id, party.name,
        account.account_identifier, account.valid_from, account.valid_to, account.first_seen, account.changed_by
    from canonical.counterparty_bank_account as account
    left join canonical.counterparty as party on account.counterparty_id = party.counterparty_id
"""

_MATCH_GROUPS = """
    select group_id, leg, currency, left_total, right_total, difference, as_of
    from matching.known_group
    where superseded_by is null and status = 'matched' and left_total - right_total != difference
"""

# What people have set aside, as the question that monitoring asks of it: an item's is whether it is reconciled, a row's of the
# exception queue what the row says, an alert's its own. Doubts of another kind about the same object, as of a second payment, stay open.
_SET_ASIDE = """
    with ignored as (
        select decision.* from matching.decision as decision
        cross join config.run_parameter as run
        where decision.kind = 'ignore' and decision.state = 'holds' and (decision.until is null or decision.until > run.as_of)
    ),
    named as (
        select question."check", item.item_id as object_id, ignored.*
        from ignored
        inner join matching.decision_item as item on ignored.decision_id = item.decision_id
        inner join (values ('bank_lines', 'unreconciled_line'), ('payments', 'executed_not_booked')) as question (
            dataset, "check"
        ) on item.dataset = question.dataset
        union all
        select question."check", ignored.about[length(question.cause) + 3:] as object_id, ignored.*
        from ignored
        inner join (
            values ('statement_gap', 'statement_gap'), ('balance_off', 'balance_off'), ('quarantined', 'failed_delivery'),
            ('conflict', 'failed_delivery'), ('payment_rejected', 'rejected_not_reissued')
        ) as question (cause, "check") on starts_with(ignored.about, question.cause || ': ')
        where ignored.exception_id is not null
        union all
        select alert."check", alert.object_id, ignored.*
        from ignored
        inner join monitoring.known_alert as alert on ignored.exception_id = alert.alert_id
    )
    select "check", object_id, until, actor || ', ' || reason as said from named
    qualify row_number() over (partition by "check", object_id order by decided_at desc, decision_id desc) = 1
"""

_RATES = """
    select
        currency, cast(numerator as decimal(38, 0)) as numerator, cast(denominator as decimal(38, 0)) as denominator
    from canonical.group_rate
"""


def read_monitoring_inputs(connection: duckdb.DuckDBPyConnection) -> MonitoringInputs:
    """The facts of the run whose time `config.run_parameter` holds. Reads only; amounts stay decimals.

    Raises `LookupError` where the run has no time or the group no config: without them every frame would be empty
    and every alert silently resolved.
    """

    def frame(sql: str) -> pl.DataFrame:
        return connection.sql(sql).pl()

    run = connection.execute(
        "select run.known_at, company.base_currency from config.run_parameter as run cross join config.company"
        " as company"
    ).fetchall()
    if len(run) != 1 or not isinstance(run[0][0], datetime):
        raise LookupError("config.run_parameter and config.company hold not one row each: begin the run first")
    decide(connection)
    return MonitoringInputs(
        known_at=run[0][0],
        base_currency=run[0][1],
        accounts=frame(_ACCOUNTS),
        statements=frame(_STATEMENTS),
        sources=frame(_SOURCES).join(unreachable(connection, run[0][0]), on="source", how="left"),
        arrivals=frame(_ARRIVALS),
        deliveries=frame(_DELIVERIES),
        open_items=frame(_OPEN_ITEMS),
        payments=frame(_PAYMENTS),
        settlements=frame(_SETTLEMENTS),
        bank_lines=frame(_BANK_LINES),
        counterparty_accounts=frame(_COUNTERPARTY_ACCOUNTS),
        match_groups=frame(_MATCH_GROUPS),
        set_aside=frame(_SET_ASIDE),
        rates=frame(_RATES),
    )
