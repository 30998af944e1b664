{{
    config(
        materialized='by_key',
        key='payment_id',
        changes=['payment_id', 'open_item_id'],
        pre_hook="{{ touch(touched_remittance_advice()) }}"
    )
}}
-- Which open items payments say they settle, and which the ERP's clearing says they settled. A document number is the ERP's own or
-- the supplier's; it is tied to an open item only where it names exactly one in the payment's entity, direction and currency
-- (among several, the one of the party paid; one that was cancelled gives way to the one issued in its place).
{% set deliveries %}
    select delivery_id from {{ source('raw', 'payment_instruction') }} where {{ is_touched(payment_key()) }}
{% endset %}

with remittance as (select * from {{ source('raw', 'payment_remittance') }}),

payment as (
    select * from ({{ hub_payments(deliveries if new_only() else none) }}) as instructed
    where {{ is_touched('payment_id') }}
),

item as{{ ' not materialized' if new_only() }} (
    select
        open_item_id,
        entity_id,
        currency,
        ledger,
        counterparty_id,
        sign(amount) as effect,  -- on cash
        document_number,
        document_date,
        reference,
        received_at,
        delivery_id,
        record_number,
        status = 'cancelled' as is_cancelled
    from {{ ref('stg_erp__open_item') }}
    where kind != 'payment'
),

origin as (select open_item_id, document_number from {{ ref('open_item_origin') }}),

party_account as (select * from {{ ref('stg_erp__party_account') }}),

clearing as (
    select * from {{ ref('stg_erp__clearing') }}
    where {{ is_touched('payment_id') }}
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
    select open_item_id, entity_id, currency, ledger, counterparty_id, effect, is_cancelled, document_number as name from item
    union all
    select open_item_id, entity_id, currency, ledger, counterparty_id, effect, is_cancelled, reference as name from item
    where reference is not null and reference != document_number
    union all
    -- an item that moved from one ERP to another is still paid under its old number
    select
        item.open_item_id,
        item.entity_id,
        item.currency,
        item.ledger,
        item.counterparty_id,
        item.effect,
        item.is_cancelled,
        origin.document_number as name
    from origin
    inner join item on origin.open_item_id = item.open_item_id
),

candidate as (
    select
        said.delivery_id,
        said.record_number,
        item_name.open_item_id,
        item_name.effect,
        item_name.is_cancelled,
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

standing as (
    select * from candidate
    qualify not is_cancelled or bool_and(is_cancelled) over (partition by delivery_id, record_number)
),

decided as (
    select
        delivery_id,
        record_number,
        case
            when min(open_item_id) = max(open_item_id) then min(open_item_id)
            when min(open_item_id) filter (where is_party_paid) = max(open_item_id) filter (where is_party_paid)
                then min(open_item_id) filter (where is_party_paid)
        end as open_item_id,
        case when min(open_item_id) = max(open_item_id) then min(effect) else min(effect) filter (where is_party_paid) end as effect
    from standing
    group by all
),

from_message as (
    select
        said.payment_id || '|' || said.record_number as remittance_id,
        said.payment_id,
        decided.open_item_id,
        said.document_number,
        said.document_type,
        said.document_date,
        cast(
            abs(coalesce(said.remitted_amount, said.due_amount))
            * coalesce(
                decided.effect,
                -- an item not found: a credit note (CREN) of a payable brings cash, an invoice costs it; the reverse for debits
                case when said.document_type = 'CREN' then 1 else -1 end
                * case when said.direction = 'direct_debit' then -1 else 1 end
            ) as decimal(23, 5)
        ) as amount,
        said.discount_amount,
        said.currency,
        'payment_message' as origin,
        said.received_at as known_at,
        said.delivery_id,
        said.record_number
    from said
    left join decided on said.delivery_id = decided.delivery_id and said.record_number = decided.record_number
),

from_clearing as (
    select
        clearing.payment_id || '|' || item.open_item_id as remittance_id,
        clearing.payment_id,
        item.open_item_id,
        item.document_number,
        cast(null as varchar) as document_type,
        item.document_date,
        cast(null as decimal(23, 5)) as amount,
        cast(null as decimal(23, 5)) as discount_amount,
        item.currency,
        'erp_clearing' as origin,
        item.received_at as known_at,
        item.delivery_id,
        item.record_number
    from clearing
    inner join item on clearing.open_item_id = item.open_item_id
    where
        -- what the payment itself says of the item comes first
        not exists (
            select 1
            from from_message
            where from_message.payment_id = clearing.payment_id and from_message.open_item_id = clearing.open_item_id
        )
)

select * from from_message
union all
select * from from_clearing
