{#
  The open items of some systems, interpreted: amount signed by its effect on cash, kind, status, approval, block.
  `systems` is a SQL condition on delivery.system; `unsigned_effect` a SQL expression for the cash effect of an item that
  carries no debit/credit mark (columns item.amount, item.ledger, kind). With a mark the rule is the same everywhere: a credit on
  a sub-ledger account is owed by us (payable) or reduces what is owed to us (receivable), so it costs cash; a debit brings it.
  `item_status_code` is the status as the rules name it; `due_date` and `discount_date` say where a system that delivers no such
  date has it from (columns of raw.open_item, `extra` included).
#}
{% macro erp_open_item(
    systems,
    unsigned_effect,
    is_down_payment='false',
    item_status_code=status_code('item.status'),
    due_date='cast(null as date)',
    discount_date='cast(null as date)'
) %}
with item as (select * from {{ source('raw', 'open_item') }}),

delivery as (select * from {{ ref('stg_delivery') }}),

typed as (
    select
        item.*,
        delivery.system,
        delivery.source,
        delivery.source_entity_id,
        delivery.source_timezone,
        delivery.received_at,
        delivery.received_on,
        {% if is_down_payment == 'false' %}
            coalesce(own_type.kind, any_type.kind) as typed_kind,
        {% else %}
            case when {{ is_down_payment }} then 'down_payment' else coalesce(own_type.kind, any_type.kind) end as typed_kind,
        {% endif %}
        coalesce(own_status.item_status, any_status.item_status) as coded_status,
        coalesce(own_approval.approval_status, any_approval.approval_status) as coded_approval,
        coalesce(own_status.approval_status, any_status.approval_status) as status_approval,
        item.status is null or coalesce(own_status.code, any_status.code) is not null as is_known_status,
        coalesce(item.due_date, {{ due_date }}) as derived_due_date,
        coalesce(item.discount_date, {{ discount_date }}) as derived_discount_date
    from item
    inner join delivery on item.delivery_id = delivery.delivery_id
    left join {{ ref('rule_document_type') }} as own_type
        on own_type.system = delivery.system and own_type.document_type = upper(item.document_type)
    left join {{ ref('rule_document_type') }} as any_type
        on any_type.system = '*' and any_type.document_type = upper(item.document_type)
    left join {{ ref('rule_item_status') }} as own_status
        on own_status.system = delivery.system and own_status.code = {{ item_status_code }}
    left join {{ ref('rule_item_status') }} as any_status
        on any_status.system = '*' and any_status.code = {{ status_code('item.status') }}
    left join {{ ref('rule_item_status') }} as own_approval
        on own_approval.system = delivery.system and own_approval.code = {{ status_code('item.approval_status') }}
    left join {{ ref('rule_item_status') }} as any_approval
        on any_approval.system = '*' and any_approval.code = {{ status_code('item.approval_status') }}
    where {{ systems }}
),

signed as (
    select
        *,
        case
            when upper(debit_credit) in ('H', 'C', 'CR', 'CRDT', 'CREDIT') then -amount
            when upper(debit_credit) in ('S', 'D', 'DR', 'DBIT', 'DEBIT') then amount
            else {{ unsigned_effect }}
        end as signed_amount
    from typed
)

select
    {{ open_item_key() }} as open_item_id,
    system,
    source,
    source_system,
    source_entity_id,
    source_timezone,
    company_code,
    document_number,
    fiscal_year,
    line_item,
    ledger,
    source_system
    || '|' || case when ledger = 'payable' then 'supplier' else 'customer' end
    || '|' || counterparty_id as counterparty_id,
    case
        -- the same type serves an invoice and its reversal: an invoice that brings cash is a credit memo
        when typed_kind = 'invoice' and (ledger = 'payable') = (signed_amount > 0) and signed_amount != 0 then 'credit_memo'
        when typed_kind is not null then typed_kind
        when (ledger = 'payable') = (signed_amount > 0) then 'credit_memo'
        else 'invoice'
    end as kind,
    document_type,
    typed_kind is not null as is_known_type,
    is_known_status,
    cast(signed_amount as decimal(23, 5)) as amount,
    case
        when coalesce(coded_status, 'open') = 'cancelled' then 0
        when coded_status = 'cleared' or clearing_document is not null or clearing_date is not null then 0
        when open_amount is null then signed_amount
        else abs(open_amount) * sign(signed_amount)
    end as open_amount,
    currency,
    document_date,
    posting_date,
    derived_due_date as due_date,
    payment_terms,
    discount_percent,
    -- an open item often carries the percentage alone; the amount is then the document's, rounded as money is
    case
        when coalesce(discount_amount, 0) != 0 then abs(discount_amount)
        when discount_percent > 0
            then {{ percent_of('abs(signed_amount)', 'discount_percent', 'currency') }}
    end as discount_amount,
    derived_discount_date as discount_date,
    reference,
    assignment,
    text,
    payment_reference,
    invoice_reference,
    purchase_order,
    nullif(trim(payment_block), '') as payment_block,
    payment_method,
    coalesce(coded_approval, status_approval) as approval_status,
    approved_at,
    approved_by,
    case
        when coded_status = 'cancelled' then 'cancelled'
        when coded_status = 'cleared' or clearing_document is not null or clearing_date is not null then 'cleared'
        -- a status in words that no rule knows, and nothing left: the rest speaks for itself
        when coded_status is null and status is not null and open_amount = 0 and amount != 0 then 'cleared'
        else 'open'
    end as status,
    clearing_document,
    clearing_date,
    created_at,
    created_by,
    changed_at,
    extra,
    received_at,
    received_on,
    delivery_id,
    record_number
from signed
{% endmacro %}

{% macro status_code(expression) -%}
    lower(trim(regexp_replace({{ expression }}, '^.*:', '')))
{%- endmacro %}

{# What makes two records the same item, over the columns of raw.open_item. #}
{% macro open_item_key(relation='') -%}
    concat_ws(
        '|',
        {{ relation }}source_system,
        {{ relation }}company_code,
        {{ relation }}document_number,
        coalesce({{ relation }}fiscal_year, ''),
        coalesce({{ relation }}line_item, '')
    )
{%- endmacro %}
