"""Which format a file is, told from its first bytes: content decides, a file's name is asked last.

`sniff` names a format only on evidence a reader of that format would also demand (a namespace, a mandatory tag, a
record type); text that is none of them is `csv` where it has lines with a common delimiter, and None otherwise.
"""

from __future__ import annotations

import re

HEAD_BYTES = 65536

_ISO20022 = re.compile(r"urn:iso:std:iso:20022:tech:xsd:(camt\.05[234]|pain\.00[128])\b")
_ISO_ROOTS = {
    "BkToCstmrAcctRpt": "camt.052",
    "BkToCstmrStmt": "camt.053",
    "BkToCstmrDbtCdtNtfctn": "camt.054",
    "CstmrCdtTrfInitn": "pain.001",
    "CstmrPmtStsRpt": "pain.002",
    "CstmrDrctDbtInitn": "pain.008",
}
_ISO_ROOT = re.compile(r"<(?:[\w.-]+:)?(" + "|".join(_ISO_ROOTS) + r")[\s/>]")
_NACHA_HEADER = re.compile(r"^101[ \d]\d{9}[ \dA-Z]{10}\d{6}")
_TAG_LINE = re.compile(r"(?m)^\s*:(\d{2}[A-Z]?):")


def sniff(head: bytes, name: str = "") -> str | None:
    """The format of a file from its first `HEAD_BYTES` bytes, or None; `name` is asked only where content says
    nothing."""
    if head.startswith(b"PK\x03\x04"):
        return "xlsx" if b"[Content_Types].xml" in head or b"xl/" in head or b"_rels/" in head else "oracle_bicc"
    if head.startswith(b"PAR1"):
        return "parquet"
    text = decode_head(head)
    if text is None:
        return None
    start = text.lstrip("\ufeff \t\r\n")
    if start.startswith("<") or start[:9].upper() == "OFXHEADER":
        return _sniff_markup(start)
    if start.startswith(("{1:", "{2:")) or _TAG_LINE.search(start):
        format_ = _sniff_swift(start)
        if format_ is not None:
            return format_
    if re.match(r"01,[^\n]*,", start):
        return "bai2"
    if _NACHA_HEADER.match(start):
        return "nacha"
    if start.startswith(("{", "[")):
        return _sniff_json(start)
    return _sniff_delimited(start, name)


def decode_head(head: bytes) -> str | None:
    """The head as text: by its byte order mark, else as UTF-8, else byte for byte; None for binary content."""
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if head.startswith(mark):
            return head[2:].decode(encoding, "replace")
    if b"\x00" in head:
        return None
    try:
        return head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(head) - 4:  # a character cut off by the end of the head
            return head[: error.start].decode("utf-8")
        return head.decode("latin-1")


def _sniff_markup(start: str) -> str | None:
    if match := _ISO_ROOT.search(start):  # an envelope may declare the namespaces of other messages
        return _ISO_ROOTS[match[1]]
    if match := _ISO20022.search(start):
        return match[1]
    return "ofx" if re.search(r"OFXHEADER|<\?OFX|<OFX>", start, re.IGNORECASE) else None


def _sniff_swift(start: str) -> str | None:
    if match := re.search(r"\{2:[IO]94([02])", start):
        return f"mt94{match[1]}"
    tags = set(_TAG_LINE.findall(start))
    if tags & {"34F", "13D", "90D", "90C"} and not tags & {"60F", "60M"}:
        return "mt942"
    statement_tags = {"20", "25", "28", "28C", "60F", "60M", "61", "62F", "62M", "64", "86"}
    return "mt940" if tags & statement_tags and "32A" not in tags else None


def _sniff_json(start: str) -> str:
    if '"@odata.' in start and ("dataAreaId" in start or "/sap/" in start):
        return "dynamics_odata" if "dataAreaId" in start else "sap_odata"
    if "/Date(" in start or re.match(r'\{\s*"d"\s*:', start):
        return "sap_odata"
    if re.search(r'"(hasMore|totalResults)"\s*:', start) and '"items"' in start:
        return "netsuite_suiteql"
    if '"invoice-number"' in start:
        return "coupa"
    first_line = start.partition("\n")[0].strip()
    if first_line.startswith("{") and first_line.endswith("}") and '"event"' in first_line:
        return "hub_log"
    return "json"


def _sniff_delimited(start: str, name: str) -> str | None:
    if name.lower().endswith((".csv", ".tsv")):
        return "csv"
    lines = [line for line in start.splitlines() if line.strip()]
    for delimiter in ";\t,|":
        counts = [line.count(delimiter) for line in lines[:-1] or lines]
        if sum(count > 0 for count in counts) * 2 >= len(counts) > 0:
            return "csv"
    return None
