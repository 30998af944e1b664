{{ config(tracked=['currency', 'numerator', 'denominator', 'valid_from']) }}
-- How to value a currency in the group's: amount * numerator / denominator, from the newest rates up to as_of. A pair is used
-- directly, inversely, or through one third currency both sides are quoted against; integers, so that no double touches money.
with run as (select * from {{ ref('stg_run') }}),

rate as (
    select fx_rate.*, cast(fx_rate.rate * 10000000000 as hugeint) as units
    from {{ ref('fx_rate') }} as fx_rate
    cross join run
    where fx_rate.valid_from <= run.as_of and fx_rate.rate > 0
    qualify row_number() over (
        partition by fx_rate.base_currency, fx_rate.quote_currency
        order by fx_rate.valid_from desc, fx_rate.known_at desc, fx_rate.fx_rate_id asc
    ) = 1
),

own as (
    select
        run.base_currency as currency,
        cast(1 as hugeint) as numerator,
        cast(1 as hugeint) as denominator,
        run.as_of as valid_from,
        0 as preference
    from run
),

direct as (
    select
        rate.base_currency as currency,
        rate.units as numerator,
        cast(10000000000 as hugeint) as denominator,
        rate.valid_from,
        1 as preference
    from rate
    inner join run on rate.quote_currency = run.base_currency
),

inverse as (
    select
        rate.quote_currency as currency,
        cast(10000000000 as hugeint) as numerator,
        rate.units as denominator,
        rate.valid_from,
        2 as preference
    from rate
    inner join run on rate.base_currency = run.base_currency
),

crossed as (
    select
        rate.quote_currency as currency,
        to_group.units as numerator,
        rate.units as denominator,
        least(rate.valid_from, to_group.valid_from) as valid_from,
        3 as preference
    from rate
    inner join rate as to_group on rate.base_currency = to_group.base_currency
    inner join run on to_group.quote_currency = run.base_currency
),

candidate as (
    select * from own
    union all
    select * from direct
    union all
    select * from inverse
    union all
    select * from crossed
)

select currency, numerator, denominator, valid_from
from candidate
qualify row_number() over (
    partition by currency order by preference asc, valid_from desc, numerator asc, denominator asc
) = 1
