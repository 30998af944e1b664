-- Which items the matching has placed in which groups, superseded groups left out, with the leg's other side ("face").
with match_group as (
    select * from {{ source('matching', 'match_group') }}
    where superseded_by is null
),

match_item as (select * from {{ source('matching', 'match_item') }}),

unmatched as (select * from {{ source('matching', 'unmatched') }}),

placed as (
    select
        match_group.leg,
        match_item.dataset,
        match_item.item_id,
        match_group.group_id,
        match_group.status,
        match_item.applied_amount,
        cast(null as decimal(23, 5)) as open_amount,
        cast(null as varchar) as reason,
        match_group."pass" = 'decision' as is_decided
    from match_group
    inner join match_item on match_group.group_id = match_item.group_id and match_group.run_id = match_item.run_id
    union all
    select
        unmatched.leg,
        unmatched.dataset,
        unmatched.item_id,
        cast(null as varchar) as group_id,
        'open' as status,
        cast(null as decimal(23, 5)) as applied_amount,
        unmatched.open_amount,
        unmatched.reason,
        unmatched.reason = 'ignored' as is_decided
    from unmatched
),

side as (select distinct leg, dataset from placed),

face as (
    select side.leg, side.dataset, coalesce(min(other.dataset), side.dataset) as face
    from side
    left join side as other on side.leg = other.leg and side.dataset != other.dataset
    group by side.leg, side.dataset
)

select placed.*, face.face
from placed
inner join face on placed.leg = face.leg and placed.dataset = face.dataset
