"""What matching raises."""

from __future__ import annotations


class MatchingError(ValueError):
    """Rules or items that cannot be used as they are; the message says where, what was found and what was
    expected."""
