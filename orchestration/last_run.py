"""The warehouse as the last run has left it, for the commands that only look; what stands in the way is told in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from orchestration.audit.figures import NotWhole
from orchestration.warehouse import WarehouseLocked, connect
from orchestration.workspace import ConfigError, Workspace


@contextmanager
def reading(workspace: Workspace) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection for reading. Raises `ConfigError` where no run has been, where one is under way, or where the last one
    did not make the tables that are asked for."""
    if not workspace.warehouse.exists():
        raise ConfigError(f"{workspace.root}: nothing has been reconciled yet; start with `tieout run`")
    try:
        with connect(workspace.warehouse, read_only=True) as connection:
            yield connection
    except WarehouseLocked as error:
        raise ConfigError(str(error)) from None
    except NotWhole as error:
        raise ConfigError(f"{workspace.root}: {error}") from None
    except duckdb.CatalogException as error:
        raise not_so_far(workspace, error) from None


def not_so_far(workspace: Workspace, error: Exception) -> ConfigError:
    """The last run ended before it made what is asked for, or was of an older version."""
    return ConfigError(
        f"{workspace.root}: its last run did not get that far, or was of an older version; `tieout run` again ({error})"
    )
