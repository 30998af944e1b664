"""The bytes of an XML file, proven well-formed by expat while they are handed on as text whose index is the byte offset.

Every chunk goes through expat first, so nothing that is not XML gets far: a DTD is refused where it starts (and with it entity
bombs and external entities), and so are NUL bytes and a truncated end. The text handed on keeps one character per byte of the
file (bytes decoded as Latin-1), so that a position is a byte offset; `XmlSource.decode` turns a piece of it into the real text.
Encodings in which ASCII is not ASCII (UTF-16, UTF-32, EBCDIC) or a character may take several bytes (other than UTF-8) are
transcoded to UTF-8 first; their byte offsets are then unknown.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO, NoReturn
from xml.parsers import expat

from ingestion.reading import FileRejected

CHUNK_BYTES = 1 << 18

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
    """One XML file: iterate `chunks` for its text; `place` names a byte offset for people."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        head = stream.read(CHUNK_BYTES)
        while len(head) < 1024 and (more := stream.read(CHUNK_BYTES)):
            head += more
        if not head:
            raise FileRejected("the file is empty", found="0 bytes", expected="an XML document", advice="ask for it again")
        self.warnings: list[str] = []
        self.start = 0  # byte offset of the first character handed on
        self.codec, self._transcoder = self._choose_codec(head)
        self._head = head[self.start :]
        self.has_offsets = self._transcoder is None
        self._parser = expat.ParserCreate("utf-8" if self._transcoder or self.codec == "utf-8" else self.codec)
        self._parser.StartDoctypeDeclHandler = _refuse_dtd

    def chunks(self) -> Iterator[str]:
        """The text of the file, one character per byte; each chunk has passed expat, and the last one closes the document."""
        chunk = self._head
        self._head = b""
        while chunk:
            if self._transcoder is not None:
                chunk = self._transcode(chunk, final=False)
            if b"\0" in chunk:
                raise FileRejected(
                    "the file holds NUL bytes", found="a zero byte", expected="XML text", advice="the transfer damaged it; ask for it again"
                )
            self._parse(chunk, final=False)
            yield chunk.decode("latin-1")
            chunk = self._stream.read(CHUNK_BYTES)
        if self._transcoder is not None:
            rest = self._transcode(b"", final=True)
            self._parse(rest, final=False)
            yield rest.decode("latin-1")
        self._parse(b"", final=True)

    def decode(self, text: str) -> str:
        """The characters a piece of the one-character-per-byte text stands for."""
        try:
            return text.encode("latin-1").decode("utf-8" if self._transcoder else self.codec)
        except UnicodeDecodeError as error:
            raise FileRejected(
                f"a text is not {self.codec}", found=repr(error.object[error.start : error.end]), expected=self.codec,
                advice="ask the sender to declare the encoding the file is written in",
            ) from None  # fmt: skip

    def fail(self, what: str) -> NoReturn:
        """Refuse the file for a structure that does not add up; expat's own finding, where it has one, says it better."""
        while chunk := self._stream.read(CHUNK_BYTES):
            self._parse(self._transcode(chunk, final=False) if self._transcoder else chunk, final=False)
        self._parse(b"", final=True)
        raise FileRejected(f"the file cannot be read as XML: {what}", advice="ask the sender for it again")

    def _choose_codec(self, head: bytes) -> tuple[str, codecs.IncrementalDecoder | None]:
        """The encoding by byte order mark, else by the declaration; sets `start` behind the mark and blanks before the text."""
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
        if known == "utf-8" or self.start and head.startswith(codecs.BOM_UTF8):
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
                f"the file is not {self.codec}", found=str(error), expected=self.codec, advice="ask the sender for it again"
            ) from None

    def _parse(self, chunk: bytes, *, final: bool) -> None:
        try:
            self._parser.Parse(chunk, final)
        except expat.ExpatError as error:
            raise self._not_well_formed(error) from None
        except (ValueError, LookupError, UnicodeError) as error:
            raise FileRejected(f"the file cannot be read as XML: {error}", advice="ask the sender for it again") from None

    def _not_well_formed(self, error: expat.ExpatError) -> FileRejected:
        what = expat.ErrorString(error.code) or "error"
        ends_early = what in ("no element found", "unclosed token", "unclosed CDATA section", "partial character")
        found = f"{what} (byte {self.start + self._parser.ErrorByteIndex})" if self.has_offsets else what
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
