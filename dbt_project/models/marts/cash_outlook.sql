-- The forecast as a treasurer reads it: per account and week what comes in and goes out, how certain it is, and the balance it
-- ends with. The balance's interval takes the errors of days as alike as they were in earlier forecasts; that of a day adds its
-- layers'.
with forecast as (select * from {{ ref('cash_forecast') }}),

rate as (select * from {{ ref('group_rate') }}),

-- an account has one balance, whoever's items move on it: an entity may pay for others
holder as (
    select
        account_id,
        currency,
        coalesce(max(entity_id) filter (where layer = 'opening'), max(entity_id)) as entity_id
    from forecast
    where account_id is not null
    group by account_id, currency
),

movement as (
    select
        forecast.vintage,
        case when forecast.account_id is null then forecast.entity_id else holder.entity_id end as entity_id,
        forecast.account_id,
        forecast.currency,
        forecast.date,
        forecast.week,
        forecast.layer,
        forecast.certainty,
        forecast.amount,
        forecast.high - forecast.low as width,
        forecast.error_correlation,
        forecast.balance_date,
        forecast.is_stale
    from forecast
    left join holder on forecast.account_id = holder.account_id and forecast.currency = holder.currency
    where forecast.layer != 'beyond_horizon'
),

day as (
    select
        vintage,
        entity_id,
        account_id,
        currency,
        date,
        week,
        sum(amount) filter (where layer = 'opening') as opening,
        {{ total("case when layer != 'opening' then amount end") }} as movement,
        {{ total("case when layer != 'opening' and amount > 0 then amount end") }} as inflow,
        {{ total("case when layer != 'opening' and amount < 0 then amount end") }} as outflow,
        {{ total("case when layer != 'opening' and certainty = 'committed' then amount end") }} as committed,
        {{ total("case when layer != 'opening' and certainty = 'expected' then amount end") }} as expected,
        {{ total("case when layer != 'opening' and certainty = 'statistical' then amount end") }} as statistical,
        coalesce(cast(sum(width) filter (where layer = 'opening') as double) / 2, 0) as opening_half,
        coalesce(cast(sum(width) filter (where layer != 'opening') as double) / 2, 0) as movement_half,
        coalesce(max(error_correlation), 0) as error_correlation,
        max(balance_date) as balance_date,
        bool_or(is_stale) as is_stale
    from movement
    group by vintage, entity_id, account_id, currency, date, week
),

running as (
    select
        *,
        sum(opening) over through as start_balance,
        sum(movement) over through as moved,
        sqrt(
            sum(power(opening_half, 2)) over through
            + (1 - error_correlation) * sum(power(movement_half, 2)) over through
            + error_correlation * power(sum(movement_half) over through, 2)
        ) as half
    from day
    window through as (partition by vintage, entity_id, account_id, currency order by date)
),

week as (
    select
        vintage,
        entity_id,
        account_id,
        currency,
        week,
        max(date) as until_date,
        {{ total('movement') }} as movement,
        {{ total('inflow') }} as inflow,
        {{ total('outflow') }} as outflow,
        {{ total('committed') }} as committed,
        {{ total('expected') }} as expected,
        {{ total('statistical') }} as statistical,
        cast(arg_max(start_balance + moved, date) as decimal(23, 5)) as closing_balance,
        cast(min(start_balance + moved) as decimal(23, 5)) as lowest_balance,
        cast(round(arg_max(half, date)) as decimal(23, 5)) as half,
        max(balance_date) as balance_date,
        bool_or(is_stale) as is_stale
    from running
    group by vintage, entity_id, account_id, currency, week
)

select
    concat_ws('|', week.vintage, coalesce(week.entity_id, ''), coalesce(week.account_id, ''), week.currency, week.week)
        as cash_outlook_id,
    week.vintage,
    week.entity_id,
    week.account_id,
    week.currency,
    week.week,
    week.until_date,
    cast(week.closing_balance - week.movement as decimal(23, 5)) as opening_balance,
    week.inflow,
    week.outflow,
    week.committed,
    week.expected,
    week.statistical,
    week.closing_balance,
    cast(week.closing_balance - week.half as decimal(23, 5)) as closing_low,
    cast(week.closing_balance + week.half as decimal(23, 5)) as closing_high,
    week.lowest_balance,
    {{ convert_money('week.closing_balance', 'rate.numerator', 'rate.denominator') }} as closing_balance_base,
    week.balance_date,
    week.is_stale
from week
left join rate on week.currency = rate.currency
