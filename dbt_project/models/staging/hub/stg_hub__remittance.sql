{{ config(materialized='table') }}
-- Which open items payments say they settle, and which the ERP's clearing says they settled. A document number is the ERP's own or
-- the supplier's; it is tied to an open item only where it names exactly one in the payment's entity, direction and currency
-- (among several, the one of the party paid).
with remittance as (select * from {{ source('raw', 'payment_remittance') }}),

payment as (select * from {{ ref('stg_hub__payment') }}),

item as (
    select * from {{ ref('stg_erp__open_item') }}
    where kind != 'payment'
),

ledger_payment as (
    select * from {{ ref('stg_erp__open_item') }}
    where kind = 'payment'
),

party_account as (
    select distinct counterparty_id, account_identifier
    from {{ ref('stg_erp__counterparty_account') }}
),

said as (
    select
        payment.payment_id,
        payment.entity_id,
        payment.direction,
        {{ clean_identifier('payment.counterparty_account') }} as account_identifier,
        remittance.document_number,
        remittance.document_type,
        remittance.document_date,
        remittance.due_amount,
        coalesce(remittance.remitted_amount, remittance.credit_note_amount) as remitted_amount,
        remittance.discount_amount,
        coalesce(remittance.currency, payment.currency) as currency,
        payment.received_at,
        remittance.delivery_id,
        remittance.record_number
    from remittance
    inner join payment
        on
            remittance.delivery_id = payment.delivery_id
            and remittance.message_id = payment.message_id
            and remittance.payment_information_id = payment.payment_information_id
            and remittance.transaction_number = payment.transaction_number
),

item_name as (
    select open_item_id, entity_id, currency, ledger, counterparty_id, amount, document_number as name from item
    union
    select open_item_id, entity_id, currency, ledger, counterparty_id, amount, reference as name from item
    where reference is not null
    union
    -- an item that moved from one ERP to another is still paid under its old number
    select item.open_item_id, item.entity_id, item.currency, item.ledger, item.counterparty_id, item.amount, origin.document_number as name
    from {{ ref('open_item_origin') }} as origin
    inner join item on origin.open_item_id = item.open_item_id
),

candidate as (
    select
        said.delivery_id,
        said.record_number,
        item_name.open_item_id,
        item_name.amount,
        party_account.counterparty_id is not null as is_party_paid
    from said
    inner join item_name
        on
            said.document_number = item_name.name
            and said.currency = item_name.currency
            and said.entity_id = item_name.entity_id
            and (said.direction = 'direct_debit') = (item_name.ledger = 'receivable')
    left join party_account
        on
            item_name.counterparty_id = party_account.counterparty_id
            and said.account_identifier = party_account.account_identifier
),

decided as (
    select
        delivery_id,
        record_number,
        case
            when count(distinct open_item_id) = 1 then min(open_item_id)
            when count(distinct open_item_id) filter (where is_party_paid) = 1 then min(open_item_id) filter (where is_party_paid)
        end as open_item_id
    from candidate
    group by all
),

from_message as (
    select
        said.payment_id || '|' || said.record_number as remittance_id,
        said.payment_id,
        item.open_item_id,
        said.document_number,
        said.document_type,
        said.document_date,
        cast(
            abs(coalesce(said.remitted_amount, said.due_amount))
            * coalesce(
                sign(item.amount),
                -- an item not found: a credit note (CREN) of a payable brings cash, an invoice costs it; the reverse for debits
                case when said.document_type = 'CREN' then 1 else -1 end
                * case when said.direction = 'direct_debit' then -1 else 1 end
            ) as decimal(23, 5)
        ) as amount,
        said.discount_amount,
        said.currency,
        'payment_message' as origin,
        said.received_at,
        said.delivery_id,
        said.record_number
    from said
    left join decided on said.delivery_id = decided.delivery_id and said.record_number = decided.record_number
    left join item on decided.open_item_id = item.open_item_id
),

-- the clearing document is the payment's own id, or a ledger payment that carries it
payment_name as (
    select payment_id, entity_id, end_to_end_id as name from payment where end_to_end_id is not null
    union
    select payment_id, entity_id, instruction_id as name from payment where instruction_id is not null
),

unique_payment_name as (
    select entity_id, name, min(payment_id) as payment_id
    from payment_name
    group by all
    having count(distinct payment_id) = 1
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

clearing_payment as (
    select ledger_payment_name.entity_id, ledger_payment_name.document_number, min(unique_payment_name.payment_id) as payment_id
    from ledger_payment_name
    inner join unique_payment_name
        on ledger_payment_name.entity_id = unique_payment_name.entity_id and ledger_payment_name.name = unique_payment_name.name
    group by all
    having count(distinct unique_payment_name.payment_id) = 1
),

cleared_by as (
    select item.open_item_id, coalesce(unique_payment_name.payment_id, clearing_payment.payment_id) as payment_id
    from item
    left join unique_payment_name
        on item.entity_id = unique_payment_name.entity_id and item.clearing_document = unique_payment_name.name
    left join clearing_payment
        on item.entity_id = clearing_payment.entity_id and item.clearing_document = clearing_payment.document_number
    where item.clearing_document is not null
),

from_clearing as (
    select
        cleared_by.payment_id || '|' || item.open_item_id as remittance_id,
        cleared_by.payment_id,
        item.open_item_id,
        item.document_number,
        cast(null as varchar) as document_type,
        item.document_date,
        cast(null as decimal(23, 5)) as amount,
        cast(null as decimal(23, 5)) as discount_amount,
        item.currency,
        'erp_clearing' as origin,
        item.received_at,
        item.delivery_id,
        item.record_number
    from cleared_by
    inner join item on cleared_by.open_item_id = item.open_item_id
    where
        cleared_by.payment_id is not null
        -- what the payment itself says of the item comes first
        and not exists (
            select 1
            from from_message
            where from_message.payment_id = cleared_by.payment_id and from_message.open_item_id = cleared_by.open_item_id
        )
)

select * from from_message
union all
select * from from_clearing
