"""The containers of an ISO 20022 message (statement, balance, entry, transaction, ...), each with the fields it wants.

Each chunk of the file is first proven well-formed by expat (`xml_source`); it is then cut at its tags, and a state
machine whose states are the declared paths (`xml_layout`) follows them: one dictionary look-up a start tag. A state
knows the namespaces in force where it stands, so that names are matched with their prefixes resolved. What no box
declares is passed over, and nothing but the open containers is held in memory. Containers of which a file has many, and
whose structure was seen before, are read by their shape (`xml_shapes`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import BinaryIO

from ingestion.readers.xml_layout import Box, Closer, Fields, Layout, Opener, State, add_field
from ingestion.readers.xml_shapes import TAGS_LIMIT, Planner, ShapeDraft
from ingestion.readers.xml_source import TOKEN_LIMIT, XmlSource
from ingestion.readers.xml_text import XML_SPACE, TextResolver, has_blank_reference, stands_for_itself
from ingestion.reading import FileRejected

__all__ = ["Box", "Closer", "Fields", "Layout", "Opener", "RecordStream"]

MAX_DEPTH = 100
_STATES_KEPT = 20_000  # tags are remembered up to this number
_FORMAT = re.compile(r"((?:camt|pain)\.\d{3}\.\d{3}\.\d{2})")
_SHAPE_BYTES = 20_000  # a longer container is walked
_SHAPES_KEPT = 16  # of one container
_SHAPES_MADE = 64  # of one file
_FIRST_STEP = 4096  # how much is walked at a time until the first such container is met
_DRAFTS = 2000  # containers looked at for their shape

# A tag, a comment, a CDATA section or a processing instruction; a `>` may stand in an attribute's value.
_MARKUP = re.compile(
    r"""(<(?:[^!?>"'][^>"']*+(?:"[^"]*+"[^>"']*+|'[^']*+'[^>"']*+)*+|!--.*?--|!\[CDATA\[.*?\]\]|\?.*?\?)>)""", re.DOTALL
)
_BLANKS = re.compile(f"[{XML_SPACE}]*+")
_ATTRIBUTE = re.compile(r"""([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")


class RecordStream:
    """Walks one file and calls a handler for each container that closes (`closers`) or opens (`openers`), by box name.

    Containers of a box that has a planner are handed to the taker of their shape instead, where it has one.

    A message of the layout is found wherever in an envelope its root element stands. Iterating drives the walk and
    pauses after each chunk of the file, so that the caller can hand on what it has gathered.
    """

    def __init__(
        self,
        stream: BinaryIO,
        layout: Layout,
        closers: Mapping[str, Closer],
        openers: Mapping[str, Opener],
        planners: Mapping[str, Planner] = MappingProxyType({}),
    ) -> None:
        self.source = XmlSource(stream)
        self.texts = TextResolver(self.source.decode)
        self.namespace = ""  # of the latest message's root element
        self.root: str | None = None  # the local name of that element
        self.first_element: str | None = None
        self.namespaces: set[str] = set()  # seen outside of messages, a few
        self.foreign: set[str] = set()  # other namespaces that declared names were found in
        self._layout = layout
        self._closers = closers
        self._openers = openers
        self._planners = planners
        self._states = 0
        self._state = State(None, None, {})
        self._fields: Fields = {}
        self._around: list[tuple[Fields, int]] = []
        self._behind = ""  # the last text before the one being cut up
        self._offset = self.source.start  # of the text being cut up
        self._starts: set[str] = set()  # start tags of containers a file has many of
        self._drafts: dict[str, int] = {}  # how often a shape was seen that has no expression yet
        self._drafts_left = _DRAFTS
        self._shapes_left = _SHAPES_MADE
        self._is_takable = True

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
            if text.startswith("<?xml") and "?>" in text:
                self._offset += text.index("?>") + 2
                text = text[text.index("?>") + 2 :]
            usable = _usable(text) if chunk else len(text)
            self._consume(text[:usable])
            self._offset += usable
            pending = text[usable:]
            if len(pending) > TOKEN_LIMIT:
                raise self.source.too_long(self._offset)
            yield

    def _consume(self, text: str) -> None:
        """Take in a text that begins and ends between two pieces of markup: containers by their shape, the rest
        walked."""
        is_simple = stands_for_itself(text)
        self._is_takable = not has_blank_reference(text)
        if _has_asides(text):
            self._walk(text, self._offset)  # a comment may hold what looks like a start tag
            return
        position = 0
        following: dict[str, int] = {}
        beside = ""  # the start tag that a container just read may be followed by, its like
        while position < len(text):
            at = _beyond_blanks(text, position)
            if not (beside and text.startswith(beside, at)):
                at = self._next_start(text, position, following)
                if text.find("<", position, at) >= 0:
                    self._walk(text[position:at], self._offset + position)
            position = at
            if at < len(text):
                end = self._take_shape(text, at, is_simple=is_simple)
                if end:
                    beside, position = text[at : text.index(">", at) + 1], end
                else:
                    beside, position = "", self._next_start(text, at + 1, following)
                    self._walk(text[at:position], self._offset + at)

    def _next_start(self, text: str, position: int, following: dict[str, int]) -> int:
        """Where, from a position on, the next container begins that a file has many of; the text's length if none
        does."""
        if not self._starts:
            at = text.find("<", position + _FIRST_STEP)
            return at if at >= 0 else len(text)
        nearest = len(text)
        for tag in self._starts:
            at = following.get(tag, -1)
            if at < position:
                at = text.find(f"<{tag}>", position)
                following[tag] = at = len(text) if at < 0 else at
            nearest = min(nearest, at)
        return nearest

    def _take_shape(self, text: str, at: int, *, is_simple: bool) -> int | None:
        """Read the container that begins at `at` by its shape: where it ends, or None where it has to be walked."""
        tag = text[at + 1 : text.index(">", at)]
        state = self._state.children.get(tag)
        if state is None or not state.is_many:
            return None
        latest = state.latest
        expected = latest.follower if latest is not None else None
        shape, found = expected, expected.fits(text, at) if expected is not None else None
        if found is None:
            for shape in state.shapes:
                found = shape.fits(text, at)
                if found is not None:
                    state.shapes.remove(shape)
                    state.shapes.insert(0, shape)
                    break
        if shape is None or found is None:
            self._draft_shape(state, tag, text, at)
            return None
        if latest is not None:
            latest.follower = shape
        state.latest = shape
        if shape.take is not None and self._is_takable and shape.take(found, self._fields, self._offset):
            return found.end()
        clean = None if is_simple else self.texts.all_resolved
        return found.end() if shape.emit(found, self._fields, self._offset, clean) else None

    def _draft_shape(self, state: State, tag: str, text: str, at: int) -> None:
        """Look at the structure of a container no shape fits; the second time it is seen, it gets one for the next."""
        if not self._drafts_left or not self._shapes_left:
            return
        self._drafts_left -= 1
        closing = f"</{tag.split(None, 1)[0]}>"
        end = text.find(closing, at, at + _SHAPE_BYTES)
        pieces = text[at : end + len(closing)].split("<")[1:] if end >= 0 else []
        draft = ShapeDraft()
        if not 0 < len(pieces) <= TAGS_LIMIT or not draft.follow(pieces, state.parent, self._resolve):
            return
        signature = draft.signature()
        self._drafts[signature] = self._drafts.get(signature, 0) + 1
        if self._drafts[signature] == 2:
            self._shapes_left -= 1
            shape = draft.shape()
            planner = self._planners.get(shape.frames[0].name)
            shape.take = planner(shape) if planner is not None else None
            state.shapes.insert(0, shape)
            del state.shapes[_SHAPES_KEPT:]

    def _walk(self, text: str, offset: int) -> None:
        """Follow the tags of a text that begins at an offset of the file."""
        pieces = _pieces(text)
        is_simple = stands_for_itself(text)
        state, fields, around = self._state, self._fields, self._around
        offset += max(text.find("<"), 0)
        summed = 0  # the piece that begins at `offset`
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
                value = behind.strip(XML_SPACE)
                if value:
                    if not (is_simple or stands_for_itself(value)):
                        value = self.texts.resolved(value)
                    if not value:
                        pass
                    elif key in fields:
                        add_field(fields, key, value)
                    else:
                        fields[key] = value
            if child.is_plain:
                state = child
                continue
            if child.currency is not None:
                add_field(fields, f"{key}@Ccy", child.currency)
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

    def _aside(self, state: State, fields: Fields, before: str, piece: str) -> None:
        """A comment, an instruction or a CDATA section inside a leaf: the text of the leaf goes on behind it."""
        if state.key is None:
            return
        markup = _MARKUP.match(f"<{piece}")
        if markup is None:
            self.source.fail("a comment or a section is not closed")
        blank = before[len(before.rstrip(XML_SPACE)) :]
        literal = self.source.decode(markup[0][9:-3]) if piece.startswith("![CDATA[") else ""
        behind = self.texts.resolved(piece[markup.end() - 1 :], trim=False)
        more = blank + literal.replace("\r\n", "\n").replace("\r", "\n") + behind
        if more.strip(XML_SPACE):
            fields[state.key] = (fields.get(state.key, "") + more).strip(XML_SPACE)

    def _resolve(self, state: State, tag: str) -> State:
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
        if state.pattern is None and local in self._layout and not self._is_inside_message(state):
            self.root, self.namespace = local, namespace
            return self._bind(
                State(state, self._layout.pattern(local), scope), tag, attributes
            )  # each message of a file anew
        pattern = state.pattern.children.get(local) if state.pattern else None
        if pattern is not None and namespace != self.namespace:
            self.foreign.add(namespace)
        found = self._bind(State(state, pattern, scope), tag, attributes)
        if self._states < _STATES_KEPT:
            self._states += 1
            state.children[tag] = found
        return found

    def _bind(self, state: State, tag: str, attributes: Mapping[str, str]) -> State:
        box = state.pattern.box if state.pattern else None
        if box is not None:
            state.is_box = True
            state.opener = self._openers.get(box.name)
            state.closer = self._closers.get(box.name)
            if box.many and not tag.endswith("/"):
                state.is_many = True
                if len(self._starts) < _SHAPES_KEPT:
                    self._starts.add(tag)
        state.is_empty = tag.endswith("/")
        if state.key is not None and attributes.get("Ccy"):
            state.currency = self.texts.resolved(attributes["Ccy"])
        if state.is_empty:
            state.key = None  # it has no text; what stands behind it is none of its own
        state.is_plain = not state.is_box and not state.is_empty and state.currency is None
        return state

    @staticmethod
    def _is_inside_message(state: State) -> bool:
        while state.parent is not state:
            if state.pattern is not None:
                return True
            state = state.parent
        return False


def _has_asides(text: str) -> bool:
    """Whether a comment, a section or an instruction begins in a text; single letters are found much faster than two."""
    return ("!" in text and "<!" in text) or ("?" in text and "<?" in text)


def _beyond_blanks(text: str, position: int) -> int:
    found = _BLANKS.match(text, position)
    return found.end() if found else position


def _usable(text: str) -> int:
    """Up to where the markup of a text, and the text behind each piece of it, is surely complete."""
    if not _has_asides(text):
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
    if not _has_asides(text):
        return text.split("<")[1:]
    parts = _MARKUP.split(text)
    return [markup[1:] + behind for markup, behind in zip(parts[1::2], parts[2::2], strict=True)]


def _start_tag(piece: str) -> tuple[str, str]:
    """The start tag of a piece without its brackets, and the text behind it; a `>` may stand in an attribute's
    value."""
    found = _MARKUP.match(f"<{piece}")
    end = found.end() - 2 if found else piece.index(">")
    return piece[:end], piece[end + 1 :]
