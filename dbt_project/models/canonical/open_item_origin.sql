{{ config(tracked=['origin_item_id', 'open_item_id', 'is_surviving']) }}
-- Records that are one item. First, what the old and the new ERP of a company both know while it moves (config/ownership.yml, cutover).
-- Two records are one item only where entity, ledger, currency, amount and golden party are the same, the new one carries the
-- supplier's number or the old document's, and no other record on either side answers to that. From the cut-over date on the new
-- ERP's record is the item, before it the old one's; the other stays here as an origin.
-- Second, what Dynamics tells twice: a posted invoice is in the vendor transactions and in the invoice journal, under one voucher; an
-- invoice that was pending keeps its draft under the supplier's number. The transaction, which has a record id, is the item.
with item as not materialized (select * from {{ ref('stg_erp__newest_item') }}),

cutover as (
    select * from {{ source('config', 'cutover') }}
    where object in ('open_item', 'payable', 'receivable')
),

golden as (select * from {{ ref('stg_erp__golden_counterparty') }}),

run as (select * from {{ ref('stg_run') }}),

header as (
    select * from item
    where system = 'dynamics' and line_item is null and kind != 'payment'
),

ledger_transaction as (
    select * from item
    where system = 'dynamics' and line_item is not null and kind != 'payment'
),

-- an invoice paid in instalments has several transactions: one of them stands for all, the header is none of them
told_twice as (
    select header.open_item_id as header_id, min(ledger_transaction.open_item_id) as transaction_id
    from header
    inner join ledger_transaction
        on
            header.source_system = ledger_transaction.source_system
            and header.company_code = ledger_transaction.company_code
            and header.ledger = ledger_transaction.ledger
            and header.currency = ledger_transaction.currency
            and (
                header.document_number = ledger_transaction.document_number
                or (
                    header.approval_status is not null
                    and header.counterparty_id = ledger_transaction.counterparty_id
                    and header.reference = ledger_transaction.reference
                    and header.amount = ledger_transaction.amount
                )
            )
    group by header.open_item_id
),

named as (
    select
        item.*,
        coalesce(golden.golden_id, item.counterparty_id) as golden_id,
        {{ clean_identifier('item.reference') }} as reference_key,
        {{ clean_identifier('item.document_number') }} as document_key
    from item
    left join golden on item.counterparty_id = golden.counterparty_id
    where
        item.amount is not null
        and item.kind != 'payment'
        and item.entity_id in (select entity_id from cutover)
        and item.open_item_id not in (select told_twice.header_id from told_twice)
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
            and cutover.object in ('open_item', before.ledger)
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

moved_origin as (
    select surviving_id, old_id as origin_item_id, cutover_date from pair
    union all
    select surviving_id, new_id as origin_item_id, cutover_date from pair
),

repeated as (
    select coalesce(moved.surviving_id, told_twice.transaction_id) as surviving_id, told_twice.header_id, told_twice.transaction_id
    from told_twice
    left join moved_origin as moved on told_twice.transaction_id = moved.origin_item_id
),

origin as (
    select * from moved_origin
    union all
    select surviving_id, header_id as origin_item_id, cast(null as date) as cutover_date
    from repeated
    where header_id not in (select moved.origin_item_id from moved_origin as moved)
    union all
    select distinct surviving_id, transaction_id as origin_item_id, cast(null as date) as cutover_date
    from repeated
    where transaction_id not in (select moved.origin_item_id from moved_origin as moved)
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
