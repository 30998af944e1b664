{#
  Exact money arithmetic: a division of decimals is a DOUBLE in DuckDB, so conversion runs on integers (amounts in units of
  0.00001, rates as a numerator over a denominator) and rounds half away from zero to five decimals.
#}
{% macro convert_money(amount, numerator, denominator) -%}
    cast(
        cast(
            sign({{ amount }})
            * (
                (abs(cast({{ amount }} * 100000 as hugeint)) * {{ numerator }} * 2 + {{ denominator }})
                // ({{ denominator }} * 2)
            ) as decimal(28, 0)
        ) * cast(0.00001 as decimal(5, 5)) as decimal(23, 5)
    )
{%- endmacro %}

{# Sums of DECIMAL(23,5) widen to DECIMAL(38,5); back to the money type, loudly where it does not fit. #}
{% macro total(expression) -%}
    cast(coalesce(sum({{ expression }}), 0) as decimal(23, 5))
{%- endmacro %}
