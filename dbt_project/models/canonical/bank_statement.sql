-- Statements and pages in their order per account and currency, each tied to the one before: opening = previous closing. What an earlier
-- delivered statement has told already (stg_bank__repeated_entry) is no link of that chain: a statement that brings nothing else stands
-- beside it, of another one the chain goes on where the repetition ends. A balance that its own statement contradicts, and the
-- neighbour does not, is a slip of that statement (balance_check), not of what lies between the two. One that starts the day as the one
-- before it did, and tells of it otherwise, overlaps: nothing is missing. One that was corrected under another number is no link either.
with statement as (select * from {{ ref('stg_bank__statement') }}),

repeated as (
    select
        statement_key,
        cast(count(*) as bigint) as entries,
        {{ total('signed_amount') }} as moved,
        bool_or(corrected_by is not null) as is_corrected
    from {{ ref('stg_bank__repeated_entry') }}
    group by statement_key
),

correction as (
    select distinct corrected_by as statement_key from {{ ref('stg_bank__repeated_entry') }} where corrected_by is not null
),

booked as (
    select
        delivery_id,
        statement_number,
        count(*) as entries
    from {{ source('raw', 'bank_entry') }}
    where status = 'BOOK' and delivery_id in (
        select statement.delivery_id from statement inner join repeated on statement.statement_key = repeated.statement_key
    )
    group by all
),

known as (
    select
        statement.*,
        coalesce(statement.legal_sequence, statement.electronic_sequence) as sequence,
        coalesce(repeated.entries, 0) as repeated_entries,
        repeated.moved as repeated_amount,
        coalesce(repeated.is_corrected or (repeated.entries = booked.entries and correction.statement_key is null), false) as is_repeated
    from statement
    left join repeated on statement.statement_key = repeated.statement_key
    left join correction on statement.statement_key = correction.statement_key
    left join booked on statement.delivery_id = booked.delivery_id and statement.statement_number = booked.statement_number
),

-- several pages of a day follow sequence and page; the sequence restarts each year, so the date comes first
placed as (
    select
        known.*,
        row_number() over (
            partition by known.own_account_id, known.statement_currency, known.kind
            order by
                known.statement_date,
                known.sequence nulls last,
                known.page nulls last,
                known.opening_date nulls last,
                known.from_date nulls last,
                known.created_at nulls last,
                known.statement_key
        ) as position
    from known
),

ordered as (
    select
        placed.*,
        lag(case when not placed.is_repeated then placed.position end ignore nulls) over account_order as previous_position,
        max(placed.statement_date) over (account_order rows between unbounded preceding and 1 preceding) as latest_date
    from placed
    window account_order as (
        partition by placed.own_account_id, placed.statement_currency, placed.kind
        order by placed.position
    )
),

linked as (
    select
        ordered.*,
        previous.opening_balance as previous_opening,
        previous.closing_balance as previous_closing,
        previous.opening_balance + previous.net_amount as previous_sum,
        previous.balance_check = 'off' as is_previous_off,
        ordered.opening_balance + coalesce(ordered.repeated_amount, 0) as goes_on_from
    from ordered
    left join placed as previous
        on
            ordered.own_account_id = previous.own_account_id
            and ordered.statement_currency is not distinct from previous.statement_currency
            and ordered.kind = previous.kind
            and ordered.previous_position = previous.position
)

select
    linked.statement_key,
    linked.own_account_id as account_id,
    linked.entity_id,
    linked.kind,
    linked.statement_id,
    linked.message_id,
    linked.sequence,
    linked.page,
    linked.last_page as is_last_page,
    linked.copy_duplicate,
    linked.created_at,
    linked.from_date,
    linked.to_date,
    linked.statement_date,
    linked.statement_currency as currency,
    linked.opening_balance,
    linked.opening_date,
    linked.closing_balance,
    linked.closing_date,
    linked.entry_count,
    linked.net_amount,
    linked.balance_check,
    linked.difference,
    case
        when linked.kind != 'statement' then 'unknown'
        when linked.is_repeated then 'repeated'
        when linked.previous_position is null then 'first'
        when linked.opening_balance is null or linked.previous_closing is null then 'unknown'
        when linked.opening_balance = linked.previous_closing then 'ok'
        when linked.repeated_entries > 0 then case when linked.goes_on_from = linked.previous_closing then 'repeated' else 'overlap' end
        when linked.balance_check = 'off' and linked.previous_closing + linked.net_amount = linked.closing_balance then 'ok'
        when linked.is_previous_off and linked.opening_balance = linked.previous_sum then 'ok'
        when coalesce(linked.from_date, linked.opening_date) < linked.latest_date then 'overlap'
        when linked.statement_date = linked.latest_date and linked.opening_balance = linked.previous_opening then 'overlap'
        else 'gap'
    end as continuity,
    case when linked.kind = 'statement' then linked.previous_closing end as expected_opening,
    case when linked.kind = 'statement' then linked.opening_balance - linked.previous_closing end as continuity_difference,
    cast(linked.position as bigint) as position,
    linked.declared_entries,
    linked.declared_net,
    linked.repeated_entries,
    linked.source,
    linked.received_at as known_at,
    linked.delivery_id,
    linked.record_number
from linked
