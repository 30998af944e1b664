"""How the tests are spread over the processes of a run: what shares a costly fixture stays in one, what takes longest begins.

Short files fill the gaps at the end; a long one that began last would run alone there.
"""

from __future__ import annotations

import os

import pytest
from xdist.scheduler import LoadFileScheduling

os.environ.setdefault(
    "POLARS_MAX_THREADS", "1"
)  # the processes of a run use the cores; Polars reads it when it is imported

TOGETHER = ("tests/dbt_project/", "tests/simulation/")
"""Folders whose conftest makes one thing for all their tests."""
LONGEST = (
    "tests/orchestration/test_full_run.py",
    "tests/dbt_project/",
    "tests/samples/test_sample_workspace.py",
    "tests/orchestration/test_days_again.py",
    "tests/reconciliation/matching/test_two_sided.py",
    "tests/reconciliation/matching/engine/",
    "tests/orchestration/test_outage.py",
    "tests/orchestration/test_decide.py",
    "tests/simulation/",
    "tests/reconciliation/matching/text/test_compiled_tokens.py",
    "tests/orchestration/",
)


class FilesAndFolders(LoadFileScheduling):
    """A process takes a file at a time, or a folder whose tests share what its conftest makes."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> FilesAndFolders:
    return FilesAndFolders(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(
        key=lambda item: next((n for n, path in enumerate(LONGEST) if item.nodeid.startswith(path)), len(LONGEST))
    )
