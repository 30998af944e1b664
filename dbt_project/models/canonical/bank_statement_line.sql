{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='statement_key',
        on_schema_change='fail',
        pre_hook="{{ forget_unknown_statements() }}"
    )
}}
-- Booked entries of statements. A line depends on its own statement only, so the model is incremental by statement; what a run
-- at an earlier known_at or with other accounts no longer knows is forgotten first, and a statement whose camt.054 arrived
-- late is made again. A full refresh gives the same rows.
with statement as (select statement_key from {{ ref('bank_statement') }} where kind = 'statement'),

link as (select * from {{ ref('stg_bank__notification_link') }}),

{% if is_incremental() %}
    outdated as (
        select distinct this.statement_key
        from {{ this }} as this
        left join link on this.statement_key = link.statement_key and this.entry_number = link.entry_number
        where
            (this.details_from = 'notification' or this.detail_count = 0)
            and this.detail_delivery_id is distinct from link.detail_delivery_id
    ),

    to_make as (
        select statement_key from statement
        where statement_key not in (select this.statement_key from {{ this }} as this)
        union
        select statement_key from outdated
    ),
{% else %}
    to_make as (select statement_key from statement),
{% endif %}

entry as (
    select *
    from {{ ref('stg_bank__entry') }}
    where statement_kind = 'statement' and status = 'BOOK' and statement_key in (select statement_key from to_make)
),

booked_detail as (
    select *
    from {{ ref('stg_bank__booked_detail') }}
    where statement_key in (select statement_key from to_make)
),

detail as ({{ aggregated_details('booked_detail', 'booked_entry_number') }}),

line as (
    select
        entry.statement_key,
        entry.entry_number,
        entry.identity,
        {{ entry_content_hash() }} as content_hash,
        {{ bank_line_columns() }},
        case
            when detail.detail_count is null then 'none'
            when link.detail_delivery_id is null then 'statement'
            else 'notification'
        end as details_from,
        link.detail_delivery_id,
        entry.known_at,
        entry.delivery_id,
        entry.record_number,
        entry.file_line,
        entry.byte_start,
        entry.byte_end
    from entry
    left join detail on entry.statement_key = detail.statement_key and entry.entry_number = detail.entry_number
    left join link on entry.statement_key = link.statement_key and entry.entry_number = link.entry_number
),

numbered as (
    select
        *,
        row_number() over (partition by statement_key, content_hash order by entry_number) as occurrence
    from line
)

select
    md5(concat_ws('|', identity, content_hash, occurrence)) as bank_line_id,
    cast(occurrence as bigint) as occurrence,
    * exclude (identity, content_hash, occurrence)
from numbered
