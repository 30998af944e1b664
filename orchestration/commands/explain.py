"""`tieout explain ID`: the whole life of an invoice, payment, bank line or match; what a figure is made of, what became of a record."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.explain import Explanation, NotOne, Row, explain
from orchestration.last_run import reading
from orchestration.workspace import Workspace

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 160
PART_COLUMNS = ("object_type", "object_id", "amount", "currency", "said", "file_name", "record")
SHOWN = 30
"""Rows of a table on the screen; --json shows all."""
SOURCE_BYTES = 4_000
"""Of a record as it was delivered so much is shown."""


def explain_command(
    id: Annotated[
        str,
        typer.Argument(
            help="A key, a document or invoice number, an end-to-end id, a bank reference (account|reference), a group id; the key of a "
            "row of a mart, an account; a file, FILE|RECORD or FILE:LINE."
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Everything, as one JSON object.")] = False,
    workspace: Annotated[
        Path | None, typer.Option(help="Workspace folder; default: TIEOUT_WORKSPACE or data/demo.")
    ] = None,
) -> None:
    """Show where a thing comes from, what happened to it, what it was matched with, by which rule and in which run.

    Exit status 2 where the id names nothing or several things; the message lists what it could be.
    """
    chosen = Workspace.current(workspace)
    try:
        with reading(chosen) as connection:
            found = explain(connection, id, chosen.optional_text("forecasting.yml"))
    except NotOne as problem:
        sys.stderr.write(f"tieout explain: {problem}\n")
        raise typer.Exit(2) from None
    if as_json:
        print(json.dumps(found.as_rows(), indent=2, default=_plain, ensure_ascii=False))
    else:
        print_explanation(found)
        _print_source(chosen, found)


def _plain(value: object) -> str:
    """Money digit for digit, times as ISO 8601 in UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(f"{type(value).__name__} has no JSON form here")


def _print_source(workspace: Workspace, found: Explanation) -> None:
    """A record as it was delivered: its bytes in the archive, where the format says which they are."""
    if found.thing.type != "record":
        return
    place = found.observations[0]
    path = workspace.root / str(place.get("archived"))
    start, end = place.get("byte_start"), place.get("byte_end")
    if not (isinstance(start, int) and isinstance(end, int) and path.is_file()):
        return
    with path.open("rb") as stream:
        stream.seek(start)
        delivered = stream.read(min(end - start, SOURCE_BYTES))
    print(f"As delivered ({place['archived']}, bytes {start}-{end})")
    for line in delivered.decode("utf-8", "replace").splitlines():
        print("  " + "".join(c if c.isprintable() else " " for c in line))
    if end - start > SOURCE_BYTES:
        print(f"  ... and {end - start - SOURCE_BYTES} bytes more")


def print_explanation(found: Explanation, console: Console | None = None) -> None:
    """Print the explanation as tables; times are UTC."""
    from rich.console import Console

    out = console or Console(width=None if Console().is_terminal else WIDTH, highlight=False)
    out.rule(f"[bold]{found.thing.type} {_cell(found.thing.id)}", align="left")
    facts = (
        (name.replace("_", " "), value) for name, value in found.facts.items() if name != "id" and value is not None
    )
    out.print("  ".join(f"[dim]{name}[/dim] {_cell(value)}" for name, value in facts))
    if found.parts:
        amounts = [row["amount"] for row in found.parts if isinstance(row["amount"], Decimal)]
        title = f"Made of {len(found.parts)} parts" + (
            f", together {_cell(sum(amounts, Decimal()))}" if amounts else ""
        )
        _table(out, title, PART_COLUMNS, [row | {"record": _place(row)} for row in found.parts])
    if found.learned:
        title = f"Estimates are learned from {len(found.learned)} bank lines, newest first"
        _table(out, title, PART_COLUMNS, [row | {"record": _place(row)} for row in found.learned])
    _table(out, "What became of its records", ("kind", "became", "records"), found.became)
    _table(out, "Belongs to", ("type", "id", "status", "amount", "currency", "counterparty"), found.related)
    _table(
        out, "Where it comes from (sha256 is the file's name in archive/)",
        ("object_type", "system", "said", "received_at", "file_name", "sha256", "record"),
        [row | {"record": _place(row)} for row in found.observations],
    )  # fmt: skip
    _table(
        out, "What happened",
        ("at", "object_type", "event", "system", "actor", "hours_in_state", "latency_hours", "file_name", "record"),
        [row | {"record": _place(row)} for row in found.steps],
    )  # fmt: skip
    for group in found.matches:
        _print_match(out, group)
    _table(out, "Still open", ("leg", "dataset", "item_id", "open_amount", "reason", "best_candidates"), found.open)
    _table(
        out, "Decided by people", ("decision_id", "decided_at", "kind", "state", "actor", "reason", "approved_by", "closed_by"),
        found.decisions,
    )  # fmt: skip
    _table(out, "Alerts", ("check", "severity", "status", "since", "message", "owner"), found.alerts)


def _print_match(out: Console, group: Row) -> None:
    state = str(group["status"]) if group["superseded_by"] is None else f"superseded: {group['superseded_by']}"
    title = f"Match {group['group_id']}: {state}"
    facts = (
        "leg",
        "pass",
        "rules_version",
        "cardinality",
        "difference",
        "difference_kind",
        "confidence",
        "as_of",
        "run_id",
    )
    _table(out, title, ("dataset", "item_id", "applied_amount"), group["items"])
    out.print("  " + "  ".join(f"[dim]{name.replace('_', ' ')}[/dim] {_cell(group[name])}" for name in facts))
    out.print(f"  {_cell(group['explanation'])}", soft_wrap=True)


def _table(out: Console, title: str, columns: Sequence[str], rows: object) -> None:
    """A table of the columns named, nothing where there is no row."""
    from rich.table import Table
    from rich.text import Text

    if not isinstance(rows, list) or not rows:
        return
    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim", box=None, padding=(0, 1))
    for name in columns:
        is_number = any(isinstance(row.get(name), Decimal | float) for row in rows)
        table.add_column(name.replace("_", " "), justify="right" if is_number else "left", overflow="fold")
    for row in rows[:SHOWN]:
        cells = ((_cell(row.get(name)), name) for name in columns)
        table.add_row(*(Text(text[:12] if name == "sha256" else text) for text, name in cells))
    out.print(table)
    if len(rows) > SHOWN:
        out.print(f"  ... and {len(rows) - SHOWN} more; --json shows all")


def _place(row: Row) -> str:
    """Record, line and bytes of a file, as far as they are known."""
    parts = [f"{row['record_number']}"] if row.get("record_number") is not None else []
    parts += [f"line {row['file_line']}"] if row.get("file_line") is not None else []
    parts += [f"bytes {row['byte_start']}-{row['byte_end']}"] if row.get("byte_start") is not None else []
    return ", ".join(parts)


def _cell(value: object) -> str:
    """A value as text a terminal can be given: whatever a file held, no control character passes."""
    from orchestration.treasurer_summary import money

    if value is None:
        return ""
    if isinstance(value, Decimal):
        return money(value)
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M}"
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return "".join(c if c.isprintable() else " " for c in text).replace("[", "\\[")
