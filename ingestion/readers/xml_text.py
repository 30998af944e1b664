"""What the text of an XML file stands for: characters instead of bytes, line ends as newlines, references resolved."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from operator import itemgetter

XML_SPACE = " \t\r\n"

_REFERENCE = re.compile(r"&(?:#x([0-9A-Fa-f]+)|#([0-9]+)|(\w+));")
_BLANK_REFERENCE = re.compile(r"&#(?:0*(?:9|10|13|32)|x0*(?:9|[aAdD]|20));")
_ENTITIES = {"lt": "<", "gt": ">", "quot": '"', "apos": "'", "amp": "&"}  # & last: what it makes is text
_NAMED = tuple((f"&{name};", character) for name, character in _ENTITIES.items())
_last_letter = itemgetter(-1)


def stands_for_itself(text: str) -> bool:
    """Whether a text stands for itself."""
    return text.isascii() and "&" not in text and "\r" not in text


def has_blank_reference(text: str) -> bool:
    """Whether a blank is written as a reference, so that a text may turn out blank, or to begin or end with a blank."""
    return "&#" in text and _BLANK_REFERENCE.search(text) is not None


class TextResolver:
    """Resolves pieces of the one-character-per-byte text of a file; `decode` makes characters of it."""

    def __init__(self, decode: Callable[[str], str]) -> None:
        self._decode = decode

    def resolved(self, text: str, *, trim: bool = True) -> str:
        """What a text stands for."""
        if not text.isascii():
            text = self._decode(text)
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if "&" in text:
            text = _REFERENCE.sub(_referred, text) if "&#" in text else _plain(text)
        return text.strip(XML_SPACE) if trim else text

    def all_resolved(self, texts: list[str]) -> list[str]:
        """What trimmed texts stand for, trimmed; most often all at once, parted by the byte no XML has."""
        whole = "\0".join(texts)
        if stands_for_itself(whole):
            return texts
        if "&#" in whole:  # it may stand for a blank
            return [self.resolved(text) for text in texts]
        return self.resolved(whole, trim=False).split("\0")

    def column_resolved(self, texts: Sequence[str]) -> Sequence[str]:
        """What texts stand for, trimmed: none of them begins with a blank, is blank, or refers to a blank."""
        if not set(map(_last_letter, texts)).isdisjoint(XML_SPACE):
            texts = [text.rstrip(XML_SPACE) for text in texts]
        whole = "\0".join(texts)
        return texts if stands_for_itself(whole) else self.resolved(whole, trim=False).split("\0")


def _plain(text: str) -> str:
    """A text with its five named references resolved."""
    for name, character in _NAMED:
        text = text.replace(name, character)
    return text


def _referred(found: re.Match[str]) -> str:
    if found[1] or found[2]:
        return chr(int(found[1], 16) if found[1] else int(found[2]))
    return _ENTITIES[found[3]]
