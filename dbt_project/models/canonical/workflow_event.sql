{{ config(materialized='by_key', key='object_id', pre_hook="{{ touch(touched_workflow_event()) }}") }}
-- Steps in the life of documents, from every system that tells of one. Reconciled is not here: it is the matching's result.
with observation as (select * from {{ ref('stg_erp__open_item_observation') }}),

raw_item as (select * from {{ source('raw', 'open_item') }}),

delivery as (select * from {{ ref('stg_delivery') }}),

item as (
    select * from {{ ref('open_item') }}
    where {{ is_touched('open_item_id') }}
),

origin as (
    select origin_item_id, open_item_id, document_number from {{ ref('open_item_origin') }}
    where not is_surviving
),

approval as (select * from {{ ref('stg_erp__approval') }}),

payment as (
    select * from {{ ref('payment_instruction') }}
    where {{ is_touched('payment_id') }}
),

status_event as (
    select * from {{ ref('payment_status_event') }}
    where {{ is_touched('payment_id') }}
),

line as (
    select * from {{ ref('bank_statement_line') }}
    where {{ is_touched('bank_line_id') }} and {{ is_of_changed_delivery('bank_statement_line') }}
),

account as (select account_id, timezone from {{ ref('bank_account') }}),

run as (select * from {{ ref('stg_run') }}),

-- the records that tell of an item: its own, and those of the same item in another system
told_by as (
    select open_item_id as record_item_id, open_item_id, document_number from item
    union all
    select origin.origin_item_id as record_item_id, origin.open_item_id, origin.document_number
    from origin
    inner join item on origin.open_item_id = item.open_item_id
),

telling_record as (
    select told_by.open_item_id, raw_item.delivery_id, raw_item.record_number, {{ moment('delivery', 'raw_item') }} as moment
    from raw_item
    inner join told_by
        on raw_item.document_number = told_by.document_number and {{ open_item_key('raw_item.') }} = told_by.record_item_id
    inner join delivery on raw_item.delivery_id = delivery.delivery_id
),

-- a step is known from the first observation that tells of it, in whichever system, however often later ones repeat it
observed as (
    select
        item.open_item_id,
        min(telling_record.moment) as seen,
        min(telling_record.moment) filter (
            where observation.approval_status = 'approved' or observation.approved_at is not null
        ) as approved,
        -- an item that was cleared, reset and cleared again ended the last time: the state it has now is what counts
        min(telling_record.moment) filter (
            where
            observation.status in ('cleared', 'cancelled')
            and observation.status = item.status
            and observation.clearing_date is not distinct from item.clearing_date
        ) as ended
    from observation
    inner join telling_record
        on observation.delivery_id = telling_record.delivery_id and observation.record_number = telling_record.record_number
    inner join item on telling_record.open_item_id = item.open_item_id
    group by item.open_item_id
),

{% for step, moment_column in [('first_seen', 'seen'), ('first_approved', 'approved'), ('first_ended', 'ended')] -%}
    {{ step }} as (
        select
            observed.open_item_id,
            delivery.received_at,
            delivery.delivery_id,
            {{ record_at('observed.' ~ moment_column) }} as record_number,
            delivery.source_timezone,
            delivery.system
        from observed
        inner join delivery on {{ arrival_at('observed.' ~ moment_column) }} = delivery.arrival
    ),

{% endfor -%}
-- where the item itself does not tell of its approval, its approval steps do
step_approved as (
    select
        item.open_item_id,
        min(approval.received_at) as received_at,
        min_by(approval.system, (approval.received_at, approval.delivery_id, approval.record_number)) as system,
        min_by(approval.delivery_id, (approval.received_at, approval.delivery_id, approval.record_number)) as delivery_id,
        min_by(approval.record_number, (approval.received_at, approval.delivery_id, approval.record_number)) as record_number
    from approval
    inner join item
        on
            approval.source_system = item.source_system
            and approval.document_number = item.document_number
            and approval.company_code is not distinct from item.company_code
            and coalesce(approval.fiscal_year, item.fiscal_year) is not distinct from item.fiscal_year
    where approval.approval_status = 'approved'
    group by item.open_item_id
),

approved as (
    select open_item_id, source_timezone, system, received_at, delivery_id, record_number from first_approved
    union all
    select
        first_seen.open_item_id,
        first_seen.source_timezone,
        step_approved.system,
        step_approved.received_at,
        step_approved.delivery_id,
        step_approved.record_number
    from step_approved
    inner join first_seen on step_approved.open_item_id = first_seen.open_item_id
    where step_approved.open_item_id not in (select open_item_id from first_approved)
),

item_event as (
    select
        'open_item' as object_type,
        item.open_item_id as object_id,
        'received' as event,
        coalesce({{ point_in_time('item.created_at', 'first_seen.source_timezone') }}, first_seen.received_at) as "at",
        item.document_date as event_date,
        first_seen.system,
        item.created_by as actor,
        item.entity_id,
        item.correlation_id,
        first_seen.received_at as known_at,
        first_seen.delivery_id,
        first_seen.record_number
    from item
    inner join first_seen on item.open_item_id = first_seen.open_item_id
    union all
    select
        'open_item' as object_type,
        item.open_item_id as object_id,
        'posted' as event,
        first_seen.received_at as "at",
        item.posting_date as event_date,
        first_seen.system,
        item.created_by as actor,
        item.entity_id,
        item.correlation_id,
        first_seen.received_at as known_at,
        first_seen.delivery_id,
        first_seen.record_number
    from item
    inner join first_seen on item.open_item_id = first_seen.open_item_id
    where item.posting_date is not null
    union all
    select
        'open_item' as object_type,
        item.open_item_id as object_id,
        'approved' as event,
        coalesce({{ point_in_time('item.approved_at', 'approved.source_timezone') }}, approved.received_at) as "at",
        try_cast(item.approved_at[1:10] as date) as event_date,
        approved.system,
        item.approved_by as actor,
        item.entity_id,
        item.correlation_id,
        approved.received_at as known_at,
        approved.delivery_id,
        approved.record_number
    from item
    inner join approved on item.open_item_id = approved.open_item_id
    where item.approval_status = 'approved'
    union all
    select
        'open_item' as object_type,
        item.open_item_id as object_id,
        item.status as event,
        first_ended.received_at as "at",
        item.clearing_date as event_date,
        item.system,
        cast(null as varchar) as actor,
        item.entity_id,
        item.correlation_id,
        first_ended.received_at as known_at,
        first_ended.delivery_id,
        first_ended.record_number
    from item
    inner join first_ended on item.open_item_id = first_ended.open_item_id
    where item.status in ('cleared', 'cancelled') and item.absent_from is null
    union all
    -- cleared because a full snapshot no longer lists it
    select
        'open_item' as object_type,
        item.open_item_id as object_id,
        item.status as event,
        item.absent_since as "at",
        cast(null as date) as event_date,
        item.system,
        cast(null as varchar) as actor,
        item.entity_id,
        item.correlation_id,
        item.absent_since as known_at,
        item.absent_from as delivery_id,
        cast(null as bigint) as record_number
    from item
    where item.absent_from is not null
),

approval_event as (
    select
        'open_item' as object_type,
        item.open_item_id as object_id,
        case approval.approval_status
            when 'approved' then 'approval_granted' when 'rejected' then 'approval_refused' else 'approval_requested'
        end as event,
        approval.decided_at as "at",
        try_cast(approval."at"[1:10] as date) as event_date,
        approval.system,
        approval.actor,
        item.entity_id,
        item.correlation_id,
        approval.received_at as known_at,
        approval.delivery_id,
        approval.record_number
    from approval
    inner join item
        on
            approval.source_system = item.source_system
            and approval.document_number = item.document_number
            and approval.company_code is not distinct from item.company_code
            and coalesce(approval.fiscal_year, item.fiscal_year) is not distinct from item.fiscal_year
),

-- many payments are of one message: its time is read once
message_time as (
    select
        payment.message_created_at,
        {{ point_in_time('payment.message_created_at', 'run.timezone') }} as "at",
        try_cast(payment.message_created_at[1:10] as date) as event_date
    from payment
    cross join run
    group by payment.message_created_at, run.timezone
),

payment_event as (
    select
        'payment' as object_type,
        payment.payment_id as object_id,
        'instructed' as event,
        coalesce(message_time."at", payment.known_at) as "at",
        message_time.event_date,
        payment.source as system,
        cast(null as varchar) as actor,
        payment.entity_id,
        payment.correlation_id,
        payment.known_at,
        payment.delivery_id,
        payment.record_number
    from payment
    left join message_time on payment.message_created_at = message_time.message_created_at
    union all
    select
        'payment' as object_type,
        status_event.payment_id as object_id,
        coalesce(status_event.status, status_event.delivered_status) as event,
        status_event.reported_at as "at",
        try_cast(status_event.reported_at_text[1:10] as date) as event_date,
        status_event.source as system,
        status_event.actor,
        payment.entity_id,
        payment.correlation_id,
        status_event.known_at,
        status_event.delivery_id,
        status_event.record_number
    from status_event
    inner join payment on status_event.payment_id = payment.payment_id
),

line_event as (
    select
        'bank_line' as object_type,
        line.bank_line_id as object_id,
        case when line.line_kind = 'return' then 'returned' else 'booked' end as event,
        -- a bank books at the end of its day, unless we knew of it before
        least(
            timezone(coalesce(account.timezone, run.timezone), cast(line.effective_date + 1 as timestamp)), line.known_at
        ) as "at",
        line.effective_date as event_date,
        'bank' as system,
        cast(null as varchar) as actor,
        line.entity_id,
        line.correlation_id,
        line.known_at,
        line.delivery_id,
        line.record_number
    from line
    inner join account on line.account_id = account.account_id
    cross join run
),

event as (
    select * from item_event
    union all
    select * from approval_event
    union all
    select * from payment_event
    union all
    select * from line_event
)

select
    md5(
        concat_ws(
            '|', event.object_type, event.object_id, event.event, epoch_us(event."at"), event.delivery_id, event.record_number
        )
    ) as event_id,
    event.object_type,
    event.object_id,
    event.event,
    event."at",
    coalesce(event.event_date, cast(timezone(run.timezone, event."at") as date)) as event_date,
    event.system,
    event.actor,
    event.entity_id,
    event.correlation_id,
    event.known_at,
    event.delivery_id,
    event.record_number
from event
cross join run
