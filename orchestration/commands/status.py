"""`tieout status`: the summary of the published run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.workspace import Workspace


def status_command(
    workspace: Annotated[
        Path | None, typer.Option(help="Workspace folder; default: TIEOUT_WORKSPACE or data/demo.")
    ] = None,
) -> None:
    """Show what the last run found."""
    from orchestration.treasurer_summary import print_summary

    print_summary(Workspace.current(workspace))
