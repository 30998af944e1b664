{{
    config(
        materialized='by_key', key='item_id', pre_hook="{{ touch('select bank_line_id from ' ~ changed('bank_statement_line')) }}"
    )
}}
-- Booked bank lines as items: one an entry, so that a batch-booked entry is matched as the one amount it is. A payment in another
-- currency than the account's is booked at a rate nobody else knows; where the bank says what was instructed, the item is that
-- amount, which is what the payment and the invoice say. What the account was debited stays in canonical.bank_statement_line.
with line as (
    select
        *,
        coalesce(instructed_currency != currency and instructed_amount > 0 and detail_count <= 1, false) as is_exchanged
    from {{ ref('bank_statement_line') }}
    where {{ is_touched('bank_line_id') }} and {{ is_of_changed_delivery('bank_statement_line') }}
)

select
    bank_line_id as item_id,
    case when is_exchanged then cast(sign(amount) * instructed_amount as decimal(23, 5)) else amount end as amount,
    case when is_exchanged then instructed_currency else currency end as currency,
    effective_date as date,
    value_date,
    cast(null as date) as due_date,
    entity_id as entity,
    account_id as account,
    "references",
    text,
    cast(null as varchar) as counterparty_id,
    {{ known_own_account('counterparty_account') }} as counterparty_account,
    counterparty_name,
    account_id || '|' || batch_payment_information_id as batch_id,
    cast(null as decimal(23, 5)) as discount_amount,
    cast(null as date) as discount_until,
    line_kind as kind
from line
