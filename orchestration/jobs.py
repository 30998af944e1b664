"""The jobs: everything at night, and what moves during the day.

Both run in one process: importing the libraries anew for each step costs more than the steps.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import dagster as dg

from ingestion.sources import SourcesConfig
from orchestration.assets.ingestion import source_key

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

NIGHTLY, INTRADAY = "nightly", "intraday"
INTRADAY_GROUPS = ("bank", "payments")


def jobs(sources: SourcesConfig) -> list["UnresolvedAssetJobDefinition"]:
    """`nightly` materialises every asset; `intraday` leaves out the ERP and reference sources, whose extracts come at night."""
    at_night: Sequence[dg.AssetKey] = [source_key(s) for s in sources.sources if s.group not in INTRADAY_GROUPS]
    everything = dg.AssetSelection.all()
    return [
        dg.define_asset_job(
            NIGHTLY, everything, executor_def=dg.in_process_executor,
            description="Load everything that has landed, reconcile, monitor, forecast, publish.",
        ),
        dg.define_asset_job(
            INTRADAY, everything - dg.AssetSelection.assets(*at_night) if at_night else everything,
            executor_def=dg.in_process_executor,
            description="Bank and payment files of the day: load, reconcile, monitor, publish. ERP extracts wait for the night.",
        ),
    ]  # fmt: skip
