-- Statements and pages in their order per account and currency, each tied to the one before: opening = previous closing.
with statement as (select * from {{ ref('stg_bank__statement') }}),

-- several pages of a day follow sequence and page; the sequence restarts each year, so the date comes first
ordered as (
    select
        statement.*,
        coalesce(statement.legal_sequence, statement.electronic_sequence) as sequence,
        row_number() over account_order as position,
        lag(statement.closing_balance) over account_order as previous_closing,
        lag(statement.statement_date) over account_order as previous_date,
        max(statement.statement_date) over (account_order rows between unbounded preceding and 1 preceding) as latest_date
    from statement
    window account_order as (
        partition by statement.own_account_id, statement.statement_currency, statement.kind
        order by
            statement.statement_date,
            coalesce(statement.legal_sequence, statement.electronic_sequence) nulls last,
            statement.page nulls last,
            statement.opening_date nulls last,
            statement.from_date nulls last,
            statement.created_at nulls last,
            statement.statement_key
    )
)

select
    ordered.statement_key,
    ordered.own_account_id as account_id,
    ordered.entity_id,
    ordered.kind,
    ordered.statement_id,
    ordered.message_id,
    ordered.sequence,
    ordered.page,
    ordered.last_page as is_last_page,
    ordered.copy_duplicate,
    ordered.created_at,
    ordered.from_date,
    ordered.to_date,
    ordered.statement_date,
    ordered.statement_currency as currency,
    ordered.opening_balance,
    ordered.opening_date,
    ordered.closing_balance,
    ordered.closing_date,
    ordered.entry_count,
    ordered.net_amount,
    ordered.balance_check,
    ordered.difference,
    case
        when ordered.kind != 'statement' then 'unknown'
        when ordered.position = 1 then 'first'
        when ordered.opening_balance is null or ordered.previous_closing is null then 'unknown'
        when ordered.opening_balance = ordered.previous_closing then 'ok'
        when coalesce(ordered.from_date, ordered.opening_date) < ordered.latest_date then 'overlap'
        else 'gap'
    end as continuity,
    case when ordered.kind = 'statement' then ordered.previous_closing end as expected_opening,
    case when ordered.kind = 'statement' then ordered.opening_balance - ordered.previous_closing end as continuity_difference,
    cast(ordered.position as bigint) as position,
    ordered.declared_entries,
    ordered.declared_net,
    ordered.source,
    ordered.received_at as known_at,
    ordered.delivery_id,
    ordered.record_number
from ordered
