"""One world for all tests of this folder, and one copy of it on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulation.deliveries import Delivery, deliveries
from simulation.delivery import write_world
from simulation.world import World, build_world


@pytest.fixture(scope="session")
def world() -> World:
    return build_world()


@pytest.fixture(scope="session")
def files(world: World) -> list[Delivery]:
    """What arrives before anything goes wrong on the way."""
    return deliveries(world)


@pytest.fixture(scope="session")
def written(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with landing/ and truth/."""
    out = tmp_path_factory.mktemp("world")
    write_world(world, out)
    return out
