{{
    config(
        tracked=[
            'bank_line_id',
            'statement_key',
            'account_id',
            'entity_id',
            'status',
            'effective_date',
            'amount',
            'currency',
            'known_at',
            'delivery_id',
            'record_number'
        ]
    )
}}
-- Entries that are not (yet) in the ledger of booked lines: those of intraday reports, and entries of statements that are
-- pending or for information. A report may repeat the one before: an entry counts once per account and content, as often as
-- the report that shows it most often does.
with entry as (
    select * from {{ ref('stg_bank__entry') }}
    where statement_kind = 'report'
    union all
    select * from {{ ref('stg_bank__entry') }}
    where statement_kind = 'statement' and status != 'BOOK'
),

told_by as (select distinct delivery_id from entry),

raw_detail as (
    select * from ({{ entry_details('select told_by.delivery_id from told_by') }}) as itemised
    where statement_key in (select entry.statement_key from entry)
),

several as ({{ entries_of_several('raw_detail', 'entry_number') }}),

detail as ({{ aggregated_details('raw_detail', 'entry_number', 'several') }}),

line as (
    select
        entry.statement_key,
        entry.statement_kind,
        entry.entry_number,
        {{ entry_content_hash() }} as content_hash,
        {{ bank_line_columns() }},
        entry.known_at,
        entry.delivery_id,
        entry.record_number
    from entry
    left join detail on entry.statement_key = detail.statement_key and entry.entry_number = detail.entry_number
),

numbered as (
    select
        *,
        row_number() over (partition by statement_key, content_hash, status order by entry_number) as occurrence
    from line
),

first_shown as (
    select
        *,
        row_number() over (
            partition by account_id, content_hash, status, occurrence order by known_at, statement_key
        ) as showing
    from numbered
)

select
    md5(concat_ws('|', account_id, content_hash, status, occurrence)) as bank_line_id,
    cast(occurrence as bigint) as occurrence,
    statement_kind as kind,
    * exclude (statement_kind, content_hash, occurrence, showing)
from first_shown
where showing = 1
