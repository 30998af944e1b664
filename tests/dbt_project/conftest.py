"""Fixtures of the dbt tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_warehouse import SmallWarehouse, group


@pytest.fixture(scope="session")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """dbt's target folder, shared: the project is parsed once."""
    return tmp_path_factory.mktemp("target")


@pytest.fixture(scope="module")
def empty_group(tmp_path_factory: pytest.TempPathFactory, parsed: Path) -> SmallWarehouse:
    """A configured group without a single delivery."""
    warehouse = SmallWarehouse(tmp_path_factory.mktemp("warehouse"), parsed)
    group(warehouse)
    return warehouse
