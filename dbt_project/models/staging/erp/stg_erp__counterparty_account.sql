-- Each observation of a bank account of a counterparty.
with account as (select * from {{ source('raw', 'counterparty_bank_account') }}),

delivery as (select * from {{ ref('stg_delivery') }})

select
    account.source_system || '|' || coalesce(account.role, 'supplier') || '|' || account.source_id as counterparty_id,
    coalesce({{ clean_identifier('account.iban') }}, {{ clean_identifier('account.account_number') }}) as account_identifier,
    account.*,
    delivery.source,
    delivery.received_at,
    delivery.received_on
from account
inner join delivery on account.delivery_id = delivery.delivery_id
