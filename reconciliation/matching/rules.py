"""Rules: which datasets meet in which leg, by which passes, and how sure a match has to be. Parsed from YAML."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Annotated

import polars as pl
import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SerializeAsAny, ValidationError, model_validator

from reconciliation.matching.errors import MatchingError
from reconciliation.matching.passes import PassConfig, validate_pass

PRESETS = ("payables", "receivables", "two_sided")
_LOADER = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)  # the one written in C, where it is there, takes a tenth of the time


class Side(BaseModel):
    """One side of a leg: a dataset, and the pool in which its amounts are used up."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: str
    pool: str
    blocked_by: tuple[str, ...] = ()  # an item used in one of these pools takes no part either
    kinds: tuple[str, ...] = ()  # only items of these kinds; empty: all
    without_kinds: tuple[str, ...] = ()  # no items of these kinds
    undone_by: str | None = None  # no items whose lines this leg, which comes before, undoes
    booked_by: str | None = None  # of several items linked to the same ones, those that this leg has matched
    sign: Annotated[int, Field(ge=-1, le=1)] = 0  # -1: only money out, 1: only money in, 0: both
    report_unmatched: bool = True  # list this side's open items as unmatched of this leg

    @property
    def takes(self) -> pl.Expr | None:
        """Whether an item takes part, by its `kind`; None where all do."""
        wanted = [pl.col("kind").is_in(self.kinds).fill_null(False)] if self.kinds else []
        if self.without_kinds:
            wanted.append(~pl.col("kind").is_in(self.without_kinds).fill_null(False))
        return pl.all_horizontal(wanted) if wanted else None


class Leg(BaseModel):
    """Two sides and the ordered passes that bring them together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    left: Side
    right: Side
    precision: Annotated[float, Field(gt=0.5, lt=1)] = 0.999  # a group below this probability is only suggested
    suggest: Annotated[float, Field(ge=0.5, lt=1)] = 0.5  # below this nothing is said but the nearest candidates
    passes: Annotated[
        tuple[SerializeAsAny[Annotated[PassConfig, BeforeValidator(validate_pass)]], ...], Field(min_length=1)
    ]

    @model_validator(mode="after")
    def _pass_names_differ(self) -> Leg:
        names = [each.name for each in self.passes]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"passes named twice: {', '.join(twice)}; give each its own `name`")
        return self

    @property
    def offsets(self) -> bool:
        """Whether the leg brings items of one dataset together that cancel each other out."""
        return self.left.dataset == self.right.dataset

    @property
    def sure_odds(self) -> float:
        """The odds from which a candidate is matched."""
        return self.precision / (1 - self.precision)

    @property
    def across_entities(self) -> bool:
        """Whether the leg brings items of different legal entities together."""
        return any(each.ACROSS_ENTITIES for each in self.passes)

    @property
    def sides(self) -> tuple[Side, Side]:
        """Left and right."""
        return (self.left, self.right)

    @property
    def pools(self) -> frozenset[tuple[str, str]]:
        """The dataset and the pool of each side."""
        return frozenset((side.dataset, side.pool) for side in self.sides)

    @property
    def reach(self) -> frozenset[tuple[str, str]]:
        """The dataset and every pool whose use keeps an item from the leg."""
        return self.pools | {(side.dataset, pool) for side in self.sides for pool in side.blocked_by}

    def datasets(self, rules: Rules) -> tuple[str, ...]:
        """What the leg looks at of the datasets of the rules: its sides', those its passes read through, those whose items say what
        came back, and those that earlier legs have brought together with its items."""
        named = [side.dataset for side in self.sides] + [name for each in self.passes for name in each.beside]
        named += [rules.leg(side.undone_by).right.dataset for side in self.sides if side.undone_by is not None]
        named += [each.dataset for side in self.sides if side.booked_by for each in rules.leg(side.booked_by).sides]
        named += [side.dataset for leg in rules.before(self.name) if leg.pools & self.reach for side in leg.sides]
        return tuple(name for name in dict.fromkeys(named) if name in rules.datasets)

    @property
    def first_weighing(self) -> int:
        """The place of the first pass that weighs all that is open; the number of passes where none does."""
        places = (place for place, each in enumerate(self.passes) if each.weighs_all)
        return next(places, len(self.passes))


class Rules(BaseModel):
    """A whole set of rules. `version` is the hash of its content, comments and key order aside."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    legs: Annotated[tuple[Leg, ...], Field(min_length=1)]
    author: str | None = None
    approved_by: str | None = None

    @model_validator(mode="after")
    def _leg_names_differ(self) -> Rules:
        names = [leg.name for leg in self.legs]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"legs named twice: {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _undoing_legs_come_before(self) -> Rules:
        for place, leg in enumerate(self.legs):
            for side in (side for side in leg.sides if side.undone_by is not None):
                by = next((n for n in range(place) if self.legs[n].name == side.undone_by), None)
                if by is None or not self.legs[by].offsets:
                    wrong = f"undone_by names {side.undone_by!r}, which is no earlier leg of a dataset with itself"
                    raise ValueError(f"leg {leg.name}: {wrong}")
                lines = {self.legs[by].left.dataset, side.dataset}
                telling = [n for n in range(place) if {each.dataset for each in self.legs[n].sides} == lines]
                if any(each.across_entities for each in self.legs[min([*telling, by]) : max([*telling, by])]):
                    wrong = f"a leg across entities stands between {side.undone_by} and the legs that say whose lines it undoes"
                    raise ValueError(f"leg {leg.name}: {wrong}")
        return self

    @model_validator(mode="after")
    def _booking_legs_come_before(self) -> Rules:
        for place, leg in enumerate(self.legs):
            for side in (side for side in leg.sides if side.booked_by is not None):
                by = next((each for each in self.legs[:place] if each.name == side.booked_by), None)
                if by is None or by.offsets or side.dataset not in {each.dataset for each in by.sides}:
                    raise ValueError(
                        f"leg {leg.name}: booked_by names {side.booked_by!r}, which is no earlier leg of {side.dataset} and another"
                    )
        return self

    @property
    def version(self) -> str:
        """Content hash: equal for equal rules, whoever wrote or approved them."""
        content = self.model_dump(mode="json", include={"legs"})
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def datasets(self) -> tuple[str, ...]:
        """Every dataset a leg names, in order of first use."""
        return tuple(dict.fromkeys(side.dataset for leg in self.legs for side in leg.sides))

    def before(self, name: str) -> tuple[Leg, ...]:
        """The legs that come before the one of that name."""
        return self.legs[: [leg.name for leg in self.legs].index(name)]

    def leg(self, name: str) -> Leg:
        """The leg of that name. Raises MatchingError naming the known ones."""
        for leg in self.legs:
            if leg.name == name:
                return leg
        raise MatchingError(f"no leg {name!r}; the rules have {', '.join(leg.name for leg in self.legs)}")


def parse_rules(text: str, where: str = "matching.yml") -> Rules:
    """Rules from YAML text. Raises MatchingError naming `where`, the key, what was found and what was expected."""
    try:
        content = yaml.load(text, _LOADER)  # noqa: S506 - both loaders are safe
    except yaml.YAMLError as error:
        raise MatchingError(f"{where}: not well-formed YAML: {error}") from error
    if not isinstance(content, Mapping):
        raise MatchingError(f"{where}: expected a mapping with the key `legs`, found {type(content).__name__}")
    try:
        return Rules.model_validate(dict(content))
    except ValidationError as error:
        lines = [
            f"{'.'.join(str(part) for part in problem['loc']) or 'rules'}: {problem['msg']}"
            + (f" (found {problem['input']!r})" if not isinstance(problem["input"], Mapping) else "")
            for problem in error.errors()
        ]
        raise MatchingError(f"{where}: " + "; ".join(lines)) from error


@lru_cache(maxsize=len(PRESETS))
def preset(name: str) -> Rules:
    """The shipped rules of that name: `payables`, `receivables` or `two_sided`."""
    if name not in PRESETS:
        raise MatchingError(f"no preset {name!r}; shipped are {', '.join(PRESETS)}")
    text = resources.files("reconciliation.matching").joinpath("presets", f"{name}.yml").read_text("utf-8")
    return parse_rules(text, where=f"preset {name}")
