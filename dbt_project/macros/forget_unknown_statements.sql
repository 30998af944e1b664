{# Removes lines of statements that are not known (any more) at the run's known_at, or whose account is now another. #}
{% macro forget_unknown_statements() %}
    {% if is_incremental() %}
        delete from {{ this }} as line
        where not exists (
            select 1
            from {{ ref('bank_statement') }} as statement
            where
                statement.statement_key = line.statement_key
                and statement.delivery_id = line.delivery_id
                and statement.account_id = line.account_id
                and statement.entity_id is not distinct from line.entity_id
        )
    {% endif %}
{% endmacro %}
