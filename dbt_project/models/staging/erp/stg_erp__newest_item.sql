{{
    config(
        materialized='by_key',
        key='open_item_id',
        changes=['open_item_id', 'document_number', 'reference'],
        pre_hook="{{ touch(touched_newest_item()) }}"
    )
}}
-- The newest observation of each open item at known_at, with the legal entity its company code belongs to. Of a source that delivers
-- full snapshots, an item that the newest whole one no longer lists is cleared, though no record says so; the observation stays the
-- last that was made. A snapshot of which a record was rejected proves nothing about what it does not list.
with observation as (select * from {{ ref('stg_erp__open_item_observation') }}),

entity as (select * from {{ source('config', 'legal_entity') }}),

delivery as (select * from {{ ref('stg_delivery') }}),

raw_item as not materialized (select * from {{ source('raw', 'open_item') }}),

raw_moment as (
    select {{ open_item_key() }} as open_item_id, {{ moment('delivery', 'raw_item') }} as moment
    from raw_item
    inner join delivery on raw_item.delivery_id = delivery.delivery_id
    {% if new_only() %}
        where raw_item.delivery_id in {{ new_deliveries() }}
        union all
        -- of the records the table was made from, it holds the newest
        select before.open_item_id, {{ moment('delivery', 'before') }} as moment
        from {{ this }} as before
        inner join delivery on before.delivery_id = delivery.delivery_id
        where {{ is_touched('before.open_item_id') }}
    {% endif %}
),

-- which record is the newest is found on the key alone; only that record is interpreted
newest_moment as (
    select open_item_id, max(moment) as moment
    from raw_moment
    group by open_item_id
),

newest_record as (
    select
        newest_moment.open_item_id,
        delivery.delivery_id,
        {{ record_at('newest_moment.moment') }} as record_number
    from newest_moment
    inner join delivery on {{ arrival_at('newest_moment.moment') }} = delivery.arrival
),

newest as (
    select observation.*
    from observation
    inner join newest_record
        on observation.delivery_id = newest_record.delivery_id and observation.record_number = newest_record.record_number
),

-- the same list delivered once more is registered, not loaded: its rows are those of the first. Where that one was refused or lost
-- a record, so is this one: it clears nothing
holder as (
    select source, sha256, min(delivery_id) as delivery_id
    from delivery
    where is_snapshot and status = 'loaded'
    group by source, sha256
),

snapshot as (
    select
        delivery.source,
        delivery.delivery_id,
        delivery.received_at,
        holder.delivery_id as holder_id
    from delivery
    inner join holder on delivery.source = holder.source and delivery.sha256 = holder.sha256
    where delivery.status in ('loaded', 'duplicate')
    qualify row_number() over (partition by delivery.source order by delivery.received_at desc, delivery.delivery_id desc) = 1
),

listed as (
    select distinct snapshot.source, {{ open_item_key() }} as open_item_id
    from snapshot
    inner join raw_item on snapshot.holder_id = raw_item.delivery_id
),

judged as (
    select
        newest.*,
        snapshot.delivery_id as newest_list,
        snapshot.received_at as newest_list_at,
        newest.status = 'open'
        and newest.received_at < snapshot.received_at
        and listed.open_item_id is null as is_gone
    from newest
    left join snapshot on newest.source = snapshot.source
    left join listed on newest.source = listed.source and newest.open_item_id = listed.open_item_id
)

select
    judged.* exclude (source_entity_id, source_timezone, extra, newest_list, newest_list_at, is_gone)
    replace (
        case when judged.is_gone then 'cleared' else judged.status end as status,
        case when judged.is_gone then 0 else judged.open_amount end as open_amount
    ),
    case when judged.is_gone then judged.newest_list end as absent_from,
    case when judged.is_gone then judged.newest_list_at end as absent_since,
    coalesce(entity.entity_id, judged.source_entity_id) as entity_id
from judged
left join entity
    on judged.company_code = entity.company_code and (entity.erp_system is null or judged.system = entity.erp_system)
