{{ config(tracked=['counterparty_id', 'account_identifier', 'is_current']) }}
-- Bank accounts of counterparties with their validity. A system that gives validity dates is believed; otherwise an account
-- is valid from its change date (or the day it was first seen) until a delivery lists the counterparty's accounts without it.
with observation as (
    select * from {{ ref('stg_erp__counterparty_account') }}
    where account_identifier is not null
),

run as (select * from {{ ref('stg_run') }}),

-- one listing is what one delivery says of one counterparty's accounts
listing as (
    select distinct counterparty_id, delivery_id, received_at, received_on
    from observation
),

numbered_listing as (
    select *, row_number() over (partition by counterparty_id order by received_at, delivery_id) as listing_number
    from listing
),

shown as (
    select
        observation.*,
        numbered_listing.listing_number,
        numbered_listing.listing_number - dense_rank() over (
            partition by observation.counterparty_id, observation.account_identifier
            order by numbered_listing.listing_number
        ) as run_of_listings,
        row_number() over (order by observation.received_at, observation.record_number, observation.delivery_id) as place
    from observation
    inner join numbered_listing
        on
            observation.counterparty_id = numbered_listing.counterparty_id
            and observation.delivery_id = numbered_listing.delivery_id
),

-- a stretch of listings that all show the account is one period of validity
period as (
    select
        counterparty_id,
        account_identifier,
        run_of_listings,
        min(listing_number) as first_listing,
        max(listing_number) as last_listing,
        min(received_on) as first_seen,
        max_by(valid_from, place) as given_from,
        max_by(valid_to, place) as given_to,
        max_by(changed_at, place) as changed_at,
        max_by(changed_by, place) as changed_by,
        max_by(iban, place) as iban,
        max_by(account_number, place) as account_number,
        max_by(bank_code, place) as bank_code,
        max_by(bic, place) as bic,
        max_by(currency, place) as currency,
        max_by(holder_name, place) as holder_name,
        max_by(source, place) as source,
        max(received_at) as known_at,
        max_by(delivery_id, place) as delivery_id,
        max_by(record_number, place) as record_number
    from shown
    group by all
),

dated as (
    select
        period.*,
        coalesce(
            period.given_from,
            try_cast(period.changed_at[1:10] as date),
            period.first_seen
        ) as valid_from,
        coalesce(period.given_to, next_listing.received_on) as valid_to
    from period
    left join numbered_listing as next_listing
        on
            period.counterparty_id = next_listing.counterparty_id
            and period.last_listing + 1 = next_listing.listing_number
)

select
    concat_ws('|', dated.counterparty_id, dated.account_identifier, dated.first_listing) as counterparty_bank_account_id,
    dated.counterparty_id,
    dated.account_identifier,
    dated.iban,
    dated.account_number,
    dated.bank_code,
    dated.bic,
    dated.currency,
    dated.holder_name,
    dated.valid_from,
    dated.valid_to,
    dated.valid_from <= run.as_of and (dated.valid_to is null or dated.valid_to > run.as_of) as is_current,
    dated.first_seen,
    dated.changed_at,
    dated.changed_by,
    dated.source,
    dated.known_at,
    dated.delivery_id,
    dated.record_number
from dated
cross join run
