{{
    config(
        materialized='table',
        tracked=['statement_key', 'entry_number', 'detail_delivery_id', 'detail_statement_number', 'detail_entry_number']
    )
}}
-- An entry booked without details whose details came in a camt.054: joined by account, amount, currency and the bank's reference
-- or the payment information id, and only where that names exactly one entry on both sides. Details are joined, never added.
-- What one statement has told and another tells once more has the details of the one that says more of it, where the amount names one
-- entry of the day on both sides: an MT940 in the morning, and the camt.053 of the day that itemises it.
with repeated as (
    select
        entry.delivery_id,
        entry.statement_number,
        entry.entry_number,
        entry.statement_key,
        entry.account_id,
        entry.effective_date,
        entry.signed_amount,
        entry.currency
    from {{ ref('stg_bank__repeated_entry') }} as told
    inner join {{ ref('stg_bank__entry') }} as entry
        on told.statement_key = entry.statement_key and told.entry_number = entry.entry_number
    where told.corrected_by is null and coalesce(entry.detail_count, 0) > 0
),

told_first as (
    select
        entry.delivery_id,
        entry.statement_number,
        entry.entry_number,
        entry.statement_key,
        entry.account_id,
        entry.effective_date,
        entry.signed_amount,
        entry.currency
    from {{ ref('stg_bank__entry') }} as entry
    inner join (select distinct account_id, effective_date from repeated) as day
        on entry.account_id = day.account_id and entry.effective_date = day.effective_date
    where
        entry.statement_kind = 'statement' and entry.status = 'BOOK'
        and (entry.statement_key, entry.entry_number) not in (
            select (told.statement_key, told.entry_number) from {{ ref('stg_bank__repeated_entry') }} as told
        )
),

fact as (
    select
        delivery_id,
        statement_number,
        entry_number,
        count(end_to_end_id) + count(instruction_id) + count(uetr) + count(structured_reference) + count(cheque_number)
        + count(payment_information_id) + count(coalesce(debtor_account, creditor_account)) + count(coalesce(debtor_name, creditor_name))
        + count(case when referred_documents != [] then 1 end) as facts
    from {{ source('raw', 'bank_entry_detail') }}
    where
        delivery_id in (select repeated.delivery_id from repeated)
        or delivery_id in (select told_first.delivery_id from told_first)
    group by all
),

told_once_more as (
    select
        repeated.*,
        fact.facts
    from repeated
    inner join fact
        on
            repeated.delivery_id = fact.delivery_id
            and repeated.statement_number = fact.statement_number
            and repeated.entry_number = fact.entry_number
    qualify count(*) over (partition by account_id, effective_date, signed_amount, currency) = 1
),

told_alone as (
    select
        told_first.*,
        coalesce(fact.facts, 0) as facts
    from told_first
    left join fact
        on
            told_first.delivery_id = fact.delivery_id
            and told_first.statement_number = fact.statement_number
            and told_first.entry_number = fact.entry_number
    qualify count(*) over (partition by account_id, effective_date, signed_amount, currency) = 1
),

itemised as (
    select
        told_alone.statement_key,
        told_alone.entry_number,
        told_once_more.delivery_id as detail_delivery_id,
        told_once_more.statement_number as detail_statement_number,
        told_once_more.entry_number as detail_entry_number
    from told_alone
    inner join told_once_more
        on
            told_alone.account_id = told_once_more.account_id
            and told_alone.effective_date = told_once_more.effective_date
            and told_alone.signed_amount = told_once_more.signed_amount
            and told_alone.currency = told_once_more.currency
    where told_once_more.facts > told_alone.facts
),

entry as (
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
),

linked as (
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
)

select
    *,
    'notification' as details_from
from linked
union all
select
    *,
    'other_statement' as details_from
from itemised
where (statement_key, entry_number) not in (select (linked.statement_key, linked.entry_number) from linked)
