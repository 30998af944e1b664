"""How often amounts agree by chance, from the amounts of both sides alone.

Items of an amount arise at a rate on each side: pairs of one event, which show on both, and strangers, which show
on one. Two items that agree are a pair or two strangers; the odds are the rate of pairs over the product of the
rates of strangers. What is known of an amount is what the sides show of it, the two items in question left out: as
many as both sides have are pairs (less a share that only looks so), the rest are strangers. What no item shows is
expected from its neighbours: the items of the same roundness and like size, over the number of amounts of that
roundness in that range of size.
"""

from __future__ import annotations

from math import exp, lgamma, log

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.encoding import Codes, Ints

Floats = npt.NDArray[np.float64]

_KIND = ("step", "sign", "currency")  # in which amounts are neighbours
_STEPS = (100_000, 10_000, 1_000, 500, 100, 10, 1)  # minor units: roundest first
_NEAR = 1.5  # like size: between 1/1.5 and 1.5 times the amount
_PRIOR_ITEMS = 30.0  # items that the assumed share of partnered ones counts for
_ANY_SHARE = 0.1  # how likely any share is as likely
_SHORTEST = 14  # days that a side is taken to cover at least
_FAR = 14  # days from which a date distance is the less likely the farther it is, before the data speaks
_TAIL = 0.004  # how likely any far distance is, measured by the same day
_EITHER = 2.0  # pairs that lie one way and the other, before any is seen
_FLOOR = 0.3  # items that a range without any is taken to hold


def agreement_odds(
    left: pl.DataFrame, right: pl.DataFrame, pairs: pl.DataFrame, partnered: float, paired: tuple[float, float]
) -> Floats:
    """By pair: the odds, per day of date distance, that it is a pair of one event and not two strangers.

    `left` and `right` are the open items (`row`, `open` in minor units, `currency`, `date` in days), `pairs` has
    `left`, `right` rows of equal amount. `partnered` is the share of items expected to show on both sides before
    the data has spoken, `paired` that of each side while all was open (`paired_shares`).
    """
    # a period shorter than the distances looked at would make every date a coincidence
    days = max(_SHORTEST, *(int(np.ptp(side["date"].to_numpy())) + 1 for side in (left, right)))
    keys = ["open", "currency"]
    counts = _counts(left, right)
    repeated = counts.filter(pl.max_horizontal("lefts", "rights") > 1)
    once = counts.filter(pl.max_horizontal("lefts", "rights") == 1)
    lonely = [1 - _share(once, side, partnered) for side in ("lefts", "rights")]
    strange = [1 - _share(repeated, side, partnered) for side in ("lefts", "rights")]
    located = pairs.select("left", "right")
    for name, side in (("left", left), ("right", right)):
        expected = pl.Series("expected", _expected(side["open"].to_numpy(), side["currency"].to_numpy()))
        own = side.select(pl.col("row").alias(name), *keys, expected.alias(f"{name}_expected"))
        located = located.join(own.drop(keys) if name == "right" else own, on=name, how="left", maintain_order="left")
    located = located.join(counts, on=keys, how="left", maintain_order="left")
    lefts, rights = located["lefts"].to_numpy() - 1, located["rights"].to_numpy() - 1
    both = np.minimum(lefts, rights)
    one, two = located["left_expected"].to_numpy(), located["right_expected"].to_numpy()
    pair_rate = both + np.minimum(paired[0] * one, paired[1] * two)
    left_rate = lefts - both + strange[0] * both + lonely[0] * one
    right_rate = rights - both + strange[1] * both + lonely[1] * two
    odds: Floats = pair_rate * days / (left_rate * right_rate)
    return odds


def paired_shares(left: pl.DataFrame, right: pl.DataFrame, partnered: float) -> tuple[float, float]:
    """The share of each side's items that have a partner, as the amounts that either side shows once let expect; those
    that agree by chance left out. At most `partnered`."""
    once = _counts(left, right).filter(pl.max_horizontal("lefts", "rights") == 1)
    by_chance = _by_chance(once)
    one, two = (min(partnered, _share(once, side, partnered, by_chance)) for side in ("lefts", "rights"))
    return one, two


def _counts(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """By amount and currency: `lefts`, `rights`, and how many `both` sides have."""
    keys = ["open", "currency"]
    return (
        left.group_by(keys)
        .agg(pl.len().cast(pl.Float64).alias("lefts"))
        .join(right.group_by(keys).agg(pl.len().cast(pl.Float64).alias("rights")), on=keys, how="full", coalesce=True)
        .with_columns(pl.col("lefts", "rights").fill_null(0.0))
        .with_columns(pl.min_horizontal("lefts", "rights").alias("both"))
        .sort(keys)
    )


def _share(counts: pl.DataFrame, side: str, partnered: float, by_chance: float = 0.0) -> float:
    """The share of a side's items of these amounts that the other side shows too, less what is `by_chance`, drawn to
    `partnered`; or to any share where so few or many would be strange, as of two files that have nothing to do with each
    other."""
    own = float(counts[side].sum())
    both = min(max(float(counts["both"].sum()) - by_chance, 0.0), own)
    weights, shares = [], []
    for prior, yes, no in (
        (1 - _ANY_SHARE, partnered * _PRIOR_ITEMS, (1 - partnered) * _PRIOR_ITEMS),
        (_ANY_SHARE, 1.0, 1.0),
    ):
        weights.append(log(prior) + _log_beta(yes + both, no + own - both) - _log_beta(yes, no))
        shares.append((yes + both) / (yes + no + own))
    told = [exp(weight - max(weights)) for weight in weights]
    return min(0.99, sum(one * two for one, two in zip(told, shares, strict=True)) / sum(told))


def _log_beta(one: float, two: float) -> float:
    return lgamma(one) + lgamma(two) - lgamma(one + two)


def _by_chance(once: pl.DataFrame) -> float:
    """How many amounts that either side shows once would be on both were none of them a pair's."""
    one, two = (once.filter(pl.col(side) == 1) for side in ("lefts", "rights"))
    strangers = [once.filter(pl.col(side) == 0).height for side in ("rights", "lefts")]
    if not all(strangers):
        return 0.0
    # only amounts shown once: prices that many items have would make every amount look common
    left, right = ((side["open"].to_numpy(), side["currency"].to_numpy()) for side in (one, two))
    met = expected_equals(*left, *right)
    return float(met.mean()) * strangers[0] * strangers[1] / two.height


def _expected(amounts: Ints, currency: Codes) -> Floats:
    """By item: how many others of exactly its amount its neighbours let expect."""
    return expected_equals(amounts, currency, amounts, currency, own=1)


def expected_equals(amounts: Ints, currency: Codes, others: Ints, of_currency: Codes, own: int = 0) -> Floats:
    """By item: how many of the `others` of exactly its amount their neighbours let expect, `own` of them left out."""
    return expected_among(amounts, currency, sizes_by_kind(others, of_currency), own)


def sizes_by_kind(amounts: Ints, currency: Codes) -> pl.DataFrame:
    """The `sizes` of amounts, ascending lists, by the kinds in which amounts are neighbours (`step`, `sign`, `currency`)."""
    return _with_kind(amounts, currency).group_by(_KIND).agg(sizes=pl.col("amount").abs().sort())


def expected_among(amounts: Ints, currency: Codes, others: pl.DataFrame, own: int = 0) -> Floats:
    """As `expected_equals`, of others as `sizes_by_kind` has them."""
    sizes = dict(zip(others.select(_KIND).iter_rows(), others["sizes"], strict=True))
    none = pl.Series([], dtype=pl.Int64)
    expected = np.zeros(len(amounts))
    for keys, part in _with_kind(amounts, currency).with_row_index("row").group_by(_KIND):
        step = int(str(keys[0]))
        size = np.abs(part["amount"].to_numpy())
        ordered = sizes.get(keys, none).to_numpy()
        low, high = np.floor(size / _NEAR), np.ceil(size * _NEAR)
        near = np.searchsorted(ordered, high, side="right") - np.searchsorted(ordered, low, side="left")
        points = np.maximum((high - low) / step * _share_of_step(step), 1.0)
        expected[part["row"].to_numpy()] = (near - own + _FLOOR) / points
    return expected


def _with_kind(amounts: Ints, currency: Codes) -> pl.DataFrame:
    frame = pl.DataFrame({"amount": amounts, "currency": currency})
    return frame.with_columns(_roundness(amounts).alias("step"), pl.col("amount").sign().alias("sign"))


def _roundness(amounts: Ints) -> pl.Series:
    """The largest step that divides the amount."""
    step = np.ones(len(amounts), dtype=np.int64)
    for each in reversed(_STEPS):
        step[amounts % each == 0] = each
    return pl.Series("step", step)


def _share_of_step(step: int) -> float:
    """The multiples of a step that are no multiple of the next rounder one."""
    place = _STEPS.index(step)
    rounder = [each for each in _STEPS[:place] if each % step == 0]
    return 1.0 - step / min(rounder) if rounder else 1.0


def lag_shares(lags: Ints, window: int, prior_pairs: float = 20.0, weights: Floats | None = None) -> Floats:
    """The share of true pairs at each date distance from -window to window, from the `lags` of sure pairs, or of likely
    ones that count by their `weights`.

    Before the data speaks either side may be the later one, and near dates are likelier than far ones; where one side is always
    the later one, a distance not seen is likelier on its side.
    """
    near = np.abs(lags) <= window
    weight = None if weights is None else weights[near]
    seen = np.bincount(lags[near] + window, weights=weight, minlength=2 * window + 1).astype(np.float64)
    days = np.abs(np.arange(-window, window + 1))
    prior = 0.65**days + _TAIL * np.minimum(1.0, (_FAR / np.maximum(days, 1)) ** 2)
    earlier, later = seen[:window].sum() + _EITHER, seen[window + 1 :].sum() + _EITHER
    prior[:window] *= 2 * earlier / (earlier + later)
    prior[window + 1 :] *= 2 * later / (earlier + later)
    # a distance not seen borrows from its neighbours: weekends and holidays make gaps that mean nothing; but that the one
    # side is later never says that the other may be
    smooth = np.zeros(len(days))
    smooth[window:] = _spread(seen[window:])
    smooth[:window] = _spread(seen[:window][::-1])[::-1]
    shares: Floats = (smooth + prior_pairs * prior / prior.sum()) / (smooth.sum() + prior_pairs)
    return shares


def _spread(seen: Floats) -> Floats:
    """Counts by days from nearest to farthest, each lending a part to its neighbours; what would be lent beyond the nearest
    stays there."""
    return np.convolve(np.pad(seen, 2, mode="symmetric"), [0.05, 0.1, 0.7, 0.1, 0.05], mode="same")[2:-2]
