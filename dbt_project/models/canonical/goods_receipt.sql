-- Goods receipt lines, newest observation each.
with goods_receipt as (select * from {{ source('raw', 'goods_receipt') }}),

delivery as (select * from {{ ref('stg_delivery') }})

select
    concat_ws(
        '|', goods_receipt.source_system, coalesce(goods_receipt.company_code, ''), goods_receipt.number, goods_receipt.line_number
    ) as goods_receipt_id,
    goods_receipt.source_system,
    goods_receipt.company_code,
    goods_receipt.number,
    goods_receipt.line_number,
    goods_receipt.purchase_order,
    goods_receipt.purchase_order_line,
    goods_receipt.receipt_date,
    goods_receipt.quantity,
    goods_receipt.amount,
    goods_receipt.currency,
    delivery.source,
    delivery.received_at as known_at,
    goods_receipt.delivery_id,
    goods_receipt.record_number
from goods_receipt
inner join delivery on goods_receipt.delivery_id = delivery.delivery_id
qualify row_number() over (
    partition by
        goods_receipt.source_system,
        goods_receipt.company_code,
        goods_receipt.number,
        goods_receipt.line_number
    order by delivery.received_at desc, delivery.delivery_id desc, goods_receipt.record_number desc
) = 1
