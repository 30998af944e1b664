"""The compiled search for shared tokens; importing it loads numba, so `token_filter` does so only for large work.

Tokens of texts and keys of identifiers are hashed as they are spelled, without making the spellings. The rules are
those of `tokens`, `check_digits` and `identifiers`, or wider: what shares a token there shares a hash here.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

EXACT, SEGMENTS, UNPREFIXED, SERIAL, TRUNCATED = 1, 2, 4, 8, 16

_ZERO, _NINE, _A, _Z, _I, _O = (ord(character) for character in "09AZIO")
_R, _F, _SPACE = ord("R"), ord("F"), ord(" ")
_START = np.uint64(0xCBF29CE484222325)  # FNV-1a
_PRIME = np.uint64(0x100000001B3)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_MAX_TOKEN = 40
_LONGEST_GROUPS = 7  # atoms that an RF reference printed in groups has at most; QRR has six
_TRUNCATED_FROM = 10


@njit(cache=True, inline="always")
def _put(hashed: np.uint64, code: int) -> np.uint64:
    return (hashed ^ np.uint64(code)) * _PRIME


@njit(cache=True)
def _push(code: int, hashed: np.uint64, size: int, letter: bool, zeros: bool) -> tuple[np.uint64, int, bool, bool]:
    """One more character of a canonical identifier: O is 0, I is 1, zeros in front or behind a letter go, one of a
    run that is all zeros stays. `letter`: the last character is one; `zeros`: zeros behind it wait."""
    if code == _O:
        code = _ZERO
    elif code == _I:
        code = _ZERO + 1
    if code == _ZERO:
        if letter:
            return hashed, size, True, True
        if size == 0:
            return hashed, 0, False, False
    if zeros and code >= _A:
        hashed, size = _put(hashed, _ZERO), size + 1
    return _put(hashed, code), size + 1, code >= _A, False


@njit(cache=True, inline="always")
def _touch(hashed: np.uint64, table: Words, fill: bool) -> bool:
    """Enter a hash into the table, or tell whether it may be there."""
    hashed ^= hashed >> np.uint64(32)
    hashed *= _MIX
    hashed ^= hashed >> np.uint64(29)
    # three bits of one word: one look into memory
    word = hashed & np.uint64(len(table) - 1)
    bits = np.uint64(0)
    for shift in (40, 46, 52):
        bits |= np.uint64(1) << ((hashed >> np.uint64(shift)) & np.uint64(63))
    if fill:
        table[word] |= bits
        return False
    return bool((table[word] & bits) == bits)


@njit(cache=True)
def _spelled(data: Bytes, start: int, stop: int, salt: np.uint64) -> tuple[np.uint64, int]:
    """The hash and the length of the canonical form of some characters."""
    hashed, size, letter, zeros = _START ^ salt, 0, False, False
    for place in range(start, stop):
        hashed, size, letter, zeros = _push(data[place], hashed, size, letter, zeros)
    if zeros:
        hashed, size = _put(hashed, _ZERO), size + 1
    return hashed, size


@njit(cache=True)
def _canonical(data: Bytes, start: int, stop: int, salt: np.uint64, least: int, table: Words, fill: bool) -> bool:
    hashed, size = _spelled(data, start, stop, salt)
    return size >= least and _touch(hashed, table, fill)


@njit(cache=True)
def _digit_runs(data: Bytes, start: int, stop: int, salt: np.uint64, least: int, found: Words, used: int) -> int:
    """The whole digit runs of an atom, as written and with O for 0, I for 1; a bare number is none of them."""
    bare = True
    for place in range(start, stop):
        bare = bare and data[place] <= _NINE
    if bare:
        return used
    for spelled in range(2):
        run = start
        for place in range(start, stop + 1):
            code = data[place] if place < stop else _Z
            if code <= _NINE or (spelled == 1 and code in (_O, _I)):
                continue
            if place - run >= least:
                found[used], size = _spelled(data, run, place, salt)
                used += size >= least
            run = place + 1
    return used


@njit(cache=True)
def _grams(
    data: Bytes, starts: Ints, stops: Ints, first: int, count: int, salt: np.uint64, grams: int, least: int,
    found: Words, used: int,
) -> int:  # fmt: skip
    """Neighbouring atoms joined from the first on, also those of a structured reference printed in groups."""
    begin = starts[first]
    structured = (
        stops[first] - begin >= 4
        and data[begin] == _R
        and data[begin + 1] == _F
        and data[begin + 2] <= _NINE
        and data[begin + 3] <= _NINE
    )
    hashed, size, letter, zeros = _START ^ salt, 0, False, False
    whole, whole_size, whole_letter, whole_zeros = hashed, 0, False, False
    length, numeric, digits = 0, False, True
    for last in range(first, min(count, first + max(grams, _LONGEST_GROUPS))):
        if last - first >= grams and not structured and not digits:
            break
        length += stops[last] - starts[last]
        if length > _MAX_TOKEN:
            break
        for place in range(starts[last], stops[last]):
            code = data[place]
            numeric = numeric or code <= _NINE
            digits = digits and code <= _NINE
            hashed, size, letter, zeros = _push(code, hashed, size, letter, zeros)
            if structured:
                whole, whole_size, whole_letter, whole_zeros = _push(code, whole, whole_size, whole_letter, whole_zeros)
        if zeros:
            hashed, size, letter, zeros = _put(hashed, _ZERO), size + 1, False, False
        if structured:
            found[used] = whole
            used += 1
        usual = last - first < grams and numeric and length >= least and size >= least
        if usual or (digits and (length == 27 or length == 12)):
            found[used] = hashed
            used += 1
    return used


@njit(cache=True)
def _first_digit(data: Bytes, start: int, stop: int) -> int:
    """Where the digits of an atom begin that has letters in front of them; its start for any other."""
    place = start
    while place < stop and data[place] > _NINE:
        place += 1
    return place if place < stop else start


@njit(cache=True)
def text_tokens(data: Bytes, offsets: Ints, salts: Words, grams: int, least: int) -> tuple[Words, Ints]:
    """The hashes of the tokens of each text (ASCII capitals), and for each text where its own end."""
    longest = 1
    for text in range(len(salts)):
        longest = max(longest, offsets[text + 1] - offsets[text])
    starts, stops = np.empty(longest, dtype=np.int64), np.empty(longest, dtype=np.int64)
    numeric = np.empty(longest, dtype=np.bool_)
    found, used = np.empty(1024, dtype=np.uint64), 0
    ends = np.empty(len(salts), dtype=np.int64)
    for text in range(len(salts)):
        count, inside = 0, False
        for place in range(offsets[text], offsets[text + 1]):
            code = data[place]
            if (_ZERO <= code <= _NINE) or (_A <= code <= _Z):
                if not inside:
                    starts[count] = place
                    numeric[count] = False
                    inside = True
                numeric[count] |= code <= _NINE
            elif inside:
                stops[count] = place
                count += 1
                inside = False
        if inside:
            stops[count] = offsets[text + 1]
            count += 1
        # of each atom so many grams, twice where structured, again from its digits on; of each character two digit runs
        most = 4 * count * max(grams, _LONGEST_GROUPS) + 2 * (offsets[text + 1] - offsets[text])
        if used + most > len(found):
            grown = np.empty(2 * (used + most), dtype=np.uint64)
            grown[:used] = found[:used]
            found = grown
        for first in range(count):
            if not numeric[first : min(count, first + grams)].any():
                continue
            if numeric[first]:
                used = _digit_runs(data, starts[first], stops[first], salts[text], least, found, used)
            used = _grams(data, starts, stops, first, count, salts[text], grams, least, found, used)
            written, glued = starts[first], _first_digit(data, starts[first], stops[first])
            if glued > written:
                starts[first] = glued
                used = _grams(data, starts, stops, first, count, salts[text], grams, least, found, used)
                starts[first] = written
        ends[text] = used
    return found[:used].copy(), ends


@njit(cache=True)
def enter(hashes: Words, table: Words) -> None:
    """Enter hashes into a table."""
    for place in range(len(hashes)):
        _touch(hashes[place], table, True)


@njit(cache=True)
def among(hashes: Words, table: Words) -> Bools:
    """By hash: whether it may be in the table."""
    found = np.empty(len(hashes), dtype=np.bool_)
    for place in range(len(hashes)):
        found[place] = _touch(hashes[place], table, False)
    return found


@njit(cache=True)
def identifiers_pass(
    data: Bytes, offsets: Ints, salts: Words, variants: int, least: int, tokens: Words, shared: Words, hits: Bools
) -> None:
    """Mark in `hits` the identifiers (ASCII capitals) with a key among `tokens`, and enter all their keys into
    `shared`."""
    longest = 1
    for number in range(len(salts)):
        longest = max(longest, offsets[number + 1] - offsets[number])
    compact, segments = np.empty(longest, dtype=np.uint8), np.empty(longest, dtype=np.uint8)
    for number in range(len(salts)):
        size, short = 0, 0
        first_digit, serial, serial_end = -1, 0, 0
        behind_digit, dropping = False, True  # zeros behind the start or what is no digit are dropped in a segment
        waiting = False
        for place in range(offsets[number], offsets[number + 1]):
            code = data[place]
            digit = _ZERO <= code <= _NINE
            if digit:
                if first_digit < 0:
                    first_digit = size
                if not behind_digit:
                    serial = size
                serial_end = size + 1
            if dropping and code == _ZERO:
                waiting = True
            else:
                if waiting and not digit:
                    segments[short] = _ZERO
                    short += 1
                waiting = False
                dropping = not digit
                if digit or (_A <= code <= _Z):
                    segments[short] = code
                    short += 1
            if digit or (_A <= code <= _Z):
                compact[size] = code
                size += 1
            behind_digit = digit
        if waiting:
            segments[short] = _ZERO
            short += 1
        salt = salts[number]
        hit = False
        for fill in (False, True):
            table = shared if fill else tokens
            if fill and not hit:
                break
            if variants & EXACT and _canonical(compact, 0, size, salt, least, table, fill):
                hit = True
            if (
                variants & SEGMENTS
                and (short < size or not variants & EXACT)
                and _canonical(segments, 0, short, salt, least, table, fill)
            ):
                hit = True
            if variants & UNPREFIXED and first_digit > 0 and _canonical(
                compact, first_digit, size, salt, least, table, fill
            ):  # fmt: skip
                hit = True
            if variants & SERIAL and first_digit >= 0 and _canonical(
                compact, serial, serial_end, salt, least, table, fill
            ):  # fmt: skip
                hit = True
            if variants & TRUNCATED and size >= _TRUNCATED_FROM:
                for cut in range(1, 4):
                    if _canonical(compact, 0, size - cut, salt, least, table, fill):
                        hit = True
                for cut in range(1, 3):
                    if _canonical(compact, cut, size, salt, least, table, fill):
                        hit = True
        hits[number] = hit


@njit(cache=True)
def starts_pass(data: Bytes, offsets: Ints, salts: Words, least: int, table: Words, fill: bool, hits: Bools) -> None:
    """Enter the first `least` letters of each name into `table`, or mark in `hits` the texts in which such letters
    stand from a word's start. Spaces between words do not count."""
    for text in range(len(offsets) - 1):
        hit = False
        stop = offsets[text + 1]
        for first in range(offsets[text], stop):
            if first > offsets[text] and (fill or data[first - 1] != _SPACE):
                continue
            hashed, size = _START ^ salts[text], 0
            for place in range(first, stop):
                if data[place] != _SPACE:
                    hashed, size = _put(hashed, data[place]), size + 1
                    if size == least:
                        hit = _touch(hashed, table, fill)
                        break
            if hit:
                break
        hits[text] = hit
