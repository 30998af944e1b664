{#
  How text columns are compressed. Left alone, DuckDB tries dictionary and FSST on every one, which is up to a third of what writing it
  costs. What a column means tells the outcome: an id of the rows themselves or what somebody wrote is hardly ever repeated (FSST), a code
  has few values (dictionary). Nothing is said of a column that is neither by nature: a wrong word costs space, never a value. Both ways
  belong to the format in which DuckDB 1.5 makes a file unless told otherwise; newer formats have one way for both, and refuse to be told.
#}
{% macro duckdb__get_table_columns_and_constraints() -%}
    {%- set columns = model['columns'].values() | list -%}
    (
        {%- for rendered in adapter.render_raw_columns_constraints(raw_columns=model['columns']) %}
            {{ rendered }} {{ text_compression(columns[loop.index0].name, columns[loop.index0].data_type) }} {{- ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{# A table made from a query, with the columns it gives: what `create table as` makes where no contract lists them, compressed as told. #}
{% macro create_compressed(relation, query) -%}
    create table {{ relation }} (
        {%- for column in adapter.get_column_schema_from_query(query) %}
            {{ adapter.quote(column.name) }} {{ column.dtype }} {{ text_compression(column.name, column.dtype) }} {{- ',' if not loop.last }}
        {%- endfor %}
    );
    insert into {{ relation }} {{ query }};
{%- endmacro %}

{% macro text_compression(name, type) -%}
    {%- if type | lower != 'varchar' -%}
    {%- elif name in ids_of_rows() + texts() -%} using compression fsst
    {%- elif name in codes() -%} using compression dictionary
    {%- endif -%}
{%- endmacro %}

{% macro ids_of_rows() -%}
    {{
        return([
            'bank_line_detail_id', 'bank_line_id', 'bank_reference', 'correlation_id', 'document_number',
            'end_to_end_id', 'event_id', 'item_id', 'left_id', 'object_id', 'open_item_id', 'payment_id', 'reference',
            'remittance_id', 'right_id', 'status_event_id',
        ])
    }}
{%- endmacro %}

{% macro texts() -%}
    {{ return(['detail', 'remittance_text', 'text']) }}
{%- endmacro %}

{% macro codes() -%}
    {{
        return([
            'account', 'account_id', 'ageing_bucket', 'approval_status', 'company_code', 'credit_debit', 'currency', 'delivered_status',
            'delivery_id', 'details_from', 'direction', 'document_type', 'domain_code', 'entity', 'entity_id', 'event', 'family_code', 'fiscal_year',
            'hindrance', 'kind', 'ledger', 'left_dataset', 'level', 'line_kind', 'match_flow', 'match_result', 'native_code',
            'next_event', 'object_type', 'payment_method', 'payment_status', 'payment_terms', 'reason_code', 'right_dataset', 'source',
            'source_system', 'status', 'subfamily_code', 'system',
        ])
    }}
{%- endmacro %}
