"""The data dictionary: one page of every table and column, from the models' YAML and the record contracts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from ingestion.contracts import CONTRACTS
from orchestration.warehouse import raw_columns
from orchestration.workspace import PROJECT_ROOT

MODELS = PROJECT_ROOT / "dbt_project" / "models"

LAYERS: Mapping[str, str] = {
    "marts": "What people and BI tools read. Published after each run; public columns change only with a new version.",
    "canonical": "One truth over all systems: the model of the design, a contract on each table.",
    "matching_input": "The items and known links the matching reads.",
    "staging": "What each system delivered, interpreted; internal.",
}
"""The layers in the order a reader meets them; the folder of a model names its layer."""


@dataclass(frozen=True)
class Column:
    """A column as the YAML declares it; `kind` is empty where a view declares none."""

    name: str
    kind: str
    description: str
    notes: str


@dataclass(frozen=True)
class Table:
    """A model: its layer, its name, what one row is, its columns in declared order."""

    layer: str
    name: str
    version: str
    description: str
    columns: tuple[Column, ...]


def tables(models: Path = MODELS) -> list[Table]:
    """Every model that a YAML file under `models` declares, by layer and name."""
    found = []
    for path in sorted(models.rglob("*.yml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        inside = path.relative_to(models).parts
        layer = "staging" if "results" in inside else inside[0]
        found += [_table(layer, model) for model in content.get("models", [])]
    order = list(LAYERS)
    return sorted(found, key=lambda table: (order.index(table.layer), table.name))


def _table(layer: str, model: Mapping[str, object]) -> Table:
    columns = model.get("columns") or []
    assert isinstance(columns, Sequence)  # noqa: S101  (dbt has parsed the same file)
    latest = model.get("latest_version")
    return Table(
        layer=layer,
        name=str(model["name"]),
        version=f"v{latest}" if latest else "",
        description=str(model.get("description", "")),
        columns=tuple(_column(column) for column in columns),
    )


def _column(column: Mapping[str, object]) -> Column:
    notes = []
    constraints = column.get("constraints") or []
    assert isinstance(constraints, Sequence)  # noqa: S101
    if any(constraint["type"] == "not_null" for constraint in constraints):
        notes.append("never null")
    tests = column.get("data_tests") or []
    assert isinstance(tests, Sequence)  # noqa: S101
    for test in tests:
        if test == "unique":
            notes.append("key")
        elif "relationships" in test:
            arguments = test["relationships"]["arguments"]
            notes.append(f"refers to {str(arguments['to']).removeprefix('ref(').strip(chr(39) + ')')}")
    return Column(
        name=str(column["name"]),
        kind=str(column.get("data_type", "")),
        description=str(column.get("description", "")),
        notes=", ".join(notes),
    )


def page(models: Path = MODELS) -> str:
    """The whole page as Markdown; the same input gives the same text."""
    return "\n".join(_lines(tables(models))) + "\n"


def _lines(found: Sequence[Table]) -> Iterator[str]:
    yield "# Data dictionary"
    yield ""
    yield "Made by `tieout docs` from the YAML of `dbt_project/models` and the record contracts: edit those, not this."
    for layer, meaning in LAYERS.items():
        yield ""
        yield f"## {layer}"
        yield ""
        yield meaning
        for table in found:
            if table.layer == layer:
                yield ""
                yield f"### {layer}.{table.name}" + (f" ({table.version})" if table.version else "")
                yield ""
                yield table.description
                yield ""
                yield "| column | type | meaning | |"
                yield "|---|---|---|---|"
                for column in table.columns:
                    meaning_cell = column.description.replace("|", "\\|")
                    yield f"| {column.name} | {column.kind} | {meaning_cell} | {column.notes} |"
    yield ""
    yield "## raw"
    yield ""
    yield "What was delivered, append-only, by record contract (`ingestion/contracts.py`). Rows carry their delivery."
    for kind, contract in CONTRACTS.items():
        yield ""
        yield f"### raw.{kind}"
        yield ""
        yield f"One row is {contract.grain}."
        yield ""
        yield "| column | type |"
        yield "|---|---|"
        for name, sql_type in raw_columns(kind).items():
            yield f"| {name} | {sql_type.lower()} |"


def write_data_dictionary(path: Path) -> Path:
    """Write the page; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(), encoding="utf-8")
    return path
