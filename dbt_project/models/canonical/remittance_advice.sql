-- Which open items a payment says, or the ERP's clearing says, it settles.
with remittance as (select * from {{ ref('stg_hub__remittance') }})

select
    remittance_id,
    payment_id,
    open_item_id,
    document_number,
    document_type,
    document_date,
    amount,
    discount_amount,
    currency,
    origin,
    received_at as known_at,
    delivery_id,
    record_number
from remittance
