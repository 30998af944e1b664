"""`tieout run`: a job without a Dagster server, and the summary of what it found."""

from __future__ import annotations

import logging
import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from orchestration import instance
from orchestration.config_check import check_config
from orchestration.jobs import INTRADAY, NIGHTLY
from orchestration.process_memory import few_collections
from orchestration.run_time import resolve
from orchestration.schedules import time_config
from orchestration.workspace import ENVIRONMENT_VARIABLE, Workspace

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""The run's events are in its history; what a person needs to know of them comes at the end."""
TOLD = frozenset(
    {
        "AnotherRun",
        "ConfigError",
        "ForecastingConfigError",
        "IOException",
        "MatchingError",
        "OSError",
        "ValueError",
        "WarehouseLocked",
    }
)
"""Errors that say all there is to know: of any other the place in the code is shown too, for whoever mends it."""
NO_ROOM = ("No space left on device", "File too large", "Disk quota exceeded", "out of disk space")
MAKE_ROOM = "make room on the disk (`tieout publish --keep N` deletes old snapshots), then start again: what is done already is kept"


def run_command(
    as_of: Annotated[str | None, typer.Option(help="Business day to look at, YYYY-MM-DD; default: today.")] = None,
    known_at: Annotated[
        str | None,
        typer.Option(
            help="Count only what was delivered by then, ISO 8601 with offset; default: the end of that day, or now."
        ),
    ] = None,
    job: Annotated[str, typer.Option(help=f"{NIGHTLY} or {INTRADAY}.")] = NIGHTLY,
    workspace: Annotated[
        Path | None, typer.Option(help="Workspace folder; default: TIEOUT_WORKSPACE or data/demo.")
    ] = None,
    history: Annotated[bool, typer.Option(help="Keep the run's events for the Dagster UI of this workspace.")] = False,
    quiet: Annotated[bool, typer.Option(help="No summary at the end.")] = False,
) -> None:
    """Run a job on a workspace and print what a treasurer needs to know of it."""
    chosen = Workspace.current(workspace)
    if job not in (NIGHTLY, INTRADAY):
        raise typer.BadParameter(f"expected {NIGHTLY} or {INTRADAY}, found {job!r}", param_hint="--job")
    check_config(chosen)
    try:
        time = resolve(
            chosen.company(), datetime.now(UTC), date.fromisoformat(as_of) if as_of else None,
            datetime.fromisoformat(known_at) if known_at else None,
        )  # fmt: skip
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    failure = execute(chosen, job, time.as_of.isoformat(), time.known_at.isoformat(), history=history)
    if failure:
        sys.stderr.write(f"the run failed; what was published before still stands\n{failure}\n")
        raise typer.Exit(1)
    if not quiet:
        from orchestration.treasurer_summary import print_summary

        print_summary(chosen)


def execute(workspace: Workspace, job: str, as_of: str, known_at: str, *, history: bool = False) -> str | None:
    """Run a job to its end in this process; returns why it failed, or None."""
    os.environ[ENVIRONMENT_VARIABLE] = str(workspace.root)
    logging.getLogger("dagster").setLevel(logging.WARNING)
    try:
        with (
            few_collections(),
            instance.only_run(workspace),
            instance.run_history(workspace, keep=history) as events,
        ):
            from orchestration.definitions import definitions

            result = (
                definitions(workspace)
                .resolve_job_def(job)
                .execute_in_process(
                    run_config=time_config(as_of, known_at) | QUIET, instance=events, raise_on_error=False
                )
            )
            _warn(result)
            return None if result.success else "\n".join(_reasons(result)) or "it ended without saying why"
    except instance.AnotherRun as other:
        return str(other)


def _warn(result: object) -> None:
    """Tell of each check that has failed as an error: a run that goes on in spite of it must not be silent."""
    import dagster as dg

    assert isinstance(result, dg.ExecuteInProcessResult)  # noqa: S101
    for check in result.get_asset_check_evaluations():
        if not check.passed and check.severity == dg.AssetCheckSeverity.ERROR:
            first = check.metadata.get("first")
            shown = first.value if first is not None else []
            told = "; ".join(map(str, shown[:3])) if isinstance(shown, list) else ""
            sys.stderr.write(f"warning: {check.check_name} of {check.asset_key.to_user_string()} has failed: {told}\n")


def _reasons(result: object) -> list[str]:
    """The first cause of each failed step, or of a run that failed before its steps, in a line or two, and what to do about it."""
    import dagster as dg

    assert isinstance(result, dg.ExecuteInProcessResult)  # noqa: S101
    lines: list[str] = []
    failed = list(result.filter_events(lambda event: event.is_step_failure))
    for event in failed or result.filter_events(lambda event: event.is_run_failure):
        error = event.step_failure_data.error if failed else event.job_failure_data.error
        while error is not None and error.cause is not None:
            error = error.cause
        text = error.message.strip() if error is not None else "unknown error"
        lines.append(f"{event.step_key or 'before the first step'}: {text}")
        if any(sign in text for sign in NO_ROOM):
            lines.append(MAKE_ROOM)
        elif error is not None and error.cls_name not in TOLD:
            lines += [line.rstrip() for line in error.stack]
    return lines
