"""`tieout match`: the matching engine alone, on files of the item shape, without a workspace."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from orchestration.file_matching import match_files
from orchestration.item_files import beside, scan_items
from orchestration.result_sheets import write_result_sheets
from reconciliation.matching import MatchingError, Rules, parse_rules, preset

_PAYABLES = ("bank_lines", "payments", "open_items")
_RECEIVABLES = ("bank_lines", "open_items")


def match_command(
    out: Annotated[Path, typer.Option(help="Folder for the results; made when missing.")],
    items: Annotated[
        Path | None,
        typer.Option(
            help="Folder with a file for each dataset, <dataset>.parquet, .csv or .xlsx; links and rates beside them."
        ),
    ] = None,
    left: Annotated[Path | None, typer.Option(help="Left items, with --right: a two-sided reconciliation.")] = None,
    right: Annotated[Path | None, typer.Option(help="Right items.")] = None,
    links: Annotated[Path | None, typer.Option(help="Known links; default: links among the items.")] = None,
    rates: Annotated[Path | None, typer.Option(help="Exchange rates; default: rates among the items.")] = None,
    rules: Annotated[
        str | None,
        typer.Option(help="A rules file (YAML) or the name of a shipped preset; default: by the datasets given."),
    ] = None,
    excel: Annotated[
        bool, typer.Option("--excel", help="Write result.xlsx too: what to decide, what is open, what is matched.")
    ] = False,
) -> None:
    """Match items of Parquet, CSV or Excel files; write match_group, match_item, unmatched (Parquet) and summary.json to OUT."""
    try:
        files = _inputs(items, left, right)
        named = {name: files.pop(name, None) for name in ("links", "rates")}
        links, rates = links or named["links"], rates or named["rates"]
        for path in (links, rates):
            if path is not None and not path.is_file():
                raise MatchingError(f"no file {path}")
        if not files:
            raise MatchingError(f"no <dataset>.parquet, .csv or .xlsx in {items}")
        chosen = _rules(rules, tuple(files))
        frames = {name: scan_items(path) for name, path in files.items() if name in chosen.datasets}
        summary = match_files(frames, chosen, out, links=links, rates=rates)
        if excel:
            write_result_sheets(out, frames, chosen)
    except (MatchingError, FileNotFoundError, pl.exceptions.ComputeError) as error:
        sys.stderr.write(f"tieout match: {error}\n")
        raise typer.Exit(2) from error
    _tell(summary, out)


def _inputs(items: Path | None, left: Path | None, right: Path | None) -> dict[str, Path]:
    """Dataset name -> file; of a folder also what is named links and rates."""
    if (items is None) == (left is None and right is None):
        raise MatchingError("give either --items DIR, or --left FILE and --right FILE")
    if items is None:
        if left is None or right is None:
            raise MatchingError("--left and --right go together")
        for path in (left, right):
            if not path.is_file():
                raise MatchingError(f"no file {path}")
        return {"left": left, "right": right}
    if not items.is_dir():
        raise MatchingError(f"no folder {items}")
    return beside(items)


def _rules(given: str | None, datasets: tuple[str, ...]) -> Rules:
    if given is not None:
        path = Path(given)
        if path.is_file():
            return parse_rules(path.read_text("utf-8"), str(path))
        return preset(given)
    if set(_PAYABLES) <= set(datasets):
        return preset("payables")
    if set(datasets) == set(_RECEIVABLES):
        return preset("receivables")
    rules = preset("two_sided")
    if set(rules.datasets) <= set(datasets):
        return rules
    raise MatchingError(
        f"no preset fits the datasets {', '.join(datasets)}; name the files {', '.join(_PAYABLES)} "
        f"or {', '.join(rules.datasets)}, or give --rules"
    )


def _tell(summary: Mapping[str, object], out: Path) -> None:
    """The rates, a line a leg and side."""
    legs = summary["legs"]
    assert isinstance(legs, dict)  # noqa: S101 - the engine's own summary
    for name, figures in legs.items():
        # where entries of one dataset undo each other, both sides are the same items
        offsets = figures["left"]["dataset"] == figures["right"]["dataset"]
        for side in ("left",) if offsets else ("left", "right"):
            own = figures[side]
            rate = "" if own["matched_rate"] is None else f" ({own['matched_rate']:.2%})"
            print(
                f"{name}: {own['dataset']}: {own['items']} open, {own['matched']} matched{rate}, "
                f"{own['suggested']} suggested, {own['ambiguous']} ambiguous"
            )
    warnings = summary["warnings"]
    assert isinstance(warnings, list)  # noqa: S101 - the engine's own summary
    for warning in warnings:
        print(f"warning: {warning}")
    floats = summary["float_columns"]
    assert isinstance(floats, dict)  # noqa: S101 - the engine's own summary
    for dataset, columns in floats.items():
        print(f"{dataset}: {', '.join(columns)} given as floating point, read by shortest decimal text")
    print(f"results in {out}")
