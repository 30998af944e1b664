{#
  How text columns are compressed. Left alone, DuckDB tries dictionary and FSST on every one, which is up to a third of what writing it
  costs. What a column means tells the outcome: an id of the rows themselves is hardly ever repeated (FSST), a code has few values
  (dictionary). Nothing is said of a column that is neither by nature: a wrong word costs space, never a value. Both ways belong to the
  format in which DuckDB 1.5 makes a file unless told otherwise; newer formats have one way for both, and refuse to be told.
#}
{% macro duckdb__get_table_columns_and_constraints() -%}
    {%- set columns = model['columns'].values() | list -%}
    (
        {%- for rendered in adapter.render_raw_columns_constraints(raw_columns=model['columns']) %}
            {{ rendered }} {{ text_compression(columns[loop.index0]) }} {{- ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{% macro text_compression(column) -%}
    {%- if column.data_type != 'varchar' -%}
    {%- elif column.name in ids_of_rows() -%} using compression fsst
    {%- elif column.name in codes() -%} using compression dictionary
    {%- endif -%}
{%- endmacro %}

{% macro ids_of_rows() -%}
    {{
        return([
            'bank_line_detail_id', 'bank_line_id', 'bank_reference', 'correlation_id', 'document_flow_id', 'document_number',
            'end_to_end_id', 'event_id', 'item_id', 'left_id', 'object_id', 'open_item_id', 'payment_id', 'reference',
            'remittance_id', 'right_id', 'status_event_id',
        ])
    }}
{%- endmacro %}

{% macro codes() -%}
    {{
        return([
            'account', 'account_id', 'ageing_bucket', 'approval_status', 'company_code', 'credit_debit', 'currency', 'delivered_status',
            'details_from', 'direction', 'document_type', 'domain_code', 'entity', 'entity_id', 'event', 'family_code', 'fiscal_year',
            'hindrance', 'kind', 'ledger', 'left_dataset', 'level', 'line_kind', 'match_flow', 'match_result', 'native_code',
            'next_event', 'object_type', 'payment_method', 'payment_status', 'payment_terms', 'reason_code', 'right_dataset', 'source',
            'source_system', 'status', 'subfamily_code', 'system',
        ])
    }}
{%- endmacro %}
