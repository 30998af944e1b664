"""`tieout source infer FILE` proposes a source from a sample file, `tieout source check NAME` tries a source without
loading, `tieout source reread NAME` has files read again once a source is corrected."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.workspace import ConfigError, Workspace

if TYPE_CHECKING:
    import pyarrow as pa

    from ingestion.reading import FileFacts, FileRejected, Reject
    from ingestion.sources import SourceConfig
    from orchestration.commands.packed_files import Piece

SHOWN_ROWS = 10
SHOWN_REJECTS = 20
SHOWN_TEXT = 46
BANK_COLUMNS = ("booking_date", "value_date", "signed_amount", "currency", "text")

app = typer.Typer(
    add_completion=False,
    help="Propose a source from a sample file; check a source against its files; have files read again.",
)


@dataclass
class Trial:
    """What a reader makes of one file, without loading it."""

    name: str
    records: Counter[str] = field(default_factory=Counter)
    rejects: list[Reject] = field(default_factory=list)
    first: list[tuple[str, pa.RecordBatch]] = field(default_factory=list)
    statements: list[dict[str, object]] = field(default_factory=list)
    facts: FileFacts | None = None
    refused: FileRejected | None = None

    @property
    def status(self) -> str:
        """read, partly or rejected."""
        return "rejected" if self.refused else "partly" if self.rejects else "read"


@app.command()
def infer(
    file: Annotated[Path, typer.Argument(help="A sample file of the source.", exists=True, dir_okay=False)],
    currency: Annotated[str | None, typer.Option(help="ISO 4217 code, where the file names none.")] = None,
    account: Annotated[str | None, typer.Option(help="IBAN or account number, where the file names none.")] = None,
) -> None:
    """Propose the `format` and `declaration` of a source from a sample file, and show the rows as they would load."""
    from orchestration.commands.packed_files import pieces, told_by

    with pieces([file], told_by(None, None)) as held:
        chosen = _sample(held)
        _propose(chosen.path, Path(chosen.label).name, currency, account)


@app.command()
def check(
    name: Annotated[str, typer.Argument(help="A source of config/sources.yml.")],
    workspace: Annotated[
        Path | None, typer.Option(help="Workspace folder; default: TIEOUT_WORKSPACE or data/demo.")
    ] = None,
) -> None:
    """Run a source against its landing files without loading, and explain each reject. Exit status 3 where a file is
    rejected."""
    from orchestration.commands.packed_files import pieces, told_by
    from orchestration.landing import arrivals

    chosen = Workspace.current(workspace)
    sources = {source.name: source for source in chosen.sources().sources}
    if name not in sources:
        raise ConfigError(
            f"{chosen.config / 'sources.yml'}: no source {name!r}; there are: {', '.join(sources) or 'none'}"
        )
    source = sources[name]
    with pieces(arrivals(chosen, source), told_by(source, source.format)) as held:
        trials = [_trial(one.path, Path(one.label).name, source, one.refusal) for one in held]
    if not trials:
        typer.echo(f"no file in {chosen.landing} matches {source.path}")
        raise typer.Exit(1)
    for trial in trials:
        _explain(trial)
    _summary(source, trials)
    if any(trial.refused for trial in trials):
        raise typer.Exit(3)


@app.command()
def reread(
    name: Annotated[str, typer.Argument(help="A source, by its name.")],
    files: Annotated[
        list[str] | None,
        typer.Argument(help="Names under landing/ or delivery ids; default: what was refused or lost records."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All files of the source.")] = False,
    actor: Annotated[str | None, typer.Option(help="Who says so; default: TIEOUT_ACTOR. Never guessed.")] = None,
    workspace: Annotated[
        Path | None, typer.Option(help="Workspace folder; default: TIEOUT_WORKSPACE or data/demo.")
    ] = None,
) -> None:
    """Have files read anew by the next run, after the block of their source was corrected. Their bytes stay as they came."""
    from datetime import UTC, datetime

    from orchestration.decisions.policy import actor as acting
    from orchestration.decisions.policy import load_policy
    from orchestration.rereading import mark_to_read_again
    from orchestration.warehouse import connect

    chosen = Workspace.current(workspace)
    person = acting(load_policy(chosen), actor)
    if not chosen.warehouse.exists():
        raise ConfigError(f"{chosen.warehouse}: nothing has been loaded yet; tieout run loads what lies in landing/")
    with connect(chosen.warehouse) as connection:
        try:
            again = mark_to_read_again(
                connection, chosen, name, files or [], everything=everything, actor=person, at=datetime.now(UTC)
            )
        except LookupError as error:
            raise ConfigError(str(error.args[0])) from None
    for one in again:
        typer.echo(
            f"{one.file_name}: {one.status}, {one.records_loaded} records stay until the next run of the source reads it anew"
        )
    if not again:
        typer.echo(f"source {name} has no file that was refused or lost records; name files, or give --all")
        raise typer.Exit(1)


# the proposal
# ----------------------------------------------------------------------------------------------------------


def _sample(held: list[Piece]) -> Piece:
    """The one file to propose a source from; of an archive its first, which says that there are others."""
    sample = held[0]
    if sample.refusal is not None:
        typer.echo(f"{Path(sample.label).name}: {sample.refusal.reason}; {sample.refusal.advice}", err=True)
        raise typer.Exit(3)
    if sample.label != str(sample.path):
        typer.echo(
            f"# {Path(sample.label).name}, the first of {len(held)} in the archive; each is a delivery of its own"
        )
    return sample


def _propose(file: Path, name: str, currency: str | None, account: str | None) -> None:
    from ingestion.declaration_inference import InferenceError
    from ingestion.readers import sniff

    with file.open("rb") as stream:
        head = stream.read(1 << 16)
    try:
        format, options, block = _proposal(file, sniff(head, name), currency, account)
    except InferenceError as error:
        typer.echo(f"{name}: {error}", err=True)
        raise typer.Exit(3) from None
    _show(_trial(file, name, _source(name, format, options, block)))


def _proposal(
    file: Path, known: str | None, currency: str | None, account: str | None
) -> tuple[str, dict[str, str], dict[str, object]]:
    """(format, options, declaration block), printed as they go into config/sources.yml."""
    from ingestion.declaration_inference import infer, infer_grid
    from ingestion.declaration_recognition import recognise
    from ingestion.readers import FORMATS

    if known is not None and FORMATS.get(known) != "declared":
        typer.echo(f"format: {known}")
        typer.echo("# a format of its own: it needs no declaration")
        return known, {}, {}
    with file.open("rb") as stream:
        shipped = recognise(stream)
    if shipped is not None:
        format, name = shipped
        typer.echo(f"format: {format}\noptions: {{object: {name}}}")
        typer.echo("# an extract of a known system: its declaration is shipped")
        return format, {"object": name}, {}
    if known == "xlsx":
        from ingestion.readers.xlsx_table import sheet_texts

        with file.open("rb") as stream:
            proposal = infer_grid(sheet_texts(stream), currency=currency, account=account)
    else:
        proposal = infer(file.read_bytes(), currency=currency, account=account)
    typer.echo(f"format: {proposal.format}\ndeclaration:")
    for line in proposal.yaml().splitlines():
        typer.echo(f"  {line}")
    typer.echo("")
    for note in proposal.notes:
        typer.echo(f"# {'OPEN: ' if note.is_question else ''}{note.topic}: {note.text}")
    typer.echo("")
    block = dict(proposal.block)
    if any(note.topic == "currency" for note in proposal.questions):
        typer.echo("# the rows below are shown in XXX, until the currency is known")
        constants = block.get("constants")
        block["constants"] = {**(constants if isinstance(constants, dict) else {}), "currency": "XXX"}
    return proposal.format, {}, block


def _source(name: str, format: str, options: dict[str, str], block: dict[str, object]) -> SourceConfig:
    from ingestion.sources import Declaration, SourceConfig

    return SourceConfig(
        name="sample", title=name, system="bank", format=format, path="*", owner="nobody", group="bank",
        declaration=Declaration.model_validate(block) if block else None, options=options,
    )  # fmt: skip


# trying a file
# ---------------------------------------------------------------------------------------------------------


def _trial(path: Path, name: str, source: SourceConfig, refusal: FileRejected | None = None) -> Trial:
    """Read one file as its source says and keep what there is to show of it."""
    from ingestion.readers import UnknownFormat, reader
    from ingestion.reading import FileFacts, FileRejected, Records, Reject

    trial = Trial(name, refused=refusal)
    if refusal is not None:
        return trial
    try:
        chosen = reader(source.format)
    except UnknownFormat as error:
        raise ConfigError(f"source {source.name}: {error}") from None
    try:
        with path.open("rb") as stream:
            for event in chosen.read(stream, source):
                match event:
                    case Records(kind=kind, batch=batch):
                        if not trial.records[kind]:
                            trial.first.append((kind, batch.slice(0, SHOWN_ROWS)))
                        trial.records[kind] += batch.num_rows
                        if kind == "bank_statement":
                            trial.statements += batch.to_pylist()
                    case Reject():
                        trial.rejects.append(event)
                    case FileFacts():
                        trial.facts = event
    except FileRejected as verdict:
        trial.refused = verdict
    return trial


# showing it
# ------------------------------------------------------------------------------------------------------------


def _show(trial: Trial) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for kind, batch in trial.first:
        if kind in ("bank_statement", "bank_balance"):
            continue
        rows = batch.to_pylist()
        places = ("record_number", "file_line", "byte_start", "byte_end", "extra")
        filled = [
            name for name in batch.schema.names if name not in places and any(row[name] is not None for row in rows)
        ]
        columns = [name for name in BANK_COLUMNS if name in filled] if kind == "bank_entry" else filled
        table = Table(
            "line", *columns, title=f"{kind}: the first {len(rows)} of {trial.records[kind]}", title_justify="left"
        )
        for row in rows:
            table.add_row(_cell(row["file_line"]), *(_cell(row[name]) for name in columns))
        console.print(table)
    for statement in trial.statements:
        console.print(
            f"statement of {_cell(statement['account_id']) or '(no account)'} {statement['account_currency']}: "
            f"{statement['entry_count']} entries, opening {_cell(statement['opening_balance']) or '-'}, "
            f"net {_cell(statement['net_amount'])}, closing {_cell(statement['closing_balance']) or '-'}, "
            f"balance {statement['balance_check']}",
            markup=False, highlight=False,
        )  # fmt: skip
    _explain(trial)


def _explain(trial: Trial) -> None:
    """What a person has to know of a file: why it was refused, each reject, and what was left out."""
    if trial.refused is not None:
        verdict = trial.refused
        typer.echo(f"{trial.name}: rejected as a whole: {verdict.reason}")
        for label, text in (
            ("place", verdict.place), ("found", verdict.found), ("expected", verdict.expected), ("do", verdict.advice),
        ):  # fmt: skip
            if text:
                typer.echo(f"    {label}: {text}")
        return
    for reject in trial.rejects[:SHOWN_REJECTS]:
        typer.echo(f"{trial.name}, {reject.place}: {reject.field}: found {reject.found}, expected {reject.expected}")
        typer.echo(f"    do: {reject.advice}")
        if reject.raw_text:
            typer.echo(f"    row: {_printable(reject.raw_text[:200])}")
    if len(trial.rejects) > SHOWN_REJECTS:
        typer.echo(f"{trial.name}: and {len(trial.rejects) - SHOWN_REJECTS} more rejects")
    for warning in trial.facts.warnings if trial.facts else ():
        typer.echo(f"{trial.name}: note: {_printable(warning)}")
    for total in trial.facts.control_totals if trial.facts else ():
        if not total.agrees:
            typer.echo(f"{trial.name}: {total.name}: declared {total.declared}, counted {total.computed}")


def _summary(source: SourceConfig, trials: list[Trial]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(
        "file", "status", "records", "rejects", "kinds", title=f"{source.name} ({source.format})", title_justify="left"
    )
    for trial in trials:
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(trial.records.items()))
        table.add_row(
            _printable(trial.name), trial.status, str(sum(trial.records.values())), str(len(trial.rejects)), kinds
        )
    counted = Counter(trial.status for trial in trials)
    table.caption = ", ".join(f"{count} {status}" for status, count in sorted(counted.items()))
    Console().print(table)


def _cell(value: object) -> str:
    """A value as text that cannot be taken for markup, amounts without trailing zeros beyond two places."""
    from decimal import Decimal

    if value is None:
        return ""
    if isinstance(value, Decimal):
        short = value.normalize()
        exponent = short.as_tuple().exponent
        return f"{value:.2f}" if isinstance(exponent, int) and exponent >= -2 else f"{short:f}"
    text = _printable(str(value)).replace("[", "\\[")
    return text if len(text) <= SHOWN_TEXT else text[: SHOWN_TEXT - 1] + "…"


def _printable(text: str) -> str:
    """Text on one line without control characters."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
