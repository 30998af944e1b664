"""What encoding the first bytes of a list are in, told by its marks, by known names of columns, and by where its letters stand."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from itertools import pairwise

from ingestion.declaration_columns import InferenceError
from ingestion.declaration_vocabulary import role_names

TOP_LINES = 60
OTHER_ENCODINGS = (
    "windows-1250", "windows-1251", "windows-1253", "windows-1255", "windows-1256", "windows-1257", "windows-1254",
    "gb18030", "cp932", "cp949", "big5", "euc_jp", "koi8-r", "cp866", "cp874", "windows-1258",
)  # fmt: skip
"""What a file may be written in beside UTF-8 and the code pages of western Europe, the more usual first."""


def decoded(data: bytes) -> tuple[str, str, list[tuple[str, bool]]]:
    """The text of the first bytes of a file, its encoding, and what that rests on, each with whether it is a question.

    Raises `InferenceError` where the bytes are no text.
    """
    notes: list[tuple[str, bool]] = []
    return *_decoded(data, notes), notes


def _decoded(data: bytes, notes: list[tuple[str, bool]]) -> tuple[str, str]:
    for mark, name in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            notes.append((f"{name}, by its byte order mark", False))
            return data.decode(name, "replace").removeprefix("\ufeff"), name
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(data) - 4:
            return _decoded_bytewise(data, notes)
        text = data[: error.start].decode("utf-8")
    if "\x00" in text:
        raise InferenceError("the file holds NUL bytes: it is no text")
    if "\ufffd" in text:
        notes.append(("letters were lost before the file was saved (�): ask the bank for the original", False))
    return text, "utf-8"


def _decoded_bytewise(data: bytes, notes: list[tuple[str, bool]]) -> tuple[str, str]:
    """Text that is not UTF-8: in the encoding in which the file's names of columns are known words, else in the code page in
    which its letters beyond ASCII are letters of names, not of boxes."""
    high = [byte for byte in data if byte >= 0x80]
    dos = sum(byte in b"\x81\x84\x94\x8e\x99\x9a\x82\x8a\x85\x87\x88" for byte in high)
    name = "cp850" if dos * 2 > len(high) else "windows-1252"
    known, told = _known_names(data, name), False
    for other in OTHER_ENCODINGS:
        if _decodes(data, other) and (names := _known_names(data, other)) > known:
            name, known, told = other, names, True
    if not told and _broken_words(data.decode(name, "replace")) > _broken_words(data.decode("windows-1250", "replace")):
        name = "windows-1250"
    try:
        text = data.decode(name)
    except UnicodeDecodeError as error:
        if told:  # a letter cut off by the end of the sample
            return data[: error.start].decode(name), name
        name = "iso-8859-1"
        text = data.decode(name)
    if not told and name != "windows-1250" and _together(high, data):
        notes.append(("letters beyond ASCII are of an unknown code page: declare `encoding`", True))
    notes.append((f"not UTF-8; {name} by its letters beyond ASCII: look at the names below", False))
    return text, name


def _decodes(data: bytes, encoding: str) -> bool:
    """Whether bytes are text in an encoding, up to a letter cut off at their end."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(data)
    except UnicodeDecodeError:
        return False
    return True


def _broken_words(text: str) -> int:
    """How many signs that are no letters stand within words, as they do where a code page is not the right one."""
    return len(
        re.findall(
            r"(?<=[^\W\d_])[\u00a1-\u00bf\u00d7\u00f7](?=[^\W\d_])|(?<![^\W])[\u00a2\u00a3\u00a5\u00af](?=[^\W\d_])",
            text,
        )
    )


def _together(high: Sequence[int], data: bytes) -> bool:
    """Whether letters beyond ASCII mostly stand beside one another: in Latin script they hardly ever do."""
    beside = sum(one >= 0x80 and other >= 0x80 for one, other in pairwise(data))
    return beside * 2 > len(high)


def _known_names(data: bytes, encoding: str) -> int:
    """The most columns a line of the file's top names in words that are known, read in a code page."""
    lines = data.decode(encoding, "replace").splitlines()[:TOP_LINES]
    return max((sum(bool(role_names(cell)) for cell in re.split(r'[;,\t|"]', line)) for line in lines), default=0)
