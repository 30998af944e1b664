"""`tieout decide`: what people decide about exceptions, matches and counterparties, one by one or from a filled-in file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.workspace import ConfigError, Workspace

if TYPE_CHECKING:
    from orchestration.decisions.desk import Desk
    from orchestration.decisions.log import Draft, Entry, Pen
    from orchestration.decisions.sheets import BadRow
    from orchestration.decisions.standing import Standing
    from orchestration.run_time import RunTime

SHOWN_BAD_ROWS = 50
SHOWN_DECISIONS = 40

app = typer.Typer(
    add_completion=False,
    help="Decide about exceptions, matches and counterparties; a decision outranks every rule and counts from the next run. "
    "Things are named by an id of the exception queue or the first digits of one, a group id, or an item as dataset:id.",
)

Name = Annotated[str, typer.Argument(help="A group, or its row in the queue.")]
Items = Annotated[list[str], typer.Argument(help="Items as dataset:id, id, or exception_id; ITEM=AMOUNT for a part.")]
Number = Annotated[str, typer.Argument(help="The number of a decision, such as D17.")]
Reason = Annotated[str, typer.Option(help="Why, in a few words; it is kept with the decision.")]
Actor = Annotated[str | None, typer.Option(help="Who decides; default: TIEOUT_ACTOR. Never guessed.")]
In = Annotated[
    Path | None, typer.Option("--workspace", help="Workspace folder; default: TIEOUT_WORKSPACE or data/demo.")
]
LegName = Annotated[str | None, typer.Option("--leg", help="The leg, where several are possible.")]
Difference = Annotated[
    str | None,
    typer.Option(help="What the difference is: fee, fx, discount, rounding, short_pay, over_pay, write_off, ..."),
]


@app.command()
def confirm(name: Name, reason: Reason, actor: Actor = None, workspace: In = None) -> None:
    """Take a suggested group as matched; or say that two counterparties ('A = B') are one."""
    _one(workspace, actor, [name], lambda desk: desk.confirm(name, reason))


@app.command()
def reject(name: Name, reason: Reason, actor: Actor = None, workspace: In = None) -> None:
    """Turn a suggested or ambiguous group down; or say that two counterparties ('A = B') are not one."""
    _one(workspace, actor, [name], lambda desk: desk.reject(name, reason))


@app.command()
def match(
    items: Items, reason: Reason, leg: LegName = None, difference: Difference = None,
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of automatic matches of these items.")] = False,
    actor: Actor = None, workspace: In = None,
) -> None:  # fmt: skip
    """Match items by hand. The two sides have to agree, or the difference has to be named."""
    _one(workspace, actor, items, lambda desk: desk.match(items, reason, leg, difference, replace=replace))


@app.command()
def unmatch(name: Name, reason: Reason, actor: Actor = None, workspace: In = None) -> None:
    """Take a matched group apart; its two sides are not brought together again."""
    _one(workspace, actor, [name], lambda desk: desk.unmatch(name, reason))


@app.command("write-off")
def write_off(
    items: Items, reason: Reason, leg: LegName = None, difference: Difference = None, actor: Actor = None, workspace: In = None
) -> None:  # fmt: skip
    """Close items, or what is left of them, without a counterpart."""
    _one(workspace, actor, items, lambda desk: desk.write_off(items, reason, leg, difference))


@app.command()
def ignore(
    name: Annotated[str, typer.Argument(help="An item, or a row of the queue.")],
    until: Annotated[str, typer.Option(help="The first day it counts again, YYYY-MM-DD.")],
    reason: Reason, actor: Actor = None, workspace: In = None,
) -> None:  # fmt: skip
    """Set an item or a row of the queue aside until a day."""
    try:
        day = date.fromisoformat(until)
    except ValueError:
        raise typer.BadParameter(f"expected a day such as 2026-10-15, found {until!r}", param_hint="--until") from None
    _one(workspace, actor, [name], lambda desk: desk.ignore(name, reason, day))


@app.command()
def undo(number: Number, reason: Reason, actor: Actor = None, workspace: In = None) -> None:
    """Take a decision back. No other decision is touched."""
    _one(workspace, actor, [], lambda desk: desk.undo(number, reason))


@app.command()
def approve(
    number: Number,
    actor: Actor = None,
    reason: Annotated[str, typer.Option(help="A remark.")] = "",
    workspace: In = None,
) -> None:
    """Agree, as a second person, to a decision that waits."""
    _one(workspace, actor, [], lambda desk: desk.approve(number, reason))


@app.command()
def decline(number: Number, reason: Reason, actor: Actor = None, workspace: In = None) -> None:
    """Turn down a decision that waits."""
    _one(workspace, actor, [], lambda desk: desk.decline(number, reason))


@app.command("list")
def list_decisions(
    state: Annotated[str | None, typer.Option(help="holds, waiting, declined or undone.")] = None,
    limit: Annotated[int, typer.Option(help="How many of the newest.")] = SHOWN_DECISIONS,
    workspace: In = None,
) -> None:
    """Show what was decided, newest first: by whom, why, and what holds of it."""
    from orchestration.decisions.log import DecisionLog
    from orchestration.decisions.standing import State, standings

    if state is not None and state not in list(State):
        raise typer.BadParameter(f"expected one of {', '.join(State)}, found {state!r}", param_hint="--state")
    found = [
        one for one in standings(DecisionLog(Workspace.current(workspace)).entries())
        if one.decision.kind not in ("approve", "decline") and state in (None, one.state)
    ][::-1]  # fmt: skip
    _print_list(found[:limit], len(found))


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="The file to write: .csv or .xlsx.")],
    waiting: Annotated[bool, typer.Option("--waiting", help="Decisions that wait for a second person.")] = False,
    cause: Annotated[list[str] | None, typer.Option(help="Only these causes; may be given several times.")] = None,
    owner: Annotated[str | None, typer.Option(help="Only what this owner takes care of.")] = None,
    workspace: In = None,
) -> None:
    """Write the work list of the published run as a file to fill in, most money first."""
    from orchestration.decisions.work_list import write_queue, write_waiting

    chosen = Workspace.current(workspace)
    if waiting:
        typer.echo(f"wrote {write_waiting(chosen, file)} decisions that wait for a second person to {file}")
    else:
        rows, run = write_queue(chosen, file, cause or [], owner)
        typer.echo(f"wrote {rows} rows of run {run} to {file}")
    typer.echo(f"next: fill in the columns on the right, then: tieout decide import {file} --actor NAME")


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="A filled-in work list, .csv or .xlsx.", exists=True, dir_okay=False)],
    actor: Actor = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the file; record nothing.")] = False,
    workspace: In = None,
) -> None:
    """Record every decision of a filled-in work list, or none of them. Exit status 3 where a row cannot be taken."""
    from orchestration.decisions.sheets import decide_rows, read_sheet
    from orchestration.decisions.sitting import decide

    rows, origin = read_sheet(file)
    if not rows:
        typer.echo(f"{file}: no row has anything in its column `decision`; nothing was recorded")
        return
    bad: list[BadRow] = []
    taken: list[Draft] = []

    def make(desk: Desk, pen: Pen) -> Sequence[Draft]:
        for entry in pen.entries:
            if entry.origin == origin:
                first, last = entry.decisions[0].decision_id, entry.decisions[-1].decision_id
                raise ConfigError(
                    f"{file}: this very file was imported on {entry.at:%Y-%m-%d %H:%M} UTC by {entry.actor} ({first} to {last}); "
                    "nothing was recorded again"
                )
        drafts, wrong = decide_rows(desk, rows)
        bad.extend(wrong)
        taken.extend(drafts)
        return [] if wrong or dry_run else drafts

    chosen = Workspace.current(workspace)
    entry, last = decide(chosen, actor, origin, [name for row in rows for name in (row.name, *row.others)], make)
    if bad:
        _tell_bad_rows(file, bad, len(rows))
        raise typer.Exit(3)
    if entry is None:
        typer.echo(f"{file}: all {len(taken)} rows can be taken; nothing was recorded (--dry-run)")
        return
    _tell(chosen, entry, last)


def _one(workspace: Path | None, actor: str | None, names: Sequence[str], make: object) -> None:
    """One decision from the command line."""
    from orchestration.decisions.refusal import Refused
    from orchestration.decisions.sitting import decide

    chosen = Workspace.current(workspace)
    try:
        entry, last = decide(
            chosen, actor, "command line", names, lambda desk, _: [desk.accept(make(desk), "this decision")]  # type: ignore[operator]
        )  # fmt: skip
    except Refused as refused:
        sys.stderr.write(
            f"nothing was recorded\n  {refused.field}: found {refused.found}\n  expected {refused.expected}\n"
        )
        sys.stderr.write(f"  do: {refused.advice}\n")
        raise typer.Exit(2) from None
    assert entry is not None  # noqa: S101 - there is a draft
    _tell(chosen, entry, last)


def _tell(workspace: Workspace, entry: Entry, last: RunTime) -> None:
    """What was recorded, and what comes next."""
    from orchestration.treasurer_summary import money

    for decision in entry.decisions[:SHOWN_DECISIONS]:
        amount = f" {money(decision.amount)} {decision.currency}," if decision.amount is not None else ""
        typer.echo(f"{decision.decision_id} {decision.kind.replace('_', ' ')}:{amount} {decision.about}")
        for item in decision.items:
            typer.echo(
                f"    {item.dataset}:{item.item_id}  {money(item.amount)} of {money(item.seen_amount)} {item.currency}"
            )
    more = len(entry.decisions) - SHOWN_DECISIONS
    if more > 0:
        typer.echo(f"and {more} more")
    waiting = [decision.decision_id for decision in entry.decisions if decision.needs_approval]
    typer.echo(f"recorded {len(entry.decisions)} by {entry.actor} in {workspace.root / 'decisions' / 'log.jsonl'}")
    if waiting:
        one = f"tieout decide approve {waiting[0]} --actor NAME"
        how = one if len(waiting) == 1 else "tieout decide export FILE.xlsx --waiting"
        typer.echo(f"{len(waiting)} of them wait for a second person: {how}")
    typer.echo("it counts from the next run on: tieout run")
    today = entry.at.astimezone(workspace.company().zone).date()
    if last.as_of < today:  # a run of an earlier day knows only what had been decided at its end
        known_at = entry.at.isoformat(timespec="microseconds")
        typer.echo(f"to see it in the run of {last.as_of}: tieout run --as-of {last.as_of} --known-at {known_at}")


def _tell_bad_rows(file: Path, bad: Sequence[BadRow], rows: int) -> None:
    for one in bad[:SHOWN_BAD_ROWS]:
        refused = one.refused
        sys.stderr.write(f"{file.name}, row {one.number}, {refused.field}: found {refused.found}\n")
        sys.stderr.write(f"    expected {refused.expected}\n    do: {refused.advice}\n")
    if len(bad) > SHOWN_BAD_ROWS:
        sys.stderr.write(f"and {len(bad) - SHOWN_BAD_ROWS} more rows\n")
    sys.stderr.write(
        f"nothing was recorded: {len(bad)} of {rows} rows cannot be taken; correct them and import the file again\n"
    )


def _print_list(found: Sequence[Standing], total: int) -> None:
    from rich.console import Console
    from rich.table import Table

    from orchestration.treasurer_summary import money

    table = Table("decision", "kind", "state", "by", "at (UTC)", "money", "about", "reason", title_justify="left")
    for one in found:
        decision = one.decision
        amount = f"{money(decision.amount)} {decision.currency}" if decision.amount is not None else ""
        state = one.state.value
        if one.closed_by:
            state += f" by {one.closed_by}: {one.closed_why}"
        elif one.approved_by:
            state += f", approved by {one.approved_by}"
        cells = (
            decision.decision_id, decision.kind.replace("_", " "), state, one.actor, f"{one.at:%Y-%m-%d %H:%M}", amount,
            decision.about + (f" until {decision.until}" if decision.until else ""), decision.reason,
        )  # fmt: skip
        table.add_row(*(cell.replace("[", "\\[") for cell in cells))
    Console(width=None if Console().is_terminal else 160).print(table)
    if total > len(found):
        typer.echo(f"the newest {len(found)} of {total}; --limit shows more")
    if not total:
        typer.echo("nothing decided yet: `tieout decide export FILE.xlsx` writes the work list")
