"""The assets, in the order data flows: config, ingestion, raw, dbt models, matching, monitoring, forecasting, published."""
