-- How far reconciliation is: per leg, side, entity, account and currency, by count and by value. An item counts once per leg,
-- in its best state: matched before suggested before ambiguous before open.
with match as (select * from {{ ref('stg_match') }}),

item as (select * from {{ ref('stg_item') }}),

rate as (select * from {{ ref('group_rate') }}),

run as (select * from {{ ref('stg_run') }}),

state as (
    select
        leg,
        dataset,
        face,
        item_id,
        min(case status when 'matched' then 1 when 'suggested' then 2 when 'ambiguous' then 3 else 4 end) as state,
        bool_or(status = 'matched' and is_decided) as is_decided,
        bool_or(status = 'open' and is_decided) as is_ignored
    from match
    group by all
),

counted as (
    select
        state.leg,
        state.dataset,
        state.face,
        item.entity_id,
        item.account_id,
        item.currency,
        cast(count(*) as bigint) as items,
        cast(count(*) filter (where state.state = 1) as bigint) as matched_items,
        cast(count(*) filter (where state.state = 2) as bigint) as suggested_items,
        cast(count(*) filter (where state.state = 3) as bigint) as ambiguous_items,
        cast(count(*) filter (where state.state = 4) as bigint) as open_items,
        cast(count(*) filter (where state.is_decided) as bigint) as decided_items,
        cast(count(*) filter (where state.state = 4 and state.is_ignored) as bigint) as ignored_items,
        {{ total('abs(item.amount)') }} as value,
        {{ total('case when state.state = 1 then abs(item.amount) end') }} as matched_value,
        {{ total('case when state.state = 2 then abs(item.amount) end') }} as suggested_value,
        {{ total('case when state.state = 3 then abs(item.amount) end') }} as ambiguous_value,
        {{ total('case when state.state = 4 then abs(item.amount) end') }} as open_value,
        {{ total('case when state.is_decided then abs(item.amount) end') }} as decided_value,
        {{ total('case when state.state = 4 and state.is_ignored then abs(item.amount) end') }} as ignored_value,
        min(item.date) filter (where state.state > 1) as oldest_open
    from state
    inner join item on state.dataset = item.dataset and state.item_id = item.item_id
    group by all
)

select
    concat_ws(
        '|', counted.leg, counted.dataset, coalesce(counted.entity_id, ''), coalesce(counted.account_id, ''), counted.currency
    ) as reconciliation_status_id,
    run.as_of,
    counted.leg,
    counted.dataset,
    counted.face as against,
    counted.entity_id,
    counted.account_id,
    counted.currency,
    counted.items,
    counted.matched_items,
    counted.suggested_items,
    counted.ambiguous_items,
    counted.open_items,
    counted.value,
    counted.matched_value,
    counted.suggested_value,
    counted.ambiguous_value,
    counted.open_value,
    counted.matched_items / counted.items as match_rate,
    case when counted.value > 0 then cast(counted.matched_value as double) / cast(counted.value as double) end as value_match_rate,
    {{ convert_money('counted.value', 'rate.numerator', 'rate.denominator') }} as value_base,
    {{ convert_money('counted.open_value', 'rate.numerator', 'rate.denominator') }} as open_value_base,
    counted.oldest_open,
    counted.decided_items,
    counted.decided_value,
    counted.ignored_items,
    counted.ignored_value
from counted
cross join run
left join rate on counted.currency = rate.currency
