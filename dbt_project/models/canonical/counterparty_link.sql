-- Pairs of counterparties that look like the same party, with the evidence and how far it goes. A tax or VAT id is as good as
-- proof; a shared bank account or the same name at the same place is not, where both have a tax id of the same country and the two
-- differ. Evidence that fits more than twelve parties (a factor's account, a filler in place of a tax id) is evidence of nothing.
-- What a person has decided of a pair wins. Where two parties told apart would still be joined through others, the links of both rest on
-- a person's word alone: nothing is guessed about which of the others belongs to whom.
with recursive evidence as (select * from {{ ref('stg_erp__counterparty_evidence') }}),

party as (
    select distinct counterparty_id, country, tax_id, vat_id from evidence
),

rare as (
    select role, kind, value
    from evidence
    where value is not null
    group by all
    having count(distinct counterparty_id) between 2 and 12
),

telling as (
    select distinct evidence.counterparty_id, evidence.role, evidence.kind, evidence.value
    from evidence
    inner join rare on evidence.role = rare.role and evidence.kind = rare.kind and evidence.value = rare.value
),

pair as (
    select
        one.counterparty_id,
        other.counterparty_id as other_id,
        string_agg(distinct one.kind, ', ' order by one.kind) as evidence,
        -- the evidence is taken as independent: it is wrong only where each piece is
        1 - product(distinct case one.kind when 'iban' then 0.10 when 'name and place' then 0.15 else 0.01 end) as confidence,
        bool_or(one.kind in ('tax id', 'vat id')) as has_proof
    from telling as one
    inner join telling as other
        on
            one.role = other.role
            and one.kind = other.kind
            and one.value = other.value
            and one.counterparty_id < other.counterparty_id
    group by all
),

contradicted as (
    select
        pair.*,
        not pair.has_proof
        and coalesce(one.country = other.country, true)
        and (coalesce(one.tax_id != other.tax_id, false) or coalesce(one.vat_id != other.vat_id, false)) as is_contradicted
    from pair
    inner join party as one on pair.counterparty_id = one.counterparty_id
    inner join party as other on pair.other_id = other.counterparty_id
),

evidenced as (
    select counterparty_id, other_id, evidence, confidence, bool_or(is_contradicted) as is_contradicted
    from contradicted
    group by all
),

decision as (
    select * from {{ source('config', 'counterparty_decision') }}
    where
        counterparty_id in (select party.counterparty_id from party)
        and other_id in (select party.counterparty_id from party)
),

-- a person may join two parties that nothing else joins
judged as (
    select
        coalesce(evidenced.counterparty_id, decision.counterparty_id) as counterparty_id,
        coalesce(evidenced.other_id, decision.other_id) as other_id,
        coalesce(evidenced.evidence, 'decision') as evidence,
        case when decision.is_same then 1.0 else coalesce(evidenced.confidence, 0.0) end as confidence,
        coalesce(evidenced.is_contradicted, false) as is_contradicted,
        coalesce(decision.is_same, not coalesce(evidenced.is_contradicted, false)) as is_accepted,
        decision.is_same as is_decided_same,
        decision.decision_id,
        decision.actor as decided_by,
        decision.decided_at
    from evidenced
    full outer join decision
        on evidenced.counterparty_id = decision.counterparty_id and evidenced.other_id = decision.other_id
),

step as (
    select counterparty_id as from_id, other_id as to_id from judged
    where is_accepted
    union all
    select other_id as from_id, counterparty_id as to_id from judged
    where is_accepted
),

reached as (
    select counterparty_id as origin_id, counterparty_id as reached_id from decision
    where not is_same
    union
    select reached.origin_id, step.to_id as reached_id
    from reached
    inner join step on reached.reached_id = step.from_id
),

still_joined as (
    select decision.counterparty_id, decision.other_id
    from decision
    inner join reached on decision.counterparty_id = reached.origin_id and decision.other_id = reached.reached_id
    where not decision.is_same
),

told_apart as (
    select counterparty_id from still_joined
    union
    select other_id as counterparty_id from still_joined
),

parted as (
    select
        judged.*,
        coalesce(judged.is_decided_same, false) as is_confirmed,
        (one.counterparty_id is not null or other.counterparty_id is not null) as is_of_told_apart
    from judged
    left join told_apart as one on judged.counterparty_id = one.counterparty_id
    left join told_apart as other on judged.other_id = other.counterparty_id
)

select
    counterparty_id || ' = ' || other_id as counterparty_link_id,
    counterparty_id,
    other_id,
    evidence,
    round(cast(confidence as double), 4) as confidence,
    is_accepted and (is_confirmed or not is_of_told_apart) as is_accepted,
    case
        when is_decided_same is not null and not is_decided_same then 'a person has told them apart'
        when is_accepted and is_of_told_apart and not is_confirmed then 'would join parties that a person has told apart'
        when is_contradicted and is_decided_same is null then 'tax or VAT ids differ'
    end as objection,
    decision_id,
    decided_by,
    decided_at
from parted
