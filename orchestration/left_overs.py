"""What an earlier version of the dbt project made and no model of it makes now: nobody builds it, and nobody should read it.

The schemas of the models, and `changes` beside them, are dbt's alone (DESIGN 7: people and BI tools read what is published), so all
in them that no model names is of an earlier version. Of other schemas nothing is dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from orchestration.dbt_runner import manifest_json

CHANGES = "changes"
"""Where a model keeps what a build has changed in it, under its own name (dbt_project/macros/new_only.sql)."""


def drop_left_overs(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Drop them; returns each as `view schema.name` or `table schema.name`, in order."""
    nodes: Mapping[str, Mapping[str, Any]] = manifest_json()["nodes"]  # type: ignore[assignment]
    models = [node for node in nodes.values() if node["resource_type"] == "model"]
    made = {(str(model["schema"]), str(model["alias"])) for model in models}
    kept = made | {(CHANGES, str(model["name"])) for model in models}
    found = connection.execute(
        "SELECT 'view', schema_name, view_name FROM duckdb_views() WHERE NOT internal AND NOT temporary "
        "UNION ALL SELECT 'table', schema_name, table_name FROM duckdb_tables() WHERE NOT internal AND NOT temporary ORDER BY ALL"
    ).fetchall()
    schemas = {schema for schema, _ in kept}
    left = [(kind, schema, name) for kind, schema, name in found if schema in schemas and (schema, name) not in kept]
    for kind, schema, name in left:
        connection.execute(f'DROP {kind} "{schema}"."{name}"')
    return [f"{kind} {schema}.{name}" for kind, schema, name in left]
