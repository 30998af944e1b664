"""The simulated company in a temporary workspace: its config as shipped with the demo, its files and truth from a seed."""

from __future__ import annotations

import shutil
from pathlib import Path

from orchestration.workspace import PROJECT_ROOT, Workspace
from simulation.delivery import write_world
from simulation.world import build_world

SEED = 4711  # not the demo's
LAST_DAY = "2026-09-30"
LAST_MOMENT = "2026-09-30T21:59:59.999999+00:00"


def simulated_company(root: Path) -> Workspace:
    """A workspace with everything the company's systems delivered in its ninety days, and the truth beside."""
    shutil.copytree(PROJECT_ROOT / "data" / "demo" / "config", root / "config")
    write_world(build_world(SEED), root)
    return Workspace(root)
