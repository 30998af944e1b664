{{ config(materialized='table') }}
-- That an item is reconciled, leg by leg, dated by the run that first made the match with that other side.
with match as (
    select * from {{ ref('stg_match') }}
    where status = 'matched'
),

match_group as (
    select group_id, "pass", as_of from {{ source('matching', 'match_group') }}
    where superseded_by is null
),

-- whose decision made a group; of several that agree, the first
decided as (
    select made_group_id as group_id, min_by(actor, decision_id) as actor
    from {{ ref('stg_decision') }}
    where state = 'holds' and made_group_id is not null
    group by made_group_id
)

select
    case match.dataset when 'open_items' then 'open_item' when 'payments' then 'payment' else 'bank_line' end as object_type,
    match.item_id as object_id,
    match.dataset,
    match.leg as detail,
    min(match_group.as_of) as event_date,
    min_by(
        case when match_group."pass" = 'decision' then coalesce(decided.actor, 'decision') else match_group."pass" end,
        (match_group.as_of, match_group.group_id)
    ) as actor
from match
inner join match_group on match.group_id = match_group.group_id
left join decided on match.group_id = decided.group_id
group by match.dataset, match.item_id, match.leg
