-- What a person has to look at: one row an exception, with cause, money, age, owner, next step and the file it came in.
with run as (select * from {{ ref('stg_run') }}),

match as (select * from {{ ref('stg_match') }}),

item as (select * from {{ ref('stg_item') }}),

match_group as (
    select * from {{ source('matching', 'match_group') }}
    where superseded_by is null
),

delivery as (select * from {{ ref('stg_delivery') }}),

reject as (select * from {{ source('raw', 'reject') }}),

statement as (select * from {{ ref('bank_statement') }}),

account as (select * from {{ ref('bank_account') }}),

open_item as (select * from {{ ref('open_item') }}),

status_event as (select * from {{ ref('payment_status_event') }}),

remittance as (select * from {{ ref('remittance_advice') }}),

payment as (select * from {{ ref('payment_instruction') }}),

line as (select bank_line_id, effective_date from {{ ref('bank_statement_line') }}),

rate as (select * from {{ ref('group_rate') }}),

counterparty_link as (select * from {{ ref('counterparty_link') }}),

decision as (
    select stg_decision.* from {{ ref('stg_decision') }} as stg_decision
    cross join run
    where
        stg_decision.state in ('holds', 'waiting', 'lapsed')
        and (stg_decision.kind != 'ignore' or stg_decision.until > run.as_of)
),

decision_item as (select * from {{ source('matching', 'decision_item') }}),

settled as (select distinct dataset, item_id, face from match where status = 'matched'),

-- undecided items are asked about by their group, not once more as unmatched
asked as (select distinct dataset, item_id from match where status in ('suggested', 'ambiguous')),

-- what no leg explains, once an item, however many legs tried it. A payment has two faces, the bank's and the ledger's, and each is
-- asked on its own, once its day has come. Open items are an exception only when the ERP calls them cleared and no money proves
-- it. A line that is explained in part is asked about with the rest.
unexplained as (
    select
        match.dataset,
        match.item_id,
        case when match.dataset = 'payments' then match.face end as face,
        string_agg(distinct match.leg, ', ' order by match.leg) as legs,
        string_agg(distinct match.reason, ', ' order by match.reason) as reasons,
        bool_or(match.reason = 'partly_applied') as is_partly,
        min_by(match.open_amount, abs(match.open_amount)) as open_amount
    from match
    where
        match.status = 'open'
        and match.reason != 'ambiguous'
        and not exists (
            select 1
            from asked
            where asked.dataset = match.dataset and asked.item_id = match.item_id
        )
    group by all
),

unmatched as (
    select
        case
            when unexplained.dataset = 'payments' then 'unmatched_payment'
            when unexplained.dataset = 'open_items' then 'cleared_not_proven'
            when unexplained.dataset != 'bank_lines' then 'unmatched_item'
            when unexplained.is_partly then 'partly_explained_bank_line'
            when item.kind in ('fee', 'interest') then 'charge_to_post'
            when item.kind = 'return' then 'returned_payment'
            when item.kind = 'transfer' then 'unmatched_transfer'
            else 'unmatched_bank_line'
        end as cause,
        unexplained.dataset as object_type,
        unexplained.item_id as object_id,
        coalesce(unexplained.face, '') as detail,
        -- a line that is open as a whole is shown as the account was debited, whatever currency it was instructed in
        case
            when unexplained.dataset = 'bank_lines' and not unexplained.is_partly then item.amount
            else coalesce(unexplained.open_amount, item.amount)
        end as amount,
        item.currency,
        item.entity_id,
        item.account_id,
        item.date as since,
        'No counterpart in ' || unexplained.legs || ' (' || unexplained.reasons || ')'
        || coalesce('; counterparty ' || item.counterparty_name, '') as message,
        item.correlation_id,
        item.delivery_id
    from unexplained
    inner join item on unexplained.dataset = item.dataset and unexplained.item_id = item.item_id
    cross join run
    left join settled
        on
            unexplained.dataset = settled.dataset
            and unexplained.item_id = settled.item_id
            and (unexplained.dataset != 'payments' or unexplained.face = settled.face)
    where
        (unexplained.dataset != 'payments' or item.date <= run.as_of)
        and (unexplained.dataset != 'open_items' or item.kind = 'cleared')
        and (settled.item_id is null or (unexplained.is_partly and unexplained.dataset = 'bank_lines'))
    qualify row_number() over (
        partition by unexplained.dataset, unexplained.item_id, unexplained.face order by settled.face
    ) = 1
),

settlement as (
    select
        match.item_id as open_item_id,
        max(line.effective_date) as settled_on,
        max_by(match.applied_amount, abs(match.applied_amount)) as applied_amount
    from match
    inner join match as other on match.group_id = other.group_id and other.dataset = 'bank_lines'
    inner join line on other.item_id = line.bank_line_id
    where match.dataset = 'open_items' and match.status = 'matched'
    group by match.item_id
),

-- the bank has moved the money for an item, yet its ERP calls it open two weekdays later: a posting has failed
paid_not_cleared as (
    select
        'paid_not_cleared' as cause,
        'open_items' as object_type,
        open_item.open_item_id as object_id,
        '' as detail,
        open_item.open_amount as amount,
        open_item.currency,
        open_item.entity_id,
        cast(null as varchar) as account_id,
        settlement.settled_on as since,
        open_item.document_number || ' is open in ' || open_item.source_system || ', but a bank line of ' || settlement.settled_on
        || ' settles it' as message,
        open_item.correlation_id,
        open_item.delivery_id
    from open_item
    inner join settlement on open_item.open_item_id = settlement.open_item_id
    cross join run
    where
        open_item.status = 'open'
        and open_item.open_amount = open_item.amount
        and settlement.applied_amount = open_item.amount
        and {{ weekdays_between('settlement.settled_on', 'run.as_of') }} > 2
),

group_member as (
    select
        match.group_id,
        min(item.entity_id) as entity_id,
        min(item.account_id) as account_id,
        min(item.date) as since,
        max(abs(item.amount)) filter (where item.currency = match_group.currency) as largest,
        min(item.correlation_id) as correlation_id,
        min_by(item.delivery_id, item.item_id) as delivery_id
    from match
    inner join match_group on match.group_id = match_group.group_id
    inner join item on match.dataset = item.dataset and match.item_id = item.item_id
    where match.status in ('suggested', 'ambiguous')
    group by match.group_id
),

undecided as (
    select
        match_group.status as cause,
        'match_group' as object_type,
        match_group.group_id as object_id,
        match_group.leg as detail,
        -- the items of a transfer or a return cancel each other out: what is at stake is what moved
        case
            when match_group.left_total = 0 and match_group.right_total = 0 then group_member.largest
            else match_group.left_total
        end as amount,
        match_group.currency,
        group_member.entity_id,
        group_member.account_id,
        group_member.since,
        match_group.explanation as message,
        group_member.correlation_id,
        group_member.delivery_id
    from match_group
    inner join group_member on match_group.group_id = group_member.group_id
),

-- matched, and yet the two sides differ: what is left is to be posted
unposted as (
    select
        'difference_to_post' as cause,
        'match_group' as object_type,
        group_id as object_id,
        difference_kind as detail,
        amount,
        currency,
        entity_id,
        account_id,
        since,
        message,
        correlation_id,
        delivery_id
    from {{ ref('stg_difference') }}
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
    where delivery.status in ('quarantined', 'conflict')
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
            else
                'The statement opens with ' || {{ say_money('statement.opening_balance') }} || ', the one before closed with '
                || {{ say_money('statement.expected_opening') }}
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
        'Files name this account, but no configured account has its number and currency' as message,
        cast(null as varchar) as correlation_id,
        min_by(statement.delivery_id, (statement.known_at, statement.delivery_id)) as delivery_id
    from account
    left join statement on account.account_id = statement.account_id
    where not account.is_configured
    group by account.account_id, account.currency
),

uninterpreted as (
    select
        'uninterpreted_item' as cause,
        'open_items' as object_type,
        open_item_id as object_id,
        coalesce(document_type, '') as detail,
        amount,
        currency,
        entity_id,
        cast(null as varchar) as account_id,
        document_date as since,
        case
            when amount is null then 'The amount has no sign: no debit or credit mark, and the document type gives none'
            when entity_id is null then 'Company code ' || coalesce(company_code, '(none)') || ' belongs to no configured entity'
            when not is_known_type then 'Document type ' || coalesce(document_type, '(none)') || ' is not known; taken by its sign as '
                || kind
            else 'The status is not known; taken as ' || status
        end as message,
        correlation_id,
        delivery_id
    from open_item
    where amount is null or entity_id is null or not is_known_type or not is_known_status
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

stopped_payment as (
    select
        'payment_' || status as cause,
        'payments' as object_type,
        payment_id as object_id,
        status as detail,
        amount,
        currency,
        entity_id,
        account_id,
        cast(status_at as date) as since,
        'Payment to ' || coalesce(counterparty_name, '(no name)') || ' was ' || status as message,
        correlation_id,
        delivery_id
    from payment
    where status in ('rejected', 'cancelled')
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
    inner join payment on remittance.payment_id = payment.payment_id
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
    where state = 'lapsed'
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
),

exception as (
    select * from unmatched
    union all
    select * from lapsed_decision
    union all
    select * from possible_same_party
    union all
    select * from paid_not_cleared
    union all
    select * from undecided
    union all
    select * from unposted
    union all
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
    select * from unknown_payment
    union all
    select * from stopped_payment
    union all
    select * from unknown_document
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
        ('reject', 'Correct the record at its source and have it delivered again'),
        ('quarantined', 'Ask the sender for a correct file; the original is kept in the archive'),
        ('conflict', 'Compare the two files and ask the sender which one holds'),
        ('balance_off', 'Compare the statement with the bank portal; an entry is missing or doubled'),
        ('statement_gap', 'Ask the bank for the missing statement'),
        ('statement_overlap', 'Check whether two statements cover the same days'),
        ('unconfigured_account', 'Add the account to company.yml, or stop its delivery'),
        ('uninterpreted_item', 'Add the type, status or company code to the interpretation rules'),
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
