"""Transports that bring deliveries into the landing folder: SFTP, S3, REST, OData.

A connector knows a system and its protocol; it knows no landing folder and no warehouse. It yields deliveries, each with a
name and its bytes, and `orchestration.transfers` writes them. The module of a connector is imported when a source asks for
it, so that a workspace of plain folders pays for none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingestion.connectors.contracts import Clock, Connector
    from ingestion.connectors.credentials import Credentials
    from ingestion.sources import SourceConfig


def connector(source: SourceConfig, credentials: Credentials, clock: Clock) -> Connector | None:
    """The connector of a source; None for a folder, whose files lie in landing/ already.

    Raises `TransferFailed` where an environment variable that the config names is not set, or where the packages of the
    extra `connectors` are not installed.
    """
    from ingestion.connectors.contracts import TransferFailed
    from ingestion.connectors.options import ODataConnector, RestConnector, S3Connector, SftpConnector

    settings = source.connector
    try:
        if isinstance(settings, SftpConnector):
            from ingestion.connectors.sftp import sftp_files

            return sftp_files(settings.options, source.file_pattern, credentials, clock)
        if isinstance(settings, S3Connector):
            from ingestion.connectors.s3 import s3_files

            return s3_files(settings.options, source.file_pattern, credentials, clock)
        if isinstance(settings, ODataConnector):
            from ingestion.connectors.odata import odata_records

            return odata_records(source.name, settings.options, credentials, clock)
        if isinstance(settings, RestConnector):
            from ingestion.connectors.rest import rest_records

            return rest_records(source.name, settings.options, credentials, clock)
    except ImportError as missing:
        raise TransferFailed(
            f"a connector of kind {settings.kind} needs the package {missing.name}: pip install 'tieout[connectors]'"
        ) from missing
    return None


__all__ = ["connector"]
