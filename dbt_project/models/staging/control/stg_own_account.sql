{{ config(materialized='table') }}
-- Which own account a delivered account name is. A name that no configured account has, or that several have, is an account
-- of its own: nothing is assigned by resemblance. The currency is the statement's, or that of its balances or entries.
with balance_currency as (
    select delivery_id, statement_number, min(currency) as currency
    from {{ source('raw', 'bank_balance') }}
    group by all
),

entry_currency as (
    select delivery_id, statement_number, min(currency) as currency
    from {{ source('raw', 'bank_entry') }}
    group by all
),

named as (
    select
        statement.delivery_id,
        statement.account_id as account_name,
        coalesce(statement.account_currency, balance_currency.currency, entry_currency.currency) as account_currency
    from {{ source('raw', 'bank_statement') }} as statement
    left join balance_currency
        on
            statement.delivery_id = balance_currency.delivery_id
            and statement.statement_number = balance_currency.statement_number
    left join entry_currency
        on
            statement.delivery_id = entry_currency.delivery_id
            and statement.statement_number = entry_currency.statement_number
    union
    select delivery_id, debtor_account as account_name, debtor_account_currency as account_currency
    from {{ source('raw', 'payment_batch') }}
    union
    select delivery_id, own_account as account_name, null as account_currency
    from {{ source('raw', 'payment_instruction') }}
    where own_account is not null
),

delivery as (select delivery_id, source, source_account_id from {{ ref('stg_delivery') }}),

distinct_name as (
    select distinct
        delivery.source,
        delivery.source_account_id,
        named.account_name,
        named.account_currency,
        {{ clean_identifier('named.account_name') }} as identifier
    from named
    inner join delivery on named.delivery_id = delivery.delivery_id
),

alias as (select * from {{ ref('stg_account_alias') }}),

candidate as (
    select
        distinct_name.source,
        distinct_name.account_name,
        distinct_name.account_currency,
        min(alias.account_id) as account_id
    from distinct_name
    inner join alias
        on
            (
                alias.identifier in (distinct_name.identifier, ltrim(distinct_name.identifier, '0'))
                or alias.identifier || distinct_name.account_currency = distinct_name.identifier
            )
            and (distinct_name.account_currency is null or alias.currency = distinct_name.account_currency)
    group by all
    having count(distinct alias.account_id) = 1
),

configured as (select account_id, entity_id, currency from {{ source('config', 'bank_account') }}),

resolved as (
    select
        distinct_name.*,
        coalesce(
            candidate.account_id, case when distinct_name.account_name is null then distinct_name.source_account_id end
        ) as configured_id
    from distinct_name
    left join candidate
        on
            distinct_name.source = candidate.source
            and distinct_name.account_name = candidate.account_name
            and distinct_name.account_currency is not distinct from candidate.account_currency
)

select
    resolved.source,
    resolved.account_name,
    resolved.account_currency,
    coalesce(
        configured.account_id,
        coalesce(resolved.account_name, resolved.source) || '/' || coalesce(resolved.account_currency, '?')
    ) as account_id,
    configured.entity_id,
    coalesce(configured.currency, resolved.account_currency) as currency,
    configured.account_id is not null as is_configured
from resolved
left join configured on resolved.configured_id = configured.account_id
