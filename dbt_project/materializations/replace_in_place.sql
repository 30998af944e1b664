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
            create or replace temporary table made as ({{ compiled_code }});
            create or replace table changes.{{ model.name }} as
            (select {{ tracked }} from {{ target_relation }} except select {{ tracked }} from made)
            union
            (select {{ tracked }} from made except select {{ tracked }} from {{ target_relation }});
            delete from {{ target_relation }};
            insert into {{ target_relation }} by name select * from made;
            drop table made;
        {% else %}
            {{ drop_before_create(target_relation) }}
            {{ create_table_as(False, target_relation, compiled_code) }}
            {% if tracked %}
                create or replace table changes.{{ model.name }} as select {{ tracked }} from {{ target_relation }} limit 0;
            {% endif %}
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
