-- Whether the work flows, not only the jobs: open alerts by check, entity and currency, with the money at stake and the oldest.
with alert as (select * from {{ source('monitoring', 'alert') }}),

run as (select * from {{ ref('stg_run') }}),

rate as (select * from {{ ref('group_rate') }}),

counted as (
    select
        alert."check" as check_name,
        alert.entity as entity_id,
        alert.currency,
        cast(count(*) filter (where alert.status = 'open') as bigint) as open_count,
        cast(count(*) filter (where alert.status = 'resolved') as bigint) as resolved_count,
        cast(count(*) filter (where alert.status = 'open' and alert.severity = 'critical') as bigint) as critical_count,
        cast(count(*) filter (where alert.status = 'ignored') as bigint) as ignored_count,
        {{ total("case when alert.status = 'open' then alert.amount end") }} as amount,
        min(alert.since) filter (where alert.status = 'open') as oldest_since,
        string_agg(distinct alert.owner, ', ' order by alert.owner) as owners
    from alert
    group by all
)

select
    concat_ws('|', counted.check_name, coalesce(counted.entity_id, ''), coalesce(counted.currency, '')) as workflow_health_id,
    run.as_of,
    counted.check_name,
    counted.entity_id,
    counted.currency,
    counted.open_count,
    counted.critical_count,
    counted.resolved_count,
    counted.amount,
    {{ convert_money('counted.amount', 'rate.numerator', 'rate.denominator') }} as amount_base,
    counted.oldest_since,
    cast(run.as_of - counted.oldest_since as bigint) as oldest_age_days,
    counted.owners,
    counted.ignored_count
from counted
cross join run
left join rate on counted.currency = rate.currency
