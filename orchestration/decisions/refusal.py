"""Why something a person asked for cannot be recorded, in the words of this project's errors."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Refused(Exception):  # noqa: N818  (what it says is what happened)
    """The field that is wrong, what was found there, what was expected, and what to do."""

    field: str
    found: str
    expected: str
    advice: str

    def __str__(self) -> str:
        """One line for a person."""
        return f"{self.field}: found {self.found}; expected {self.expected}. {self.advice}"
