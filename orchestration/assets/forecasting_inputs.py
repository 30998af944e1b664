"""Fills forecasting's inputs from the warehouse: SQL over canonical tables and the match ledger, nothing computed
elsewhere.
"""

from __future__ import annotations

import duckdb
import polars as pl

from orchestration.assets.decided_matches import decide
from reconciliation.forecasting import ForecastInputs

_ACCOUNTS = "select account_id, entity_id, currency, calendar from canonical.bank_account"

# the newest balance of an account: of a statement, or of an intraday report after it
_NEWEST = """
    statement as (
        select statement.*
        from canonical.bank_statement as statement
        cross join config.run_parameter as run
        where statement.kind in ('statement', 'report') and statement.statement_date <= run.as_of
    ),
    newest as (
        select account_id, entity_id, currency, closing_balance, statement_date
        from statement
        where closing_balance is not null
        qualify row_number() over (
            partition by account_id, currency order by statement_date desc, kind = 'statement' desc, position desc
        ) = 1
    )
"""

# What the bank has booked after the last statement and has in that newest balance. Of entries whose report gives no balance the
# opening balance knows nothing: they stay expected.
_INTRADAY = f"""
    {_NEWEST},
    last_statement as (
        select account_id, currency, max(statement_date) as last_day
        from statement
        where kind = 'statement'
        group by account_id, currency
    ),
    seen_intraday as (
        select report.*
        from canonical.bank_intraday_line as report
        inner join newest
            on report.account_id = newest.account_id and report.currency = newest.currency
            and report.effective_date <= newest.statement_date
        left join last_statement
            on report.account_id = last_statement.account_id and report.currency = last_statement.currency
        where
            report.kind = 'report' and report.status = 'BOOK'
            and report.effective_date > coalesce(last_statement.last_day, date '0001-01-01')
    )
"""

# What statements cover ends with the last statement. Statements of days after the balance that say none have booked what moved since;
# what they tell of its day and days before, as a list beside the bank's statements does, is in the balance.
_BALANCES = f"""
    with {_NEWEST},
    covered as (
        select
            account_id,
            currency,
            min(least(coalesce(from_date, opening_date, statement_date), statement_date)) as covered_from,
            max(statement_date) as covered_until
        from statement
        where kind = 'statement'
        group by all
    ),
    later as (
        select statement.statement_key, statement.account_id, statement.currency, newest.statement_date as balance_date
        from statement
        inner join newest on statement.account_id = newest.account_id and statement.currency = newest.currency
        where statement.kind = 'statement' and statement.statement_date > newest.statement_date
    ),
    carried_on as (
        select later.account_id, later.currency, cast(coalesce(sum(line.amount), 0) as decimal(23, 5)) as booked_since
        from later
        left join canonical.bank_statement_line as line
            on later.statement_key = line.statement_key and line.effective_date > later.balance_date
        group by all
    )
    select
        coalesce(newest.account_id, covered.account_id) as account_id,
        account.entity_id,
        coalesce(newest.currency, covered.currency) as currency,
        newest.closing_balance as balance,
        newest.statement_date as balance_date,
        carried_on.booked_since,
        covered.covered_from,
        covered.covered_until
    from covered
    full outer join newest on covered.account_id = newest.account_id and covered.currency = newest.currency
    left join carried_on on newest.account_id = carried_on.account_id and newest.currency = carried_on.currency
    left join canonical.bank_account as account on coalesce(newest.account_id, covered.account_id) = account.account_id
"""

_GAPS = """
    select account_id, currency, previous_date as after, statement_date as before
    from (
        select
            account_id, currency, continuity, statement_date,
            lag(statement_date) over (partition by account_id, currency, kind order by position) as previous_date
        from canonical.bank_statement
        where kind = 'statement'
    )
    where continuity = 'gap' and previous_date is not null
"""

# A line settles an item when a decided match holds both, or holds it with a payment that settles one. Lines of intraday
# reports are in no match yet.
_FLOWS = f"""
    with {_INTRADAY},
    settling_payment as (
        select payment_id from canonical.remittance_advice where open_item_id is not null
        union
        select payment.item_id
        from decided as payment
        inner join decided as item on payment.group_id = item.group_id and item.dataset = 'open_items'
        where payment.dataset = 'payments'
    ),
    settling_line as (
        select distinct line.item_id
        from decided as line
        inner join decided as other on line.group_id = other.group_id
        where
            line.dataset = 'bank_lines'
            and (
                other.dataset = 'open_items'
                or (other.dataset = 'payments' and other.item_id in (select payment_id from settling_payment))
            )
    )
    select
        line.bank_line_id, line.account_id, line.entity_id, line.currency, line.effective_date as date, line.amount,
        upper(regexp_replace(line.counterparty_account, '[^0-9A-Za-z]', '', 'g')) as counterparty_account,
        line.counterparty_name,
        line.text,
        settling_line.item_id is not null as settles_item
    from canonical.bank_statement_line as line
    cross join config.run_parameter as run
    left join settling_line on line.bank_line_id = settling_line.item_id
    where line.effective_date <= run.as_of
    union all
    select
        bank_line_id, account_id, entity_id, currency, effective_date as date, amount,
        upper(regexp_replace(counterparty_account, '[^0-9A-Za-z]', '', 'g')) as counterparty_account,
        counterparty_name, text, false as settles_item
    from seen_intraday
"""

# A payment that an intraday report shows, alone by its end-to-end id and amount or in its whole batch, is in the balance of that
# report: it is booked. An id that several payments of that amount bear says nothing.
_PAYMENTS = f"""
    with {_INTRADAY},
    by_match as (
        select payment.item_id as payment_id, line.effective_date as booked_on
        from decided as payment
        inner join decided as other on payment.group_id = other.group_id and other.dataset = 'bank_lines'
        inner join canonical.bank_statement_line as line on other.item_id = line.bank_line_id
        where payment.dataset = 'payments'
    ),
    waiting as (
        select *
        from canonical.payment_instruction
        where status not in ('rejected', 'cancelled') and payment_id not in (select payment_id from by_match)
    ),
    batch as (
        select account_id, currency, payment_information_id, sum(amount) as amount
        from waiting
        where payment_information_id is not null
        group by all
    ),
    booked_by as (
        from by_match
        union all
        select payment.payment_id, line.effective_date as booked_on
        from waiting as payment
        inner join seen_intraday as line
            on payment.account_id = line.account_id and payment.currency = line.currency
            and payment.end_to_end_id = line.end_to_end_id and payment.amount = line.amount
            and payment.execution_date between line.effective_date - 10 and line.effective_date
        qualify count(*) over (partition by line.bank_line_id) = 1
        union all
        select payment.payment_id, line.effective_date as booked_on
        from waiting as payment
        inner join batch
            on payment.account_id = batch.account_id and payment.currency = batch.currency
            and payment.payment_information_id = batch.payment_information_id
        inner join seen_intraday as line
            on batch.account_id = line.account_id and batch.currency = line.currency
            and batch.payment_information_id = line.batch_payment_information_id and batch.amount = line.amount
    ),
    booked as (
        select payment_id, min(booked_on) as booked_on from booked_by group by payment_id
    ),
    settling as (
        select payment_id from canonical.remittance_advice where open_item_id is not null
        union
        select payment.item_id
        from decided as payment
        inner join decided as item on payment.group_id = item.group_id and item.dataset = 'open_items'
        where payment.dataset = 'payments'
    )
    select
        payment.payment_id, payment.entity_id, payment.account_id, payment.currency, payment.amount,
        payment.execution_date,
        coalesce(try_cast(payment.message_created_at[1:10] as date), payment.received_on) as created_on,
        payment.status,
        booked.booked_on,
        upper(regexp_replace(payment.counterparty_account, '[^0-9A-Za-z]', '', 'g')) as counterparty_account,
        payment.counterparty_name,
        settling.payment_id is not null as settles_item
    from canonical.payment_instruction as payment
    left join booked on payment.payment_id = booked.payment_id
    left join settling on payment.payment_id = settling.payment_id
    where
        payment.status not in ('rejected', 'cancelled')
        and payment.payment_id not in (select payment_id from returned)
        and payment.amount is not null and payment.currency is not null
"""

# What is left of an item: its amount less what is settled, by the ERP's word (amount less open amount) or by payments
# and bank lines, whichever is more: both speak of the same money, so they are not added. A payment that does not say
# how much it settles settles the item.
_OPEN_ITEMS = """
    with live as (
        select
            payment.payment_id,
            coalesce(try_cast(payment.message_created_at[1:10] as date), payment.received_on) as created_on,
            payment.execution_date
        from canonical.payment_instruction as payment
        where
            payment.status not in ('rejected', 'cancelled')
            and payment.payment_id not in (select payment_id from returned)
    ),
    booked as (
        select payment.item_id as payment_id, min(line.effective_date) as booked_on
        from decided as payment
        inner join decided as other on payment.group_id = other.group_id and other.dataset = 'bank_lines'
        inner join canonical.bank_statement_line as line on other.item_id = line.bank_line_id
        where payment.dataset = 'payments'
        group by payment.item_id
    ),
    said as (
        select
            remittance.open_item_id,
            case when count(remittance.amount) = count(*) then abs(sum(remittance.amount)) end as settled,
            min(live.created_on) as instructed_on,
            min(coalesce(booked.booked_on, live.execution_date)) as paid_on
        from canonical.remittance_advice as remittance
        inner join live on remittance.payment_id = live.payment_id
        left join booked on live.payment_id = booked.payment_id
        where remittance.open_item_id is not null
        group by remittance.open_item_id
    ),
    matched as (
        select item.item_id as open_item_id, abs(sum(item.applied_amount)) as settled
        from decided as item
        where
            item.dataset = 'open_items'
            and not exists (
                select 1 from decided as payment
                where
                    payment.group_id = item.group_id and payment.dataset = 'payments'
                    and payment.item_id in (select payment_id from returned)
            )
        group by item.item_id
    ),
    matched_with as (
        select
            item.item_id as open_item_id,
            min(live.created_on) as instructed_on,
            min(coalesce(line.effective_date, booked.booked_on, live.execution_date)) as paid_on
        from decided as item
        inner join decided as other on item.group_id = other.group_id and other.dataset in ('payments', 'bank_lines')
        left join live on other.dataset = 'payments' and other.item_id = live.payment_id
        left join booked on live.payment_id = booked.payment_id
        left join canonical.bank_statement_line as line
            on other.dataset = 'bank_lines' and other.item_id = line.bank_line_id
        where item.dataset = 'open_items'
        group by item.item_id
    )
    select
        item.open_item_id, item.entity_id, item.ledger, item.golden_id as party, item.currency, item.amount,
        case
            when item.status != 'open' then 0
            else sign(item.amount) * greatest(
                abs(item.amount)
                - greatest(
                    abs(item.amount) - abs(coalesce(item.open_amount, item.amount)),
                    case when said.open_item_id is not null then coalesce(said.settled, abs(item.amount)) else 0 end,
                    coalesce(matched.settled, 0)
                ),
                0
            )
        end as remaining,
        item.due_date,
        coalesce(item.posting_date, item.document_date, item.received_on) as entered_on,
        least(said.instructed_on, matched_with.instructed_on) as instructed_on,
        coalesce(least(said.paid_on, matched_with.paid_on), item.clearing_date) as paid_on
    from canonical.open_item as item
    left join said on item.open_item_id = said.open_item_id
    left join matched on item.open_item_id = matched.open_item_id
    left join matched_with on item.open_item_id = matched_with.open_item_id
    where item.kind != 'payment' and item.status != 'cancelled' and item.amount is not null and item.amount != 0
"""


def read_forecast_inputs(connection: duckdb.DuckDBPyConnection) -> ForecastInputs:
    """The facts of the run whose time `config.run_parameter` holds. Reads only; amounts stay decimals.

    An item paid later than the run's day, by a payment on its way, is neither paid nor remaining: the payment is
    forecast.
    """

    def frame(sql: str) -> pl.DataFrame:
        return connection.sql(sql).pl()

    decide(connection)
    (as_of,) = connection.execute("select as_of from config.run_parameter").fetchall()[0]
    paid = pl.when(pl.col("paid_on") <= as_of).then(pl.col("paid_on")).alias("paid_on")
    return ForecastInputs(
        accounts=frame(_ACCOUNTS),
        balances=frame(_BALANCES),
        gaps=frame(_GAPS),
        flows=frame(_FLOWS),
        payments=frame(_PAYMENTS),
        open_items=frame(_OPEN_ITEMS).with_columns(paid),
    )
