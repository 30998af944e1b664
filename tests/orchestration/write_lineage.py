"""Writes the lineage snapshot anew: python tests/orchestration/write_lineage.py, then look at the diff."""

from __future__ import annotations

import json

from test_definitions import SNAPSHOT, lineage

from orchestration.definitions import definitions
from orchestration.workspace import Workspace

if __name__ == "__main__":
    SNAPSHOT.write_text(json.dumps(lineage(definitions(Workspace.current())), indent=1) + "\n", encoding="utf-8")
