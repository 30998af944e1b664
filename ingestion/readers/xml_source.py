"""The bytes of an XML file, proven well-formed by expat while they are handed on as text whose index is the byte
offset.

Every chunk goes through expat first, so nothing that is not XML gets far: a DTD is refused where it starts (and with it
entity bombs and external entities), and so are NUL bytes and a truncated end. The text handed on keeps one character
per byte of the file (bytes decoded as Latin-1), so that a position is a byte offset; `XmlSource.decode` turns a piece
of it into the real text. Encodings in which ASCII is not ASCII (UTF-16, UTF-32, EBCDIC) or a character may take several
bytes (other than UTF-8) are transcoded to UTF-8 first; their byte offsets are then unknown.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO, NoReturn
from xml.parsers import expat

import numpy as np

from ingestion.reading import FileRejected

CHUNK_BYTES = 1 << 18
TOKEN_LIMIT = 4 << 20  # bytes between two tags
KEPT_CHUNKS = 8  # how far back the text of a rejected record can be shown

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BARE_WIDE = ((b"<\0\0\0", "utf-32-le"), (b"\0\0\0<", "utf-32-be"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
_DECLARED = re.compile(rb"""<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z0-9._:-]+)["']""")
_TEXT_CODECS = re.compile(
    r"utf[-_]?(8|16|32)([-_]?[bl]e)?|(us[-_]?)?ascii|(iso|latin|windows|cp|ibm|koi8|mac|hp)[-_]?\w[\w-]*"
    r"|gb(2312|k|18030)|big5(hkscs)?|euc[-_](jp|kr)|shift[-_]jis|tis[-_]620",
    re.IGNORECASE,
)
_BLANK = b" \t\r\n"


class XmlSource:
    """One XML file. Set the handlers of `parser`, then run through `advance`."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        head = stream.read(CHUNK_BYTES)
        while len(head) < 1024 and (more := stream.read(CHUNK_BYTES)):
            head += more
        if not head.strip(_BLANK + b"\0"):
            raise FileRejected(
                "the file is empty", found=f"{len(head)} bytes, none of them text" if head else "0 bytes",
                expected="an XML document", advice="ask for it again",
            )  # fmt: skip
        self.warnings: list[str] = []
        self.start = 0  # byte offset of the first byte given to expat
        self.codec, self._transcoder = self._choose_codec(head)
        self._head = head[self.start :]
        self.has_offsets = self._transcoder is None
        encoding = "utf-8" if self._transcoder or self.codec == "utf-8" else self.codec
        self.parser = expat.ParserCreate(encoding)
        self.parser.StartDoctypeDeclHandler = _refuse_dtd
        self._fed = self.start
        self._kept: deque[tuple[int, int, str]] = deque(maxlen=KEPT_CHUNKS)  # offset, lines before, text of the latest
        self._lines = 0

    def advance(self) -> Iterator[str]:
        """The text of the file, chunk by chunk, each of which has passed expat; the empty one at the end closes it."""
        chunk, self._head = self._head, b""
        while chunk:
            if text := self._feed(self._transcode(chunk, final=False) if self._transcoder is not None else chunk):
                yield text
            chunk = self._stream.read(CHUNK_BYTES)
        if self._transcoder is not None and (text := self._feed(self._transcode(b"", final=True))):
            yield text
        self._parse(b"", final=True)
        yield ""

    def decode(self, text: str) -> str:
        """The characters a piece of the one-character-per-byte text stands for."""
        try:
            return text.encode("latin-1").decode("utf-8" if self._transcoder else self.codec)
        except UnicodeDecodeError as error:
            raise FileRejected(
                f"a text is not {self.codec}", found=repr(error.object[error.start : error.end]), expected=self.codec,
                advice="ask the sender to declare the encoding the file is written in",
            ) from None  # fmt: skip

    def text(self, start: int, end: int) -> str:
        """The text between two offsets, for a reject to show; empty where that lies too far back."""
        if start < self._kept[0][0]:
            return ""
        parts = [chunk[max(0, start - first) :] for first, _, chunk in self._kept if first + len(chunk) > start]
        piece = "".join(parts)[: end - start]
        return piece.encode("latin-1").decode("utf-8" if self._transcoder else self.codec, "replace")

    def line(self, offset: int) -> int:
        """The line an offset lies in, from 1; of one that lies too far back, the first line still known."""
        for first, lines, chunk in reversed(self._kept):
            if first <= offset:
                return lines + chunk.count("\n", 0, offset - first) + 1
        return self._kept[0][1] + 1

    def offsets(self, start: int, end: int) -> tuple[int | None, int | None]:
        """The bytes of the file two offsets stand for; unknown where the file was transcoded."""
        return (start, end) if self.has_offsets else (None, None)

    def fail(self, what: str) -> NoReturn:
        """Refuse the file for a structure that does not add up, which expat should have found."""
        raise FileRejected(f"the file cannot be read as XML: {what}", advice="ask the sender for it again")

    def too_long(self, offset: int) -> FileRejected:
        """The verdict on a tag, a comment or a text that would have to be held in memory whole."""
        return FileRejected(
            "a tag, a comment or a text of the file is too long",
            place=f"byte {offset}",
            found=f"more than {TOKEN_LIMIT} bytes",
            expected="texts of at most a few thousand characters",
            advice="this is no message a bank sends; ask the sender",
        )

    def _feed(self, data: bytes) -> str:
        if b"\0" in data:
            raise FileRejected(
                "the file holds NUL bytes", place=f"byte {self._fed + data.index(0)}", found="a zero byte",
                expected="XML text", advice="the transfer damaged it; ask for it again",
            )  # fmt: skip
        self._parse(data, final=False)
        text = data.decode("latin-1")
        self._kept.append((self._fed, self._lines, text))
        self._lines += int(np.count_nonzero(np.frombuffer(data, dtype=np.uint8) == ord("\n")))
        self._fed += len(data)
        unread = self._fed - self.start - self.parser.CurrentByteIndex
        if unread > TOKEN_LIMIT:
            raise self.too_long(self._fed - unread)
        return text

    def _choose_codec(self, head: bytes) -> tuple[str, codecs.IncrementalDecoder | None]:
        """The encoding by byte order mark, else by the declaration; sets `start` behind the mark and blanks before the
        text."""
        for mark, name in _BOMS:
            if head.startswith(mark):
                if name == "utf-8":
                    self.start = len(mark)
                    break
                return name, codecs.getincrementaldecoder(name)("strict")
        for mark, name in _BARE_WIDE:
            if head.startswith(mark):
                return name, codecs.getincrementaldecoder(name)("strict")
        self.start += len(head) - self.start - len(head[self.start :].lstrip(_BLANK))
        declared = _DECLARED.match(head, self.start)
        name = declared[1].decode("ascii") if declared else "utf-8"
        try:
            known = codecs.lookup(name).name if _TEXT_CODECS.fullmatch(name) else None
        except LookupError:
            known = None
        if known is None:
            raise FileRejected(
                f"the declared encoding {name} is not known", place="XML declaration", found=name,
                expected="UTF-8, UTF-16, ISO-8859-x, windows-125x or the like", advice="ask the sender for UTF-8",
            )  # fmt: skip
        if known.startswith(("utf-16", "utf-32")):
            self.warnings.append(f"declared as {name} but written in single bytes: read as UTF-8")
            known = "utf-8"
        if known == "utf-8" or (self.start and head.startswith(codecs.BOM_UTF8)):
            return "utf-8", None
        every_byte = bytes(range(256)).decode(known, "replace")
        if len(every_byte) == 256 and every_byte[:128] == bytes(range(128)).decode("ascii"):
            return known, None
        return known, codecs.getincrementaldecoder(known)("strict")

    def _transcode(self, chunk: bytes, *, final: bool) -> bytes:
        assert self._transcoder is not None  # noqa: S101
        try:
            return self._transcoder.decode(chunk, final).encode("utf-8")
        except (UnicodeDecodeError, UnicodeEncodeError) as error:
            raise FileRejected(
                f"the file is not {self.codec}",
                found=str(error),
                expected=self.codec,
                advice="ask the sender for it again",
            ) from None

    def _parse(self, chunk: bytes, *, final: bool) -> None:
        try:
            self.parser.Parse(chunk, final)
        except expat.ExpatError as error:
            raise self._not_well_formed(error) from None

    def _not_well_formed(self, error: expat.ExpatError) -> FileRejected:
        what = expat.ErrorString(error.code) or "error"
        ends_early = what in ("no element found", "unclosed token", "unclosed CDATA section", "partial character")
        at = f" (byte {self.start + self.parser.ErrorByteIndex})" if self.has_offsets else ""
        found = f"{'the end before the last element is closed' if ends_early else what}{at}"
        return FileRejected(
            "the file ends early: it is cut off or empty" if ends_early else "the file is not well-formed XML",
            place=f"line {error.lineno}, column {error.offset + 1}",
            found=found,
            expected=f"well-formed XML in {self.codec}",
            advice="ask the sender for the whole file again" if ends_early else "ask the sender for a correct file",
        )


def _refuse_dtd(name: str, *_: object) -> None:
    raise FileRejected(
        "the file has a document type declaration (DTD)",
        found=f"<!DOCTYPE {name[:40]}",
        expected="an ISO 20022 message, which has none",
        advice="DTDs can carry entity bombs and external references; ask the sender for a file without",
    )
