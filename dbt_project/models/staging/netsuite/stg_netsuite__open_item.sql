-- NetSuite transactions. Whether foreigntotal of a bill is positive or negative depends on the query that delivered it, the
-- record type does not: bills, customer credits and refunds cost cash, vendor credits, invoices and receipts bring it. A status
-- letter means something else on each record type, so the rules name both.
{{
    erp_open_item(
        "delivery.system = 'netsuite'",
        "case
            when upper(document_type) in ('VENDBILL', 'EXPREPT', 'CUSTCRED', 'CUSTPYMT', 'CUSTDEP') then -abs(amount)
            when upper(document_type) in ('VENDCRED', 'VENDPYMT', 'VPREP', 'CUSTINVC', 'CUSTRFND') then abs(amount)
        end",
        item_status_code="lower(item.document_type) || ':' || " ~ status_code('item.status')
    )
}}
