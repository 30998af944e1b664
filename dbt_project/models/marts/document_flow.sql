-- The life of each document, step by step: what happened, in which system, by whom, how long it stayed in that state, and how
-- long it took until we knew. Reconciled is the matching's word and is added here, dated by the run that first made the match.
with event as (select * from {{ ref('workflow_event') }}),

match as (
    select * from {{ ref('stg_match') }}
    where status = 'matched'
),

match_group as (
    select group_id, "pass", leg, as_of from {{ source('matching', 'match_group') }}
    where superseded_by is null
),

-- whose decision made a group; of several that agree, the first
decided as (
    select made_group_id as group_id, min_by(actor, decision_id) as actor
    from {{ ref('stg_decision') }}
    where state = 'holds' and made_group_id is not null
    group by made_group_id
),

item as (select * from {{ ref('stg_item') }}),

payable as (
    select * from {{ ref('open_item') }}
    where ledger = 'payable' and kind = 'invoice'
),

remittance as (select * from {{ ref('remittance_advice') }}),

payment as (select * from {{ ref('payment_instruction') }}),

run as (select * from {{ ref('stg_run') }}),

-- how far our knowledge goes: the newest delivery. Not the run's clock, so that runs that know the same say the same.
newest as (select max(received_at) as received_at from {{ ref('stg_delivery') }}),

-- an invoice is eligible once it is approved and not blocked; where no approval is asked for, once it is posted
eligible as (
    select
        'open_item' as object_type,
        payable.open_item_id as object_id,
        'eligible' as event,
        max(event."at") as "at",
        max(event.event_date) as event_date,
        max_by(event.system, (event."at", event.event_id)) as system,
        cast(null as varchar) as actor,
        payable.entity_id,
        payable.correlation_id,
        max(event.known_at) as known_at,
        max_by(event.delivery_id, (event."at", event.event_id)) as delivery_id,
        max_by(event.record_number, (event."at", event.event_id)) as record_number,
        cast(null as varchar) as detail
    from payable
    inner join event
        on
            event.object_type = 'open_item'
            and payable.open_item_id = event.object_id
            and event.event = case when payable.approval_status = 'approved' then 'approved' else 'posted' end
    where payable.approval_status in ('approved', 'not_required') and not payable.is_blocked
    group by all
),

-- an invoice is scheduled when a payment that names it is instructed
scheduled as (
    select
        'open_item' as object_type,
        remittance.open_item_id as object_id,
        'scheduled' as event,
        min(payment.known_at) as "at",
        min_by(payment.received_on, (payment.known_at, payment.payment_id)) as event_date,
        min_by(payment.source, (payment.known_at, payment.payment_id)) as system,
        cast(null as varchar) as actor,
        min_by(payment.entity_id, (payment.known_at, payment.payment_id)) as entity_id,
        min_by(payment.correlation_id, (payment.known_at, payment.payment_id)) as correlation_id,
        min(payment.known_at) as known_at,
        min_by(payment.delivery_id, (payment.known_at, payment.payment_id)) as delivery_id,
        min_by(payment.record_number, (payment.known_at, payment.payment_id)) as record_number,
        min(payment.payment_id) as detail
    from remittance
    inner join payment on remittance.payment_id = payment.payment_id
    where remittance.open_item_id is not null
    group by remittance.open_item_id
),

reconciled as (
    select
        case match.dataset when 'open_items' then 'open_item' when 'payments' then 'payment' else 'bank_line' end as object_type,
        match.item_id as object_id,
        'reconciled' as event,
        -- the end of the business day of the run that first matched the item against this other side
        timezone(run.timezone, cast(min(match_group.as_of) + 1 as timestamp)) as "at",
        min(match_group.as_of) as event_date,
        'tieout' as system,
        min_by(
            case when match_group."pass" = 'decision' then coalesce(decided.actor, 'decision') else match_group."pass" end,
            (match_group.as_of, match_group.group_id)
        ) as actor,
        min(item.entity_id) as entity_id,
        min(item.correlation_id) as correlation_id,
        timezone(run.timezone, cast(min(match_group.as_of) + 1 as timestamp)) as known_at,
        min(item.delivery_id) as delivery_id,
        cast(null as bigint) as record_number,
        match.leg as detail
    from match
    inner join match_group on match.group_id = match_group.group_id
    left join decided on match.group_id = decided.group_id
    inner join item on match.dataset = item.dataset and match.item_id = item.item_id
    cross join run
    group by match.dataset, match.item_id, match.leg, run.timezone
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
    md5(concat_ws('|', numbered.object_type, numbered.object_id, numbered.step_number)) as document_flow_id,
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
    -- the last state lasts as far as we know
    round(
        greatest(date_diff('second', numbered."at", coalesce(numbered.next_at, newest.received_at)), 0) / 3600.0, 2
    ) as hours_in_state,
    numbered.next_at is null as is_current,
    numbered.known_at,
    round(greatest(date_diff('second', numbered."at", numbered.known_at), 0) / 3600.0, 2) as latency_hours,
    numbered.delivery_id,
    numbered.record_number
from numbered
cross join newest
