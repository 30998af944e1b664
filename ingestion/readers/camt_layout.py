"""What is read from camt.052, camt.053 and camt.054: the containers and the fields of each, over versions 01 to 14.

Sources: the message definition reports of ISO 20022 (BankToCustomerAccountReport, BankToCustomerStatement,
BankToCustomerDebitCreditNotification). Where versions name one thing differently, both paths are declared and the rows
(`camt_rows`) take the one that is there.
"""

from __future__ import annotations

from itertools import product

from ingestion.readers.iso20022_remittance import STRUCTURED
from ingestion.readers.xml_records import Box, Layout

KINDS = {"camt.052": "report", "camt.053": "statement", "camt.054": "notification"}
STATEMENT_ELEMENTS = {"camt.052": "Rpt", "camt.053": "Stmt", "camt.054": "Ntfctn"}
ROOTS = {
    "BkToCstmrAcctRpt": "camt.052",
    "BkToCstmrStmt": "camt.053",
    "BkToCstmrDbtCdtNtfctn": "camt.054",
    "BkToCstmrAcctRptV01": "camt.052",
    "BkToCstmrStmtV01": "camt.053",
    "BkToCstmrDbtCdtNtfctnV01": "camt.054",
}


def _under(parents: str, leaves: str) -> tuple[str, ...]:
    return tuple(f"{parent}/{leaf}" for parent, leaf in product(parents.split(), leaves.split()))


ACCOUNT_IDS = "Id/IBAN Id/Othr/Id Id/BBAN Id/PrtryAcct/Id Id/UPIC"
AGENT_IDS = (
    "FinInstnId/BICFI FinInstnId/BIC FinInstnId/ClrSysMmbId/MmbId FinInstnId/Othr/Id FinInstnId/Nm "
    "FinInstnId/CmbndId/BIC FinInstnId/PrtryId/Id"
)
BANK_CODE = _under("BkTxCd", "Domn/Cd Domn/Fmly/Cd Domn/Fmly/SubFmlyCd Prtry/Cd Prtry/Issr")
AMOUNT_DETAILS = _under(
    "AmtDtls/InstdAmt AmtDtls/TxAmt AmtDtls/CntrValAmt",
    "Amt CcyXchg/SrcCcy CcyXchg/TrgtCcy CcyXchg/UnitCcy CcyXchg/XchgRate",
)

STATUSES = ("BOOK", "PDNG", "INFO", "FUTR")
"""What an entry can be, beside a bank's own words in `Prtry`."""

# How what has to be read as a value is most often written; every text of these forms is good (`iso20022_values`).
_AMOUNT = r"[0-9]{1,12}+(?:\.[0-9]{1,5}+)?+"
_DIRECTION = "CRDT|DBIT"
_STATUS = "|".join(STATUSES)
_RATE = r"[0-9]{1,13}+(?:\.[0-9]{1,10}+)?+"
_AMOUNT_DETAIL_FORMS = {
    path: _RATE if path.endswith("Rate") else _AMOUNT for path in AMOUNT_DETAILS if path[-3:] != "Ccy"
}

CHARGE = Box("Charge", ("Amt", "CdtDbtInd", "ChrgInclInd"), forms={"Amt": _AMOUNT})


def _charges(name: str) -> Box:
    leaves = ("TtlChrgsAndTaxAmt", "Amt", "CdtDbtInd", "ChrgInclInd")
    return Box(name, leaves, {"Rcrd": CHARGE}, forms={"TtlChrgsAndTaxAmt": _AMOUNT, "Amt": _AMOUNT})


ENTRY_CHARGES = _charges("EntryCharges")
TRANSACTION_CHARGES = _charges("TransactionCharges")

TRANSACTION = Box(
    "Transaction",
    (
        "Amt",
        "CdtDbtInd",
        *_under("Refs", "MsgId AcctSvcrRef PmtInfId InstrId EndToEndId UETR TxId MndtId ChqNb ClrSysRef"),
        *AMOUNT_DETAILS,
        *_under("RltdPties/Dbtr RltdPties/Cdtr RltdPties/UltmtDbtr RltdPties/UltmtCdtr", "Nm Pty/Nm Agt/FinInstnId/Nm"),
        *_under("RltdPties/DbtrAcct RltdPties/CdtrAcct", ACCOUNT_IDS),
        *_under("RltdAgts/DbtrAgt RltdAgts/CdtrAgt", AGENT_IDS),
        "RmtInf/Ustrd",
        "Purp/Cd",
        "Purp/Prtry",
        *_under("RtrInf", "Rsn/Cd Rsn/Prtry RtrRsn/Cd RtrRsn/Prtry AddtlInf AddtlRtrRsnInf"),
        "AddtlTxInf",
    ),
    {"Chrgs": TRANSACTION_CHARGES, "RmtInf/Strd": STRUCTURED},
    many=True,
    forms={"Amt": _AMOUNT, "CdtDbtInd": _DIRECTION, **_AMOUNT_DETAIL_FORMS},
)

_BATCH = ("MsgId", "PmtInfId", "NbOfTxs", "TtlAmt", "CdtDbtInd")
BATCH = Box("Batch", _BATCH)
ENTRY = Box(
    "Entry",
    (
        "NtryRef",
        "Amt",
        "CdtDbtInd",
        "RvslInd",
        "Sts",
        "Sts/Cd",
        "Sts/Prtry",
        "BookgDt/Dt",
        "BookgDt/DtTm",
        "ValDt/Dt",
        "ValDt/DtTm",
        "AcctSvcrRef",
        *BANK_CODE,
        *AMOUNT_DETAILS,
        "AddtlNtryInf",
    ),
    {
        "Chrgs": ENTRY_CHARGES,
        "Btch": BATCH,
        "TxDtls": TRANSACTION,
        "NtryDtls/Btch": BATCH,
        "NtryDtls/TxDtls": TRANSACTION,
    },
    many=True,
    forms={
        "Amt": _AMOUNT,
        "CdtDbtInd": _DIRECTION,
        **dict.fromkeys(("Sts", "Sts/Cd", "Sts/Prtry"), _STATUS),
        **_AMOUNT_DETAIL_FORMS,
    },
)

BALANCE = Box(
    "Balance",
    (
        *_under("Tp", "CdOrPrtry/Cd CdOrPrtry/Prtry Cd Prtry SubTp/Cd SubTp/Prtry"),
        "Amt",
        "CdtDbtInd",
        "Dt",
        "Dt/Dt",
        "Dt/DtTm",
    ),
)

STATEMENT = Box(
    "Statement",
    (
        "Id",
        "ElctrncSeqNb",
        "LglSeqNb",
        "CreDtTm",
        *_under("FrToDt", "FrDtTm ToDtTm FrDt ToDt"),
        "CpyDplctInd",
        *_under("StmtPgntn RptPgntn NtfctnPgntn", "PgNb LastPgInd"),
        *_under("Acct", ACCOUNT_IDS),
        *_under("Acct", "Ccy Nm Ownr/Nm Ownr/Pty/Nm"),
        *_under("Acct/Svcr", AGENT_IDS),
        *_under("TxsSummry/TtlNtries", "NbOfNtries Sum TtlNetNtryAmt CdtDbtInd TtlNetNtry/Amt TtlNetNtry/CdtDbtInd"),
        *_under("TxsSummry/TtlCdtNtries TxsSummry/TtlDbtNtries", "NbOfNtries Sum"),
    ),
    {"Bal": BALANCE, "Ntry": ENTRY},
)

HEADER = Box("Header", ("MsgId", "CreDtTm", "MsgPgntn/PgNb", "MsgPgntn/LastPgInd"))


def _message_box(format_: str) -> Box:
    """The container of a whole message of one of the three kinds."""
    return Box("Message", (), {"GrpHdr": HEADER, STATEMENT_ELEMENTS[format_]: STATEMENT})


LAYOUT = Layout({root: _message_box(format_) for root, format_ in ROOTS.items()})
