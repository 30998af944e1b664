{{
    config(
        materialized='by_key',
        key='open_item_id',
        changes=['open_item_id', 'purchase_order'],
        pre_hook="{{ touch(touched_open_item()) }}"
    )
}}
-- Open and cleared items of all ledgers in one shape, newest state. Approval comes from the item, else from its approval steps, else
-- from the system that knew the item before: a migration does not carry approvals over.
with item as (
    select * from {{ ref('stg_erp__open_item') }}
    where {{ is_touched('open_item_id') }}
),

approval as (select * from {{ ref('stg_erp__approval') }}),

direct_debit as (select * from {{ source('config', 'direct_debit') }}),

party as (select counterparty_id, golden_id, is_blocked from {{ ref('counterparty') }}),

payment as (select payment_id, correlation_id, execution_date from {{ ref('payment_instruction') }}),

remittance as (
    select payment_id, open_item_id from {{ ref('remittance_advice') }}
    where open_item_id is not null and {{ is_touched('open_item_id') }}
),

approved_elsewhere as (
    select
        origin.open_item_id,
        min_by(other.approval_status, (other.approved_at, other.open_item_id)) as approval_status,
        min_by(other.approved_at, (other.approved_at, other.open_item_id)) as approved_at,
        min_by(other.approved_by, (other.approved_at, other.open_item_id)) as approved_by
    from {{ ref('open_item_origin') }} as origin
    inner join {{ ref('stg_erp__newest_item') }} as other on origin.origin_item_id = other.open_item_id
    where not origin.is_surviving and other.approval_status = 'approved'
    group by origin.open_item_id
),

last_approval as (
    select source_system, company_code, document_number, fiscal_year, approval_status, actor, "at"
    from approval
    where approval_status is not null
    qualify row_number() over (
        partition by source_system, company_code, document_number, fiscal_year
        order by decided_at desc, received_at desc, delivery_id desc, record_number desc
    ) = 1
),

thread as (
    select remittance.open_item_id, arg_min(payment.correlation_id, (payment.execution_date, payment.payment_id)) as correlation_id
    from remittance
    inner join payment on remittance.payment_id = payment.payment_id
    group by remittance.open_item_id
)

select
    item.open_item_id,
    item.system,
    item.source,
    item.source_system,
    item.entity_id,
    item.company_code,
    item.document_number,
    item.fiscal_year,
    item.line_item,
    item.ledger,
    item.counterparty_id,
    coalesce(party.golden_id, item.counterparty_id) as golden_id,
    item.kind,
    item.document_type,
    item.is_known_type,
    item.is_known_status,
    item.amount,
    cast(item.open_amount as decimal(23, 5)) as open_amount,
    item.currency,
    item.document_date,
    item.posting_date,
    item.due_date,
    item.payment_terms,
    item.discount_amount,
    item.discount_percent,
    item.discount_date as discount_until,
    item.reference,
    item.assignment,
    item.text,
    item.payment_reference,
    item.invoice_reference,
    item.purchase_order,
    item.payment_block,
    item.payment_method,
    direct_debit.payment_method is not null as is_direct_debit,
    item.payment_block is not null or coalesce(party.is_blocked, false) as is_blocked,
    coalesce(item.approval_status, last_approval.approval_status, approved_elsewhere.approval_status, 'not_required')
        as approval_status,
    coalesce(
        item.approved_at,
        case when last_approval.approval_status = 'approved' then last_approval."at" end,
        case when coalesce(item.approval_status, last_approval.approval_status) is null then approved_elsewhere.approved_at end
    ) as approved_at,
    coalesce(
        item.approved_by,
        case when last_approval.approval_status = 'approved' then last_approval.actor end,
        case when coalesce(item.approval_status, last_approval.approval_status) is null then approved_elsewhere.approved_by end
    ) as approved_by,
    item.status,
    item.clearing_document,
    item.clearing_date,
    item.absent_from,
    item.absent_since,
    item.created_at,
    item.created_by,
    item.changed_at,
    coalesce(thread.correlation_id, item.open_item_id) as correlation_id,
    item.received_on,
    item.received_at as known_at,
    item.delivery_id,
    item.record_number
from item
left join party on item.counterparty_id = party.counterparty_id
left join last_approval
    on
        item.source_system = last_approval.source_system
        and item.company_code is not distinct from last_approval.company_code
        and item.document_number = last_approval.document_number
        and item.fiscal_year is not distinct from coalesce(last_approval.fiscal_year, item.fiscal_year)
left join approved_elsewhere on item.open_item_id = approved_elsewhere.open_item_id
left join direct_debit
    on item.system = direct_debit.system and upper(trim(item.payment_method)) = upper(direct_debit.payment_method)
left join thread on item.open_item_id = thread.open_item_id
