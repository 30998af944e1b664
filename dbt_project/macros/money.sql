{#
  Exact money arithmetic: a division of decimals is a DOUBLE in DuckDB, so conversion runs on integers (amounts in units of
  0.00001, rates as a numerator over a denominator) and rounds half away from zero to five decimals.
#}
{% macro convert_money(amount, numerator, denominator) -%}
    case
        when {{ numerator }} = {{ denominator }} then cast({{ amount }} as decimal(23, 5))  -- the group's own currency, most rows
        else
            cast(
                cast(
                    sign({{ amount }})
                    * (
                        (abs(cast({{ amount }} * 100000 as hugeint)) * {{ numerator }} * 2 + {{ denominator }})
                        // ({{ denominator }} * 2)
                    ) as decimal(28, 0)
                ) * cast(0.00001 as decimal(5, 5)) as decimal(23, 5)
            )
    end
{%- endmacro %}

{# Sums of DECIMAL(23,5) widen to DECIMAL(38,5); back to the money type, loudly where it does not fit. #}
{% macro total(expression) -%}
    cast(coalesce(sum({{ expression }}), 0) as decimal(23, 5))
{%- endmacro %}

{# An amount as a sentence says it: two decimals, or as many as it needs. #}
{% macro say_money(amount) -%}
    regexp_replace(cast({{ amount }} as varchar), '0{1,3}$', '')
{%- endmacro %}

{#
  A percentage (2 means 2 %) of an amount, exact on integers and rounded half up to the currency's minor unit; a rate has ten
  decimals, an amount five. Minor units: ISO 4217, two where it does not say otherwise.
#}
{% macro percent_of(amount, percent, currency) -%}
    cast(
        (
            (
                cast({{ amount }} * 100000 as hugeint) * cast({{ percent }} * 10000000000 as hugeint) * 2
                + {{ minor_unit_scale(currency) }}
            ) // ({{ minor_unit_scale(currency) }} * 2)
        )
        * case
            when {{ currency }} in {{ no_decimals() }} then cast(1 as decimal(7, 5))
            when {{ currency }} in {{ three_decimals() }} then cast(0.001 as decimal(7, 5))
            else cast(0.01 as decimal(7, 5))
        end as decimal(23, 5)
    )
{%- endmacro %}

{# How many units of 0.00001 currency, times 1e-10, times 1e-2 (percent) make one minor unit. #}
{% macro minor_unit_scale(currency) -%}
    case
        when {{ currency }} in {{ no_decimals() }} then cast(100000000000000000 as hugeint)
        when {{ currency }} in {{ three_decimals() }} then cast(100000000000000 as hugeint)
        else cast(1000000000000000 as hugeint)
    end
{%- endmacro %}

{% macro no_decimals() -%}
    ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF')
{%- endmacro %}

{% macro three_decimals() -%}
    ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND')
{%- endmacro %}
