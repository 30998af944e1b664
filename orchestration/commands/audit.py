"""`tieout audit`: the proof that nothing is lost and nothing counted twice, and the trail of every record as files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from orchestration.audit.conservation import Section, audit, refused
from orchestration.audit.trail import write_trail
from orchestration.last_run import reading
from orchestration.workspace import Workspace

WIDTH = 132


def audit_command(
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the trail as CSV: every record, item and figure with what it leads to."),
    ] = None,
    read_bytes: Annotated[
        bool, typer.Option("--bytes", help="Read every archived file again and compare its hash.")
    ] = False,
    workspace: Annotated[
        Path | None, typer.Option(help="Workspace folder; default: TIEOUT_WORKSPACE or data/demo.")
    ] = None,
) -> None:
    """Prove that nothing is lost and nothing counted twice: from each file to where its records ended, from each figure back.

    Exit status 3 where something is; each fault is named.
    """
    chosen = Workspace.current(workspace)
    with reading(chosen) as connection:
        sections = audit(connection, chosen, read_bytes=read_bytes)
        written = write_trail(connection, out) if out is not None else []
        left_out = refused(connection)
        row = connection.execute("SELECT as_of, known_at FROM config.run_parameter").fetchone()
    assert row is not None  # noqa: S101  (a warehouse with marts has had a run)
    print_sections(sections, f"{chosen.company().name} as of {row[0]}, known until {row[1]:%Y-%m-%d %H:%M} UTC")
    for path in written:
        print(f"  {path}")
    if left_out is not None:
        print(left_out)
    faults = [fault for section in sections for fault in section.faults]
    for fault in faults:
        sys.stderr.write(f"tieout audit: {fault}\n")
    if faults:
        raise typer.Exit(3)
    print("Nothing is lost, nothing is counted twice.")


def print_sections(sections: list[Section], title: str) -> None:
    """What was counted, as tables."""
    from rich.console import Console
    from rich.table import Table

    out = Console(width=None if Console().is_terminal else WIDTH, highlight=False)
    out.rule(f"[bold]{title}", align="left")
    for section in sections:
        table = Table(title=section.title, title_justify="left", title_style="bold", header_style="dim")
        for place, name in enumerate(section.columns):
            is_number = any(isinstance(row[place], int) for row in section.rows)
            table.add_column(name, justify="right" if is_number else "left", overflow="fold")
        for row in section.rows:
            table.add_row(
                *("" if value is None else f"{value:,}" if isinstance(value, int) else str(value) for value in row)
            )
        out.print(table)
