-- The items of all matching datasets with what reports need of them; `says` is what tells a person which one it is.
with run as (select * from {{ ref('stg_run') }})

select
    'bank_lines' as dataset,
    line.bank_line_id as item_id,
    line.amount,
    line.currency,
    line.effective_date as date,
    line.entity_id,
    line.account_id,
    line.line_kind as kind,
    line.correlation_id,
    line.counterparty_name,
    {{ say_on_one_line(['coalesce(line.remittance_text, line.text)', 'line.end_to_end_id', 'line.customer_reference']) }} as says,
    line.delivery_id
from {{ ref('bank_statement_line') }} as line
union all
select
    'payments' as dataset,
    payment.payment_id as item_id,
    payment.amount,
    payment.currency,
    coalesce(payment.execution_date, payment.received_on) as date,
    payment.entity_id,
    payment.account_id,
    payment.status as kind,
    payment.correlation_id,
    payment.counterparty_name,
    {{ say_on_one_line(['payment.end_to_end_id', 'payment.cheque_number', 'payment.remittance_text']) }} as says,
    payment.delivery_id
from {{ ref('payment_instruction') }} as payment
union all
select
    'open_items' as dataset,
    item.open_item_id as item_id,
    item.amount,
    item.currency,
    -- of one that is cleared, the day it was, or was first missing on a full list; a day to come is none on which anything began
    coalesce(
        item.clearing_date,
        cast(timezone(run.timezone, item.absent_since) as date),
        case
            when item.status = 'cleared'
                then least(coalesce(item.due_date, item.document_date, item.posting_date, item.received_on), item.received_on)
        end,
        item.due_date,
        item.document_date,
        item.posting_date,
        item.received_on
    ) as date,
    item.entity_id,
    cast(null as varchar) as account_id,
    item.status as kind,
    item.correlation_id,
    party.name as counterparty_name,
    {{ say_on_one_line(['item.document_number', 'item.reference']) }} as says,
    item.delivery_id
from {{ ref('open_item') }} as item
cross join run
left join {{ ref('counterparty') }} as party on item.counterparty_id = party.counterparty_id
