{#
  Payments as instructed, with their batch, direction and own account. A direct debit brings money in, a transfer takes it out.
  `deliveries`: a query that names the deliveries wanted, where not all are.
#}
{% macro hub_payments(deliveries=none) -%}
with instruction as (
    select * from {{ source('raw', 'payment_instruction') }}
    {% if deliveries %}where delivery_id in ({{ deliveries }}){% endif %}
),

batch as (select * from {{ ref('stg_hub__batch') }}),

account as (select * from {{ ref('stg_own_account') }})

select
    {{ payment_key('instruction.') }} as payment_id,
    batch.batch_id,
    batch.source,
    batch.direction,
    batch.created_at as message_created_at,
    coalesce(account.account_id, batch.account_id) as account_id,
    coalesce(account.entity_id, batch.entity_id) as entity_id,
    case when batch.direction = 'direct_debit' then instruction.amount else -instruction.amount end as signed_amount,
    coalesce(instruction.requested_execution_date, batch.requested_execution_date) as execution_date,
    batch.received_at,
    batch.received_on,
    batch.source_timezone,
    instruction.*
from instruction
inner join batch
    on
        instruction.delivery_id = batch.delivery_id
        and instruction.message_id = batch.message_id
        and instruction.payment_information_id = batch.payment_information_id
left join account
    on
        instruction.own_account is not null
        and instruction.own_account = account.account_name
        and batch.source = account.source
        and account.account_currency is null
        and account.is_configured
{%- endmacro %}
