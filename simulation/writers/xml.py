"""XML as text: elements without attributes magic, absent values left out, amounts with their currency."""

from __future__ import annotations

from decimal import Decimal
from xml.sax.saxutils import escape


def element(name: str, *content: str | None) -> str:
    """An element of ready-made content; empty where all content is absent."""
    inner = "".join(part for part in content if part)
    return f"<{name}>{inner}</{name}>" if inner else ""


def text(name: str, value: object) -> str:
    """An element of escaped text; empty where the value is None or empty."""
    return "" if value is None or value == "" else f"<{name}>{escape(str(value))}</{name}>"


def amount(name: str, value: Decimal, currency: str) -> str:
    """An amount element with its `Ccy` attribute."""
    return f'<{name} Ccy="{currency}">{value:f}</{name}>'


def document(namespace: str, body: str) -> bytes:
    """A whole ISO 20022 document in UTF-8, one element a line where a reader would break it."""
    for name in (
        "Ntry",
        "TxDtls",
        "CdtTrfTxInf",
        "PmtInf",
        "Bal",
        "Stmt",
        "Rpt",
        "OrgnlPmtInfAndSts",
        "TxInfAndSts",
        "GrpHdr",
    ):
        body = body.replace(f"<{name}>", f"\n<{name}>")
    opening = f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{namespace}">'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{opening}{body}\n</Document>\n'.encode()
