"""Names that one config file uses and another does not make are told before a run does anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_workspace import COMPANY, SOURCES, small_workspace

from orchestration.config_check import check_config
from orchestration.workspace import DEFAULT, ConfigError, Workspace

SECOND = "  - {id: DE-2, name: Second, entity: DE, bank: Testbank, currency: EUR, iban: DE89 3704 0044 0532 0130 00}\n"


def said(tmp_path: Path, company: str = COMPANY, sources: str = SOURCES) -> list[str]:
    workspace = small_workspace(tmp_path / "small", sources)
    (workspace.config / "company.yml").write_text(company, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        check_config(workspace)
    return [line.removeprefix(f"{workspace.config}/") for line in str(caught.value).splitlines()]


def test_a_right_config_says_nothing(tmp_path: Path) -> None:
    check_config(small_workspace(tmp_path / "small"))
    check_config(Workspace(DEFAULT))


@pytest.mark.parametrize(
    ("company", "problem"),
    [
        (
            COMPANY.replace("DE89370400440532013000", "DE89370400440532013001"),
            "account DE-EUR: iban: found 'DE89370400440532013001', expected an IBAN whose check digits are right",
        ),
        (
            COMPANY.replace("Europe/Berlin}", "Europe/Berlim}"),
            "account DE-EUR: timezone: found 'Europe/Berlim', expected an IANA name such as Europe/Berlin",
        ),
        (
            COMPANY + SECOND,
            "account DE-2: DE89 3704 0044 0532 0130 00 in EUR is account DE-EUR already: no statement could be assigned to "
            "one of them",
        ),
    ],
)
def test_an_account_that_no_statement_could_be_assigned_to(tmp_path: Path, company: str, problem: str) -> None:
    assert said(tmp_path, company=company) == [f"company.yml: {problem}"]


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    sources = SOURCES.replace("format: mt940", "format: mt490").replace("TARGET2", "TARGETT")
    sources = sources.replace("owner: treasury", "owner: treasury, entity: DEE, account: DE-USD")
    entity, account, format, calendar = said(tmp_path, sources=sources)
    assert entity == "sources.yml: source testbank: entity: found 'DEE', expected one of company.yml: DE"
    assert account == "sources.yml: source testbank: account: found 'DE-USD', expected one of company.yml: DE-EUR"
    assert format.startswith("sources.yml: source testbank: format: found 'mt490', expected one of: camt.052, ")
    assert calendar.startswith(
        "sources.yml: source testbank: arrival.calendar: found 'TARGETT', expected TARGET2, FED, "
    )


def test_the_rules_of_monitoring_are_read_before_they_are_needed(tmp_path: Path) -> None:
    workspace = small_workspace(tmp_path / "small")
    (workspace.config / "monitoring.yml").write_text("checks: {stale_statment: {enabled: false}}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"monitoring\.yml.*stale_statment"):
        check_config(workspace)
