-- Payment information blocks with their message and own account: the group a bank may book as one entry.
with batch as (select * from {{ source('raw', 'payment_batch') }}),

message as (select * from {{ source('raw', 'payment_message') }}),

delivery as (select * from {{ ref('stg_delivery') }}),

account as (select * from {{ ref('stg_own_account') }})

select
    batch.message_id || '|' || batch.payment_information_id as batch_id,
    delivery.source,
    delivery.received_at,
    delivery.received_on,
    delivery.source_timezone,
    message.direction,
    message.created_at,
    account.account_id,
    coalesce(account.entity_id, delivery.source_entity_id) as entity_id,
    batch.*
from batch
inner join delivery on batch.delivery_id = delivery.delivery_id
left join message on batch.delivery_id = message.delivery_id and batch.message_id = message.message_id
left join account
    on
        delivery.source = account.source
        and batch.debtor_account is not distinct from account.account_name
        and batch.debtor_account_currency is not distinct from account.account_currency
