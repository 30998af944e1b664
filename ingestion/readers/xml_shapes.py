"""Containers that repeat one structure, read by one regular expression each instead of tag by tag.

Banks fill the same template over and over. The sequence of start and end tags of a container is its shape. From a
container that was walked, an expression is made that matches exactly this sequence, its tags letter by letter, with any
text between them, and captures the texts of the wanted leaves. What it matches has the same tags, so it leads through
the same states to the same fields; the saving is that no tag is looked at in Python. A container with anything else in
it (a comment, a CDATA section, another tag, another attribute) does not match and is walked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter

from ingestion.readers.xml_layout import Closer, Fields, State, add_field

XML_SPACE = " \t\r\n"
TAGS_LIMIT = 400  # a container with more is not worth an expression
_SPACES = "[ \\t\\r\\n]*+"
_ANY_TEXT = "[^<]*+"


@dataclass
class _Frame:
    """A container inside the shape, while the shape is made."""

    state: State
    parent: int | None
    start: int  # the empty groups that mark where it lies
    end: int
    keys: list[str]
    sources: list[int]  # for each key the index of its value


class Shape:
    """A sequence of tags, and what it says: the fields of the container and of those inside it."""

    def __init__(self, expression: str, groups: Sequence[int], constants: Sequence[str], frames: list[_Frame],
                 closings: Sequence[int]) -> None:  # fmt: skip
        self.fits = re.compile(expression).match
        self.follower: Shape | None = None  # the shape of the container that came after the latest one of this shape
        self._groups = tuple(groups)
        self._constants = tuple(constants)
        self._builders = [_builder(frame) for frame in frames]
        self._closings: list[tuple[Closer, int, int, int, int]] = [
            (closer, number, -1 if frame.parent is None else frame.parent, frame.start, frame.end)
            for number, frame in ((number, frames[number]) for number in closings)
            if (closer := frame.state.closer) is not None
        ]

    def emit(
        self, found: re.Match[str], around: Fields, offset: int, clean: Callable[[list[str]], list[str]] | None
    ) -> bool:
        """Call the handlers of the containers in the order they close; `offset` is that of the text that was matched.

        `clean` resolves what texts of the file stand for, where they are not all plain. False, and nothing is done,
        where a wanted leaf is blank: that is no longer what the walk would find.
        """
        values = [value.strip(XML_SPACE) for value in found.group(*self._groups)]
        if not all(values):
            return False
        if clean is not None:
            values = clean(values)
            if not all(values):
                return False
        values += self._constants
        boxes = [build(values) for build in self._builders]
        for closer, number, parent, start, end in self._closings:
            closer(
                boxes[number],
                around if parent < 0 else boxes[parent],
                offset + found.end(start),
                offset + found.end(end),
            )
        return True


def _builder(frame: _Frame) -> Callable[[list[str]], Fields]:
    keys, sources = tuple(frame.keys), tuple(frame.sources)
    if len(set(keys)) < len(keys):
        return lambda values: _joined(keys, sources, values)
    if len(keys) > 1:
        pick = itemgetter(*sources)
        return lambda values: dict(zip(keys, pick(values), strict=True))
    return lambda values: {key: values[source] for key, source in zip(keys, sources, strict=True)}


def _joined(keys: tuple[str, ...], sources: tuple[int, ...], values: list[str]) -> Fields:
    fields: Fields = {}
    for key, source in zip(keys, sources, strict=True):
        add_field(fields, key, values[source])
    return fields


class ShapeDraft:
    """The shape of one container: its expression, and all a `Shape` is made of. `None` from `draft` where it has
    none."""

    def __init__(self) -> None:
        self.expression: list[str] = []
        self.groups: list[int] = []
        self.constants: list[str] = []
        self.frames: list[_Frame] = []
        self.closings: list[int] = []
        self._count = 0
        self._constant_places: list[tuple[int, int]] = []

    def signature(self) -> str:
        """What two containers of one shape have in common."""
        return "".join(self.expression)

    def shape(self) -> Shape:
        """The shape, compiled."""
        values = len(self.groups)
        for frame in self.frames:  # constants come behind the captured values
            frame.sources = [source if source >= 0 else values - source - 1 for source in frame.sources]
        return Shape(self.signature(), self.groups, self.constants, self.frames, self.closings)

    def _mark(self) -> int:
        self._count += 1
        self.expression.append("()")
        return self._count

    def follow(self, pieces: Sequence[str], outer: State, resolve: Callable[[State, str], State]) -> bool:
        """Go through the pieces of one container that stands in `outer`; False where it is not fit for a shape."""
        state, open_frames = outer, list[int]()
        for index, piece in enumerate(pieces):
            tag, bracket, text = piece.partition(">")
            if not bracket or tag[:1] in ("!", "?", ""):
                return False
            if tag[0] == "/":
                self.expression.append(f"<{re.escape(tag)}>")
                if state.is_box:
                    number = open_frames.pop()
                    self.frames[number].end = self._mark()
                    self.closings.append(number)
                state = state.parent
                if not open_frames:
                    return index == len(pieces) - 1 and len(self.groups) > 1
                self.expression.append(_ANY_TEXT)
                continue
            child = state.children.get(tag)
            if child is None:
                if tag.count('"') % 2 or tag.count("'") % 2:
                    return False
                child = resolve(state, tag)
            if child.is_box:
                if child.is_empty or (open_frames and child.opener is not None):
                    return False
                self.frames.append(_Frame(child, open_frames[-1] if open_frames else None, self._mark(), 0, [], []))
                open_frames.append(len(self.frames) - 1)
            self.expression.append(f"<{re.escape(tag)}>")
            self._text(child, self.frames[open_frames[-1]], text, pieces[index + 1 : index + 2])
            if child.is_empty:
                continue
            state = child
        return False

    def _text(self, child: State, frame: _Frame, text: str, following: Sequence[str]) -> None:
        """The text behind a start tag: captured where it is the wanted text of a leaf."""
        key = child.key
        if child.currency is not None and key is not None:
            self.constants.append(child.currency)
            frame.keys.append(f"{key}@Ccy")
            frame.sources.append(-len(self.constants))
        if key is None:
            self.expression.append(_ANY_TEXT)
        elif text.strip(XML_SPACE):
            self._count += 1
            self.expression.append(f"({_ANY_TEXT})")
            frame.keys.append(key)
            frame.sources.append(len(self.groups))
            self.groups.append(self._count)
        else:
            self.expression.append(_SPACES)
