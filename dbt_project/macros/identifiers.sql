{# An account number or IBAN as compared: letters and digits only, upper case. #}
{% macro clean_identifier(expression) -%}
    nullif(upper(regexp_replace({{ expression }}, '[^A-Za-z0-9]', '', 'g')), '')
{%- endmacro %}

{# A name as compared: upper case, no accents, letters and digits only, legal form words at the end removed. #}
{% macro clean_name(expression) -%}
    nullif(
        trim(
            regexp_replace(
                regexp_replace(
                    regexp_replace(
                        upper(strip_accents(replace({{ expression }}, 'ß', 'ss'))), '[^A-Z0-9]+', ' ', 'g'
                    ),
                    '( (GMBH|CO|KG|AG|SE|INC|LLC|LTD|LIMITED|CORP|CORPORATION|SA|SAS|SARL|BV|NV|SRL|SPA|PLC|OY|AB|AS|GMBH CO))+ *$',
                    ''
                ),
                ' +',
                ' ',
                'g'
            )
        ),
        ''
    )
{%- endmacro %}

{# A point in time from ISO 8601 text: its own offset where it has one, else the given zone's local time. #}
{% macro point_in_time(expression, zone) -%}
    case
        when regexp_matches({{ expression }}, '[T ][0-9:.]+ ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)$')
            then try_cast({{ expression }} as timestamptz)
        else timezone({{ zone }}, try_cast({{ expression }} as timestamp))
    end
{%- endmacro %}

{# An id that says something: at least five characters, not one character repeated. #}
{% macro real_id(expression) -%}
    case when length({{ expression }}) >= 5 and ltrim({{ expression }}, {{ expression }}[1]) != '' then {{ expression }} end
{%- endmacro %}

{# An account as items carry it: the own account's id where the identifier is that of one own account, else as it is given. #}
{% macro known_own_account(expression) -%}
    coalesce(
        (
            select min(alias.account_id)
            from {{ ref('stg_account_alias') }} as alias
            where alias.identifier = {{ clean_identifier(expression) }}
            having count(distinct alias.account_id) = 1
        ),
        {{ expression }}
    )
{%- endmacro %}

{# When a record became known, as one number that orders all records: by delivery, then by its number within. #}
{% macro moment(delivery, record) -%}
    {{ delivery }}.arrival * 100000000000 + {{ record }}.record_number
{%- endmacro %}

{% macro arrival_at(moment) -%}
    {{ moment }} // 100000000000
{%- endmacro %}

{% macro record_at(moment) -%}
    {{ moment }} % 100000000000
{%- endmacro %}

{# What makes two records the same payment, over the columns of raw.payment_instruction or raw.payment_remittance. #}
{% macro payment_key(relation='') -%}
    {{ relation }}message_id || '|' || {{ relation }}payment_information_id || '|' || {{ relation }}transaction_number
{%- endmacro %}
