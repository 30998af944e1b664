"""`tieout source infer` and `tieout source check`: what a person sees while a source is onboarded."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from orchestration.cli import main

LIST = "Buchungstag;Text;Betrag;Saldo EUR\n02.01.2026;Miete;-12,50;87,50\n03.01.2026;Kunde;10,00;97,50\n"


def tieout(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    with pytest.raises(SystemExit) as end:
        main([str(one) for one in arguments])
    captured = capsys.readouterr()
    return int(end.value.code or 0), captured.out + captured.err


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    block = {
        "delimiter": ";", "dates": "%d.%m.%Y", "numbers": {"decimal": ","}, "kind": "bank_entry",
        "constants": {"currency": "EUR"},
        "columns": {"booking_date": "Buchungstag", "amount": "Betrag", "text": "Text", "running_balance": "Saldo EUR"},
    }  # fmt: skip
    source = {"name": "portal", "title": "Portal", "system": "bank", "format": "csv", "path": "portal/*.csv",
              "owner": "treasury", "group": "bank", "declaration": block}  # fmt: skip
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "sources.yml").write_text(yaml.safe_dump({"sources": [source]}))
    (tmp_path / "landing" / "portal").mkdir(parents=True)
    return tmp_path


def test_infer_prints_a_block_that_reads_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "list.csv"
    file.write_text(LIST)
    status, shown = tieout(capsys, "source", "infer", file)
    assert status == 0
    proposed = yaml.safe_load(shown.split("\n\n")[0])
    assert proposed["declaration"]["columns"]["amount"] == "Betrag"
    assert "bank_entry: the first 2 of 2" in shown
    assert "# balance: 1 of 1 balances follow from the one before, oldest first" in shown


def test_infer_names_the_open_question_and_still_shows_the_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(LIST.replace(" EUR", ""))
    status, shown = tieout(capsys, "source", "infer", file)
    assert status == 0
    assert "# OPEN: currency: the file names none" in shown
    assert "XXX" in shown


def test_infer_recognises_an_extract_of_a_known_system(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "lfbk.csv"
    file.write_text("LIFNR,BANKS,BANKL,BANKN\n1,DE,37040044,532013000\n")
    status, shown = tieout(capsys, "source", "infer", file)
    assert (status, shown.splitlines()[:2]) == (0, ["format: sap_master", "options: {object: supplier_banks}"])


def test_infer_says_why_a_file_is_no_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "letter.csv"
    file.write_text("Dear treasurer;\nthank you;\n")
    status, shown = tieout(capsys, "source", "infer", file)
    assert (status, shown) == (
        3,
        "letter.csv: no rows with a date and an amount: it is no list of bank entries, or it has none\n",
    )


def test_check_explains_each_reject_and_counts_per_file(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "landing" / "portal" / "a.csv").write_text(LIST)
    (workspace / "landing" / "portal" / "b.csv").write_text(LIST + "04.01.2026;Fehler;zwölf;\n")
    status, shown = tieout(capsys, "source", "check", "portal", "--workspace", workspace)
    assert status == 0
    assert "b.csv, line 4: amount: found zwölf, expected a number like 1234,56" in shown
    assert "row: 04.01.2026 | Fehler | zwölf" in shown
    assert "1 partly, 1 read" in shown
    assert not (workspace / "warehouse.duckdb").exists()  # nothing is loaded


def test_check_ends_with_3_where_a_file_is_rejected(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workspace / "landing" / "portal" / "c.csv").write_text("Datum;Wert\n1;2\n")
    status, shown = tieout(capsys, "source", "check", "portal", "--workspace", workspace)
    assert status == 3
    assert "c.csv: rejected as a whole: no header line with the declared columns" in shown


def test_check_lists_the_sources_there_are(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, shown = tieout(capsys, "source", "check", "portl", "--workspace", workspace)
    assert status == 2
    assert "no source 'portl'; there are: portal" in shown
