{{ config(materialized='by_key', key='left_id', pre_hook="{{ touch(touched_links()) }}") }}
-- Known links: what payments and ERP clearings say of open items, where both are items; one row a pair.
with remittance as (
    select * from {{ ref('remittance_advice') }}
    where open_item_id is not null and {{ is_touched('payment_id') }}
),

payment as (select item_id from {{ ref('payments') }}),

item as (select item_id from {{ ref('open_items') }})

select
    'payments' as left_dataset,
    remittance.payment_id as left_id,
    'open_items' as right_dataset,
    remittance.open_item_id as right_id,
    -- what is taken off the item is known only where every line of the pair gives an amount, and no discount comes off as well: then
    -- the amounts of the two items and the item's terms decide
    case
        when count(remittance.amount) = count(*) and coalesce(max(abs(remittance.discount_amount)), 0) = 0
            then cast(sum(remittance.amount) as decimal(23, 5))
    end as amount,
    min(remittance.document_number) as reference
from remittance
inner join payment on remittance.payment_id = payment.item_id
inner join item on remittance.open_item_id = item.item_id
group by remittance.payment_id, remittance.open_item_id
