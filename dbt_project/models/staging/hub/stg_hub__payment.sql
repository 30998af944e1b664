-- Payments as instructed, with their batch, direction and own account (macros/hub_payments.sql).
{{ hub_payments() }}
