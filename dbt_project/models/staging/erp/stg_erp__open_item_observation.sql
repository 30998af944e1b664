-- Every observation of every open item, from all systems, append-only: the history that open_item is the newest state of.
select * from {{ ref('stg_sap__open_item') }}
union all by name
select * from {{ ref('stg_netsuite__open_item') }}
union all by name
select * from {{ ref('stg_dynamics__open_item') }}
union all by name
select * from {{ ref('stg_generic__open_item') }}
