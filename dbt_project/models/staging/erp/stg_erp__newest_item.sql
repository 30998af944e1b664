{{ config(materialized='table') }}
-- The newest observation of each open item at known_at, with the legal entity its company code belongs to.
with observation as (select * from {{ ref('stg_erp__open_item_observation') }}),

entity as (select * from {{ source('config', 'legal_entity') }}),

newest as (
    select *
    from observation
    qualify row_number() over (
        partition by open_item_id order by received_at desc, delivery_id desc, record_number desc
    ) = 1
)

select
    newest.*,
    coalesce(entity.entity_id, newest.source_entity_id) as entity_id
from newest
left join entity
    on newest.company_code = entity.company_code and (entity.erp_system is null or newest.system = entity.erp_system)
