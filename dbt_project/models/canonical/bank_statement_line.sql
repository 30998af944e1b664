{{
    config(
        materialized='by_key',
        key='statement_key',
        changes=['statement_key', 'bank_line_id', 'delivery_id'],
        pre_hook="{{ touch(touched_bank_statement_line()) }}"
    )
}}
-- Booked entries of statements, each once: what another statement has told already is none. A line depends on its own statement, on
-- those that tell of the same days, and on the camt.054 or other statement that itemises it where its own does not.
{% set deliveries %}
    select delivery_id from {{ ref('stg_bank__statement') }} where {{ is_touched('statement_key') }}
    union
    select detail_delivery_id from {{ ref('stg_bank__notification_link') }} where {{ is_touched('statement_key') }}
{% endset %}

with link as (
    select * from {{ ref('stg_bank__notification_link') }}
    where {{ is_touched('statement_key') }}
),

entry as (
    select
        *,
        {{ entry_content_hash() }} as content_hash
    from {{ ref('stg_bank__entry') }} as entry
    where
        statement_kind = 'statement' and status = 'BOOK' and {{ is_touched('statement_key') }}
        and (statement_key, entry_number) not in (
            select (repeated.statement_key, repeated.entry_number) from {{ ref('stg_bank__repeated_entry') }} as repeated
        )
        {% if new_only() %}and delivery_id in ({{ deliveries }}){% endif %}
),

booked_detail as (
    select * from ({{ booked_details(deliveries if new_only() else none) }}) as booked
    where {{ is_touched('statement_key') }}
),

several as ({{ entries_of_several('booked_detail', 'booked_entry_number') }}),

detail as ({{ aggregated_details('booked_detail', 'booked_entry_number', 'several') }}),

-- genuine twins within a statement are told apart by their order; most entries have none. What only shares a hash with another does no harm
twin as (
    select hash(statement_key, content_hash) as both_hash
    from entry
    group by all
    having count(*) > 1
),

numbered as (
    select
        delivery_id,
        record_number,
        row_number() over (partition by statement_key, content_hash order by entry_number) as occurrence
    from entry
    where hash(statement_key, content_hash) in (select twin.both_hash from twin)
),

line as (
    select
        entry.statement_key,
        entry.entry_number,
        entry.identity,
        entry.content_hash,
        coalesce(numbered.occurrence, 1) as occurrence,
        {{ bank_line_columns() }},
        case
            when detail.detail_count is null then 'none'
            else coalesce(link.details_from, 'statement')
        end as details_from,
        link.detail_delivery_id,
        entry.known_at,
        entry.delivery_id,
        entry.record_number,
        entry.file_line,
        entry.byte_start,
        entry.byte_end
    from entry
    left join numbered on entry.delivery_id = numbered.delivery_id and entry.record_number = numbered.record_number
    left join detail on entry.statement_key = detail.statement_key and entry.entry_number = detail.entry_number
    left join link on entry.statement_key = link.statement_key and entry.entry_number = link.entry_number
)

select
    md5(concat_ws('|', identity, content_hash, occurrence)) as bank_line_id,
    cast(occurrence as bigint) as occurrence,
    * exclude (identity, content_hash, occurrence)
from line
