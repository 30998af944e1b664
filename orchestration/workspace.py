"""The workspace: one company's folder, its paths and its validated config (DESIGN 3)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from ingestion.sources import SourcesConfig
from orchestration.company import Company
from orchestration.ownership import Ownership

if TYPE_CHECKING:
    from reconciliation.matching import Rules

ENVIRONMENT_VARIABLE = "TIEOUT_WORKSPACE"
PROJECT_ROOT = Path(__file__).resolve().parent.parent
DEFAULT = PROJECT_ROOT / "data" / "demo"

Model = TypeVar("Model", bound=BaseModel)


class ConfigError(Exception):
    """A config file is missing or wrong; the message names file, key and what was expected."""


@dataclass(frozen=True)
class Workspace:
    """Paths and config of one company. Nothing outside `root` is ever written."""

    root: Path

    @classmethod
    def current(cls, given: Path | None = None) -> Workspace:
        """The workspace given, or named by TIEOUT_WORKSPACE, or the demo."""
        chosen = given or Path(os.environ.get(ENVIRONMENT_VARIABLE) or DEFAULT)
        return cls(chosen.resolve())

    @property
    def config(self) -> Path:
        """The folder of config files."""
        return self.root / "config"

    @property
    def landing(self) -> Path:
        """Where deliveries arrive; read only."""
        return self.root / "landing"

    @property
    def archive(self) -> Path:
        """Every delivery, byte for byte, by sha256."""
        return self.root / "archive"

    @property
    def quarantine(self) -> Path:
        """Deliveries that failed as a whole, each with a text that says why."""
        return self.root / "quarantine"

    @property
    def warehouse(self) -> Path:
        """The working DuckDB file: one writer, never opened by people."""
        return self.root / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        """Immutable snapshots and the pointer CURRENT."""
        return self.root / "published"

    @property
    def dagster_home(self) -> Path:
        """Run history of the orchestrator."""
        return self.root / ".dagster"

    @property
    def dbt_target(self) -> Path:
        """dbt's manifest, compiled SQL and logs for this workspace."""
        return self.root / ".dbt"

    def company(self) -> Company:
        """The company config."""
        return self._load("company.yml", Company)

    def sources(self) -> SourcesConfig:
        """The source config."""
        return self._load("sources.yml", SourcesConfig)

    def ownership(self) -> Ownership:
        """Who may say what; without `config/ownership.yml` the rules that hold for every payment."""
        return self._load("ownership.yml", Ownership) if (self.config / "ownership.yml").exists() else Ownership()

    def matching_rules(self) -> Rules:
        """The rules of `config/matching.yml`; without the file, the shipped preset `payables`."""
        from reconciliation.matching import MatchingError, parse_rules, preset

        if not (self.config / "matching.yml").exists():
            return preset("payables")
        try:
            return parse_rules(self.text("matching.yml"), str(self.config / "matching.yml"))
        except MatchingError as error:
            raise ConfigError(str(error)) from error

    def optional(self, name: str, model: type[Model]) -> Model:
        """A config file that a workspace need not have: without it the model's defaults hold."""
        return self._load(name, model) if (self.config / name).exists() else model()

    def optional_text(self, name: str) -> str:
        """A config file as text, empty where the workspace does not have it: its defaults hold then."""
        return self.text(name) if (self.config / name).exists() else ""

    def text(self, name: str) -> str:
        """A config file as text, for the packages that own its grammar."""
        path = self.config / name
        try:
            return path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise ConfigError(
                f"{path}: not found; `tieout init NAME` makes a workspace with every config file"
            ) from None

    def _load(self, name: str, model: type[Model]) -> Model:
        text = self.text(name)
        try:
            return model.model_validate(yaml.safe_load(text) or {})
        except yaml.YAMLError as error:
            raise ConfigError(f"{self.config / name}: not valid YAML: {error}") from error
        except ValidationError as error:
            raise ConfigError(describe(error, str(self.config / name))) from error


def describe(error: ValidationError, file: str) -> str:
    """A validation error as lines of `file: key: what was expected (found ...)`."""
    lines = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"]) or "(whole file)"
        found = problem.get("input")
        hidden = isinstance(found, dict) or "connector" in problem["loc"]  # a secret put where it does not belong
        shown = "" if hidden else f" (found {found!r})"
        lines.append(f"{file}: {key}: {problem['msg']}{shown}")
    return "\n".join(lines)
