"""pain.001, customer credit transfer initiations, versions 03 to 12."""

from __future__ import annotations

from ingestion.readers.pain_initiation import InitiationReader
from ingestion.readers.pain_layout import Initiation
from ingestion.reading import Reader

CREDIT_TRANSFER = Initiation(
    format="pain.001",
    root="CstmrCdtTrfInitn",
    direction="credit_transfer",
    transaction="CdtTrfTxInf",
    amount="Amt/InstdAmt",
    own="Dbtr",
    counterparty="Cdtr",
    execution_date="ReqdExctnDt",
    mandate="MndtRltdInf/MndtId",
)

READERS: dict[str, Reader] = {"pain.001": InitiationReader(CREDIT_TRANSFER)}
