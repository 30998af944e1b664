{# Mondays to Fridays after the first date up to and including the second; bank holidays are the calendars' business. #}
{% macro weekdays_between(first, last) -%}
    cast(
        len(
            list_filter(
                generate_series({{ first }} + interval 1 day, cast({{ last }} as timestamp), interval 1 day),
                lambda day: isodow(day) < 6
            )
        ) as bigint
    )
{%- endmacro %}

{# The date itself, or the Friday before where it falls on a weekend. #}
{% macro weekday_on_or_before(day) -%}
    {{ day }} - greatest(cast(isodow({{ day }}) as integer) - 5, 0)
{%- endmacro %}
