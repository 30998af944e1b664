"""`tieout docs`: the data dictionary page and the dbt docs, from the models' YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.workspace import PROJECT_ROOT, Workspace


def docs_command(
    workspace: Annotated[
        Path | None, typer.Option(help="Workspace folder; default: TIEOUT_WORKSPACE or data/demo.")
    ] = None,
) -> None:
    """Write docs/reference/data-dictionary.md, and dbt's documentation site as one page beside the warehouse."""
    from orchestration.data_dictionary import write_data_dictionary
    from orchestration.dbt_runner import generate_docs

    page = write_data_dictionary(PROJECT_ROOT / "docs" / "reference" / "data-dictionary.md")
    typer.echo(f"wrote {page.relative_to(PROJECT_ROOT)}")
    typer.echo(f"wrote {generate_docs(Workspace.current(workspace))}")
