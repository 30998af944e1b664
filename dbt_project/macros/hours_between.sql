{# Hours from one moment to a later one, whole seconds counted, two decimals; none where the second is the earlier. #}
{% macro hours_between(first, second) -%}
    round(
        greatest(
            cast(floor(epoch_us({{ second }}) / 1000000) as bigint) - cast(floor(epoch_us({{ first }}) / 1000000) as bigint), 0
        ) / 3600.0, 2
    )
{%- endmacro %}
