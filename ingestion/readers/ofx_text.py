"""OFX as a stream of tags, with their place in the file: SGML of version 1 without closing tags and XML of version 2.

What belongs here: cutting the bytes into tags and values, the header, encodings and entities, and the refusal of what
no bank sends (a DTD, entities of its own). What the tags mean is in `ingestion.readers.ofx`.

Source: Open Financial Exchange, specification 1.6 and 2.2, chapters 2.2 (header) and 2.3 (SGML and XML details).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from ingestion.readers.mt94_fields import decode
from ingestion.reading import FileRejected

_CHUNK = 1 << 20
_VALUE_LIMIT = 1 << 18  # bytes between two tags; OFX allows 255 characters in a memo
_HEADER_LIMIT = 1 << 16
# Comments, CDATA and instructions run to the end of what is read where they are not closed: they are cut off, or go on.
_TOKEN = re.compile(
    r"<!--(?:.*?-->|.*\Z)"
    r"|<!\[CDATA\[(?P<cdata>.*?)(?:\]\]>|\Z)"
    r"|<\?(?:.*?\?>|.*\Z)"
    r"|<!(?P<declaration>[A-Za-z]\w*)"
    r"|<(?P<close>/?)(?P<name>[A-Za-z][\w.]*)(?:(?<=OFX)\s[^<>]*)?\s*(?P<empty>/?)>",
    re.DOTALL,
)
_HEADER = re.compile(
    r"(?<![A-Z])(VERSION|ENCODING|CHARSET|NEWFILEUID)\s*[:=]\s*[\"']?(.*?)(?=CHARSET:|COMPRESSION:|[\s\"'<]|$)"
)
_XML_ENCODING = re.compile(r"<\?xml[^>]*?encoding\s*=\s*[\"']([\w.-]+)")
_DECLARATION = re.compile(r"<!(DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)
_ENTITY = re.compile(r"&(amp|lt|gt|quot|apos|nbsp|#\d{1,7}|#x[0-9A-Fa-f]{1,6});")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "nbsp": " "}
_CODE_PAGES = {"1252": "cp1252", "8859-1": "latin-1", "ISO-8859-1": "latin-1", "NONE": "cp1252", "": "cp1252"}


class Tag(NamedTuple):
    """A tag and the text after it, up to the next tag."""

    name: str  # in capitals
    opens: bool
    empty: bool  # <NAME/>
    value: str  # decoded, entities resolved, trimmed
    start: int
    end: int
    line: int
    token: str = ""  # the tag as it stands
    after: str = ""  # the text after it as it stands


class OfxText:
    """The tags of a file opened for bytes, read as they are asked for; the header is known once the first tag is."""

    def __init__(self, stream: BinaryIO, encoding: str | None = None) -> None:
        self.stream = stream
        self.encoding = encoding
        self.version = ""
        self.file_uid: str | None = None
        self.transcoded = False  # UTF-16 is read as UTF-8: offsets are then not those of the file
        self.line = 1

    def tags(self) -> Iterator[Tag]:
        """Every tag in order; raises `FileRejected` for text that is not OFX, hostile, or of absurd length."""
        text, offset, started, last = "", 0, False, False
        for data in self._chunks():
            last = not data
            text += data.decode("latin-1")
            if not started:
                begin = re.search(r"<OFX(?=[\s>])", text, re.IGNORECASE)
                if begin is None:
                    if last or len(text) > _HEADER_LIMIT:
                        raise FileRejected(
                            "the file is not OFX: it has no <OFX> element" if text.strip() else "the file is empty",
                            place="start of the file", found=text.strip()[:60],
                            expected="an OFX header, then <OFX>",
                            advice="Check that the source's format fits the file.",
                        )  # fmt: skip
                    continue
                if declared := _DECLARATION.search(text, 0, begin.start()):
                    raise self._declares(declared[1])
                self._read_header(text[: begin.start()])
                self._advance(text[: begin.start()])
                offset, text, started = begin.start(), text[begin.start() :], True
            found = list(_TOKEN.finditer(text))
            # what follows the last tag may go on in the next chunk
            done = found.pop().start() if found and not last else len(text)
            ends = [*(match.start() for match in found[1:]), done]
            for match, until in zip(found, ends, strict=False):  # without a match there is nothing to end
                yield from self._token(match, text[match.end() : until], offset, until)
                self._advance(text[match.start() : until])
            text, offset = text[done:], offset + done
            if len(text) > _VALUE_LIMIT:
                raise self._too_long()

    def _token(self, match: re.Match[str], after: str, offset: int, until: int) -> Iterator[Tag]:
        if (name := match["declaration"]) is not None:
            raise self._declares(name)
        if until - match.end() > _VALUE_LIMIT or match.end() - match.start() > _VALUE_LIMIT:
            raise self._too_long()
        start, end = offset + match.start(), offset + (match.end() if match["close"] else until)
        if (cdata := match["cdata"]) is not None:
            yield Tag("", True, False, decode(cdata, self.encoding).strip(), start, end, self.line)
        elif (name := match["name"]) is not None:
            value = self.value(after)
            opens, empty = not match["close"], bool(match["empty"])
            yield Tag(name.upper(), opens, empty, value, start, end, self.line, match[0], after)
        elif value := self.value(after):
            yield Tag("", True, False, value, start, end, self.line)  # the text goes on after a comment

    def _too_long(self) -> FileRejected:
        return FileRejected(
            "a value is longer than any bank statement's", place=f"line {self.line}",
            found=f"more than {_VALUE_LIMIT} bytes without a tag", expected="values of a few hundred characters",
            advice="Check that the source's format fits the file.",
        )  # fmt: skip

    def _declares(self, what: str) -> FileRejected:
        return FileRejected(
            "the file declares a document type or entities", place=f"line {self.line}", found=f"<!{what}",
            expected="no DTD: OFX needs none, and one can make a reader fetch or inflate other content",
            advice="Ask the bank for the file without it; do not load a file of unknown origin.",
        )  # fmt: skip

    def value(self, text: str) -> str:
        """Text as it stands in the file, decoded, with its entities resolved, and trimmed."""
        text = text.strip()
        if not text:
            return ""
        text = decode(text, self.encoding)
        return _ENTITY.sub(_resolved, text).strip() if "&" in text else text

    def _advance(self, text: str) -> None:
        self.line += text.count("\n") or (text.count("\r") if "\r" in text else 0)

    def _chunks(self) -> Iterator[bytes]:
        """The bytes in pieces, an empty one last; UTF-16 as UTF-8."""
        decoder: codecs.IncrementalDecoder | None = None
        first = True
        while True:
            data = self.stream.read(_CHUNK)
            if first and data[:2] in (b"\xff\xfe", b"\xfe\xff"):
                decoder, self.transcoded, self.encoding = codecs.getincrementaldecoder("utf-16")(), True, "utf-8"
            first = False
            if decoder is not None:
                try:
                    piece = decoder.decode(data, not data).encode("utf-8")
                except UnicodeError as error:
                    raise FileRejected(
                        "the file says it is UTF-16 and is not", place="file", found=str(error)[:80],
                        expected="text in UTF-16", advice="Ask the bank for the file in UTF-8.",
                    ) from None  # fmt: skip
                if piece or not data:
                    data_is_last = not data
                    if piece:
                        yield piece
                    if data_is_last:
                        yield b""
                        return
                continue
            if b"\0" in data:
                raise FileRejected(
                    "the file holds NUL bytes: it is not a text file", place="file", found="byte 0",
                    expected="OFX text", advice="Ask the bank for the original file.",
                )  # fmt: skip
            yield data
            if not data:
                return

    def _read_header(self, text: str) -> None:
        """The header's version and encoding. `decode` tries UTF-8 first, for files that say 1252 often are UTF-8."""
        said = {key: value.strip() for key, value in _HEADER.findall(text)}
        self.version = said.get("VERSION", "")
        uid = said.get("NEWFILEUID", "")
        self.file_uid = uid if uid not in ("", "NONE") else None
        if self.encoding is not None:
            return
        xml = _XML_ENCODING.search(text)
        name = xml[1] if xml else _CODE_PAGES.get(said.get("CHARSET", ""), said.get("CHARSET", ""))
        if name.upper() in ("UTF-8", "US-ASCII", "ASCII", "CP1252", "WINDOWS-1252"):
            return  # what `decode` does without being told
        try:
            codec = codecs.lookup(name).name
        except LookupError:
            return
        if not codec.startswith(("utf", "base64", "hex", "rot", "zlib", "bz2", "quopri", "uu")):
            self.encoding = codec


def _resolved(match: re.Match[str]) -> str:
    """The character of an entity; what is no character of text stays as written."""
    name = match[1]
    if name[0] != "#":
        return _NAMED[name]
    code = int(name[2:], 16) if name[1] == "x" else int(name[1:])
    usable = code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code <= 0x10FFFF
    return chr(code) if usable else match[0]
