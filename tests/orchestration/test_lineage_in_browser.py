"""The lineage as a person sees it: the Dagster UI, opened in headless Chromium."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration import instance
from orchestration.workspace import ENVIRONMENT_VARIABLE, PROJECT_ROOT, Workspace

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
START_SECONDS, PAGE_MILLISECONDS = 90, 25_000

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
    log = (root / "server.log").open("wb")
    server = subprocess.Popen(
        command, cwd=PROJECT_ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_it_answers(address, server, root / "server.log")
        yield address
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=30)
        log.close()


def wait_until_it_answers(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Ask until the server answers, at most START_SECONDS; its own log is the message when it does not."""
    request = [sys.executable, "-c", f"import urllib.request as r; r.urlopen('{address}/server_info', timeout=2)"]
    for _ in range(START_SECONDS):
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{address}/server_info", timeout=2):  # noqa: S310  (an address of this test)
                return
        except OSError:
            subprocess.run(request, capture_output=True, check=False)  # takes about as long as a short wait
    pytest.fail(f"the UI did not start:\n{log.read_text('utf-8', 'replace')[-3000:]}")


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
