"""A column of numbers with the same number of decimals, read eight letters at a time.

Counted from the end of such numbers, every letter has its place: two decimals, the mark, three digits, the mark of
thousands, and so on. Eight letters make one 64-bit word; a few operations on whole words say whether each letter is what
belongs at its place, and what the digits amount to.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

PIECE = 1 << 14  # numbers looked at in one go: their words stay in the cache
LETTERS = 16  # two words: what longer numbers there are is left to others
_ZERO = ord("0")
_BITS = np.uint64(64)
_BELOW_TOP = np.uint64(0x7F7F7F7F7F7F7F7F)
_TOP = np.uint64(0x8080808080808080)
_EVEN = np.uint64(0x00FF00FF00FF00FF)
_BYTE, _TOP_LANE = np.uint64(8), np.uint64(48)
_LAST = np.array([(2 ** (8 * count) - 1) << (64 - 8 * count) for count in range(9)], np.uint64)  # masks of letters


class _Places(NamedTuple):
    """What belongs at the eight places of one word, and what the digits there weigh."""

    expected: np.uint64  # the mark, or 0
    slack: np.uint64  # added to a letter less what is expected, it reaches the top bit where the letter is wrong
    low_even: np.uint64  # weights of the last four digits of the word, for letters at even and at odd places
    low_odd: np.uint64
    high_even: np.uint64
    high_odd: np.uint64
    digits: int


def fixed_point(
    letters: npt.NDArray[np.uint8],
    starts: Integers,
    ends: Integers,
    decimal: str,
    thousands: str,
    limit: int,
    places: int,
) -> Integers | None:
    """Numbers without signs in units of `places` decimals; None where one is not written as the first is, with as many
    decimals, has more of them than `places`, or more than `limit` digits before them.

    Number i is `letters[starts[i]:ends[i]]`. `thousands` is the mark that stands in every number that is long enough for it,
    empty where there is none.
    """
    first = letters[starts[0] : ends[0]].tobytes()
    mark = first.find(decimal.encode())
    behind = len(first) - mark if mark >= 0 else 0  # letters from the mark on
    decimals = max(behind - 1, 0)
    if decimals > places:
        return None
    marks = {decimals: decimal} if behind else {}
    if thousands:
        marks |= dict.fromkeys(range(behind + 3, LETTERS, 4), thousands)
    last, before = _places(marks, 0), _places(marks, 8)
    words = np.zeros(letters.size // 8 + 4, np.uint64)  # two words of nothing, then the letters
    words.view(np.uint8)[LETTERS : LETTERS + letters.size] = letters
    factor = np.uint64(10 ** (places - decimals))
    found = np.empty(starts.size, np.int64)
    for begin in range(0, found.size, PIECE):
        end = ends[begin : begin + PIECE]
        sizes = end - starts[begin : begin + PIECE]
        size = int(sizes.max())
        longest = size - behind
        if sizes.min() <= behind or size > LETTERS or longest - (longest // 4 if thousands else 0) > limit:
            return None
        if thousands and ((sizes - behind) & 3 == 0).any():
            return None
        at = (end >> 3) + 1  # the word in which the last eight letters begin
        shift = (end & 7).astype(np.uint64) << np.uint64(3)
        rest = _BITS - shift
        middle: Words = words.take(at)
        value = _read(_joined(middle >> shift, words.take(at + 1) << rest), np.minimum(sizes, 8), last)
        if value is None:
            return None
        if size > 8:
            eight = _joined(words.take(at - 1) >> shift, middle << rest)
            more = _read(eight, np.maximum(sizes, 8) - 8, before)
            if more is None:
                return None
            value += more * np.uint64(10**last.digits)
        value *= factor
        found[begin : begin + PIECE] = value.view(np.int64)
    return found


def _places(marks: dict[int, str], first: int) -> _Places:
    """The places `first` to `first` + 7, counted from the end of a number."""
    expected = slack = digits = 0
    weights = [[0, 0], [0, 0]]  # of four digits each: for letters at even and at odd places
    for place in range(8):
        byte = 7 - place  # the last letter is the highest byte of a word
        mark = marks.get(first + place)
        expected |= (ord(mark) if mark else _ZERO) << (8 * byte)
        slack |= (0x7F if mark else 0x7F - 9) << (8 * byte)
        if not mark:
            lane = byte // 2  # lane n times weight lane 3 - n ends in the top lane
            weights[digits // 4][byte % 2] |= 10 ** (digits % 4) << (16 * (3 - lane))
            digits += 1
    low, high = ([np.uint64(weight) for weight in four] for four in weights)
    return _Places(np.uint64(expected), np.uint64(slack), low[0], low[1], high[0], high[1], digits)


def _joined(low: Words, high: Words) -> Words:
    low |= high
    return low


def _read(words: Words, sizes: Integers, places: _Places) -> Words | None:
    """What the last letters of words amount to; None where one of them is not what belongs at its place."""
    words ^= places.expected
    words &= _LAST.take(sizes)
    if np.bitwise_or.reduce(((words & _BELOW_TOP) + places.slack) | words) & _TOP:
        return None
    even, odd = words & _EVEN, (words >> _BYTE) & _EVEN
    value: Words = (even * places.low_even + odd * places.low_odd) >> _TOP_LANE
    if places.digits > 4:
        value += ((even * places.high_even + odd * places.high_odd) >> _TOP_LANE) * np.uint64(10_000)
    return value
