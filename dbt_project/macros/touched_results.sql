{# What a build of added deliveries touches: the inputs of the matching and the marts (see new_only.sql). #}

{# An item, or the one current account of its party. #}
{% macro touched_open_items() -%}
    select open_item_id from {{ changed('open_item') }}
    union all
    select open_item_id from {{ ref('open_item') }}
    where counterparty_id in (select counterparty_id from {{ changed('counterparty_bank_account') }})
{%- endmacro %}

{# By payment: another payment, another item among the items, another word of the payment on it. #}
{% macro touched_links() -%}
    select payment_id from {{ changed('payment_instruction') }}
    union all
    select payment_id from {{ changed('remittance_advice') }}
    union all
    select payment_id from {{ ref('remittance_advice') }}
    where open_item_id in (select open_item_id from {{ changed('open_item') }})
{%- endmacro %}

{# An item, a payment on its way to it or that came back or was said to have, the rate of its currency. #}
{% macro touched_open_payables() -%}
    select open_item_id from {{ changed('open_item') }}
    union all
    select open_item_id from {{ ref('remittance_advice') }}
    where
        payment_id in (select payment_id from {{ changed('payment_instruction') }})
        or payment_id in (select payment_id from {{ source('monitoring', 'failed_payment') }} where outcome = 'returned')
    union all
    select open_item_id from {{ this }}
    where returned_count > 0
    union all
    select open_item_id from {{ ref('open_item') }}
    where currency in (select currency from {{ changed('group_rate') }})
{%- endmacro %}

{# An item, its order, what monitoring doubts or has doubted, what it says or has said to be left to pay, and what a person is or was asked. #}
{% macro touched_payment_proposal() -%}
    select open_item_id from {{ changed('open_payables') }}
    union all
    select open_item_id from {{ changed('open_item') }}
    union all
    select open_item_id from {{ changed('three_way_match') }}
    union all
    select object_id from {{ source('monitoring', 'alert') }}
    where "check" = 'duplicate_invoice'
    union all
    select open_item_id from {{ source('monitoring', 'payable') }}
    union all
    select item_id from {{ ref('stg_match') }}
    where dataset = 'open_items' and status in ('suggested', 'ambiguous')
    union all
    select open_item_id from {{ this }}
    where hindrance in ('possible_duplicate', 'possibly_paid') or duplicate_of is not null or paid_amount is not null
{%- endmacro %}

{# A payment of which a status came or that is another; an item; all parties, for they are few and any of one golden party may differ. #}
{% macro touched_ownership_violation() -%}
    select payment_id from {{ changed('payment_status_event') }}
    union all
    select payment_id from {{ changed('payment_instruction') }}
    union all
    select open_item_id from {{ changed('open_item') }}
    union all
    select counterparty_id from {{ ref('counterparty') }}
    union all
    select object_id from {{ this }}
    where object_type = 'counterparty'
{%- endmacro %}

{# An object with another step, another payment on its way, or another answer of the matching. #}
{% macro touched_document_step() -%}
    select object_id from {{ changed('workflow_event') }}
    union all
    select open_item_id from {{ changed('remittance_advice') }}
    union all
    select object_id
    from (
        (
            select object_type, object_id, detail, event_date, actor from {{ this }}
            where event = 'reconciled'
            except
            select object_type, object_id, detail, event_date, actor from {{ ref('stg_reconciled') }}
        )
        union all
        (
            select object_type, object_id, detail, event_date, actor from {{ ref('stg_reconciled') }}
            except
            select object_type, object_id, detail, event_date, actor from {{ this }}
            where event = 'reconciled'
        )
    ) as answer
{%- endmacro %}
