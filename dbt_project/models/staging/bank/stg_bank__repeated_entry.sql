{{ config(materialized='table', tracked=['statement_key', 'entry_number']) }}
-- Booked entries that an earlier delivered statement of the account has told already: a weekly statement beside daily ones, downloads
-- that overlap, one bank in two formats, a statement corrected under another number. Two statements tell of the same bookings of a
-- day where they start it, or end it, with the same balance; then as many entries of an amount are repeated as the other statements
-- hold. One that goes on where another ended starts the day otherwise. Where a day moves nothing in all, balances tell nothing: its
-- amounts have to be the same. Within one source the bank's reference has to be the same too, or the whole entry where it has none;
-- without balances the references are all there is, where each names one entry of its statement.
-- Pages, which have one statement's id and date, may each show the balances of the whole: they repeat nothing.
-- A statement that its source has corrected under another number loses what the correction does not tell, once balances prove the
-- correction: it adds up where the first one did not, or the next statement starts with its closing balance and none, also of the same
-- day, with the first one's.
with statement as (
    select
        statement_key,
        delivery_id,
        statement_number,
        own_account_id as account_id,
        statement_currency as currency,
        source,
        statement_id,
        statement_date,
        opening_balance,
        closing_balance,
        balance_check,
        received_at,
        first_booking,
        last_booking
    from {{ ref('stg_bank__statement') }}
    where kind = 'statement' and (first_booking is not null or opening_balance is not null)
),

-- only statements whose bookings share days with those of another one are looked at
neighbour as (
    select
        *,
        max(last_booking) over (
            account_order rows between unbounded preceding and 1 preceding
        ) as booked_before,
        min(first_booking) over (
            account_order rows between 1 following and unbounded following
        ) as booked_after
    from statement
    where first_booking is not null
    window account_order as (partition by account_id, currency order by first_booking, statement_key)
),

overlapping as (
    select
        *,
        row_number() over (order by received_at, delivery_id, statement_number) as arrival
    from neighbour
    where booked_before >= first_booking or booked_after <= last_booking
),

entry as (
    select
        overlapping.arrival,
        overlapping.account_id,
        overlapping.currency,
        overlapping.source,
        overlapping.statement_id,
        overlapping.statement_date,
        overlapping.opening_balance,
        entry.statement_key,
        entry.entry_number,
        entry.effective_date as day,
        entry.signed_amount,
        entry.bank_reference similar to '.*[0-9].*' as has_reference,
        case when entry.bank_reference similar to '.*[0-9].*' then entry.bank_reference else {{ entry_content_hash() }} end as reference
    from {{ ref('stg_bank__entry') }} as entry
    inner join overlapping on entry.delivery_id = overlapping.delivery_id and entry.statement_number = overlapping.statement_number
    where entry.status = 'BOOK' and entry.currency is not distinct from overlapping.currency
),

referenced as (
    select
        statement_key,
        count(distinct case when has_reference then reference end) = count(*) as is_referenced
    from entry
    group by statement_key
),

day_told as (
    select
        arrival,
        account_id,
        currency,
        source,
        statement_id,
        statement_date,
        statement_key,
        day,
        any_value(opening_balance) as opening_balance,
        sum(signed_amount) as moved,
        md5(cast(list_sort(list(signed_amount)) as varchar)) as amounts
    from entry
    group by all
),

-- the balance a statement has a day start with: its opening balance and what it books before
placed as (
    select
        day_told.*,
        referenced.is_referenced,
        day_told.opening_balance
        + coalesce(
            sum(day_told.moved) over (
                partition by day_told.statement_key order by day_told.day rows between unbounded preceding and 1 preceding
            ),
            0
        ) as starts_with
    from day_told
    inner join referenced on day_told.statement_key = referenced.statement_key
),

-- all that each source tells of a day, in however many statements
day_of_source as (
    select
        account_id,
        currency,
        day,
        source,
        md5(cast(list_sort(list(signed_amount)) as varchar)) as amounts
    from entry
    group by all
),

-- each day of a statement and the earlier statements that tell of the same bookings
told_alike as (
    select
        later.statement_key,
        later.day,
        earlier.source = later.source as is_same_source
    from placed as later
    inner join placed as earlier
        on
            later.account_id = earlier.account_id
            and later.currency is not distinct from earlier.currency
            and later.day = earlier.day
            and later.arrival > earlier.arrival
    where
        case
            when
                later.source = earlier.source
                and later.statement_id = earlier.statement_id
                and later.statement_date = earlier.statement_date
                then false
            when later.starts_with is null or earlier.starts_with is null
                then
                    case
                        when later.source = earlier.source then later.is_referenced and earlier.is_referenced
                        else later.amounts = earlier.amounts
                    end
            when
                later.starts_with != earlier.starts_with
                and later.starts_with + later.moved != earlier.starts_with + earlier.moved
                then false
            when later.moved = 0 or earlier.moved = 0 then later.amounts = earlier.amounts
            else true
        end
),

-- where balances tell nothing, two sources tell the same day where all their amounts of it are the same, however it is cut
told_in_all as (
    select
        later.statement_key,
        later.day,
        false as is_same_source
    from placed as later
    inner join placed as earlier
        on
            later.account_id = earlier.account_id
            and later.currency is not distinct from earlier.currency
            and later.day = earlier.day
            and later.arrival > earlier.arrival
            and later.source != earlier.source
    inner join day_of_source as own_day
        on
            later.account_id = own_day.account_id
            and later.currency is not distinct from own_day.currency
            and later.day = own_day.day
            and later.source = own_day.source
    inner join day_of_source as other_day
        on
            earlier.account_id = other_day.account_id
            and earlier.currency is not distinct from other_day.currency
            and earlier.day = other_day.day
            and earlier.source = other_day.source
    where
        own_day.amounts = other_day.amounts
        and (later.starts_with is null or earlier.starts_with is null or later.moved = 0 or earlier.moved = 0)
),

told_before as (
    select * from told_alike
    union
    select * from told_in_all
),

-- how many entries of an amount each statement holds: for its own source by reference, for others without
amount_told as (
    select
        entry.account_id,
        entry.currency,
        entry.day,
        entry.source,
        placed.starts_with,
        placed.moved,
        entry.signed_amount,
        case when compared_with.own_source then entry.reference else '' end as reference,
        compared_with.own_source as is_by_reference,
        entry.arrival,
        count(*) as entries
    from entry
    inner join placed on entry.statement_key = placed.statement_key and entry.day = placed.day
    cross join (values (true), (false)) as compared_with (own_source)
    group by all
),

-- of statements that tell the day alike the first that holds so many: a day is told by each of ninety downloads of ninety days
first_to_tell as (
    select * from amount_told
    qualify entries > coalesce(
        max(entries) over (
            partition by account_id, currency, day, source, starts_with, moved, signed_amount, reference, is_by_reference
            order by arrival rows between unbounded preceding and 1 preceding
        ),
        0
    )
),

-- how many entries of an amount the earlier statements hold: of those that start the day alike, the one that holds most of them. What
-- ends where the later one starts, or starts where it ends, lies beside it
counted as (
    select
        later.statement_key,
        later.day,
        earlier.is_by_reference as is_same_source,
        earlier.signed_amount,
        earlier.reference,
        earlier.starts_with,
        earlier.entries
    from placed as later
    inner join first_to_tell as earlier
        on
            later.account_id = earlier.account_id
            and later.currency is not distinct from earlier.currency
            and later.day = earlier.day
            and later.arrival > earlier.arrival
            and (later.source = earlier.source) = earlier.is_by_reference
    where
        (later.statement_key, later.day) in (select (told_before.statement_key, told_before.day) from told_before)
        and coalesce(
            later.moved = 0
            or earlier.moved = 0
            or (
                earlier.starts_with + earlier.moved != later.starts_with
                and earlier.starts_with != later.starts_with + later.moved
            ),
            true
        )
),

of_stretch as (
    select
        statement_key,
        day,
        is_same_source,
        signed_amount,
        reference,
        max(entries) as entries
    from counted
    group by statement_key, day, is_same_source, signed_amount, reference, starts_with
),

held as (
    select
        statement_key,
        day,
        is_same_source,
        signed_amount,
        reference,
        sum(entries) as entries
    from of_stretch
    group by all
),

related as (
    select held.*
    from held
    inner join told_before
        on
            held.statement_key = told_before.statement_key
            and held.day = told_before.day
            and held.is_same_source = told_before.is_same_source
),

-- within the source, entry for entry
compared as (
    select
        entry.statement_key,
        entry.entry_number,
        entry.day,
        entry.signed_amount,
        coalesce(
            row_number() over (
                partition by entry.statement_key, entry.day, entry.signed_amount, entry.reference order by entry.entry_number
            ) <= related.entries,
            false
        ) as is_told_alike
    from entry
    left join related
        on
            entry.statement_key = related.statement_key
            and entry.day = related.day
            and entry.signed_amount = related.signed_amount
            and entry.reference = related.reference
            and related.is_same_source
    where (entry.statement_key, entry.day) in (select (told_before.statement_key, told_before.day) from told_before)
),

-- by another source, as often as it tells more bookings of the amount than the entry's own source has told before
own as (
    select
        statement_key,
        day,
        signed_amount,
        sum(entries) as entries
    from held
    where is_same_source
    group by all
),

numbered as (
    select
        *,
        row_number() over (partition by statement_key, day, signed_amount, is_told_alike order by entry_number) as place
    from compared
),

told as (
    select
        numbered.statement_key,
        numbered.entry_number,
        numbered.signed_amount
    from numbered
    left join related
        on
            numbered.statement_key = related.statement_key
            and numbered.day = related.day
            and numbered.signed_amount = related.signed_amount
            and not related.is_same_source
    left join own
        on
            numbered.statement_key = own.statement_key
            and numbered.day = own.day
            and numbered.signed_amount = own.signed_amount
    where numbered.is_told_alike or numbered.place + coalesce(own.entries, 0) <= related.entries
),

-- two statements of one source that start and end on the same days, with the same balance, and tell otherwise of what lies between
told_otherwise as (
    select
        earlier.statement_key,
        earlier.account_id,
        earlier.currency,
        earlier.statement_date,
        earlier.closing_balance,
        earlier.balance_check,
        later.statement_key as later_key,
        later.closing_balance as later_closing,
        later.arrival
    from overlapping as earlier
    inner join overlapping as later
        on
            earlier.account_id = later.account_id
            and earlier.currency is not distinct from later.currency
            and earlier.source = later.source
            and earlier.statement_date = later.statement_date
            and earlier.opening_balance = later.opening_balance
            and earlier.arrival < later.arrival
    where
        later.balance_check = 'ok'
        and earlier.statement_id is distinct from later.statement_id
        and (earlier.closing_balance != later.closing_balance or earlier.balance_check = 'off')
),

-- with which balances the account goes on: those of the next day that a statement starts
went_on as (
    select
        told_otherwise.statement_key,
        told_otherwise.later_key,
        bool_or(next_one.opening_balance = told_otherwise.later_closing)
        and not bool_or(next_one.opening_balance = told_otherwise.closing_balance) as is_from_later
    from told_otherwise
    inner join statement as next_one
        on
            told_otherwise.account_id = next_one.account_id
            and told_otherwise.currency is not distinct from next_one.currency
            and told_otherwise.statement_date < next_one.statement_date
            and next_one.opening_balance is not null
    where next_one.statement_date = (
        select min(first_after.statement_date) from statement as first_after
        where
            first_after.account_id = told_otherwise.account_id
            and first_after.currency is not distinct from told_otherwise.currency
            and first_after.statement_date > told_otherwise.statement_date
            and first_after.opening_balance is not null
    )
    group by told_otherwise.statement_key, told_otherwise.later_key
),

-- those of the same day that start where the first one ends: it holds, and the other only starts as it did
went_on_that_day as (
    select distinct told_otherwise.statement_key
    from told_otherwise
    inner join overlapping as next_one
        on
            told_otherwise.account_id = next_one.account_id
            and told_otherwise.currency is not distinct from next_one.currency
            and told_otherwise.statement_date = next_one.statement_date
            and told_otherwise.closing_balance = next_one.opening_balance
),

corrected as (
    select
        told_otherwise.statement_key,
        told_otherwise.later_key
    from told_otherwise
    left join went_on
        on told_otherwise.statement_key = went_on.statement_key and told_otherwise.later_key = went_on.later_key
    where
        (told_otherwise.balance_check = 'off' and told_otherwise.closing_balance = told_otherwise.later_closing)
        or (
            told_otherwise.closing_balance != told_otherwise.later_closing
            and went_on.is_from_later
            and told_otherwise.statement_key not in (select went_on_that_day.statement_key from went_on_that_day)
        )
    qualify row_number() over (partition by told_otherwise.statement_key order by told_otherwise.arrival desc) = 1
),

entry_of_corrected as (
    select
        corrected.later_key,
        entry.*,
        row_number() over (
            partition by entry.statement_key, entry.day, entry.signed_amount, entry.reference order by entry.entry_number
        ) as place
    from entry
    inner join corrected on entry.statement_key = corrected.statement_key
),

told_by_correction as (
    select
        statement_key,
        day,
        signed_amount,
        reference,
        count(*) as entries
    from entry
    where statement_key in (select corrected.later_key from corrected)
    group by all
),

withdrawn as (
    select
        entry_of_corrected.statement_key,
        entry_of_corrected.entry_number,
        entry_of_corrected.signed_amount,
        entry_of_corrected.later_key
    from entry_of_corrected
    left join told_by_correction
        on
            entry_of_corrected.later_key = told_by_correction.statement_key
            and entry_of_corrected.day = told_by_correction.day
            and entry_of_corrected.signed_amount = told_by_correction.signed_amount
            and entry_of_corrected.reference = told_by_correction.reference
    where entry_of_corrected.place > coalesce(told_by_correction.entries, 0)
)

select
    statement_key,
    entry_number,
    signed_amount,
    cast(null as varchar) as corrected_by
from told
where (statement_key, entry_number) not in (select (withdrawn.statement_key, withdrawn.entry_number) from withdrawn)
union all
select
    statement_key,
    entry_number,
    signed_amount,
    later_key as corrected_by
from withdrawn
