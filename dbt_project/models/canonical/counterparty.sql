-- Suppliers and customers as their systems know them, newest observation per company code, one row each; golden_id joins those
-- that are the same party in several systems.
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

-- a block or deletion in one company code shows on the party: it must not be paid there, and a person decides on the rest
flag as (
    select
        counterparty_id,
        string_agg(distinct nullif(trim(payment_block), ''), ',' order by nullif(trim(payment_block), '')) as payment_block,
        bool_or(coalesce(deleted, false)) as is_deleted,
        string_agg(distinct company_code, ',' order by company_code) as company_codes
    from newest
    group by counterparty_id
)

select
    newest.counterparty_id,
    coalesce(golden.golden_id, newest.counterparty_id) as golden_id,
    newest.source_system,
    newest.source_id,
    newest.role,
    newest.name,
    newest.street,
    newest.postal_code,
    newest.city,
    newest.country,
    newest.tax_id,
    newest.vat_id,
    newest.email,
    newest.currency,
    newest.payment_terms,
    flag.company_codes,
    flag.payment_block,
    flag.payment_block is not null as is_blocked,
    flag.is_deleted,
    newest.changed_at,
    newest.changed_by,
    newest.extra,
    newest.source,
    newest.received_at as known_at,
    newest.delivery_id,
    newest.record_number
from newest
inner join flag on newest.counterparty_id = flag.counterparty_id
left join golden on newest.counterparty_id = golden.counterparty_id
qualify row_number() over (
    partition by newest.counterparty_id
    order by newest.received_at desc, newest.delivery_id desc, newest.record_number desc
) = 1
