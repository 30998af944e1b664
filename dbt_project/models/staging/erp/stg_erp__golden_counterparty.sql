{{ config(materialized='table') }}
-- Which golden party each counterparty belongs to: accepted links are followed along chains, and the golden id is the smallest id of
-- the chain.
with recursive link as (
    select counterparty_id, other_id from {{ ref('counterparty_link') }} where is_accepted
    union
    select other_id as counterparty_id, counterparty_id as other_id from {{ ref('counterparty_link') }} where is_accepted
),

reached as (
    select distinct counterparty_id, counterparty_id as reached_id from {{ ref('stg_erp__counterparty_evidence') }}
    union
    select reached.counterparty_id, link.other_id as reached_id
    from reached
    inner join link on reached.reached_id = link.counterparty_id
)

select counterparty_id, min(reached_id) as golden_id
from reached
group by counterparty_id
