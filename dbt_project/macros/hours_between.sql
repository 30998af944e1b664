{# Hours from one moment to a later one, whole seconds counted, two decimals; none where the second is the earlier. #}
{% macro hours_between(first, second) -%}
    round(
        greatest(
            cast(floor(epoch_us({{ second }}) / 1000000) as bigint) - cast(floor(epoch_us({{ first }}) / 1000000) as bigint), 0
        ) / 3600.0, 2
    )
{%- endmacro %}

{# A state that no step has ended lasts as far as we know, the newest delivery: with each one longer, also where nothing else is new. #}
{% macro last_states_last_until_now() -%}
    {% if new_only() %}
        update {{ this }} set hours_in_state = {{ hours_between('"at"', 'newest.received_at') }}
        from (select max(received_at) as received_at from {{ ref('stg_delivery') }}) as newest
        where is_current
    {% endif %}
{%- endmacro %}
