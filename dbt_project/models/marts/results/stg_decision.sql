-- What people decided, with what became of it: a decision that made a group may have lapsed since, because its items have changed.
with decision as (select * from {{ source('matching', 'decision') }}),

effect as (select * from {{ source('matching', 'decision_effect') }}),

run as (select * from {{ ref('stg_run') }})

select
    decision.decision_id,
    decision.kind,
    case when decision.state = 'holds' and effect.lapsed is not null then 'lapsed' else decision.state end as state,
    decision.actor,
    decision.decided_at,
    cast(timezone(run.timezone, decision.decided_at) as date) as decided_on,
    decision.reason,
    decision.about,
    decision.leg,
    decision.group_id,
    effect.group_id as made_group_id,
    effect.lapsed,
    decision.exception_id,
    decision.target,
    decision.counterparty_link_id,
    decision.until,
    decision.difference_kind,
    decision.amount,
    decision.currency,
    decision.origin,
    decision.needs_approval,
    decision.approved_by,
    decision.approved_at,
    decision.closed_by,
    decision.closed_at,
    decision.closed_in,
    decision.closed_why
from decision
cross join run
left join effect on decision.decision_id = effect.decision_id
