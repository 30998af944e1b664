{{ config(materialized='by_key', key='origin', pre_hook="{{ touch(touched_cash_position_event()) }}") }}
-- What a cash position is built from: balances of statements, booked lines, intraday lines.
with statement as (
    select * from {{ ref('bank_statement') }}
    where {{ is_touched('statement_key') }}
),

line as (
    select * from {{ ref('bank_statement_line') }}
    where {{ is_touched('statement_key') }}
),

intraday as (
    select * from {{ ref('bank_intraday_line') }}
    where {{ is_touched('statement_key') }}
),

event as (
    select
        statement_key || '|opening' as event_id,
        account_id,
        entity_id,
        'opening_balance' as kind,
        coalesce(opening_date, from_date, statement_date) as date,
        opening_balance as amount,
        currency,
        statement_key as origin,
        known_at,
        delivery_id,
        record_number
    from statement
    where kind = 'statement' and opening_balance is not null
    union all
    select
        statement_key || '|closing' as event_id,
        account_id,
        entity_id,
        case when kind = 'statement' then 'closing_balance' else 'intraday_balance' end as kind,
        statement_date as date,
        closing_balance as amount,
        currency,
        statement_key as origin,
        known_at,
        delivery_id,
        record_number
    from statement
    where kind in ('statement', 'report') and closing_balance is not null
    union all
    select
        bank_line_id as event_id,
        account_id,
        entity_id,
        'booked' as kind,
        effective_date as date,
        amount,
        currency,
        statement_key as origin,
        known_at,
        delivery_id,
        record_number
    from line
    union all
    select
        'intraday|' || bank_line_id as event_id,
        account_id,
        entity_id,
        'intraday' as kind,
        effective_date as date,
        amount,
        currency,
        statement_key as origin,
        known_at,
        delivery_id,
        record_number
    from intraday
    where status = 'BOOK'
)

select event_id, account_id, entity_id, kind, date, amount, currency, origin, known_at, delivery_id, record_number
from event
