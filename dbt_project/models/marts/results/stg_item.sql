-- The items of all matching datasets with what reports need of them.
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
    payment.delivery_id
from {{ ref('payment_instruction') }} as payment
union all
select
    'open_items' as dataset,
    item.open_item_id as item_id,
    item.amount,
    item.currency,
    coalesce(item.clearing_date, item.due_date, item.document_date, item.posting_date, item.received_on) as date,
    item.entity_id,
    cast(null as varchar) as account_id,
    item.status as kind,
    item.correlation_id,
    party.name as counterparty_name,
    item.delivery_id
from {{ ref('open_item') }} as item
left join {{ ref('counterparty') }} as party on item.counterparty_id = party.counterparty_id
