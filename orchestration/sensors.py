"""The landing folder as a trigger: new files start the intraday job. The working file is not opened for this."""

import hashlib

import dagster as dg

from ingestion.sources import SourcesConfig
from orchestration.jobs import INTRADAY
from orchestration.transfers import lies_in_landing
from orchestration.workspace import Workspace

EVERY_SECONDS = 60


def landing_state(workspace: Workspace, sources: SourcesConfig) -> str:
    """A hash over name, size and modification time of every file that others put into landing/ for a source.

    What a connector brings is loaded by the run that brings it: it starts no other, which would bring again.
    """
    from orchestration.landing import arrivals

    digest = hashlib.sha256()
    for source in sources.sources:
        if not lies_in_landing(source):
            continue
        for path in arrivals(workspace, source):
            stat = path.stat()
            digest.update(f"{source.name}|{path.name}|{stat.st_size}|{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def landing_sensor(workspace: Workspace, sources: SourcesConfig) -> dg.SensorDefinition:
    """Starts the intraday job when the landing folder is no longer as it was."""

    @dg.sensor(
        name="landing_folder", job_name=INTRADAY, minimum_interval_seconds=EVERY_SECONDS,
        description="Starts the intraday job when files have arrived in landing/. Half-written files (.part, .tmp) are not seen.",
    )  # fmt: skip
    def landing_folder(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        state = landing_state(workspace, sources)
        if state == context.cursor:
            return dg.SkipReason("nothing new in landing/")
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=state)], cursor=state)

    return landing_folder
