"""What a processor keeps back of what it pays out: a share of the takings and a fixed charge for each of them.

Nobody says what the share and the charge are. One schedule that explains several payouts to the cent does: the more
of them it explains, and the rounder it is, the surer it is no coincidence.

Candidates are frames of payouts and the days that they may be for: `row` (the payout), `open`, `gross`, `fee` (minor
units, the latter two positive), `takings`, `returns` (numbers), `lag`, `length`, `family` (which days and items), `wording`
(of the payout), `named` (whether the payout says the family's word), and how likely each of lag, length and family is
before a schedule's habits are known (`payout_habits`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.context import LegContext
from reconciliation.matching.described import learned_share
from reconciliation.matching.few_of_many import grids
from reconciliation.matching.payout_habits import HABITS, PARTS, habit_shares, habits_of, share_column

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MOST_SHARE = 600  # hundredths of a percent that a schedule asks at most
MOST_EACH = 60  # minor units that it asks for each of the takings at most
_CHARGE = 0.1  # the share of an amount that a charge on it is at most
_EXPLAINED = (
    0.003,
    0.01,
    0.03,
    0.1,
    0.3,
)  # shares of the amounts that a schedule may explain, as likely before any is counted
_ROUND_SHARE, _ROUND_EACH = 5, 5  # steps of round schedules: 2.90 % and 0.30
_ROUND = 0.7  # prior weight of the schedules that are round
_WHOLE = 100  # minor units: two amounts are hardly ever multiples of so much, unless most are
_PRIOR_ITEMS, _TURNS = 10.0, 3  # items that the configured share counts for; steps of learning
_ONE_OF_SEVERAL = 0.1  # how often what is usually paid out by the day is paid out one by one
_PRIOR_LAGS = 3.0  # payouts that the shares known before count for
_SHARE = pl.reduce(lambda one, two: one * two, [pl.col(share_column(part)) for part in PARTS])


@dataclass(frozen=True)
class Schedule:
    """`rate` in hundredths of a percent, `each` in minor units; `probable` that it is one; `paid_out`, the share of items that
    it explains; `habits` (HABITS): which days it has paid out for how often; `payouts` (row): what it has
    been learned from."""

    rate: int
    each: int
    probable: float
    paid_out: float = 0.0
    habits: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=HABITS))
    payouts: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema={"row": pl.UInt32()}))

    def told(self, times: float) -> Schedule:
        """The schedule, so many times likelier."""
        odds = times * self.probable / max(1 - self.probable, 1e-12)
        return replace(self, probable=odds / (1 + odds))

    @property
    def sentence(self) -> str:
        """The evidence in words."""
        if not self.rate and not self.each:
            return "all open items of the days, takings and what was taken off them, add up to the amount"
        said = f"all open items of the days add up to the amount, less {self.rate / 100:.2f} %"
        return said + (f" and {self.each} minor units for each" if self.each else "") + ", as others do"

    def odds(self, candidates: pl.DataFrame) -> Floats:
        """By candidate: the odds that the payout is for those days, less this charge. What a payout taught of the habits does
        not speak for it."""
        odds = self.paid_out / (1 - self.paid_out) * self.ratios(candidates, own=1.0)
        probable = odds / (1 + odds) * self.probable
        return np.asarray(probable / np.maximum(1 - probable, 1e-12), dtype=np.float64)

    def odds_of_one(self, gross: Ints, paid: Ints, lags: Ints, shares: Floats, of_day: Ints) -> Floats:
        """By pair: the odds that `paid` is one item, of so many `of_day`, less this charge, and so many days later; `shares` say how
        likely such a distance is before the schedule's habits are known."""
        size, fee = np.abs(gross), np.abs(gross) - np.abs(paid)
        slack = _slack(np.ones(len(size), dtype=np.int64))
        fits = (fee > 0) & (np.abs(_left(self.rate, self.each, size, np.ones_like(size), fee)) <= slack)
        times = self.habits.group_by("lag").agg(pl.col("times").sum())
        seen = pl.DataFrame({"lag": lags}).join(times, on="lag", how="left", maintain_order="left")["times"]
        usual = (_PRIOR_LAGS * shares + seen.fill_null(0.0).to_numpy()) / (_PRIOR_LAGS + float(times["times"].sum()))
        ratios = usual * np.abs(paid) / (2 * slack + 1) / of_day
        odds = _ONE_OF_SEVERAL * self.paid_out / (1 - self.paid_out) * ratios
        probable = odds / (1 + odds) * self.probable
        return np.where(fits, probable / np.maximum(1 - probable, 1e-12), 0.0)

    def ratios(self, candidates: pl.DataFrame, own: float = 0.0) -> Floats:
        """By candidate: how much likelier its amount is under the schedule than by chance; 0 where it does not fit. So much of
        the habits is its `own`, and does not speak for it."""
        count, fee = candidates["takings"].to_numpy(), candidates["fee"].to_numpy()
        slack = _slack(count)
        fits = np.abs(_left(self.rate, self.each, candidates["gross"].to_numpy(), count, fee)) <= slack
        step = _rounded_to(candidates)
        if not self.rate and not self.each:
            # two of one sign that add up are a sum of two, and one with a charge beside it is such: not for a total to say,
            # unless they are all that the payout names
            returns, gross = candidates["returns"].to_numpy(), candidates["gross"].to_numpy()
            charge = (count + returns == 2) & (gross - candidates["open"].abs().to_numpy() <= _CHARGE * gross)
            whole = ((count + 2 * returns > 2) & ~charge) | candidates["named"].to_numpy()
            fits, slack = (fee == 0) & whole, np.zeros(len(fee))
            step = _grid(candidates, "open")
        share = habit_shares(candidates, self.habits, own)
        ratios = share * candidates["open"].abs().to_numpy() / (2 * slack + 1) / step
        return np.where(fits, ratios, 0.0)


NO_CHARGE = Schedule(0, 0, 1.0)


def with_habits(schedule: Schedule, candidates: pl.DataFrame, items: int, paid_out: float) -> Schedule:
    """The schedule with what it explains of so many items, and which days it pays out for, learned from the candidates."""
    candidates = _independent(candidates)
    rows = candidates["open"].to_numpy()
    start = max(paid_out, schedule.probable / 4) if schedule.rate or schedule.each else paid_out
    for _ in range(_TURNS):
        ratios = schedule.ratios(candidates)
        learned = learned_share(ratios, rows, items, start, _PRIOR_ITEMS)
        schedule = replace(schedule, paid_out=learned)
        odds = pl.Series("times", learned / (1 - learned) * ratios)
        explained = candidates.select("open", "wording", *PARTS, odds).filter(pl.col("times") > 0)
        weighed = explained.with_columns(pl.col("times") / (1 + pl.col("times").sum().over("open")))
        schedule = replace(schedule, habits=habits_of(weighed))
    if schedule.rate or schedule.each:
        place = np.unique(rows, return_inverse=True)[1]
        likely = np.bincount(place, weights=schedule.ratios(candidates, own=1.0))
        weight = float(np.log1p(schedule.paid_out * (likely - 1)).sum()) + float(
            _log_prior(schedule.each)[schedule.rate]
        )
        schedule = replace(schedule, probable=max(schedule.probable, _probability(weight)))
    return schedule


def best_schedule(candidates: pl.DataFrame) -> Schedule | None:
    """The schedule of some charge that explains most, or none where no candidate is explained."""
    charged = _independent(candidates.filter(pl.col("fee") > 0))
    if charged.is_empty():
        return None
    place = charged["open"].rank("dense").cast(pl.Int64).to_numpy() - 1
    gross, count, fee = (charged[name].to_numpy() for name in ("gross", "takings", "fee"))
    slack = _slack(count)
    likely = charged.select(_SHARE).to_series().to_numpy() * charged["open"].abs().to_numpy() / (2 * slack + 1)
    likely = likely / _rounded_to(charged)
    items, shares = candidates["open"].n_unique(), np.array(_EXPLAINED)
    size, best = int(place.max()) + 1, (-np.inf, 0, 0)
    for each in range(MOST_EACH + 1):
        rate = np.rint((fee - each * count) / gross * 10_000).astype(np.int64)
        fits = (np.abs(_left(rate, each, gross, count, fee)) <= slack) & (rate >= 0) & (rate <= MOST_SHARE)
        fits &= (rate > 0) | (each > 0)
        keys, of_key = np.unique(rate[fits] * size + place[fits], return_inverse=True)
        ratios = np.bincount(of_key, weights=likely[fits], minlength=len(keys))
        # an amount that it does not explain speaks against it, the more the more it should
        by_share = [
            np.bincount(keys // size, weights=np.log1p(share * ratios / (1 - share)), minlength=MOST_SHARE + 1)
            for share in shares
        ]
        told = np.stack(by_share) + items * np.log1p(-shares)[:, None]
        total = np.logaddexp.reduce(told) - np.log(len(shares)) + _log_prior(each)
        found = int(np.argmax(total))
        best = max(best, (float(total[found]), found, each))
    weight, rate_found, each_found = best
    return Schedule(rate_found, each_found, _probability(weight))


def _probability(weight: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(weight, -50, 50))))


def _independent(candidates: pl.DataFrame) -> pl.DataFrame:
    """Candidates without those that are the same amounts again: of equal payouts one coincidence explains all."""
    amounts = ["open", "gross", "fee", "takings"]
    # of equally likely ones the nearest days, so that none is chosen by the order of rows
    nearest = ["lag", "length", "family", "returns"]
    best = candidates.sort(_SHARE, *nearest, descending=[True, False, False, False, False])
    return best.unique(amounts, keep="first", maintain_order=True)


def _grid(candidates: pl.DataFrame, *amounts: str) -> Floats:
    """By candidate: the roundest step in minor units on which its `amounts` lie."""
    lists = candidates.select(pl.concat_list(pl.col(*amounts).abs())).to_series()
    return grids(lists).astype(np.float64)


def _rounded_to(candidates: pl.DataFrame) -> Floats:
    """By candidate: the step on which payout and takings lie where both are whole hundreds of minor units, else 1: amounts
    that are all round differ by round amounts."""
    step = _grid(candidates, "open", "gross")
    return np.where(step >= _WHOLE, step, 1.0)


def _slack(count: Ints) -> Floats:
    """Minor units by which a charge may be off: each of so many is rounded by itself."""
    slack: Floats = 1.0 + np.sqrt(count)
    return slack


def _left(rate: Ints | int, each: int, gross: Ints, count: Ints, fee: Ints) -> Floats:
    """What the schedule leaves unexplained of each fee, in minor units."""
    left: Floats = fee - each * count - rate * gross / 10_000
    return left


def _log_prior(each: int) -> Floats:
    """By rate: the log of how likely a schedule is before any amount is seen."""
    rate = np.arange(MOST_SHARE + 1)
    all_of_them = (MOST_SHARE + 1) * (MOST_EACH + 1)
    round_ones = (MOST_SHARE // _ROUND_SHARE + 1) * (MOST_EACH // _ROUND_EACH + 1)
    is_round = (rate % _ROUND_SHARE == 0) & (each % _ROUND_EACH == 0)
    prior: Floats = np.log((1 - _ROUND) / all_of_them + is_round * _ROUND / round_ones)
    return prior


def schedule_frame(schedules: list[Schedule]) -> pl.DataFrame:
    """Schedules as a frame, one row each."""
    shape = {"rate": pl.Int64(), "each": pl.Int64(), "probable": pl.Float64(), "paid_out": pl.Float64()}
    rows = [(each.rate, each.each, each.probable, each.paid_out) for each in schedules]
    habits = pl.Series("habits", [each.habits.to_struct() for each in schedules], dtype=pl.List(pl.Struct(HABITS)))
    payouts = pl.Series("payouts", [each.payouts["row"] for each in schedules], dtype=pl.List(pl.UInt32))
    return pl.DataFrame(rows, schema=shape, orient="row").with_columns(habits, payouts)


def schedules_of(frame: pl.DataFrame) -> list[Schedule]:
    """What `schedule_frame` made of schedules."""
    return [
        Schedule(
            rate,
            each,
            probable,
            paid_out,
            pl.DataFrame(habits, schema=HABITS),
            pl.DataFrame({"row": payouts}, schema={"row": pl.UInt32}),
        )
        for rate, each, probable, paid_out, habits, payouts in frame.rows()
    ]


def cache_name(one: str, named: bool = False) -> str:
    """What the schedules found for payouts on a side are kept under in the cache of a leg."""
    return f"schedules of {'named' if named else 'all'} payouts on the {one}"


def found_schedules(context: LegContext, one: str) -> list[Schedule]:
    """The schedules of some charge found so far for payouts on a side."""
    if cache_name(one) not in context.cache:
        return []
    return [each for each in schedules_of(context.cache[cache_name(one)]) if each.rate or each.each]
