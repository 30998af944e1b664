-- The forecast of the run's vintage (the newest up to as_of): layers per account, currency and day; they add up.
with forecast as (select * from {{ source('forecasting', 'cash_forecast') }}),

run as (select * from {{ ref('stg_run') }}),

rate as (select * from {{ ref('group_rate') }}),

vintage as (
    select max(forecast.vintage) as vintage
    from forecast
    cross join run
    where forecast.vintage <= run.as_of
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
    forecast.sources
from forecast
inner join vintage on forecast.vintage = vintage.vintage
left join rate on forecast.currency = rate.currency
