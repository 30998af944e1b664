{{
    config(
        materialized='table',
        tracked=['statement_key', 'entry_number', 'detail_delivery_id', 'detail_statement_number', 'detail_entry_number']
    )
}}
-- An entry booked without details whose details came in a camt.054: joined by account, amount, currency and the bank's reference
-- or the payment information id, and only where that names exactly one entry on both sides. Details are joined, never added.
with entry as (
    select
        delivery_id,
        statement_number,
        entry_number,
        statement_key,
        statement_kind,
        account_id,
        signed_amount,
        currency,
        coalesce(bank_reference, batch_payment_information_id) as link_reference
    from {{ ref('stg_bank__entry') }}
    where
        (
            statement_kind = 'statement'
            and status = 'BOOK'
            and coalesce(detail_count, 0) = 0
            and (statement_key, entry_number) not in (
                select (repeated.statement_key, repeated.entry_number) from {{ ref('stg_bank__repeated_entry') }} as repeated
            )
        )
        or (statement_kind = 'notification' and coalesce(detail_count, 0) > 0)
),

booked as (
    select
        account_id,
        signed_amount,
        currency,
        link_reference,
        min(statement_key) as statement_key,
        min(entry_number) as entry_number
    from entry
    where statement_kind = 'statement' and link_reference is not null
    group by all
    having count(*) = 1
),

notified as (
    select
        account_id,
        signed_amount,
        currency,
        link_reference,
        min(delivery_id) as delivery_id,
        min(statement_number) as statement_number,
        min(entry_number) as entry_number
    from entry
    where statement_kind = 'notification' and link_reference is not null
    group by all
    having count(*) = 1
)

select
    booked.statement_key,
    booked.entry_number,
    notified.delivery_id as detail_delivery_id,
    notified.statement_number as detail_statement_number,
    notified.entry_number as detail_entry_number
from booked
inner join notified
    on
        booked.account_id = notified.account_id
        and booked.signed_amount = notified.signed_amount
        and booked.currency = notified.currency
        and booked.link_reference = notified.link_reference
