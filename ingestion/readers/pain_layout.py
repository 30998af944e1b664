"""Where the values of a payment initiation stand: pain.001 (credit transfers) and pain.008 (direct debits), one layout for both."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from ingestion.readers.camt_layout import ACCOUNT_IDS, AGENT_IDS
from ingestion.readers.iso20022_remittance import STRUCTURED
from ingestion.readers.xml_records import Box


def _under(parents: str, leaves: str) -> tuple[str, ...]:
    return tuple(f"{parent}/{leaf}" for parent, leaf in product(parents.split(), leaves.split()))


@dataclass(frozen=True)
class Initiation:
    """Where the two messages differ."""

    format: str
    root: str
    direction: str
    transaction: str  # the element of one payment
    amount: str  # the instructed amount in it
    own: str  # the own party: debtor of a credit transfer, creditor of a direct debit
    counterparty: str
    execution_date: str
    mandate: str

    def box(self) -> Box:
        """The containers of the message."""
        type_leaves = _under(
            "PmtTpInf", "SvcLvl/Cd SvcLvl/Prtry LclInstrm/Cd LclInstrm/Prtry CtgyPurp/Cd CtgyPurp/Prtry"
        )
        transaction = Box(
            "Transaction",
            (
                *_under("PmtId", "InstrId EndToEndId UETR"),
                self.amount,
                *_under("Amt/EqvtAmt", "Amt CcyOfTrf"),
                "ReqdExctnDt",
                *_under("ReqdExctnDt", "Dt DtTm"),
                *_under(self.counterparty, "Nm Pty/Nm PstlAdr/Ctry CtryOfRes"),
                *_under(f"{self.counterparty}Acct", ACCOUNT_IDS),
                *_under(f"{self.counterparty}Agt", AGENT_IDS),
                "UltmtDbtr/Nm",
                "UltmtCdtr/Nm",
                self.mandate,
                "ChqInstr/ChqNb",
                "RmtInf/Ustrd",
                "Purp/Cd",
                "Purp/Prtry",
            ),
            {"RmtInf/Strd": STRUCTURED},
            many=True,
        )
        batch = Box(
            "Batch",
            (
                *("PmtInfId", "PmtMtd", "BtchBookg", "NbOfTxs", "CtrlSum", "ChrgBr", "UltmtDbtr/Nm", "UltmtCdtr/Nm"),
                *type_leaves,
                self.execution_date,
                *_under(self.execution_date, "Dt DtTm"),
                f"{self.own}/Nm",
                *_under(f"{self.own}Acct", f"{ACCOUNT_IDS} Ccy"),
                *_under(f"{self.own}Agt", AGENT_IDS),
            ),
            {self.transaction: transaction},
        )
        header = Box("Header", ("MsgId", "CreDtTm", "NbOfTxs", "CtrlSum", *_under("InitgPty", "Nm Id/OrgId/Othr/Id")))
        return Box("Message", (), {"GrpHdr": header, "PmtInf": batch})
