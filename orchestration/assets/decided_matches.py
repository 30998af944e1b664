"""What monitoring and forecasting take of the match ledger: the matches that hold, and the payments whose money came back."""

from __future__ import annotations

import duckdb

# what is superseded, suggested or ambiguous explains nothing
_DECIDED = """
    create or replace temporary view decided as
    select match_item.group_id, match_item.dataset, match_item.item_id, match_item.applied_amount
    from matching.match_item as match_item
    inner join matching.known_group as match_group
        on match_item.group_id = match_group.group_id and match_item.run_id is not distinct from match_group.run_id
    where match_group.superseded_by is null and match_group.status = 'matched'
"""

# A return names the payment it sends back by its end-to-end id; the bank may keep charges. Of several payments with the id it is the
# newest before the return. Else its text names one payment of the amount, or the matching has tied the payment's own bank line to one
# that undoes it.
_RETURNED = """
    create or replace temporary view returned as
    with named as (
        select payment.payment_id, line.bank_line_id, line.effective_date, line.return_reason_code
        from canonical.payment_instruction as payment
        inner join canonical.bank_statement_line as line
            on
                payment.account_id = line.account_id
                and (line.end_to_end_id = payment.end_to_end_id or list_contains(line."references", payment.end_to_end_id))
        where
            line.line_kind = 'return'
            and upper(payment.end_to_end_id) not in ('NOTPROVIDED', 'NONREF', '')
            and line.effective_date >= coalesce(payment.execution_date, payment.received_on)
            and sign(line.amount) = -sign(payment.amount)
            and abs(line.amount) between abs(payment.amount) * 0.9 and abs(payment.amount)
        qualify row_number() over (
            partition by line.bank_line_id
            order by coalesce(payment.execution_date, payment.received_on) desc, payment.payment_id
        ) = 1
    ),
    -- a text that names, word for word, the reference or a document of one payment of its amount alone
    worded as (
        select line.bank_line_id, line.effective_date, line.return_reason_code, min(payment.payment_id) as payment_id
        from canonical.bank_statement_line as line
        inner join canonical.payment_instruction as payment
            on
                line.account_id = payment.account_id and line.currency = payment.currency and line.amount = -payment.amount
                and line.effective_date >= coalesce(payment.execution_date, payment.received_on)
        left join canonical.remittance_advice as remittance on payment.payment_id = remittance.payment_id
        where
            line.line_kind = 'return'
            and line.bank_line_id not in (select named.bank_line_id from named)
            and list_has_any(
                string_split_regex(upper(line.text), '[^A-Z0-9/-]+'),
                list_filter(
                    [upper(payment.end_to_end_id), upper(remittance.document_number)],
                    lambda name: length(name) >= 5 and regexp_matches(name, '[0-9]{3}')
                )
            )
        group by line.bank_line_id, line.effective_date, line.return_reason_code
        having count(distinct payment.payment_id) = 1
    ),
    alone as (
        select group_id, min(item_id) filter (where dataset = 'payments') as payment_id,
            min(item_id) filter (where dataset = 'bank_lines') as bank_line_id
        from decided
        group by group_id
        having count(*) = 2 and count(*) filter (where dataset = 'payments') = 1
            and count(*) filter (where dataset = 'bank_lines') = 1
    ),
    undone as (
        select alone.payment_id, back.bank_line_id, back.effective_date, back.return_reason_code
        from alone
        inner join canonical.bank_statement_line as line on alone.bank_line_id = line.bank_line_id
        inner join decided as one on alone.bank_line_id = one.item_id and one.dataset = 'bank_lines'
        inner join decided as other
            on one.group_id = other.group_id and other.dataset = 'bank_lines' and one.item_id != other.item_id
        inner join canonical.bank_statement_line as back on other.item_id = back.bank_line_id
        where
            back.account_id = line.account_id and sign(back.amount) = -sign(line.amount)
            and back.effective_date >= line.effective_date
    )
    select payment_id, min(effective_date) as returned_on, arg_min(return_reason_code, (effective_date, bank_line_id)) as returned_because
    from (
        select * from named
        union all
        select payment_id, bank_line_id, effective_date, return_reason_code from worded
        union all
        select * from undone
    ) as came_back
    group by payment_id
"""


def decide(connection: duckdb.DuckDBPyConnection) -> None:
    """Make two temporary views: `decided`, the matches that hold (group_id, dataset, item_id, applied_amount), and
    `returned`, the payments whose money came back (payment_id, returned_on, returned_because)."""
    connection.execute(_DECIDED)
    connection.execute(_RETURNED)
