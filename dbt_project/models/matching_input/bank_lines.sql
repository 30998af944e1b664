-- Booked bank lines as items: one an entry, so that a batch-booked entry is matched as the one amount it is.
with line as (select * from {{ ref('bank_statement_line') }})

select
    bank_line_id as item_id,
    amount,
    currency,
    effective_date as date,
    value_date,
    cast(null as date) as due_date,
    entity_id as entity,
    account_id as account,
    "references",
    text,
    cast(null as varchar) as counterparty_id,
    counterparty_account,
    counterparty_name,
    account_id || '|' || batch_payment_information_id as batch_id,
    cast(null as decimal(23, 5)) as discount_amount,
    cast(null as date) as discount_until,
    line_kind as kind
from line
