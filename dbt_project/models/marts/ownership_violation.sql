{{ config(materialized='by_key', key='object_id', of_day=true, pre_hook="{{ touch(touched_ownership_violation()) }}") }}
-- Where a system said what is not its to say (config/ownership.yml): a payment status set by a system that may not set it, a step
-- that may not follow the one before, an attribute of a party on which the systems differ, an account that the owner of bank
-- details does not know, an invoice approved by the person who entered it. Both values are shown; the owner's stands.
with status_event as (
    select * from {{ ref('payment_status_event') }}
    where payment_id is not null and status is not null and {{ is_touched('payment_id') }}
),

payment as (
    select payment_id, entity_id, correlation_id from {{ ref('payment_instruction') }}
    where {{ is_touched('payment_id') }}
),

party as (select * from {{ ref('counterparty') }}),

golden as (select * from {{ ref('golden_counterparty') }}),

party_account as (
    select * from {{ ref('counterparty_bank_account') }}
    where is_current
),

item as (
    select * from {{ ref('open_item') }}
    where {{ is_touched('open_item_id') }}
),

ownership as (select * from {{ source('config', 'ownership') }}),

transition as (
    select * from {{ source('config', 'status_transition') }}
    where object = 'payment'
),

run as (select * from {{ ref('stg_run') }}),

status_owner as (
    select status, string_agg(system, ', ' order by rank) as systems
    from ownership
    where object = 'payment' and attribute = 'status'
    group by status
),

forbidden_status as (
    select
        'forbidden_status' as kind,
        'payment' as object_type,
        status_event.payment_id as object_id,
        'status' as attribute,
        status_owner.systems as owner,
        cast(null as varchar) as owner_value,
        status_event.origin as system,
        status_event.status as value,
        status_event.actor,
        status_event.reported_at as "at",
        payment.entity_id,
        payment.correlation_id,
        'Status ' || status_event.status || ' was set by ' || status_event.origin || '; only ' || status_owner.systems
        || ' may set it. It does not count' as message,
        status_event.status_event_id as detail,
        status_event.delivery_id
    from status_event
    inner join status_owner on status_event.status = status_owner.status
    inner join payment on status_event.payment_id = payment.payment_id
    where not status_event.is_permitted
),

step as (
    select
        status_event.*,
        lag(status) over payment_order as status_before,
        lag(origin) over payment_order as origin_before
    from status_event
    where is_permitted
    -- the same second in two systems is no order: the step that comes first on the way comes first
    window payment_order as (partition by payment_id order by reported_at, progress, status_event_id)
),

forbidden_transition as (
    select
        'forbidden_transition' as kind,
        'payment' as object_type,
        step.payment_id as object_id,
        'status' as attribute,
        step.origin_before as owner,
        step.status_before as owner_value,
        step.origin as system,
        step.status as value,
        step.actor,
        step.reported_at as "at",
        payment.entity_id,
        payment.correlation_id,
        'Status ' || step.status || ' follows ' || step.status_before || ', which is no permitted step' as message,
        step.status_event_id as detail,
        step.delivery_id
    from step
    inner join payment on step.payment_id = payment.payment_id
    -- a status that another system repeats is no step
    where
        step.status != step.status_before
        and step.status_before in (select from_status from transition)
        and not exists (
            select 1
            from transition
            where transition.from_status = step.status_before and transition.to_status = step.status
        )
),

{% set attributes = ['name', 'country', 'tax_id', 'vat_id', 'payment_terms', 'currency'] %}

member_value as (
    {% for attribute in attributes -%}
        select
            party.counterparty_id,
            party.golden_id,
            party.source_system,
            party.changed_by,
            party.known_at,
            party.delivery_id,
            '{{ attribute }}' as attribute,
            party.{{ attribute }} as value,
            golden.{{ attribute }} as golden_value
        from party
        inner join golden on party.golden_id = golden.golden_id
        where golden.members > 1
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

attribute_conflict as (
    select
        'attribute_conflict' as kind,
        'counterparty' as object_type,
        member_value.counterparty_id as object_id,
        member_value.attribute,
        attribute_owner.systems as owner,
        member_value.golden_value as owner_value,
        member_value.source_system as system,
        member_value.value,
        member_value.changed_by as actor,
        member_value.known_at as "at",
        cast(null as varchar) as entity_id,
        member_value.golden_id as correlation_id,
        member_value.attribute || ' is ' || member_value.value || ' in ' || member_value.source_system || ', '
        || member_value.golden_value || ' by the order of ownership ' || attribute_owner.systems as message,
        member_value.attribute as detail,
        member_value.delivery_id
    from member_value
    inner join (
        select attribute, string_agg(system, ', ' order by rank) as systems
        from ownership
        where object = 'counterparty' and status is null
        group by attribute
    ) as attribute_owner on member_value.attribute = attribute_owner.attribute
    where
        case
            when member_value.attribute = 'name'
                then {{ clean_name('member_value.value') }} != {{ clean_name('member_value.golden_value') }}
            else {{ clean_identifier('member_value.value') }} != {{ clean_identifier('member_value.golden_value') }}
        end
),

account_rank as (
    select party_account.*, party.golden_id, party.source_system, ownership.rank
    from party_account
    inner join party on party_account.counterparty_id = party.counterparty_id
    left join ownership
        on
            party.source_system = ownership.system
            and ownership.object = 'counterparty'
            and ownership.attribute = 'bank_account'
            and ownership.status is null
),

account_owner as (
    select
        golden_id,
        min(source_system) as source_system,
        string_agg(distinct account_identifier, ', ' order by account_identifier) as accounts
    from account_rank
    where rank = 1
    group by golden_id
),

foreign_account as (
    select
        'account_not_known_to_owner' as kind,
        'counterparty' as object_type,
        account_rank.counterparty_id as object_id,
        'bank_account' as attribute,
        account_owner.source_system as owner,
        account_owner.accounts as owner_value,
        account_rank.source_system as system,
        account_rank.account_identifier as value,
        account_rank.changed_by as actor,
        account_rank.known_at as "at",
        cast(null as varchar) as entity_id,
        account_rank.golden_id as correlation_id,
        'Account ' || account_rank.account_identifier || ' is in ' || account_rank.source_system || ' only; '
        || account_owner.source_system || ' answers for bank details and has ' || account_owner.accounts as message,
        account_rank.account_identifier as detail,
        account_rank.delivery_id
    from account_rank
    inner join account_owner on account_rank.golden_id = account_owner.golden_id
    where
        coalesce(account_rank.rank, 2) > 1
        and not list_contains(string_split(account_owner.accounts, ', '), account_rank.account_identifier)
),

self_approval as (
    select
        'self_approval' as kind,
        'open_item' as object_type,
        item.open_item_id as object_id,
        'approved_by' as attribute,
        item.system as owner,
        item.created_by as owner_value,
        item.system,
        item.approved_by as value,
        item.approved_by as actor,
        item.known_at as "at",
        item.entity_id,
        item.correlation_id,
        item.document_number || ' was entered and approved by ' || item.approved_by as message,
        item.document_number as detail,
        item.delivery_id
    from item
    where item.kind != 'payment' and upper(item.created_by) = upper(item.approved_by)
),

violation as (
    select * from forbidden_status
    union all
    select * from forbidden_transition
    union all
    select * from attribute_conflict
    union all
    select * from foreign_account
    union all
    select * from self_approval
)

select
    md5(concat_ws('|', violation.kind, violation.object_id, violation.attribute, violation.detail, violation.system))
        as ownership_violation_id,
    run.as_of,
    violation.kind,
    violation.object_type,
    violation.object_id,
    violation.attribute,
    violation.owner as owning_system,
    violation.owner_value,
    violation.system,
    violation.value,
    violation.actor,
    violation."at",
    violation.entity_id,
    violation.correlation_id,
    violation.message,
    violation.delivery_id
from violation
cross join run
