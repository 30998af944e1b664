"""What is wanted from an XML message, declared as containers and leaves, and the states an element of it can be in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingestion.readers.xml_shapes import Shape

Fields = dict[str, str]
"""The texts of a container's leaves by path (`Amt`, `BookgDt/Dt`), trimmed; empty ones are left out. A path that occurs
several times has its texts joined by a line break. The currency attribute of `Amt` is `Amt@Ccy`."""

Opener = Callable[[int], None]
"""Takes the byte offset the container starts at."""

Closer = Callable[[Fields, Fields, int, int], None]
"""Takes the fields of the container that closes, those of the one around it as far as they are known, and the offsets
it lies between."""


@dataclass(frozen=True)
class Box:
    """A container of a message: its name for the handlers, its wanted leaves and the containers in it, by relative
    path.

    `many` says that a file has a great number of them. `forms` has, for leaves, the regular expression of a text as it
    usually is: containers all of whose leaves are so can be taken many at a time (`xml_shapes`).
    """

    name: str
    leaves: tuple[str, ...] = ()
    boxes: Mapping[str, Box] = field(default_factory=dict)
    many: bool = False
    forms: Mapping[str, str] = field(default_factory=dict)


class Pattern:
    """A declared path, by local names."""

    __slots__ = ("box", "children", "form", "key")

    def __init__(self) -> None:
        self.children: dict[str, Pattern] = {}
        self.key: str | None = None
        self.form: re.Pattern[str] | None = None
        self.box: Box | None = None


class Layout:
    """The messages a reader knows: the local name of each one's root element, and its box. Compiled once."""

    def __init__(self, roots: Mapping[str, Box]) -> None:
        self._boxes = roots
        self._patterns: dict[str, Pattern] = {}

    def __contains__(self, root: str) -> bool:
        return root in self._boxes

    def pattern(self, root: str) -> Pattern:
        """The declared paths of the message with this root element."""
        if root not in self._patterns:
            self._patterns[root] = _compile(self._boxes[root])
        return self._patterns[root]


class State:
    """An element at its place in the message, by the very text of its start tag."""

    __slots__ = (
        "children",
        "closer",
        "currency",
        "depth",
        "is_box",
        "is_empty",
        "is_many",
        "is_plain",
        "key",
        "latest",
        "opener",
        "parent",
        "pattern",
        "scope",
        "shapes",
    )

    def __init__(self, parent: State | None, pattern: Pattern | None, scope: Mapping[str, str]) -> None:
        self.children: dict[str, State] = {}  # by start tag
        self.parent: State = parent or self
        self.depth: int = parent.depth + 1 if parent else 0
        self.pattern = pattern
        self.scope = scope  # namespace by prefix
        self.key = pattern.key if pattern else None
        self.currency: str | None = None  # the value of its attribute Ccy
        self.is_empty = False  # <tag/>
        self.is_box = False
        self.is_many = False
        self.is_plain = True  # neither a container, nor empty, nor with a currency
        self.opener: Opener | None = None
        self.closer: Closer | None = None
        self.shapes: list[Shape] = []  # structures such a container was seen to have, the latest used first
        self.latest: Shape | None = None  # that of the latest container


def add_field(fields: Fields, key: str, text: str) -> None:
    """Put a text to a container's fields; a further one of the same path goes on a line of its own."""
    fields[key] = f"{fields[key]}\n{text}" if key in fields else text


def _compile(box: Box) -> Pattern:
    root = Pattern()
    root.box = box
    for path in box.leaves:
        pattern = root
        for name in path.split("/"):
            pattern = pattern.children.setdefault(name, Pattern())
        pattern.key = path
        pattern.form = re.compile(box.forms[path]) if path in box.forms else None
    for path, inner in box.boxes.items():
        pattern = root
        *way, last = path.split("/")
        for name in way:
            pattern = pattern.children.setdefault(name, Pattern())
        pattern.children[last] = _compile(inner)
    return root
