-- Due-date and discount rules, newest observation each.
with terms as (select * from {{ source('raw', 'payment_terms') }}),

delivery as (select * from {{ ref('stg_delivery') }})

select
    terms.source_system || '|' || terms.terms_id as terms_key,
    terms.source_system,
    terms.terms_id,
    terms.description,
    terms.net_days,
    terms.discount_days_1,
    terms.discount_percent_1,
    terms.discount_days_2,
    terms.discount_percent_2,
    delivery.source,
    delivery.received_at as known_at,
    terms.delivery_id,
    terms.record_number
from terms
inner join delivery on terms.delivery_id = delivery.delivery_id
qualify row_number() over (
    partition by terms.source_system, terms.terms_id
    order by delivery.received_at desc, delivery.delivery_id desc, terms.record_number desc
) = 1
