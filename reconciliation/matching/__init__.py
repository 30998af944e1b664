"""Matching: items of two datasets brought together by rules, explained, never guessed. Pure frames in, frames out.

How the parts lie:

- `rules` is the YAML: legs, sides with pools, passes. `item_frames` and `encoding` check items and give them dense
row
  numbers, Int64 minor units and small codes; texts are read late, for open items only.
- a *pass* (`passes/`) proposes: candidate pairs and groups with the odds that each is right. It decides nothing.
- `resolution` weighs rivals against each other (probabilities, ties), the engine applies what is sure and keeps the
state.
- `results` makes the tables of `reconciliation.contracts`.

How a pass is written: one module in `passes/` with a `PassConfig` subclass (its fields are the YAML keys, `KIND` its
name in YAML) whose `propose(context) -> Proposals` reads open items with `context.left.frame("text", ...)`, finds
candidates, keeps those of `context.compatible(left_rows, right_rows)` and returns frames of the shapes in `proposals`
(applied amounts in minor units, never beyond what is open). Datasets that it reads beside those of its leg it names in
`beside`. Register it in `passes.MODULES`. Heavy imports (numba)
belong inside `propose`, behind a check that there is something to solve. Output must not depend on the order of rows:
break ties on business ids or leave them tied.
"""

from reconciliation.matching.engine import match, match_leg
from reconciliation.matching.errors import MatchingError
from reconciliation.matching.known_groups import Ledger, StoredLedger
from reconciliation.matching.parts import Part, entity_parts, match_in_parts
from reconciliation.matching.results import MatchResult
from reconciliation.matching.retelling import retell_leg
from reconciliation.matching.rules import Leg, Rules, Side, parse_rules, preset

__all__ = [
    "Ledger",
    "Leg",
    "MatchResult",
    "MatchingError",
    "Part",
    "Rules",
    "Side",
    "StoredLedger",
    "entity_parts",
    "match",
    "match_in_parts",
    "match_leg",
    "parse_rules",
    "preset",
    "retell_leg",
]
