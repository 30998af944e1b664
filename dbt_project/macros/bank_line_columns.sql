{#
  The columns of a bank line from an entry and its aggregated details: shared by booked lines and intraday lines. Expects the
  relations `entry` (stg_bank__entry) and `detail` (one row an entry) to be joined by the caller.
#}
{% macro bank_line_columns() -%}
    entry.account_id,
    entry.entity_id,
    entry.status,
    entry.signed_amount as amount,
    entry.currency,
    entry.credit_debit,
    entry.booking_date,
    entry.value_date,
    entry.effective_date,
    coalesce(entry.reversal, false) as is_reversal,
    case
        when entry.coded_kind is not null then entry.coded_kind
        when detail.return_reason_code is not null then 'return'
        when coalesce(detail.is_own_transfer, false) then 'transfer'
        when
            coalesce(entry.batch_count, 0) > 1
            or coalesce(detail.detail_count, 0) > 1
            or (entry.batch_payment_information_id is not null and coalesce(detail.detail_count, 0) = 0) then 'batch'
        else 'bank_line'
    end as line_kind,
    entry.domain_code,
    entry.family_code,
    entry.subfamily_code,
    entry.native_code,
    entry.bank_reference,
    entry.customer_reference,
    detail.end_to_end_id,
    list_sort(
        list_distinct(
            list_filter(
                list_concat(
                    coalesce(detail.detail_references, cast([] as varchar[])),
                    [
                        entry.entry_reference,
                        entry.account_servicer_reference,
                        entry.customer_reference,
                        entry.batch_payment_information_id,
                        entry.batch_message_id
                    ]
                ),
                lambda reference: reference is not null and trim(reference) != ''
            )
        )
    ) as "references",
    detail.structured_reference,
    detail.counterparty_name,
    detail.counterparty_account,
    detail.remittance_text,
    nullif(concat_ws(chr(10), detail.remittance_text, entry.text), '') as text,
    entry.batch_message_id,
    coalesce(entry.batch_payment_information_id, detail.payment_information_id) as batch_payment_information_id,
    coalesce(detail.detail_count, 0) as detail_count,
    entry.charges_amount,
    entry.charges_currency,
    entry.instructed_amount,
    entry.instructed_currency,
    detail.return_reason_code,
    entry.account_id || '|' || coalesce(
        detail.end_to_end_id,
        entry.batch_payment_information_id,
        detail.payment_information_id,
        entry.customer_reference,
        entry.bank_reference,
        entry.statement_key || '|' || entry.entry_number
    ) as correlation_id
{%- endmacro %}

{# What an entry says, as one hash: the bank's reference and the content. Genuine twins have the same
   one. Details are left out: they may arrive later (camt.054), and the line's id must not change then. #}
{% macro entry_content_hash() -%}
    md5(
        concat_ws(
            '|',
            coalesce(entry.bank_reference, ''),
            entry.signed_amount,
            entry.currency,
            coalesce(cast(entry.booking_date as varchar), ''),
            coalesce(cast(entry.value_date as varchar), ''),
            coalesce(entry.customer_reference, ''),
            coalesce(entry.native_code, ''),
            coalesce(entry.text, '')
        )
    )
{%- endmacro %}

{# Details of the relation given, one row per statement and entry; single values only where there is exactly one detail. #}
{% macro aggregated_details(relation, entry_number) -%}
    select
        statement_key,
        {{ entry_number }} as entry_number,
        cast(count(*) as bigint) as detail_count,
        max(return_reason_code) as return_reason_code,
        bool_and(is_own_transfer) as is_own_transfer,
        case when count(*) = 1 then max(end_to_end_id) end as end_to_end_id,
        case when count(*) = 1 then max(structured_reference) end as structured_reference,
        case when count(*) = 1 then max(counterparty_name) end as counterparty_name,
        case when count(*) = 1 then max(counterparty_account) end as counterparty_account,
        case when count(distinct payment_information_id) = 1 then max(payment_information_id) end as payment_information_id,
        nullif(string_agg(remittance_unstructured, chr(10) order by detail_number), '') as remittance_text,
        list_distinct(
            flatten(
                list(
                    list_concat(
                        [
                            end_to_end_id,
                            instruction_id,
                            transaction_id,
                            uetr,
                            cheque_number,
                            structured_reference,
                            account_servicer_reference,
                            payment_information_id
                        ],
                        coalesce(referred_documents, cast([] as varchar[]))
                    )
                )
            )
        ) as detail_references
    from {{ relation }}
    group by all
{%- endmacro %}
