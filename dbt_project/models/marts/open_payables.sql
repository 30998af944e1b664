{{ config(materialized='by_key', key='open_item_id', of_day=true, pre_hook="{{ touch(touched_open_payables()) }}") }}
-- Open payables with their age, approval, discount window, and the payment that is on its way, if any; one that was stopped, or whose
-- money came back, is on no way.
with item as (
    select * from {{ ref('open_item') }}
    where ledger = 'payable' and status = 'open' and kind != 'payment' and {{ is_touched('open_item_id') }}
),

party as (select * from {{ ref('counterparty') }}),

remittance as (
    select distinct payment_id, open_item_id from {{ ref('remittance_advice') }}
    where open_item_id is not null and {{ is_touched('open_item_id') }}
),

came_back as (
    select payment_id from {{ source('monitoring', 'failed_payment') }}
    where outcome = 'returned'
),

payment as (
    select
        instruction.*,
        came_back.payment_id is not null as is_returned
    from {{ ref('payment_instruction') }} as instruction
    left join came_back on instruction.payment_id = came_back.payment_id
    where instruction.status not in ('rejected', 'cancelled')
),

rate as (select * from {{ ref('group_rate') }}),

run as (select * from {{ ref('stg_run') }}),

scheduled as (
    select
        remittance.open_item_id,
        cast(count(*) filter (where not payment.is_returned) as bigint) as payment_count,
        cast(count(*) filter (where payment.is_returned) as bigint) as returned_count,
        min(payment.payment_id) filter (where not payment.is_returned) as payment_id,
        min(payment.execution_date) filter (where not payment.is_returned) as execution_date,
        arg_min(payment.status, (payment.execution_date, payment.payment_id)) filter (where not payment.is_returned) as payment_status
    from remittance
    inner join payment on remittance.payment_id = payment.payment_id
    group by remittance.open_item_id
)

select
    item.open_item_id,
    run.as_of,
    item.entity_id,
    item.counterparty_id,
    item.golden_id,
    party.name as counterparty_name,
    item.document_number,
    item.reference,
    item.kind,
    item.currency,
    item.amount,
    item.open_amount,
    {{ convert_money('item.open_amount', 'rate.numerator', 'rate.denominator') }} as open_amount_base,
    item.document_date,
    item.due_date,
    cast(item.due_date - run.as_of as bigint) as days_to_due,
    case
        when item.due_date is null then 'no due date'
        when item.due_date >= run.as_of then 'not due'
        when run.as_of - item.due_date <= 30 then 'overdue 1-30'
        when run.as_of - item.due_date <= 60 then 'overdue 31-60'
        when run.as_of - item.due_date <= 90 then 'overdue 61-90'
        else 'overdue over 90'
    end as ageing_bucket,
    item.approval_status,
    item.is_blocked,
    item.payment_block,
    item.payment_terms,
    item.discount_amount,
    item.discount_until,
    cast(item.discount_until - run.as_of as bigint) as days_to_discount,
    item.discount_amount > 0 and item.discount_until >= run.as_of as is_discount_open,
    -- what taking the discount is worth a year: discount over the money paid early, times 365 over the days it is paid early
    case
        when
            item.discount_amount > 0
            and abs(item.amount) > item.discount_amount
            and item.due_date > item.discount_until
            then
                cast(item.discount_amount as double) / cast(abs(item.amount) - item.discount_amount as double)
                * 365 / (item.due_date - item.discount_until)
    end as annualised_discount_rate,
    coalesce(scheduled.payment_count, 0) > 0 as is_scheduled,
    coalesce(scheduled.payment_count, 0) as payment_count,
    scheduled.payment_id,
    scheduled.payment_status,
    scheduled.execution_date,
    coalesce(scheduled.returned_count, 0) as returned_count,
    item.correlation_id,
    item.known_at,
    item.delivery_id
from item
cross join run
left join party on item.counterparty_id = party.counterparty_id
left join scheduled on item.open_item_id = scheduled.open_item_id
left join rate on item.currency = rate.currency
