{{ config(materialized='table') }}
-- What could show that two counterparties are the same party: tax id, VAT id, IBAN, name and place; one row each, from the newest
-- observation. A filler (shorter than five characters, or one character repeated) is no id.
with counterparty as (select * from {{ source('raw', 'counterparty') }}),

delivery as (select * from {{ ref('stg_delivery') }}),

account as (select * from {{ ref('stg_erp__counterparty_account') }}),

party as (
    select
        counterparty.source_system || '|' || counterparty.role || '|' || counterparty.source_id as counterparty_id,
        min(counterparty.role) as role,
        {% for column in ['name', 'country', 'postal_code', 'tax_id', 'vat_id'] -%}
            arg_max(
                counterparty.{{ column }}, {{ moment('delivery', 'counterparty') }}
            ) filter (where counterparty.{{ column }} is not null) as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from counterparty
    inner join delivery on counterparty.delivery_id = delivery.delivery_id
    group by counterparty_id
),

clean as (
    select
        counterparty_id,
        role,
        upper(country) as country,
        {{ real_id(clean_identifier('tax_id')) }} as tax_id,
        {{ real_id(clean_identifier('vat_id')) }} as vat_id,
        {{ clean_name('name') }} || '|' || upper(country) || '|' || {{ clean_identifier('postal_code') }} as name_and_place
    from party
),

iban as (
    select distinct counterparty_id, {{ clean_identifier('iban') }} as iban
    from account
    where iban is not null
)

select counterparty_id, role, country, tax_id, vat_id, 'tax id' as kind, tax_id as value from clean
union all
select counterparty_id, role, country, tax_id, vat_id, 'vat id' as kind, vat_id as value from clean
union all
select counterparty_id, role, country, tax_id, vat_id, 'name and place' as kind, name_and_place as value from clean
union all
select clean.counterparty_id, clean.role, clean.country, clean.tax_id, clean.vat_id, 'iban' as kind, iban.iban as value
from clean
inner join iban on clean.counterparty_id = iban.counterparty_id
