-- The details of booked entries: those on the statement itself, or, where it has none, those of the camt.054 joined to it.
with detail as (select * from {{ ref('stg_bank__entry_detail') }}),

link as (select * from {{ ref('stg_bank__notification_link') }}),

on_statement as (
    select detail.*, detail.entry_number as booked_entry_number, 'statement' as origin
    from detail
    where detail.statement_kind = 'statement'
),

notified as (
    select
        detail.* replace (link.statement_key as statement_key),
        link.entry_number as booked_entry_number,
        'notification' as origin
    from detail
    inner join link
        on
            detail.delivery_id = link.detail_delivery_id
            and detail.statement_number = link.detail_statement_number
            and detail.entry_number = link.detail_entry_number
)

select * from on_statement
union all by name
select * from notified
