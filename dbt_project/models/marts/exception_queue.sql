-- What a person has to look at: one row an exception, with cause, money, age, owner, next step and the file it came in.
with run as (select * from {{ ref('stg_run') }}),

delivery as (select * from {{ ref('stg_delivery') }}),

account as (select * from {{ ref('bank_account') }}),

rate as (select * from {{ ref('group_rate') }}),

decision as (
    select stg_decision.* from {{ ref('stg_decision') }} as stg_decision
    cross join run
    where
        stg_decision.state in ('holds', 'waiting', 'lapsed')
        and (stg_decision.kind != 'ignore' or stg_decision.until > run.as_of)
),

decision_item as (select * from {{ source('matching', 'decision_item') }}),

exception as (
    select * from {{ ref('stg_exception_match') }}
    union all
    select * from {{ ref('stg_exception_record') }}
),

next_step as (
    select cause, step
    from (
        values
        ('unmatched_bank_line', 'Find the payment or document this entry belongs to, or post it as a charge'),
        ('partly_explained_bank_line', 'Find what the rest of this entry is for'),
        ('charge_to_post', 'Post the charge or interest; no document is expected for it'),
        ('returned_payment', 'Find the payment that came back, correct it and instruct it again'),
        ('unmatched_transfer', 'Find the other side of the transfer on the other own account'),
        ('unmatched_item', 'Find the counterpart, or add a rule for its kind'),
        ('paid_not_cleared', 'Clear the item in the ERP: the money has moved'),
        ('unmatched_payment', 'Ask the bank whether the payment was executed; look for the statement of its day'),
        ('cleared_not_proven', 'Check in the ERP what cleared the item: no payment or bank line is tied to it'),
        ('suggested', 'Confirm or reject the suggestion'),
        ('difference_to_post', 'Post it in the ERP, then write the group off here with the document number as the reason'),
        ('ambiguous', 'Choose between the equally good answers'),
        (
            'reject',
            'Correct the record at its source and have it delivered again; where the block of the source is wrong: tieout source reread'
        ),
        (
            'quarantined',
            'Ask the sender for a correct file; where the block of the source is wrong, correct it and have the file read again: '
            || 'tieout source reread'
        ),
        ('conflict', 'Compare the two files and ask the sender which one holds'),
        ('balance_off', 'Compare the statement with the bank portal; an entry is missing or doubled'),
        ('statement_gap', 'Ask the bank for the missing statement'),
        ('statement_overlap', 'Ask the bank which of the two statements of these days holds; entries of both are booked'),
        ('unconfigured_account', 'Add the account to company.yml, or name it in the block of its source (account)'),
        (
            'uninterpreted_item',
            'Map the type or status in the declaration of the source or add it to the interpretation rules; a company code belongs in '
            || 'company.yml'
        ),
        ('untyped_ledger', 'Map document_type in the declaration of the source, or give it as a constant where all are of one type'),
        ('ledger_signs', 'Set `sign` in the declaration of the source to what a plus means in it, then read its files again'),
        ('status_without_payment', 'Find the payment file: it was sent outside the hub, or has not arrived here'),
        ('payment_rejected', 'Correct and instruct again, or release the invoice for another payment run'),
        ('payment_cancelled', 'Confirm that the invoice is to be paid another way'),
        ('remittance_without_item', 'Find the document in the ERP; the number is not unique or not delivered'),
        ('decision_lapsed', 'Decide anew about the items as they are now, or undo the decision'),
        ('possible_same_party', 'Confirm or reject that the two are one party')
    ) as rule (cause, step)
),

keyed as (
    select
        *,
        md5(concat_ws('|', cause, object_type, object_id, coalesce(detail, ''))) as exception_id
    from exception
),

-- what people have said about a row: of the row itself, its group, its item or its pair of counterparties
said as (
    select exception_id, decision_id from decision
    where exception_id is not null
    union all
    select keyed.exception_id, decision.decision_id
    from keyed
    inner join decision on keyed.object_id = decision.group_id and keyed.object_type = 'match_group'
    union all
    select keyed.exception_id, decision.decision_id
    from keyed
    inner join decision on keyed.object_id = decision.made_group_id and keyed.object_type = 'match_group'
    union all
    select keyed.exception_id, decision.decision_id
    from keyed
    inner join decision on keyed.object_id = decision.counterparty_link_id and keyed.object_type = 'counterparty_link'
    union all
    select keyed.exception_id, decision.decision_id
    from keyed
    inner join decision_item on keyed.object_type = decision_item.dataset and keyed.object_id = decision_item.item_id
    inner join decision on decision_item.decision_id = decision.decision_id
),

newest_said as (
    select said.exception_id as about_id, decision.*
    from said
    inner join decision on said.decision_id = decision.decision_id
    qualify row_number() over (
        partition by said.exception_id order by decision.decided_at desc, decision.decision_id desc
    ) = 1
)

select
    exception.exception_id,
    run.as_of,
    exception.cause,
    exception.object_type,
    exception.object_id,
    nullif(exception.detail, '') as detail,
    exception.entity_id,
    exception.account_id,
    exception.currency,
    exception.amount,
    {{ convert_money('exception.amount', 'rate.numerator', 'rate.denominator') }} as amount_base,
    exception.since,
    cast(run.as_of - exception.since as bigint) as age_days,
    coalesce(account.owner, delivery.source_owner, 'treasury') as owner,
    exception.message,
    case
        when decision.state = 'waiting' then 'A second person approves or declines decision ' || decision.decision_id
        when decision.kind = 'ignore' and decision.state = 'holds' then 'Nothing before ' || decision.until
        when exception.cause = 'unmatched_payment' and starts_with(exception.message, 'The cheque ')
            then 'Ask the payee whether the cheque has arrived; have it stopped before it is paid another way'
        when exception.cause = 'unmatched_payment' and exception.detail = 'open_items'
            then 'Find the document it settles; where that is settled already, it may be a second payment: ask for the money back'
        when exception.cause = 'uninterpreted_item' and exception.amount is null
            then 'Declare the column that tells debit from credit (debit_credit), or teach the document type'
        else next_step.step
    end as next_step,
    exception.correlation_id,
    delivery.source,
    exception.delivery_id,
    delivery.file_name,
    decision.decision_id,
    decision.state as decision_state,
    replace(decision.kind, '_', ' ') || ' by ' || decision.actor || ': ' || decision.reason as decided,
    decision.actor as decided_by,
    decision.decided_at,
    case when decision.kind = 'ignore' and decision.state = 'holds' then decision.until end as ignored_until
from keyed as exception
cross join run
left join next_step on exception.cause = next_step.cause
left join rate on exception.currency = rate.currency
left join account on exception.account_id = account.account_id
left join delivery on exception.delivery_id = delivery.delivery_id
left join newest_said as decision on exception.exception_id = decision.about_id
