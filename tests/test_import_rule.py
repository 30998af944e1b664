"""The import rule of the house: orchestration may import all; ingestion, reconciliation and simulation none of the others."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("orchestration", "ingestion", "reconciliation", "simulation")
CLOCKS = {("datetime", "now"), ("datetime", "today"), ("date", "today"), ("time", "time"), ("datetime", "utcnow")}


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def imported_rooms(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        yield from (name.split(".")[0] for name in names if name.split(".")[0] in ROOMS)


@pytest.mark.parametrize("room", ["ingestion", "reconciliation", "simulation"])
def test_a_room_below_the_shell_imports_no_other_room(room: str) -> None:
    assert modules(room), f"{room} is empty: the rule would hold for nothing"
    crossings = {
        str(path.relative_to(ROOT)): sorted(set(imported_rooms(path.read_text("utf-8"))) - {room})
        for path in modules(room)
    }
    assert {path: rooms for path, rooms in crossings.items() if rooms} == {}


@pytest.mark.parametrize("room", ["ingestion", "reconciliation", "simulation"])
def test_no_clock_below_the_shell(room: str) -> None:
    readings = []
    for path in modules(room):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and (node.value.id, node.attr) in CLOCKS
            ):
                readings.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert readings == []


def test_a_crossing_would_be_seen() -> None:
    assert list(imported_rooms("from ingestion.contracts import CONTRACTS\nimport orchestration.cli")) == [
        "ingestion",
        "orchestration",
    ]
