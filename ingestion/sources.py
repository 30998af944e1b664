"""The source config: which files of which system arrive where, in what format, owned by whom, expected when."""

from __future__ import annotations

from datetime import time
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ingestion.connectors.options import ConnectorConfig, FolderConnector, ODataConnector, RestConnector


class Strict(BaseModel):
    """A config block: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Arrival(Strict):
    """When the next delivery of a source is due: by `by` local time, `lag_days` business days after the day it covers."""

    calendar: str = Field(description="TARGET2, FED, or an ISO country code (GB, CH, JP, US, ...)")
    by: time
    timezone: str
    lag_days: int = Field(default=1, ge=0, le=10)


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
    snapshot: bool = Field(
        default=False,
        description="each delivery lists every open item of its system: an item that a newer one no longer lists is cleared; "
        "false where deliveries hold what has changed. A list that comes in several files is several sources",
    )
    connector: ConnectorConfig = Field(
        default=FolderConnector(), description="how files reach landing/ where they do not simply lie there"
    )
    declaration: Declaration | None = None
    options: dict[str, Any] = Field(default_factory=dict)

    @property
    def folder(self) -> str:
        """The folder under landing/ that `path` names; where it has wildcards, its part before the first."""
        parts = PurePosixPath(self.path).parts[:-1]
        plain = next((index for index, part in enumerate(parts) if _is_wild(part)), len(parts))
        return "/".join(parts[:plain])

    @property
    def file_pattern(self) -> str:
        """The last part of `path`: the names of the source's files."""
        return PurePosixPath(self.path).name

    @model_validator(mode="after")
    def _what_a_connector_brings_lies_under_path(self) -> SourceConfig:
        if isinstance(self.connector, FolderConnector):
            return self
        path = PurePosixPath(self.path)
        if path.is_absolute() or ".." in path.parts or any(map(_is_wild, path.parts[:-1])):
            raise ValueError(
                "path: with a connector, expected one folder under landing/ and a name, e.g. mybank/camt/*.xml"
            )
        if isinstance(self.connector, ODataConnector | RestConnector) and not fnmatchcase(
            f"{self.name}-20260930T040000000000Z.json", self.file_pattern
        ):
            raise ValueError(
                f"path: an extraction lands as {self.name}-<moment>.json, which {self.file_pattern} does not match"
            )
        return self


def _is_wild(part: str) -> bool:
    return any(letter in part for letter in "*?[")


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
