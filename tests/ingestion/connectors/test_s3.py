"""S3 against moto's server: objects of one folder, once each, whole."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from erp_server import FakeTime

from ingestion.connectors.contracts import TransferFailed, TransferState, Unreachable
from ingestion.connectors.credentials import Credentials
from ingestion.connectors.options import S3Options
from ingestion.connectors.remote_files import FileDelivery, RemoteFiles, StillWritten
from ingestion.connectors.s3 import s3_files

KEYS = {"aws_access_key_id": "tieout", "aws_secret_access_key": "s3cret", "region_name": "eu-central-1"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def store(endpoint: str) -> object:
    import boto3

    client = boto3.client("s3", endpoint_url=endpoint, **KEYS)
    client.create_bucket(Bucket="bank", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return client


def put(store: object, key: str, content: bytes) -> None:
    store.put_object(Bucket="bank", Key=key, Body=content)  # type: ignore[attr-defined]


def files(endpoint: str, prefix: str, time: FakeTime | None = None, **options: object) -> RemoteFiles:
    given = {
        "bucket": "bank", "prefix": prefix, "endpoint": endpoint, "region": "eu-central-1", "access_key_env": "KEY",
        "secret_key_env": "SECRET", "attempts": 2, "timeout_seconds": 10,
    }  # fmt: skip
    credentials = Credentials({"KEY": "tieout", "SECRET": "s3cret"})
    return s3_files(S3Options.model_validate(given | options), "*.xml", credentials, (time or FakeTime()).clock)


def offered(connector: RemoteFiles, state: TransferState | None = None) -> list[FileDelivery | TransferFailed]:
    return list(connector.deliveries(state or TransferState()))


def test_objects_of_the_folder_come_once_with_their_bytes(endpoint: str, store: object) -> None:
    large = os.urandom(7_000_000)
    put(store, "once/a.xml", large)
    put(store, "once/b.xml", b"small")
    put(store, "once/below/c.xml", b"not this folder")
    put(store, "once/", b"")
    time = FakeTime()
    connector = files(endpoint, "once", time)
    found = {one.name: one for one in offered(connector) if isinstance(one, FileDelivery)}
    assert sorted(found) == ["a.xml", "b.xml"]
    assert b"".join(found["a.xml"].chunks()) == large and b"".join(found["b.xml"].chunks()) == b"small"
    state = found["b.xml"].remembered(found["a.xml"].remembered(TransferState()))
    assert offered(connector, TransferState.model_validate_json(state.model_dump_json())) == []
    put(store, "once/b.xml", b"other")  # as long as before, perhaps in the same second
    assert [one.name for one in offered(connector, state) if isinstance(one, FileDelivery)] == ["b.xml"]
    assert time.slept == []
    connector.close()


def test_an_object_replaced_while_it_is_read_is_left(endpoint: str, store: object) -> None:
    put(store, "moving/a.xml", b"x" * 100)
    connector = files(endpoint, "moving/")
    (delivery,) = offered(connector)
    assert isinstance(delivery, FileDelivery)
    chunks = delivery.chunks()
    next(chunks)
    put(store, "moving/a.xml", b"y" * 100)
    with pytest.raises(StillWritten, match="changed while it was read"):
        list(chunks)
    connector.close()


@pytest.mark.parametrize("where", [{"prefix": "nowhere"}, {"bucket": "missing"}])
def test_a_folder_that_is_not_there_is_told_not_taken_for_empty(
    endpoint: str, store: object, where: dict[str, str]
) -> None:
    connector = files(endpoint, **({"prefix": ""} | where))  # type: ignore[arg-type]
    with pytest.raises(TransferFailed, match="no such bucket, folder or object"):
        offered(connector)


def test_a_store_that_is_down_is_tried_as_often_as_allowed(store: object) -> None:
    time = FakeTime()
    with pytest.raises(Unreachable, match=r"s3://bank/x: not reachable.*\(attempt 2 of 2\)"):
        offered(files("http://127.0.0.1:1", "x", time))
    assert time.slept == [1.0]


def test_a_missing_secret_is_named() -> None:
    with pytest.raises(TransferFailed, match="environment variable BANK_S3_KEY is not set"):
        files("http://127.0.0.1:1", "x", access_key_env="BANK_S3_KEY")
