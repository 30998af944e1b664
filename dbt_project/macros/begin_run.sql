{#
  Fixes the time of the run before the first model. Vars as_of and known_at, where given, are written to
  config.run_parameter; without them the table must already hold exactly one row. Raises when it does not, or when
  config.company does not hold exactly one row: every model joins to them, and no row would mean silently empty tables. The
  documentation (dbt docs generate) is of no run, and is made without a warehouse too.
#}
{% macro begin_run() %}
    {% if execute and flags.WHICH != "generate" %}
        {% set as_of, known_at = var('as_of', none), var('known_at', none) %}
        {% for table in ['run_parameter', 'company'] %}
            {% set rows = run_query("select count(*) from config." ~ table).columns[0].values()[0] %}
            {% if rows != 1 and not (table == 'run_parameter' and as_of and known_at) %}
                {{ exceptions.raise_compiler_error(
                    "config." ~ table ~ " holds " ~ rows ~ " rows, expected exactly 1: pass --vars with as_of and known_at,"
                    ~ " and load the workspace's config before dbt runs"
                ) }}
            {% endif %}
        {% endfor %}
        {% if as_of and known_at %}
            delete from config.run_parameter;
            insert into config.run_parameter (as_of, known_at, run_id)
            values (date '{{ as_of }}', timestamptz '{{ known_at }}', '{{ var("run_id", "manual") }}')
        {% elif as_of or known_at %}
            {{ exceptions.raise_compiler_error("give both vars, as_of and known_at, or neither") }}
        {% endif %}
    {% endif %}
{% endmacro %}
