{{ config(materialized='by_key', key='open_item_id', of_day=true, pre_hook="{{ touch(touched_payment_proposal()) }}") }}
-- What could be paid, and when: each open payable and credit memo with the reasons against paying it, the suspicion of a second
-- invoice for the same thing, the three-way match, the terms, and the day suggested. A suggestion, never an instruction.
with payable as (
    select * from {{ ref('open_payables') }}
    where {{ is_touched('open_item_id') }}
),

direct_debit as (
    select open_item_id from {{ ref('open_item') }}
    where is_direct_debit
),

three_way as (select * from {{ ref('three_way_match') }}),

progress as (
    select
        open_item_id,
        payments > 0 as is_instructed,
        paid_amount,
        left_amount
    from {{ source('monitoring', 'payable') }}
),

-- an invoice that looks entered twice, and the earlier one: what monitoring doubts is not proposed
suspect as (
    select object_id as open_item_id, min(related_id) as duplicate_of
    from {{ source('monitoring', 'alert') }}
    where "check" = 'duplicate_invoice' and status = 'open'
    group by object_id
),

-- what a payment or a bank line may pay: a person has not decided the suggestion or tie yet
asked as (
    select distinct match.item_id as open_item_id
    from {{ ref('stg_match') }} as match
    inner join {{ ref('stg_match') }} as other on match.group_id = other.group_id and other.dataset in ('bank_lines', 'payments')
    where match.dataset = 'open_items' and match.status in ('suggested', 'ambiguous')
),

-- how far it is paid: where a part is paid or instructed, what is left is what is proposed
reached as (
    select
        payable.open_item_id,
        progress.paid_amount,
        cast(sign(payable.open_amount) * progress.left_amount as decimal(23, 5)) as left_amount,
        case
            when progress.left_amount > greatest(payable.discount_amount, 0) then null
            when payable.is_scheduled or progress.is_instructed then 'already_instructed'
            when progress.open_item_id is not null then 'already_paid'
        end as done
    from payable
    left join progress on payable.open_item_id = progress.open_item_id
),

judged as (
    select
        payable.*,
        suspect.duplicate_of,
        three_way.match_flow,
        three_way.match_result,
        three_way.variance,
        reached.paid_amount,
        reached.left_amount,
        -- in the order in which a person would ask
        case
            when reached.done is not null then reached.done
            when direct_debit.open_item_id is not null then 'direct_debit'
            when payable.is_blocked then 'blocked'
            when payable.approval_status = 'rejected' then 'approval_rejected'
            when payable.approval_status = 'pending' then 'not_approved'
            when asked.open_item_id is not null then 'possibly_paid'
            when suspect.open_item_id is not null then 'possible_duplicate'
            when three_way.match_result in ('over_order', 'over_receipt', 'awaiting_receipt') then three_way.match_result
            when payable.open_amount is null then 'amount_not_known'
            when payable.due_date is null and payable.kind != 'credit_memo' then 'no_due_date'
        end as hindrance
    from payable
    left join suspect on payable.open_item_id = suspect.open_item_id
    left join direct_debit on payable.open_item_id = direct_debit.open_item_id
    left join three_way on payable.open_item_id = three_way.open_item_id
    left join asked on payable.open_item_id = asked.open_item_id
    left join reached on payable.open_item_id = reached.open_item_id
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
        when dated.hindrance is null and dated.left_amount is not null then dated.left_amount
        when dated.hindrance is null and dated.is_discount_worthwhile
            then cast(dated.open_amount + dated.discount_amount as decimal(23, 5))
        when dated.hindrance is null then dated.open_amount
    end as suggested_amount,
    dated.paid_amount,
    dated.correlation_id
from dated
