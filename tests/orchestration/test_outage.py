"""An outage from the connector to the mart: the last good data stay, the source is late and says why, nothing is fresh and empty."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from erp_server import ErpServer, Fault
from small_workspace import SOURCES, small_workspace

from orchestration.commands.run import execute
from orchestration.jobs import NIGHTLY
from orchestration.warehouse import connect
from orchestration.workspace import Workspace

VENDORS = """\
  - {{name: vendors, title: Vendors, system: dynamics, format: dynamics_odata, path: "erp/vendors-*.json", owner: treasury,
     group: erp, options: {{object: vendors}}, connector: {{kind: odata, options: {{service: "{url}/v4", attempts: 1,
     entity_set: Vendors, version: "4.0"}}}}}}
"""


@pytest.fixture
def erp() -> Iterator[ErpServer]:
    with ErpServer([]) as server:
        server.records = ['{"dataAreaId":"usmf","VendorAccountNumber":"V1","VendorOrganizationName":"Acme"}']
        yield server


def night(workspace: Workspace) -> tuple[dict[str, object], list[tuple[object, ...]]]:
    """Run the nightly job now; what the marts then say of the source, and the vendors they know."""
    now = datetime.now(UTC)  # a connector is asked for the present only
    assert execute(workspace, NIGHTLY, now.date().isoformat(), now.isoformat()) is None
    with connect(workspace.warehouse, read_only=True) as connection:
        found = connection.execute(
            "SELECT * FROM marts.stale_data WHERE object_type = 'source' AND object_id = 'vendors'"
        )
        names = [column[0] for column in found.description or []]
        (row,) = found.fetchall()
        vendors = connection.execute("SELECT name FROM canonical.counterparty").fetchall()
    return dict(zip(names, row, strict=True)), vendors


@pytest.mark.full
def test_an_outage_leaves_the_last_good_data_and_the_mart_says_the_source_is_late(
    tmp_path: Path, erp: ErpServer
) -> None:
    workspace = small_workspace(tmp_path / "small", SOURCES + VENDORS.format(url=erp.url))
    before, vendors = night(workspace)
    assert (before["is_stale"], before["stale_since"], vendors) == (False, None, [("Acme",)])
    erp.faults.append(Fault(503))
    during, vendors = night(workspace)
    assert vendors == [("Acme",)]
    assert during["last_received_at"] == before["last_received_at"] is not None
    assert during["is_stale"] and during["stale_since"] is not None
    assert "asked in vain" in str(during["message"]) and "503" in str(during["message"])
    assert during["owner"] == "treasury" and during["next_step"]
