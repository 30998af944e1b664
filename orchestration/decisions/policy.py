"""Who may decide, and what a second person has to agree to (`config/decisions.yml`)."""

from __future__ import annotations

import os
from decimal import Decimal

from pydantic import Field

from ingestion.sources import Strict
from orchestration.decisions.log import Kind
from orchestration.workspace import ConfigError, Workspace

FILE = "decisions.yml"
ACTOR_VARIABLE = "TIEOUT_ACTOR"


class FourEyes(Strict):
    """Decisions that wait for a second person."""

    kinds: tuple[Kind, ...] = Field(default=(), description="which kinds; none: all")
    above: Decimal = Field(
        default=Decimal(0), ge=0, description="only from more money than this, in the group's currency"
    )


class DecisionPolicy(Strict):
    """`config/decisions.yml`. Without the file anyone who gives a name may decide, and nothing waits."""

    actors: tuple[str, ...] = Field(default=(), description="who may decide; none: anyone who gives a name")
    four_eyes: tuple[FourEyes, ...] = ()
    rules_need_approval: bool = Field(
        default=False, description="matching rules run only with an `approved_by` that is not their `author`"
    )

    def needs_approval(self, kind: Kind, amount: Decimal | None) -> bool:
        """Whether a second person has to agree. `amount` is in the group's currency; where it is not known it counts as
        beyond every limit."""
        if kind in ("approve", "decline"):
            return False
        return any(
            (not rule.kinds or kind in rule.kinds) and (amount is None or abs(amount) > rule.above or rule.above == 0)
            for rule in self.four_eyes
        )


def load_policy(workspace: Workspace) -> DecisionPolicy:
    """The workspace's policy; raises ConfigError naming file, key and what was expected."""
    return workspace.optional(FILE, DecisionPolicy)


def actor(policy: DecisionPolicy, given: str | None) -> str:
    """Who decides: as given, or by TIEOUT_ACTOR; never guessed. Raises ConfigError where nobody is named or may not."""
    name = (given if given is not None else os.environ.get(ACTOR_VARIABLE) or "").strip()
    if not name:
        raise ConfigError(
            f"who decides? Give --actor NAME or set {ACTOR_VARIABLE}; the name is kept in the log and is never guessed"
        )
    if policy.actors and name not in policy.actors:
        raise ConfigError(
            f"{name!r} may not decide; config/{FILE} names {', '.join(policy.actors)}. Decide as one of them, or have the "
            "name added there"
        )
    return name


def same_person(one: str, other: str) -> bool:
    """Whether two names are one person's: blanks and capitals do not make another."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
