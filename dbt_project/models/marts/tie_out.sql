-- Whether the canonical open items say what each ERP said: per system, company code, ledger and currency, the newest state of
-- every item as delivered, added up straight from the raw records, against the canonical items. Both sides must agree in number
-- and, without signs, in amount; what has no sign, or is one item with two origins during a migration, is shown apart.
with raw_item as not materialized (select * from {{ source('raw', 'open_item') }}),

delivery as (select * from {{ ref('stg_delivery') }}),

item as not materialized (select * from {{ ref('open_item') }}),

merged as (select * from {{ ref('open_item_origin') }}),

run as (select * from {{ ref('stg_run') }}),

told as not materialized (
    select raw_item.*, delivery.system, delivery.received_at, {{ moment('delivery', 'raw_item') }} as moment
    from raw_item
    inner join delivery on raw_item.delivery_id = delivery.delivery_id
),

newest_moment as (select max(moment) as moment from told group by {{ open_item_key() }}),

newest as not materialized (
    select told.* from told
    where told.moment in (select newest_moment.moment from newest_moment)
),

delivered as (
    select
        system,
        source_system,
        company_code,
        ledger,
        currency,
        cast(count(*) as bigint) as delivered_items,
        {{ total('abs(amount)') }} as delivered_gross,
        max(received_at) as last_received_at
    from newest
    group by all
),

origin as (
    select
        merged.source_system,
        merged.company_code,
        merged.ledger,
        merged.currency,
        cast(count(*) as bigint) as merged_items,
        {{ total('abs(merged.amount)') }} as merged_gross
    from merged
    where not merged.is_surviving
    group by all
),

canonical as (
    select
        source_system,
        company_code,
        ledger,
        currency,
        cast(count(*) as bigint) as canonical_items,
        {{ total('abs(amount)') }} as canonical_gross,
        cast(count(*) filter (where amount is null) as bigint) as unsigned_items,
        cast(count(*) filter (where status = 'open') as bigint) as open_items,
        {{ total("case when status = 'open' then open_amount end") }} as open_balance
    from item
    group by all
),

-- an item without a sign has no canonical amount: its delivered amount explains the difference
unsigned as (
    select
        newest.source_system,
        newest.company_code,
        newest.ledger,
        newest.currency,
        {{ total('abs(newest.amount)') }} as unsigned_gross
    from newest
    inner join item on newest.document_number = item.document_number and {{ open_item_key('newest.') }} = item.open_item_id
    where item.amount is null
    group by all
)

select
    concat_ws('|', delivered.source_system, delivered.company_code, delivered.ledger, delivered.currency) as tie_out_id,
    run.as_of,
    delivered.system,
    delivered.source_system,
    delivered.company_code,
    delivered.ledger,
    delivered.currency,
    delivered.delivered_items,
    coalesce(canonical.canonical_items, 0) as canonical_items,
    coalesce(origin.merged_items, 0) as merged_items,
    coalesce(canonical.unsigned_items, 0) as unsigned_items,
    delivered.delivered_gross,
    coalesce(canonical.canonical_gross, 0) as canonical_gross,
    coalesce(origin.merged_gross, 0) as merged_gross,
    coalesce(unsigned.unsigned_gross, 0) as unsigned_gross,
    cast(
        delivered.delivered_gross
        - coalesce(canonical.canonical_gross, 0)
        - coalesce(origin.merged_gross, 0)
        - coalesce(unsigned.unsigned_gross, 0) as decimal(23, 5)
    ) as difference,
    delivered.delivered_items = coalesce(canonical.canonical_items, 0) + coalesce(origin.merged_items, 0)
    and delivered.delivered_gross
    = coalesce(canonical.canonical_gross, 0) + coalesce(origin.merged_gross, 0) + coalesce(unsigned.unsigned_gross, 0)
        as is_tied_out,
    coalesce(canonical.open_items, 0) as open_items,
    coalesce(canonical.open_balance, 0) as open_balance,
    delivered.last_received_at
from delivered
cross join run
left join canonical
    on
        delivered.source_system = canonical.source_system
        and delivered.company_code = canonical.company_code
        and delivered.ledger = canonical.ledger
        and delivered.currency = canonical.currency
left join origin
    on
        delivered.source_system = origin.source_system
        and delivered.company_code = origin.company_code
        and delivered.ledger = origin.ledger
        and delivered.currency = origin.currency
left join unsigned
    on
        delivered.source_system = unsigned.source_system
        and delivered.company_code = unsigned.company_code
        and delivered.ledger = unsigned.ledger
        and delivered.currency = unsigned.currency
