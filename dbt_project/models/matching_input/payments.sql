{{
    config(
        materialized='by_key', key='item_id', pre_hook="{{ touch('select payment_id from ' ~ changed('payment_instruction')) }}"
    )
}}
-- Payments that money can have moved for. One that was rejected or cancelled must not consume a bank line: it is left out here
-- and stays in canonical.payment_instruction; one that a bank line later contradicts shows as an unmatched bank line.
with payment as (
    select * from {{ ref('payment_instruction') }}
    where status not in ('rejected', 'cancelled') and {{ is_touched('payment_id') }}
)

select
    payment_id as item_id,
    amount,
    currency,
    coalesce(execution_date, received_on) as date,
    cast(null as date) as value_date,
    cast(null as date) as due_date,
    entity_id as entity,
    account_id as account,
    list_distinct(
        list_filter([end_to_end_id, instruction_id, uetr, cheque_number, structured_reference], lambda reference: reference is not null)
    ) as "references",
    remittance_text as text,
    counterparty_id,
    {{ known_own_account('counterparty_account') }} as counterparty_account,
    counterparty_name,
    account_id || '|' || payment_information_id as batch_id,
    cast(null as decimal(23, 5)) as discount_amount,
    cast(null as date) as discount_until,
    'payment' as kind
from payment
