"""The source config: which files of which system arrive where, in what format, owned by whom, expected when."""

from __future__ import annotations

from datetime import time
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Strict(BaseModel):
    """A config block: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Arrival(Strict):
    """When the next delivery of a source is due: by `by` local time, `lag_days` business days after the day it covers."""

    calendar: str = Field(description="TARGET2, FED, or an ISO country code (GB, CH, JP, US, ...)")
    by: time
    timezone: str
    lag_days: int = Field(default=1, ge=0, le=10)


class Connector(Strict):
    """How files or records reach the landing folder when they do not simply lie there."""

    kind: Literal["folder", "sftp", "s3", "rest", "odata"] = "folder"
    options: dict[str, Any] = Field(default_factory=dict)


class Declaration(Strict):
    """How a file without a fixed format maps to a contract ("by declaration"): see docs/how-to/onboard-a-bank-csv.md.

    The grammar of the block belongs to `ingestion.declaration`; it is kept open here and validated there.
    """

    model_config = ConfigDict(extra="allow", frozen=True)


class SourceConfig(Strict):
    """One source: a stream of deliveries of one format from one system."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    system: str = Field(description="bank, hub, or the ERP: sap, oracle, netsuite, dynamics, ...")
    format: str = Field(description="a reader: camt.053, mt940, pain.001, sap_line_items, csv, ...")
    path: str = Field(description="glob under landing/, e.g. rheinbank/camt053/*.xml")
    owner: str
    group: Literal["bank", "payments", "erp", "reference"]
    entity: str | None = None
    account: str | None = Field(default=None, description="account id, where the files do not name it")
    arrival: Arrival | None = None
    connector: Connector = Connector()
    declaration: Declaration | None = None
    options: dict[str, Any] = Field(default_factory=dict)


class SourcesConfig(Strict):
    """`config/sources.yml`."""

    sources: tuple[SourceConfig, ...]

    @model_validator(mode="after")
    def _names_are_unique(self) -> SourcesConfig:
        names = [source.name for source in self.sources]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"source names must be unique; repeated: {', '.join(repeated)}")
        return self
