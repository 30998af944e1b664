{{ config(materialized='table') }}
-- Statements, reports and notifications with their own account found and a currency that is the bank's own.
with statement as (select * from {{ source('raw', 'bank_statement') }}),

delivery as (select * from {{ ref('stg_delivery') }}),

account as (select * from {{ ref('stg_own_account') }}),

entry_fact as (
    select
        delivery_id,
        statement_number,
        min(currency) as currency,
        min(coalesce(booking_date, value_date)) filter (where status = 'BOOK') as first_booking,
        max(coalesce(booking_date, value_date)) filter (where status = 'BOOK') as last_booking
    from {{ source('raw', 'bank_entry') }}
    group by all
),

balance_fact as (
    select delivery_id, statement_number, min(currency) as currency
    from {{ source('raw', 'bank_balance') }}
    group by all
),

known as (
    select
        statement.*,
        delivery.source,
        delivery.received_at,
        delivery.received_on,
        delivery.source_timezone,
        coalesce(statement.account_currency, balance_fact.currency, entry_fact.currency) as currency,
        entry_fact.first_booking,
        entry_fact.last_booking
    from statement
    inner join delivery on statement.delivery_id = delivery.delivery_id
    left join entry_fact
        on statement.delivery_id = entry_fact.delivery_id and statement.statement_number = entry_fact.statement_number
    left join balance_fact
        on
            statement.delivery_id = balance_fact.delivery_id
            and statement.statement_number = balance_fact.statement_number
)

select
    md5(known.identity) as statement_key,
    known.*,
    account.account_id as own_account_id,
    account.entity_id,
    coalesce(known.currency, account.currency) as statement_currency,
    coalesce(known.closing_date, known.to_date, known.last_booking, known.received_on) as statement_date
from known
-- account names are resolved with the currency the statement itself gives, or with the one its balances or entries give
left join account
    on
        known.source = account.source
        and known.account_id is not distinct from account.account_name
        and known.currency is not distinct from account.account_currency
