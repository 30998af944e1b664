"""A JSON document read through a window: what is small as values, long lists of records one record at a time.

Memory does not grow with the document. Numbers keep their digits, a key that is there twice is an error, and errors
name the line and column of the document, as `json.loads` does.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from ingestion.readers.json_cells import Json, Number
from ingestion.reading import FileRejected

DOCUMENT_LIMIT = 1 << 28
VALUE_LIMIT = 1 << 23
_CHUNK = 1 << 20
_LONGEST_TOKEN = 16  # characters of a number's end, a literal or an escape that may be cut at the window's end
_BLANKS = " \t\n\r"
_SPACE = re.compile(f"[{_BLANKS}]*+")


def _no_constant(text: str) -> Json:
    raise ValueError(f"{text} is not JSON")


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} is there twice")
    return fields


_exact = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=_no_constant, object_pairs_hook=_object)
_skipping = json.JSONDecoder(parse_int=float)  # for values that are read again, or not at all


def loads(text: str) -> Json:
    """A JSON text as values; raises `ValueError` or `RecursionError`."""
    return _exact.decode(text)


def outline(stream: BinaryIO, pointers: Sequence[str], sample: int) -> Json:
    """The document, of the lists at these pointers only the first `sample` elements; proves that it is JSON.

    That no key is there twice and no constant is foreign (NaN) is proven only by `records_at`. Raises `FileRejected`.
    """
    ways = {_steps(pointer) for pointer in pointers}
    leading = {way[:length] for way in ways for length in range(len(way))}

    def value(way: tuple[str, ...]) -> Json:
        first = window.peek()
        if first == "[" and way in ways:
            found: list[Json] = []
            for _ in window.elements():
                if len(found) < sample:
                    found.append(window.value(_exact))
                else:
                    window.value(_skipping)
            return found
        if first == "{" and way in leading:
            return _object([(key, value((*way, key))) for key in window.names()])
        return window.value(_exact)

    with _verdicts():
        window = _Window(stream)
        document = value(())
        window.end()
    return document


def records_at(stream: BinaryIO, pointer: str) -> Iterator[Json]:
    """The elements of the list at a pointer, or what is there instead; raises `FileRejected`, at the latest at the
    end."""

    def records(way: tuple[str, ...]) -> Iterator[Json]:
        if way:
            keys: list[tuple[str, Json]] = []
            for key in window.names():
                keys.append((key, None))
                if key == way[0]:
                    yield from records(way[1:])
                else:
                    window.value(_exact)
            _object(keys)
        elif window.peek() == "[":
            for _ in window.elements():
                yield window.value(_exact)
        else:
            yield window.value(_exact)

    with _verdicts():
        window = _Window(stream)
        yield from records(_steps(pointer))
        window.end()


def _steps(pointer: str) -> tuple[str, ...]:
    """The keys of a JSON pointer (RFC 6901)."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def value_at(document: Json, pointer: str) -> Json:
    """The value at a pointer; None where there is none."""
    for key in _steps(pointer):
        document = document.get(key) if isinstance(document, dict) else None
    return document


@contextmanager
def _verdicts() -> Iterator[None]:
    """What is wrong with a document, as the verdict on the file."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise FileRejected(
            "the file is not text in UTF-8",
            place=f"byte {error.start}",
            expected="JSON in UTF-8",
            advice="ask the sender",
        ) from None
    except RecursionError:
        raise FileRejected(
            "the JSON is nested too deeply", expected="an extract of records", advice="the file is damaged or hostile"
        ) from None
    except ValueError as error:
        raise FileRejected(
            "the file is not JSON",
            place=f"line {error.line}, column {error.column}" if isinstance(error, _NotJsonError) else "",
            found=str(error)[:300],
            expected="one JSON document, or one JSON object a line",
            advice="the file is truncated or damaged: ask for it again",
        ) from None


class _NotJsonError(ValueError):
    """The text is no JSON at a line, column and character of the document."""

    def __init__(self, what: str, line: int, column: int, character: int) -> None:
        super().__init__(f"{what}: line {line} column {column} (char {character})")
        self.line = line
        self.column = column


class _Bytes:
    """The bytes of a document as text, chunk by chunk; refuses what is too long."""

    def __init__(self, stream: BinaryIO) -> None:
        stream.seek(0)
        self._stream = stream
        self._read = 0
        self._unquoted = 0  # bytes since the last quotation mark
        head = stream.read(max(_CHUNK, 4))  # the first four bytes tell the encoding
        self._decoder = codecs.getincrementaldecoder(json.detect_encoding(head))()
        self._head: bytes | None = head

    def next(self, least: int) -> str | None:
        """Some more text, about so much of it; None at the end."""
        data = self._head if self._head is not None else self._stream.read(max(least, _CHUNK))
        self._head = None
        self._check(data)
        self._read += len(data)
        try:
            text = self._decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            error.start += self._read - len(error.object)
            raise
        return text if data else text or None

    def _check(self, data: bytes) -> None:
        if self._read + len(data) > DOCUMENT_LIMIT:
            raise FileRejected(
                f"a JSON document is longer than {DOCUMENT_LIMIT >> 20} MB",
                expected="pages, or one record a line",
                advice="ask for the extract in pages or as JSON lines",
            )
        first = data.find(b'"')
        self._unquoted += len(data) if first < 0 else first
        if self._unquoted > VALUE_LIMIT:
            raise FileRejected(
                f"a value is longer than {VALUE_LIMIT >> 20} MB", place=f"byte {self._read + max(first, 0) - self._unquoted}",
                found="no quotation mark from there on",
                expected="an extract of records", advice="the file is damaged or hostile",
            )  # fmt: skip
        if first >= 0:
            self._unquoted = len(data) - 1 - data.rfind(b'"')


class _Window:
    """A piece of the document, from the position reached on; grows where a value does not end in it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._bytes = _Bytes(stream)
        self._text = ""
        self._at = 0
        self._before = 0  # characters of the document before the piece
        self._lines = 0  # and line breaks
        self._line_start = 0  # where the line that the piece begins in begins, in characters of the document
        self._grow()
        self._text = self._text.removeprefix("\ufeff")

    def peek(self) -> str:
        """The next character that is no blank; none at the end of the document."""
        while True:
            if self._text[self._at : self._at + 1] in _BLANKS:  # none, at the end, is in it too
                found = _SPACE.match(self._text, self._at)
                self._at = found.end() if found else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._grow():
                return ""

    def value(self, decoder: json.JSONDecoder) -> Json:
        """The next value."""
        self.peek()
        while True:
            try:
                value, end = decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                cut = error.pos >= len(self._text) - _LONGEST_TOKEN or error.msg.startswith("Unterminated string")
                if cut and self._grow():
                    continue
                raise self._fault(error.msg, error.pos) from None
            if end == len(self._text) and self._grow():  # a number may go on
                continue
            self._at = end
            return value

    def names(self) -> Iterator[str]:
        """The keys of the object that comes next; whoever asks takes the value of each before the next."""
        self.peek()
        self._at += 1
        if self._closes("}"):
            return
        while True:
            if self.peek() != '"':
                raise self._fault("Expecting property name enclosed in double quotes")
            key = self.value(_exact)
            if self.peek() != ":":
                raise self._fault("Expecting ':' delimiter")
            self._at += 1
            yield str(key)
            if self._closes("}"):
                return
            self._past_comma()

    def elements(self) -> Iterator[None]:
        """A turn for each element of the list that comes next; whoever asks takes it before the next."""
        self.peek()
        self._at += 1
        if self._closes("]"):
            return
        while True:
            yield
            if self._closes("]"):
                return
            self._past_comma()

    def end(self) -> None:
        """Nothing may follow."""
        if self.peek():
            raise self._fault("Extra data")

    def _closes(self, mark: str) -> bool:
        is_closing = self.peek() == mark
        self._at += is_closing
        return is_closing

    def _past_comma(self) -> None:
        if self.peek() != ",":
            raise self._fault("Expecting ',' delimiter")
        self._at += 1

    def _grow(self) -> bool:
        """Forget what lies behind and read on; False at the end of the document."""
        more = self._bytes.next(len(self._text) - self._at)
        if more is None:
            return False
        passed = self._text[: self._at]
        if "\n" in passed:
            self._lines += passed.count("\n")
            self._line_start = self._before + passed.rindex("\n") + 1
        self._before += self._at
        self._text = self._text[self._at :] + more
        self._at = 0
        return True

    def _fault(self, what: str, at: int | None = None) -> _NotJsonError:
        position = self._at if at is None else at
        newline = self._text.rfind("\n", 0, position)
        start = self._line_start if newline < 0 else self._before + newline + 1
        character = self._before + position
        line = self._lines + self._text.count("\n", 0, position) + 1
        return _NotJsonError(what, line, character - start + 1, character)
