"""Structured remittance information (`RmtInf/Strd`) of ISO 20022 messages: the creditor's reference and the documents
paid.

A reference is typed only where its check digits hold (`ingestion.references`); what the sender calls it does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ingestion.readers.xml_records import Box, Fields
from ingestion.references import reference_type, self_identifying_reference

DOCUMENT = Box(
    "Document",
    (
        "Nb",
        "RltdDt",
        "RltdDt/Dt",
        "RfrdDocNb",
        "Tp/CdOrPrtry/Cd",
        "Tp/CdOrPrtry/Prtry",
        "RfrdDocTp/Cd",
        "RfrdDocTp/Prtry",
    ),
)
DOCUMENT_AMOUNTS = tuple(
    f"RfrdDocAmt/{name}"
    for name in (
        "DuePyblAmt",
        "RmtdAmt",
        "DscntApldAmt",
        "DscntApldAmt/Amt",
        "CdtNoteAmt",
        "RmtAmtAndTp/Amt",
    )
)
STRUCTURED = Box(
    "Structured",
    ("CdtrRefInf/Ref", "CdtrRefInf/CdtrRef", "AddtlRmtInf", *DOCUMENT_AMOUNTS),
    {"RfrdDocInf": DOCUMENT},
)


@dataclass
class Structured:
    """One `Strd` block and the documents it refers to, in file order."""

    fields: Fields
    documents: list[Fields]

    @property
    def reference(self) -> str | None:
        """The creditor's reference as delivered."""
        return self.fields.get("CdtrRefInf/Ref") or self.fields.get("CdtrRefInf/CdtrRef")


def document_number(document: Fields) -> str | None:
    """The number of a referred document."""
    return document.get("Nb") or document.get("RfrdDocNb")


@dataclass(frozen=True)
class Remittance:
    """What the remittance information of one payment says."""

    reference: str | None = None
    reference_type: str | None = None
    documents: tuple[str, ...] | None = None
    additional: str | None = None


NOTHING = Remittance()
REFERENCE_STARTS = frozenset("Rr+*0123456789")


def remittance(blocks: Sequence[Structured], unstructured: str | None, country: str | None) -> Remittance:
    """The first structured reference with its verified type, and the numbers of all documents.

    Further references go with the documents, so that none is lost. Without a structured reference, free text that is as
    a whole an RF, QRR or OGM reference is one. `country` is that of the creditor's account, which tells national
    references apart.
    """
    if not blocks and (unstructured is None or unstructured[0] not in REFERENCE_STARTS):
        return NOTHING
    references: list[str] = []
    documents: list[str] = []
    notes: list[str] = []
    for block in blocks:
        if block.reference is not None:
            references += block.reference.split("\n")
        documents += [number for one in block.documents if (number := document_number(one)) is not None]
        if "AddtlRmtInf" in block.fields:
            notes.append(block.fields["AddtlRmtInf"])
    if references:
        kind = reference_type(references[0], country)
        documents = references[1:] + documents
        return Remittance(references[0], kind, tuple(documents) or None, "\n".join(notes) or None)
    found = self_identifying_reference(unstructured) if unstructured else None
    reference, kind_found = found or (None, None)
    return Remittance(reference, kind_found, tuple(documents) or None, "\n".join(notes) or None)


class RemittanceCollector:
    """Gathers `Strd` blocks as their containers close, until the payment around them does."""

    def __init__(self) -> None:
        self.blocks: list[Structured] = []
        self._documents: list[Fields] = []

    def on_document(self, fields: Fields, _around: Fields, _start: int, _end: int) -> None:
        """A referred document closed."""
        self._documents.append(fields)

    def on_structured(self, fields: Fields, _around: Fields, _start: int, _end: int) -> None:
        """A `Strd` block closed."""
        self.blocks.append(Structured(fields, self._documents))
        self._documents = []

    def take(self) -> list[Structured]:
        """The blocks since the last call."""
        if not self.blocks:
            return []
        blocks, self.blocks = self.blocks, []
        return blocks
