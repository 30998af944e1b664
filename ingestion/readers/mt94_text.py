"""Field :86: of MT940 and MT942 taken apart: who paid whom, why, and under which references.

Banks write it in dialects: `nnn?20..?29` with any separator (Deutsche Kreditwirtschaft and its neighbours), code words between
slashes (/EREF/ /REMI/ /NAME/: Dutch, Nordic, British and transaction banks), the SEPA code words EREF+ SVWZ+ inside either, `:NS:` fields
with numbered lines, or free text. What no rule knows stays in the remittance text or in `additional_info`; nothing is lost.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from ingestion.references import account_id, is_iban, reference_type, self_identifying_reference

# A German subfield holds 27 characters, a SWIFT line 65 (some banks break earlier): only a line as long as the longest,
# and about as long as the rule allows, goes on in the next without a gap. Some banks count the tag into the first line.
SUBFIELD_WIDTH = 27
LINE_WIDTH = 60
LONGEST_LINE = 65
LINE_BESIDE_TAG = LONGEST_LINE - len(":86:")
LONGEST_REFERENCE = 35

_STRUCTURED = re.compile(r"\s*(?:([0-9]{3})([^\w\s/.,:;()\[\]-])|([?><^~|#]))(?=(?:00|10|2[0-9]|3[0-8]|6[0-3]))")
SEPA_WORDS = (
    "EREF", "KREF", "MREF", "CRED", "DEBT", "COAM", "OAMT", "SVWZ", "ABWA", "ABWE", "PURP", "BREF", "RREF",
)  # fmt: skip
NO_REFERENCE = ("", "NOTPROVIDED", "NONREF")
REFERENCE_WORDS = ("EREF", "KREF", "MREF")
_SEPA = re.compile("(" + "|".join(SEPA_WORDS) + r")\+")
SLASH_WORDS = (
    "ACCW", "ACNO", "ADDR", "BAI", "BBAN", "BENM", "BIC", "BO", "CHGS", "CITY", "CNTP", "CREF", "CSID", "EREF", "EREFSUB",
    "IBAN", "ID", "INFO", "ISDT", "KREF", "MARF", "NAME", "OB", "OCMT", "OI", "OP", "ORDP", "PREF", "PURP", "REF", "REMI",
    "RTRN", "SVCL", "SVWZ", "TRCD", "TRTP", "ULTB", "ULTC", "ULTD",
)  # fmt: skip
_SLASH = re.compile(r"/(" + "|".join(SLASH_WORDS) + r")/")
_SLASH_ANYWHERE = re.compile(r"/\n?(" + "|".join(SLASH_WORDS) + r")/")  # a line may end behind its slash
_SLASH_START = re.compile(r"\s*(?:/[A-Z]{2,8}/)")
_NS_LINE = re.compile(r"(\d\d)(.*)")
_SPLIT_CODE = r"(00|10|2[0-9]|3[0-8]|6[0-3])"


class Party(NamedTuple):
    """The other side of an entry, as far as the text names it."""

    name: str | None = None
    account: str | None = None
    agent: str | None = None


class EntryText(NamedTuple):
    """What field :86: says, dialect removed; texts are trimmed and never empty."""

    remittance: str | None = None
    name: str | None = None
    account: str | None = None
    agent: str | None = None
    end_to_end_id: str | None = None
    instruction_id: str | None = None
    mandate_id: str | None = None
    ultimate_debtor: str | None = None
    ultimate_creditor: str | None = None
    purpose: str | None = None
    return_reason: str | None = None
    additional: str | None = None
    transaction_code: str | None = None
    structured_reference: str | None = None
    structured_reference_type: str | None = None


def read_text(text: str) -> EntryText:
    """Take a decoded :86: apart, its line breaks still in it."""
    start = _STRUCTURED.match(text)
    if start is not None:
        return _german(text, start)
    if "/" in text and (_SLASH_START.match(text) or _SLASH.search(text)):
        return _slashes(text)
    if "+" in text and _SEPA.search(text):
        words, lead = _sepa_words(_joined(text.splitlines(), LINE_WIDTH))
        return _from_sepa(words, lead, Party(), None, None)
    return free_text(text)


def free_text(text: str) -> EntryText:
    """Free text: all of it is remittance information."""
    remittance = "\n".join([line for line in map(str.strip, text.splitlines()) if line]) or None
    reference, kind = structured(remittance)
    return EntryText(remittance, structured_reference=reference, structured_reference_type=kind)


def read_ns(text: str) -> EntryText:
    """Field :NS: after an entry: numbered lines 01-14 purpose, 15-16 name, 17 booking text, 33 bank, 34 account."""
    purpose: list[str] = []
    name: list[str] = []
    other: list[str] = []
    account = agent = None
    for line in text.splitlines():
        match = _NS_LINE.match(line)
        if match is None:
            other.append(line.strip())
            continue
        code, value = match.group(1), match.group(2).strip()
        if "01" <= code <= "14":
            purpose.append(value)
        elif code in ("15", "16"):
            name.append(value)
        elif code == "33":
            agent = value or None
        elif code == "34":
            account = value or None
        else:
            other.append(value)
    remittance = "\n".join(filter(None, purpose)) or None
    reference, kind = structured(remittance)
    return EntryText(
        remittance,
        " ".join(filter(None, name)) or None,
        account_id(account) if account else None,
        agent,
        additional="\n".join(filter(None, other)) or None,
        structured_reference=reference,
        structured_reference_type=kind,
    )


@lru_cache(maxsize=32)
def _splitter(separator: str) -> re.Pattern[str]:
    return re.compile(re.escape(separator) + _SPLIT_CODE)


@lru_cache(maxsize=32)
def _unknown_code(separator: str) -> re.Pattern[str]:
    return re.compile(re.escape(separator) + r"(?=[0-9]{2})")


def _german(text: str, start: re.Match[str]) -> EntryText:
    """nnn?00booking text?10journal?20..?29 and ?60..?63 purpose?30 bank?31 account?32?33 name?34 key extension."""
    separator = start.group(2) or start.group(3)
    joined = text.replace("\r", "").replace("\n", "")
    pieces = _splitter(separator).split(joined)
    purpose: list[str] = []
    further: list[str] = []
    name: list[str] = []
    other: list[str] = []
    account = iban = agent = None
    for code, value in zip(pieces[1::2], pieces[2::2], strict=True):
        kind = code[0]
        if kind == "2":
            purpose.append(value)
            continue
        # behind the purpose a bank's own subfield (?70 the payee's other name) ends the one before it
        value, *unknown = _unknown_code(separator).split(value)
        if kind == "6":
            further.append(value)
        elif code == "30":
            agent = value.strip() or None
        elif code == "31":
            account = value.strip() or None
        elif code in ("32", "33"):
            name.append(value)
        elif code == "38":
            iban = value.strip() or None
        elif value.strip():
            other.append(value.strip())
        other += [f"{separator}{one.rstrip()}" for one in unknown]
    remittance = _joined(purpose + further, SUBFIELD_WIDTH)
    account = iban or account
    party = Party(_joined(name, SUBFIELD_WIDTH, " ").strip() or None, account_id(account) if account else None, agent)
    additional = "\n".join(other) or None
    if "+" in remittance:
        words, lead = _sepa_words(remittance)
        if words:
            return _from_sepa(words, lead, party, additional, start.group(1))
    remittance = remittance.strip()
    reference, kind_ = structured(remittance)
    return EntryText(
        remittance or None,
        *party,
        additional=additional,
        transaction_code=start.group(1),
        structured_reference=reference,
        structured_reference_type=kind_,
    )


def _joined(lines: list[str], width: int, gap: str = "\n") -> str:
    """Lines as one text: a line as long as the longest (and at least `width`) runs on, a shorter one ends there."""
    if len(lines) < 2:
        return lines[0] if lines else ""
    full = max(width, max(map(len, lines)))
    last = len(lines) - 1
    return "".join(
        [line if len(line) >= full or number == last else line + gap for number, line in enumerate(lines) if line]
    )


def _joined_field(lines: list[str]) -> str:
    """The lines of a field as one text; its first line is full beside the tag where none is longer than with it."""
    if len(lines) > 1 and len(lines[0]) == LINE_BESIDE_TAG and max(map(len, lines)) <= LONGEST_LINE:
        return lines[0] + _joined(lines[1:], LINE_BESIDE_TAG)
    return _joined(lines, LINE_WIDTH)


def _sepa_words(text: str) -> tuple[dict[str, str], str]:
    """The SEPA code words of a purpose text and what stands before the first; a word given twice is joined."""
    pieces = _SEPA.split(text)
    words: dict[str, str] = {}
    for word, value in zip(pieces[1::2], pieces[2::2], strict=True):
        value = value.strip()
        words[word] = f"{words[word]}\n{value}" if word in words else value
    return words, pieces[0].strip()


def _from_sepa(
    words: dict[str, str], lead: str, party: Party, additional: str | None, transaction_code: str | None
) -> EntryText:
    take = words.pop
    remittance = take("SVWZ", "")
    references = [_reference_and_text(take(one, "")) for one in REFERENCE_WORDS]
    lead = "\n".join(filter(None, [lead, *(text for _, text in references)]))
    values = EntryText(
        None,
        *party,
        end_to_end_id=references[0][0],
        instruction_id=references[1][0],
        mandate_id=references[2][0],
        ultimate_debtor=take("ABWA", "") or None,
        ultimate_creditor=take("ABWE", "") or None,
        purpose=take("PURP", "") or None,
        transaction_code=transaction_code,
    )
    rest = [f"{word}+{value}" for word, value in words.items()]
    reference, kind = structured(remittance)
    if lead and remittance:
        remittance = f"{lead}\n{remittance}"
    return values._replace(
        remittance=remittance or lead or None,
        additional="\n".join(filter(None, [additional, *rest])) or None,
        structured_reference=reference,
        structured_reference_type=kind,
    )


def _reference_and_text(value: str) -> tuple[str | None, str]:
    """A reference, and the text after it where the bank put no code word before that: it begins in a line of its own."""
    first, *others = value.split("\n")
    rest = "".join(others)
    if " " not in rest and len(first) + len(rest) <= LONGEST_REFERENCE:
        return _reference(first + rest), ""
    return _reference(first), "\n".join(others)


def _reference(text: str) -> str | None:
    value = text.replace("\n", "").strip()
    return None if value in NO_REFERENCE else value


def _slashes(text: str) -> EntryText:
    """/EREF/.../REMI/.../NAME/...: values run to the next known code word, for a value may hold slashes."""
    pieces = _SLASH_ANYWHERE.split(_joined_field([line.rstrip("\r") for line in text.splitlines() if line.strip()]))
    words: dict[str, str] = {}
    # a code word may follow the slash that ends the value before it, or share it: /BENM//NAME/, /EREF/x/REMI/
    for word, value in zip(pieces[1::2], pieces[2::2], strict=True):
        value = value.strip().strip("/").strip()
        if value:
            words[word] = f"{words[word]}\n{value}" if word in words else value
    take = words.pop
    lead = pieces[0].strip()
    account = take("IBAN", "") or take("ACNO", "") or take("BBAN", "")
    agent, name, beyond = take("BIC", ""), take("NAME", ""), ""
    if "CNTP" in words:
        account, agent, name, *rest_of_party = [*take("CNTP").split("/", 3), "", "", ""]
        beyond = rest_of_party[0].strip("/ \n")
    for word in ("ORDP", "BENM", "OP"):
        if word in words and not name:
            name = take(word)
    remittance, reference, kind = _slash_remittance(take("REMI", ""))
    rest = [f"/{word}/{value}" for word, value in words.items() if word not in SLASH_TAKEN]
    return EntryText(
        "\n".join(filter(None, [lead, remittance])) or None,
        " ".join(name.split()) or None,
        slash_account(account),
        agent or None,
        end_to_end_id=_reference(words.get("EREF", "")),
        instruction_id=_reference(words.get("PREF", "") or words.get("KREF", "")),
        mandate_id=_reference(words.get("MARF", "")),
        ultimate_debtor=words.get("ULTD"),
        ultimate_creditor=words.get("ULTB") or words.get("ULTC"),
        purpose=words.get("PURP"),
        return_reason=_reference(words.get("RTRN", "")),
        additional="\n".join(filter(None, [beyond, *rest])) or None,
        structured_reference=reference,
        structured_reference_type=kind,
    )


SLASH_TAKEN = frozenset(["EREF", "PREF", "KREF", "MARF", "ULTD", "ULTB", "ULTC", "PURP", "RTRN"])


def slash_account(text: str) -> str | None:
    """The account after /IBAN/, /ACNO/ or /BBAN/: an IBAN as the raw layer writes it, anything else as delivered."""
    return account_id(text) if is_iban("".join(text.split())) else text or None


def _slash_remittance(text: str) -> tuple[str, str | None, str | None]:
    """/REMI/ of the Dutch banks: plain text, USTD//text, or STRD/CUR|ISO/reference."""
    if text.startswith("USTD/"):
        text = text[5:].strip("/").strip()
    if text.startswith("STRD/"):
        reference = text.rsplit("/", 1)[-1].strip()
        return text, reference, reference_type(reference, "NL")  # of the national kinds, the Dutch have none
    return (text, *structured(text))


def structured(text: str | None) -> tuple[str | None, str | None]:
    """The structured reference that a text is, and its kind, by its form and check digits; None where it is none."""
    if text is None or len(text) > 40:
        return None, None
    return self_identifying_reference(text) or (None, None)
