"""Rules as governed code: which versions of the matching rules a workspace has run with, since when, by whose authority."""

from __future__ import annotations

import json

import duckdb

from orchestration.decisions.policy import FILE, load_policy, same_person
from orchestration.run_time import RunTime
from orchestration.workspace import ConfigError, Workspace
from reconciliation.matching import Rules


def record_rules(connection: duckdb.DuckDBPyConnection, workspace: Workspace, run_time: RunTime) -> None:
    """Add the workspace's rules to `matching.rules_version` where this content, author and approver is new.

    Raises ConfigError where config/decisions.yml asks for approved rules and these are not.
    """
    rules = workspace.matching_rules()
    check_approval(workspace, rules)
    key = [rules.version, rules.author, rules.approved_by]
    known = connection.execute(
        "SELECT 1 FROM matching.rules_version WHERE rules_version = ? AND author IS NOT DISTINCT FROM ? "
        "AND approved_by IS NOT DISTINCT FROM ?",
        key,
    ).fetchone()
    if known is None:
        content = json.dumps(rules.model_dump(mode="json", include={"legs"}), sort_keys=True)
        connection.execute(
            "INSERT INTO matching.rules_version VALUES (?, ?, ?, ?, ?, ?, ?)",
            [*key, run_time.run_id, run_time.as_of, run_time.known_at, content],
        )


def check_approval(workspace: Workspace, rules: Rules) -> None:
    """Raises ConfigError where the workspace asks for rules a second person has approved, and these are not."""
    if not load_policy(workspace).rules_need_approval or not (workspace.config / "matching.yml").exists():
        return
    if rules.author and rules.approved_by and not same_person(rules.author, rules.approved_by):
        return
    raise ConfigError(
        f"{workspace.config / 'matching.yml'}: author {rules.author or '(none)'}, approved_by {rules.approved_by or '(none)'}; "
        f"config/{FILE} asks for rules that a second person has approved: have another person put their name into `approved_by` "
        "(`tieout rules try` shows what a change does)"
    )
