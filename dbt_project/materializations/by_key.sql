{#
  A table that can be made for some of its keys (macros/new_only.sql). Config: `key`, the column whose values are made together;
  `changes`, the columns that models after it need of the rows that went and came (default: the key); `of_day`, where its rows state
  figures of the business day, as days overdue, so that another day makes them all. In one transaction.
#}
{% materialization by_key, adapter='duckdb', supported_languages=['sql'] %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set key = config.require('key') -%}
    {%- set columns = config.get('changes', [key]) | join(', ') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') -%}
        {% if new_only() %}
            create or replace temporary table gone as
            select rowid as place, {{ columns }} from {{ target_relation }} where {{ is_touched(key) }};
            {% call replace_rows(target_relation, 'rowid in (select place from gone)') -%}
                select distinct {{ columns }} from gone
                union all
                select distinct {{ columns }} from made
            {%- endcall %}
            drop table gone;
        {% else %}
            {{ make_whole(target_relation, columns, large=true) }}
        {% endif %}
    {%- endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
