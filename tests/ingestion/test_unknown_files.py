"""A file of a format no reader is for is refused with what it is and what to ask for instead."""

from __future__ import annotations

import bz2
import gzip
import io
import zipfile

import pytest

from ingestion.file_recognition import recognise_file
from ingestion.reading import FileRejected

MT940 = ":20:REF\n:25:123\n:60F:C260301EUR0,00\n:61:260310C1,00NTRFX\n:62F:C260310EUR1,00\n-\n"


def zipped(name: str, data: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, data)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"1CClientBankExchange\r\n", "1C"),
        (b"110000000000000000001602011605312000000000000009783NAME S.L", "Norma 43"),
        (b"0000018011520105        0938409934CODELICIOUS" + b" " * 88 + b"\r\n", "CODA"),
        (b"0130002" + b" " * 113 + b"\n", "CFONB 120"),
        (b"02RETORNO01COBRANCA", "CNAB"),
        (b"00100000         2000", "CNAB"),
        (MT940.encode("utf-16-le"), "UTF-16"),
        (MT940.encode("utf-16-be"), "UTF-16"),
        (MT940.encode() + b"\0" * 40, "NUL bytes behind it"),
        (MT940.encode("cp037"), "EBCDIC"),
        ("Überweisungen für Müller".encode("cp850"), "not recognised"),
        (zipped("list.csv", b"Date,Amount\n2026-03-01,1.00\n"), "archive (zip)"),
        (zipped("statement.sta", MT940.encode()), "archive (zip)"),
        (gzip.compress(MT940.encode(), mtime=0), "gzip"),
        (bz2.compress(MT940.encode()), "bzip2"),
        (b"-----BEGIN PGP MESSAGE-----\n\nhQEMA1\n", "encrypted"),
        (b"nothing that is known", "not recognised"),
    ],
)
def test_what_it_is_and_what_to_do(data: bytes, words: str) -> None:
    with pytest.raises(FileRejected) as refusal:
        recognise_file(io.BytesIO(data), "file")
    assert words in refusal.value.reason and refusal.value.advice
