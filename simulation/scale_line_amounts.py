"""What is booked on each bank line: the amounts of its payments, less a fee, in instalments, with a slip of the keys."""

from __future__ import annotations

import numpy as np

from simulation.scale_kind_numbers import SIDES, Flags, has_effect, named, side_of
from simulation.scale_kinds import NOISE, OFFSET
from simulation.scale_parties import DECIMALS, PRICE_LEVEL, Ints, Parties


def line_amounts(
    rng: np.random.Generator, kind: Ints, currency: Ints, line_event: Ints, line_number: Ints, line_count: Ints,
    unit_line: Ints, unit_amount: Ints, rejected: Flags, party: Ints, parties: Parties,
) -> tuple[Ints, Ints]:  # fmt: skip
    """Return line amounts and what of each no counterpart explains (a fee, an exchange difference, a slip)."""
    base = np.zeros(len(line_event), dtype=np.int64)
    covered = (unit_line >= 0) & ~rejected
    np.add.at(base, unit_line[covered], unit_amount[covered])
    of_line = kind[line_event]
    count = len(base)
    scale = 10 ** DECIMALS[currency[line_event]]
    unit = scale * PRICE_LEVEL[currency[line_event]]
    fee = np.minimum(
        np.maximum(1, np.rint(rng.integers(6, 90, size=count) / 2 * unit)), np.maximum(np.abs(base) // 4, 1)
    )
    fx = np.rint(base * rng.uniform(0.0005, 0.012, size=count) * rng.choice([-1, 1], size=count))
    slip = _typing_slip(rng, base)
    over = np.rint(rng.integers(1, 200, size=count) * unit)
    difference = np.select(
        [
            has_effect(of_line, "fee"),
            has_effect(of_line, "fx"),
            has_effect(of_line, "typing_error"),
            has_effect(of_line, "over_pay"),
        ],
        [-fee, np.where(fx == 0, 1, fx), slip, over],
        0,
    ).astype(np.int64)
    amount = base + difference
    part = np.maximum(1, np.rint(base * rng.uniform(0.3, 0.9, size=count)))
    amount = np.where(has_effect(of_line, "short_pay"), part, amount).astype(np.int64)
    amount = _instalments(rng, of_line, line_event, line_number, line_count, amount)
    back = named(of_line, "returned") & (line_number == 1)
    amount[back] = -amount[np.flatnonzero(back) - 1]
    free = np.flatnonzero((side_of(of_line) == SIDES.index(NOISE)) | (side_of(of_line) == SIDES.index(OFFSET)))
    drawn = np.exp(parties.level[party[line_event[free]]] + rng.normal(-0.5, 1.2, size=len(free))) * unit[free]
    sign = np.where(named(of_line[free], "noise_credit"), 1, -1)
    amount[free] = sign * np.maximum(1, np.rint(drawn)).astype(np.int64)
    second = named(of_line, "offset") & (line_number == 1)
    amount[second] = -amount[np.flatnonzero(second) - 1]
    return amount, difference


def _typing_slip(rng: np.random.Generator, amount: Ints) -> Ints:
    """Return the change two transposed digits make; where those are equal, the change a missing last digit makes."""
    size = np.abs(amount)
    digits = np.floor(np.log10(np.maximum(size, 1))).astype(np.int64) + 1
    power = 10 ** (rng.random(len(size)) * np.maximum(digits - 1, 1)).astype(np.int64)
    low, high = size // power % 10, size // (power * 10) % 10
    swapped = size + 9 * (low - high) * power
    new = np.where((low == high) | (swapped <= 0) | (digits < 2), np.maximum(size // 10, 1), swapped)
    slip: Ints = (np.sign(amount) * (new - size)).astype(np.int64)
    return slip


def _instalments(
    rng: np.random.Generator, of_line: Ints, line_event: Ints, line_number: Ints, line_count: Ints, amount: Ints
) -> Ints:
    """Split the first line's amount over its settlement's lines: equal parts with the rest last, or uneven ones."""
    chosen = np.flatnonzero(has_effect(of_line, "instalments"))
    if not len(chosen):
        return amount
    event, number = line_event[chosen], line_number[chosen]
    count = line_count[event]
    first = chosen - number
    total = amount[first]
    even = (rng.random(len(line_count)) < 0.6)[event]
    weight = rng.uniform(0.5, 1.5, size=len(chosen))
    sums = np.bincount(event, weight, minlength=len(line_count))[event]
    part = np.where(even, total // count, np.maximum(1, np.floor(total * weight / sums))).astype(np.int64)
    result = amount.copy()
    result[chosen] = part
    paid = np.bincount(event, part, minlength=len(line_count)).astype(np.int64)[event]
    last = number == count - 1
    result[chosen[last]] += (total - paid)[last]
    return result
