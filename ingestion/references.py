"""Structured payment references and account identifiers, recognised by their check digits.

Sources: ISO 11649 (RF creditor reference), Swiss Implementation Guidelines QR-bill (QRR, modulo 10 recursive), Febelfin's OGM/VCS
(modulo 97), Finance Finland's viite (weights 7-3-1), Mastercard Payment Services' KID (modulo 10 and modulo 11) and Bankgirot's OCR
reference (modulo 10, with a length digit at the higher control levels); ISO 13616 (IBAN, modulo 97).
"""

from __future__ import annotations

import re
from functools import lru_cache
from string import ascii_uppercase, digits

from stdnum import iban as stdnum_iban
from stdnum import iso11649, luhn
from stdnum.ch import esr

_SPACES = re.compile(r"\s+")
_OGM = re.compile(r"(?:\+{3}|\*{3})?(\d{3})/?(\d{4})/?(\d{5})(?:\+{3}|\*{3})?")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
WRITTEN_OTHERWISE = (
    "[^!-`{-~]"  # small letters, blanks, letters beyond ASCII: an account without them is as it should be
)
_AS_WRITTEN = re.compile("[!-`{-~]*+")
_AS_NUMBERS = {ord(letter): str(number) for number, letter in enumerate(ascii_uppercase, 10)}
_AS_CLASSES = {**dict.fromkeys(map(ord, ascii_uppercase), "A"), **dict.fromkeys(map(ord, digits), "0")}
_FORMS: dict[str, bool] = {}  # country and classes of its characters -> whether the country's IBANs are so
_FORMS_KEPT = 4096
_COUNTRY_KINDS = {"FI": ("VIITE",), "NO": ("KID",), "SE": ("OCR",), "BE": ("OGM",), "CH": ("QRR",), "LI": ("QRR",)}


@lru_cache(maxsize=65536)
def is_iban(text: str) -> bool:
    """Whether `text`, without spaces, is an IBAN: its country's length, and modulo 97 is 1."""
    compact = "".join(text.split()).upper()
    if _IBAN.fullmatch(compact) is None or int((compact[4:] + compact[:4]).translate(_AS_NUMBERS)) % 97 != 1:
        return False
    # which letters and digits a country has at which place; few forms occur, and looking one up costs more than the rest
    form = compact[:2] + compact[4:].translate(_AS_CLASSES)
    if form not in _FORMS:
        if len(_FORMS) >= _FORMS_KEPT:
            _FORMS.clear()
        _FORMS[form] = bool(stdnum_iban.is_valid(compact, check_country=False))
    return _FORMS[form]


def account_id(text: str) -> str:
    """An account as the raw layer writes it: an IBAN in capitals without spaces, anything else as delivered, trimmed.

    A text that looks like an IBAN but fails modulo 97 is not repaired: it stays as delivered.
    """
    return text if _AS_WRITTEN.fullmatch(text) else _account_id(text)


@lru_cache(maxsize=65536)
def _account_id(text: str) -> str:
    compact = "".join(text.split()).upper()
    return compact if is_iban(compact) else text.strip()


def is_rf(reference: str) -> bool:
    """ISO 11649: RF, two check digits, up to 21 letters or digits; modulo 97 is 1."""
    compact = _SPACES.sub("", reference).upper()
    return compact.startswith("RF") and 5 <= len(compact) <= 25 and bool(iso11649.is_valid(compact))


def is_qrr(reference: str) -> bool:
    """The Swiss QR reference: 27 digits, not all zero, the last one modulo 10 recursive."""
    compact = _SPACES.sub("", reference)
    return len(compact) == 27 and _digits(compact) and compact.strip("0") != "" and bool(esr.is_valid(compact))


def is_ogm(reference: str) -> bool:
    """The Belgian structured communication, +++ddd/dddd/ddddd+++ or its 12 digits: the last two are modulo 97 (97 for 0)."""
    match = _OGM.fullmatch(_SPACES.sub("", reference))
    if match is None:
        return False
    digits = "".join(match.groups())
    return _digits(digits) and int(digits[:10]) > 0 and (int(digits[:10]) % 97 or 97) == int(digits[10:])


def is_viite(reference: str) -> bool:
    """The Finnish reference number: 4 to 20 digits, the last one by weights 7, 3, 1 from the right."""
    compact = _SPACES.sub("", reference)
    if not (_digits(compact) and 4 <= len(compact) <= 20) or compact.strip("0") == "":
        return False
    total = sum(int(digit) * (7, 3, 1)[place % 3] for place, digit in enumerate(reversed(compact[:-1])))
    return (10 - total % 10) % 10 == int(compact[-1])


def is_kid(reference: str) -> bool:
    """The Norwegian KID: 2 to 25 characters, the last one modulo 10 (Luhn) or modulo 11 (a remainder of 10 is `-`)."""
    compact = _SPACES.sub("", reference)
    body, check = compact[:-1], compact[-1:]
    if not (2 <= len(compact) <= 25 and _digits(body)) or compact.strip("0") == "":
        return False
    if _digits(check) and luhn.is_valid(compact):
        return True
    total = sum(int(digit) * (2 + place % 6) for place, digit in enumerate(reversed(body)))
    return check == "0123456789-0"[(11 - total % 11)]


def is_ocr(reference: str) -> bool:
    """The Swedish OCR reference: 2 to 25 digits, the last one modulo 10 (Luhn)."""
    compact = _SPACES.sub("", reference)
    return _digits(compact) and 2 <= len(compact) <= 25 and compact.strip("0") != "" and bool(luhn.is_valid(compact))


_CHECKS = {"SCOR": is_rf, "QRR": is_qrr, "OGM": is_ogm, "VIITE": is_viite, "KID": is_kid, "OCR": is_ocr}


@lru_cache(maxsize=65536)
def reference_types(reference: str) -> tuple[str, ...]:
    """Every kind whose form and check digits `reference` satisfies; short numbers may satisfy several."""
    return tuple(kind for kind, check in _CHECKS.items() if check(reference))


@lru_cache(maxsize=65536)
def reference_type(reference: str, country: str | None = None) -> str | None:
    """The kind of a structured reference whose check digits hold, or None: SCOR, QRR, OGM, VIITE, KID or OCR.

    RF, QRR and OGM are recognised by their form. A bare number that is right under several national rules is named by the
    `country` (ISO 3166) of the account where that is given. Without it, a number right under modulo 10 is an OCR where its
    last digit but one is also its length (Bankgirot's length digit), else a KID; a viite comes before both.
    """
    kinds = reference_types(reference)
    if country is not None:
        allowed = ("SCOR", *_COUNTRY_KINDS.get(country.upper(), ()))
        return next((kind for kind in kinds if kind in allowed), None)
    if "OCR" in kinds and "VIITE" not in kinds and "OGM" not in kinds:
        compact = _SPACES.sub("", reference)
        return "OCR" if len(compact) > 2 and int(compact[-2]) == len(compact) % 10 else "KID"
    return kinds[0] if kinds else None


def self_identifying_reference(text: str) -> tuple[str, str] | None:
    """The reference and its kind where the whole `text` is one that its form alone gives away: RF, QRR or OGM."""
    if text[:1] in ("R", "r") and text[1:].lstrip()[:1] not in ("F", "f"):
        return None  # as most texts that begin with an R, such as "Rechnung"
    compact = _SPACES.sub("", text)
    if not 5 <= len(compact) <= 27:
        return None
    if compact[:2] in ("RF", "rf"):
        return (compact.upper(), "SCOR") if is_rf(compact) else None
    if len(compact) == 27:
        return (compact, "QRR") if is_qrr(compact) else None
    if compact[:3] in ("+++", "***"):
        return (compact, "OGM") if is_ogm(compact) else None
    return None


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
