-- Status reports (pain.002) and hub log events in one shape, each saying what it names: a message, a batch or a transaction.
with report as (select * from {{ source('raw', 'payment_status') }}),

event as (select * from {{ source('raw', 'payment_event') }}),

delivery as (select * from {{ ref('stg_delivery') }}),

rule as (select * from {{ ref('rule_payment_status') }}),

reported as (
    select
        'bank' as origin,
        report.level,
        report.status as delivered_status,
        report.reason_code,
        report.reason_text,
        report.reported_at,
        report.original_message_id as message_id,
        report.original_payment_information_id as payment_information_id,
        report.original_instruction_id as instruction_id,
        report.original_end_to_end_id as end_to_end_id,
        cast(null as varchar) as actor,
        coalesce(report.report_id, report.delivery_id) as report_id,
        report.delivery_id,
        report.record_number
    from report
),

logged as (
    select
        'hub' as origin,
        case
            when event.end_to_end_id is not null then 'transaction'
            when event.payment_information_id is not null then 'batch'
            else 'message'
        end as level,
        event.event as delivered_status,
        cast(null as varchar) as reason_code,
        event.reason as reason_text,
        event.event_at as reported_at,
        event.message_id,
        event.payment_information_id,
        cast(null as varchar) as instruction_id,
        event.end_to_end_id,
        event.actor,
        coalesce(event.event_id, event.delivery_id || '|' || event.record_number) as report_id,
        event.delivery_id,
        event.record_number
    from event
),

status as (
    select * from reported
    union all
    select * from logged
)

select
    status.* exclude (reported_at),
    status.reported_at as reported_at_text,
    coalesce(
        {{ point_in_time('status.reported_at', 'delivery.source_timezone') }}, delivery.received_at
    ) as reported_at,
    rule.payment_status,
    rule.progress,
    delivery.source,
    delivery.received_at
from status
inner join delivery on status.delivery_id = delivery.delivery_id
left join rule
    on case when status.origin = 'hub' then lower(status.delivered_status) else upper(status.delivered_status) end = rule.code
