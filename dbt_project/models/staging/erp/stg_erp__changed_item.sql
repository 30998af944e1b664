-- Open items that the last build of added deliveries made otherwise than they were: their newest record, which record stands for them,
-- or the record of another system that is the same item. Empty after a whole build.
with changed_origin as (select * from {{ changed('open_item_origin') }}),

changed_record as (select open_item_id from {{ changed('stg_erp__newest_item') }}),

origin as (select * from {{ ref('open_item_origin') }})

select open_item_id from changed_record
union
select origin_item_id as open_item_id from changed_origin
union
select open_item_id from changed_origin
union
select origin.open_item_id
from origin
inner join changed_record on origin.origin_item_id = changed_record.open_item_id
