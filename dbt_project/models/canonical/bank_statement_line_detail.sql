{{
    config(
        materialized='by_key',
        key='bank_line_id',
        pre_hook="{{ touch('select bank_line_id from ' ~ changed('bank_statement_line')) }}"
    )
}}
-- The transactions inside booked entries, as itemised on the statement or, where it does not, on the joined camt.054.
{% set deliveries = 'select delivery_id from line union select detail_delivery_id from line' %}

with line as (
    select
        bank_line_id,
        statement_key,
        entry_number,
        account_id,
        entity_id,
        detail_count,
        delivery_id,
        detail_delivery_id
    from {{ ref('bank_statement_line') }}
    where {{ is_touched('bank_line_id') }} and {{ is_of_changed_delivery('bank_statement_line') }}
),

detail as (
    select * from ({{ booked_details(deliveries if new_only() else none) }}) as booked
    {% if new_only() %}where statement_key in (select line.statement_key from line){% endif %}
),

numbered as (
    select
        detail.delivery_id,
        detail.record_number,
        row_number() over (partition by line.bank_line_id order by detail.detail_number, detail.record_number) as place
    from detail
    inner join line on detail.statement_key = line.statement_key and detail.booked_entry_number = line.entry_number
    where line.detail_count > 1
)

select
    line.bank_line_id || '-' || coalesce(numbered.place, 1) as bank_line_detail_id,
    line.bank_line_id,
    line.account_id,
    line.entity_id,
    detail.detail_number,
    detail.origin,
    detail.signed_amount as amount,
    detail.currency,
    detail.instructed_amount,
    detail.instructed_currency,
    detail.transaction_amount,
    detail.transaction_currency,
    detail.exchange_rate,
    detail.charges_amount,
    detail.charges_currency,
    detail.message_id,
    detail.payment_information_id,
    detail.instruction_id,
    detail.end_to_end_id,
    detail.transaction_id,
    detail.uetr,
    detail.mandate_id,
    detail.cheque_number,
    detail.account_servicer_reference,
    detail.counterparty_name,
    detail.counterparty_account,
    detail.counterparty_agent,
    detail.remittance_unstructured as remittance_text,
    detail.structured_reference,
    detail.structured_reference_type,
    detail.referred_documents,
    detail.purpose_code,
    detail.return_reason_code,
    detail.return_reason_text,
    detail.additional_info,
    detail.known_at,
    detail.delivery_id,
    detail.record_number
from detail
inner join line on detail.statement_key = line.statement_key and detail.booked_entry_number = line.entry_number
left join numbered on detail.delivery_id = numbered.delivery_id and detail.record_number = numbered.record_number
