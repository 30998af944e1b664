"""The lineage as a person sees it: the Dagster UI, opened in headless Chromium."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration import instance
from orchestration.workspace import ENVIRONMENT_VARIABLE, PROJECT_ROOT, Workspace

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PAGE_MILLISECONDS = 25_000

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the UI on a workspace with the demo's config."""
    root = tmp_path_factory.mktemp("ui")
    shutil.copytree(PROJECT_ROOT / "data" / "demo" / "config", root / "config")
    (root / "landing").mkdir()
    before = os.environ.get("DAGSTER_HOME")
    instance.prepare(Workspace(root))
    environment = os.environ | {ENVIRONMENT_VARIABLE: str(root)}
    if before is None:
        del os.environ["DAGSTER_HOME"]
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "dagster_webserver",
        "-m",
        "orchestration.definitions",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
    ]
    server = subprocess.Popen(
        command, cwd=PROJECT_ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        read_until_it_serves(server)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.communicate(timeout=60)


def read_until_it_serves(server: subprocess.Popen[str]) -> None:
    """Read the server's own words until it says that it serves; they are the message where it ends before."""
    assert server.stdout is not None
    said = []
    for line in server.stdout:
        said.append(line)
        if "Serving dagster-webserver" in line:
            return
    pytest.fail("the UI did not start:\n" + "".join(said[-40:]))


def page(address: str, folder: Path) -> str:
    assert CHROMIUM is not None
    shown = subprocess.run(
        [
            CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=2400,1800",
            f"--user-data-dir={folder / 'profile'}", f"--virtual-time-budget={PAGE_MILLISECONDS}", "--dump-dom", address,
        ],
        capture_output=True, text=True, check=False, timeout=180,
    )  # fmt: skip
    return shown.stdout


def test_the_lineage_shows_every_layer_with_its_assets(ui: str, tmp_path: Path) -> None:
    text = page(f"{ui}/asset-groups", tmp_path)
    for group in (
        "landing_bank",
        "raw",
        "staging",
        "canonical",
        "matching",
        "monitoring",
        "forecasting",
        "marts",
        "published",
    ):
        assert group in text, group


def test_an_asset_says_what_it_is(ui: str, tmp_path: Path) -> None:
    text = page(f"{ui}/assets/landing/rheinbank_statements", tmp_path)
    assert "Archived byte for byte" in text
    assert "records_accounted_for" in text or "landing_bank" in text
