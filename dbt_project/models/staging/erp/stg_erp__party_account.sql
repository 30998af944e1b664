{{ config(materialized='table', tracked=['counterparty_id', 'account_identifier']) }}
-- Which counterparty any delivery has ever shown with which account.
with account as (select * from {{ ref('stg_erp__counterparty_account') }})

select distinct counterparty_id, account_identifier
from account
