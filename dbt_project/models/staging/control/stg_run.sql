-- The run's own time and the group's: one row that every time-dependent model joins.
with run_parameter as (select * from {{ source('config', 'run_parameter') }}),

company as (select * from {{ source('config', 'company') }})

select
    run_parameter.as_of,
    run_parameter.known_at,
    company.timezone,
    company.base_currency
from run_parameter
cross join company
