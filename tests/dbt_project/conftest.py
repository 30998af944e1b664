"""Fixtures of the dbt tests."""

from __future__ import annotations

import pytest
from decided import deliver_decisions
from governance import deliver_governed
from repetitions import deliver_repetitions
from small_warehouse import SmallWarehouse, group
from week import AS_OF, KNOWN_AT, deliver_everything


@pytest.fixture(scope="module")
def empty_group(tmp_path_factory: pytest.TempPathFactory) -> SmallWarehouse:
    """A configured group without a single delivery."""
    warehouse = SmallWarehouse(tmp_path_factory.mktemp("warehouse"))
    group(warehouse)
    return warehouse


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> SmallWarehouse:
    """A group after a week of deliveries, with rules of ownership and some matches, all models built."""
    warehouse = SmallWarehouse(tmp_path_factory.mktemp("warehouse"))
    group(warehouse)
    deliver_everything(warehouse)
    deliver_governed(warehouse)
    deliver_repetitions(warehouse)
    deliver_decisions(warehouse)
    warehouse.dbt("build", AS_OF, KNOWN_AT)
    return warehouse
