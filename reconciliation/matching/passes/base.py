"""What every pass shares: its declaration's base and the protocol a pass module keeps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, ConfigDict

from reconciliation.matching.amount_rules import AGREEING, AmountRule

if TYPE_CHECKING:
    from reconciliation.matching.context import LegContext, Rows
    from reconciliation.matching.encoding import Mask
    from reconciliation.matching.proposals import Proposals


class PassConfig(BaseModel):
    """The declaration of one pass in YAML. A pass module subclasses it, sets `KIND` and implements `propose`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    KIND: ClassVar[str] = ""
    #: Whether the odds it gives depend on all that is open, not on the items proposed alone: how often amounts meet by
    #: chance, how many items have no partner.
    WEIGHS_ALL: ClassVar[bool] = True

    #: Whether what earlier passes of the leg have only suggested is weighed as rivals of what it matches, for which it is asked once more:
    #: where no number names an item, and its twin may be meant.
    WEIGHS_SUGGESTED: ClassVar[bool] = False

    #: Whether it brings items of different legal entities together.
    ACROSS_ENTITIES: ClassVar[bool] = False

    kind: str
    name: str = ""
    sure_only: bool = False  # take what is matched; what would only be suggested or tied is left for later passes

    def model_post_init(self, context: object, /) -> None:
        """A pass without a name is called by its kind."""
        if not self.name:
            object.__setattr__(self, "name", self.kind)

    @property
    def weighs_all(self) -> bool:
        """As WEIGHS_ALL, of this pass as it is declared."""
        return self.WEIGHS_ALL

    @property
    def beside(self) -> tuple[str, ...]:
        """The datasets it reads beside those of its leg."""
        return ()

    @property
    def days_apart(self) -> int:
        """The most days at which it brings two items together, by its declaration; 0 where it does not go by days."""
        said = {"window", "before", "after"} & type(self).model_fields.keys()
        return max((int(getattr(self, name)) for name in said), default=0)

    @property
    def to_the_cent(self) -> PassConfig | None:
        """The pass without ways of agreeing that leave a difference or use an item in part; None where no other is left."""
        amounts: tuple[AmountRule, ...] | None = getattr(self, "amounts", None)
        if amounts is None:
            return self
        agreeing = tuple(rule for rule in amounts if rule.rule in AGREEING)
        return self.model_copy(update={"amounts": agreeing}) if agreeing else None

    def fallen(self, context: LegContext, one: Rows, two: Rows) -> Mask | None:
        """By pair of items of one dataset, rows, that it has brought together in an earlier run: whether what has come since speaks
        against it; None where nothing can."""
        return None

    def propose(self, context: LegContext) -> Iterator[Proposals]:
        """Candidate groups among the items still open. Reads `context`, changes nothing.

        A pass may yield several times, surest first: what was accepted of one yield is no longer open at the next.
        """
        raise NotImplementedError
