{#
  Tables and views of this project are replaced in place: drop and create in one transaction, which DuckDB either commits whole
  or rolls back, so that the table of the run before stays when a model fails. dbt's own way (build beside, rename twice, drop)
  gives the same and costs four round trips a model more; at some sixty models a run that is most of dbt's time.
  A model's column constraints and its contract are checked as with dbt's own. Of a small table that others are made from by key
  (by_key.sql), the config `tracked` names the columns they read: rows that differ in them stand in changes.<model>.
#}
{% materialization table, adapter='duckdb', supported_languages=['sql'] %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- set tracked = config.get('tracked', []) | join(', ') -%}
    {% call statement('main') -%}
        {% if tracked and new_only() %}
            {% call replace_rows(target_relation, 'true') -%}
                (select {{ tracked }} from {{ target_relation }} except select {{ tracked }} from made)
                union
                (select {{ tracked }} from made except select {{ tracked }} from {{ target_relation }})
            {%- endcall %}
        {% else %}
            {{ make_whole(target_relation, tracked) }}
        {% endif %}
    {%- endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb', supported_languages=['sql'] %}
    {%- set target_relation = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') -%}
        {{ drop_before_create(target_relation) }}
        {{ create_view_as(target_relation, compiled_code) }}
    {%- endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# DROP of what has the name now, table or view (DuckDB refuses the wrong word). #}
{% macro drop_before_create(relation) -%}
    {%- set existing = load_cached_relation(relation) -%}
    {%- if existing is not none -%} drop {{ existing.type }} if exists {{ existing }}; {%- endif -%}
{%- endmacro %}

{# The statements that make a table anew; `columns`, where there are any, are those of changes.<model>, which is empty then. Of a large
   one the columns are told how to compress (macros/compression.sql), also where no contract lists them. #}
{% macro make_whole(relation, columns, large=false) -%}
    {{ drop_before_create(relation) }}
    {% if large and not config.get('contract').enforced %}
        {{ create_compressed(relation, compiled_code) }}
    {% else %}
        {{ create_table_as(False, relation, compiled_code) }}
    {% endif %}
    {% if columns %}
        create or replace table changes.{{ model.name }} as select {{ columns }} from {{ relation }} limit 0;
    {% endif %}
{%- endmacro %}

{# The statements that put the rows a build has made, the temporary table `made`, in the place of others. The caller says what
   changes.<model> is: it may compare `made` with what stood. #}
{% macro replace_rows(relation, condition) -%}
    create or replace temporary table made as ({{ compiled_code }});
    create or replace table changes.{{ model.name }} as
    {{ caller() }};
    delete from {{ relation }} where {{ condition }};
    insert into {{ relation }} by name select * from made;
    drop table made;
{%- endmacro %}
