-- Systems without a model of their own (Oracle, Coupa, declared extracts). Without a debit/credit mark an amount is the document's:
-- positive for what is owed on an invoice, and a credit memo reduces it whether its own total is written positive or negative.
{{
    erp_open_item(
        "delivery.system not in ('" ~ var('erp_systems') | join("', '") ~ "')",
        "case
            when typed_kind in ('credit_memo', 'payment') then case when ledger = 'payable' then abs(amount) else -abs(amount) end
            when ledger = 'payable' then -amount
            else amount
        end"
    )
}}
