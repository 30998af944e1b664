"""`tieout publish`: housekeeping of the published snapshots."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.workspace import ConfigError, Workspace


def publish_command(
    keep: Annotated[int, typer.Option(help="How many of the newest snapshots to keep; the current one always stays.")],
    workspace: Annotated[
        Path | None, typer.Option(help="Workspace folder; default: TIEOUT_WORKSPACE or data/demo.")
    ] = None,
) -> None:
    """Delete old snapshots. Every run publishes by itself; this makes room."""
    from orchestration.instance import AnotherRun, only_run
    from orchestration.publishing import prune

    chosen = Workspace.current(workspace)
    if not chosen.published.exists():
        raise typer.BadParameter(f"{chosen.published}: nothing is published yet", param_hint="--workspace")
    try:
        with only_run(chosen):  # what a run is publishing looks like what one has left behind
            gone = prune(chosen, keep)
    except AnotherRun as other:
        raise ConfigError(str(other)) from None
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--keep") from None
    typer.echo(f"deleted {len(gone)}: {', '.join(gone)}" if gone else "nothing to delete")
