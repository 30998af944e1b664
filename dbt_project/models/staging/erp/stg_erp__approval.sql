-- Approval steps of documents, each with the open item it is about; only the newest observation of a step counts.
with approval as (select * from {{ source('raw', 'approval') }}),

delivery as (select * from {{ ref('stg_delivery') }}),

status_rule as (select * from {{ ref('rule_item_status') }}),

known as (
    select
        approval.*,
        delivery.system,
        delivery.source,
        delivery.received_at,
        coalesce(
            {{ point_in_time('approval."at"', 'delivery.source_timezone') }}, delivery.received_at
        ) as decided_at,
        coalesce(own_rule.approval_status, any_rule.approval_status) as approval_status
    from approval
    inner join delivery on approval.delivery_id = delivery.delivery_id
    left join status_rule as own_rule
        on own_rule.system = delivery.system and own_rule.code = {{ status_code('approval.status') }}
    left join status_rule as any_rule
        on any_rule.system = '*' and any_rule.code = {{ status_code('approval.status') }}
)

select *
from known
qualify row_number() over (
    partition by source_system, company_code, document_number, fiscal_year, step, status, actor, "at"
    order by received_at desc, delivery_id desc, record_number desc
) = 1
