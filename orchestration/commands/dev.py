"""`tieout dev`: the Dagster UI, schedules and sensor on a workspace."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from orchestration import instance
from orchestration.workspace import ENVIRONMENT_VARIABLE, PROJECT_ROOT, Workspace


def dev_command(
    workspace: Annotated[
        Path | None, typer.Option(help="Workspace folder; default: TIEOUT_WORKSPACE or data/demo.")
    ] = None,
    port: Annotated[int, typer.Option(help="Port of the UI on this machine.")] = 3000,
) -> None:
    """Start the UI at http://127.0.0.1:PORT; stop it with Ctrl-C."""
    chosen = Workspace.current(workspace)
    chosen.company()  # a config error is told here, not in the log of a server
    instance.prepare(chosen)
    os.environ[ENVIRONMENT_VARIABLE] = str(chosen.root)
    os.chdir(PROJECT_ROOT)
    command = [
        sys.executable,
        "-m",
        "dagster",
        "dev",
        "-m",
        "orchestration.definitions",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
    ]
    os.execv(command[0], command)  # noqa: S606  (the server takes this process's place)
