{{ config(tracked=['counterparty_id', 'golden_id', 'source_system', 'role', 'name', 'is_blocked']) }}
-- Suppliers and customers as their systems know them, one row each; golden_id joins those that are the same party in several
-- systems.
with counterparty as (select * from {{ source('raw', 'counterparty') }}),

delivery as (select * from {{ ref('stg_delivery') }}),

golden as (select * from {{ ref('stg_erp__golden_counterparty') }}),

newest as (
    select
        counterparty.source_system || '|' || counterparty.role || '|' || counterparty.source_id as counterparty_id,
        counterparty.*,
        delivery.source,
        delivery.received_at
    from counterparty
    inner join delivery on counterparty.delivery_id = delivery.delivery_id
    qualify row_number() over (
        partition by
            counterparty.source_system,
            counterparty.role,
            counterparty.source_id,
            counterparty.company_code
        order by delivery.received_at desc, delivery.delivery_id desc, counterparty.record_number desc
    ) = 1
),

-- general data and the data of single company codes are one party: each attribute is the newest that is given, general data (the
-- records that carry a name) before that of a company code. A block or deletion in one company code shows on the party: it must not
-- be paid there, and a person decides on the rest.
placed as (
    select
        *,
        row_number() over (partition by counterparty_id order by name is not null, received_at, delivery_id, record_number) as place
    from newest
),

party as (
    select
        counterparty_id,
        min(source_system) as source_system,
        min(source_id) as source_id,
        min(role) as role,
        {% for column in [
            'name', 'street', 'postal_code', 'city', 'country', 'tax_id', 'vat_id', 'email', 'currency', 'payment_terms', 'changed_at',
            'changed_by', 'extra'
        ] -%}
            arg_max({{ column }}, place) filter (where {{ column }} is not null) as {{ column }},
        {% endfor -%}
        string_agg(distinct nullif(trim(payment_block), ''), ',' order by nullif(trim(payment_block), '')) as payment_block,
        bool_or(coalesce(deleted, false)) as is_deleted,
        string_agg(distinct company_code, ',' order by company_code) as company_codes,
        arg_max(source, place) as source,
        max(received_at) as known_at,
        arg_max(delivery_id, place) as delivery_id,
        arg_max(record_number, place) as record_number
    from placed
    group by counterparty_id
)

select
    party.counterparty_id,
    coalesce(golden.golden_id, party.counterparty_id) as golden_id,
    party.source_system,
    party.source_id,
    party.role,
    party.name,
    party.street,
    party.postal_code,
    party.city,
    party.country,
    party.tax_id,
    party.vat_id,
    party.email,
    party.currency,
    party.payment_terms,
    party.company_codes,
    party.payment_block,
    party.payment_block is not null as is_blocked,
    party.is_deleted,
    party.changed_at,
    party.changed_by,
    party.extra,
    party.source,
    party.known_at,
    party.delivery_id,
    party.record_number
from party
left join golden on party.counterparty_id = golden.counterparty_id
