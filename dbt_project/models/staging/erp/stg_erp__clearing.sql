{{ config(materialized='by_key', key='open_item_id', pre_hook="{{ touch(touched_clearing()) }}") }}
-- Which payment the ERP says has cleared an item: the clearing document is the payment's own id, or a ledger payment that carries it.
with item as (
    select open_item_id, entity_id, clearing_document
    from {{ ref('stg_erp__open_item') }}
    where kind != 'payment' and clearing_document is not null and {{ is_touched('open_item_id') }}
),

ledger_payment as (
    select entity_id, document_number, reference, assignment, payment_reference
    from {{ ref('stg_erp__open_item') }}
    where kind = 'payment' and document_number in (select clearing_document from item)
),

ledger_payment_name as (
    select entity_id, document_number, reference as name from ledger_payment where reference is not null
    union
    select entity_id, document_number, assignment as name from ledger_payment where assignment is not null
    union
    select entity_id, document_number, payment_reference as name from ledger_payment where payment_reference is not null
    union
    select entity_id, document_number, document_number as name from ledger_payment
),

wanted as (
    select clearing_document as name from item
    union
    select name from ledger_payment_name
),

payment as not materialized (select payment_id, entity_id, end_to_end_id, instruction_id from {{ ref('stg_hub__payment') }}),

payment_name as (
    select payment_id, entity_id, end_to_end_id as name from payment where end_to_end_id in (select name from wanted)
    union
    select payment_id, entity_id, instruction_id as name from payment where instruction_id in (select name from wanted)
),

unique_payment_name as (
    select entity_id, name, min(payment_id) as payment_id
    from payment_name
    group by all
    having min(payment_id) = max(payment_id)
),

clearing_payment as (
    select ledger_payment_name.entity_id, ledger_payment_name.document_number, min(unique_payment_name.payment_id) as payment_id
    from ledger_payment_name
    inner join unique_payment_name
        on ledger_payment_name.entity_id = unique_payment_name.entity_id and ledger_payment_name.name = unique_payment_name.name
    group by all
    having min(unique_payment_name.payment_id) = max(unique_payment_name.payment_id)
),

cleared as (
    select item.open_item_id, coalesce(unique_payment_name.payment_id, clearing_payment.payment_id) as payment_id
    from item
    left join unique_payment_name
        on item.entity_id = unique_payment_name.entity_id and item.clearing_document = unique_payment_name.name
    left join clearing_payment
        on item.entity_id = clearing_payment.entity_id and item.clearing_document = clearing_payment.document_number
)

select open_item_id, payment_id
from cleared
where payment_id is not null
