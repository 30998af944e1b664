"""Canonical frames into results: matching, monitoring, forecasting. Knows no file, no SQL, no Dagster, no clock."""
