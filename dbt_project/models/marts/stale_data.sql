-- How old the newest data of each account and each source is, and whether monitoring calls it stale.
with position as (select * from {{ ref('cash_position') }}),

source_config as (select * from {{ source('config', 'source') }}),

delivery as (select * from {{ ref('stg_delivery') }}),

alert as (
    select * from {{ source('monitoring', 'alert') }}
    where status = 'open' and "check" like 'stale%'
    qualify row_number() over (partition by object_type, object_id order by since, alert_id) = 1
),

run as (select * from {{ ref('stg_run') }}),

arrival as (
    select
        source,
        max(received_at) filter (where is_arrival) as last_received_at,
        max(received_on) filter (where is_arrival) as last_received_on
    from delivery
    group by source
),

account_alert as (
    select * from alert
    where account is not null
    qualify row_number() over (partition by account order by since, alert_id) = 1
),

source_alert as (
    select * from alert
    where object_type = 'source'
    qualify row_number() over (partition by object_id order by since, alert_id) = 1
)

select
    'account|' || position.cash_position_id as stale_data_id,
    run.as_of,
    'account' as object_type,
    position.account_id as object_id,
    position.account_name as title,
    position.entity_id,
    position.balance_date as last_data_date,
    position.known_at as last_received_at,
    position.calendar_days_old,
    position.weekdays_old,
    position.is_stale,
    coalesce(account_alert.since, position.stale_since) as stale_since,
    account_alert.severity,
    account_alert.message,
    account_alert.next_step,
    coalesce(account_alert.owner, position.owner) as owner
from position
cross join run
left join account_alert on position.account_id = account_alert.account
union all
select
    'source|' || source_config.source as stale_data_id,
    run.as_of,
    'source' as object_type,
    source_config.source as object_id,
    source_config.title,
    source_config.entity_id,
    arrival.last_received_on as last_data_date,
    arrival.last_received_at,
    cast(run.as_of - arrival.last_received_on as bigint) as calendar_days_old,
    {{ weekdays_between('arrival.last_received_on', 'run.as_of') }} as weekdays_old,
    source_alert.alert_id is not null or arrival.last_received_at is null as is_stale,
    source_alert.since as stale_since,
    source_alert.severity,
    source_alert.message,
    source_alert.next_step,
    coalesce(source_alert.owner, source_config.owner) as owner
from source_config
cross join run
left join arrival on source_config.source = arrival.source
left join source_alert on source_config.source = source_alert.object_id
