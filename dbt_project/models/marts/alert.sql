-- What monitoring found: one row a condition, open, set aside by a person, or resolved; what happened to the work, where exceptions say
-- what is wrong with an item.
with alert as (select * from {{ source('monitoring', 'alert') }}),

run as (select * from {{ ref('stg_run') }}),

rate as (select * from {{ ref('group_rate') }})

select
    alert.alert_id,
    run.as_of,
    alert."check" as check_name,
    alert.status,
    alert.severity,
    alert.object_type,
    alert.object_id,
    alert.related_id,
    alert.entity as entity_id,
    alert.account as account_id,
    alert.currency,
    alert.amount,
    {{ convert_money('alert.amount', 'rate.numerator', 'rate.denominator') }} as amount_base,
    alert.since,
    cast(coalesce(alert.resolved_on, run.as_of) - alert.since as bigint) as age_days,
    alert.owner,
    alert.message,
    alert.next_step,
    alert.first_seen,
    alert.resolved_on,
    alert.ignored_until
from alert
cross join run
left join rate on alert.currency = rate.currency
