-- The newest observation of each open item, an item that two ERPs know during a migration once: the origin that answers for it.
with newest as (select * from {{ ref('stg_erp__newest_item') }}),

origin as (select * from {{ ref('open_item_origin') }})

select newest.*
from newest
left join origin on newest.open_item_id = origin.origin_item_id
where coalesce(origin.is_surviving, true)
