"""Asset checks that are not dbt tests: deliveries that add up, records that keep their contract, groups that balance."""
