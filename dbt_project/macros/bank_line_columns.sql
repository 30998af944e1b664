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
        list_filter(
            list_distinct(
                list_concat(
                    coalesce(detail.detail_references, cast([] as varchar[])),
                    [
                        entry.entry_reference,
                        entry.account_servicer_reference,
                        entry.customer_reference,
                        entry.batch_payment_information_id,
                        entry.batch_message_id
                    ]
                )
            ),
            lambda reference: trim(reference) != ''
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

{#
  Details of the relation given, one row per statement and entry; single values only where there is exactly one detail. Most entries
  have one: that row is the answer, and only the others, `several`, are aggregated.
#}
{% macro aggregated_details(relation, entry_number, several) -%}
    select
        {{ relation }}.statement_key,
        {{ relation }}.{{ entry_number }} as entry_number,
        cast(1 as bigint) as detail_count,
        {{ relation }}.return_reason_code,
        {{ relation }}.is_own_transfer,
        {{ relation }}.end_to_end_id,
        {{ relation }}.structured_reference,
        {{ relation }}.counterparty_name,
        {{ relation }}.counterparty_account,
        {{ relation }}.payment_information_id,
        nullif({{ relation }}.remittance_unstructured, '') as remittance_text,
        {{ references_of(relation) }} as detail_references
    from {{ relation }}
    anti join {{ several }}
        on {{ relation }}.statement_key = {{ several }}.statement_key and {{ relation }}.{{ entry_number }} = {{ several }}.entry_number
    union all
    select
        {{ relation }}.statement_key,
        {{ relation }}.{{ entry_number }} as entry_number,
        cast(count(*) as bigint) as detail_count,
        max({{ relation }}.return_reason_code) as return_reason_code,
        bool_and({{ relation }}.is_own_transfer) as is_own_transfer,
        cast(null as varchar) as end_to_end_id,
        cast(null as varchar) as structured_reference,
        cast(null as varchar) as counterparty_name,
        cast(null as varchar) as counterparty_account,
        case
            when min({{ relation }}.payment_information_id) = max({{ relation }}.payment_information_id)
                then max({{ relation }}.payment_information_id)
        end as payment_information_id,
        nullif(
            string_agg({{ relation }}.remittance_unstructured, chr(10) order by {{ relation }}.detail_number), ''
        ) as remittance_text,
        list_distinct(flatten(list({{ references_of(relation) }}))) as detail_references
    from {{ relation }}
    semi join {{ several }}
        on {{ relation }}.statement_key = {{ several }}.statement_key and {{ relation }}.{{ entry_number }} = {{ several }}.entry_number
    group by {{ relation }}.statement_key, {{ relation }}.{{ entry_number }}
{%- endmacro %}

{# The entries that have several details. #}
{% macro entries_of_several(relation, entry_number) -%}
    select statement_key, {{ entry_number }} as entry_number
    from {{ relation }}
    group by all
    having count(*) > 1
{%- endmacro %}

{# Whatever in a detail may be known elsewhere as its reference; nulls and repetitions are dropped by the caller. #}
{% macro references_of(relation) -%}
    list_concat(
        [
            {{ relation }}.end_to_end_id,
            {{ relation }}.instruction_id,
            {{ relation }}.transaction_id,
            {{ relation }}.uetr,
            {{ relation }}.cheque_number,
            {{ relation }}.structured_reference,
            {{ relation }}.account_servicer_reference,
            {{ relation }}.payment_information_id
        ],
        coalesce({{ relation }}.referred_documents, cast([] as varchar[]))
    )
{%- endmacro %}
