"""The 80 % interval: each account's own, and wide on the days on which something happens."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from forecast_facts import ACCOUNT, AS_OF, BALANCE, FLOW, TARGET, Row, facts

from reconciliation.forecasting import ForecastingConfig, forecast
from reconciliation.forecasting.config import Recurring
from reconciliation.forecasting.horizon import BUCKETS
from reconciliation.forecasting.intervals import SCORE, USUALLY_ALIKE, calibrate, correlations

CONFIG = ForecastingConfig()


def test_an_account_that_keeps_to_its_days_has_a_narrow_interval_beside_a_wild_one() -> None:
    rng = np.random.default_rng(1)
    days = TARGET.days(date(2025, 7, 1), date(2026, 6, 30)).tolist()
    accounts: list[Row] = [ACCOUNT, ACCOUNT | {"account_id": "WILD"}]
    balances: list[Row] = [
        BALANCE | {"account_id": account["account_id"], "covered_from": days[0], "covered_until": AS_OF}
        for account in accounts
    ]
    flows = []
    for number, day in enumerate(days):
        # calm nearly always, and once in a while far off: one factor for both accounts would suit neither
        calm = 1000 + int(rng.integers(-5, 5)) + (400 if number % 23 == 0 else 0)
        wild = int(rng.uniform(-3000, 3000))
        for account, amount in (("DE-EUR", calm), ("WILD", wild)):
            flows.append(FLOW | {"account_id": account, "date": day, "amount": Decimal(amount), "text": f"T {number}"})
    rows = forecast(facts(accounts=accounts, balances=balances, flows=flows), CONFIG, AS_OF)
    widths = {
        account: float(part.select((pl.col("high") - pl.col("low")).mean()).item())
        for (account,), part in rows.filter(pl.col("layer") == "run_off").group_by("account")
    }
    assert widths["DE-EUR"] < 180  # its days are within ten of a thousand
    assert 3000 < widths["WILD"] < 9000


def test_quiet_days_do_not_say_that_the_others_are_certain() -> None:
    """An account that moves on Thursdays only, each time another amount."""
    rng = np.random.default_rng(2)
    thursdays = [day for day in TARGET.days(date(2025, 7, 1), AS_OF).tolist() if day.weekday() == 3]
    flows = [
        FLOW | {"date": day, "amount": Decimal(int(rng.uniform(-9000, -1000))), "text": f"RUN {day}"}
        for day in thursdays
    ]
    balance = BALANCE | {"covered_from": thursdays[0], "covered_until": AS_OF}
    config = CONFIG.model_copy(update={"recurring": Recurring(enabled=False)})
    rows = forecast(facts(balances=[balance], flows=flows), config, AS_OF).filter(pl.col("layer") == "run_off")
    weekday = pl.col("date").dt.weekday()
    on_thursdays, others = rows.filter(weekday == 4), rows.filter(weekday != 4)
    assert (on_thursdays["high"] - on_thursdays["low"]).min() > 4000
    assert others["amount"].to_list() == others["high"].to_list() == [Decimal(0)] * others.height


@pytest.mark.parametrize(("alike", "low", "high"), [(0.0, 0.0, 0.05), (0.4, 0.1, 0.5)])
def test_errors_of_days_that_go_together_are_told_from_those_that_cancel_out(
    alike: float, low: float, high: float
) -> None:
    """Eight cut-offs of thirteen weeks: errors of days with a share that all days of a cut-off have."""
    rng = np.random.default_rng(7)
    rows = []
    for weeks in range(8):
        cutoff = AS_OF - timedelta(weeks=13 + weeks)
        shared = rng.normal()
        for ahead in range(1, 92):
            error = float(alike**0.5 * shared + (1 - alike) ** 0.5 * rng.normal())
            name = next(name for name, _, last in BUCKETS if ahead <= last)
            rows.append(("A", "EUR", name, abs(error), False, cutoff, cutoff + timedelta(days=ahead), error, 1.0))
    scores = pl.DataFrame(rows, schema=SCORE, orient="row")
    found = correlations(scores, calibrate(scores, ForecastingConfig()))
    of_account = dict(found.select("account", "error_correlation").iter_rows())
    assert low <= of_account["A"] <= high
    # whatever the order of the days
    assert correlations(
        scores.sample(fraction=1.0, shuffle=True, seed=3), calibrate(scores, ForecastingConfig())
    ).equals(found)
    # of an account without a history what is usual holds
    nothing = correlations(scores.clear(), calibrate(scores.clear(), ForecastingConfig()))
    assert nothing["error_correlation"].to_list() == [USUALLY_ALIKE]
