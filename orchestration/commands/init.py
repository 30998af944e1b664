"""`tieout init`: a new workspace with every config file, commented, ready to be filled in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.workspace import PROJECT_ROOT, Workspace

COMPANY = """\
# The group: its companies and its own bank accounts. `docs/how-to/start-a-workspace.md` explains each key.
name: {name}
base_currency: EUR
timezone: Europe/Berlin
# schedule: {{nightly: "30 5 * * *", intraday: "0 9-17/2 * * 1-5"}}   # cron, in the time zone above
entities: []
#  - {{id: DE01, name: Example GmbH, country: DE, currency: EUR, erp: sap, company_code: "1000"}}
accounts: []
#  - {{id: DE01-EUR, name: Main account, entity: DE01, bank: Example Bank, currency: EUR, iban: DE89370400440532013000,
#     calendar: TARGET2, statement_by: "08:00", timezone: Europe/Berlin, owner: treasury}}
"""
SOURCES = """\
# Each source is a stream of files of one format from one system. `tieout source infer FILE` proposes one from a sample.
sources: []
#  - {name: example_camt053, title: Example Bank statements, system: bank, format: camt.053,
#     path: "example_bank/*.xml", owner: treasury, group: bank,
#     arrival: {calendar: TARGET2, by: "08:00", timezone: Europe/Berlin}}
"""


def init_command(
    name: Annotated[str, typer.Argument(help="Name of the workspace, or a path where it shall be made.")],
) -> None:
    """Make data/NAME (or the path given) with its folders and config files; an existing workspace is left as it is."""
    root = Path(name) if "/" in name else PROJECT_ROOT / "data" / name
    workspace = Workspace(root.resolve())
    if workspace.config.exists():
        raise typer.BadParameter(f"{workspace.root} is a workspace already; nothing was changed", param_hint="NAME")
    write_workspace(workspace, workspace.root.name)
    typer.echo(f"made {workspace.root}")
    typer.echo(f"next: fill in {workspace.config / 'company.yml'} and {workspace.config / 'sources.yml'},")
    typer.echo(f"then put files under {workspace.landing} and run: tieout run --workspace {workspace.root}")


def write_workspace(workspace: Workspace, name: str) -> None:
    """The folders and the config files of a new workspace."""
    for folder in (workspace.config, workspace.landing, workspace.archive, workspace.quarantine, workspace.published):
        folder.mkdir(parents=True, exist_ok=True)
    (workspace.config / "company.yml").write_text(COMPANY.format(name=name), encoding="utf-8")
    (workspace.config / "sources.yml").write_text(SOURCES, encoding="utf-8")
