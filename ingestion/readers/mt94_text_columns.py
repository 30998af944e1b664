"""Many fields :86: taken apart at once, as columns: the same reading as `mt94_text.read_text`, which reads what is unusual.

The dialect of each text decides who reads it: German subfields, slash code words, free text. A text that a dialect's reading
by columns does not cover (a code word given twice, a blank line, ...) is read alone; tests hold both readings equal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa

from ingestion.contracts import TEXT
from ingestion.readers.byte_slices import CAPITAL, DIGIT, WHITE, Block, Bytes, Flags, Ints, any_between, byte_set
from ingestion.readers.mt94_german_columns import SUBFIELD_CODES, german_columns
from ingestion.readers.mt94_sepa_columns import TextColumns, sepa_word_places, structured_references
from ingestion.readers.mt94_slash_columns import slash_columns, slash_words
from ingestion.readers.mt94_text import EntryText, free_text, read_text
from ingestion.record_columns import Column, positions

_AFTER_DIGITS = byte_set("!\"#$%&'*+<=>?@\\^`{|}~")  # what may part subfields after a transaction code
_ALONE = byte_set("?><^~|#")  # and without one
_SLASH, _PADDING = ord("/"), np.zeros(12, dtype=np.uint8)


def text_columns(texts: Block) -> TextColumns:
    """The columns of `EntryText` for texts that are not blank; a column nobody fills is missing.

    The texts hold neither control characters nor blanks beyond ASCII: `mt94_plain` leaves such texts out.
    """
    count = len(texts.start)
    parts: list[tuple[Ints, TextColumns]] = []
    careful = np.zeros(count, dtype=bool)
    array = np.append(texts.array, _PADDING)
    separator, has_code = _separators(array, texts)
    # a separator beyond ASCII, or blanks before the first subfield
    careful |= WHITE[array[texts.start]] | ((array[texts.start + 3] >= 0x80) & DIGIT[array[texts.start]])
    structured = (separator > 0) & ~careful
    for one in np.unique(separator[structured]).tolist():
        rows = np.flatnonzero(structured & (separator == one))
        columns, unread = german_columns(texts.chosen(rows), chr(one), has_code[rows])
        parts.append((rows, columns))
        careful[rows[unread]] = True
    rest = ~structured & ~careful
    slashed = rest & _has_slash_words(array, texts)
    rows = np.flatnonzero(slashed)
    if len(rows):
        columns, unread = slash_columns(texts.chosen(rows))
        parts.append((rows, columns))
        careful[rows[unread]] = True
    rest &= ~slashed
    if rest.any():
        coded = rest & any_between(sepa_word_places(array), texts.start + 4, texts.end)
        careful |= coded
        rows = np.flatnonzero(rest & ~coded)
        columns, unread = _free_columns(texts.chosen(rows))
        parts.append((rows, columns))
        careful[rows[unread]] = True
    return _put_together(count, parts, texts, careful)


def _separators(array: Bytes, texts: Block) -> tuple[Ints, Flags]:
    """The byte that parts the German subfields of each text, 0 where it is no such text; whether a code stands before it."""
    start, end = texts.start, texts.end
    coded = DIGIT[array[start]] & DIGIT[array[start + 1]] & DIGIT[array[start + 2]] & _AFTER_DIGITS[array[start + 3]]
    alone = _ALONE[array[start]]
    at = start + np.where(coded, 3, 0)
    code = (array[at + 1].astype(np.int64) - 48) * 10 + array[at + 2] - 48
    follows = DIGIT[array[at + 1]] & DIGIT[array[at + 2]] & (at + 2 < end)
    follows &= SUBFIELD_CODES[np.where(follows, code, 99)]
    return np.where((coded | alone) & follows, array[at], 0).astype(np.int64), coded


def _has_slash_words(array: Bytes, texts: Block) -> Flags:
    start, end = texts.start, texts.end
    slashes = np.flatnonzero(array == _SLASH)
    if not len(slashes):
        return np.zeros(len(start), dtype=bool)
    found = np.zeros(len(start), dtype=bool)
    found[slash_words(texts).row] = True
    rows = np.flatnonzero(~found & (array[start] == _SLASH))
    start, end = start[rows], end[rows]
    after = np.append(slashes, len(array))[np.searchsorted(slashes, start + 1)]
    size = after - start - 1
    begins = (size >= 2) & (size <= 8) & (after < end)
    for place in range(8):
        begins &= (place >= size) | CAPITAL[array[np.minimum(start + 1 + place, len(array) - 1)]]
    found[rows] = begins
    return found


def free_columns(texts: Block) -> TextColumns:
    """The columns of `EntryText` for texts in which nothing but free text is looked for."""
    columns, ragged = _free_columns(texts)
    return _put_together(len(texts.start), [(np.arange(len(texts.start)), columns)], texts, ragged, free_text)


def _free_columns(texts: Block) -> tuple[TextColumns, Flags]:
    """Free text is remittance information, line by line."""
    breaks = texts.places("\n")
    edges = WHITE[texts.array[breaks - 1]] | WHITE[np.append(texts.array, 0)[breaks + 1]] if len(breaks) else breaks
    ragged = any_between(breaks[edges.astype(bool)], texts.start, texts.end)
    remittance = texts.column()
    columns = {"remittance": remittance, **structured_references(texts, texts.start, texts.end)}
    return columns, ragged


def _put_together(
    count: int,
    parts: Sequence[tuple[Ints, TextColumns]],
    texts: Block,
    careful: Flags,
    carefully: Callable[[str], EntryText] = read_text,
) -> TextColumns:
    """The columns of all parts in the order of the texts; what is `careful` is read here."""
    alone = np.flatnonzero(careful)
    read = [carefully(text) for text in texts.texts(alone)]
    source = np.zeros(count, dtype=np.int64)
    done = 0
    for rows, _ in parts:
        source[rows] = np.arange(done, done + len(rows))
        done += len(rows)
    source[alone] = np.arange(done, done + len(alone))
    in_order = len(parts) == 1 and not len(alone)
    taken = positions(source)
    columns: TextColumns = {}
    for place, name in enumerate(EntryText._fields):
        values: list[str | None] = [one[place] for one in read]
        if not any(name in given for _, given in parts) and not any(values):
            continue
        pieces: list[Column] = [given[name] if name in given else pa.nulls(len(rows), TEXT) for rows, given in parts]
        if in_order:
            columns[name] = pieces[0]
        else:
            columns[name] = pa.concat_arrays([*pieces, pa.array(values, TEXT)]).take(taken)
    return columns
