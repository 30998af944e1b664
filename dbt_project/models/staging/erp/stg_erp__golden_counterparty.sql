{{ config(materialized='table') }}
-- Which counterparties are the same party: they share a tax id, a VAT id, or an IBAN, or have the same name in the same country
-- and postal code. Sameness is carried along chains of such evidence; the golden id is the smallest id of the chain.
with recursive party as (
    select distinct
        source_system || '|' || role || '|' || source_id as counterparty_id,
        role,
        {{ clean_identifier('tax_id') }} as tax_id,
        {{ clean_identifier('vat_id') }} as vat_id,
        {{ clean_name('name') }} || '|' || country || '|' || postal_code as name_key
    from {{ source('raw', 'counterparty') }}
    where delivery_id in (select delivery_id from {{ ref('stg_delivery') }})
),

evidence as (
    select counterparty_id, role || '|tax|' || tax_id as evidence from party where tax_id is not null
    union
    select counterparty_id, role || '|vat|' || vat_id as evidence from party where vat_id is not null
    union
    select counterparty_id, role || '|name|' || name_key as evidence from party where name_key is not null
    union
    select counterparty_id, split_part(counterparty_id, '|', 2) || '|iban|' || {{ clean_identifier('iban') }} as evidence
    from {{ ref('stg_erp__counterparty_account') }}
    where iban is not null
),

-- each party points at the smallest id that shares evidence with it; following the pointers ends at the chain's smallest
edge as (
    select distinct one.counterparty_id, other.linked_id
    from evidence as one
    inner join (select evidence, min(counterparty_id) as linked_id from evidence group by evidence) as other
        on one.evidence = other.evidence
),

both_ways as (
    select counterparty_id, linked_id from edge
    union
    select linked_id as counterparty_id, counterparty_id as linked_id from edge
),

reached as (
    select distinct counterparty_id, counterparty_id as reached_id from party
    union
    select reached.counterparty_id, both_ways.linked_id as reached_id
    from reached
    inner join both_ways on reached.reached_id = both_ways.counterparty_id
)

select counterparty_id, min(reached_id) as golden_id
from reached
group by counterparty_id
