{{
    config(
        materialized='by_key',
        key='delivery_id',
        changes=['payment_id'],
        pre_hook="{{ touch(touched_payment_status_event()) }}"
    )
}}
-- One status said of one payment. A status of a batch or message is inherited by its payments that the same report does not
-- name more closely; one that names no known payment stays, without a payment, so that it is seen.
{% set deliveries %}
    select delivery_id from {{ source('raw', 'payment_batch') }}
    where
        message_id in (select status.message_id from status)
        or payment_information_id in (select status.payment_information_id from status)
    union
    select delivery_id from {{ source('raw', 'payment_instruction') }}
    where end_to_end_id in (select named_alone.end_to_end_id from named_alone)
{% endset %}

with status as (
    select * from {{ ref('stg_hub__status') }}
    where {{ is_touched('delivery_id') }}
),

named_alone as (
    select end_to_end_id from status
    where level = 'transaction' and message_id is null
),

payment as (
    select payment_id, batch_id, message_id, payment_information_id, instruction_id, end_to_end_id
    from ({{ hub_payments(deliveries if new_only() else none) }}) as instructed
),

unique_end_to_end as (
    select end_to_end_id, min(payment_id) as payment_id, min(batch_id) as batch_id
    from payment
    where end_to_end_id in (select named_alone.end_to_end_id from named_alone)
    group by end_to_end_id
    having count(*) = 1
),

-- a transaction is named by its message and its end-to-end or instruction id, without a message by an end-to-end id used once
transaction_candidate as (
    select status.delivery_id, status.record_number, payment.payment_id, payment.batch_id
    from status
    inner join payment
        on
            status.message_id = payment.message_id
            and status.end_to_end_id = payment.end_to_end_id
            and coalesce(status.payment_information_id, payment.payment_information_id) = payment.payment_information_id
            and coalesce(status.instruction_id, payment.instruction_id, '') = coalesce(payment.instruction_id, '')
    where status.level = 'transaction'
    union all
    select status.delivery_id, status.record_number, payment.payment_id, payment.batch_id
    from status
    inner join payment
        on
            status.message_id = payment.message_id
            and status.instruction_id = payment.instruction_id
            and coalesce(status.payment_information_id, payment.payment_information_id) = payment.payment_information_id
    where status.level = 'transaction' and status.end_to_end_id is null
    union all
    select status.delivery_id, status.record_number, unique_end_to_end.payment_id, unique_end_to_end.batch_id
    from status
    inner join unique_end_to_end on status.end_to_end_id = unique_end_to_end.end_to_end_id
    where status.level = 'transaction' and status.message_id is null
),

-- two payments that answer to the same name: the status is kept without a payment rather than given to either
by_transaction as (
    select delivery_id, record_number, min(payment_id) as payment_id, min(batch_id) as batch_id
    from transaction_candidate
    group by delivery_id, record_number
    having min(payment_id) = max(payment_id)
),

by_batch as (
    select status.delivery_id, status.record_number, payment.payment_id, payment.batch_id
    from status
    inner join payment on status.payment_information_id = payment.payment_information_id
    where status.level = 'batch' and (status.message_id is null or status.message_id = payment.message_id)
),

by_message as (
    select status.delivery_id, status.record_number, payment.payment_id, payment.batch_id
    from status
    inner join payment on status.message_id = payment.message_id
    where status.level = 'message'
),

named as (
    select *, 3 as closeness from by_transaction
    union all
    select *, 2 as closeness from by_batch
    union all
    select *, 1 as closeness from by_message
),

-- config/ownership.yml: who may set a status. A status nobody owns is free.
status_owner as (
    select status, list(system) as systems
    from {{ source('config', 'ownership') }}
    where object = 'payment' and attribute = 'status'
    group by status
),

-- of what one report says of a payment the closest holds
reported as (
    select
        status.delivery_id,
        status.record_number,
        named.payment_id,
        named.batch_id,
        named.closeness,
        max(named.closeness) over (partition by status.delivery_id, status.report_id, named.payment_id) as closest
    from named
    inner join status on named.delivery_id = status.delivery_id and named.record_number = status.record_number
),

closest as (
    select status.*, reported.payment_id, reported.batch_id, reported.closeness, reported.closest
    from status
    left join reported on status.delivery_id = reported.delivery_id and status.record_number = reported.record_number
)

select
    concat_ws('|', closest.delivery_id, closest.record_number, coalesce(closest.payment_id, '?')) as status_event_id,
    closest.payment_id,
    coalesce(
        closest.batch_id,
        case
            when closest.level = 'batch' and closest.message_id is not null
                then closest.message_id || '|' || closest.payment_information_id
        end
    ) as batch_id,
    closest.level,
    closest.payment_id is not null and closest.level != 'transaction' as is_inherited,
    closest.delivered_status,
    closest.payment_status as status,
    closest.progress,
    coalesce(list_contains(status_owner.systems, closest.origin), true) as is_permitted,
    closest.reason_code,
    closest.reason_text,
    closest.reported_at,
    closest.reported_at_text,
    closest.origin,
    closest.actor,
    closest.source,
    closest.message_id,
    closest.payment_information_id,
    closest.end_to_end_id,
    closest.received_at as known_at,
    closest.delivery_id,
    closest.record_number
from closest
left join status_owner on closest.payment_status = status_owner.status
where closest.payment_id is null or closest.closeness = closest.closest
