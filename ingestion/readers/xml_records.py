"""The containers of an ISO 20022 message (statement, balance, entry, transaction, ...), each with the fields it wants.

A `Box` declares a container: the leaves it wants by path relative to it, and the containers inside it. Each chunk of
the file is first proven well-formed by expat (`xml_source`); it is then cut at its tags, and a state machine whose
states are the declared paths follows them: one dictionary look-up a start tag. A state knows the namespaces in force
where it stands, so that names are matched with their prefixes resolved. What no box declares is passed over, and
nothing but the open containers is held in memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from ingestion.readers.xml_source import TOKEN_LIMIT, XmlSource
from ingestion.reading import FileRejected

Fields = dict[str, str]
"""The texts of a container's leaves by path (`Amt`, `BookgDt/Dt`), trimmed; empty ones are left out. A path that occurs
several times has its texts joined by a line break. The currency attribute of `Amt` is `Amt@Ccy`."""

Opener = Callable[[int], None]
"""Takes the byte offset the container starts at."""

Closer = Callable[[Fields, Fields, int, int], None]
"""Takes the fields of the container that closes, those so far of the one around it, and the offsets it lies between."""

MAX_DEPTH = 100
_STATES_KEPT = 20_000  # tags are remembered up to this number
_FORMAT = re.compile(r"((?:camt|pain)\.\d{3}\.\d{3}\.\d{2})")
_XML_SPACE = " \t\r\n"

# A tag, a comment, a CDATA section or a processing instruction; a `>` may stand in an attribute's value.
_MARKUP = re.compile(
    r"""(<(?:[^!?>"'][^>"']*+(?:"[^"]*+"[^>"']*+|'[^']*+'[^>"']*+)*+|!--.*?--|!\[CDATA\[.*?\]\]|\?.*?\?)>)""", re.DOTALL
)
_ATTRIBUTE = re.compile(r"""([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_REFERENCE = re.compile(r"&(?:#x([0-9A-Fa-f]+)|#([0-9]+)|(\w+));")
_ENTITIES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}


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
    """An element at its place in the message, by the very text of its start tag."""

    __slots__ = (
        "children",
        "closer",
        "currency",
        "depth",
        "is_box",
        "is_empty",
        "is_plain",
        "key",
        "opener",
        "parent",
        "pattern",
        "scope",
    )

    def __init__(self, parent: _State | None, pattern: _Pattern | None, scope: Mapping[str, str]) -> None:
        self.children: dict[str, _State] = {}  # by start tag
        self.parent: _State = parent or self
        self.depth: int = parent.depth + 1 if parent else 0
        self.pattern = pattern
        self.scope = scope  # namespace by prefix
        self.key = pattern.key if pattern else None
        self.currency: str | None = None  # the value of its attribute Ccy
        self.is_empty = False  # <tag/>
        self.is_box = False
        self.is_plain = True  # neither a container, nor empty, nor with a currency
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
        self._state = _State(None, None, {})
        self._fields: Fields = {}
        self._around: list[tuple[Fields, int]] = []
        self._behind = ""  # the last text before the one being cut up
        self._offset = self.source.start  # of the text being cut up

    @property
    def message_format(self) -> str | None:
        """The message and version the namespace names, such as camt.053.001.08; None where it names none."""
        found = _FORMAT.search(self.namespace)
        return found[1] if found else None

    def __iter__(self) -> Iterator[None]:
        """Run through the file; raises `FileRejected` where it is not well-formed XML, or hostile."""
        pending = ""
        for chunk in self.source.advance():
            text = pending + chunk
            usable = _usable(text) if chunk else len(text)
            self._consume(text[:usable])
            self._offset += usable
            pending = text[usable:]
            if len(pending) > TOKEN_LIMIT:
                raise self.source.too_long(self._offset)
            yield

    def _consume(self, text: str) -> None:
        """Follow the tags of a text that begins and ends between two pieces of markup."""
        pieces = _pieces(text)
        is_simple = text.isascii() and "&" not in text and "\r" not in text
        state, fields, around = self._state, self._fields, self._around
        offset, summed = self._offset, 0  # where piece number `summed` begins
        for index, piece in enumerate(pieces):
            if piece[0] == "/":
                if state.is_box:
                    offset += sum(map(len, pieces[summed:index])) + index - summed
                    summed = index
                    closed = fields
                    fields, start = around.pop()
                    if state.closer is not None:
                        state.closer(closed, fields, start, offset + piece.index(">") + 2)
                state = state.parent
                continue
            tag, _, behind = piece.partition(">")
            child = state.children.get(tag)
            if child is None:
                if piece[0] in "!?":
                    self._aside(state, fields, pieces[index - 1] if index else self._behind, piece)
                    continue
                tag, behind = _start_tag(piece)
                child = self._resolve(state, tag)
            key = child.key
            if key is not None:
                value = behind.strip(_XML_SPACE)
                if value:
                    if not is_simple and (not value.isascii() or "&" in value or "\r" in value):
                        value = self._clean(value)
                    if key in fields:
                        _add(fields, key, value)
                    else:
                        fields[key] = value
            if child.is_plain:
                state = child
                continue
            if child.currency is not None:
                _add(fields, f"{key}@Ccy", child.currency)
            if child.is_box:
                offset += sum(map(len, pieces[summed:index])) + index - summed
                summed = index
                if child.opener is not None:
                    child.opener(offset)
                if child.is_empty:
                    if child.closer is not None:
                        child.closer({}, fields, offset, offset + len(tag) + 2)
                else:
                    around.append((fields, offset))
                    fields = {}
            if not child.is_empty:
                state = child
        self._state, self._fields, self._behind = state, fields, pieces[-1] if pieces else ""

    def _aside(self, state: _State, fields: Fields, before: str, piece: str) -> None:
        """A comment, an instruction or a CDATA section inside a leaf: the text of the leaf goes on behind it."""
        if state.key is None:
            return
        markup = _MARKUP.match(f"<{piece}")
        if markup is None:
            self.source.fail("a comment or a section is not closed")
        blank = before[len(before.rstrip(_XML_SPACE)) :]
        literal = self.source.decode(markup[0][9:-3]) if piece.startswith("![CDATA[") else ""
        behind = self._clean(piece[markup.end() - 1 :], trim=False)
        more = blank + literal.replace("\r\n", "\n").replace("\r", "\n") + behind
        if more.strip(_XML_SPACE):
            fields[state.key] = (fields.get(state.key, "") + more).strip(_XML_SPACE)

    def _resolve(self, state: _State, tag: str) -> _State:
        """The state a start tag leads to that was not seen at this place before."""
        if state.depth >= MAX_DEPTH:
            raise FileRejected(
                "the file is nested too deeply", place=f"after byte {self._offset}", found=f"{MAX_DEPTH} levels",
                expected="an ISO 20022 message, which has about 20",
                advice="this is no message a bank sends; ask the sender",
            )  # fmt: skip
        name, *rest = tag.removesuffix("/").split(None, 1)
        attributes = {key: one or other for key, one, other in _ATTRIBUTE.findall(rest[0])} if rest else {}
        declared = {key[6:]: value for key, value in attributes.items() if key == "xmlns" or key.startswith("xmlns:")}
        scope = {**state.scope, **declared} if declared else state.scope
        prefix, _, local = name.rpartition(":")
        namespace = scope.get(prefix, "")
        self.first_element = self.first_element or local
        if state.pattern is None and namespace and len(self.namespaces) < 5:
            self.namespaces.add(namespace)
        if state.pattern is None and local in self._roots and not self._is_inside_message(state):
            self.root, self.namespace = local, namespace
            return self._bind(_State(state, self._roots[local], scope), tag, attributes)  # each message of a file anew
        pattern = state.pattern.children.get(local) if state.pattern else None
        if pattern is not None and namespace != self.namespace:
            self.foreign.add(namespace)
        found = self._bind(_State(state, pattern, scope), tag, attributes)
        if self._states < _STATES_KEPT:
            self._states += 1
            state.children[tag] = found
        return found

    def _bind(self, state: _State, tag: str, attributes: Mapping[str, str]) -> _State:
        box = state.pattern.box if state.pattern else None
        if box is not None:
            state.is_box = True
            state.opener = self._openers.get(box.name)
            state.closer = self._closers.get(box.name)
        state.is_empty = tag.endswith("/")
        if state.key is not None and attributes.get("Ccy"):
            state.currency = self._clean(attributes["Ccy"])
        if state.is_empty:
            state.key = None  # it has no text; what stands behind it is none of its own
        state.is_plain = not state.is_box and not state.is_empty and state.currency is None
        return state

    def _clean(self, text: str, *, trim: bool = True) -> str:
        """What a text of the file stands for: decoded, line ends as newline, references resolved."""
        if not text.isascii():
            text = self.source.decode(text)
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if "&" in text:
            text = _REFERENCE.sub(_referred, text)
        return text.strip(_XML_SPACE) if trim else text

    @staticmethod
    def _is_inside_message(state: _State) -> bool:
        while state.parent is not state:
            if state.pattern is not None:
                return True
            state = state.parent
        return False


def _add(fields: Fields, key: str, text: str) -> None:
    fields[key] = f"{fields[key]}\n{text}" if key in fields else text


def _usable(text: str) -> int:
    """Up to where the markup of a text, and the text behind each piece of it, is surely complete."""
    if "<!" not in text and "<?" not in text:
        return max(text.rfind("<"), 0)
    position = max(text.find("<"), 0)
    while found := _MARKUP.match(text, position):
        following = text.find("<", found.end())
        if following < 0:
            break
        position = following
    return position


def _pieces(text: str) -> list[str]:
    """The text cut before each piece of markup, its `<` dropped: each is markup and the text behind it."""
    if "<!" not in text and "<?" not in text:
        return text.split("<")[1:]
    parts = _MARKUP.split(text)
    return [markup[1:] + behind for markup, behind in zip(parts[1::2], parts[2::2], strict=True)]


def _start_tag(piece: str) -> tuple[str, str]:
    """The start tag of a piece without its brackets, and the text behind it; a `>` may stand in an attribute's
    value."""
    found = _MARKUP.match(f"<{piece}")
    end = found.end() - 2 if found else piece.index(">")
    return piece[:end], piece[end + 1 :]


def _referred(found: re.Match[str]) -> str:
    if found[1] or found[2]:
        return chr(int(found[1], 16) if found[1] else int(found[2]))
    return _ENTITIES[found[3]]
