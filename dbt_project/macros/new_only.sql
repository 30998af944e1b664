{#
  Building again when deliveries were added and nothing else has changed. `tieout run` says so with the var new_only and lists the
  added deliveries in ops.new_delivery; without the var, as when dbt is run by hand, every table is made anew.

  A model `by_key` then makes only the rows of the keys that something new can have touched. Which these are is a macro
  touched_<model> beside this one: too many keys cost time, one too few is a wrong table, so each macro names every input of its model.
  What a model has made, changed or removed stands in changes.<model> until the next build, for the models that read it.
#}
{# Whether this model is added to: on another business day not where its rows state figures of the day (config `of_day`). #}
{% macro new_only() -%}
    {{ return(var('new_only', false) and not (var('new_day', false) and model.config.get('of_day', false))) }}
{%- endmacro %}

{# The keys this build touches, as the temporary table `touched`: a pre-hook of a model by_key. #}
{% macro touch(keys) -%}
    {% if new_only() %}
        create or replace temporary table touched as
        select distinct touched_key as key from ({{ keys }}) as touching (touched_key) where touched_key is not null
    {% endif %}
{%- endmacro %}

{# A condition: all rows in a whole build, those of a touched key in one that adds. #}
{% macro is_touched(key) -%}
    {% if new_only() -%} {{ key }} in (select touched.key from touched) {%- else -%} true {%- endif %}
{%- endmacro %}

{# What this build has changed in a model before this one: a table with its columns `changes`, or `tracked`. #}
{% macro changed(model) -%}
    {% do ref(model) %}changes.{{ model }}
{%- endmacro %}

{# Beside is_touched, where keys are hashes: rows of few deliveries stand together, so that the others are not read. `model` has its
   delivery_id among its changes. #}
{% macro is_of_changed_delivery(model) -%}
    {% if new_only() -%} delivery_id in (select delivery_id from {{ changed(model) }}) {%- else -%} true {%- endif %}
{%- endmacro %}

{# The deliveries that the tables do not hold yet. #}
{% macro new_deliveries() -%}
    (select delivery_id from ops.new_delivery)
{%- endmacro %}
