-- Payment information blocks: what was declared, what they hold, and how far their payments are.
with batch as (select * from {{ ref('stg_hub__batch') }}),

payment as (select * from {{ ref('payment_instruction') }}),

status_event as (
    select * from {{ ref('stg_hub__status') }}
    where level = 'batch' and payment_status is not null
),

content as (
    select
        batch_id,
        cast(count(*) as bigint) as payment_count,
        {{ total('amount') }} as amount,
        cast(count(distinct currency) as bigint) as currency_count,
        min(currency) as currency,
        min(status) as lowest_status,
        max(status) as highest_status,
        cast(count(*) filter (where status in ('rejected', 'cancelled')) as bigint) as stopped_count
    from payment
    group by batch_id
),

reported as (
    select
        message_id || '|' || payment_information_id as batch_id,
        arg_max(delivered_status, (reported_at, record_number)) as bank_status
    from status_event
    group by all
)

select
    batch.batch_id,
    batch.source,
    batch.message_id,
    batch.payment_information_id,
    batch.entity_id,
    batch.account_id,
    batch.direction,
    batch.payment_method,
    batch.batch_booking as is_batch_booked,
    coalesce(content.payment_count, 0) as payment_count,
    -- a sum over several currencies is no amount
    case when content.currency_count = 1 then content.amount end as amount,
    case when content.currency_count = 1 then content.currency end as currency,
    batch.requested_execution_date as execution_date,
    batch.declared_count,
    batch.declared_sum,
    coalesce(content.stopped_count, 0) as stopped_count,
    case when content.lowest_status = content.highest_status then content.lowest_status else 'mixed' end as status,
    reported.bank_status,
    batch.received_at as known_at,
    batch.delivery_id,
    batch.record_number
from batch
left join content on batch.batch_id = content.batch_id
left join reported on batch.batch_id = reported.batch_id
