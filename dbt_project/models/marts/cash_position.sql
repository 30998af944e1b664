-- Per account: the last balance a statement states, what later statements without one and intraday reports add to it, how old it is,
-- and its value in the group's currency. A position from a stale balance says so; an account without any balance is a row without one.
with account as (select * from {{ ref('bank_account') }}),

statement as (select * from {{ ref('bank_statement') }}),

intraday as (select * from {{ ref('bank_intraday_line') }}),

alert as (
    select * from {{ source('monitoring', 'alert') }}
    where status = 'open' and "check" = 'stale_position'  -- a fresh intraday report keeps a position fresh though its statement is late
),

rate as (select * from {{ ref('group_rate') }}),

run as (select * from {{ ref('stg_run') }}),

last_statement as (
    select statement.*
    from statement
    cross join run
    where statement.kind = 'statement' and statement.closing_balance is not null and statement.statement_date <= run.as_of
    qualify row_number() over (
        partition by statement.account_id, statement.currency order by statement.position desc
    ) = 1
),

last_report as (
    select report.account_id, report.currency, report.closing_balance, report.statement_date, report.created_at
    from statement as report
    cross join run
    inner join last_statement on report.account_id = last_statement.account_id and report.currency = last_statement.currency
    where
        report.kind = 'report'
        and report.closing_balance is not null
        and report.statement_date > last_statement.statement_date
        and report.statement_date <= run.as_of
    qualify row_number() over (
        partition by report.account_id, report.currency order by report.position desc
    ) = 1
),

-- what the bank has booked since in statements that state no balance, and until when they tell of
covered as (
    select
        statement.account_id,
        statement.currency,
        max(statement.statement_date) as until,
        any_value(coalesce(last_report.statement_date, last_statement.statement_date)) as balance_date
    from statement
    cross join run
    inner join last_statement on statement.account_id = last_statement.account_id and statement.currency = last_statement.currency
    left join last_report
        on statement.account_id = last_report.account_id and statement.currency = last_report.currency
    where statement.kind = 'statement' and statement.statement_date <= run.as_of
    group by statement.account_id, statement.currency
),

later_movement as (
    select
        line.account_id,
        line.currency,
        {{ total('line.amount') }} as movement,
        cast(count(*) as bigint) as line_count
    from {{ ref('bank_statement_line') }} as line
    inner join statement on line.statement_key = statement.statement_key
    inner join covered on line.account_id = covered.account_id and line.currency = covered.currency
    cross join run
    where
        statement.statement_date > covered.balance_date
        and statement.statement_date <= run.as_of
        and line.effective_date > covered.balance_date
    group by line.account_id, line.currency
),

intraday_movement as (
    select
        intraday.account_id,
        intraday.currency,
        {{ total('intraday.amount') }} as movement,
        cast(count(*) as bigint) as line_count,
        max(intraday.effective_date) as last_date
    from intraday
    inner join covered on intraday.account_id = covered.account_id and intraday.currency = covered.currency
    cross join run
    where
        intraday.kind = 'report'
        and intraday.status = 'BOOK'
        and intraday.effective_date > covered.until
        and intraday.effective_date <= run.as_of
    group by all
),

staleness as (
    select account, min(since) as stale_since
    from alert
    where account is not null
    group by account
),

position as (
    select
        account.account_id,
        account.account_name,
        account.entity_id,
        account.bank_name,
        coalesce(last_statement.currency, account.currency) as currency,
        account.owner,
        account.is_configured,
        last_statement.closing_balance as statement_balance,
        last_statement.statement_date as balance_date,
        last_statement.statement_key,
        last_statement.balance_check,
        last_statement.continuity,
        last_statement.delivery_id,
        last_statement.known_at,
        coalesce(intraday_movement.movement, 0) as intraday_movement,
        coalesce(intraday_movement.line_count, 0) as intraday_lines,
        last_report.closing_balance as reported_intraday_balance,
        -- the bank's own intraday balance is better than our sum of its entries
        coalesce(last_report.closing_balance, last_statement.closing_balance + coalesce(intraday_movement.movement, 0))
        + coalesce(later_movement.movement, 0) as position,
        coalesce(later_movement.movement, 0) as later_movement,
        coalesce(later_movement.line_count, 0) as later_lines,
        greatest(covered.until, last_report.statement_date, intraday_movement.last_date) as position_date,
        staleness.stale_since
    from account
    left join last_statement on account.account_id = last_statement.account_id
    left join last_report
        on last_statement.account_id = last_report.account_id and last_statement.currency = last_report.currency
    left join covered on last_statement.account_id = covered.account_id and last_statement.currency = covered.currency
    left join later_movement
        on last_statement.account_id = later_movement.account_id and last_statement.currency = later_movement.currency
    left join intraday_movement
        on last_statement.account_id = intraday_movement.account_id and last_statement.currency = intraday_movement.currency
    left join staleness on account.account_id = staleness.account
)

select
    position.account_id || '|' || coalesce(position.currency, '?') as cash_position_id,
    run.as_of,
    position.account_id,
    position.account_name,
    position.entity_id,
    position.bank_name,
    position.currency,
    position.statement_balance,
    position.balance_date,
    position.intraday_movement,
    position.intraday_lines,
    position.later_movement,
    position.later_lines,
    position.reported_intraday_balance,
    cast(position.position as decimal(23, 5)) as position,
    position.position_date,
    run.base_currency,
    {{ convert_money('position.position', 'rate.numerator', 'rate.denominator') }} as position_base,
    rate.valid_from as rate_date,
    cast(run.as_of - position.balance_date as bigint) as calendar_days_old,
    {{ weekdays_between('position.balance_date', 'run.as_of') }} as weekdays_old,
    position.stale_since is not null or position.balance_date is null as is_stale,
    position.stale_since,
    position.balance_check,
    position.continuity,
    position.is_configured,
    position.owner,
    position.statement_key,
    position.delivery_id,
    position.known_at
from position
cross join run
left join rate on position.currency = rate.currency
