-- Details of entries, with the statement they came on (macros/bank_details.sql).
{{ entry_details() }}
