-- The ways a file may name a configured own account: IBAN, number, number without leading zeros, German bank code and number, and
-- the account's own id in the config, as systems of the house use it.
with account as (
    select
        account_id,
        entity_id,
        currency,
        {{ clean_identifier('iban') }} as iban,
        {{ clean_identifier('account_number') }} as account_number
    from {{ source('config', 'bank_account') }}
),

alias as (
    select account_id, entity_id, currency, iban as identifier from account
    union
    select account_id, entity_id, currency, {{ clean_identifier('account_id') }} as identifier from account
    union
    select account_id, entity_id, currency, account_number as identifier from account
    union
    select account_id, entity_id, currency, ltrim(account_number, '0') as identifier from account
    union
    select account_id, entity_id, currency, iban[5:] as identifier from account where iban[1:2] = 'DE'
    union
    select account_id, entity_id, currency, iban[5:12] || ltrim(iban[13:], '0') as identifier from account where iban[1:2] = 'DE'
)

select account_id, entity_id, currency, identifier
from alias
where identifier is not null and identifier != ''
