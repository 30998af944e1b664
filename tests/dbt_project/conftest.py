"""Fixtures of the dbt tests."""

from __future__ import annotations

import pytest
from small_warehouse import SmallWarehouse, group


@pytest.fixture(scope="module")
def empty_group(tmp_path_factory: pytest.TempPathFactory) -> SmallWarehouse:
    """A configured group without a single delivery."""
    warehouse = SmallWarehouse(tmp_path_factory.mktemp("warehouse"))
    group(warehouse)
    return warehouse
