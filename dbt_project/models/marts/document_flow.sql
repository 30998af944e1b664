{{ config(materialized='view') }}
-- The life of each document, step by step: what happened, in which system, by whom, how long it stayed in that state, and how
-- long it took until we knew.
with step as (select * from {{ ref('stg_document_step') }}),

-- how far our knowledge goes: the newest delivery. Not the run's clock, so that runs that know the same say the same.
newest as (select max(received_at) as received_at from {{ ref('stg_delivery') }})

select
    md5(concat_ws('|', step.object_type, step.object_id, step.step_number)) as document_flow_id,
    step.correlation_id,
    step.object_type,
    step.object_id,
    step.step_number,
    step.event,
    step."at",
    step.event_date,
    step.system,
    step.actor,
    step.detail,
    step.entity_id,
    step.next_event,
    -- the last state lasts as far as we know, with each delivery longer: nothing that is kept
    coalesce(step.hours_in_state, {{ hours_between('step."at"', 'newest.received_at') }}) as hours_in_state,
    step.next_event is null as is_current,
    step.known_at,
    {{ hours_between('step."at"', 'step.known_at') }} as latency_hours,
    step.delivery_id,
    step.record_number
from step
cross join newest
