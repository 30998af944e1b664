"""When the jobs start, in the group's time zone. The scheduled moment, not the clock, becomes the run's time."""

import dagster as dg

from orchestration.company import Company
from orchestration.jobs import INTRADAY, NIGHTLY

CONFIG_OP = "workspace_config"


def time_config(as_of: str | None, known_at: str | None) -> dict[str, object]:
    """Run config that fixes the run's time; values that are None are left to the day of the run."""
    given = {name: value for name, value in (("as_of", as_of), ("known_at", known_at)) if value}
    return {"ops": {CONFIG_OP: {"config": given}}}


def schedules(company: Company) -> list[dg.ScheduleDefinition]:
    """A schedule per job."""

    def scheduled(job: str, cron: str) -> dg.ScheduleDefinition:
        @dg.schedule(
            name=f"{job}_schedule", job_name=job, cron_schedule=cron, execution_timezone=company.timezone,
            default_status=dg.DefaultScheduleStatus.STOPPED,
            description=f"Starts {job} at '{cron}' ({company.timezone}). Switched on by a person, in the UI.",
        )  # fmt: skip
        def at_time(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
            moment = context.scheduled_execution_time.astimezone(company.zone)
            return dg.RunRequest(
                run_key=moment.isoformat(), run_config=time_config(moment.date().isoformat(), moment.isoformat())
            )

        return at_time

    return [scheduled(NIGHTLY, company.schedule.nightly), scheduled(INTRADAY, company.schedule.intraday)]
