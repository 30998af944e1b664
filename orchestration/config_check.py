"""What no config file can see by itself, checked before a run does anything: whether names that one file uses are made in another.

A company whose account is mistyped, or a source that belongs to a company nobody made, would run to the end, and its money
would belong to nobody. A calendar that does not exist would end the run halfway, after everything was loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo

from ingestion.readers import FORMATS
from ingestion.references import is_iban
from ingestion.sources import SourcesConfig
from orchestration.company import Company
from orchestration.workspace import ConfigError, Workspace


def check_config(workspace: Workspace) -> None:
    """Raises `ConfigError` with a line a problem: file, key, what was found, what was expected."""
    from reconciliation.forecasting import parse_forecasting
    from reconciliation.monitoring import parse_monitoring

    company, sources = workspace.company(), workspace.sources()
    company_file, sources_file = workspace.config / "company.yml", workspace.config / "sources.yml"
    problems = [f"{company_file}: {problem}" for problem in company_problems(company)]
    problems += [f"{sources_file}: {problem}" for problem in source_problems(sources, company)]
    for name, parse in (("monitoring.yml", parse_monitoring), ("forecasting.yml", parse_forecasting)):
        try:
            parse(workspace.optional_text(name), str(workspace.config / name))
        except ValueError as error:
            problems.append(str(error))
    workspace.matching_rules()
    workspace.ownership()
    if problems:
        raise ConfigError("\n".join(problems))


def company_problems(company: Company) -> Iterator[str]:
    """What is wrong with the accounts of a company config, a line each."""
    named: dict[tuple[str, str], str] = {}
    for account in company.accounts:
        where = f"account {account.id}"
        if account.iban and not is_iban(account.iban):
            yield f"{where}: iban: found {account.iban!r}, expected an IBAN whose check digits are right"
        yield from _unknown(where, "calendar", account.calendar, _calendar)
        yield from _unknown(where, "timezone", account.timezone, ZoneInfo)
        for name in (account.iban, account.number):
            if name:
                other = named.setdefault((_plain(name), account.currency), account.id)
                if other != account.id:
                    yield f"{where}: {name} in {account.currency} is account {other} already: no statement could be assigned to one of them"


def source_problems(sources: SourcesConfig, company: Company) -> Iterator[str]:
    """What is wrong with the sources of a company, a line each."""
    entities, accounts = {entity.id for entity in company.entities}, {account.id for account in company.accounts}
    for source in sources.sources:
        where = f"source {source.name}"
        if source.entity is not None and source.entity not in entities:
            yield f"{where}: entity: found {source.entity!r}, expected one of company.yml: {_list(entities)}"
        if source.account is not None and source.account not in accounts:
            yield f"{where}: account: found {source.account!r}, expected one of company.yml: {_list(accounts)}"
        if source.format not in FORMATS:
            yield f"{where}: format: found {source.format!r}, expected one of: {', '.join(FORMATS)}"
        if source.arrival is not None:
            yield from _unknown(where, "arrival.calendar", source.arrival.calendar, _calendar)
            yield from _unknown(where, "arrival.timezone", source.arrival.timezone, ZoneInfo)


def _unknown(where: str, key: str, value: str, make: Callable[[str], object]) -> Iterator[str]:
    try:
        make(value)
    except (ValueError, OSError, KeyError) as error:
        expected = str(error) if key.endswith("calendar") else "an IANA name such as Europe/Berlin"
        yield f"{where}: {key}: found {value!r}, expected {expected}"


def _calendar(name: str) -> None:
    from reconciliation.business_days import UnknownCalendarError, check_calendar

    try:
        check_calendar(name)
    except UnknownCalendarError:
        raise ValueError("TARGET2, FED, an ISO country code such as GB, or a financial calendar such as XSWX") from None


def _plain(name: str) -> str:
    return "".join(letter for letter in name.upper() if letter.isalnum()).lstrip("0")


def _list(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "there is none"
