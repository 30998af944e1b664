-- SAP line items (BSIK, BSAK, BSID, BSAD, or one of their views). Amounts are unsigned; SHKZG says debit (S) or credit (H). A
-- special G/L indicator (UMSKZ) A, F or V marks a down payment or its request. An item without a debit/credit mark has no sign
-- and is not interpreted (amount null), never guessed.
{{
    erp_open_item(
        "delivery.system = 'sap'",
        'null',
        "json_extract_string(item.extra, '$.UMSKZ') in ('A', 'F', 'V')"
    )
}}
