-- Pairs of counterparties that look like the same party, with the evidence and how far it goes. A tax or VAT id is as good as
-- proof; a shared bank account or the same name at the same place is not, where both have a tax id of the same country and the two
-- differ. Evidence that fits more than twelve parties (a factor's account, a filler in place of a tax id) is evidence of nothing.
with evidence as (select * from {{ ref('stg_erp__counterparty_evidence') }}),

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
)

select
    counterparty_id || ' = ' || other_id as counterparty_link_id,
    counterparty_id,
    other_id,
    evidence,
    round(confidence, 4) as confidence,
    not bool_or(is_contradicted) as is_accepted,
    case when bool_or(is_contradicted) then 'tax or VAT ids differ' end as objection
from contradicted
group by all
