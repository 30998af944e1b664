{{ config(materialized='by_key', key='payment_id', pre_hook="{{ touch(touched_payment_instruction()) }}") }}
-- Payments as instructed, with their newest status. A rejection or cancellation holds unless the bank later says executed of the payment
-- as closely: of a payment that was rejected by name, nothing is said by its batch having been executed. The other states only move
-- forward, whatever the clocks of the systems that report them.
{% set deliveries %}
    select delivery_id from {{ this }} where {{ is_touched('payment_id') }}
    union
    select delivery_id from ops.new_delivery
{% endset %}

with payment as (
    select * from ({{ hub_payments(deliveries if new_only() else none) }}) as instructed
    where {{ is_touched('payment_id') }}
),

status_event as (
    select * from {{ ref('payment_status_event') }}
    where payment_id is not null and status is not null and is_permitted and {{ is_touched('payment_id') }}
),

remittance as (
    select * from {{ ref('remittance_advice') }}
    where open_item_id is not null and {{ is_touched('payment_id') }}
),

item as (select open_item_id, counterparty_id from {{ ref('stg_erp__open_item') }}),

party_account as (select * from {{ ref('stg_erp__party_account') }}),

party as (select counterparty_id, source_system, role from {{ ref('counterparty') }}),

entity as (select entity_id, erp_system from {{ ref('legal_entity') }}),

last_progress as (
    select
        payment_id,
        arg_max(status, (progress, reported_at)) filter (where progress < 8) as forward_status,
        min(reported_at) filter (where progress < 8 and status = 'created') as created_status_at,
        max(reported_at) filter (where status = 'executed') as executed_at,
        max(reported_at) filter (where status = 'executed' and level != 'message') as executed_in_batch_at,
        max(reported_at) filter (where status = 'executed' and level = 'transaction') as executed_alone_at,
        max(case level when 'transaction' then 3 when 'batch' then 2 else 1 end) filter (where progress = 8) as stopped_closely,
        max(reported_at) filter (where progress = 8) as stopped_at,
        arg_max(status, (reported_at, status)) filter (where progress = 8) as stopped_status
    from status_event
    group by payment_id
),

answered as (
    select
        *,
        case stopped_closely when 3 then executed_alone_at when 2 then executed_in_batch_at else executed_at end as executed_after_all_at
    from last_progress
),

current_status as (
    select
        payment_id,
        case
            when stopped_at is not null and (executed_after_all_at is null or stopped_at >= executed_after_all_at) then stopped_status
            else forward_status
        end as status
    from answered
),

status_since as (
    select
        current_status.payment_id,
        current_status.status,
        min(status_event.reported_at) as status_at,
        arg_min(
            nullif(concat_ws(' ', status_event.reason_code, status_event.reason_text), ''),
            (status_event.reported_at, status_event.level != 'transaction', status_event.delivery_id, status_event.record_number)
        ) as status_reason
    from current_status
    inner join status_event
        on current_status.payment_id = status_event.payment_id and current_status.status = status_event.status
    group by all
),

-- the party is the one the settled items belong to, else the only one in the entity's ERP with the account paid
settled_party as (
    select remittance.payment_id, min(item.counterparty_id) as counterparty_id
    from remittance
    inner join item on remittance.open_item_id = item.open_item_id
    group by remittance.payment_id
    having min(item.counterparty_id) = max(item.counterparty_id)
),

account_party as (
    select payment.payment_id, min(party.counterparty_id) as counterparty_id
    from payment
    inner join party_account on {{ clean_identifier('payment.counterparty_account') }} = party_account.account_identifier
    inner join party on party_account.counterparty_id = party.counterparty_id
    left join entity on payment.entity_id = entity.entity_id
    where
        party.role = case when payment.direction = 'direct_debit' then 'customer' else 'supplier' end
        and (entity.erp_system is null or party.source_system = entity.erp_system)
        and payment.payment_id not in (select settled_party.payment_id from settled_party)
    group by payment.payment_id
    having min(party.counterparty_id) = max(party.counterparty_id)
)

select
    payment.payment_id,
    payment.source,
    payment.message_id,
    payment.payment_information_id,
    payment.batch_id,
    payment.transaction_number,
    payment.instruction_id,
    payment.end_to_end_id,
    payment.uetr,
    payment.entity_id,
    payment.account_id,
    payment.direction,
    payment.signed_amount as amount,
    payment.currency,
    payment.execution_date,
    payment.message_created_at,
    coalesce(settled_party.counterparty_id, account_party.counterparty_id) as counterparty_id,
    payment.counterparty_name,
    payment.counterparty_account,
    payment.counterparty_agent,
    payment.counterparty_country,
    payment.mandate_id,
    payment.cheque_number,
    payment.remittance_unstructured as remittance_text,
    payment.structured_reference,
    payment.structured_reference_type,
    payment.purpose_code,
    coalesce(status_since.status, 'created') as status,
    coalesce(
        status_since.status_at,
        {{ point_in_time('payment.message_created_at', 'payment.source_timezone') }},
        payment.received_at
    ) as status_at,
    status_since.status_reason,
    coalesce(payment.account_id, '') || '|' || coalesce(payment.end_to_end_id, payment.payment_id) as correlation_id,
    payment.received_on,
    payment.received_at as known_at,
    payment.delivery_id,
    payment.record_number,
    payment.byte_start,
    payment.byte_end
from payment
left join status_since on payment.payment_id = status_since.payment_id
left join settled_party on payment.payment_id = settled_party.payment_id
left join account_party on payment.payment_id = account_party.payment_id
