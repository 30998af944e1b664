"""One vocabulary for what kind of transaction an entry is: the ISO 20022 bank transaction codes (domain, family, ...).

Sources: ISO 20022 external code set "Bank Transaction Code"; SWIFT MT 940 field :61: sub-field 6; the German business
transaction codes (GVC, Deutsche Kreditwirtschaft, DFUe-Abkommen annex 3); BAI2 type codes (BAI, Cash Management
Reporting Specifications version 2, appendix A); OFX 2.2, chapter 11.4.4 (TRNTYPE). The original code is always kept
beside the mapped one. A code without a sure counterpart maps to nothing (None), or to a family with sub-family OTHR
where only that much is sure.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple


class IsoCode(NamedTuple):
    """An ISO 20022 bank transaction code."""

    domain: str
    family: str
    subfamily: str


def _table(text: str) -> dict[str, IsoCode]:
    """Lines of `codes -> domain family sub-family`; a code may be a range a-b of equal width."""
    table: dict[str, IsoCode] = {}
    for line in text.strip().splitlines():
        codes, _, target = line.partition("->")
        iso = IsoCode(*target.split()[:3])
        for code in codes.split():
            first, dash, last = code.partition("-")
            if dash:
                table.update({f"{number:0{len(first)}d}": iso for number in range(int(first), int(last) + 1)})
            else:
                table[code] = iso
    return table


# SWIFT transaction type identification codes, by direction where money can move both ways.
_SWIFT_CREDIT = _table(
    """
    BOE BRF -> TRAD DOCC OTHR
    CHK -> PMNT RCHQ OTHR
    CLR -> PMNT MCOP OTHR
    CMI CMN CMS CMT CMZ CMP -> CAMT ACCB OTHR
    COL -> TRAD DOCC OTHR
    DCR -> TRAD DOCC OTHR
    DDT -> PMNT IDDT OTHR
    DIS -> SECU MCOP OTHR
    DIV -> SECU CORP DVCA
    FEX -> FORX OTHR OTHR
    INT -> ACMT MCOP INTR
    LBX -> PMNT LBOX OTHR
    LDP -> LDAS OTHR OTHR
    RTI RET -> PMNT RCDT OTHR
    SEC -> SECU SETT OTHR
    STO -> PMNT RCDT STDO
    TCK -> PMNT RCHQ OTHR
    TRF -> PMNT RCDT OTHR
    103 102 -> PMNT RCDT OTHR
    104 107 -> PMNT IDDT OTHR
    200 201 202 203 205 -> PMNT RCDT OTHR
    """
)
_SWIFT_DEBIT = _table(
    """
    BNK CHG COM -> ACMT MDOP CHRG
    BOE BRF -> TRAD DOCC OTHR
    CHK -> PMNT ICHQ OTHR
    CLR -> PMNT MDOP OTHR
    CMI CMN CMS CMT CMZ CMP -> CAMT ACCB OTHR
    COL -> TRAD DOCC OTHR
    DCR -> TRAD DOCC OTHR
    DDT -> PMNT RDDT OTHR
    FEX -> FORX OTHR OTHR
    INT -> ACMT MDOP INTR
    LDP -> LDAS OTHR OTHR
    RTI RET -> PMNT ICDT OTHR
    SEC -> SECU SETT OTHR
    STO -> PMNT ICDT STDO
    TCK -> PMNT ICHQ OTHR
    TRF -> PMNT ICDT OTHR
    103 102 -> PMNT ICDT OTHR
    104 107 -> PMNT RDDT OTHR
    200 201 202 203 205 -> PMNT ICDT OTHR
    """
)
# German business transaction codes. What a creditor who collects by direct debit is credited is an issued direct debit.
_GVC_CREDIT = _table(
    """
    051 166 168 169 -> PMNT RCDT ESCT
    052 152 -> PMNT RCDT STDO
    053 153 -> PMNT RCDT SALA
    154 -> PMNT RCDT ESCT
    156 157 -> PMNT RCDT ESCT
    118 -> PMNT IRCT OTHR
    159 -> PMNT ICDT RRTN
    160 161 -> PMNT RRCT OTHR
    070 170 -> PMNT RCHQ OTHR
    071 171 -> PMNT IDDT ESDD
    072 -> PMNT IDDT OTHR
    174 -> PMNT IDDT BBDD
    181 184 -> PMNT RDDT UPDD
    192 -> PMNT IDDT ESDD
    196 -> PMNT IDDT BBDD
    082 -> PMNT CNTR CDPT
    202 206 -> PMNT RCDT XBCT
    203 205 -> PMNT RCHQ OTHR
    814 -> ACMT MCOP INTR
    820 -> PMNT RCDT BOOK
    833 -> CAMT CAPL OTHR
    """
)
_GVC_DEBIT = _table(
    """
    001 002 101 102 -> PMNT ICHQ OTHR
    004 104 -> PMNT RDDT BBDD
    005 105 -> PMNT RDDT ESDD
    006 106 107 -> PMNT CCRD OTHR
    008 117 -> PMNT ICDT STDO
    009 108 109 -> PMNT IDDT UPDD
    020 116 119 122 177 191 -> PMNT ICDT ESCT
    118 -> PMNT IRCT OTHR
    082 083 -> PMNT CNTR CWDL
    193 194 195 -> PMNT IDDT PRDD
    201 -> PMNT ICDT XBCT
    805 806 807 808 809 -> ACMT MDOP CHRG
    814 -> ACMT MDOP INTR
    820 -> PMNT ICDT BOOK
    833 -> CAMT CAPL OTHR
    """
)
# BAI2 detail codes; the direction is in the code itself: 100-399 credits, 400-699 debits.
_BAI2 = _table(
    """
    115 116 118 -> PMNT LBOX OTHR
    142 -> PMNT RCDT DMCT
    164 -> PMNT RCDT DMCT
    165 -> PMNT IDDT OTHR
    166 -> PMNT RCDT DMCT
    168 169 -> PMNT RCDT DMCT
    171 172 174 -> LDAS OTHR OTHR
    173 175 176 -> PMNT RCHQ OTHR
    195 -> PMNT RCDT DMCT
    191 196 -> PMNT RCDT BOOK
    198 275 -> CAMT ACCB ZABA
    201 -> PMNT RCDT BOOK
    206 -> PMNT RCDT BOOK
    208 -> PMNT RCDT XBCT
    212 -> TRAD DOCC OTHR
    213 216 218 -> TRAD DCCT OTHR
    214 -> FORX OTHR OTHR
    221 -> PMNT RCDT XBCT
    229 -> PMNT RCHQ OTHR
    240 -> SECU CORP OTHR
    252 -> ACMT MCOP OTHR
    254 255 -> PMNT ICDT RRTN
    257 -> PMNT RDDT UPDD
    258 -> ACMT MCOP ADJT
    301 -> PMNT RCHQ OTHR
    354 355 -> ACMT MCOP INTR
    356 -> LDAS OTHR OTHR
    357 358 359 362 -> ACMT MCOP ADJT
    372 373 374 -> SECU SETT OTHR
    395 397 398 399 -> ACMT MCOP OTHR
    451 -> PMNT RDDT OTHR
    455 -> PMNT RDDT OTHR
    464 -> PMNT ICDT DMCT
    466 -> PMNT ICDT DMCT
    467 468 469 -> PMNT ICDT DMCT
    472 474 475 476 477 -> PMNT ICHQ OTHR
    481 482 -> LDAS OTHR OTHR
    491 496 -> PMNT ICDT BOOK
    495 -> PMNT ICDT DMCT
    501 506 -> PMNT ICDT BOOK
    508 -> PMNT ICDT XBCT
    512 513 516 518 -> TRAD DCCT OTHR
    514 -> FORX OTHR OTHR
    552 -> ACMT MDOP OTHR
    555 -> PMNT RCHQ UPCQ
    557 -> PMNT IDDT UPDD
    558 -> PMNT ICDT RRTN
    575 577 -> CAMT ACCB ZABA
    654 -> ACMT MDOP INTR
    656 661 698 -> ACMT MDOP CHRG
    682 683 684 -> SECU SETT OTHR
    695 697 699 -> ACMT MDOP OTHR
    """
)

# OFX transaction types, by the sign of the amount. CREDIT, DEBIT, DEP, OTHER and the like say no more than the sign.
_OFX_CREDIT = _table(
    """
    CASH -> PMNT CNTR CDPT
    CHECK -> PMNT RCHQ OTHR
    DIRECTDEBIT -> PMNT IDDT OTHR
    DIRECTDEP XFER -> PMNT RCDT OTHR
    DIV -> SECU CORP DVCA
    INT -> ACMT MCOP INTR
    """
)
_OFX_DEBIT = _table(
    """
    ATM -> PMNT CCRD CWDL
    CASH -> PMNT CNTR CWDL
    CHECK -> PMNT ICHQ OTHR
    DIRECTDEBIT -> PMNT RDDT OTHR
    FEE SRVCHG -> ACMT MDOP CHRG
    INT -> ACMT MDOP INTR
    PAYMENT XFER -> PMNT ICDT OTHR
    POS -> PMNT CCRD POSD
    REPEATPMT -> PMNT ICDT STDO
    """
)


@lru_cache(maxsize=8192)
def from_swift(code: str, credit: bool) -> IsoCode | None:
    """The ISO code of a :61: transaction type such as `NTRF`, `S103`; `credit` is the direction of the entry."""
    kind = code[1:4]
    if kind.isdigit() and code[0] != "S":
        return None  # a message number follows S alone; N102 and the like are a bank's own
    return (_SWIFT_CREDIT if credit else _SWIFT_DEBIT).get(kind)


@lru_cache(maxsize=8192)
def from_gvc(code: str, credit: bool) -> IsoCode | None:
    """The ISO code of a German business transaction code; `credit` is the direction of the entry."""
    return (_GVC_CREDIT if credit else _GVC_DEBIT).get(code)


@lru_cache(maxsize=8192)
def from_bai2(code: str) -> IsoCode | None:
    """The ISO code of a BAI2 detail type code such as `475`."""
    return _BAI2.get(code)


@lru_cache(maxsize=8192)
def from_ofx(kind: str, credit: bool) -> IsoCode | None:
    """The ISO code of an OFX transaction type (TRNTYPE) such as `SRVCHG`; `credit` is the direction of the entry."""
    return (_OFX_CREDIT if credit else _OFX_DEBIT).get(kind)
