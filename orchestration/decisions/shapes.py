"""The shapes of the tables that show the decision log; those the legs read are in `reconciliation.contracts`."""

from __future__ import annotations

import polars as pl

TIME = pl.Datetime("us", "UTC")

DECISIONS: dict[str, pl.DataType] = {
    "decision_id": pl.String(),
    "kind": pl.String(),
    "state": pl.String(),  # holds, waiting, declined, undone
    "actor": pl.String(),
    "decided_at": TIME,
    "reason": pl.String(),
    "about": pl.String(),
    "leg": pl.String(),
    "group_id": pl.String(),
    "exception_id": pl.String(),
    "target": pl.String(),
    "counterparty_link_id": pl.String(),
    "until": pl.Date(),
    "difference_kind": pl.String(),
    "amount": pl.Decimal(23, 5),
    "currency": pl.String(),
    "origin": pl.String(),
    "needs_approval": pl.Boolean(),
    "approved_by": pl.String(),
    "approved_at": TIME,
    "closed_by": pl.String(),
    "closed_at": TIME,
    "closed_in": pl.String(),
    "closed_why": pl.String(),
}

#: Pairs of counterparties a person has decided on: whether they are the same party.
COUNTERPARTY_DECISION: dict[str, pl.DataType] = {
    "counterparty_id": pl.String(),  # the smaller of the two
    "other_id": pl.String(),
    "is_same": pl.Boolean(),
    "decision_id": pl.String(),
    "actor": pl.String(),
    "decided_at": TIME,
    "reason": pl.String(),
}

#: The matching rules a workspace has run with: a row for each content, author and approver.
RULES_VERSION: dict[str, pl.DataType] = {
    "rules_version": pl.String(),  # content hash, as in match_group
    "author": pl.String(),
    "approved_by": pl.String(),
    "first_run_id": pl.String(),
    "first_as_of": pl.Date(),
    "first_used_at": TIME,  # the known_at of that run
    "content": pl.String(),  # the legs as JSON, every default written out
}
