{# Baseline date of a SAP item from its undeclared fields: YYYYMMDD, ISO or DD.MM.YYYY; null where it is not set (zeros). #}
{% macro sap_baseline_date() -%}
    cast(try_strptime(json_extract_string(item.extra, '$.ZFBDT'), ['%Y%m%d', '%Y-%m-%d', '%d.%m.%Y']) as date)
{%- endmacro %}

{# A day count of SAP terms from the undeclared fields; zero means not set. #}
{% macro sap_days(field) -%}
    nullif(try_cast(trim(json_extract_string(item.extra, '$.{{ field }}'), ' .') as integer), 0)
{%- endmacro %}
