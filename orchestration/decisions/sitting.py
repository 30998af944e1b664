"""A sitting at the desk: the log held, the warehouse read, decisions made, all of them recorded in one act or none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from orchestration import run_time
from orchestration.decisions.desk import Desk
from orchestration.decisions.facts import Facts, look_up
from orchestration.decisions.log import DecisionLog, Draft, Entry, Pen
from orchestration.decisions.policy import actor, load_policy
from orchestration.decisions.standing import standings
from orchestration.last_run import not_so_far, reading
from orchestration.run_time import RunTime
from orchestration.workspace import Workspace

Decide = Callable[[Desk, Pen], Sequence[Draft]]


def decide(
    workspace: Workspace, given_actor: str | None, origin: str, names: Iterable[str], make: Decide
) -> tuple[Entry | None, RunTime]:
    """Let `make` turn what a person said into drafts, and record them; returns the act, None where nothing was decided,
    and the time of the run that was decided about.

    `names` are all names that will be spoken of. Raises ConfigError where nobody is named or nothing has been reconciled
    yet, and whatever `make` raises: then nothing is recorded.
    """
    policy = load_policy(workspace)
    person = actor(policy, given_actor)
    rules = workspace.matching_rules()
    with DecisionLog(workspace).writing() as pen:
        facts, last = read_facts(workspace, names, rules.datasets)
        desk = Desk(facts, rules, policy, standings(pen.entries), person, last.as_of)
        drafts = make(desk, pen)
        entry = pen.append(person, datetime.now(UTC), origin, drafts) if drafts else None
        return entry, last


def read_facts(workspace: Workspace, names: Iterable[str], datasets: Sequence[str]) -> tuple[Facts, RunTime]:
    """What the warehouse knows of the names, and the time of its last run. Raises ConfigError where there was none, or
    where one is under way."""
    with reading(workspace) as connection:
        try:
            return look_up(connection, names, datasets), run_time.read(connection)
        except LookupError as error:
            raise not_so_far(workspace, error) from None
