"""The command line. Each command is a module of `orchestration.commands`, imported when it is called.

A module gives `<name>_command`, a function typer makes a command of, or `app`, a typer app with commands of its own.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.metadata import version

from orchestration.process_memory import for_matching_alone

COMMANDS = {
    "run": "Run a job: load what has landed, reconcile, monitor, forecast, publish.",
    "status": "Show the summary of the published run again.",
    "decide": "Decide about exceptions, matches and counterparties, one by one or from a file.",
    "rules": "Try new matching rules before they are taken; list the versions that have run.",
    "explain": "Show where a figure, a document, a payment or a record comes from, and what became of it.",
    "audit": "Prove that nothing is lost and nothing counted twice, from every file to every figure and back.",
    "publish": "Delete old published snapshots.",
    "read": "Show what is in a file without loading it.",
    "match": "Run the matching engine alone, on Parquet, CSV or Excel files.",
    "simulate": "Write a labelled company, or matcher-ready Parquet of any size.",
    "source": "Propose a source from a sample file; check a source against its files; have files read again.",
    "init": "Make a new workspace.",
    "dev": "Start the Dagster UI on a workspace.",
    "docs": "Write the data dictionary and the dbt docs.",
}
"""Command name -> what it does, in the order people need them."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of `tieout`. Exit status: 0 done, 1 the run failed, 2 wrong usage or config, 3 a file was rejected."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in ("-h", "--help"):
        print(usage())
        sys.exit(0 if given else 2)
    if given[0] == "--version":
        print(f"tieout {version('tieout')}")
        sys.exit(0)
    if given[0] not in COMMANDS:
        sys.stderr.write(f"tieout: no command {given[0]!r}\n\n{usage()}\n")
        sys.exit(2)
    run_command(given[0], given[1:])


def usage() -> str:
    """What `tieout --help` prints."""
    lines = [f"  {name:<10} {text}" for name, text in COMMANDS.items()]
    return "\n".join(
        ["Usage: tieout COMMAND [OPTIONS]", "", "Proves that ERP, payment hub and bank agree, and says where they do not.",
         "", "Commands (each has --help):", *lines]
    )  # fmt: skip


def run_command(name: str, arguments: Sequence[str]) -> None:
    """Call one command; a config error is told without a traceback. Always ends in SystemExit."""
    if name == "match":
        for_matching_alone()

    import typer

    from orchestration.warehouse import WarehouseLocked
    from orchestration.workspace import ConfigError

    module = importlib.import_module(f"orchestration.commands.{name}")
    app: typer.Typer = getattr(module, "app", None) or typer.Typer(add_completion=False)
    if not hasattr(module, "app"):
        app.command()(getattr(module, f"{name}_command"))
    try:
        typer.main.get_command(app)(args=list(arguments), prog_name=f"tieout {name}")
    except (ConfigError, WarehouseLocked) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
