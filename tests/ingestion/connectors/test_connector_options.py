"""The connector block: what it takes, what it refuses before anything is sent, and that no secret stands in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from pydantic import TypeAdapter, ValidationError

from ingestion.connectors.options import Auth, ConnectorConfig, FolderConnector
from ingestion.sources import SourceConfig
from orchestration.workspace import ConfigError, Workspace

SFTP = """
kind: sftp
options: {host: sftp.bank.example, folder: /out, user: tieout, host_key: ssh-ed25519 AAAAC3Nz, password_env: BANK_PASSWORD}
"""
ODATA = """
kind: odata
options: {service: "https://s4.example.com/sap/API", entity_set: A_Supplier, version: "2.0"}
"""
REST = """
kind: rest
options: {url: "https://ns.example.com/suiteql", records: /items, total: /totalResults}
"""


def source(connector: str | None, path: str = "bank/*.xml", **changes: object) -> SourceConfig:
    block = yaml.safe_load(connector) if connector else None
    if block and changes:
        block["options"] |= changes
    given = {
        "name": "bank",
        "title": "Bank",
        "system": "bank",
        "format": "camt.053",
        "path": path,
        "owner": "treasury",
        "group": "bank",
    }
    return SourceConfig.model_validate(given | ({"connector": block} if block else {}))


def test_without_a_connector_files_lie_in_landing() -> None:
    assert source(None).connector == FolderConnector() == source("kind: folder").connector


def test_the_folder_and_the_names_come_from_path() -> None:
    assert (source(SFTP, "bank/camt/STMT_*.xml").folder, source(SFTP, "bank/camt/STMT_*.xml").file_pattern) == (
        "bank/camt",
        "STMT_*.xml",
    )


@pytest.mark.parametrize(
    ("connector", "changes", "expected"),
    [
        (SFTP, {"port": 0}, "greater than or equal to 1"),
        (SFTP, {"colour": "red"}, "Extra inputs"),
        (SFTP, {"password_env": None}, "one of password_env and private_key_env"),
        (SFTP, {"private_key_env": "KEY"}, "one of password_env and private_key_env"),
        (SFTP, {"host_key": "trust me"}, "host_key"),
        (ODATA, {"service": "http://s4.example.com/sap"}, "expected https"),
        (ODATA, {"service": "https://me:secret@s4.example.com/sap"}, "is a secret in the config"),
        (ODATA, {"service": "ftp://s4.example.com/sap"}, "expected an address"),
        (ODATA, {"paging": "skip"}, "needs page_size, and key"),
        (ODATA, {"page_size": 10}, "page_size needs paging: skip"),
        (ODATA, {"changed": {"field": "ChangedAt", "overlap_minutes": 0}}, "overlap_minutes"),
        (ODATA, {"attempts": 1000}, "less than or equal to 10"),
        (REST, {"total": None}, "one of total, total_header and unproven"),
        (REST, {"query": {"since": "{changed_since}"}}, "belong together"),
        (REST, {"total": None, "unproven": True, "paging": {"kind": "offset"}}, "needs a total or has_more"),
        (REST, {"auth": {"kind": "basic", "user": "a", "password": "b"}}, "password_env"),
    ],
)
def test_what_is_wrong_is_told(connector: str, changes: dict[str, object], expected: str) -> None:
    with pytest.raises(ValidationError, match=expected):
        source(connector, "erp/*.json" if connector != SFTP else "bank/*.xml", **changes)


@pytest.mark.parametrize(
    ("connector", "path"),
    [
        (SFTP, "bank/*/x.xml"),
        (SFTP, "../bank/*.xml"),
        (SFTP, "/bank/*.xml"),
        (ODATA, "erp/vendors.json"),
        (ODATA, "erp/*.csv"),
    ],
)
def test_a_path_that_a_connector_cannot_fill_is_told(connector: str, path: str) -> None:
    with pytest.raises(ValidationError, match="path:"):
        source(connector, path)


def test_a_secret_in_the_config_is_refused_and_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    block = yaml.safe_load(SFTP)
    block["options"] |= {"password": "hunter2", "password_env": "hunter 2 with spaces"}
    whole = source(SFTP).model_dump(mode="json") | {"connector": block}
    (tmp_path / "config" / "sources.yml").write_text(yaml.safe_dump({"sources": [whole]}))
    with pytest.raises(ConfigError) as error:
        Workspace(tmp_path).sources()
    assert "connector.sftp.options.password" in str(error.value) and "hunter" not in str(error.value)


def test_every_block_of_the_documentation_is_valid() -> None:
    page = Path(__file__).parents[3] / "docs" / "how-to" / "connect-a-source.md"
    kinds = []
    for text in re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
        block = yaml.safe_load(text)
        block = block[0] if isinstance(block, list) else block
        model: TypeAdapter[object] = TypeAdapter(ConnectorConfig if "connector" in block else Auth)
        kinds.append(getattr(model.validate_python(block.get("connector") or block["auth"]), "kind", None))
    assert kinds == ["sftp", "s3", "odata", "oauth2", "rest"]
