{{ config(materialized='table') }}
-- Deliveries known at the run's known_at, whatever became of them. Joining to this table is what makes a model time-aware.
with delivery as (select * from {{ source('raw', 'delivery') }}),

run as (select * from {{ ref('stg_run') }}),

config_source as (select * from {{ source('config', 'source') }}),

-- lists of an account that hold nothing but their header
bare as (
    select told.sha256
    from {{ source('raw', 'delivery') }} as told
    inner join {{ source('raw', 'bank_statement') }} as statement on told.delivery_id = statement.delivery_id
    where told.records_read = 1 and statement.entry_count = 0 and statement.closing_balance is null
)

select
    delivery.*,
    config_source.title as source_title,
    config_source.owner as source_owner,
    config_source.source_group,
    config_source.entity_id as source_entity_id,
    config_source.account_id as source_account_id,
    coalesce(config_source.is_snapshot, false) as is_snapshot,
    -- an ERP that delivers what it delivered last has nothing new to say, and a file without a record says so itself; the statement or
    -- the changes of another day, sent once more, are none of today
    delivery.status in ('loaded', 'partly')
    or (delivery.status = 'duplicate' and (delivery.records_read = 0 or delivery.sha256 in (select bare.sha256 from bare)))
    or (
        delivery.status = 'duplicate'
        and config_source.source_group = 'erp'
        and delivery.sha256 = lag(case when delivery.status in ('loaded', 'partly') then delivery.sha256 end ignore nulls) over (
            partition by delivery.source
            order by delivery.received_at, delivery.delivery_id
        )
    ) is true as is_arrival,
    -- what was wrong with a full list is settled by any newer one that is whole; a file that lay where it does not belong, by the one that
    -- lay where it could be read. Where two sources take a part each of one file, neither stands for the other
    (
        coalesce(config_source.is_snapshot, false)
        and coalesce(
            max(case when delivery.status = 'loaded' then delivery.received_at end) over (partition by delivery.source)
            > delivery.received_at,
            false
        )
    )
    or (
        delivery.status = 'quarantined'
        and exists (
            select 1 from delivery as read_elsewhere
            where
                read_elsewhere.sha256 = delivery.sha256 and read_elsewhere.file_name != delivery.file_name
                and read_elsewhere.status in ('loaded', 'partly') and read_elsewhere.received_at <= run.known_at
        )
    ) as is_replaced,
    cast(timezone(run.timezone, delivery.received_at) as date) as received_on,
    coalesce(config_source.timezone, run.timezone) as source_timezone,
    cast(row_number() over (order by delivery.received_at, delivery.delivery_id) as bigint) as arrival
from delivery
cross join run
left join config_source on delivery.source = config_source.source
where delivery.received_at <= run.known_at
