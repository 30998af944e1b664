"""Objects of an S3-compatible store, over fsspec and s3fs. Objects appear whole, so nothing has to settle."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, NoCredentialsError, ParamValidationError  # type: ignore[import-untyped]
from s3fs import S3FileSystem

from ingestion.connectors.contracts import Clock, TransferFailed, Unreachable
from ingestion.connectors.credentials import Credentials
from ingestion.connectors.options import S3Options
from ingestion.connectors.remote_files import RemoteFiles, RemoteFolder

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

BLOCK_BYTES = 5 << 20


def s3_files(options: S3Options, pattern: str, credentials: Credentials, clock: Clock) -> RemoteFiles:
    """The connector of a bucket's folder; raises `TransferFailed` where a secret is missing."""
    path = f"{options.bucket}/{options.prefix.strip('/')}".rstrip("/")
    keys = (
        {"key": credentials.get(options.access_key_env), "secret": credentials.get(options.secret_key_env)}
        if options.access_key_env and options.secret_key_env
        else {}
    )
    connect = partial(_opened, options, keys)
    return RemoteFiles(
        RemoteFolder(f"s3://{path}", path, connect, _explained, options, clock), pattern, 0.0, options, clock
    )


def _opened(options: S3Options, keys: dict[str, str]) -> AbstractFileSystem:
    client: dict[str, object] = {"verify": options.ca_bundle or True}
    if options.region:
        client["region_name"] = options.region
    store = S3FileSystem(
        **keys,
        endpoint_url=options.endpoint,
        client_kwargs=client,
        config_kwargs={
            "connect_timeout": options.timeout_seconds,
            "read_timeout": options.timeout_seconds,
            "retries": {"total_max_attempts": 1},  # attempts are counted in one place, ours
        },
        default_block_size=BLOCK_BYTES,
        default_cache_type="readahead",
        use_listings_cache=False,
        skip_instance_cache=True,
    )
    store.retries = 1
    return store


def _explained(error: Exception) -> TransferFailed:
    """What an error of the transport means; only what may pass is worth another attempt."""
    if isinstance(error, NoCredentialsError):
        return TransferFailed("no keys: name access_key_env and secret_key_env, or give the machine a role")
    if isinstance(error, ParamValidationError):
        return TransferFailed(f"the store cannot be asked like this: {error}")
    if isinstance(error, FileNotFoundError):
        return TransferFailed("the store has no such bucket, folder or object (any more)")
    if isinstance(error, PermissionError):
        return TransferFailed("the store refused the keys, or does not let them read it")
    if isinstance(error, OSError | BotoCoreError):
        return Unreachable(f"not reachable: {error or type(error).__name__}")
    return TransferFailed(f"{type(error).__name__}: {error}")
