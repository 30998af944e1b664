"""`tieout read`: what is in a file, without loading it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import typer

from ingestion.file_recognition import recognise_file
from ingestion.file_summary import FileSummary, rejected, summarise
from ingestion.readers import FORMATS, reader
from ingestion.reading import FileRejected, Records
from ingestion.sources import SourceConfig
from orchestration.commands.packed_files import Piece, beside, pieces, told_by

PARALLEL_BYTES = 32 << 20  # below this, other processes would cost more than they save
REJECTED = 3
_SHOWN = 20


class Shape(StrEnum):
    """How the answer is given."""

    table = "table"
    json = "json"
    parquet = "parquet"


@dataclass(frozen=True)
class Request:
    """What was asked for, in a form other processes can be sent."""

    format: str | None = None
    source: SourceConfig | None = None
    out: Path | None = None


def read_command(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, readable=True, help="Files to read.")],
    format: Annotated[str | None, typer.Option(help="The format; default: told from the content.")] = None,
    shape: Annotated[
        Shape, typer.Option("--as", help="table, json, or parquet (the records themselves).")
    ] = Shape.table,
    source: Annotated[str | None, typer.Option(help="A source of the workspace whose declaration to use.")] = None,
    workspace: Annotated[
        Path | None, typer.Option(help="Workspace folder; default: TIEOUT_WORKSPACE or data/demo.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for --as parquet; default: <file>.records beside it.")
    ] = None,
) -> None:
    """Show what is in files without loading them, and in what archives (ZIP, gzip) hold.

    JSON is one object a file, several files one a line. `records` counts statements, balances, entries and details
    alike, rejected ones included. Exit status: 0 where every file is read, wholly or partly; 3 where one is rejected.
    """
    if format is not None and format not in FORMATS:
        raise typer.BadParameter(f"no reader for {format!r}; known: {', '.join(FORMATS)}", param_hint="--format")
    request = Request(format, _configured(source, workspace), out if shape is Shape.parquet else None)
    work = partial(_read_to_parquet if shape is Shape.parquet else read_file, request=request)
    status = 0
    with pieces(files, told_by(request.source, request.format)) as opened:
        for summary in _each(opened, work):
            if shape is Shape.json:
                indent = 2 if len(opened) == 1 else None
                print(json.dumps(summary.as_json(), indent=indent), flush=True)
            else:
                _show(summary)
            status = REJECTED if summary.status == "rejected" else status
    raise typer.Exit(status)


def read_file(piece: Piece, request: Request, on_records: Callable[[Records], None] | None = None) -> FileSummary:
    """Read one file by the source that was named, or as its content tells; never raises for what it holds."""
    path, name, format = piece.path, piece.label, request.format
    if piece.refusal is not None:
        return rejected(name, format, piece.refusal)
    try:
        with path.open("rb") as stream:
            notes: list[str] = []
            source = request.source
            if source is None:
                try:
                    recognition = recognise_file(stream, Path(name).name, request.format)
                except FileRejected as verdict:
                    return rejected(name, request.format, verdict)
                source, notes = recognition.source, recognition.notes
            format = source.format
            summary = summarise(name, stream, reader(source.format), source, on_records)
            summary.warnings = notes + summary.warnings
            return summary
    except Exception as error:
        failure = FileRejected(
            f"the file cannot be read: {type(error).__name__}: {error}"[:400], place="file", found=type(error).__name__,
            expected="a file that can be opened and read", advice="check that it is there, whole, and may be read",
        )  # fmt: skip
        return rejected(name, format, failure)


def _configured(name: str | None, workspace: Path | None) -> SourceConfig | None:
    if name is None:
        return None
    from orchestration.workspace import Workspace

    sources = Workspace.current(workspace).sources().sources
    found = next((one for one in sources if one.name == name), None)
    if found is None:
        names = ", ".join(one.name for one in sources)
        raise typer.BadParameter(f"no source {name!r} in the workspace; it has: {names}", param_hint="--source")
    return found


def _each(files: list[Piece], work: Callable[[Piece], FileSummary]) -> Iterator[FileSummary]:
    """The summaries in the order of the files; large ones are read on all cores."""
    if len(files) == 1 or sum(piece.path.stat().st_size for piece in files) < PARALLEL_BYTES:
        yield from map(work, files)
        return
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        yield from pool.map(work, files)


def _read_to_parquet(piece: Piece, request: Request) -> FileSummary:
    """Write the records to <folder>/<kind>.parquet; of a rejected file, nothing is left."""
    import pyarrow.parquet as pq

    path = beside(piece)
    folder = (request.out / path.name) if request.out else path.with_name(f"{path.name}.records")
    unfinished = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    writers: dict[str, pq.ParquetWriter] = {}
    with ExitStack() as stack:

        def write(records: Records) -> None:
            if records.kind not in writers:
                unfinished.mkdir(parents=True, exist_ok=True)
                target = unfinished / f"{records.kind}.parquet"
                writers[records.kind] = stack.enter_context(pq.ParquetWriter(target, records.batch.schema))
            writers[records.kind].write_batch(records.batch)

        summary = read_file(piece, request, write)
    if summary.status == "rejected":
        shutil.rmtree(unfinished, ignore_errors=True)
    elif unfinished.exists():
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.replace(folder)
        summary.warnings.append(f"records written to {folder}")
    return summary


def _show(summary: FileSummary) -> None:
    """A table a treasurer can read."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    console.print(Text(_printable(f"{summary.file}: {summary.status}"), style="bold"))
    facts = [summary.version or summary.format or "format unknown", summary.identity and f"id {summary.identity}"]
    facts += [summary.reason, f"{summary.records} records"]
    facts += [f"{count} {kind}" for kind, count in summary.record_counts.items()]
    console.print(Text(_printable("  " + " · ".join(str(one) for one in facts if one))))
    if summary.statements:
        columns = list(summary.statements[0])
        numeric = {"opening_balance", "closing_balance", "entries", "net"}
        table = Table(box=None, padding=(0, 2))
        for column in columns:
            table.add_column(
                column.replace("_", " "), justify="right" if column in numeric else "left", overflow="fold"
            )
        for one in summary.statements:
            table.add_row(*(Text(_printable("" if one[name] is None else str(one[name]))) for name in columns))
        console.print(table)
    for line in _lines(
        f"{one['place']}: found {one['found']!r}, expected {one['expected']}" for one in summary.rejects
    ):
        console.print(Text(_printable(f"  rejected  {line}")))
    for line in _lines(summary.warnings):
        console.print(Text(_printable(f"  note      {line}")))


def _lines(lines: Iterable[str]) -> Iterator[str]:
    every = list(lines)
    yield from every[:_SHOWN]
    if len(every) > _SHOWN:
        yield f"... and {len(every) - _SHOWN} more; --as json shows all"


def _printable(text: str) -> str:
    """Control characters and surrogates of a file or its name do not reach the terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)
