-- What the matching leaves for a person: items that nothing explains, undecided groups, differences to post, and items that the bank
-- has settled but their ERP has not cleared. What is wanted of stg_item is a part each time: as a CTE it would be made as a whole.
with run as (select * from {{ ref('stg_run') }}),

match as (select * from {{ ref('stg_match') }}),

match_group as (
    select * from {{ source('matching', 'match_group') }}
    where superseded_by is null
),

line as (select bank_line_id, effective_date from {{ ref('bank_statement_line') }}),

-- until which day the bank has told of an account
told as (
    select account_id, max(statement_date) as told_until
    from {{ ref('bank_statement') }}
    where kind = 'statement'
    group by account_id
),

open_item as (select * from {{ ref('open_item') }}),

-- a cheque is presented when its payee likes: some weeks later it is asked about
cheque as (
    select payment_id from {{ ref('payment_instruction') }}
    where cheque_number is not null
),

settled as (select distinct dataset, item_id, face from match where status = 'matched'),

-- undecided items are asked about by their group, not once more as unmatched
asked as (select distinct dataset, item_id from match where status in ('suggested', 'ambiguous')),

-- what no leg explains, once an item, however many legs tried it. A payment has two faces, the bank's and the ledger's, and each is
-- asked on its own, once its day has come; the bank's once the bank has told of that day, or should have two weekdays later. Open
-- items are an exception only when the ERP calls them cleared and no money proves it, and no other document took them back. A
-- line that is explained in part is asked about with the rest.
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
        and match.reason not in ('ambiguous', 'zero_amount')
        and not exists (
            select 1
            from asked
            where asked.dataset = match.dataset and asked.item_id = match.item_id
        )
    group by all
),

-- a cleared document and the one that took it back, as a reversal or a credit memo for all of it: no money is to come
cleared as (
    select * from open_item
    where
        status = 'cleared'
        and open_item_id in (select unexplained.item_id from unexplained where unexplained.dataset = 'open_items')
),

taken_back as (
    select item.open_item_id
    from cleared as item
    inner join cleared as other
        on
            item.counterparty_id = other.counterparty_id
            and item.ledger = other.ledger
            and item.entity_id is not distinct from other.entity_id
            and item.currency = other.currency
            and item.amount = -other.amount
            and (
                item.reference = other.reference
                or item.invoice_reference in (other.document_number, other.reference)
                or other.invoice_reference in (item.document_number, item.reference)
                or item.clearing_document = other.clearing_document
                or item.clearing_document = other.document_number
                or other.clearing_document = item.document_number
            )
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
        case when cheque.payment_id is not null and unexplained.face != 'open_items' then 'The cheque has not been presented. ' else '' end
        || 'No counterpart in ' || unexplained.legs || ' (' || unexplained.reasons || ')'
        || coalesce('; counterparty ' || item.counterparty_name, '')
        || coalesce('; ' || item.says, '') as message,
        item.correlation_id,
        item.delivery_id
    from unexplained
    inner join {{ ref('stg_item') }} as item on unexplained.dataset = item.dataset and unexplained.item_id = item.item_id
    cross join run
    left join settled
        on
            unexplained.dataset = settled.dataset
            and unexplained.item_id = settled.item_id
            and (unexplained.dataset != 'payments' or unexplained.face = settled.face)
    left join told on item.account_id = told.account_id
    left join cheque on unexplained.dataset = 'payments' and unexplained.item_id = cheque.payment_id
    where
        (
            unexplained.dataset != 'payments'
            or (unexplained.face = 'open_items' and item.date <= run.as_of)
            or (cheque.payment_id is not null and item.date + 30 < run.as_of)
            or (cheque.payment_id is null and (item.date <= told.told_until or {{ weekdays_between('item.date', 'run.as_of') }} > 2))
        )
        and (
            unexplained.dataset != 'open_items'
            or (item.kind = 'cleared' and unexplained.item_id not in (select taken_back.open_item_id from taken_back))
        )
        and (settled.item_id is null or (unexplained.is_partly and unexplained.dataset = 'bank_lines'))
    qualify row_number() over (
        partition by unexplained.dataset, unexplained.item_id, unexplained.face order by settled.face
    ) = 1
),

-- payments that are on the account and did not come back
booked as (
    select
        payment.item_id as payment_id,
        max(line.effective_date) as booked_on
    from match as payment
    inner join match as other on payment.group_id = other.group_id and other.dataset = 'bank_lines'
    inner join line on other.item_id = line.bank_line_id
    where
        payment.dataset = 'payments'
        and payment.status = 'matched'
        and payment.item_id not in (select failed.payment_id from {{ source('monitoring', 'failed_payment') }} as failed)
    group by payment.item_id
),

untouched as (
    select open_item_id, amount from open_item
    where status = 'open' and open_amount = amount
),

-- the bank lines that settle an item: with it in one match, or with the payments that are in one with it
settling as (
    select
        match.item_id as open_item_id,
        match.applied_amount,
        max(line.effective_date) as settled_on
    from match
    inner join match as other on match.group_id = other.group_id and other.dataset = 'bank_lines'
    inner join line on other.item_id = line.bank_line_id
    where match.dataset = 'open_items' and match.status = 'matched'
    group by match.group_id, match.item_id, match.applied_amount
    union all
    select
        match.item_id as open_item_id,
        match.applied_amount,
        max(booked.booked_on) as settled_on
    from match
    inner join untouched on match.item_id = untouched.open_item_id
    inner join match as payment on match.group_id = payment.group_id and payment.dataset = 'payments'
    left join booked on payment.item_id = booked.payment_id
    where match.dataset = 'open_items' and match.status = 'matched'
    group by match.group_id, match.item_id, match.applied_amount
    having count(*) = count(booked.payment_id)
),

settlement as (
    select
        open_item_id,
        max(settled_on) as settled_on,
        max_by(applied_amount, abs(applied_amount)) as applied_amount
    from settling
    group by open_item_id
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
        min_by(item.delivery_id, item.item_id) as delivery_id,
        list(
            concat_ws(
                ' ',
                case match.dataset when 'bank_lines' then 'entry' when 'payments' then 'payment' else 'document' end,
                item.date,
                'over',
                {{ say_money('item.amount') }},
                item.counterparty_name,
                item.says
            )
            order by match.dataset, item.item_id
        ) as members
    from match
    inner join match_group on match.group_id = match_group.group_id
    inner join {{ ref('stg_item') }} as item on match.dataset = item.dataset and match.item_id = item.item_id
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
        match_group.explanation || ' ' || array_to_string(group_member.members[:4], '; ')
        || case when len(group_member.members) > 4 then '; and ' || len(group_member.members) - 4 || ' more' else '' end as message,
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
)

select * from unmatched
union all
select * from paid_not_cleared
union all
select * from undecided
union all
select * from unposted
