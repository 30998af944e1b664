-- The golden record of a party that several systems know. config/ownership.yml says which system answers for an attribute, and which
-- one stands in where it has none; an attribute nobody owns comes from the newest record.
with party as (select * from {{ ref('counterparty') }}),

ownership as (
    select attribute, system, rank from {{ source('config', 'ownership') }}
    where object = 'counterparty' and status is null
),

link as (
    select * from {{ ref('counterparty_link') }}
    where is_accepted
),

confidence as (
    select party.golden_id, min(link.confidence) as confidence
    from link
    inner join party on link.counterparty_id = party.counterparty_id
    group by party.golden_id
),

{% set attributes = [
    'name', 'street', 'postal_code', 'city', 'country', 'tax_id', 'vat_id', 'email', 'currency', 'payment_terms'
] %}

-- a party that one record alone tells of has what that record says
member as (
    select
        golden_id,
        min(role) as role,
        cast(count(*) as bigint) as members,
        string_agg(counterparty_id, ', ' order by counterparty_id) as counterparty_ids,
        string_agg(distinct source_system, ', ' order by source_system) as systems,
        bool_or(is_blocked) as is_blocked,
        bool_and(is_deleted) as is_deleted,
        {% for attribute in attributes -%}
            min({{ attribute }}) as {{ attribute }},
        {% endfor -%}
        max(known_at) as known_at
    from party
    group by golden_id
),

value as (
    {% for attribute in attributes -%}
        select
            golden_id, counterparty_id, source_system, known_at, '{{ attribute }}' as attribute, {{ attribute }} as value
        from party
        where {{ attribute }} is not null and golden_id in (select golden_id from member where members > 1)
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

chosen as (
    select value.golden_id, value.attribute, value.value
    from value
    left join ownership on value.attribute = ownership.attribute and value.source_system = ownership.system
    qualify row_number() over (
        partition by value.golden_id, value.attribute
        order by ownership.rank asc nulls last, value.known_at desc, value.counterparty_id asc
    ) = 1
),

wide as (
    select
        golden_id,
        {% for attribute in attributes -%}
            max(value) filter (where attribute = '{{ attribute }}') as {{ attribute }}{{ ',' if not loop.last }}
        {% endfor %}
    from chosen
    group by golden_id
)

select
    member.golden_id,
    member.role,
    {% for attribute in attributes -%}
        case when member.members = 1 then member.{{ attribute }} else wide.{{ attribute }} end as {{ attribute }},
    {% endfor -%}
    member.members,
    member.counterparty_ids,
    member.systems,
    coalesce(confidence.confidence, 1) as confidence,
    member.is_blocked,
    member.is_deleted,
    member.known_at
from member
left join wide on member.golden_id = wide.golden_id
left join confidence on member.golden_id = confidence.golden_id
