-- Dynamics 365 Finance: AmountCur of VendTrans and CustTrans is signed as the ledger is: a vendor invoice is negative, its
-- payment and a credit note positive; a customer invoice is positive. That is the effect on cash already.
{{ erp_open_item("delivery.system = 'dynamics'", 'amount') }}
