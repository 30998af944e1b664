-- Every observation of every open item, from all systems, append-only: the history that open_item is the newest state of.
{% for system in var('erp_systems') -%}
select * from {{ ref('stg_' ~ system ~ '__open_item') }}
union all by name
{% endfor -%}
select * from {{ ref('stg_generic__open_item') }}
