-- What is wrong with what was delivered, or lacks its counterpart in what else was: records, files, statements, accounts, documents,
-- payments, counterparties, and decisions that no longer fit.
with delivery as (select * from {{ ref('stg_delivery') }}),

reject as (select * from {{ source('raw', 'reject') }}),

statement as (select * from {{ ref('bank_statement') }}),

account as (select * from {{ ref('bank_account') }}),

open_item as (select * from {{ ref('open_item') }}),

document_type as (select * from {{ ref('rule_document_type') }}),

status_event as (select * from {{ ref('payment_status_event') }}),

remittance as (select * from {{ ref('remittance_advice') }}),

counterparty_link as (select * from {{ ref('counterparty_link') }}),

decision as (
    select * from {{ ref('stg_decision') }}
    where state = 'lapsed'
),

refused_record as (
    select
        'reject' as cause,
        'record' as object_type,
        reject.delivery_id || '|' || reject.record_number as object_id,
        reject.field as detail,
        reject.amount,
        reject.currency,
        delivery.source_entity_id as entity_id,
        delivery.source_account_id as account_id,
        delivery.received_on as since,
        reject.place || ': ' || reject.field || ' is ' || coalesce(reject.found, 'missing')
        || coalesce(', expected ' || reject.expected, '') as message,
        cast(null as varchar) as correlation_id,
        reject.delivery_id
    from reject
    inner join delivery on reject.delivery_id = delivery.delivery_id
    where not delivery.is_replaced
),

refused_file as (
    select
        delivery.status as cause,
        'delivery' as object_type,
        delivery.delivery_id as object_id,
        delivery.format as detail,
        cast(null as decimal(23, 5)) as amount,
        cast(null as varchar) as currency,
        delivery.source_entity_id as entity_id,
        delivery.source_account_id as account_id,
        delivery.received_on as since,
        delivery.reason as message,
        cast(null as varchar) as correlation_id,
        delivery.delivery_id
    from delivery
    where delivery.status in ('quarantined', 'conflict') and not delivery.is_replaced
),

statement_fault as (
    select
        case
            when statement.balance_check = 'off' then 'balance_off'
            when statement.continuity = 'gap' then 'statement_gap'
            else 'statement_overlap'
        end as cause,
        'statement' as object_type,
        statement.statement_key as object_id,
        coalesce(statement.statement_id, '') as detail,
        case
            when statement.balance_check = 'off' then statement.difference else statement.continuity_difference
        end as amount,
        statement.currency,
        statement.entity_id,
        statement.account_id,
        statement.statement_date as since,
        case
            when statement.balance_check = 'off'
                then 'Opening balance plus booked entries differs from the closing balance by '
                || {{ say_money('statement.difference') }}
                || case
                    when statement.opening_balance - statement.expected_opening = -statement.difference
                        then '; from the closing balance of the statement before it adds up: the opening balance is wrong'
                    else ''
                end
            else
                'The statement opens with ' || {{ say_money('statement.opening_balance') }} || ', the one before closed with '
                || {{ say_money('statement.expected_opening') }}
                || case
                    when statement.repeated_entries > 0
                        then '; ' || statement.repeated_entries || ' of its ' || statement.entry_count
                            || ' entries another statement has told already, the others it has not'
                    else ''
                end
        end as message,
        cast(null as varchar) as correlation_id,
        statement.delivery_id
    from statement
    where statement.kind = 'statement' and (statement.balance_check = 'off' or statement.continuity in ('gap', 'overlap'))
),

unconfigured as (
    select
        'unconfigured_account' as cause,
        'bank_account' as object_type,
        account.account_id as object_id,
        account.account_id as detail,
        cast(null as decimal(23, 5)) as amount,
        account.currency,
        cast(null as varchar) as entity_id,
        account.account_id,
        min(statement.statement_date) as since,
        case
            when account.iban is null and account.account_number is null
                then 'The files name no account, and the block of their source names none either'
            else 'Files name this account, but no configured account has its number and currency'
        end as message,
        cast(null as varchar) as correlation_id,
        min_by(statement.delivery_id, (statement.known_at, statement.delivery_id)) as delivery_id
    from account
    left join statement on account.account_id = statement.account_id
    where not account.is_configured
    group by account.account_id, account.currency, account.iban, account.account_number
),

uninterpreted as (
    select
        'uninterpreted_item' as cause,
        'open_items' as object_type,
        open_item.open_item_id as object_id,
        coalesce(open_item.document_type, '') as detail,
        open_item.amount,
        open_item.currency,
        open_item.entity_id,
        cast(null as varchar) as account_id,
        open_item.document_date as since,
        case
            when open_item.amount is null
                then 'The amount has no sign: no debit or credit mark, and the document type gives none'
            when open_item.entity_id is null
                then 'Company code ' || coalesce(open_item.company_code, '(none)') || ' belongs to no configured entity'
            when not open_item.is_known_type
                then 'Document type ' || coalesce(open_item.document_type, '(none)') || ' is not known; taken by its sign as '
                    || open_item.kind
            else 'Status ' || coalesce(delivered.status, '(none)') || ' is not known; taken as ' || open_item.status
        end as message,
        open_item.correlation_id,
        open_item.delivery_id
    from open_item
    left join {{ source('raw', 'open_item') }} as delivered
        on open_item.delivery_id = delivered.delivery_id and open_item.record_number = delivered.record_number
    where
        open_item.amount is null or open_item.entity_id is null or not open_item.is_known_status
        or (not open_item.is_known_type and open_item.document_type is not null)
),

-- a list without a column for the type, and one whose amounts are signed otherwise than is assumed: of a whole ledger, a row for all
ledger as (
    select
        open_item.source,
        open_item.company_code,
        open_item.ledger,
        any_value(open_item.entity_id) as entity_id,
        count(*) filter (where open_item.document_type is null) as untyped,
        count(*) filter (where open_item.kind = 'invoice') as invoices,
        count(*) filter (where open_item.kind = 'credit_memo') as credit_memos,
        min(open_item.document_date) as since,
        max_by(open_item.delivery_id, (open_item.known_at, open_item.delivery_id)) as delivery_id
    from open_item
    left join document_type as own_type
        on open_item.system = own_type.system and upper(open_item.document_type) = own_type.document_type
    left join document_type as any_type on any_type.system = '*' and upper(open_item.document_type) = any_type.document_type
    where
        open_item.amount is not null and open_item.kind in ('invoice', 'credit_memo')
        and coalesce(own_type.kind, any_type.kind, 'invoice') = 'invoice'
    group by open_item.source, open_item.company_code, open_item.ledger
),

uninterpreted_ledger as (
    select
        fault.cause,
        'ledger' as object_type,
        concat_ws('|', ledger.source, coalesce(ledger.company_code, ''), ledger.ledger) as object_id,
        ledger.ledger as detail,
        cast(null as decimal(23, 5)) as amount,
        cast(null as varchar) as currency,
        ledger.entity_id,
        cast(null as varchar) as account_id,
        ledger.since,
        case
            when fault.cause = 'untyped_ledger'
                then ledger.untyped || ' items of this ledger have no document type; invoices and credit memos are told by the sign'
            else ledger.credit_memos || ' of ' || (ledger.invoices + ledger.credit_memos)
                || ' items that would be invoices are taken as credit memos for their signs'
        end as message,
        cast(null as varchar) as correlation_id,
        ledger.delivery_id
    from ledger
    cross join (values ('untyped_ledger'), ('ledger_signs')) as fault (cause)
    where
        case
            when fault.cause = 'untyped_ledger' then ledger.untyped > 0
            else ledger.credit_memos > ledger.invoices and ledger.credit_memos >= 5
        end
),

unknown_payment as (
    select
        'status_without_payment' as cause,
        'status' as object_type,
        status_event_id as object_id,
        delivered_status as detail,
        cast(null as decimal(23, 5)) as amount,
        cast(null as varchar) as currency,
        cast(null as varchar) as entity_id,
        cast(null as varchar) as account_id,
        cast(reported_at as date) as since,
        'Status ' || delivered_status || ' names message ' || coalesce(message_id, '(none)') || ', payment '
        || coalesce(end_to_end_id, payment_information_id, '(all)') || ', which no payment file holds' as message,
        cast(null as varchar) as correlation_id,
        delivery_id
    from status_event
    where payment_id is null
),

-- while nothing else pays what it was to pay: to instruct again what has been instructed again pays twice
stopped_payment as (
    select
        'payment_' || payment.status as cause,
        'payments' as object_type,
        payment.payment_id as object_id,
        payment.status as detail,
        payment.amount,
        payment.currency,
        payment.entity_id,
        payment.account_id,
        cast(payment.status_at as date) as since,
        'Payment to ' || coalesce(payment.counterparty_name, '(no name)') || ' was ' || payment.status
        || coalesce(': ' || payment.status_reason, '') as message,
        payment.correlation_id,
        payment.delivery_id
    from {{ ref('payment_instruction') }} as payment
    left join {{ source('monitoring', 'failed_payment') }} as failed on payment.payment_id = failed.payment_id
    where payment.status in ('rejected', 'cancelled') and not coalesce(failed.is_replaced, false)
),

unknown_document as (
    select
        'remittance_without_item' as cause,
        'remittance' as object_type,
        remittance.remittance_id as object_id,
        remittance.document_number as detail,
        remittance.amount,
        remittance.currency,
        payment.entity_id,
        payment.account_id,
        coalesce(payment.execution_date, payment.received_on) as since,
        'The payment says it settles ' || remittance.document_number || ', which names no single open item' as message,
        payment.correlation_id,
        remittance.delivery_id
    from remittance
    inner join {{ ref('payment_instruction') }} as payment on remittance.payment_id = payment.payment_id
    where remittance.open_item_id is null
),

-- a person's word that the items have left behind
lapsed_decision as (
    select
        'decision_lapsed' as cause,
        'decision' as object_type,
        decision_id as object_id,
        kind as detail,
        amount,
        currency,
        cast(null as varchar) as entity_id,
        cast(null as varchar) as account_id,
        decided_on as since,
        'The decision (' || replace(kind, '_', ' ') || ' by ' || actor || ') no longer fits: ' || lapsed as message,
        cast(null as varchar) as correlation_id,
        cast(null as varchar) as delivery_id
    from decision
),

possible_same_party as (
    select
        'possible_same_party' as cause,
        'counterparty_link' as object_type,
        counterparty_link_id as object_id,
        evidence as detail,
        cast(null as decimal(23, 5)) as amount,
        cast(null as varchar) as currency,
        cast(null as varchar) as entity_id,
        cast(null as varchar) as account_id,
        cast(null as date) as since,
        counterparty_id || ' and ' || other_id || ' share ' || evidence || ', but ' || objection as message,
        cast(null as varchar) as correlation_id,
        cast(null as varchar) as delivery_id
    from counterparty_link
    where objection is not null and decision_id is null
)

select * from refused_record
union all
select * from refused_file
union all
select * from statement_fault
union all
select * from unconfigured
union all
select * from uninterpreted
union all
select * from uninterpreted_ledger
union all
select * from unknown_payment
union all
select * from stopped_payment
union all
select * from unknown_document
union all
select * from lapsed_decision
union all
select * from possible_same_party
