"""How banks and bookkeepers word one and the same event: names, abbreviations, line styles of several countries.

A style is a function of an event and a random source. Bank styles and ledger styles are combined freely, so that no
two-sided world repeats the habits of another.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

FIRST = {
    "us": "Acme|Apex|Blue|Summit|Pioneer|Liberty|Granite|Harbor|Cascade|Redwood|Evergreen|Lone|Star|Atlas|Beacon",
    "de": "Müller|Schröder|Weiß|Hoffmann|Krüger|Bäcker|Schäfer|Vogel|Brandt|Köhler|Jäger|Lindner|Öztürk|Groß",
    "uk": "Thornbury|Kingsway|Ashford|Whitby|Camden|Pemberton|Oakfield|Harrow|Ludlow|Wessex|Tindale|Marlow",
    "fr": "Dupré|Lefèvre|Moreau|Girard|Bélanger|Rivière|Château|Faure|Garnier|Legrand|Béziers|Étoile",
}
SECOND = {
    "us": "Office Supply|Marketplace|Industrial Services|Logistics|Consulting Group|Coffee Roasters|Plumbing & Heating|"
    "Software|Properties|Medical Center|Insurance|Freight Lines|Electric|Hardware|Media Partners",
    "de": "Maschinenbau|Elektrotechnik|Bürobedarf|Immobilienverwaltung|Spedition|Druckerei|Gebäudereinigung|Metallbau|"
    "Steuerberatung|Werbeagentur|Energieversorgung|Versicherung",
    "uk": "Building Supplies|Catering|Estates|Solicitors|Motors|Stationers|Engineering|Telecom|"
    "Facilities Management|Travel",
    "fr": "Imprimerie|Transports|Services Informatiques|Conseil|Boulangerie|Assurances|Électricité|Bâtiment|Location",
}
LEGAL = {
    "us": ("Inc", "LLC", "Corp", "Co.", ""),
    "de": ("GmbH", "GmbH & Co. KG", "AG", "e.K.", ""),
    "uk": ("Ltd", "Limited", "PLC", "LLP", ""),
    "fr": ("SARL", "S.A.", "SAS", "EURL", ""),
}
PEOPLE = (
    "Anna Becker|John Carter|Maria Lopez|Wei Chen|Omar Haddad|Julia Novak|Peter Jansen|Lucy Shaw|Ivan Petrov|"
    "Claire Martin"
)
CITIES = {
    "us": "CHICAGO IL|AUSTIN TX|DENVER CO|SEATTLE WA",
    "de": "BERLIN|KOELN|MUENCHEN",
    "uk": "LONDON|LEEDS|YORK",
    "fr": "PARIS|LYON|LILLE",
}
PURPOSE = (
    "office supplies|monthly service|consulting|freight|maintenance|licence fee|materials|repairs|advertising|utilities"
)
_LETTERS = {"Ä": "AE", "Ö": "OE", "Ü": "UE", "ß": "SS", "ẞ": "SS"}


@dataclass(frozen=True)
class Party:
    """A counterparty: its full name, where it sits, what it is paid for, its identifier at the bank's clearing
    house.
    """

    name: str
    country: str
    city: str
    purpose: str
    number: int


@dataclass(frozen=True)
class Happening:
    """What one line speaks of."""

    kind: str
    party: Party
    booked: date
    reference: str  # document or cheque number
    cites: bool  # whether the bank's text carries the reference
    damage: float  # how likely each way of losing letters is


def parties(rng: random.Random, country: str, count: int) -> list[Party]:
    """Different companies of one country."""
    made: dict[str, Party] = {}
    while len(made) < count:
        words = [rng.choice(FIRST[country].split("|"))]
        if rng.random() < 0.4 or len(made) > 150:
            words.append(rng.choice(FIRST[country].split("|")))
        words.append(rng.choice(SECOND[country].split("|")))
        if len(made) > 60:
            words.append(rng.choice(("North", "South", "City", "Central", "Express", "Plus", "Group", "Direct", "Pro")))
        name = " ".join([*words, rng.choice(LEGAL[country])]).strip()
        made.setdefault(
            name,
            Party(
                name,
                country,
                rng.choice(CITIES[country].split("|")),
                rng.choice(PURPOSE.split("|")),
                rng.randrange(10**7, 10**8),
            ),
        )
    return list(made.values())


def people(count: int, rng: random.Random, country: str) -> list[Party]:
    """Employees and private customers."""
    given = [name.split()[0] for name in PEOPLE.split("|")]
    family = [name.split()[1] for name in PEOPLE.split("|")] + FIRST[country].split("|")
    names = sorted({f"{first} {last}" for first in given for last in family})
    chosen = rng.sample(names, min(count, len(names)))
    return [Party(name, country, "", "salary", rng.randrange(10**7, 10**8)) for name in chosen]


def latin(text: str) -> str:
    """Bank capitals without accents."""
    import unicodedata

    upper = "".join(_LETTERS.get(letter, letter) for letter in text.upper())
    return unicodedata.normalize("NFKD", upper).encode("ascii", "ignore").decode()


def worn(name: str, rng: random.Random, damage: float, width: int) -> str:
    """A name as it survives a bank's field: cut, abbreviated, reordered, mistyped."""
    words = re.sub(r"[^A-Z0-9& ]", "", latin(name)).split()
    if rng.random() < 0.7:
        words = [
            word
            for word in words
            if word
            not in {
                "INC",
                "LLC",
                "CORP",
                "CO",
                "GMBH",
                "KG",
                "AG",
                "EK",
                "LTD",
                "SARL",
                "SA",
                "SAS",
                "PLC",
                "LLP",
                "LIMITED",
                "EURL",
                "&",
            }
        ] or words
    if rng.random() < damage:
        words = [
            word[0] + re.sub("[AEIOU]", "", word[1:]) if len(word) > 5 and rng.random() < 0.6 else word
            for word in words
        ]
    if rng.random() < damage / 2:
        words = [word[: rng.randint(3, 5)] if len(word) > 6 and rng.random() < 0.5 else word for word in words]
    if rng.random() < damage / 3 and len(words) > 1:
        words = [words[-1], *words[:-1]]
    text = " ".join(words)
    if rng.random() < damage / 2 and len(text) > 5:
        place = rng.randrange(1, len(text) - 2)
        text = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    return text[:width].strip()


def _us_commercial(event: Happening, rng: random.Random) -> str:
    name = worn(event.party.name, rng, event.damage, 22)
    if event.kind == "cheque":
        return f"CHECK {event.reference}" if rng.random() < 0.7 else f"CHECK #{event.reference} {rng.randrange(10**9)}"
    tail = f" INV {event.reference}" if event.cites else ""
    form = event.party.number % 4
    if form == 0:
        return f"ACH DEBIT {name} PAYMENTS PPD ID: {event.party.number}{tail}"
    if form == 1:
        return (
            f"CARD PURCHASE {event.booked:%m/%d} {name} #{event.party.number % 9000} {event.party.city} CARD 4417{tail}"
        )
    if form == 2:
        return f"WIRE TRF REF{rng.randrange(10**9)} BNF {name}{tail}"
    return f"{name} {event.party.city} WEB PMTS {rng.choice('ABCDEFG')}{rng.randrange(10**5)}{tail}"


def _us_pos(event: Happening, rng: random.Random) -> str:
    name = worn(event.party.name, rng, event.damage, 18)
    if event.kind == "cheque":
        return f"CHK#{event.reference}"
    prefix = rng.choice(("POS DEBIT", "SQ *", "TST* ", "DBT CRD", "RECURRING PYMT", "EFT"))
    return f"{prefix} {name} TERM{rng.randrange(10**6)} {event.party.city}" + (
        f" {event.reference}" if event.cites else ""
    )


def _german_sepa(event: Happening, rng: random.Random) -> str:
    name = worn(event.party.name, rng, event.damage / 2, 27)
    if event.kind == "cheque":
        return f"SCHECKEINREICHUNG NR {event.reference}"
    cite = (
        f"SVWZ+RG {event.reference} {event.booked:%d.%m.%Y}"
        if event.cites
        else f"SVWZ+{rng.choice(('RECHNUNG', 'LT. VEREINBARUNG', 'ABSCHLAG'))}"
    )
    order = rng.choice(("UEBERWEISUNG", "LASTSCHRIFT", "BASISLASTSCHR."))
    return f"SEPA-{order} {name} EREF+{rng.randrange(10**10)} {cite}"


def _uk_high_street(event: Happening, rng: random.Random) -> str:
    name = worn(event.party.name, rng, event.damage, 18)
    if event.kind == "cheque":
        return f"CHQ {event.reference}"
    code = rng.choice(("BBP", "FPO", "DD", "SO", "DEB", "BGC"))
    return f"{name} {event.reference if event.cites else ''} {code} {event.booked:%d%b}".upper()


def _french(event: Happening, rng: random.Random) -> str:
    name = worn(event.party.name, rng, event.damage, 24)
    if event.kind == "cheque":
        return f"CHEQUE N {event.reference}"
    prefix = rng.choice(("PRLV SEPA", "VIR SEPA RECU /DE", "VIR SEPA EMIS /BEN", f"CB FACT {event.booked:%d%m%y}"))
    motive = event.reference if event.cites else event.party.purpose.upper()
    return f"{prefix} {name} /MOTIF {motive} /REF {rng.randrange(10**8)}"


def _name_column(event: Happening, rng: random.Random) -> tuple[str | None, str | None]:
    return f"{event.party.purpose} {event.reference}", event.party.name


def _narrative(event: Happening, rng: random.Random) -> tuple[str | None, str | None]:
    opening = rng.choice(("Payment to", "Paid", "Receipt", "Inv from", "To record payment -"))
    cheque = f" (check {event.reference})" if event.kind == "cheque" else ""
    return f"{opening} {event.party.name} for {event.party.purpose}{cheque}", None


def _small_business(event: Happening, rng: random.Random) -> tuple[str | None, str | None]:
    short = " ".join(event.party.name.split()[:2])
    number = f" #{event.reference}" if event.kind == "cheque" or rng.random() < 0.3 else ""
    return f"{short} - {event.party.purpose} - {event.booked:%b}{number}", None


def _erp(event: Happening, rng: random.Random) -> tuple[str | None, str | None]:
    return (
        f"KZ {event.party.number % 100000} {worn(event.party.name, rng, event.damage / 3, 25)} BELEG {event.reference}",
        None,
    )


BANK_STYLES: Mapping[str, Callable[[Happening, random.Random], str]] = {
    "us_commercial": _us_commercial,
    "us_pos": _us_pos,
    "german_sepa": _german_sepa,
    "uk_high_street": _uk_high_street,
    "french": _french,
}
LEDGER_STYLES: Mapping[str, Callable[[Happening, random.Random], tuple[str | None, str | None]]] = {
    "name_column": _name_column,
    "narrative": _narrative,
    "small_business": _small_business,
    "erp": _erp,
}
