-- Purchase order lines, newest observation each.
with purchase_order as (select * from {{ source('raw', 'purchase_order') }}),

delivery as (select * from {{ ref('stg_delivery') }})

select
    concat_ws(
        '|', purchase_order.source_system, coalesce(purchase_order.company_code, ''), purchase_order.number, purchase_order.line_number
    ) as purchase_order_id,
    purchase_order.source_system,
    purchase_order.company_code,
    purchase_order.number,
    purchase_order.line_number,
    purchase_order.source_system || '|supplier|' || purchase_order.counterparty_id as counterparty_id,
    purchase_order.order_date,
    purchase_order.quantity,
    purchase_order.unit_price,
    purchase_order.amount,
    purchase_order.currency,
    purchase_order.status,
    case
        when json_extract_string(purchase_order.extra, '$.PSTYP') in ('K', '2') then 'consignment'
        when json_extract_string(purchase_order.extra, '$.WEPOS') = '' then 'two_way'
        when json_extract_string(purchase_order.extra, '$.WEBRE') = 'X' then 'three_way_after_receipt'
        when json_extract_string(purchase_order.extra, '$.WEPOS') = 'X' then 'three_way_before_receipt'
    end as match_flow,
    delivery.source,
    delivery.received_at as known_at,
    purchase_order.delivery_id,
    purchase_order.record_number
from purchase_order
inner join delivery on purchase_order.delivery_id = delivery.delivery_id
qualify row_number() over (
    partition by
        purchase_order.source_system,
        purchase_order.company_code,
        purchase_order.number,
        purchase_order.line_number
    order by delivery.received_at desc, delivery.delivery_id desc, purchase_order.record_number desc
) = 1
