"""How banks code what an entry is: ISO 20022 domain/family/sub-family, German GVC, SWIFT type, BAI2 type, booking text.

Sources: ISO 20022 external bank transaction codes; Deutsche Kreditwirtschaft, Anlage 3 (Geschaeftsvorfallcodes);
BAI2 appendix A.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BankCode:
    """The codes of one kind of entry."""

    domain: str
    family: str
    subfamily: str
    gvc: str
    swift: str
    bai: str
    text: str


BANK_CODES = {
    "sepa_out": BankCode("PMNT", "ICDT", "ESCT", "116", "TRF", "495", "SEPA-Ueberweisung"),
    "batch_out": BankCode("PMNT", "ICDT", "ESCT", "191", "TRF", "451", "Sammelueberweisung"),
    "domestic_out": BankCode("PMNT", "ICDT", "DMCT", "116", "TRF", "495", "Zahlungsauftrag"),
    "intl_out": BankCode("PMNT", "ICDT", "XBCT", "201", "TRF", "508", "Auslandszahlung"),
    "ach_out": BankCode("PMNT", "ICDT", "ACOR", "116", "TRF", "451", "ACH DEBIT"),
    "wire_out": BankCode("PMNT", "ICDT", "DMCT", "116", "TRF", "495", "OUTGOING WIRE"),
    "sepa_in": BankCode("PMNT", "RCDT", "ESCT", "166", "TRF", "195", "Gutschrift"),
    "domestic_in": BankCode("PMNT", "RCDT", "DMCT", "166", "TRF", "195", "Zahlungseingang"),
    "intl_in": BankCode("PMNT", "RCDT", "XBCT", "202", "TRF", "208", "Auslandszahlungseingang"),
    "ach_in": BankCode("PMNT", "RCDT", "ACOR", "166", "TRF", "142", "ACH CREDIT"),
    "wire_in": BankCode("PMNT", "RCDT", "DMCT", "166", "TRF", "195", "INCOMING WIRE"),
    "return": BankCode("PMNT", "ICDT", "RRTN", "159", "RTI", "257", "Rueckueberweisung"),
    "direct_debit": BankCode("PMNT", "RDDT", "ESDD", "105", "DDT", "455", "Basislastschrift"),
    "fee": BankCode("ACMT", "MDOP", "CHRG", "808", "CHG", "698", "Entgelt"),
    "interest_in": BankCode("ACMT", "MCOP", "INTR", "814", "INT", "354", "Zinsen"),
    "interest_out": BankCode("ACMT", "MDOP", "INTR", "814", "INT", "654", "Sollzinsen"),
    "transfer_out": BankCode("CAMT", "ACCB", "SWEP", "833", "TRF", "575", "Cash Pooling"),
    "transfer_in": BankCode("CAMT", "ACCB", "SWEP", "833", "TRF", "275", "Cash Pooling"),
    "payroll": BankCode("PMNT", "ICDT", "SALA", "153", "TRF", "469", "Lohn/Gehalt"),
    "tax": BankCode("PMNT", "ICDT", "ESCT", "116", "TRF", "469", "Steuerzahlung"),
    "card": BankCode("PMNT", "MCRD", "POSP", "166", "TRF", "174", "Kartenabrechnung"),
    "other_in": BankCode("PMNT", "RCDT", "OTHR", "399", "MSC", "399", "Gutschrift"),
    "other_out": BankCode("PMNT", "ICDT", "OTHR", "499", "MSC", "699", "Belastung"),
}
