-- Items that the old and the new ERP of a company both know while it moves from one to the other (config/ownership.yml, cutover).
-- Two records are one item only where entity, ledger, currency, amount and golden party are the same, the new one carries the
-- supplier's number or the old document's, and no other record on either side answers to that. From the cut-over date on the new
-- ERP's record is the item, before it the old one's; the other stays here as an origin.
with item as (select * from {{ ref('stg_erp__newest_item') }}),

cutover as (
    select * from {{ source('config', 'cutover') }}
    where object = 'open_item'
),

golden as (select * from {{ ref('stg_erp__golden_counterparty') }}),

run as (select * from {{ ref('stg_run') }}),

named as (
    select
        item.*,
        coalesce(golden.golden_id, item.counterparty_id) as golden_id,
        {{ clean_identifier('item.reference') }} as reference_key,
        {{ clean_identifier('item.document_number') }} as document_key
    from item
    left join golden on item.counterparty_id = golden.counterparty_id
    where item.amount is not null and item.kind != 'payment' and item.entity_id in (select entity_id from cutover)
),

candidate as (
    select distinct
        cutover.cutover_date,
        before.open_item_id as old_id,
        after.open_item_id as new_id
    from cutover
    inner join named as before on cutover.entity_id = before.entity_id and cutover.from_system = before.source_system
    inner join named as after
        on
            cutover.entity_id = after.entity_id
            and cutover.to_system = after.source_system
            and before.ledger = after.ledger
            and before.currency = after.currency
            and before.amount = after.amount
            and before.golden_id = after.golden_id
            and (after.reference_key = before.reference_key or after.reference_key = before.document_key)
),

counted as (
    select
        *,
        count(*) over (partition by old_id) as news,
        count(*) over (partition by new_id) as olds
    from candidate
),

pair as (
    select
        counted.cutover_date,
        counted.old_id,
        counted.new_id,
        case when run.as_of >= counted.cutover_date then counted.new_id else counted.old_id end as surviving_id
    from counted
    cross join run
    where counted.news = 1 and counted.olds = 1
),

origin as (
    select surviving_id, old_id as origin_item_id, cutover_date from pair
    union all
    select surviving_id, new_id as origin_item_id, cutover_date from pair
)

select
    origin.origin_item_id,
    origin.surviving_id as open_item_id,
    origin.origin_item_id = origin.surviving_id as is_surviving,
    origin.cutover_date,
    item.source_system,
    item.company_code,
    item.document_number,
    item.reference,
    item.ledger,
    item.currency,
    cast(item.amount as decimal(23, 5)) as amount,
    item.status,
    item.received_at as known_at,
    item.delivery_id,
    item.record_number
from origin
inner join item on origin.origin_item_id = item.open_item_id
