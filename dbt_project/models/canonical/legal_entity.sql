-- The companies of the group, as configured.
with entity as (select * from {{ source('config', 'legal_entity') }})

select entity_id, name, country, currency, erp_system, company_code
from entity
