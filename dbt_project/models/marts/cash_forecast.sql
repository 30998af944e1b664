-- The forecast of the run's vintage (the newest up to as_of): layers per account, currency and day; they add up.
with forecast as (select * from {{ source('forecasting', 'cash_forecast') }}),

run as (select * from {{ ref('stg_run') }}),

rate as (select * from {{ ref('group_rate') }}),

vintage as (
    select max(forecast.vintage) as vintage
    from forecast
    cross join run
    where forecast.vintage <= run.as_of
),

-- the date of the balance an account's forecast starts from
opening as (
    select
        forecast.account,
        forecast.currency,
        max(forecast.balance_date) as balance_date,
        bool_or(forecast.certainty = 'expected') as is_stale
    from forecast
    inner join vintage on forecast.vintage = vintage.vintage
    where forecast.layer = 'opening'
    group by forecast.account, forecast.currency
)

select
    concat_ws(
        '|',
        forecast.vintage,
        coalesce(forecast.entity, ''),
        coalesce(forecast.account, ''),
        forecast.currency,
        forecast.date,
        forecast.layer,
        coalesce(forecast.certainty, '')
    ) as cash_forecast_id,
    forecast.vintage,
    forecast.entity as entity_id,
    forecast.account as account_id,
    forecast.currency,
    forecast.date,
    date_trunc('week', forecast.date)::date as week,
    forecast.layer,
    forecast.certainty,
    forecast.amount,
    forecast.low,
    forecast.high,
    {{ convert_money('forecast.amount', 'rate.numerator', 'rate.denominator') }} as amount_base,
    forecast.item_count,
    forecast.sources,
    opening.balance_date,
    opening.is_stale,
    forecast.error_correlation
from forecast
inner join vintage on forecast.vintage = vintage.vintage
left join opening on forecast.account = opening.account and forecast.currency = opening.currency
left join rate on forecast.currency = rate.currency
