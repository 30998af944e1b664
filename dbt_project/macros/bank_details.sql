{#
  Details of entries, with the statement they came on. The counterparty of money going out is the creditor, of money coming in
  the debtor; where that party is the account itself (a returned payment keeps its parties), it is the other one. `deliveries`: a
  query that names the deliveries wanted, where not all are; a filter on the whole view reads all details there are.
#}
{% macro entry_details(deliveries=none) -%}
{% set wanted = 'where delivery_id in (' ~ deliveries ~ ')' if deliveries else '' %}
with detail as (
    select * from {{ source('raw', 'bank_entry_detail') }}
    {{ wanted }}
),

entry as (
    select delivery_id, statement_number, entry_number, statement_key, statement_kind, account_id, credit_debit, known_at
    from {{ ref('stg_bank__entry') }}
    {{ wanted }}
),

own_alias as (
    select distinct identifier from {{ ref('stg_account_alias') }}
),

sided as (
    select
        entry.statement_key,
        entry.statement_kind,
        entry.account_id,
        entry.known_at,
        detail.*,
        coalesce(detail.credit_debit, entry.credit_debit) as direction,
        {{ clean_identifier('detail.creditor_account') }} in (select identifier from own_alias) as is_creditor_own,
        {{ clean_identifier('detail.debtor_account') }} in (select identifier from own_alias) as is_debtor_own
    from detail
    inner join entry
        on
            detail.delivery_id = entry.delivery_id
            and detail.statement_number = entry.statement_number
            and detail.entry_number = entry.entry_number
),

chosen as (
    select
        *,
        case
            when coalesce(is_creditor_own, false) and not coalesce(is_debtor_own, false) then 'debtor'
            when coalesce(is_debtor_own, false) and not coalesce(is_creditor_own, false) then 'creditor'
            when direction = 'DBIT' then 'creditor'
            else 'debtor'
        end as counterparty_side
    from sided
)

select
    * exclude (is_creditor_own, is_debtor_own, direction, counterparty_side),
    case when counterparty_side = 'creditor' then creditor_name else debtor_name end as counterparty_name,
    case when counterparty_side = 'creditor' then creditor_account else debtor_account end as counterparty_account,
    case when counterparty_side = 'creditor' then creditor_agent else debtor_agent end as counterparty_agent,
    coalesce(is_creditor_own, false) and coalesce(is_debtor_own, false) as is_own_transfer
from chosen
{%- endmacro %}

{# The details of booked entries: those on the statement itself, or those of the camt.054 or other statement joined to it instead. #}
{% macro booked_details(deliveries) -%}
with detail as (
    {{ entry_details(deliveries) }}
),

link as (select * from {{ ref('stg_bank__notification_link') }})

select
    detail.* replace (coalesce(link.statement_key, detail.statement_key) as statement_key),
    coalesce(link.entry_number, detail.entry_number) as booked_entry_number,
    coalesce(link.details_from, 'statement') as origin
from detail
left join link
    on
        detail.delivery_id = link.detail_delivery_id
        and detail.statement_number = link.detail_statement_number
        and detail.entry_number = link.detail_entry_number
where
    link.statement_key is not null
    or (
        detail.statement_kind = 'statement'
        and (detail.statement_key, detail.entry_number) not in (select (own.statement_key, own.entry_number) from link as own)
    )
{%- endmacro %}
