{{ config(materialized='by_key', key='open_item_id', pre_hook="{{ touch(touched_three_way_match()) }}") }}
-- Invoices against their orders and receipts. The flow follows from the order lines' flags (SAP: item category K or 2 is
-- consignment, WEPOS says that a receipt is due, WEBRE that invoices are checked against receipts); without flags, receipts are
-- expected where the order has any. An order is judged as a whole: all its invoices, less credit memos, against what was
-- received and ordered, with a tolerance. Invoices may carry tax the order does not know, so the tolerance is config.
with item as{{ ' not materialized' if new_only() }} (
    select * from {{ ref('open_item') }}
    where ledger = 'payable' and kind in ('invoice', 'credit_memo') and status != 'cancelled' and amount is not null
),

-- SAP marks a deleted order line L
order_line as (
    select * from {{ ref('purchase_order') }}
    where coalesce(status, '') != 'L'
),

receipt_line as (select * from {{ ref('goods_receipt') }}),

invoiced as (
    select source_system, company_code, purchase_order, currency, cast(-sum(amount) as decimal(23, 5)) as invoiced_amount
    from item
    where purchase_order is not null
    group by all
),

ordered as (
    select
        source_system,
        number,
        currency,
        cast(sum(amount) as decimal(23, 5)) as ordered_amount,
        case
            when bool_or(match_flow = 'consignment') then 'consignment'
            when bool_or(match_flow = 'three_way_after_receipt') then 'three_way_after_receipt'
            when bool_or(match_flow = 'three_way_before_receipt') then 'three_way_before_receipt'
            when bool_and(match_flow = 'two_way') then 'two_way'
        end as match_flow
    from order_line
    group by all
),

-- a receipt is worth its share of the order line (a unit price may be per 10 or 100 pieces), else its own amount
received as (
    select
        receipt_line.source_system,
        receipt_line.purchase_order,
        cast(
            sum(
                case
                    when order_line.quantity > 0 and order_line.amount is not null and receipt_line.quantity is not null
                        then
                            {{ convert_money(
                                'order_line.amount',
                                'cast(receipt_line.quantity * 100000 as hugeint)',
                                'cast(order_line.quantity * 100000 as hugeint)'
                            ) }}
                    else receipt_line.amount
                end
            ) as decimal(23, 5)
        ) as received_amount
    from receipt_line
    left join order_line
        on
            receipt_line.source_system = order_line.source_system
            and receipt_line.purchase_order = order_line.number
            and receipt_line.purchase_order_line = order_line.line_number
    group by all
),

delivers_orders as (select distinct source_system from order_line),

compared as (
    select
        item.open_item_id,
        item.purchase_order,
        item.currency,
        invoiced.invoiced_amount,
        ordered.ordered_amount,
        received.received_amount,
        delivers_orders.source_system is not null as has_orders,
        case
            when item.purchase_order is null then 'no_order'
            when ordered.number is null then 'order_not_known'
            else
                coalesce(
                    ordered.match_flow,
                    case when received.received_amount is null then 'two_way' else 'three_way_before_receipt' end
                )
        end as match_flow
    from item
    left join invoiced
        on
            item.source_system = invoiced.source_system
            and item.company_code = invoiced.company_code
            and item.purchase_order = invoiced.purchase_order
            and item.currency = invoiced.currency
    left join ordered
        on item.source_system = ordered.source_system and item.purchase_order = ordered.number and item.currency = ordered.currency
    left join received on item.source_system = received.source_system and item.purchase_order = received.purchase_order
    left join delivers_orders on item.source_system = delivers_orders.source_system
    where {{ is_touched('item.open_item_id') }}
),

judged as (
    select
        *,
        -- in hundredths of an amount, because a division would be a floating one
        (invoiced_amount - ordered_amount) * 100 > ordered_amount * {{ var('three_way_tolerance_percent') }} as is_over_order,
        (invoiced_amount - coalesce(received_amount, 0)) * 100
        > coalesce(received_amount, 0) * {{ var('three_way_tolerance_percent') }} as is_over_receipt
    from compared
)

select
    open_item_id,
    purchase_order,
    currency,
    match_flow,
    ordered_amount,
    received_amount,
    invoiced_amount,
    case
        when match_flow in ('no_order', 'consignment') then 'not_applicable'
        when match_flow = 'order_not_known' then case when has_orders then 'order_not_known' else 'not_applicable' end
        when is_over_order then 'over_order'
        when match_flow = 'two_way' then 'matched'
        when received_amount is null then 'awaiting_receipt'
        when is_over_receipt then 'over_receipt'
        else 'matched'
    end as match_result,
    case
        when match_flow in ('no_order', 'consignment', 'order_not_known') then null
        when match_flow = 'two_way' then cast(invoiced_amount - ordered_amount as decimal(23, 5))
        else cast(invoiced_amount - coalesce(received_amount, 0) as decimal(23, 5))
    end as variance
from judged
