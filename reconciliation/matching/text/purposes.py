"""What a payer says the money is for, where it is no invoice: paid on account, in advance, or given back; and
that something, or a credit memo, was deducted."""

from __future__ import annotations

import polars as pl

# in ASCII capitals as `folding.ascii_upper` makes them; with both habits of spelling an umlaut
_ON_ACCOUNT = (
    r"\bA[ -]?[CK]ONTO|\bAKONTO|\bANZAHLUNG(?:\b|SB)|\bVORAUSZAHLUNG|\bVORKASSE\b|\bVORSCHUSS",
    r"\bON ACCOUNT\b|\bPRE-?PAYMENT|\bADVANCE (?:PAYMENT|PMT|AGAINST|TOWARDS)|\bADV\.? (?:PAYMENT|PMT|AGAINST)"
    r"|\b(?:PAID|PAYMENT) IN ADVANCE\b|\bDOWN[ -]?PAYMENT",
    r"\bACOMPTE|\bARRHES\b|\bA VALOIR\b|\bACCONTO\b|\bANTICIPO|\bCAPARRA\b|\bA CUENTA\b|\bADIANTAMENTO",
    r"\bVOORUITBETALING|\bAANBETALING|\bVOORSCHOT|\bFOE?RSKOTT|\bFORSKUDD?\b|\bENNAKKO",
    r"\bZALICZK|\bPRZEDPLAT|\bZADATEK|\bZALOH|\bELOLEG|\bAVANS\b|\bPREDOPLAT",
    "前払|前受|内金|手付|预付|预收|订金|定金",
)
_GIVEN_BACK = (
    r"ERSTATTUNG|\bRUE?CKZAHLUNG|\bRUE?CKVERGUE?TUNG|\bREFUND|\bREIMBURSE|\bREMBOURSEMENT|\bREEMBOLSO|\bRIMBORSO",
    r"\bTERUGBETALING|\bTERUGGAVE|\bAATERBETALNING|\bTILBAGEBETALING|\bTILBAKEBETALING|\bPALAUTUS|\bZWROT\b|\bVRATKA\b",
    r"\bRETOUREN?\b|\bVISSZATERITES|\bIADE\b|返金|退款",
)

_DEDUCTED = (
    r"\bABZUG\b|\bABZUE?GE\b|\bKUE?RZUNG|SCHADEN|\bREKLAMATION|\bMAE?NGEL|\bMINDERUNG|\bFEHLMENGE|\bBELASTUNGSANZEIGE",
    r"\bDEDUCT|\bDAMAGE|\bSHORTAGE|\bSHORT[ -]SHIP|\bCLAIM\b|\bDISPUTE|\bALLOWANCE|\bREBATE|\bCHARGE ?BACK\b|\bDEBIT NOTE\b",
    r"\bRETENUE|\bLITIGE|\bAVARIE|\bDEDUC|\bDETRAZ|\bTRATTENUTA|\bDESCUENTO|\bKORTING\b|\bAVDRAG|\bFRADRAG|\bPOTRACEN",
)
_BY_CREDIT_MEMO = (
    r"GUTSCHRIFT|\bGUTSCHR\b|\bGS\b|\bCREDIT (?:MEMO|NOTE)|\bCREDITS? (?:TAKEN|APPLIED)|\bLESS CREDIT|\bC/N\b|\bCR(?:EDIT)? ?MEMO"
    r"|\bAVOIRS?\b|\bNOTAS? (?:DE|DI) CREDITO|\bABONO\b|\bCREDIT?NOTA|\bCREDITFAKTU|\bKREDITN|\bKREDITFAKT"
    r"|\bHYVITYS|\bDOBROPIS|\bFAKTUR\w* KORYG|\bKOREKT|\bJOVAIR|\bVERRECHN|\bABZGL|\bABZUEGLICH|\bOFFSET",
)
_CHARGED = r"\bCHARGES?\b|\bFEES?\b|\bBANK|\bGEBUE?HR|\bSPESEN|\bENTGELT|\bKOSTEN\b|\bFRAIS|\bCOMMISSION|\bCOMISION|\bPROVISION|\bAVGIFT"

_FOR = (
    r"\b(?:FUE?R|FOR|POUR|VOOR|PARA|PER CONTO(?: DI)?|OBO|ON BEHALF OF|IM AUFTRAG VON|IN OPDRACHT VAN|FOER)\s+(.{4,})"
)


def on_account(text: pl.Expr) -> pl.Expr:
    """Whether a text in ASCII capitals says that the money is paid on account or in advance."""
    return text.str.contains("|".join(_ON_ACCOUNT)).fill_null(False)


def given_back(text: pl.Expr) -> pl.Expr:
    """Whether a text in ASCII capitals says that the money is given back: a refund."""
    return text.str.contains("|".join(_GIVEN_BACK)).fill_null(False)


def deducted(text: pl.Expr) -> pl.Expr:
    """Whether a text in ASCII capitals says that the payer has deducted something, which no bank's charge is."""
    return (text.str.contains("|".join(_DEDUCTED)) & ~text.str.contains(_CHARGED)).fill_null(False)


def by_credit_memo(text: pl.Expr) -> pl.Expr:
    """Whether a text in ASCII capitals says that a credit memo is deducted."""
    return text.str.contains("|".join(_BY_CREDIT_MEMO)).fill_null(False)


def paid_for(text: pl.Expr) -> pl.Expr:
    """What stands behind `for` in a text in ASCII capitals, where somebody's name may stand; else null."""
    return text.str.extract(_FOR, 1)
