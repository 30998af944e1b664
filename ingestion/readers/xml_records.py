"""A stream of an ISO 20022 message's containers (header, statement, balance, entry, transaction, ...) with the fields of each.

A `Layout` names the elements a reader wants as containers. Each container closes with its fields: the texts of the leaves
inside it, by path relative to it (`Amt`, `BookgDt/Dt`, attributes as `Amt@Ccy`; the second of two equal paths is `Ustrd#2`).

Banks fill the same template over and over, so the containers of which a file has many are not walked element by element: the
structure of one is turned into a regular expression that captures all its fields at once, and the next ones are tried against
the structures seen so far. What matches none is walked token by token. Expat has proven the text well-formed (`xml_source`), so
both ways see the same tree; a test holds them together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from ingestion.reading import FileRejected
from ingestion.readers.xml_source import XmlSource

Fields = dict[str, str]
Event = tuple[bool, str, Fields, int, int]
"""(closed, container, fields, byte where it starts, byte behind its end); an opening has no fields and no end yet."""

MAX_DEPTH = 100
MAX_PENDING = 8 << 20  # bytes that may wait for a closing tag
STREAMED_RECORD = 2 << 20  # a record longer than this is walked while it arrives
_SHAPE_SEEN = 3  # how often a structure is walked before it gets its expression
_SHAPES_TRIED = 16
_SHAPES_COMPILED = 64
_SHAPES_COUNTED = 4096

_TOKEN = re.compile(r"""([^<]*)<(/?)([^\s/>]+)((?:[^>"']|"[^"]*"|'[^']*')*?)(/?)>""")
_ATTRIBUTE = re.compile(r"""([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_ASIDE = re.compile(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>", re.DOTALL)
_SUPPLEMENT = re.compile(
    r"<((?:[\w.-]+:)?SplmtryData)(?:\s(?:[^>\"']|\"[^\"]*\"|'[^']*')*)?(?<!/)>.*?</\1\s*>", re.DOTALL
)
_SUPPLEMENT_OPEN = re.compile(r"<(?:[\w.-]+:)?SplmtryData(?:\s(?:[^>\"']|\"[^\"]*\"|'[^']*')*)?(?<!/)>")
_REFERENCE = re.compile(r"&(?:#x([0-9A-Fa-f]+)|#([0-9]+)|(\w+));")
_ENTITIES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_ORDINAL = re.compile(r"#\d+")

# XML 1.0 allows none of these four characters, so they can stand for what must not be taken for markup.
_GONE = "\x04"
_HIDE = str.maketrans({"<": "\x01", ">": "\x02", "&": "\x03"})
_SHOW = str.maketrans({"\x01": "<", "\x02": ">", "\x03": "&", _GONE: None})


@dataclass(frozen=True)
class Layout:
    """Which elements are containers.

    `roots` maps the name of a message's root element to the format; `children` maps a container to its containers by
    relative path (the root's own name is `message`); `records` are the containers a file has many of.
    """

    roots: Mapping[str, str]
    children: Mapping[str, Mapping[str, str]]
    records: frozenset[str]


@dataclass
class _Open:
    """A container that is open, with what is known of it."""

    name: str
    start: int
    depth: int
    fields: Fields = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    record: str | None = None  # the name its child containers of the many have, None where it has none


class RecordStream:
    """Walks one file. After the first event `root`, `message_format` and `namespace` say which message it is."""

    def __init__(self, stream: BinaryIO, layout: Layout) -> None:
        self.source = XmlSource(stream)
        self.layout = layout
        self.root: str | None = None
        self.message_format: str | None = None
        self.namespace: str | None = None
        self.first_element: str | None = None
        self.has_document = False
        self._prefixes: dict[str, str] = {}  # namespace by prefix, as declared so far
        self._own = {""}  # the prefixes of the message's namespace
        self._prefix = ""  # with its colon
        self._path: list[str] = []  # of every open element, relative to its container
        self._open: list[_Open] = []
        self._leaf = False
        self._shapes: dict[str, list[tuple[Callable[[str], re.Match[str] | None], tuple[str, ...]]]] = {}
        self._counts: dict[str, int] = {}
        self._compiled = 0
        self._base = self.source.start

    def __iter__(self) -> Iterator[Event]:
        """The events in file order; raises `FileRejected` where the file is not well-formed XML."""
        pending = ""
        for chunk in self.source.chunks():
            text, usable = _set_aside(pending + chunk)
            position = yield from self._consume(text, usable)
            self._base += position
            pending = text[position:]
            if len(pending) > MAX_PENDING or pending.count("<") - 2 * pending.count("</") - pending.count("/>") > 2000:
                raise FileRejected(
                    "an element of the file is too large or too deeply nested",
                    place=f"byte {self._base}",
                    found=f"{len(pending)} bytes without an end",
                    expected=f"at most {MAX_PENDING} bytes",
                    advice="this is no message a bank sends; ask the sender",
                )

    def _consume(self, text: str, usable: int) -> Iterator[Event]:
        """Handle all complete tokens and records of `text[:usable]`; returns how much of it is done with."""
        position = 0
        while True:
            record = self._open[-1].record if self._open else None
            at = text.find(f"<{self._prefix}{record}>", position, usable) if record else -1
            walked = yield from self._walk(text, position, at if at >= 0 else usable)
            moved = walked != position
            position = walked
            if moved and (self._open[-1].record if self._open else None) != record:
                continue
            if at < 0:
                return position
            assert record is not None  # noqa: S101
            whole = self._child(record) == record
            if whole and (not text[position:at] or text[position:at].isspace()):
                end = text.find(f"</{self._prefix}{record}>", at, usable)
                if end >= 0:
                    end += len(self._prefix) + len(record) + 3
                    yield from self._record(record, text[at:end], self._base + at)
                    position = end
                    continue
                if usable - at <= STREAMED_RECORD:
                    return at
            before = position
            position = yield from self._walk(text, position, usable, once=True)
            if position == before:
                return position

    def _child(self, name: str) -> str | None:
        """The container an element `name` would be at this point."""
        container = self._open[-1]
        path = f"{self._path[-1]}/{name}" if len(self._path) > container.depth else name
        return self.layout.children.get(container.name, {}).get(_ORDINAL.sub("", path))

    def _walk(self, text: str, position: int, limit: int, *, once: bool = False) -> Iterator[Event]:
        """Walk token by token up to `limit`, at most to where the innermost container changes; returns the position."""
        while token := _TOKEN.match(text, position, limit):
            before, closing, name, attributes, empty = token.groups()
            start, position = token.start(2) - 1, token.end()
            container = len(self._open)
            if not closing:
                yield from self._open_element(name, attributes, self._base + start)
                self._leaf = True
                before = ""
            if closing or empty:
                yield from self._close_element(before, self._base + position)
            if once or len(self._open) != container:
                break
        return position

    def _open_element(self, name: str, attributes: str, start: int) -> Iterator[Event]:
        if len(self._path) >= MAX_DEPTH:
            raise FileRejected(
                "the file is nested too deeply", place=f"byte {start}", found=f"{MAX_DEPTH} levels",
                expected="an ISO 20022 message, which has about 20", advice="this is no message a bank sends; ask the sender",
            )  # fmt: skip
        prefix, _, local = name.rpartition(":")
        pairs = [(key, one or other) for key, one, other in _ATTRIBUTE.findall(attributes)] if attributes else []
        for key, value in pairs:
            if key == "xmlns" or key.startswith("xmlns:"):
                self._declare(key[6:], value)
        if not self._open:
            self.first_element = self.first_element or local
            self.has_document = self.has_document or local == "Document"
            self._path.append("")
            if local in self.layout.roots:
                self.root, self.message_format = local, self.layout.roots[local]
                self.namespace = self._prefixes.get(prefix)
                self._prefix = f"{prefix}:" if prefix else ""
                self._own = {prefix} | {key for key, value in self._prefixes.items() if value == self.namespace}
                self._open.append(self._container("message", start))
                yield False, "message", {}, start, 0
            return
        container = self._open[-1]
        element = local if prefix in self._own else name
        path = f"{self._path[-1]}/{element}" if len(self._path) > container.depth else element
        ordinal = container.seen[path] = container.seen.get(path, 0) + 1
        child = self.layout.children.get(container.name, {}).get(_ORDINAL.sub("", path))
        if child is not None:
            self._path.append("")
            self._open.append(self._container(child, start))
            yield False, child, {}, start, 0
            container, path = self._open[-1], ""
        else:
            path = f"{path}#{ordinal}" if ordinal > 1 else path
            self._path.append(path)
        for key, value in pairs:
            container.fields[f"{path}@{key}"] = self._clean(value)

    def _container(self, name: str, start: int) -> _Open:
        children = self.layout.children.get(name, {}).values()
        return _Open(name, start, len(self._path), record=next((c for c in children if c in self.layout.records), None))

    def _declare(self, prefix: str, namespace: str) -> None:
        self._prefixes[prefix] = namespace
        if self._open and namespace == self.namespace:
            self._own.add(prefix)

    def _close_element(self, text: str, end: int) -> Iterator[Event]:
        if not self._path:
            self.source.fail("an element is closed that was not opened")
        path = self._path.pop()
        if self._open and len(self._path) < self._open[-1].depth:
            container = self._open.pop()
            yield True, container.name, container.fields, container.start, end
        elif self._leaf and self._open:
            self._open[-1].fields[path] = self._clean(text)
        self._leaf = False

    def _record(self, name: str, segment: str, start: int) -> Iterator[Event]:
        """A whole record from `<name>` to `</name>`; the records inside it come first, as if they were taken out of it."""
        yield False, name, {}, start, 0
        inner = next((c for c in self.layout.children.get(name, {}).values() if c in self.layout.records), None)
        opening = f"<{self._prefix}{inner}>"
        at = segment.find(opening) if inner else -1
        if at >= 0 and inner:
            closing = f"</{self._prefix}{inner}>"
            pieces, done = [], 0
            while at >= 0:
                end = segment.find(closing, at)
                if end < 0:
                    self.source.fail(f"a {inner} is not closed")
                end += len(closing)
                pieces.append(segment[done:at])
                yield True, inner, self._fields(inner, segment[at:end]), start + at, start + end
                done, at = end, segment.find(opening, end)
            pieces.append(segment[done:])
            fields = self._fields(name, "".join(pieces))
        else:
            fields = self._fields(name, segment)
        yield True, name, fields, start, start + len(segment)

    def _fields(self, name: str, segment: str) -> Fields:
        """The fields of a record by the first known structure that fits, else by walking it."""
        shapes = self._shapes.setdefault(name, [])
        for place, (fits, paths) in enumerate(shapes):
            if found := fits(segment):
                if place:
                    shapes.insert(0, shapes.pop(place))
                values: tuple[str, ...] = found.groups()
                break
        else:
            paths, values, expression = self._walk_record(segment)
            self._learn(shapes, expression, paths)
        if not segment.isascii() or "&" in segment or "\r" in segment or _GONE in segment:
            return dict(zip(paths, map(self._clean, values), strict=True))
        return dict(zip(paths, map(str.strip, values), strict=True))

    def _learn(
        self,
        shapes: list[tuple[Callable[[str], re.Match[str] | None], tuple[str, ...]]],
        expression: str,
        paths: tuple[str, ...],
    ) -> None:
        if len(self._counts) >= _SHAPES_COUNTED and expression not in self._counts:
            return
        self._counts[expression] = self._counts.get(expression, 0) + 1
        if self._counts[expression] == _SHAPE_SEEN and self._compiled < _SHAPES_COMPILED:
            self._compiled += 1
            shapes.insert(0, (re.compile(expression).fullmatch, paths))
            del shapes[_SHAPES_TRIED:]

    def _walk_record(self, segment: str) -> tuple[tuple[str, ...], tuple[str, ...], str]:
        """The paths and texts of a record's leaves, and the expression that captures the same from its like."""
        paths: list[str] = []
        values: list[str] = []
        expression: list[str] = []
        stack: list[str] = []
        seen: dict[str, int] = {}
        position, leaf = 0, False
        while token := _TOKEN.match(segment, position):
            before, closing, name, attributes, empty = token.groups()
            position = token.end()
            if closing and leaf:
                paths.append(stack[-1])
                values.append(before)
                expression.append("([^<]*+)")
            else:
                expression.append(r"\s*+")
            expression.append(f"<{closing}{re.escape(name)}")
            if not closing:
                if len(stack) >= MAX_DEPTH:
                    self.source.fail("it is nested too deeply")
                prefix, _, local = name.rpartition(":")
                element = local if prefix in self._own else name
                path = "" if not stack else f"{stack[-1]}/{element}" if stack[-1] else element
                ordinal = seen[path] = seen.get(path, 0) + 1
                stack.append(f"{path}#{ordinal}" if ordinal > 1 else path)
                expression.append(_attributes(attributes, stack[-1], paths, values))
            if closing or empty:
                if not stack:
                    self.source.fail("an element is closed that was not opened")
                stack.pop()
            expression.append(empty + ">")
            leaf = not closing and not empty
            if not stack:
                break
        if stack or segment[position:].strip():
            self.source.fail("an element is not closed")
        return tuple(paths), tuple(values), "".join(expression)

    def _clean(self, text: str) -> str:
        """The text a leaf stands for: decoded, references resolved, line ends as newline, blanks around it dropped."""
        if not text.isascii():
            text = self.source.decode(text)
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if "&" in text:
            text = _REFERENCE.sub(_resolve, text)
        return text.translate(_SHOW).strip()


def _attributes(text: str, path: str, paths: list[str], values: list[str]) -> str:
    """The expression of a start tag's attributes, each value captured; adds their paths and values."""
    expression, done = [], 0
    for found in _ATTRIBUTE.finditer(text):
        group = 2 if found[2] is not None else 3
        quote = text[found.end() - 1]
        paths.append(f"{path}@{found[1]}")
        values.append(found[group])
        expression += [re.escape(text[done : found.start(group)]), f"([^{quote}<]*+)"]
        done = found.end(group)
    return "".join([*expression, re.escape(text[done:])])


def _set_aside(text: str) -> tuple[str, int]:
    """Comments, instructions, CDATA markup and supplementary data taken out, in place; and up to where that is complete."""
    usable = len(text)
    if "<!" in text or "<?" in text:
        text = _ASIDE.sub(_aside, text)
        usable = min(at if (at := text.find(mark)) >= 0 else usable for mark in ("<!", "<?"))
    if "SplmtryData" in text:
        text = _SUPPLEMENT.sub(lambda found: _GONE * len(found[0]), text)
        if still := _SUPPLEMENT_OPEN.search(text, 0, usable):
            usable = still.start()
    return text, usable


def _aside(found: re.Match[str]) -> str:
    text = found[0]
    if text.startswith("<![CDATA["):
        return text[9:-3].translate(_HIDE) + _GONE * 12
    return _GONE * len(text)


def _resolve(found: re.Match[str]) -> str:
    if found[1] or found[2]:
        code = int(found[1], 16) if found[1] else int(found[2])
        return chr(code) if code < 0x110000 else ""
    return _ENTITIES.get(found[3], "")
