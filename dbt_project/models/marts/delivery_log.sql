-- Every delivery and what became of its records: read = loaded + rejected + duplicates, with its control totals.
with delivery as (select * from {{ ref('stg_delivery') }}),

booked as (
    select
        delivery_id,
        cast(count(*) as bigint) as bank_lines,
        {{ total('amount') }} as bank_line_net
    from {{ ref('bank_statement_line') }}
    group by delivery_id
),

repeated as (
    select
        delivery_id,
        cast(sum(repeated_entries) as bigint) as entries
    from {{ ref('bank_statement') }}
    group by delivery_id
)

select
    delivery.delivery_id,
    delivery.source,
    delivery.source_title,
    delivery.system,
    delivery.source_owner as owner,
    delivery.file_name,
    delivery.sha256,
    delivery.bytes,
    delivery.received_at,
    delivery.status,
    delivery.reason,
    delivery.format,
    delivery.reader_version,
    delivery.file_identity,
    delivery.records_read,
    delivery.records_loaded,
    delivery.records_rejected,
    delivery.records_duplicate,
    delivery.records_read
    = delivery.records_loaded + delivery.records_rejected + delivery.records_duplicate as is_tied_out,
    coalesce(booked.bank_lines, 0) as bank_lines,
    booked.bank_line_net,
    coalesce(repeated.entries, 0) as repeated_entries,
    delivery.control_totals,
    delivery.warnings,
    delivery.run_id
from delivery
left join booked on delivery.delivery_id = booked.delivery_id
left join repeated on delivery.delivery_id = repeated.delivery_id
