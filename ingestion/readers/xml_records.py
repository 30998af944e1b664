"""The containers of an ISO 20022 message (statement, balance, entry, transaction, ...) with the fields each wants, as
they close.

A `Box` declares a container: the leaves it wants by path relative to it, and the containers inside it. Expat drives a
state machine whose states are the declared paths: one dictionary look-up a start tag, nothing but the open containers
in memory. Names are matched with their namespace resolved, whatever the prefixes. What no box declares is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from ingestion.readers.xml_source import NAMESPACE_END, XmlSource
from ingestion.reading import FileRejected

Fields = dict[str, str]
"""The texts of a container's leaves by path (`Amt`, `BookgDt/Dt`), trimmed; empty ones are left out. A path that occurs
several times has its texts joined by a line break. The currency attribute of `Amt` is `Amt@Ccy`."""

Opener = Callable[[], None]
Closer = Callable[[Fields, Fields, int], None]
"""Takes the fields of the container that closes, the fields so far of the one around it, and the parser offset it
starts at."""

MAX_DEPTH = 100
_STATES_KEPT = 20_000  # undeclared names are remembered up to this number
_FORMAT = re.compile(r"((?:camt|pain)\.\d{3}\.\d{3}\.\d{2})")


@dataclass(frozen=True)
class Box:
    """A container of a message: its name for the handlers, its wanted leaves, and the containers in it, by relative
    path."""

    name: str
    leaves: tuple[str, ...] = ()
    boxes: Mapping[str, Box] = field(default_factory=dict)


class _Pattern:
    """A declared path, by local names."""

    __slots__ = ("box", "children", "key")

    def __init__(self) -> None:
        self.children: dict[str, _Pattern] = {}
        self.key: str | None = None
        self.box: Box | None = None


class _State:
    """An element of the message as expat names it; `closer` and `opener` only where it is a container."""

    __slots__ = ("children", "closer", "currency_key", "depth", "is_box", "key", "opener", "parent", "pattern")

    def __init__(self, parent: _State | None, pattern: _Pattern | None) -> None:
        self.children: dict[str, _State] = {}
        self.parent: _State = parent or self
        self.depth: int = parent.depth + 1 if parent else 0
        self.pattern = pattern
        self.key = pattern.key if pattern else None
        self.currency_key = f"{self.key}@Ccy" if self.key else None
        self.is_box = False
        self.opener: Opener | None = None
        self.closer: Closer | None = None


def _compile(box: Box) -> _Pattern:
    root = _Pattern()
    root.box = box
    for path in box.leaves:
        pattern = root
        for name in path.split("/"):
            pattern = pattern.children.setdefault(name, _Pattern())
        pattern.key = path
    for path, inner in box.boxes.items():
        pattern = root
        *way, last = path.split("/")
        for name in way:
            pattern = pattern.children.setdefault(name, _Pattern())
        pattern.children[last] = _compile(inner)
    return root


class RecordStream:
    """Walks one file and calls a handler for each container that closes (`closers`) or opens (`openers`), by box name.

    `roots` maps the local name of a message's root element to its box, wherever in an envelope that element stands.
    Iterating drives the walk and pauses after each chunk of the file, so that the caller can hand on what it has
    gathered.
    """

    def __init__(
        self, stream: BinaryIO, roots: Mapping[str, Box], closers: Mapping[str, Closer], openers: Mapping[str, Opener]
    ) -> None:
        self.source = XmlSource(stream)
        self.namespace = ""  # of the latest message's root element
        self.root: str | None = None  # the local name of that element
        self.first_element: str | None = None
        self.namespaces: set[str] = set()  # seen outside of messages, a few
        self.foreign: set[str] = set()  # other namespaces that declared names were found in
        self._roots = {name: _compile(box) for name, box in roots.items()}
        self._closers = closers
        self._openers = openers
        self._states = 0

    @property
    def message_format(self) -> str | None:
        """The message and version the namespace names, such as camt.053.001.08; None where it names none."""
        found = _FORMAT.search(self.namespace)
        return found[1] if found else None

    def __iter__(self) -> Iterator[None]:
        """Run through the file; raises `FileRejected` where it is not well-formed XML, or hostile."""
        parser = self.source.parser
        parser.buffer_text = True
        parser.buffer_size = 1 << 16
        parser.ordered_attributes = True
        state = _State(None, None)
        fields: Fields = {}
        around: list[tuple[Fields, int]] = []
        texts: list[str] = []
        clear = texts.clear
        resolve = self._resolve

        def start(name: str, attributes: list[str]) -> None:
            nonlocal state, fields
            clear()
            try:
                state = state.children[name]
            except KeyError:
                state = resolve(state, name)
            if attributes and state.currency_key is not None:
                for name, value in zip(attributes[::2], attributes[1::2], strict=True):
                    if name == "Ccy":
                        _add(fields, state.currency_key, value.strip())
            if state.is_box:
                around.append((fields, parser.CurrentByteIndex))
                fields = {}
                if state.opener is not None:
                    state.opener()

        def end(_name: str) -> None:
            nonlocal state, fields
            key = state.key
            if key is not None:
                if texts:
                    text = (texts[0] if len(texts) == 1 else "".join(texts)).strip()
                    clear()
                    if text:
                        if key in fields:
                            _add(fields, key, text)
                        else:
                            fields[key] = text
            elif state.is_box:
                closed = fields
                fields, began = around.pop()
                if state.closer is not None:
                    state.closer(closed, fields, began)
            state = state.parent

        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = texts.append
        yield from self.source.advance()

    def _resolve(self, state: _State, name: str) -> _State:
        """The state a start tag leads to that was not seen at this place before."""
        namespace, _, local = name.rpartition(NAMESPACE_END)
        if state.depth >= MAX_DEPTH:
            raise FileRejected(
                "the file is nested too deeply", place=self.place(), found=f"{MAX_DEPTH} levels",
                expected="an ISO 20022 message, which has about 20",
                advice="this is no message a bank sends; ask the sender",
            )  # fmt: skip
        self.first_element = self.first_element or local
        if state.pattern is None and namespace and len(self.namespaces) < 5:
            self.namespaces.add(namespace)
        if state.pattern is None and local in self._roots and not self._is_inside_message(state):
            found = _State(state, self._roots[local])
            self.root, self.namespace = local, namespace
            self._bind(found)
            return found  # not remembered: a second message in the file may have another namespace
        pattern = state.pattern.children.get(local) if state.pattern else None
        if pattern is not None and namespace != self.namespace:
            self.foreign.add(namespace)
        found = _State(state, pattern)
        self._bind(found)
        if self._states < _STATES_KEPT:
            self._states += 1
            state.children[name] = found
        return found

    def _bind(self, state: _State) -> None:
        box = state.pattern.box if state.pattern else None
        if box is not None:
            state.is_box = True
            state.opener = self._openers.get(box.name)
            state.closer = self._closers.get(box.name)

    @staticmethod
    def _is_inside_message(state: _State) -> bool:
        while state.parent is not state:
            if state.pattern is not None:
                return True
            state = state.parent
        return False

    def place(self) -> str:
        """Where the parser is, for people."""
        return f"line {self.source.parser.CurrentLineNumber}"


def _add(fields: Fields, key: str, text: str) -> None:
    fields[key] = f"{fields[key]}\n{text}" if key in fields else text
