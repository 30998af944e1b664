"""SFTP with a password, and without the package it needs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from erp_server import FakeTime
from password_server import PasswordServer
from sftp_server import SftpServer, takes_passwords

from ingestion.connectors import connector
from ingestion.connectors.contracts import TransferFailed, TransferState
from ingestion.connectors.credentials import Credentials
from ingestion.connectors.remote_files import FileDelivery
from ingestion.sources import SourceConfig

PASSWORD = "pä$$ word"  # noqa: S105  (of the server of this test)


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[PasswordServer]:
    with PasswordServer(tmp_path, "tieout", PASSWORD) as server:
        yield server


def source(host_key: str, port: int = 22, kind: str = "sftp", user: str = "tieout", folder: str = "/") -> SourceConfig:
    options: dict[str, object] = {
        "host": "127.0.0.1", "port": port, "folder": folder, "user": user, "host_key": host_key, "password_env": "BANK_PASSWORD",
        "timeout_seconds": 10, "attempts": 3, "settle_seconds": 0,
    }  # fmt: skip
    return SourceConfig.model_validate(
        {"name": "bank", "title": "Bank", "system": "bank", "format": "camt.053", "path": "bank/*.xml", "owner": "treasury",
         "group": "bank", "connector": {"kind": kind, "options": options if kind == "sftp" else {"bucket": "bank"}}}
    )  # fmt: skip


def offered(bank: PasswordServer | SftpServer, password: str, time: FakeTime) -> list[FileDelivery | TransferFailed]:
    openssh = isinstance(bank, SftpServer)
    asked = (
        source(bank.host_key, bank.port, user="root", folder=str(bank.folder))
        if openssh
        else source(bank.host_key, bank.port)
    )
    files = connector(asked, Credentials({"BANK_PASSWORD": password}), time.clock)
    assert files is not None
    found = list(files.deliveries(TransferState()))
    for one in found:
        assert isinstance(one, FileDelivery)
        assert b"".join(one.chunks()) == (bank.folder / one.name).read_bytes()
    files.close()
    return found


def test_files_come_with_the_right_password(bank: PasswordServer) -> None:
    (bank.folder / "a.xml").write_bytes(b"one" * 100_000)
    (delivery,) = offered(bank, PASSWORD, FakeTime())
    assert delivery.name == "a.xml"


def test_a_wrong_password_is_tried_once_and_not_told(bank: PasswordServer) -> None:
    time = FakeTime()
    with pytest.raises(TransferFailed, match="refused the login: check user, key or password") as told:
        offered(bank, "s3cret", time)
    assert "s3cret" not in str(told.value)
    assert (bank.logins, time.slept) == (["tieout"], [])


def test_openssh_takes_the_right_password_and_refuses_a_wrong_one(tmp_path: Path) -> None:
    if not takes_passwords(tmp_path):
        pytest.skip("sshd asks the accounts of the machine: this needs root and a mount namespace of its own")
    with SftpServer(tmp_path, PASSWORD) as server:
        server.put("a.xml", b"one" * 100_000)
        (delivery,) = offered(server, PASSWORD, FakeTime())
        assert delivery.name == "a.xml"
        with pytest.raises(TransferFailed, match="refused the login: check user, key or password"):
            offered(server, "s3cret", FakeTime())


def test_no_password_is_sent_to_another_server(bank: PasswordServer, tmp_path: Path) -> None:
    with PasswordServer(tmp_path, "tieout", PASSWORD) as other:
        another_key = other.host_key
    files = connector(source(another_key, bank.port), Credentials({"BANK_PASSWORD": PASSWORD}), FakeTime().clock)
    assert files is not None
    with pytest.raises(TransferFailed, match="another host key"):
        list(files.deliveries(TransferState()))
    assert bank.logins == []


@pytest.mark.parametrize(("kind", "package"), [("sftp", "paramiko"), ("s3", "s3fs")])
def test_a_transport_that_is_not_installed_is_named(kind: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [
        one for one in sys.modules if one.startswith(("ingestion.connectors.s", "fsspec.implementations.sftp"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)  # as Python has it where a package is missing
    with pytest.raises(TransferFailed) as told:
        connector(source("ssh-ed25519 AAAA", kind=kind), Credentials({"BANK_PASSWORD": "x"}), FakeTime().clock)
    assert (
        str(told.value) == f"a connector of kind {kind} needs the package {package}: pip install 'tieout[connectors]'"
    )
