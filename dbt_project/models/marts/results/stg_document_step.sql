{{
    config(
        materialized='by_key',
        key='object_id',
        contract={'enforced': true},
        pre_hook="{{ touch(touched_document_step()) }}"
    )
}}
-- The life of each document, step by step, with the time in each state that has ended; document_flow adds what follows from it.
-- Reconciled is the matching's word and is added here, dated by the run that first made the match.
with event as (
    select * from {{ ref('workflow_event') }}
    where {{ is_touched('object_id') }}
),

matched as (
    select * from {{ ref('stg_reconciled') }}
    where {{ is_touched('object_id') }}
),

item as (select * from {{ ref('stg_item') }}),

payable as (
    select * from {{ ref('open_item') }}
    where ledger = 'payable' and kind = 'invoice' and {{ is_touched('open_item_id') }}
),

remittance as (
    select payment_id, open_item_id from {{ ref('remittance_advice') }}
    where open_item_id is not null and {{ is_touched('open_item_id') }}
),

payment as (
    select * from {{ ref('payment_instruction') }}
    where payment_id in (select remittance.payment_id from remittance)
),

run as (select * from {{ ref('stg_run') }}),

-- an invoice is eligible once it is approved and not blocked; where no approval is asked for, once it is posted. Either is said once
-- of an item
eligible as (
    select
        'open_item' as object_type,
        payable.open_item_id as object_id,
        'eligible' as event,
        event."at",
        event.event_date,
        event.system,
        cast(null as varchar) as actor,
        payable.entity_id,
        payable.correlation_id,
        event.known_at,
        event.delivery_id,
        event.record_number,
        cast(null as varchar) as detail
    from payable
    inner join event
        on
            event.object_type = 'open_item'
            and payable.open_item_id = event.object_id
            and event.event = case when payable.approval_status = 'approved' then 'approved' else 'posted' end
    where payable.approval_status in ('approved', 'not_required') and not payable.is_blocked
),

-- an invoice is scheduled when a payment that names it is instructed
scheduled_told as (
    select
        'open_item' as object_type,
        remittance.open_item_id as object_id,
        'scheduled' as event,
        min(struct_pack(known_at := payment.known_at, payment_id := payment.payment_id)) as first_payment,
        min(payment.payment_id) as detail
    from remittance
    inner join payment on remittance.payment_id = payment.payment_id
    group by remittance.open_item_id
),

scheduled as (
    select
        scheduled_told.object_type,
        scheduled_told.object_id,
        scheduled_told.event,
        payment.known_at as "at",
        payment.received_on as event_date,
        payment.source as system,
        cast(null as varchar) as actor,
        payment.entity_id,
        payment.correlation_id,
        payment.known_at,
        payment.delivery_id,
        payment.record_number,
        scheduled_told.detail
    from scheduled_told
    inner join payment on struct_extract(scheduled_told.first_payment, 'payment_id') = payment.payment_id
),

reconciled as (
    select
        matched.object_type,
        matched.object_id,
        'reconciled' as event,
        -- the end of the business day of the run that first matched the item against this other side
        timezone(run.timezone, cast(matched.event_date + 1 as timestamp)) as "at",
        matched.event_date,
        'tieout' as system,
        matched.actor,
        item.entity_id,
        item.correlation_id,
        timezone(run.timezone, cast(matched.event_date + 1 as timestamp)) as known_at,
        item.delivery_id,
        cast(null as bigint) as record_number,
        matched.detail
    from matched
    inner join item on matched.dataset = item.dataset and matched.object_id = item.item_id
    cross join run
),

step as (
    select
        object_type,
        object_id,
        event,
        "at",
        event_date,
        system,
        actor,
        entity_id,
        correlation_id,
        known_at,
        delivery_id,
        record_number,
        cast(null as varchar) as detail
    from event
    union all
    select * from eligible
    union all
    select * from scheduled
    union all
    select * from reconciled
),

-- where the clocks of two systems give the same moment, the order of the trade decides
placed as (
    select step.*, coalesce(flow.place, 50) as place
    from step
    left join (
        values
        ('received', 1),
        ('approval_requested', 2),
        ('approval_granted', 3),
        ('posted', 4),
        ('approved', 5),
        ('eligible', 6),
        ('scheduled', 7),
        ('instructed', 8),
        ('created', 9),
        ('released', 11),
        ('sent', 12),
        ('acknowledged', 13),
        ('accepted', 14),
        ('executed', 15),
        ('booked', 16),
        ('reconciled', 20),
        ('cleared', 21)
    ) as flow (event, place) on step.event = flow.event
),

numbered as (
    select
        *,
        row_number() over document as step_number,
        lead("at") over document as next_at,
        lead(event) over document as next_event
    from placed
    window document as (
        partition by object_type, object_id
        order by "at", place, event, delivery_id, record_number, detail
    )
)

select
    numbered.correlation_id,
    numbered.object_type,
    numbered.object_id,
    cast(numbered.step_number as bigint) as step_number,
    numbered.event,
    numbered."at",
    numbered.event_date,
    numbered.system,
    numbered.actor,
    numbered.detail,
    numbered.entity_id,
    numbered.next_event,
    case when numbered.next_at is not null then {{ hours_between('numbered."at"', 'numbered.next_at') }} end as hours_in_state,
    numbered.known_at,
    numbered.delivery_id,
    numbered.record_number
from numbered
