"""SEPA code words (EREF+, SVWZ+, ...) of many texts as columns, and references that check digits give away."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import TEXT
from ingestion.readers.byte_slices import (
    DIGIT,
    WHITE,
    Block,
    Bytes,
    Flags,
    Ints,
    any_between,
    block,
    byte_set,
    joined_by,
    text_column,
    trimmed,
    without,
    word_number,
    words,
)
from ingestion.readers.mt94_text import NO_REFERENCE, REFERENCE_WORDS, SEPA_WORDS, structured
from ingestion.record_columns import Column

TextColumns = dict[str, Column]

_WORD_NUMBERS = np.array([word_number(word) for word in SEPA_WORDS], dtype=np.uint64)
_IN_ORDER = np.argsort(_WORD_NUMBERS)
_NUMBER_OF = {word: number for number, word in enumerate(SEPA_WORDS)}
_PADDING = np.zeros(8, dtype=np.uint8)
_OWN_COLUMN = ("SVWZ", "EREF", "KREF", "MREF", "ABWA", "ABWE", "PURP")
_REFERENCE_STARTS = byte_set("Rr+*")


def sepa_word_places(array: Bytes) -> Ints:
    """Where the plus of a SEPA code word stands, over all texts; a word may straddle two texts."""
    plus = np.flatnonzero(array == ord("+"))
    plus = plus[plus >= 4]
    return plus[np.isin(words(np.append(array, _PADDING), plus - 4, 4), _WORD_NUMBERS)] if len(plus) else plus


def sepa_columns(texts: Block, additional: Column) -> tuple[TextColumns, Flags]:
    """What the code words of purpose texts say, beside the `additional` of the entry; and which texts are left to `read_text`.

    A text without code words is all remittance information.
    """
    count = len(texts.start)
    places = sepa_word_places(texts.array)
    row = texts.rows(places)
    inside = places - 4 >= texts.start[row]
    places, row = places[inside], row[inside]
    word = np.argsort(_WORD_NUMBERS)[
        np.searchsorted(np.sort(_WORD_NUMBERS), words(np.append(texts.array, _PADDING), places - 4, 4))
    ]
    last = np.append(row[1:] != row[:-1], True)[: len(row)]
    end = np.where(last, texts.end[row], np.append(places[1:], 0)[: len(row)] - 4)
    start, end = trimmed(texts.array, places + 1, end, WHITE)
    at = np.full((len(SEPA_WORDS), count), -1, dtype=np.int64)
    at[word, row] = np.arange(len(row))
    unread = np.bincount(row, minlength=count) != (at >= 0).sum(axis=0)  # a word given twice
    # a reference that ends with its line, or goes on in the next one
    referring = np.isin(word, [_NUMBER_OF[one] for one in REFERENCE_WORDS])
    unread[row[referring & any_between(texts.places("\n"), start, end)]] = True
    bounds = _Bounds(texts, start, end, at)
    first = np.searchsorted(row, np.arange(count))
    lead_end = np.where(first < len(row), np.append(places, 0)[first] - 4, texts.end)
    lead_end = np.where(np.append(row, -1)[first] == np.arange(count), lead_end, texts.end)
    lead = text_column(texts.buffer, *trimmed(texts.array, texts.start, lead_end, WHITE))
    purpose_start, purpose_end = bounds.of("SVWZ")
    uncoded = np.bincount(row, minlength=count) == 0
    reference_start = np.where(uncoded, texts.start, purpose_start)
    reference_end = np.where(uncoded, texts.end, purpose_end)
    columns: TextColumns = {
        "remittance": joined_by(lead, text_column(texts.buffer, purpose_start, purpose_end)),
        "end_to_end_id": reference(bounds.column("EREF")),
        "instruction_id": reference(bounds.column("KREF")),
        "mandate_id": reference(bounds.column("MREF")),
        "ultimate_debtor": bounds.column("ABWA"),
        "ultimate_creditor": bounds.column("ABWE"),
        "purpose": bounds.column("PURP"),
        **structured_references(texts, reference_start, reference_end),
    }
    other = np.flatnonzero(~np.isin(word, [_NUMBER_OF[one] for one in _OWN_COLUMN]))
    if len(other):
        moved = start[other] != places[other] + 1
        unread[row[other[moved & (end[other] > start[other])]]] = True
        piece_end = np.where(end[other] > start[other], end[other], places[other] + 1)
        gap = np.append(row[other][1:] == row[other][:-1], False)
        rest = block(texts.array, places[other] - 4, piece_end, row[other], count, gap)
        additional = joined_by(additional, rest.column())
    columns["additional"] = additional
    return columns, unread


class _Bounds:
    """Where the value of each code word lies in each text; empty where the text has none."""

    def __init__(self, texts: Block, start: Ints, end: Ints, at: Ints) -> None:
        self.texts, self.at = texts, at
        self.start, self.end = np.append(start, 0), np.append(end, 0)

    def of(self, word: str) -> tuple[Ints, Ints]:
        number = self.at[_NUMBER_OF[word]]
        return self.start[number], self.end[number]

    def column(self, word: str) -> Column:
        return text_column(self.texts.buffer, *self.of(word))


def reference(column: Column) -> Column:
    """References without line breaks; words that say there is none are null."""
    if column.null_count == len(column):
        return column
    if pc.any(pc.match_substring(column, "\n")).as_py():  # type: ignore[arg-type]
        column = pc.replace_substring(column, "\n", "")  # type: ignore[type-var]
    return without(column, NO_REFERENCE)


def structured_references(texts: Block, start: Ints, end: Ints) -> TextColumns:
    """The texts that are a structured reference by their form and check digits; only what may be one is looked at."""
    start, end = trimmed(texts.array, start, end, WHITE)
    size = end - start
    array = np.append(texts.array, np.zeros(2, dtype=np.uint8))
    first, second = array[np.minimum(start, len(array) - 2)], array[np.minimum(start, len(array) - 2) + 1]
    marked = _REFERENCE_STARTS[first] & (
        (second == ord("F")) | (second == ord("f")) | WHITE[second] | (first == second)
    )
    candidates = np.flatnonzero((size >= 5) & (size <= 80) & (marked | (DIGIT[first] & (size >= 27))))
    values: list[str | None] = [None] * len(size)
    kinds: list[str | None] = [None] * len(size)
    for row in candidates.tolist():
        values[row], kinds[row] = structured(texts.buffer[start[row] : end[row]].decode())
    if not any(values):
        return {}
    return {
        "structured_reference": pa.array(values, TEXT),
        "structured_reference_type": pa.array(kinds, TEXT),
    }
