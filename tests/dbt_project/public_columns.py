"""The public columns of the marts as a snapshot: `python tests/dbt_project/public_columns.py` writes it anew."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

MARTS = Path(__file__).resolve().parents[2] / "dbt_project" / "models" / "marts" / "_marts.yml"
SNAPSHOT = Path(__file__).with_name("public_columns.json")

Snapshot = dict[str, dict[str, str]]


def declared() -> Snapshot:
    """Model and version -> column -> type, as the YAML declares them now."""
    models = yaml.safe_load(MARTS.read_text(encoding="utf-8"))["models"]
    return {
        f"{model['name']}.v{version['v']}": {
            column["name"]: column["data_type"]
            for column in version.get("columns", model["columns"])
            if "name" in column
        }
        for model in models
        for version in model["versions"]
    }


def recorded() -> Snapshot:
    """What the snapshot says was public."""
    content: Snapshot = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    return content


def breaks(before: Snapshot, now: Snapshot) -> list[str]:
    """Public columns that are gone or have another type within the same version, and versions that are gone."""
    found = []
    for model, columns in before.items():
        if model not in now:
            found.append(f"{model} is gone; deprecate it first (deprecation_date) and keep it until then")
            continue
        for column, kind in columns.items():
            if column not in now[model]:
                found.append(f"{model}.{column} is gone; a new version has to carry the change")
            elif now[model][column] != kind:
                found.append(
                    f"{model}.{column} was {kind}, is {now[model][column]}; a new version has to carry the change"
                )
    return found


if __name__ == "__main__":
    SNAPSHOT.write_text(json.dumps(declared(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
