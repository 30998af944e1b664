"""SFTP against OpenSSH: what is new comes once, what is still written waits, and only the server we know is spoken to."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from erp_server import FakeTime
from sftp_server import INSTALLED, SftpServer

from ingestion.connectors.contracts import Clock, TransferFailed, TransferState, Unreachable
from ingestion.connectors.credentials import Credentials
from ingestion.connectors.options import SftpOptions
from ingestion.connectors.remote_files import FileDelivery, RemoteFiles, StillWritten
from ingestion.connectors.sftp import sftp_files

pytestmark = pytest.mark.skipif(not INSTALLED, reason="sshd is not installed: apt-get install openssh-server")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SftpServer]:
    with SftpServer(tmp_path_factory.mktemp("sftp")) as server:
        yield server


@pytest.fixture
def bank(running: SftpServer) -> SftpServer:
    for path in running.folder.iterdir():
        path.unlink()
    return running


def files(bank: SftpServer, clock: Clock | None = None, key: str | None = None, **options: object) -> RemoteFiles:
    given = {
        "host": "127.0.0.1", "port": bank.port, "folder": str(bank.folder), "user": getpass.getuser(), "host_key": bank.host_key,
        "private_key_env": "BANK_KEY", "timeout_seconds": 10, "attempts": 2,
    }  # fmt: skip
    credentials = Credentials({"BANK_KEY": key or bank.client_key})
    return sftp_files(SftpOptions.model_validate(given | options), "*.xml", credentials, clock or FakeTime().clock)


def offered(connector: RemoteFiles, state: TransferState | None = None) -> list[FileDelivery | TransferFailed]:
    return list(connector.deliveries(state or TransferState()))


def test_new_files_come_oldest_first_with_their_bytes(bank: SftpServer) -> None:
    large = os.urandom(3_000_000)
    bank.put("b.xml", large, 1_790_000_000)
    bank.put("a.xml", b"", 1_790_000_100)
    bank.put("readme.txt", b"not asked for")
    connector = files(bank)
    first, second = offered(connector)
    assert isinstance(first, FileDelivery) and isinstance(second, FileDelivery)
    assert (first.name, b"".join(first.chunks())) == ("b.xml", large)
    assert (second.name, b"".join(second.chunks())) == ("a.xml", b"")
    connector.close()


def test_a_known_file_comes_again_only_when_it_changed(bank: SftpServer) -> None:
    bank.put("a.xml", b"one")
    bank.put("b.xml", b"two")
    connector = files(bank)
    state = TransferState()
    for delivery in offered(connector):
        assert isinstance(delivery, FileDelivery)
        state = delivery.remembered(state)
    assert offered(connector, TransferState.model_validate_json(state.model_dump_json())) == []
    bank.put("b.xml", b"two corrected")
    assert [one.name for one in offered(connector, state) if isinstance(one, FileDelivery)] == ["b.xml"]
    connector.close()


def test_unfinished_hidden_and_linked_files_are_left(bank: SftpServer, tmp_path: Path) -> None:
    for name in ("a.xml.part", ".b.xml", "c.xml.filepart"):
        bank.put(name, b"half")
    (tmp_path / "secret.xml").write_bytes(b"not theirs to give")
    (bank.folder / "link.xml").symlink_to(tmp_path / "secret.xml")
    connector = files(bank, pattern="*")
    assert offered(connector) == []
    connector.close()


def test_a_file_that_grows_between_two_looks_is_left(bank: SftpServer) -> None:
    growing = bank.put("a.xml", b"half")
    bank.put("b.xml", b"whole")

    def write_on(_: float) -> None:
        growing.write_bytes(b"half and more")

    connector = files(bank, Clock(FakeTime().clock.now, FakeTime().clock.monotonic, write_on))
    waiting = {type(one): one for one in offered(connector)}
    assert str(waiting[StillWritten]) == "a.xml: still being written; left for the next run"
    assert isinstance(waiting[FileDelivery], FileDelivery) and waiting[FileDelivery].name == "b.xml"
    connector.close()


def test_a_file_that_changes_while_it_is_read_is_left(bank: SftpServer) -> None:
    path = bank.put("a.xml", b"x" * 2_500_000)
    connector = files(bank)
    (delivery,) = offered(connector)
    assert isinstance(delivery, FileDelivery)
    chunks = delivery.chunks()
    next(chunks)
    path.write_bytes(b"y" * 2_500_000)
    with pytest.raises(StillWritten, match="changed while it was read"):
        list(chunks)
    connector.close()


def test_a_line_that_breaks_is_taken_up_where_it_broke(bank: SftpServer) -> None:
    content = os.urandom(2_500_000)
    bank.put("a.xml", content)
    time = FakeTime()
    connector = files(bank, time.clock, settle_seconds=0)
    (delivery,) = offered(connector)
    assert isinstance(delivery, FileDelivery)
    chunks = delivery.chunks()
    came = next(chunks)
    connector._folder._store.client.get_transport().sock.close()  # type: ignore[union-attr]
    assert came + b"".join(chunks) == content
    assert time.slept == [1.0]
    connector.close()


def test_a_file_beyond_the_limit_is_refused_and_the_others_come(bank: SftpServer) -> None:
    bank.put("a.xml", b"x" * 100)
    bank.put("b.xml", b"fine")
    connector = files(bank, max_bytes=50)
    refused, fine = offered(connector)
    assert isinstance(refused, TransferFailed) and "a.xml: 100 bytes, more than the 50 allowed" in str(refused)
    assert isinstance(fine, FileDelivery) and fine.name == "b.xml"
    connector.close()


def test_a_key_may_lie_in_a_file(bank: SftpServer) -> None:
    connector = files(bank, key=str(bank.root / "client"))
    assert offered(connector) == []
    connector.close()


def test_another_host_key_is_not_spoken_to(bank: SftpServer) -> None:
    time = FakeTime()
    with pytest.raises(TransferFailed, match="another host key than the config names") as refused:
        offered(files(bank, time.clock, host_key=(bank.root / "stranger.pub").read_text().strip()))
    assert not isinstance(refused.value, Unreachable) and time.slept == []


def test_a_host_key_that_is_none_is_told(bank: SftpServer) -> None:
    with pytest.raises(TransferFailed, match="host_key: not a public key"):
        files(bank, host_key="ssh-ed25519 AAAA")


def test_a_refused_login_is_tried_once(bank: SftpServer) -> None:
    time = FakeTime()
    with pytest.raises(TransferFailed, match="refused the login"):
        offered(files(bank, time.clock, key=(bank.root / "stranger").read_text()))
    assert time.slept == []


def test_a_key_that_is_none_is_told_without_it(bank: SftpServer) -> None:
    with pytest.raises(TransferFailed, match="private key of BANK_KEY could not be read") as told:
        files(bank, key="-----BEGIN NONSENSE-----\nc2VjcmV0\n-----END NONSENSE-----")
    assert "c2VjcmV0" not in str(told.value)


def test_a_folder_that_is_not_there_is_told(bank: SftpServer) -> None:
    with pytest.raises(TransferFailed, match=r"sftp://.*/nowhere: the server has no such file or folder"):
        offered(files(bank, folder="/nowhere"))


def test_a_server_that_is_down_is_tried_as_often_as_allowed(bank: SftpServer) -> None:
    time = FakeTime()
    with pytest.raises(Unreachable, match=r"not reachable.*\(attempt 2 of 2\)"):
        offered(files(bank, time.clock, port=1))
    assert time.slept == [1.0]
