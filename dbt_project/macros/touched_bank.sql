{# What a build of added deliveries touches: bank lines (see new_only.sql). A line depends on its statement and on its details. #}

{# The statements of new deliveries, those whose camt.054 came now or fits another entry now, and those of which another statement tells
   an entry now, or no more. #}
{% macro touched_bank_statement_line() -%}
    select statement_key from {{ ref('bank_statement') }}
    where delivery_id in {{ new_deliveries() }}
    union all
    select statement_key from {{ changed('stg_bank__notification_link') }}
    union all
    select statement_key from {{ changed('stg_bank__repeated_entry') }}
{%- endmacro %}

{# Balances of new statements; lines, booked or not, of statements that were made again. #}
{% macro touched_cash_position_event() -%}
    {{ touched_bank_statement_line() }}
    union all
    select statement_key from {{ changed('bank_statement_line') }}
    union all
    select statement_key from {{ changed('bank_intraday_line') }}
{%- endmacro %}
