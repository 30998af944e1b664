"""Identifiers with check digits: IBANs, ISO 11649 creditor references, Swiss QR references."""

from __future__ import annotations

from functools import lru_cache

from stdnum import iban as stdnum_iban
from stdnum import iso11649
from stdnum.ch import esr


@lru_cache(maxsize=65536)
def iban(country: str, bban: str) -> str:
    """The IBAN of a country and its basic account number (ISO 13616, modulo 97)."""
    return f"{country}{stdnum_iban.calc_check_digits(country + '00' + bban)}{bban}"


def creditor_reference(body: str) -> str:
    """`RF` and two check digits before the body (ISO 11649, modulo 97)."""
    digits = "".join(str(int(c, 36)) for c in f"{body}RF00")
    reference = f"RF{98 - int(digits) % 97:02d}{body}"
    iso11649.validate(reference)
    return reference


def qr_reference(body: str) -> str:
    """The 27 digits of a Swiss QR reference: the body to 26 digits and a check digit (modulo 10 recursive)."""
    padded = body.zfill(26)
    return padded + str(esr.calc_check_digit(padded))
