"""The documentation is made from the models' YAML: a workspace in which nothing has run yet has it too."""

from __future__ import annotations

from pathlib import Path

from orchestration.dbt_runner import generate_docs
from orchestration.workspace import Workspace


def test_the_documentation_needs_no_run(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "new")
    page = generate_docs(workspace)
    assert "exception_queue" in page.read_text(encoding="utf-8")
    assert not workspace.warehouse.exists()
