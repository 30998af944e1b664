"""pain.008, customer direct debit initiations, versions 02 to 11."""

from __future__ import annotations

from ingestion.readers.pain_initiation import InitiationReader
from ingestion.readers.pain_layout import Initiation
from ingestion.reading import Reader

DIRECT_DEBIT = Initiation(
    format="pain.008",
    root="CstmrDrctDbtInitn",
    direction="direct_debit",
    transaction="DrctDbtTxInf",
    amount="InstdAmt",
    own="Cdtr",
    counterparty="Dbtr",
    execution_date="ReqdColltnDt",
    mandate="DrctDbtTx/MndtRltdInf/MndtId",
)

READERS: dict[str, Reader] = {"pain.008": InitiationReader(DIRECT_DEBIT)}
