"""Where the leaves of a container of a shape are found among the texts its expression captures."""

from __future__ import annotations

from collections.abc import Sequence

from ingestion.readers.xml_layout import Fields, add_field
from ingestion.readers.xml_shapes import Frame, Shape
from ingestion.readers.xml_text import TextResolver

Text = str | tuple[int, ...] | None
"""A text of each container of a shape: always the same one, the captured ones of these numbers, one a line, or none."""

Captured = Sequence[Sequence[str]]
"""For each captured text of a shape, that of every container taken, as it stands in the file."""


class Leaves:
    """The leaves of one frame of a shape."""

    def __init__(self, shape: Shape, frame: Frame) -> None:
        self._captured: dict[str, tuple[int, ...]] = {}
        self._constants: dict[str, tuple[str, ...]] = {}
        count = len(shape.groups)
        for key, source in zip(frame.keys, frame.sources, strict=True):
            if source < count:
                self._captured[key] = (*self._captured.get(key, ()), source)
            else:
                self._constants[key] = (*self._constants.get(key, ()), shape.constants[source - count])
        box = frame.state.pattern.box if frame.state.pattern else None
        values = {*(box.forms if box else ()), *self._constants}
        self.are_single = all(
            len(places) == 1 for key, places in (self._captured | self._constants).items() if key in values
        )  # none that is read as a value occurs several times

    def text(self, *paths: str) -> Text:
        """The first of these paths that is there."""
        for path in paths:
            if path in self._captured:
                return self._captured[path]
            if path in self._constants:
                return "\n".join(self._constants[path])
        return None

    def place(self, *paths: str) -> int | None:
        """The number of the captured text of the first of these paths that is there; None where it is not just one."""
        found = self.text(*paths)
        return found[0] if isinstance(found, tuple) and len(found) == 1 else None

    def constant(self, path: str) -> str | None:
        """What stands at a path in every container of the shape."""
        found = self.text(path)
        return found if isinstance(found, str) else None

    def fields(self, captured: Captured, count: int, resolver: TextResolver) -> list[Fields]:
        """The fields of each of `count` containers, as a handler gets them."""
        made: list[Fields] = [{} for _ in range(count)]
        for key, places in self._captured.items():
            for place in places:
                for fields, text in zip(made, resolver.column_resolved(captured[place]), strict=True):
                    add_field(fields, key, text)
        for key, texts in self._constants.items():
            for fields in made:
                fields[key] = "\n".join(texts)
        return made
