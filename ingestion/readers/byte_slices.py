"""Text as bytes and positions: slices of a buffer trimmed, joined and turned into Arrow columns, thousands at a time.

Readers of line formats find where fields begin and end with array operations; these are the operations they share. Text
is UTF-8, a slice is `start` and `end` (exclusive) into the buffer, and nothing here makes a Python object a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import TEXT
from ingestion.record_columns import Column, positions

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]


def byte_set(letters: str) -> Flags:
    """A table by byte: whether it is one of these ASCII letters."""
    table = np.zeros(256, dtype=bool)
    table[[ord(letter) for letter in letters]] = True
    return table


_NOTHING = np.zeros(0, dtype=np.uint8)
BLANK = byte_set(" \t\r")
WHITE = byte_set(" \t\r\n")
DIGIT = byte_set("0123456789")
CAPITAL = byte_set("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def trimmed(array: Bytes, start: Ints, end: Ints, unwanted: Flags) -> tuple[Ints, Ints]:
    """The slices without unwanted bytes at their ends; a slice of nothing else is empty."""
    end = np.maximum(start, end)
    last = len(array) - 1
    if last < 0:
        return start, end
    while True:
        leading = unwanted[array[np.minimum(start, last)]] & (start < end)
        if not leading.any():
            break
        start = start + leading
    while True:
        trailing = unwanted[array[np.maximum(end - 1, 0)]] & (start < end)
        if not trailing.any():
            return start, end
        end = end - trailing


def text_column(buffer: bytes, start: Ints, end: Ints) -> Column:
    """The text of each slice, null where empty. The slices that hold something follow one another in the buffer.

    Arrow reads slice, gap, slice, gap, ... as one array of strings without copying; every second one is taken.
    """
    filled = np.flatnonzero(end > start)
    if not len(filled):
        return pa.nulls(len(start), TEXT)
    offsets = np.empty(2 * len(filled), dtype=np.int32)
    offsets[0::2] = start[filled]
    offsets[1::2] = end[filled]
    every = pa.StringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets.data), pa.py_buffer(buffer))
    if len(filled) == len(start):
        return every.take(positions(np.arange(0, len(offsets), 2)))
    at = np.zeros(len(start), dtype=np.int64)
    at[filled] = np.arange(0, len(offsets), 2)
    return every.take(positions(at, end <= start))


def numbers(array: Bytes, start: Ints, end: Ints) -> tuple[Ints, Flags]:
    """Unsigned numbers of at most 18 digits, and which slices are such; a slice that is none counts as 0."""
    width = end - start
    good = (width >= 1) & (width <= 18)
    value = np.zeros(len(start), dtype=np.int64)
    if not good.any():
        return value, good
    longest = min(int(width.max()), 18)
    eights, end = _eights(array, end, longest + 7)
    for done in range(0, longest, 8):
        inside = np.clip(width - done, 0, 8).astype(np.uint64)
        inside *= _BYTE_BITS
        outside = _ALL_BITS >> inside  # the bytes before the number, which are the low ones
        letters = eights[np.maximum(end - (8 + done), 0)]
        letters &= ~outside
        letters |= outside & _ZEROS
        good &= _are_digits(letters)
        value += _number_of_digits(letters).astype(np.int64) * np.int64(10**done)
    value *= good
    return value, good


_ALL_BITS, _BYTE_BITS = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(8)
_ZEROS, _THREES, _SIXES = np.uint64(0x3030303030303030), np.uint64(0x3333333333333333), np.uint64(0x0606060606060606)
_HIGH_HALVES, _PAIRS = np.uint64(0xF0F0F0F0F0F0F0F0), np.uint64(0x000000FF000000FF)


def _eights(array: Bytes, end: Ints, before: int) -> tuple[Words, Ints]:
    """The eight bytes from every place on, as numbers, and the places `end`; so many bytes stand before each."""
    if int(end.min()) < before:
        array = np.concatenate([np.zeros(32, dtype=np.uint8), array])
        end = end + 32
    return np.ndarray((len(array) - 7,), dtype=np.uint64, buffer=array.data, strides=(1,)), end


def _are_digits(letters: Words) -> Flags:
    """Which eights are digits only: their high half is 3, and stays so with 6 added."""
    high = letters & _HIGH_HALVES
    with_six = letters + _SIXES
    with_six &= _HIGH_HALVES
    with_six >>= np.uint64(4)
    high |= with_six
    digits: Flags = high == _THREES
    return digits


def _number_of_digits(letters: Words) -> Words:
    """The numbers that eights of digits are: digits become pairs, pairs fours, fours the whole."""
    pairs = letters - _ZEROS
    tens = pairs * np.uint64(10)
    pairs >>= _BYTE_BITS
    tens += pairs
    even = tens & _PAIRS
    even *= np.uint64(100 + (10**6 << 32))
    tens >>= np.uint64(16)
    tens &= _PAIRS
    tens *= np.uint64(1 + (10**4 << 32))
    even += tens
    even >>= np.uint64(32)
    return even


def words(array: Bytes, start: Ints, size: Ints | int) -> Words:
    """Words of at most seven letters as numbers, as `word_number` gives them; the array goes on for eight bytes after each start."""
    letters: Words = np.ndarray((len(array) - 7,), dtype=np.uint64, buffer=array.data, strides=(1,))[start]
    letters &= ~(_ALL_BITS << (_BYTE_BITS * np.asarray(size, dtype=np.uint64)))
    return letters


def word_number(word: str) -> int:
    """A word of at most seven ASCII letters as a number."""
    return int.from_bytes(word.encode(), "little")


def days_of_dates(yymmdd: Ints) -> tuple[Ints, Flags]:
    """Days since 1970-01-01 of dates YYMMDD, and which of them the calendar has; 80 to 99 are the last century."""
    year, month, day = yymmdd // 10_000, yymmdd // 100 % 100, yymmdd % 100
    year = year + np.where(year >= 80, 1900, 2000)
    last = _LAST_DAYS[np.minimum(month, 13)] + ((month == 2) & (year % 4 == 0))  # 2000 was a leap year too
    known: Flags = (day >= 1) & (day <= last)
    # years that begin in March have the leap day at their end
    year, month = year - (month <= 2), (month + 9) % 12
    return year * 365 + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + day - 1 - 719_468, known


_LAST_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0])


def any_between(places: Ints, start: Ints, end: Ints) -> Flags:
    """Which slices hold one of the places, which ascend."""
    if not len(places):
        return np.zeros(len(start), dtype=bool)
    found: Flags = np.searchsorted(places, start) < np.searchsorted(places, end)
    return found


def by_distinct(column: Column, change: Callable[[str], str | None], where: str) -> Column:
    """A text column with each distinct text changed once, where any matches the expression `where` at all."""
    if not pc.any(pc.match_substring_regex(column, where)).as_py():  # type: ignore[arg-type]
        return column
    encoded = column.dictionary_encode()
    distinct = [None if text is None else change(text) for text in encoded.dictionary.to_pylist()]
    return pa.array(distinct, TEXT).take(encoded.indices)


def chosen(texts: Sequence[str | None], which: npt.NDArray[np.integer]) -> Column:
    """The texts at these numbers as a column; ASCII texts of one length are put together without looking at each."""
    if len(texts) == 1:
        return pa.repeat(pa.scalar(texts[0], TEXT), len(which))
    table, letters = _table(tuple(texts))
    if letters is None:
        return table.take(positions(which))
    size = letters.shape[1]
    data, offsets = letters.take(which, axis=0), np.arange(0, size * len(which) + 1, size, dtype=np.int32)
    found: Column = pa.StringArray.from_buffers(len(which), pa.py_buffer(offsets.data), pa.py_buffer(data.data))
    return found


@lru_cache(maxsize=64)
def _table(texts: tuple[str | None, ...]) -> tuple[Column, Bytes | None]:
    """Texts as a column and, where they are ASCII texts of one length, as the letters of each."""
    size = len(texts[0] or "") if texts else 0
    if not size or any(text is None or len(text) != size or not text.isascii() for text in texts):
        return pa.array(texts, TEXT), None
    letters = np.frombuffer("".join(filter(None, texts)).encode(), dtype=np.uint8).reshape(-1, size)
    return pa.array(texts, TEXT), letters


def without(column: Column, words: Iterable[str]) -> Column:
    """A text column with null in place of these texts."""
    found: Column = pc.if_else(pc.is_in(column, pa.array(list(words), TEXT)), pa.scalar(None, TEXT), column)
    return found


class Block(NamedTuple):
    """Texts one after the other in a buffer: text `i` is `buffer[offsets[i]:offsets[i + 1]]`."""

    buffer: bytes
    array: Bytes
    offsets: Ints

    @property
    def start(self) -> Ints:
        """Where each text begins."""
        return self.offsets[:-1]

    @property
    def end(self) -> Ints:
        """Where each text ends."""
        return self.offsets[1:]

    def places(self, byte: str) -> Ints:
        """Where an ASCII letter stands, over all texts."""
        return np.flatnonzero(self.array == ord(byte))

    def rows(self, places: Ints) -> Ints:
        """The text each place belongs to."""
        found: Ints = np.searchsorted(self.offsets, places, side="right") - 1
        return found

    def lengths(self, start: Ints, end: Ints) -> Ints:
        """How many characters the slices hold."""
        if self.buffer.isascii():
            return end - start
        further = np.flatnonzero((self.array & 0xC0) == 0x80)  # bytes that no character begins with
        found: Ints = end - start - (np.searchsorted(further, end) - np.searchsorted(further, start))
        return found

    def column(self) -> Column:
        """The texts trimmed, null where empty."""
        return text_column(self.buffer, *trimmed(self.array, self.start, self.end, WHITE))

    def texts(self, rows: Ints) -> list[str]:
        """A few texts as they are."""
        return [self.buffer[self.offsets[row] : self.offsets[row + 1]].decode() for row in rows.tolist()]

    def chosen(self, rows: Ints) -> Block:
        """Some of the texts; `rows` ascends."""
        if len(rows) == len(self.offsets) - 1:
            return self
        return block(self.array, self.start[rows], self.end[rows], np.arange(len(rows)), len(rows))

    def without(self, places: Ints) -> Block:
        """The texts without the bytes at these places, which ascend."""
        if not len(places):
            return self
        kept = np.ones(len(self.array), dtype=bool)
        kept[places] = False
        array = self.array[kept]
        return Block(array.tobytes(), array, self.offsets - np.searchsorted(places, self.offsets))

    def without_letter(self, byte: str) -> Block:
        """The texts without an ASCII letter, wherever it stands."""
        places = self.places(byte)
        if not len(places):
            return self
        buffer = self.buffer.replace(byte.encode(), b"")
        return Block(
            buffer, np.frombuffer(buffer, dtype=np.uint8), self.offsets - np.searchsorted(places, self.offsets)
        )


def block(
    array: Bytes, start: Ints, end: Ints, row: Ints, count: int, gap: Flags | None = None, fill: str = "\n"
) -> Block:
    """Slices put together to `count` texts: `row` says to which each slice belongs and ascends; `gap` where `fill` follows."""
    if not len(row):
        return Block(b"", _NOTHING, np.zeros(count + 1, dtype=np.int64))
    offsets = np.empty(2 * len(row), dtype=np.int32)
    offsets[0::2] = start
    offsets[1::2] = end if gap is None else end + gap  # the byte after the slice makes room for the fill
    slices = pa.BinaryArray.from_buffers(
        pa.binary(), len(offsets) - 1, [None, pa.py_buffer(offsets.data), pa.py_buffer(array.data)]
    )
    taken = slices.take(positions(np.arange(0, len(offsets), 2)))
    _, ends_buffer, data = taken.buffers()
    after = np.frombuffer(memoryview(ends_buffer or b""), dtype=np.int32, count=len(row) + 1)
    total = int(after[-1])
    found = np.frombuffer(memoryview(data or b""), dtype=np.uint8, count=total) if total else _NOTHING
    if gap is not None:
        found = found.copy()
        found[after[1:][gap] - 1] = ord(fill)
    # text i ends where the last slice of the texts up to it ends
    ends = after[np.searchsorted(row, np.arange(1, count + 1))].astype(np.int64)
    return Block(found.tobytes(), found, np.concatenate([np.zeros(1, dtype=np.int64), ends]))


def texts_block(texts: Iterable[str]) -> Block:
    """A block of Python texts."""
    encoded = [text.encode() for text in texts]
    buffer = b"".join(encoded)
    sizes = np.cumsum([len(one) for one in encoded], dtype=np.int64)
    return Block(buffer, np.frombuffer(buffer, dtype=np.uint8), np.concatenate([np.zeros(1, dtype=np.int64), sizes]))


def joined_by(first: Column, second: Column, gap: str = "\n") -> Column:
    """Two columns of texts joined; where one is null, the other stands alone."""
    if first.null_count == len(first):
        return second
    if second.null_count == len(second):
        return first
    both: Column = pc.binary_join_element_wise(first, second, gap)  # type: ignore[call-overload]
    return pc.coalesce(both, first, second)
