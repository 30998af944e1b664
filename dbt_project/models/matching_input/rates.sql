-- Rates the matching converts amounts of unlike currency with: of the base currency that has the most quotes, one a day and
-- currency. Where several providers publish one, the first by name is taken: the passes allow for more than they differ.
with rate as (
    select * from {{ ref('fx_rate') }}
    where rate > 0 and base_currency != quote_currency
),

base as (
    select base_currency
    from rate
    group by base_currency
    order by count(*) desc, base_currency asc
    limit 1
)

select
    rate.valid_from,
    rate.base_currency,
    rate.quote_currency,
    rate.rate
from rate
inner join base on rate.base_currency = base.base_currency
qualify row_number() over (
    partition by rate.base_currency, rate.quote_currency, rate.valid_from
    order by rate.provider asc, rate.rate_type asc, rate.fx_rate_id asc
) = 1
