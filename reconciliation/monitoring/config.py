"""The monitoring config: which checks run, when a finding is serious, and who owns it (`config/monitoring.yml`).

Every key has a default, so an empty file is a valid config. Amount limits are in the group's base currency. A
finding is critical (or a warning) when it reaches the amount limit or the age limit; what the age counts is said at
each check.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

Amount = Annotated[Decimal, Field(ge=0)]
DayCount = Annotated[int, Field(ge=0, le=3650)]


class MonitoringConfigError(ValueError):
    """The file is not what was expected; the message has a line per problem: file, key, expected, found."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CheckSettings(_Strict):
    """What every check has: a switch, an owner, and its limits (null: no limit of that kind)."""

    enabled: bool = True
    owner: str | None = None
    warning_amount: Amount | None = None
    critical_amount: Amount | None = None
    warning_days: DayCount | None = 0
    critical_days: DayCount | None = None

    @model_validator(mode="after")
    def _limits_are_ordered(self) -> CheckSettings:
        for warning, critical, what in (
            (self.warning_amount, self.critical_amount, "amount"),
            (self.warning_days, self.critical_days, "days"),
        ):
            if warning is not None and critical is not None and warning > critical:
                raise ValueError(f"warning_{what} ({warning}) is above critical_{what} ({critical})")
        return self


class ExpectedStatement(_Strict):
    """How one account's statements arrive, where it differs from a statement every business day."""

    lag_days: Annotated[int, Field(ge=0, le=31)] | None = None
    tolerance_days: DayCount = Field(default=0, description="a bank that sends nothing on days without movement")


class StaleStatement(CheckSettings):
    """Age: business days the statement is late."""

    critical_days: DayCount | None = 3
    lag_days: Annotated[int, Field(ge=0, le=31)] = 1
    default_calendar: str = "TARGET2"
    accounts: dict[str, ExpectedStatement] = {}


class StaleSource(CheckSettings):
    """Age: deliveries that should have come since; of a source without a calendar, business days beyond what is usual of it."""

    critical_days: DayCount | None = 3
    tolerance_days: DayCount = Field(default=0, description="deliveries that may be missed before it is an alert")
    exempt: tuple[str, ...] = ()


class StalePosition(CheckSettings):
    """Age: business days the balance is old beyond what is usual."""

    critical_amount: Amount | None = Decimal(1_000_000)
    critical_days: DayCount | None = 3


class ApprovedNotScheduled(CheckSettings):
    """Age: days past due (0 where only a discount is at stake)."""

    warning_days: DayCount | None = 1
    critical_days: DayCount | None = 10
    critical_amount: Amount | None = Decimal(100_000)
    due_within_days: DayCount = 5
    discount_within_days: DayCount = 3


class LateApproval(CheckSettings):
    """Age: days since the invoice was posted."""

    critical_days: DayCount | None = 30
    pending_days: DayCount = 10
    due_within_days: DayCount = 3


class ScheduledNotSent(CheckSettings):
    """Age: business days since the execution date."""

    critical_days: DayCount | None = 3
    critical_amount: Amount | None = Decimal(250_000)
    after_days: DayCount = 0


class SentNotAcknowledged(CheckSettings):
    """Age: business days without an answer."""

    critical_days: DayCount | None = 3
    critical_amount: Amount | None = Decimal(250_000)
    after_days: DayCount = 1
    exempt_accounts: tuple[str, ...] = Field(default=(), description="accounts whose bank sends no status reports")


class NotReissued(CheckSettings):
    """Age: days since the rejection."""

    critical_days: DayCount | None = 5
    after_days: DayCount = 1


class AcknowledgementGap(CheckSettings):
    """Age: business days since the bank's last answer; 0 for a payment booked without one."""

    warning_days: DayCount | None = 1
    critical_days: DayCount | None = 5
    after_days: DayCount = 2
    booked_within_days: DayCount = Field(default=90, description="how long a payment booked without an answer is shown")
    exempt_accounts: tuple[str, ...] = Field(default=(), description="accounts whose bank sends no status reports")


class NotBooked(CheckSettings):
    """Age: business days since the execution date."""

    critical_days: DayCount | None = 5
    after_days: DayCount = 2


class UnreconciledLine(CheckSettings):
    """Age: days since the booking."""

    warning_days: DayCount | None = 5
    critical_days: DayCount | None = 20
    warning_amount: Amount | None = Decimal(50_000)
    critical_amount: Amount | None = Decimal(250_000)
    after_days: DayCount = 2


class DuplicateInvoice(CheckSettings):
    """Age: days since the later document was posted.

    The payment proposal holds back what it finds: switched off, nothing keeps a second invoice from being proposed.
    """

    critical_amount: Amount | None = Decimal(10_000)
    within_days: DayCount = 180


class DuplicatePayment(CheckSettings):
    """Age: days since the later payment."""

    critical_days: DayCount | None = 0
    within_days: DayCount = 30


class BankDetailChange(CheckSettings):
    """Age: days since the change."""

    critical_amount: Amount | None = Decimal(10_000)
    before_payment_days: DayCount = 30


class Settings(_Strict):
    """The settings of every check, by the check's name."""

    stale_statement: StaleStatement = StaleStatement()
    stale_source: StaleSource = StaleSource()
    stale_position: StalePosition = StalePosition()
    statement_gap: CheckSettings = CheckSettings(critical_days=5)
    balance_off: CheckSettings = CheckSettings(critical_days=0)
    approved_not_scheduled: ApprovedNotScheduled = ApprovedNotScheduled()
    late_approval: LateApproval = LateApproval()
    scheduled_not_sent: ScheduledNotSent = ScheduledNotSent()
    sent_not_acknowledged: SentNotAcknowledged = SentNotAcknowledged()
    acknowledgement_gap: AcknowledgementGap = AcknowledgementGap()
    rejected_not_reissued: NotReissued = NotReissued()
    executed_not_booked: NotBooked = NotBooked()
    unreconciled_line: UnreconciledLine = UnreconciledLine()
    duplicate_invoice: DuplicateInvoice = DuplicateInvoice()
    duplicate_payment: DuplicatePayment = DuplicatePayment()
    bank_detail_change: BankDetailChange = BankDetailChange()
    failed_delivery: CheckSettings = CheckSettings(critical_days=2)
    group_balance: CheckSettings = CheckSettings(critical_days=0)


class MonitoringConfig(_Strict):
    """`config/monitoring.yml`."""

    default_owner: str = "treasury"
    checks: Settings = Settings()


def parse_monitoring(text: str, where: str = "monitoring.yml") -> MonitoringConfig:
    """The config in a YAML text; what it leaves out keeps its default.

    Raises `MonitoringConfigError` with a line per problem: file, key, what was expected, what was found.
    """
    try:
        return MonitoringConfig.model_validate(yaml.safe_load(text) or {})
    except yaml.YAMLError as error:
        raise MonitoringConfigError(f"{where}: not valid YAML: {error}") from error
    except ValidationError as error:
        raise MonitoringConfigError(
            "\n".join(
                f"{where}: {'.'.join(str(part) for part in problem['loc']) or '(whole file)'}: {problem['msg']}"
                f" (found {problem['input']!r})"
                for problem in error.errors()
            )
        ) from error
