-- What the sides of a match differ by and somebody has to post: bank charges, cash discount, exchange differences, over- and
-- underpayments. Where the ERP has cleared every open item of the match, its clearing has posted the difference already; it has
-- two weekdays to do so.
with match_group as (
    select * from {{ source('matching', 'match_group') }}
    where superseded_by is null and status = 'matched' and difference != 0
),

match as (select * from {{ ref('stg_match') }}),

item as (select * from {{ ref('stg_item') }}),

run as (select * from {{ ref('stg_run') }}),

decision as (
    select * from {{ ref('stg_decision') }}
    where kind = 'write_off' and state = 'holds'
),

-- written off as a match's difference, or a match only by having been written off
settled as (
    select group_id from decision
    where group_id is not null
    union
    select made_group_id as group_id from decision
    where made_group_id is not null
),

-- how near a dataset is to the bank account: the nearer side says what was paid, the other what was owed
member as (
    select
        match.group_id,
        match.applied_amount,
        case match.dataset when 'bank_lines' then 1 when 'payments' then 2 else 3 end as distance,
        match.dataset = 'open_items' as is_open_item,
        item.kind in ('cleared', 'cancelled') as is_closed,
        item.entity_id,
        item.account_id,
        item.date,
        item.correlation_id,
        item.delivery_id,
        item.item_id
    from match
    inner join match_group on match.group_id = match_group.group_id
    inner join item on match.dataset = item.dataset and match.item_id = item.item_id
),

side as (
    select
        group_id,
        distance,
        {{ total('applied_amount') }} as total
    from member
    group by group_id, distance
),

paid as (
    select
        group_id,
        min_by(total, distance) as total
    from side
    group by group_id
),

facts as (
    select
        group_id,
        min(entity_id) as entity_id,
        min(account_id) as account_id,
        max(date) filter (where distance = nearest) as since,
        min(correlation_id) as correlation_id,
        min_by(delivery_id, (distance, item_id)) as delivery_id,
        bool_or(is_open_item) as has_open_item,
        coalesce(bool_and(is_closed) filter (where is_open_item), false) as is_cleared
    from (
        select
            *,
            min(distance) over (partition by group_id) as nearest
        from member
    )
    group by group_id
),

measured as (
    select
        match_group.group_id,
        match_group.leg,
        match_group.difference_kind,
        match_group.currency,
        -- more cash, or less to pay, is a gain whichever side of the leg is called left
        case when paid.total = match_group.left_total then match_group.difference else -match_group.difference end as amount,
        case when paid.total = match_group.left_total then match_group.right_total else match_group.left_total end as owed,
        match_group.explanation,
        facts.* exclude (group_id, has_open_item, is_cleared)
    from match_group
    inner join paid on match_group.group_id = paid.group_id
    inner join facts on match_group.group_id = facts.group_id
    cross join run
    where
        -- what is paid on a later day is not to be posted yet
        facts.since <= run.as_of
        and not facts.is_cleared
        and (not facts.has_open_item or {{ weekdays_between('facts.since', 'run.as_of') }} > 2)
        and match_group.difference_kind != 'write_off'
        and not exists (select 1 from settled where settled.group_id = match_group.group_id)
)

select
    group_id,
    leg,
    difference_kind,
    currency,
    amount,
    entity_id,
    account_id,
    since,
    correlation_id,
    delivery_id,
    'Post ' || {{ say_money('abs(amount)') }} || ' ' || currency || ' '
    || case
        when difference_kind = 'fee' and amount < 0 then 'as bank charges'
        when difference_kind = 'fee' then 'as charges that the other party bears'
        when difference_kind = 'discount' and amount > 0 then 'as cash discount received'
        when difference_kind = 'discount' then 'as cash discount granted'
        when difference_kind = 'fx' and amount > 0 then 'as an exchange gain'
        when difference_kind = 'fx' then 'as an exchange loss'
        when difference_kind = 'rounding' then 'as a rounding difference'
        when difference_kind = 'return' then 'as what the return has cost'
        when difference_kind = 'typing_error' then 'once it is clear which amount is mistyped'
        when difference_kind in ('short_pay', 'over_pay') and owed >= 0 and amount < 0
            then 'to the customer''s account as still owed, or as a reduction granted'
        when difference_kind in ('short_pay', 'over_pay') and owed >= 0 then 'to the customer''s account as paid too much'
        when difference_kind in ('short_pay', 'over_pay') and amount > 0
            then 'to the supplier''s account as still to be paid, or as a reduction received'
        when difference_kind in ('short_pay', 'over_pay') then 'to the supplier''s account as paid too much'
        else 'as what it is (' || replace(difference_kind, '_', ' ') || ')'
    end
    || case when amount < 0 then ', at our expense. ' else ', in our favour. ' end || explanation as message
from measured
