"""What banks call their columns and captions, in the languages of Europe and Asia: the words of `vocabulary/bank_columns.yml`.

Names are compared in folded form. A word is a hint that content has to confirm: `Valuta` is a value date where its
cells are dates and a currency where they are currency codes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import yaml

from ingestion.currencies import CURRENCIES, CURRENCY_SIGNS

_FILE = Path(__file__).parent / "vocabulary" / "bank_columns.yml"
_SIGN = "|".join(map(re.escape, sorted(CURRENCY_SIGNS, key=len, reverse=True)))
_BRACKETED = re.compile(rf"[(\[（]\s*(?:in\s+)?([A-Za-z]{{3}}|{_SIGN}|[-+])\s*[)\]）]")
_TRAILING_CODE = re.compile(r"(?:\s+(?:in|en|em|i))?\s+([A-Z]{3})$")
_TRAILING_EURO = re.compile(r"(?<=\S)\s+(?:(?:en|in)\s+)?(?:euros?|euroa|€)$", re.IGNORECASE)
_NO_ROLES = ("detail_amount", "charges", "card_holder")  # amounts beside the amount of an entry, and whose card it is
_LOST = "\ufffd"  # a letter that a wrong encoding has lost
_NOT_DECOMPOSED = str.maketrans(
    {"ß": "ss", "ø": "o", "Ø": "o", "æ": "ae", "ł": "l", "Ł": "l", "ı": "i", "đ": "d", "Đ": "d", "’": "'"}
)
_NOT_ENGLISH = re.compile(
    r"datum|betrag|buchung|saldo|solde|montant|libell|importo|descrizione|data\b|fecha|importe|omschrijving|bedrag|dato|belopp|"
    r"kwota|valuta|valeur|addebito|accredito|дат|ημερομ|תאריך|تاريخ|วันท|ngay|tanggal|tarikh|kuupaev|datums"
)


@cache
def _vocabulary() -> dict[str, dict[str, frozenset[str]]]:
    text = yaml.safe_load(_FILE.read_text("utf-8"))
    return {
        part: {name: frozenset(map(_as_compared, words.split("|"))) for name, words in roles.items()}
        for part, roles in text.items()
    }


def _as_compared(word: str) -> str:
    return word.strip() if word.isascii() else folded(word)


def folded(name: str) -> str:
    """A column name or caption as it is compared: no case, accents, currency or outer punctuation."""
    text = _TRAILING_EURO.sub("", _BRACKETED.sub(" ", name).strip())
    match = _TRAILING_CODE.search(text)
    if match and match[1] in CURRENCIES:
        text = text[: match.start()]
    letters = unicodedata.normalize("NFKD", text.translate(_NOT_DECOMPOSED).casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(plain.split()).strip(" :.*#\"'")


def currency_in(name: str) -> str | None:
    """The ISO 4217 code in a column name (`Saldo CHF`, `Betrag (EUR)`, `Crédit en CHF`), or None."""
    for match in (*_BRACKETED.finditer(name), *_TRAILING_CODE.finditer(name.strip())):
        code = CURRENCY_SIGNS.get(match[1], match[1].upper())
        if code in CURRENCIES:
            return code
    return "EUR" if _TRAILING_EURO.search(name.strip()) else None


def role_names(name: str) -> tuple[str, ...]:
    """The roles a column name may have, in order of preference; letters lost to a wrong encoding match any letter."""
    text = folded(name)
    return tuple(
        role for role, words in _vocabulary()["columns"].items() if role not in _NO_ROLES and _is_in(text, words)
    )


def is_charge(name: str) -> bool:
    """Whether a column holds charges, which an amount may include or not."""
    return _is_in(folded(name), _vocabulary()["columns"]["charges"])


def is_card_holder(name: str) -> bool:
    """Whether a column says whose card it is: the list is one of a card's purchases."""
    return _is_in(folded(name), _vocabulary()["columns"]["card_holder"])


def is_detail_amount(name: str) -> bool:
    """Whether a column holds the parts of a collective booking or amounts in another currency."""
    return _is_in(folded(name), _vocabulary()["columns"]["detail_amount"])


def cell_means(text: str, meaning: str) -> bool:
    """Whether a cell says `debit`, `credit`, `booked`, `pending` or `failed` in some language."""
    return folded(text) in _vocabulary()["cells"][meaning]


def is_state(text: str) -> bool:
    """Whether a cell says that an entry is booked, pending or failed."""
    return any(cell_means(text, state) for state in ("booked", "pending", "failed"))


def tells_balance(text: str) -> bool:
    """Whether a cell begins with a word for a balance: `Saldo iniziale in Euro`, `Beginning balance as of 01/01`."""
    words = folded(text).split(" ")
    named = _vocabulary()["cells"]["balance"]
    return any(" ".join(words[:count]) in named for count in (1, 2))


def tells_total(text: str) -> bool:
    """Whether a cell begins with a word for a total: `Total`, `Summe Belastungen`."""
    words = folded(text).split(" ")
    named = _vocabulary()["cells"]["total"]
    return any(" ".join(words[:count]).strip(":") in named for count in (1, 2))


def is_balance(text: str) -> bool:
    """Whether a cell says nothing but that it is an opening or closing balance, or the turnover between: `Saldo anterior`."""
    found, known = folded(text), _vocabulary()
    cells, captions = known["cells"], known["captions"]
    words = (cells["carried_balance"], cells["turnover"], captions["opening_balance"], captions["closing_balance"])
    return any(found in one for one in words)


def open_item_names(names: Sequence[str]) -> tuple[str, str] | None:
    """The columns that make a list one of open items: a due date, and an invoice's number or what is left of it to pay."""
    words = _vocabulary()["open_items"]
    due, item = (
        next((name for name in names if _is_in(folded(name), words[one])), None) for one in ("due_date", "item")
    )
    return (due, item) if due is not None and item is not None else None


def caption_name(label: str) -> str | None:
    """The fact a caption above the header stands for, or None."""
    text = folded(label)
    for name, words in _vocabulary()["captions"].items():
        if _is_in(text, words):
            return name
    return next((name for name in ("account_id", "currency") if _is_in(text, _vocabulary()["columns"][name])), None)


def day_comes_first(names: list[str]) -> bool:
    """Whether the column names are in a language that writes the day before the month (not English, nor unknown)."""
    return _NOT_ENGLISH.search(" ".join(folded(name) for name in names)) is not None


def _run_together(text: str) -> str:
    """A name without what programs write between its words, or leave out: `transaction_date` is `TransactionDate`."""
    return re.sub(r"[ _\-]", "", text)


@cache
def _all_run_together(words: frozenset[str]) -> frozenset[str]:
    return frozenset(map(_run_together, words))


def _is_in(text: str, words: frozenset[str]) -> bool:
    if text in words or _run_together(text) in _all_run_together(words):
        return True
    if _LOST not in text:
        return False
    pattern = re.compile(re.escape(text).replace(_LOST, "."))
    return any(pattern.fullmatch(word) for word in words)
