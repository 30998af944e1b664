{{ config(materialized='by_key', key='item_id', pre_hook="{{ touch(touched_payments()) }}") }}
-- Payments that money can have moved for. One that was rejected or cancelled must not consume a bank line: it is left out here
-- and stays in canonical.payment_instruction; one that a bank line later contradicts shows as an unmatched bank line. One that came
-- back has left the account and settles no item: the bank says which it was by account, reference and amount, or in a return of ACH,
-- whose batch was debited whole.
with returned as (
    select event.payment_id
    from {{ ref('payment_status_event') }} as event
    inner join {{ ref('stg_delivery') }} as delivery on event.delivery_id = delivery.delivery_id
    where delivery.format = 'nacha' and event.level = 'transaction' and event.status = 'rejected'
),

payment as (
    select * from {{ ref('payment_instruction') }}
    where
        (status not in ('rejected', 'cancelled') or (status = 'rejected' and payment_id in (select returned.payment_id from returned)))
        and {{ is_touched('payment_id') }}
),

came_back as (
    select
        any_value(instructed.payment_id) as payment_id,
        count(distinct instructed.payment_id) as payments
    from {{ ref('payment_instruction') }} as instructed
    inner join {{ ref('bank_statement_line') }} as line
        on
            instructed.correlation_id = line.correlation_id
            and instructed.amount = -line.amount
            and instructed.currency = line.currency
    where line.line_kind = 'return' and instructed.status not in ('rejected', 'cancelled')
    group by line.bank_line_id
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
    -- a reference that several payments carry does not say which of them it was
    case
        when payment_id in (select returned.payment_id from returned) then 'returned_payment'
        when payment_id in (select came_back.payment_id from came_back where came_back.payments = 1) then 'returned_payment'
        else 'payment'
    end as kind
from payment
