{{ config(materialized='by_key', key='item_id', pre_hook="{{ touch(touched_open_items()) }}") }}
-- Items of the sub-ledgers with the document's amount: an item the ERP has cleared still has to be proven by the bank. Ledger
-- payments are not items to settle (the payments dataset holds them), cancelled documents never meet cash.
with item as (
    select * from {{ ref('open_item') }}
    where kind != 'payment' and status != 'cancelled' and amount is not null and amount != 0 and {{ is_touched('open_item_id') }}
),

party as (select counterparty_id, name from {{ ref('counterparty') }}),

party_account as (
    select counterparty_id, min(account_identifier) as account_identifier
    from {{ ref('counterparty_bank_account') }}
    where is_current
    group by counterparty_id
    having min(account_identifier) = max(account_identifier)
)

select
    item.open_item_id as item_id,
    item.amount,
    item.currency,
    coalesce(item.document_date, item.posting_date, item.due_date, item.received_on) as date,
    cast(null as date) as value_date,
    item.due_date,
    item.entity_id as entity,
    cast(null as varchar) as account,
    list_distinct(
        list_filter(
            [item.document_number, item.reference, item.payment_reference],
            lambda reference: reference is not null and trim(reference) != ''
        )
    ) as "references",
    nullif(concat_ws(chr(10), item.text, item.assignment, item.purchase_order), '') as text,
    item.counterparty_id,
    party_account.account_identifier as counterparty_account,
    party.name as counterparty_name,
    cast(null as varchar) as batch_id,
    item.discount_amount,
    item.discount_until,
    item.kind
from item
left join party on item.counterparty_id = party.counterparty_id
left join party_account on item.counterparty_id = party_account.counterparty_id
