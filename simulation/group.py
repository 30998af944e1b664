"""Who the group is: its legal entities, banks, own accounts, payment terms and pay-run weekdays.

The tracked config of the demo workspace (data/demo/config/company.yml) repeats these facts; a test holds them together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from simulation.model import Terms

FIRST_DAY = date(2026, 7, 1)
LAST_DAY = date(2026, 9, 30)
"""The last business day of the world, and the demo's `as_of`: nothing is delivered after its midnight."""
LAST_MOMENT = datetime(2026, 9, 30, 23, 59, 59, tzinfo=ZoneInfo("Europe/Berlin"))
"""The end of the last day in the group's time zone."""
GROUP_TIMEZONE = "Europe/Berlin"


@dataclass(frozen=True)
class Entity:
    """A legal entity with its ERP."""

    id: str
    name: str
    country: str
    currency: str
    erp: str
    company_code: str
    timezone: str
    calendar: str
    run_weekdays: tuple[int, ...]  # Monday is 0
    street: str
    city: str


@dataclass(frozen=True)
class Bank:
    """A bank, and how it delivers."""

    id: str
    name: str
    bic: str
    timezone: str
    calendar: str
    statement_at: time  # local time on the next business day
    pain002_version: str
    says_settled: bool  # reports ACSC for batches on the execution day


@dataclass(frozen=True)
class OwnAccount:
    """An own bank account and the format of its statements."""

    id: str
    name: str
    entity: str
    bank: str
    currency: str
    format: str
    opening: Decimal
    iban: str | None = None
    number: str | None = None

    @property
    def identifier(self) -> str:
        """IBAN, or the account number where there is none."""
        return self.iban or self.number or ""


ENTITIES = (
    Entity(
        "DE01",
        "Nordwerk Industrie GmbH",
        "DE",
        "EUR",
        "sap",
        "1000",
        "Europe/Berlin",
        "TARGET2",
        (1, 4),
        "Hafenstrasse 12",
        "20457 Hamburg",
    ),
    Entity(
        "US01",
        "Nordwerk Inc.",
        "US",
        "USD",
        "netsuite",
        "2",
        "America/New_York",
        "FED",
        (2,),
        "410 Harbor Avenue",
        "Newark NJ 07102",
    ),
    Entity(
        "CH01",
        "Nordwerk Schweiz AG",
        "CH",
        "CHF",
        "dynamics",
        "chnw",
        "Europe/Zurich",
        "CH",
        (1, 3),
        "Limmatquai 88",
        "8001 Zuerich",
    ),
)
BANKS = (
    Bank("rheinbank", "Rheinbank AG", "RHNBDEFFXXX", "Europe/Berlin", "TARGET2", time(5, 40), "001.03", True),
    Bank("suedbank", "Suedbank eG", "SUEDDES1XXX", "Europe/Berlin", "TARGET2", time(6, 10), "001.03", False),
    Bank(
        "continental", "First Continental Bank", "FCBKUS33XXX", "America/New_York", "FED", time(4, 15), "001.03", True
    ),
    Bank("alpenbank", "Alpenbank AG", "ALPBCHZZ80A", "Europe/Zurich", "CH", time(6, 30), "001.10", False),
)
ACCOUNTS = (
    OwnAccount(
        "rhein_eur",
        "Operating account EUR",
        "DE01",
        "rheinbank",
        "EUR",
        "camt.053.001.02",
        Decimal("4812340.55"),
        iban="DE89500109000482015700",
    ),
    OwnAccount(
        "sued_eur",
        "Collection account EUR",
        "DE01",
        "suedbank",
        "EUR",
        "mt940",
        Decimal("1934210.08"),
        iban="DE35600207000031870042",
    ),
    OwnAccount(
        "sued_jpy", "Operating account JPY", "DE01", "suedbank", "JPY", "csv", Decimal("284500000"), number="7000418826"
    ),
    OwnAccount(
        "continental_usd",
        "Operating account USD",
        "US01",
        "continental",
        "USD",
        "bai2",
        Decimal("3277819.40"),
        number="4417702251",
    ),
    OwnAccount(
        "alpen_chf",
        "Operating account CHF",
        "CH01",
        "alpenbank",
        "CHF",
        "camt.053.001.08",
        Decimal("2604117.35"),
        iban="CH8008799000417220015",
    ),
    OwnAccount(
        "alpen_gbp",
        "Operating account GBP",
        "CH01",
        "alpenbank",
        "GBP",
        "camt.053.001.08",
        Decimal("911420.60"),
        iban="CH5308799000417220016",
    ),
)
TERMS = {
    terms.terms_id: terms
    for terms in (
        Terms("N014", "14 days net", 14),
        Terms("N030", "30 days net", 30),
        Terms("N045", "45 days net", 45),
        Terms("S230", "14 days 2 %, 30 days net", 30, 14, Decimal(2)),
        Terms("S330", "10 days 3 %, 30 days net", 30, 10, Decimal(3)),
    )
}

ENTITY = {entity.id: entity for entity in ENTITIES}
BANK = {bank.id: bank for bank in BANKS}
ACCOUNT = {account.id: account for account in ACCOUNTS}
DISBURSEMENT = {
    ("DE01", "EUR"): "rhein_eur",
    ("DE01", "JPY"): "sued_jpy",
    ("US01", "USD"): "continental_usd",
    ("CH01", "CHF"): "alpen_chf",
    ("CH01", "GBP"): "alpen_gbp",
}
"""The own account that pays an entity's items of a currency; other currencies are paid from the one in `FX_ACCOUNT`."""
FX_ACCOUNT = {"DE01": "rhein_eur", "US01": "continental_usd", "CH01": "alpen_chf"}
