"""The company config: legal entities and own bank accounts of one workspace (`config/company.yml`)."""

from __future__ import annotations

from datetime import time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from ingestion.sources import Strict


class Entity(Strict):
    """A legal entity of the group."""

    id: str
    name: str
    country: str = Field(pattern=r"^[A-Z]{2}$", description="ISO 3166 alpha-2")
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217")
    erp: str | None = None
    company_code: str | None = None


class Account(Strict):
    """An own bank account, and when its statements are due."""

    id: str
    name: str
    entity: str
    bank: str
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217")
    bic: str | None = None
    iban: str | None = None
    number: str | None = None
    calendar: str = "TARGET2"
    statement_by: time = time(8, 0)
    timezone: str = "UTC"
    owner: str = "treasury"

    @model_validator(mode="after")
    def _can_be_found_on_a_statement(self) -> Account:
        if not self.iban and not self.number:
            raise ValueError(f"account {self.id}: give iban or number, or no statement can be assigned to it")
        return self


class Schedule(Strict):
    """When the jobs start, as cron expressions in the group's time zone."""

    nightly: str = "30 5 * * *"
    intraday: str = "0 9-17/2 * * 1-5"


class Company(Strict):
    """`config/company.yml`: one group of companies."""

    name: str
    base_currency: str = Field(pattern=r"^[A-Z]{3}$")
    timezone: str
    schedule: Schedule = Schedule()
    entities: tuple[Entity, ...] = ()
    accounts: tuple[Account, ...] = ()
    direct_debit: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="ERP -> its payment methods by which the other party draws the money itself: nobody schedules such an item",
    )

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"unknown time zone {value!r}; expected an IANA name such as Europe/Berlin") from error
        return value

    @model_validator(mode="after")
    def _ids_are_unique_and_known(self) -> Company:
        for what, ids in (("entity", [e.id for e in self.entities]), ("account", [a.id for a in self.accounts])):
            repeated = sorted({one for one in ids if ids.count(one) > 1})
            if repeated:
                raise ValueError(f"{what} ids must be unique; repeated: {', '.join(repeated)}")
        known = {entity.id for entity in self.entities}
        for account in self.accounts:
            if account.entity not in known:
                raise ValueError(f"account {account.id} names entity {account.entity!r}; known: {sorted(known)}")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The group's time zone: a day of the group ends at its midnight."""
        return ZoneInfo(self.timezone)
