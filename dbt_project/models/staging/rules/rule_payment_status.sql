{{ config(materialized='table') }}
-- What a bank's or the hub's status says about a payment. Sources: ISO 20022 external code set ExternalPaymentTransactionStatus
-- and ExternalPaymentGroupStatus. ACSC and ACCC are "not for financial information": executed is the bank's word, cash is
-- proven by the statement alone. PART is a group's status; payments it does not name were accepted. Verification-of-payee
-- codes (RCVC, RVNC, RVMC, RVNM) say that the order was received. progress orders the way of a payment.
select code, payment_status, progress
from (
    values
    ('created', 'created', 1),
    ('approved', 'approved', 2),
    ('released', 'released', 3),
    ('sent', 'sent', 4),
    ('transmitted', 'sent', 4),
    ('acknowledged', 'acknowledged', 5),
    ('RCVD', 'acknowledged', 5),
    ('PDNG', 'acknowledged', 5),
    ('ACTC', 'acknowledged', 5),
    ('RCVC', 'acknowledged', 5),
    ('RVNC', 'acknowledged', 5),
    ('RVMC', 'acknowledged', 5),
    ('RVNM', 'acknowledged', 5),
    ('accepted', 'accepted', 6),
    ('ACCP', 'accepted', 6),
    ('ACSP', 'accepted', 6),
    ('ACWC', 'accepted', 6),
    ('ACWP', 'accepted', 6),
    ('ACFC', 'accepted', 6),
    ('PART', 'accepted', 6),
    ('executed', 'executed', 7),
    ('ACSC', 'executed', 7),
    ('ACCC', 'executed', 7),
    ('rejected', 'rejected', 8),
    ('RJCT', 'rejected', 8),
    ('returned', 'rejected', 8),
    ('cancelled', 'cancelled', 8),
    ('CANC', 'cancelled', 8)
) as rule (code, payment_status, progress)
