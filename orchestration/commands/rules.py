"""`tieout rules`: what new matching rules would change before they are taken, and which versions have run."""

from __future__ import annotations

import csv
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.workspace import Workspace

if TYPE_CHECKING:
    from orchestration.rule_trial import Trial
    from reconciliation.matching import Rules

SHOWN = 10

app = typer.Typer(add_completion=False, help="Try new matching rules; list the versions a workspace has run with.")
In = Annotated[
    Path | None, typer.Option("--workspace", help="Workspace folder; default: TIEOUT_WORKSPACE or data/demo.")
]


@app.command("try")
def try_rules_file(
    file: Annotated[Path, typer.Argument(help="The new rules, as matching.yml.", exists=True, dir_okay=False)],
    since: Annotated[
        str | None, typer.Option(help="Only what is dated from this day on is matched anew, YYYY-MM-DD; default: all.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write every match that changes to this CSV file.")] = None,
    examples: Annotated[int, typer.Option(help="How many changes to show, most money first.")] = SHOWN,
    workspace: In = None,
) -> None:
    """Show the matches the new rules gain, lose and move, in count and money, by leg. The warehouse is not changed."""
    from orchestration.last_run import reading
    from orchestration.rule_trial import try_rules
    from reconciliation.matching import MatchingError, parse_rules

    chosen = Workspace.current(workspace)
    try:
        first = date.fromisoformat(since) if since else None
    except ValueError:
        raise typer.BadParameter(f"expected a day such as 2026-09-01, found {since!r}", param_hint="--since") from None
    today = chosen.matching_rules()
    try:
        new = parse_rules(file.read_text("utf-8"), str(file))
        with reading(chosen) as connection:
            trial = try_rules(connection, today, new, first)
    except MatchingError as error:
        sys.stderr.write(f"tieout rules try: {error}\n")
        raise typer.Exit(2) from None
    _show(trial, today, new, first, examples)
    if out is not None:
        with out.open("w", encoding="utf-8-sig", newline="") as target:
            writer = csv.writer(target)
            writer.writerow(trial.changes.columns)
            writer.writerows([_cell(value) for value in row] for row in trial.changes.iter_rows())
        typer.echo(f"wrote {trial.changes.height} changes to {out}")


@app.command("list")
def list_versions(workspace: In = None) -> None:
    """Show the versions of the rules a workspace has run with: since when, by whose authority, how much they hold."""
    import duckdb
    from rich.console import Console
    from rich.table import Table

    from orchestration.warehouse import connect

    chosen = Workspace.current(workspace)
    current = chosen.matching_rules()
    rows = []
    if chosen.warehouse.exists():
        with connect(chosen.warehouse, read_only=True) as connection:
            try:
                rows = connection.execute(
                    "SELECT r.rules_version, r.author, r.approved_by, r.first_as_of, r.first_used_at, "
                    "(SELECT count(*) FROM matching.known_group g WHERE g.rules_version = r.rules_version "
                    "AND superseded_by IS NULL AND status = 'matched') FROM matching.rules_version r ORDER BY r.first_used_at, 1"
                ).fetchall()
            except duckdb.CatalogException:
                rows = []
    table = Table("version", "author", "approved by", "first business day", "first used at (UTC)", "matches in force")
    for version, author, approved, day, moment, matches in rows:
        mark = " (now)" if version == current.version else ""
        table.add_row(
            f"{version}{mark}", author or "", approved or "", str(day), f"{moment:%Y-%m-%d %H:%M}", f"{matches:,}"
        )
    Console(width=None if Console().is_terminal else 140).print(table)
    if not any(row[0] == current.version for row in rows):
        typer.echo(f"the rules of this workspace, {current.version}, have not run yet")


def _show(trial: Trial, today: Rules, new: Rules, since: date | None, examples: int) -> None:
    from rich.console import Console
    from rich.table import Table

    from orchestration.treasurer_summary import money

    console = Console(width=None if Console().is_terminal else 150)
    when = f"what is dated {since} or later matched anew" if since else "everything matched anew"
    console.print(
        f"today {today.version}, new {new.version}" + (f" by {new.author}" if new.author else "") + f"; {when}"
    )
    if today.version == new.version:
        console.print("the two say the same: only comments, order of keys, author or approver differ")
    table = Table(title=f"Matches by leg, money in {trial.base_currency}", title_justify="left")
    for name in ("leg", "kept", "", "gained", "", "lost", "", "moved", "", "undecided today", "new"):
        table.add_column(name, justify="left" if name == "leg" else "right")
    for row in trial.legs.iter_rows(named=True):
        cells = [row["leg"]]
        for kind in ("kept", "gained", "lost", "moved"):
            cells += [f"{row[kind]:,}", money(row[f"{kind}_money"])]
        table.add_row(*cells, f"{row['suggested_today']:,}", f"{row['suggested_new']:,}")
    console.print(table)
    if trial.without_rate:
        console.print(f"without a rate, so in no total: {', '.join(trial.without_rate)}")
    if trial.changes.is_empty():
        console.print("no match changes")
        return
    shown = trial.changes.head(examples)
    for row in shown.iter_rows(named=True):
        fate = f", now {row['now']}" if row["now"] else ""
        console.print(
            f"{row['change'].replace('_', ' ')}{fate}: {money(row['amount'])} {row['currency']} in {row['leg']}: {row['items']}",
            markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip
        console.print(f"    {row['explanation']}", markup=False, highlight=False, soft_wrap=True)
    if trial.changes.height > shown.height:
        console.print(f"and {trial.changes.height - shown.height:,} more; --out FILE.csv has them all")


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "@", "\t", "\r")) else text
