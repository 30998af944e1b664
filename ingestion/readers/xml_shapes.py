"""Containers that repeat one structure, read by one regular expression each instead of tag by tag.

Banks fill the same template over and over. The sequence of start and end tags of a container is its shape. From a
container that was walked, an expression is made that matches exactly this sequence, its tags letter by letter, with any
text between them, and captures the texts of the wanted leaves. What it matches has the same tags, so it leads through
the same states to the same fields; the saving is that no tag is looked at in Python. A container with anything else in
it (a comment, a CDATA section, another tag, another attribute) does not match and is walked.

Leaves that are declared with a form (`Box.forms`) are captured in that form where the container was walked with it.
What such a shape matches is known to be good, and a reader may take the captured texts as they stand (`Taker`) and turn
them into columns later, many at a time, instead of having its handlers called.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from ingestion.readers.xml_layout import Closer, Fields, State, add_field
from ingestion.readers.xml_text import XML_SPACE

TAGS_LIMIT = 400  # a container with more is not worth an expression
_SPACES = "[ \\t\\r\\n]*+"
_ANY_TEXT = "[^<]*+"
_SOME_TEXT = "[^<]++"

Taker = Callable[["re.Match[str]", Fields, int], bool]
"""Takes what a shape matched, the fields of the container around as far as they are known, and the offset of the text
that was matched. False, and nothing is done, where the handlers have to be called instead."""

Planner = Callable[["Shape"], Taker | None]
"""Says how containers of a shape can be taken; None where they cannot."""


@dataclass
class Frame:
    """A container inside the shape."""

    state: State
    parent: int | None
    start: int  # the empty groups that mark where it lies
    end: int = 0
    keys: list[str] = field(default_factory=list)
    sources: list[int] = field(default_factory=list)  # for each key the index of its value: captured texts, constants

    @property
    def name(self) -> str:
        """That of its box."""
        box = self.state.pattern.box if self.state.pattern else None
        return box.name if box else ""


class Shape:
    """A sequence of tags, and what it says: the fields of the container and of those inside it."""

    def __init__(self, draft: ShapeDraft) -> None:
        self.fits = re.compile(draft.signature()).match
        self.take: Taker | None = None
        self.follower: Shape | None = None  # the shape of the container that came after the latest one of this shape
        self.groups = tuple(draft.groups)
        self.constants = tuple(draft.constants)  # values behind the captured ones
        self.frames = draft.frames
        self.is_usual = draft.is_usual  # every leaf that is declared with a form has it
        self._builders = [_builder(frame) for frame in self.frames]
        self._closings: list[tuple[Closer, int, int, int, int]] = [
            (closer, number, -1 if frame.parent is None else frame.parent, frame.start, frame.end)
            for number, frame in ((number, self.frames[number]) for number in draft.closings)
            if (closer := frame.state.closer) is not None
        ]

    def emit(
        self, found: re.Match[str], around: Fields, offset: int, clean: Callable[[list[str]], list[str]] | None
    ) -> bool:
        """Call the handlers of the containers in the order they close; `offset` is that of the text that was matched.

        `clean` resolves what texts of the file stand for, where they are not all plain. False, and nothing is done,
        where a wanted leaf turns out blank: that is no longer what the walk would find.
        """
        values = [value.rstrip(XML_SPACE) for value in found.group(*self.groups)]
        if clean is not None:
            values = clean(values)
            if not all(values):
                return False
        values += self.constants
        boxes = [build(values) for build in self._builders]
        for closer, number, parent, start, end in self._closings:
            closer(
                boxes[number],
                around if parent < 0 else boxes[parent],
                offset + found.end(start),
                offset + found.end(end),
            )
        return True


def _builder(frame: Frame) -> Callable[[list[str]], Fields]:
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
        self.frames: list[Frame] = []
        self.closings: list[int] = []
        self.is_usual = True
        self._count = 0

    def signature(self) -> str:
        """What two containers of one shape have in common."""
        return "".join(self.expression)

    def shape(self) -> Shape:
        """The shape, compiled."""
        values = len(self.groups)
        for frame in self.frames:  # constants come behind the captured values
            frame.sources = [source if source >= 0 else values - source - 1 for source in frame.sources]
        return Shape(self)

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
                self.frames.append(Frame(child, open_frames[-1] if open_frames else None, self._mark()))
                open_frames.append(len(self.frames) - 1)
            self.expression.append(f"<{re.escape(tag)}>")
            self._text(child, self.frames[open_frames[-1]], text)
            if child.is_empty:
                continue
            state = child
        return False

    def _text(self, child: State, frame: Frame, text: str) -> None:
        """The text behind a start tag: captured where it is the wanted text of a leaf."""
        key = child.key
        if child.currency is not None and key is not None:
            self.constants.append(child.currency)
            frame.keys.append(f"{key}@Ccy")
            frame.sources.append(-len(self.constants))
        if key is None:
            self.expression.append(_ANY_TEXT)
        elif said := text.strip(XML_SPACE):
            self._count += 1
            self.expression.append(f"{_SPACES}({self._form(child, said)}")
            frame.keys.append(key)
            frame.sources.append(len(self.groups))
            self.groups.append(self._count)
        else:
            self.expression.append(_SPACES)

    def _form(self, child: State, text: str) -> str:
        """What the capture of a leaf that begins with no blank goes on with."""
        form = child.pattern.form if child.pattern else None
        if form is None:
            return f"{_SOME_TEXT})"
        if form.fullmatch(text):
            return f"{form.pattern}){_SPACES}"
        self.is_usual = False
        return f"{_SOME_TEXT})"
