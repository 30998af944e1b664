-- Own accounts: the configured ones, and every account a statement or payment names that none of them is.
with configured as (select * from {{ source('config', 'bank_account') }}),

seen as (select * from {{ ref('stg_own_account') }}),

statement as (select * from {{ ref('stg_bank__statement') }}),

unconfigured as (
    select
        seen.account_id,
        max(statement.account_name) as account_name,
        max(statement.servicer_id) as bic,
        max(statement.account_id) filter (where statement.account_scheme = 'IBAN') as iban,
        max(seen.account_name) as account_number,
        max(seen.currency) as currency
    from seen
    left join statement on seen.account_id = statement.own_account_id
    where not seen.is_configured
    group by seen.account_id
)

select
    account_id,
    entity_id,
    account_name,
    bank_name,
    bic,
    iban,
    account_number,
    currency,
    calendar,
    statement_by,
    timezone,
    owner,
    true as is_configured
from configured
union all
select
    account_id,
    cast(null as varchar) as entity_id,
    account_name,
    cast(null as varchar) as bank_name,
    bic,
    iban,
    account_number,
    currency,
    cast(null as varchar) as calendar,
    cast(null as varchar) as statement_by,
    cast(null as varchar) as timezone,
    cast(null as varchar) as owner,
    false as is_configured
from unconfigured
