-- SAP line items (BSIK, BSAK, BSID, BSAD, or one of their views). Amounts are unsigned; SHKZG says debit (S) or credit (H). A
-- special G/L indicator (UMSKZ) A, F or V marks a down payment or its request. An item without a debit/credit mark has no sign
-- and is not interpreted (amount null), never guessed. The tables hold no due date: it is the baseline date (ZFBDT) plus the
-- last of the terms' day counts (ZBD3T, ZBD2T, ZBD1T) that is set, or the baseline date itself for a credit memo that refers to
-- no invoice (function module DETERMINE_DUE_DATE).
{{
    erp_open_item(
        "delivery.system = 'sap'",
        'null',
        "json_extract_string(item.extra, '$.UMSKZ') in ('A', 'F', 'V')",
        due_date=sap_baseline_date()
            ~ " + case"
            ~ " when coalesce(item.invoice_reference, '') = '' and (item.ledger = 'payable') = (item.debit_credit = 'S') then 0"
            ~ " else coalesce("
            ~ sap_days('ZBD3T') ~ ", " ~ sap_days('ZBD2T') ~ ", " ~ sap_days('ZBD1T') ~ ", 0) end",
        discount_date="case when item.discount_percent > 0 then " ~ sap_baseline_date() ~ " + coalesce(" ~ sap_days('ZBD1T') ~ ", 0) end"
    )
}}
