-- Earlier forecasts compared with what the statements say happened.
with accuracy as (select * from {{ source('forecasting', 'forecast_accuracy') }})

select
    concat_ws('|', vintage, account, currency, horizon_bucket) as forecast_accuracy_id,
    vintage,
    account as account_id,
    currency,
    horizon_bucket,
    days_compared,
    forecast,
    actual,
    absolute_error,
    wape,
    bias,
    coverage,
    naive_wape,
    mean_wape,
    weekly_wape,
    mase,
    pinball,
    width
from accuracy
