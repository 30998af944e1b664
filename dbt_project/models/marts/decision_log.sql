-- What people decided and what holds of it: one row a decision, approvals and refusals told on the decision they are about.
with decision as (select * from {{ ref('stg_decision') }}),

item as (
    select decision_id, cast(count(*) as bigint) as items
    from {{ source('matching', 'decision_item') }}
    group by decision_id
),

rate as (select * from {{ ref('group_rate') }}),

run as (select * from {{ ref('stg_run') }})

select
    decision.decision_id,
    run.as_of,
    decision.kind,
    decision.state,
    decision.actor as decided_by,
    decision.decided_at,
    decision.reason,
    decision.about,
    decision.leg,
    decision.group_id,
    decision.made_group_id,
    decision.exception_id,
    decision.counterparty_link_id,
    decision.target as about_decision,
    decision.until as ignored_until,
    decision.difference_kind,
    coalesce(item.items, 0) as items,
    decision.amount,
    decision.currency,
    {{ convert_money('decision.amount', 'rate.numerator', 'rate.denominator') }} as amount_base,
    decision.needs_approval,
    decision.approved_by,
    decision.approved_at,
    decision.closed_by,
    decision.closed_at,
    decision.closed_in,
    decision.closed_why,
    decision.lapsed as lapsed_because,
    decision.origin
from decision
cross join run
left join item on decision.decision_id = item.decision_id
left join rate on decision.currency = rate.currency
