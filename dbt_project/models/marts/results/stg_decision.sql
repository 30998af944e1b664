-- What people decided, with what became of it: a decision that made a group may have lapsed since, because its items have changed.
-- So has one that a match's difference is posted, where the match is no longer in force.
with decision as (select * from {{ source('matching', 'decision') }}),

decision_effect as (select * from {{ source('matching', 'decision_effect') }}),

match_group as (
    select distinct group_id from {{ source('matching', 'match_group') }}
    where superseded_by is null
),

unfounded as (
    select
        decision.decision_id,
        cast(null as varchar) as group_id,
        'match ' || decision.group_id || ' is no longer in force: reverse the posting of its difference' as lapsed
    from decision
    left join match_group on decision.group_id = match_group.group_id
    where decision.kind = 'write_off' and decision.group_id is not null and match_group.group_id is null
),

effect as (
    select decision_id, group_id, lapsed from decision_effect
    union all
    select decision_id, group_id, lapsed from unfounded
),

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
