{{
    config(
        materialized='by_key', key='item_id', pre_hook="{{ touch('select bank_line_id from ' ~ changed('bank_statement_line')) }}"
    )
}}
-- Booked bank lines as items: one an entry, so that a batch-booked entry is matched as the one amount it is. A payment in another
-- currency than the account's is booked at a rate nobody else knows; where the bank says what was instructed, the item is that
-- amount, which is what the payment and the invoice say. What the account was debited stays in canonical.bank_statement_line. A line
-- without the other party's account whose text names one other own account has that: matching knows own accounts by their ids alone.
with line as (
    select
        *,
        coalesce(instructed_currency != currency and instructed_amount > 0 and detail_count <= 1, false) as is_exchanged
    from {{ ref('bank_statement_line') }}
    where {{ is_touched('bank_line_id') }} and {{ is_of_changed_delivery('bank_statement_line') }}
),

named as (
    select
        bank_line_id,
        account_id,
        unnest(list_distinct(regexp_extract_all(upper(text), '\b[A-Z]{0,4}[0-9][0-9A-Z]{7,33}\b'))) as identifier
    from line
    where counterparty_account is null
),

told as (
    select named.bank_line_id, min(alias.account_id) as account_id
    from named
    inner join {{ ref('stg_account_alias') }} as alias on named.identifier = alias.identifier
    where named.account_id is distinct from alias.account_id
    group by named.bank_line_id
    having count(distinct alias.account_id) = 1
)

select
    line.bank_line_id as item_id,
    case
        when line.is_exchanged then cast(sign(line.amount) * line.instructed_amount as decimal(23, 5)) else line.amount
    end as amount,
    case when line.is_exchanged then line.instructed_currency else line.currency end as currency,
    line.effective_date as date,
    line.value_date,
    cast(null as date) as due_date,
    line.entity_id as entity,
    line.account_id as account,
    line."references",
    line.text,
    cast(null as varchar) as counterparty_id,
    coalesce({{ known_own_account('line.counterparty_account') }}, told.account_id) as counterparty_account,
    line.counterparty_name,
    line.account_id || '|' || line.batch_payment_information_id as batch_id,
    cast(null as decimal(23, 5)) as discount_amount,
    cast(null as date) as discount_until,
    line.line_kind as kind
from line
left join told on line.bank_line_id = told.bank_line_id
