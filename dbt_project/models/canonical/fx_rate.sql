-- Exchange rates, newest observation per provider, type, pair and day: one unit of base_currency costs rate units of quote.
with rate as (select * from {{ source('raw', 'fx_rate') }}),

delivery as (select * from {{ ref('stg_delivery') }})

select
    concat_ws(
        '|', coalesce(rate.provider, ''), coalesce(rate.rate_type, ''), rate.base_currency, rate.quote_currency, rate.valid_from
    ) as fx_rate_id,
    rate.provider,
    rate.rate_type,
    rate.base_currency,
    rate.quote_currency,
    rate.rate,
    rate.valid_from,
    delivery.source,
    delivery.received_at as known_at,
    rate.delivery_id,
    rate.record_number
from rate
inner join delivery on rate.delivery_id = delivery.delivery_id
qualify row_number() over (
    partition by rate.provider, rate.rate_type, rate.base_currency, rate.quote_currency, rate.valid_from
    order by delivery.received_at desc, delivery.delivery_id desc, rate.record_number desc
) = 1
