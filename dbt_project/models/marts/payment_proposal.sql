{{ config(materialized='by_key', key='open_item_id', of_day=true, pre_hook="{{ touch(touched_payment_proposal()) }}") }}
-- What could be paid, and when: each open payable and credit memo with the reasons against paying it, the suspicion of a second
-- invoice for the same thing, the three-way match, the terms, and the day suggested. A suggestion, never an instruction.
with payable as (
    select * from {{ ref('open_payables') }}
    where {{ is_touched('open_item_id') }}
),

item as (
    select * from {{ ref('open_item') }}
    where
        ledger = 'payable' and kind = 'invoice' and status != 'cancelled' and amount is not null
        {% if new_only() %}
            and golden_id in (select golden_id from {{ ref('open_item') }} where {{ is_touched('open_item_id') }})
        {% endif %}
),

direct_debit as (
    select open_item_id from {{ ref('open_item') }}
    where is_direct_debit
),

three_way as (select * from {{ ref('three_way_match') }}),

-- monitoring compares in more ways, also two digits that changed places; what it doubts is not proposed either
doubted as (
    select distinct object_id as open_item_id
    from {{ source('monitoring', 'alert') }}
    where "check" = 'duplicate_invoice' and status = 'open'
),

-- what one party has over one amount more than once: only that can be one invoice twice
repeated as (
    select golden_id, currency, amount
    from item
    where golden_id is not null
    group by all
    having count(*) > 1
),

written as (
    select
        item.*,
        regexp_replace(upper(item.reference), '[^A-Z0-9]', '', 'g') as written
    from item
    inner join repeated
        on item.golden_id = repeated.golden_id and item.currency = repeated.currency and item.amount = repeated.amount
),

numbered as (
    select
        *,
        ltrim(translate(regexp_replace(written, '^[A-Z]+', ''), 'OIL', '011'), '0') as typed
    from written
),

-- one invoice twice: the same party, currency and amount, and either the supplier's number is the same but for the way it is
-- written (separators, leading letters and zeros, O for 0, I or L for 1), or it is missing on one side and the invoice dates are
-- the same. The earlier of the two stands. A number of one or two digits says nothing without its letters.
named as (
    select
        open_item_id,
        golden_id,
        currency,
        amount,
        document_date,
        coalesce(created_at, '') as created_at,
        nullif(
            case
                when length(regexp_replace(typed, '[^0-9]', '', 'g')) >= 3 then typed
                else ltrim(written, '0')
            end, ''
        ) as number
    from numbered
),

suspect as (
    select
        later.open_item_id,
        min_by(earlier.open_item_id, (earlier.document_date, earlier.created_at, earlier.open_item_id)) as duplicate_of
    from named as later
    inner join named as earlier
        on
            later.golden_id = earlier.golden_id
            and later.currency = earlier.currency
            and later.amount = earlier.amount
            and (
                later.number = earlier.number
                or ((later.number is null or earlier.number is null) and later.document_date = earlier.document_date)
            )
            and (earlier.document_date, earlier.created_at, earlier.open_item_id)
            < (later.document_date, later.created_at, later.open_item_id)
    where {{ is_touched('later.open_item_id') }}
    group by later.open_item_id
),

judged as (
    select
        payable.*,
        suspect.duplicate_of,
        three_way.match_flow,
        three_way.match_result,
        three_way.variance,
        -- in the order in which a person would ask
        case
            when payable.is_scheduled then 'already_instructed'
            when direct_debit.open_item_id is not null then 'direct_debit'
            when payable.is_blocked then 'blocked'
            when payable.approval_status = 'rejected' then 'approval_rejected'
            when payable.approval_status = 'pending' then 'not_approved'
            when suspect.duplicate_of is not null or doubted.open_item_id is not null then 'possible_duplicate'
            when three_way.match_result in ('over_order', 'over_receipt', 'awaiting_receipt') then three_way.match_result
            when payable.open_amount is null then 'amount_not_known'
            when payable.due_date is null and payable.kind != 'credit_memo' then 'no_due_date'
        end as hindrance
    from payable
    left join suspect on payable.open_item_id = suspect.open_item_id
    left join doubted on payable.open_item_id = doubted.open_item_id
    left join direct_debit on payable.open_item_id = direct_debit.open_item_id
    left join three_way on payable.open_item_id = three_way.open_item_id
),

-- a discount that is still open on the due date costs nothing to take; one that pays a day sooner is worth its rate
weighed as (
    select
        judged.*,
        judged.is_discount_open
        and (
            judged.annualised_discount_rate >= {{ var('discount_hurdle_rate') }}
            or (judged.due_date <= judged.discount_until and abs(judged.amount) > judged.discount_amount)
        ) as is_discount_worthwhile
    from judged
),

dated as (
    select
        weighed.*,
        case
            when weighed.kind = 'credit_memo' then weighed.as_of
            when weighed.is_discount_worthwhile then greatest(least(weighed.discount_until, weighed.due_date), weighed.as_of)
            else greatest(weighed.due_date, weighed.as_of)
        end as last_day
    from weighed
)

select
    dated.open_item_id,
    dated.as_of,
    dated.entity_id,
    dated.counterparty_id,
    dated.golden_id,
    dated.counterparty_name,
    dated.document_number,
    dated.reference,
    dated.kind,
    dated.currency,
    dated.open_amount,
    dated.open_amount_base,
    dated.payment_terms,
    dated.due_date,
    dated.days_to_due,
    dated.approval_status,
    dated.payment_block,
    dated.hindrance is null as is_eligible,
    dated.hindrance,
    dated.duplicate_of,
    dated.match_flow,
    dated.match_result,
    dated.variance,
    dated.discount_amount,
    dated.discount_until,
    dated.days_to_discount,
    dated.is_discount_open,
    dated.annualised_discount_rate,
    coalesce(dated.is_discount_worthwhile, false) as is_discount_worthwhile,
    case when dated.hindrance is null then greatest(dated.as_of, {{ weekday_on_or_before('dated.last_day') }}) end as suggested_date,
    case
        when dated.hindrance is null and dated.is_discount_worthwhile
            then cast(dated.open_amount + dated.discount_amount as decimal(23, 5))
        when dated.hindrance is null then dated.open_amount
    end as suggested_amount,
    dated.correlation_id
from dated
