"""What usually moves on a business day of its kind: a ridge on calendar features, or a plain mean where that does
better, either moved as the year's season moves it.

The features say where a business day stands: weekday, which days of the month roll onto it, how far from the
month's end, whether it follows days off. Which model is used, and how strongly it is held back, is decided on the
newest fifth of the history, which the candidates have not seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reconciliation.business_days import Days
from reconciliation.forecasting.levels import Level, way_of_the_level
from reconciliation.forecasting.minor_amounts import Real
from reconciliation.forecasting.season import seasons

HALF_LIFE = 190.0  # business days after which an observation counts half
PENALTIES = (1.0, 8.0, 60.0)
RECENT = 40  # business days of the plain mean: eight weeks
YEAR, YEARS = 250, np.timedelta64(364, "D")  # business days, and 52 weeks
REACHES = {"season": 10, "sharp season": 4}  # business days either side that are one time of the year
MINIMUM_FOR_RIDGE = 60
HOLD_OUT = 0.2
ENOUGH_WEEKS = 8  # in which a weekday never moved anything: it is not going to
WORTH_IT = 1.05  # a ridge and a season have to beat the plain means by this much
LARGEST = 3.0  # a day counts no more than so many times the largest of an ordinary month: what came once is no habit
ENOUGH_MONTHS = 3  # in which something moved, below which no month is ordinary

Integers = npt.NDArray[np.int64]
Predict = Callable[[Days], Real]


@dataclass(frozen=True)
class Usual:
    """The usual movement of days to come, and how far days of each weekday stray from it (one standard deviation)."""

    name: str
    predict: Predict
    spread_of_weekday: Real

    def spread(self, days: Days) -> Real:
        """One standard deviation per day."""
        return self.spread_of_weekday[weekdays(days)]


def usual(history: Days, values: Real, around: Days) -> Usual:
    """The model of `values` on the business days `history` that does best on their newest fifth.

    `around` are all business days from before the history to the end of what will be asked: the features of a day
    depend on its neighbours. Predictions are never below the smallest nor above the largest value seen. A day far out of
    the ordinary counts as a large one only; how far days stray says what it was.
    """
    ordinary = _ordinary(history, values)
    way = way_of_the_level(history, ordinary, around)
    features = calendar_features(around) if len(values) >= MINIMUM_FOR_RIDGE else None
    cut = max(int(len(values) * (1 - HOLD_OUT)), 1)
    before = _candidates(history[:cut], _ordinary(history[:cut], values[:cut]), around, features, way)
    held_out = {name: predict(history[cut:]) for name, predict in before.items()}
    errors = {name: float(np.abs(found - ordinary[cut:]).sum()) for name, found in held_out.items()}
    whole = _candidates(history, ordinary, around, features, way)
    # the whole history may have no season where the older part of it had one
    both = [one for one in errors if one in whole]
    name = min(
        [one for one in both if way is not None and "season" in one] or both,
        key=lambda one: errors[one] * (WORTH_IT if "ridge" in one or "season" in one else 1.0),
    )
    alive = _weekdays_that_move(history, values)
    fitted = whole[name]

    def predict(wanted: Days) -> Real:
        return np.where(alive[weekdays(wanted)], fitted(wanted), 0.0)

    # what it strays on days it has not seen, not on those it was fitted to
    seen = predict(history) - values
    everyday = float(np.sqrt(np.mean((held_out[name] - values[cut:] if cut < len(values) else seen) ** 2)))
    ratio = everyday / max(float(np.sqrt(np.mean(seen**2))), 1e-9)
    days = weekdays(history)
    squares = np.bincount(days, seen**2, minlength=7) * max(ratio, 1.0) ** 2
    counts = np.bincount(days, minlength=7)
    return Usual(name, predict, np.where(alive, np.sqrt((squares + 5.0 * everyday**2) / (counts + 5.0)), 0.0))


def _ordinary(history: Days, values: Real) -> Real:
    """The values, none above `LARGEST` times the largest day of the middle one of the months, or of the same weeks a year before or
    after: what comes at one time of each year is no exception.
    """
    month = history.astype("datetime64[M]").astype(np.int64)
    largest = np.zeros(month[-1] - month[0] + 1)
    np.maximum.at(largest, month - month[0], values)
    moved = largest[largest > 0]
    if len(moved) < ENOUGH_MONTHS:
        return values
    reach = REACHES["season"]
    around = np.lib.stride_tricks.sliding_window_view(np.pad(values, reach), 2 * reach + 1).max(axis=1)
    around = np.append(around, 0.0)
    before, after = history - YEARS, history + YEARS
    years_before = np.where(before >= history[0], around[np.searchsorted(history, before)], 0.0)
    years_after = np.where(after <= history[-1], around[np.searchsorted(history, after)], 0.0)
    usual_then = np.maximum(years_before, years_after)
    return np.asarray(np.minimum(values, LARGEST * np.maximum(np.median(moved), usual_then)), dtype=np.float64)


def _weekdays_that_move(history: Days, values: Real) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Which weekdays had a movement; one seen a few times only may have."""
    days = weekdays(history)
    seen, moved = np.bincount(days, minlength=7), np.bincount(days[values != 0], minlength=7)
    return np.asarray((moved > 0) | (seen < ENOUGH_WEEKS))


def weekdays(days: Days) -> Integers:
    """0 is Monday."""
    return ((days.astype("datetime64[D]").astype(np.int64) + 3) % 7).astype(np.int64)


def calendar_features(days: Days) -> Real:
    """Features of consecutive business days, one row a day: see the module."""
    day = days.astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    number = month.astype(np.int64)
    before = np.concatenate([[day[0] - np.timedelta64(1, "D")], day[:-1]])
    starts = np.searchsorted(number, number, side="left")
    ends = np.searchsorted(number, number, side="right")
    place = np.arange(len(day))
    from_start, to_end = place - starts, ends - 1 - place
    columns = [weekdays(day) == weekday for weekday in range(7)]
    # the calendar days that roll onto the business day: those after the business day before it
    for nominal in range(31):
        target = month.astype("datetime64[D]") + np.timedelta64(nominal, "D")
        last = (month + 1).astype("datetime64[D]") - np.timedelta64(1, "D")
        target = np.minimum(target, last)
        columns.append((target > before) & (target <= day))
    columns += [from_start == count for count in range(4)]
    columns += [to_end == count for count in range(4)]
    quarter_end = number % 3 == 2
    mid_month = month.astype("datetime64[D]") + np.timedelta64(14, "D")
    columns.append(quarter_end & (to_end == 0))
    columns.append(quarter_end & (mid_month > before) & (mid_month <= day))
    columns.append((day - before).astype(np.int64) > 3)
    return np.stack(columns, axis=1).astype(np.float64)


def _candidates(
    history: Days, values: Real, around: Days, features: Real | None, way: str | None
) -> dict[str, Predict]:
    """The models fitted to the history, by name, the plainest first; those at a level of their own where it follows such a `way`."""
    found: dict[str, Predict] = {
        "weekday mean": _weekday_mean(history[-RECENT:], values[-RECENT:]),
        "mean": _mean(values[-RECENT:]),
    }
    if len(values) > RECENT:
        found["mean of a year"] = _mean(values[-YEAR:])
        found["weekday mean of a year"] = _weekday_mean(history[-YEAR:], values[-YEAR:])
    if features is not None:
        found |= _ridges(history, values, around, features)
    if way == "returns":
        return found | _returning(found, history, values, around)
    return found | _seasonal(found, history, values)


def _returning(models: dict[str, Predict], history: Days, values: Real, around: Days) -> dict[str, Predict]:
    """The models that know the kinds of days, at the level of the same time of the year before."""
    found: dict[str, Predict] = {}
    level = Level(history, values, around)
    for name, predict in models.items():
        usual_level = float(predict(history[-YEAR:]).mean()) if "weekday" in name or "ridge" in name else 0.0
        if usual_level > 0:
            for title, reach in REACHES.items():
                found[f"{name}, {title} of a year before"] = _returned(predict, level, reach, usual_level)
    return found


def _returned(predict: Predict, level: Level, reach: int, usual_level: float) -> Predict:
    return lambda days: predict(days) / usual_level * level.of_a_year_before(days, reach)


def _seasonal(models: dict[str, Predict], history: Days, values: Real) -> dict[str, Predict]:
    """The models that know the kinds of days, at the level of the newest weeks as the year's season moves it."""
    found: dict[str, Predict] = {}
    for title, reach in REACHES.items():
        if seasons(history, values, history[-1:], RECENT, reach) is None:
            continue
        for name, predict in models.items():
            usual_level = float(predict(history[-RECENT:]).mean())
            if usual_level > 0 and (name == "weekday mean" or "ridge" in name):
                found[f"{name}, {title}"] = _moved(
                    predict, history, values, reach, float(values[-RECENT:].mean()) / usual_level
                )
    return found


def _moved(predict: Predict, history: Days, values: Real, reach: int, level: float) -> Predict:
    def moved(days: Days) -> Real:
        factors = seasons(history, values, days, RECENT, reach)
        return predict(days) * level * (1.0 if factors is None else factors)

    return moved


def _ridges(history: Days, values: Real, around: Days, features: Real) -> dict[str, Predict]:
    """Ridges of all penalties; newer days weigh more. Their sums of squares are made once."""
    rows = features[np.searchsorted(around, history)]
    weight = 0.5 ** (np.arange(len(values))[::-1] / HALF_LIFE)
    level = float(np.average(values, weights=weight))
    centre = np.average(rows, axis=0, weights=weight)
    centred = rows - centre
    gram, moment = centred.T @ (centred * weight[:, None]), centred.T @ (weight * (values - level))
    low, high = float(values.min()), float(values.max())

    def predictor(slope: Real) -> Predict:
        return lambda days: np.clip(level + (features[np.searchsorted(around, days)] - centre) @ slope, low, high)

    unit = np.eye(rows.shape[1])
    slopes = {
        penalty: np.asarray(np.linalg.solve(gram + penalty * unit, moment), dtype=np.float64) for penalty in PENALTIES
    }
    return {f"calendar ridge {penalty:g}": predictor(slope) for penalty, slope in slopes.items()}


def _weekday_mean(history: Days, values: Real) -> Predict:
    days, overall = weekdays(history), float(values.mean())
    counts = np.bincount(days, minlength=7)
    means = (np.bincount(days, values, minlength=7) + overall) / (counts + 1.0)
    return lambda wanted: means[weekdays(wanted)]


def _mean(values: Real) -> Predict:
    overall = float(values.mean())
    return lambda wanted: np.full(len(wanted), overall)
