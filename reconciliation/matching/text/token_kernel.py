"""The compiled search for shared tokens; importing it loads numba, so `token_filter` does so only for large work.

Tokens of texts and keys of identifiers are hashed as they are spelled, without making the spellings. The rules are
those of `tokens` and `identifiers`: what shares a token there shares a hash here. What needs more than a look at the
characters (check digits, ranges) is left to those who call.

All of it is one module: numba keeps what it has compiled until the file of a function changes, and does not notice a change
in another file from which that one took a part.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

EXACT, SEGMENTS, UNPREFIXED, SERIAL, TRUNCATED = 1, 2, 4, 8, 16
STRUCTURED, LISTED = 1, 2  # what a text may hold

_ZERO, _NINE, _A, _Z, _I, _O = (ord(character) for character in "09AZIO")
_R, _F, _SPACE = ord("R"), ord("F"), ord(" ")
_SMALL_A, _SMALL_Z, _POINT, _SLASH, _LINE, _DASH = (ord(character) for character in "az./_-")
_START = np.uint64(0xCBF29CE484222325)  # FNV-1a
_PRIME = np.uint64(0x100000001B3)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_MAX_TOKEN, _GLUED_FROM = 40, 8
_LONGEST_GROUPS = 6  # atoms of a QRR printed in groups
_LIST_FROM = 4  # characters of the first number of a range or a list
_TRUNCATED_FROM, _UNPREFIXED_FROM = 10, 5
_SEGMENTS_RANK, _UNPREFIXED_RANK, _SERIAL_RANK, _TRUNCATED_RANK = 1, 2, 3, 4
_SEVERAL = 3  # runs of digits whose zeros are dropped without their letters in front: two are a year and a month
_READINGS = 7
_MOST_KEYS = _READINGS + 3  # of one identifier


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
def _found(found: Words, used: int, hashed: np.uint64, begin: int, end: int, span: int) -> int:
    found[used, 0] = hashed
    found[used, 1] = begin
    found[used, 2] = end
    found[used, 3] = span
    return used + 1


@njit(cache=True)
def _digit_runs(data: Bytes, start: int, stop: int, salt: np.uint64, least: int, found: Words, used: int) -> int:
    """The whole digit runs of an atom with a letter and three digits on end, as written and with O for 0, I for 1."""
    bare, digits, most = True, 0, 0
    for place in range(start, stop):
        digits = digits + 1 if data[place] <= _NINE else 0
        bare = bare and digits > 0
        most = max(most, digits)
    if bare or most < 3:
        return used
    for spelled in range(2):
        run = start
        for place in range(start, stop + 1):
            code = data[place] if place < stop else _Z
            if code <= _NINE or (spelled == 1 and code in (_O, _I)):
                continue
            if place - run >= least:
                hashed, size = _spelled(data, run, place, salt)
                if size >= least:
                    used = _found(found, used, hashed, run, place, 0)
            run = place + 1
    return used


@njit(cache=True)
def _grams(
    data: Bytes, starts: Ints, stops: Ints, first: int, count: int, begin: int, salt: np.uint64, grams: int,
    least: int, found: Words, used: int,
) -> int:  # fmt: skip
    """Neighbouring atoms joined from the first on, whole or from its digits at `begin` on: these only with others."""
    glued = begin > starts[first]
    shortest = max(least, _GLUED_FROM) if glued else least
    hashed, size, letter, zeros = _START ^ salt, 0, False, False
    length, numeric = 0, False
    for last in range(first, min(count, first + grams)):
        length += stops[last] - starts[last]
        if length > _MAX_TOKEN:
            break
        for place in range(begin if last == first else starts[last], stops[last]):
            numeric = numeric or data[place] <= _NINE
            hashed, size, letter, zeros = _push(data[place], hashed, size, letter, zeros)
        if zeros:
            hashed, size, letter, zeros = _put(hashed, _ZERO), size + 1, False, False
        if numeric and length >= shortest and size >= shortest and not (glued and last == first):
            used = _found(found, used, hashed, begin, stops[last], 0 if glued else last - first + 1)
    return used


@njit(cache=True)
def _first_digit(data: Bytes, start: int, stop: int) -> int:
    """Where the digits of an atom begin that has letters in front of them; its start for any other."""
    place = start
    while place < stop and data[place] > _NINE:
        place += 1
    return place if place < stop else start


@njit(cache=True)
def _structured(data: Bytes, starts: Ints, stops: Ints, first: int, count: int) -> bool:
    """Whether a structured reference may begin with an atom: RF and two digits, or groups of 27 or 12 digits in all."""
    begin, stop = starts[first], stops[first]
    if stop - begin >= 4 and data[begin] == _R and data[begin + 1] == _F:
        return bool(data[begin + 2] <= _NINE and data[begin + 3] <= _NINE)
    length = 0
    for last in range(first, min(count, first + _LONGEST_GROUPS)):
        for place in range(starts[last], stops[last]):
            if data[place] > _NINE:
                return False
        length += stops[last] - starts[last]
        if length in (12, 27):
            return True
    return False


@njit(cache=True)
def text_tokens(data: Bytes, offsets: Ints, salts: Words, grams: int, least: int) -> tuple[Words, Ints, Bytes]:
    """The tokens of each text (ASCII capitals): hash, where it begins and ends in `data`, span; for each text where its
    own end; and whether it may hold a structured reference (STRUCTURED), a range or a list (LISTED)."""
    longest = 1
    for text in range(len(salts)):
        longest = max(longest, offsets[text + 1] - offsets[text])
    starts, stops = np.empty(longest, dtype=np.int64), np.empty(longest, dtype=np.int64)
    numeric = np.empty(longest, dtype=np.bool_)
    found, used = np.empty((1024, 4), dtype=np.uint64), 0
    ends, may_hold = np.empty(len(salts), dtype=np.int64), np.zeros(len(salts), dtype=np.uint8)
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
        # of each atom so many grams, again from its digits on; of each character two digit runs
        most = 2 * count * grams + 2 * (offsets[text + 1] - offsets[text])
        if used + most > len(found):
            grown = np.empty((2 * (used + most), 4), dtype=np.uint64)
            for row in range(used):
                for column in range(found.shape[1]):
                    grown[row, column] = found[row, column]
            found = grown
        for first in range(count):
            if not numeric[first : min(count, first + grams)].any():
                continue
            begin = starts[first]
            used = _grams(data, starts, stops, first, count, begin, salts[text], grams, least, found, used)
            if not numeric[first]:
                continue
            used = _digit_runs(data, begin, stops[first], salts[text], least, found, used)
            glued = _first_digit(data, begin, stops[first])
            if glued > begin:
                used = _grams(data, starts, stops, first, count, glued, salts[text], grams, least, found, used)
            if _structured(data, starts, stops, first, count):
                may_hold[text] |= STRUCTURED
            if stops[first] - begin >= _LIST_FROM and numeric[first + 1 : min(count, first + 3)].any():
                may_hold[text] |= LISTED
        ends[text] = used
    return found[:used].copy(), ends, may_hold


@njit(cache=True)
def whole_tokens(data: Bytes, offsets: Ints, salts: Words) -> tuple[Words, Ints]:
    """The hash and the length of the canonical form of each text as a whole."""
    hashes, sizes = np.empty(len(salts), dtype=np.uint64), np.empty(len(salts), dtype=np.int64)
    for text in range(len(salts)):
        hashes[text], sizes[text] = _spelled(data, offsets[text], offsets[text + 1], salts[text])
    return hashes, sizes


@njit(cache=True)
def _spell(data: Bytes, start: int, stop: int, out: Bytes, used: int) -> int:
    """Write the canonical form of the letters and digits between two places behind the first `used` bytes of `out`."""
    begin, letter, zeros = used, False, False
    for place in range(start, stop):
        code = data[place]
        if not (_ZERO <= code <= _NINE or _A <= code <= _Z):
            if zeros:
                out[used] = _ZERO
                used, letter, zeros = used + 1, False, False
            continue
        if code == _O:
            code = _ZERO
        elif code == _I:
            code = _ZERO + 1
        if code == _ZERO and letter:
            zeros = True
            continue
        if code == _ZERO and used == begin:
            continue
        if zeros and code >= _A:
            out[used] = _ZERO
            used += 1
        out[used] = code
        used += 1
        letter, zeros = code >= _A, False
    if zeros:
        out[used] = _ZERO
        used += 1
    return used


@njit(cache=True)
def spelled(data: Bytes, begins: Ints, ends: Ints) -> tuple[Bytes, Ints]:
    """The canonical forms of what stands between places of `data`: bytes one after another, and their bounds."""
    most = 0
    for place in range(len(begins)):
        most += ends[place] - begins[place]
    out, offsets, used = np.empty(most, dtype=np.uint8), np.zeros(len(begins) + 1, dtype=np.int64), 0
    for place in range(len(begins)):
        used = _spell(data, begins[place], ends[place], out, used)
        offsets[place + 1] = used
    return out[:used].copy(), offsets


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
def _cut_at_end(data: Bytes, start: int, stop: int, salt: np.uint64, least: int, most: int, hashes: Words) -> int:
    """The hashes of the canonical form of some characters, whole and less one to `most` at the end; which of them are keys
    (long enough, with a digit), as bits."""
    hashed, size, letter, zeros = _START ^ salt, 0, False, False
    keys, digit = 0, False
    for place in range(start, stop):
        waited = zeros
        hashed, size, letter, zeros = _push(data[place], hashed, size, letter, zeros)
        digit = digit or (size > 0 and not letter) or (waited and not zeros)
        cut = stop - 1 - place
        if cut <= most:
            hashes[cut] = _put(hashed, _ZERO) if zeros else hashed
            if size + zeros >= least and (digit or zeros):
                keys |= 1 << cut
    return keys


@njit(cache=True)
def identifier_keys(
    data: Bytes, offsets: Ints, salts: Words, variants: int, least: int, tokens: Words
) -> tuple[Ints, Words, Bytes, Bytes, Ints, Bools]:
    """The keys of identifiers (ASCII capitals) that may be among `tokens`: the identifier's place, hash, rank of the
    variant, and the keys' bytes and their bounds; and by identifier whether its form may be that of a structured one."""
    longest = 1
    for number in range(len(salts)):
        longest = max(longest, offsets[number + 1] - offsets[number])
    compact, segments = np.empty(longest, dtype=np.uint8), np.empty(longest, dtype=np.uint8)
    owners, hashes = np.empty(1024, dtype=np.int64), np.empty(1024, dtype=np.uint64)
    ranks, bounds = np.empty(1024, dtype=np.uint8), np.zeros(1025, dtype=np.int64)
    out, used, written = np.empty(1024 * 32, dtype=np.uint8), 0, 0
    formed = np.zeros(len(salts), dtype=np.bool_)
    cuts = np.empty(4, dtype=np.uint64)
    for number in range(len(salts)):
        size, short = 0, 0
        first_digit, serial, serial_end, runs = -1, 0, 0, 0
        digits, behind_digit, dropping = (
            0,
            False,
            True,
        )  # zeros behind the start or what is no digit are dropped in a segment
        waiting = False
        for place in range(offsets[number], offsets[number + 1]):
            code = data[place]
            digit = _ZERO <= code <= _NINE
            if digit:
                digits += 1
                if first_digit < 0:
                    first_digit = size
                if not behind_digit:
                    serial = size
                    runs += 1
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
        if not size:
            continue
        formed[number] = (digits == size and size in (12, 27)) or (
            size >= 5 and compact[0] == _R and compact[1] == _F and compact[2] <= _NINE and compact[3] <= _NINE
        )
        if used + _MOST_KEYS > len(hashes):
            more = 2 * (used + _MOST_KEYS)
            owners, hashes = _grown(owners, used, more), _grown(hashes, used, more)
            ranks, bounds = _grown(ranks, used, more), _grown(bounds, used + 1, more + 1)
        if written + _MOST_KEYS * size > len(out):
            out = _grown(out, written, 2 * (written + _MOST_KEYS * size))
        cut_from = _TRUNCATED_FROM if variants & TRUNCATED else size + 1
        for kind in range(_READINGS):
            source, begin, end, rank, most = compact, 0, size, 0, 0
            if kind == 0:  # whole, and less one to three at its end
                if not variants & (EXACT | TRUNCATED):
                    continue
                most = 3 if size >= cut_from else 0
            elif kind == 1:
                if not variants & SEGMENTS or (short == size and variants & EXACT):
                    continue
                source, end, rank = segments, short, _SEGMENTS_RANK
            elif kind == 2:
                prefixed = not _ZERO <= data[offsets[number]] <= _NINE
                if (
                    not variants & UNPREFIXED
                    or first_digit < 0
                    or not prefixed
                    or size - first_digit < _UNPREFIXED_FROM
                ):
                    continue
                begin, rank = first_digit, _UNPREFIXED_RANK
            elif kind == 3:
                if not variants & SERIAL or first_digit < 0:
                    continue
                begin, end, rank = serial, serial_end, _SERIAL_RANK
            elif kind == _READINGS - 1:  # several numbers without their letters in front and their zeros
                if (
                    not variants & UNPREFIXED
                    or first_digit <= 0
                    or runs < _SEVERAL
                    or short == size
                    or short - first_digit < _UNPREFIXED_FROM
                ):
                    continue
                source, begin, end, rank = segments, first_digit, short, _UNPREFIXED_RANK
            else:  # less one or two in front
                if size < cut_from:
                    continue
                begin, rank = kind - 3, _TRUNCATED_RANK
            keys = _cut_at_end(source, begin, end, salts[number], least, most, cuts)
            for cut in range(most + 1):
                if not keys >> cut & 1 or (kind == 0 and cut == 0 and not variants & EXACT):
                    continue
                if not _touch(cuts[cut], tokens, False):
                    continue
                owners[used], hashes[used] = number, cuts[cut]
                ranks[used] = rank if cut == 0 else _TRUNCATED_RANK
                written = _spell(source, begin, end - cut, out, written)
                used += 1
                bounds[used] = written
    return (
        owners[:used].copy(), hashes[:used].copy(), ranks[:used].copy(), out[:written].copy(),
        bounds[: used + 1].copy(), formed,
    )  # fmt: skip


@njit(cache=True)
def _grown(array: npt.NDArray[Any], used: int, size: int) -> npt.NDArray[Any]:
    grown = np.empty(size, dtype=array.dtype)
    for place in range(used):  # to assign a slice numba would compile its error messages, which takes a second
        grown[place] = array[place]
    return grown


@njit(cache=True)
def digit_words(data: Bytes, offsets: Ints, least: int) -> tuple[Ints, Bytes, Ints]:
    """The words of texts with a digit and at least so many bytes (`identifier_words`): the text's place, the words' bytes and
    their bounds."""
    owners, bounds = np.empty(1024, dtype=np.int64), np.zeros(1025, dtype=np.int64)
    out, used, written = np.empty(len(data), dtype=np.uint8), 0, 0
    for text in range(len(offsets) - 1):
        begin, end, digit = -1, 0, False
        for place in range(offsets[text], offsets[text + 1] + 1):
            code = data[place] if place < offsets[text + 1] else _SPACE
            if _ZERO <= code <= _NINE or _A <= code <= _Z or _SMALL_A <= code <= _SMALL_Z:
                if begin < 0:
                    begin, digit = place, False
                end, digit = place + 1, digit or code <= _NINE
                continue
            if begin < 0 or code in (_POINT, _SLASH, _LINE, _DASH):
                continue
            if digit and end - begin >= least:
                if used == len(owners):
                    owners, bounds = _grown(owners, used, 2 * used), _grown(bounds, used + 1, 2 * used + 1)
                owners[used] = text
                for of_word in range(begin, end):
                    out[written] = data[of_word]
                    written += 1
                used += 1
                bounds[used] = written
            begin = -1
    return owners[:used].copy(), out[:written].copy(), bounds[: used + 1].copy()


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
