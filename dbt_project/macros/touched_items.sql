{#
  What a build of added deliveries touches, model by model: open items, their payments and steps (see new_only.sql). An item whose newest
  record, origin or survival has changed stands in stg_erp__changed_item; config is the same, or the build is a whole one.
#}

{# New records; and every item of a source of which a new full list came, for the list may leave it out. #}
{% macro touched_newest_item() -%}
    select {{ open_item_key() }} from {{ source('raw', 'open_item') }}
    where delivery_id in {{ new_deliveries() }}
    union all
    select open_item_id from {{ this }}
    where source in (
        select source from {{ ref('stg_delivery') }}
        where is_snapshot and delivery_id in {{ new_deliveries() }}
    )
{%- endmacro %}

{# Names by which a clearing may find a new payment. #}
{% macro new_payment_names() -%}
    (
        select end_to_end_id from {{ source('raw', 'payment_instruction') }}
        where delivery_id in {{ new_deliveries() }}
        union all
        select instruction_id from {{ source('raw', 'payment_instruction') }}
        where delivery_id in {{ new_deliveries() }}
    )
{%- endmacro %}

{# Document numbers and references of changed items, as they are and as they were. #}
{% macro changed_item_names() -%}
    select document_number, reference from {{ changed('stg_erp__newest_item') }}
    union all
    select document_number, reference from {{ ref('stg_erp__newest_item') }}
    where open_item_id in (
        select open_item_id from {{ ref('stg_erp__changed_item') }}
        except
        select open_item_id from {{ changed('stg_erp__newest_item') }}
    )
{%- endmacro %}

{# A clearing document names a payment, or a ledger payment that carries its name: either may be new or have changed. #}
{% macro touched_clearing() -%}
    select open_item_id from {{ ref('stg_erp__changed_item') }}
    union all
    select open_item_id from {{ ref('stg_erp__newest_item') }}
    where
        clearing_document is not null
        and (
            clearing_document in {{ new_payment_names() }}
            or clearing_document in (
                select document_number from ({{ changed_item_names() }}) as changed_item
                union all
                select document_number from {{ ref('stg_erp__newest_item') }}
                where
                    kind = 'payment'
                    and (
                        reference in {{ new_payment_names() }}
                        or assignment in {{ new_payment_names() }}
                        or payment_reference in {{ new_payment_names() }}
                        or document_number in {{ new_payment_names() }}
                    )
            )
        )
{%- endmacro %}

{% macro new_payments() -%}
    select {{ payment_key() }} from {{ source('raw', 'payment_instruction') }}
    where delivery_id in {{ new_deliveries() }}
{%- endmacro %}

{# Payments to one of the accounts, whichever way the payment writes it. #}
{% macro payments_to(accounts) -%}
    select {{ payment_key() }} from {{ source('raw', 'payment_instruction') }}
    where counterparty_account in (
        select written.counterparty_account
        from (select distinct counterparty_account from {{ source('raw', 'payment_instruction') }}) as written
        where {{ clean_identifier('written.counterparty_account') }} in ({{ accounts }})
    )
{%- endmacro %}

{# New payments; those that name a changed item by a number it has now or had before; those to an account whose parties have changed;
   those that settled, or settle now, an item that has changed. #}
{% macro touched_remittance_advice() -%}
    {{ new_payments() }}
    union all
    select {{ payment_key() }} from {{ source('raw', 'payment_remittance') }}
    where document_number in (
        select unnest([document_number, reference]) from ({{ changed_item_names() }}) as changed_item
        union all
        select document_number from {{ ref('open_item_origin') }}
        where open_item_id in (select open_item_id from {{ ref('stg_erp__changed_item') }})
    )
    union all
    {{ payments_to('select account_identifier from ' ~ changed('stg_erp__party_account')) }}
    union all
    select payment_id from {{ this }}
    where
        open_item_id in (select open_item_id from {{ ref('stg_erp__changed_item') }})
        or open_item_id in (select open_item_id from {{ changed('stg_erp__clearing') }})
    union all
    select payment_id from {{ ref('stg_erp__clearing') }}
    where open_item_id in (select open_item_id from {{ changed('stg_erp__clearing') }})
{%- endmacro %}

{# By delivery: the new ones, and those whose reports name a payment that has come now. #}
{% macro touched_payment_status_event() -%}
    select delivery_id from ops.new_delivery
    union all
    select delivery_id from {{ ref('stg_hub__status') }}
    where
        message_id in (
            select message_id from {{ source('raw', 'payment_instruction') }}
            where delivery_id in {{ new_deliveries() }}
        )
        or (
            message_id is null
            and (
                payment_information_id in (
                    select payment_information_id from {{ source('raw', 'payment_instruction') }}
                    where delivery_id in {{ new_deliveries() }}
                )
                or end_to_end_id in (
                    select end_to_end_id from {{ source('raw', 'payment_instruction') }}
                    where delivery_id in {{ new_deliveries() }}
                )
            )
        )
{%- endmacro %}

{# New payments; a status, a settled item or the party of the account paid has changed. #}
{% macro touched_payment_instruction() -%}
    {{ new_payments() }}
    union all
    select payment_id from {{ changed('payment_status_event') }}
    union all
    select payment_id from {{ changed('remittance_advice') }}
    union all
    {{
        payments_to(
            'select account_identifier from ' ~ changed('stg_erp__party_account')
            ~ ' union all select account_identifier from ' ~ ref('stg_erp__party_account')
            ~ ' where counterparty_id in (select counterparty_id from ' ~ changed('counterparty') ~ ')'
        )
    }}
{%- endmacro %}

{# A changed record; a new step of approval; another golden party, name or block of the counterparty; another payment. #}
{% macro touched_open_item() -%}
    select open_item_id from {{ ref('stg_erp__changed_item') }}
    union all
    select open_item_id from {{ ref('stg_erp__newest_item') }}
    where
        (source_system, document_number) in (
            select (source_system, document_number) from {{ source('raw', 'approval') }}
            where delivery_id in {{ new_deliveries() }}
        )
        or counterparty_id in (select counterparty_id from {{ changed('counterparty') }})
    union all
    select open_item_id from {{ changed('remittance_advice') }}
{%- endmacro %}

{# Changed payments, those that share the reference of one or of a new return, and those that were said to have come back. #}
{% macro touched_payments() -%}
    select payment_id from {{ changed('payment_instruction') }}
    union all
    select payment_id from {{ changed('payment_status_event') }}
    union all
    select payment_id from {{ ref('payment_instruction') }}
    where correlation_id in (
        select correlation_id from {{ ref('payment_instruction') }}
        where payment_id in (select payment_id from {{ changed('payment_instruction') }})
        union all
        select correlation_id from {{ ref('bank_statement_line') }}
        where line_kind = 'return' and statement_key in (select statement_key from {{ changed('bank_statement_line') }})
    )
    union all
    select item_id from {{ this }}
    where kind = 'returned_payment'
{%- endmacro %}

{# All the steps of an object are made together. #}
{% macro touched_workflow_event() -%}
    select open_item_id from {{ changed('open_item') }}
    union all
    select payment_id from {{ changed('payment_instruction') }}
    union all
    select payment_id from {{ changed('payment_status_event') }}
    union all
    select bank_line_id from {{ changed('bank_statement_line') }}
{%- endmacro %}

{# A changed item, and all invoices of an order that has a changed invoice, line or receipt. The first order of a system tells that it
   delivers orders at all, so new order lines touch all the system's invoices with an order. #}
{% macro touched_three_way_match() -%}
    select open_item_id from {{ changed('open_item') }}
    union all
    select open_item_id from {{ ref('open_item') }}
    where
        purchase_order is not null
        and (
            purchase_order in (
                select purchase_order from {{ changed('open_item') }}
                union all
                select purchase_order from {{ source('raw', 'goods_receipt') }}
                where delivery_id in {{ new_deliveries() }}
            )
            or source_system in (
                select source_system from {{ source('raw', 'purchase_order') }}
                where delivery_id in {{ new_deliveries() }}
            )
        )
{%- endmacro %}
