-- Entries as delivered, with their statement. What kind of money movement an entry is follows from its bank transaction code.
-- ISO 20022 sub-families: charges CHRG COMM COMI COMT FEES, interest INTR, returns RRTN RPCR UPDD PRDD CRTN UPCT ARET.
with entry as (select * from {{ source('raw', 'bank_entry') }}),

statement as (
    select
        delivery_id,
        statement_number,
        statement_key,
        kind,
        identity,
        own_account_id,
        entity_id,
        statement_date,
        received_at
    from {{ ref('stg_bank__statement') }}
)

select
    statement.statement_key,
    statement.kind as statement_kind,
    statement.identity,
    statement.own_account_id as account_id,
    statement.entity_id,
    statement.statement_date,
    statement.received_at as known_at,
    entry.*,
    coalesce(entry.booking_date, entry.value_date, statement.statement_date) as effective_date,
    coalesce(entry.account_servicer_reference, entry.entry_reference) as bank_reference,
    case
        when entry.subfamily_code in ('RRTN', 'RPCR', 'UPDD', 'PRDD', 'CRTN', 'UPCT', 'ARET') or entry.reversal then 'return'
        when entry.subfamily_code in ('CHRG', 'COMM', 'COMI', 'COMT', 'FEES') then 'fee'
        when entry.subfamily_code = 'INTR' then 'interest'
        when entry.domain_code = 'FORX' then 'fx'
        when entry.domain_code = 'CAMT' then 'transfer'
    end as coded_kind
from entry
inner join statement
    on entry.delivery_id = statement.delivery_id and entry.statement_number = statement.statement_number
