"""Suppliers and customers of the three ERPs, some the same party in two, with their bank accounts and habits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from simulation.group import ENTITIES, ENTITY, LAST_DAY, TERMS, Entity
from simulation.identifiers import iban
from simulation.model import Party, PartyAccount

SUPPLIERS = {"DE01": 104, "US01": 66, "CH01": 64}
CUSTOMERS = {"DE01": 84, "US01": 52, "CH01": 66}
SHARED_SUPPLIERS = 10
ACCOUNT_CHANGES = 8

_STEMS = (
    "Alster", "Amber", "Anker", "Arcadia", "Atlas", "Aurum", "Baltic", "Beacon", "Berg", "Birke", "Borealis",
    "Bravo", "Brenner", "Cascade", "Cedar", "Cobalt", "Corvus", "Delta", "Dorn", "Eiche", "Elbe", "Falken",
    "Ferro", "Fjord", "Forge", "Granit", "Hansa", "Harbor", "Helio", "Hochwald", "Iller", "Indus", "Isar",
    "Jura", "Kestrel", "Kobalt", "Lech", "Linde", "Lumen", "Maple", "Meridian", "Mosel", "Nadel", "Neckar",
    "Nimbus", "Nordic", "Oder", "Onyx", "Orion", "Pegasus", "Pinnacle", "Polar", "Quarz", "Ridge", "Rhone",
    "Saale", "Sable", "Sierra", "Silber", "Solar", "Spree", "Summit", "Tanne", "Terra", "Titan", "Tundra",
    "Ulmen", "Vega", "Vektor", "Vertex", "Vulkan", "Weser", "Willow", "Zephyr", "Zinn",
)  # fmt: skip
_TRADES = (
    "Antriebe", "Armaturen", "Automation", "Bearings", "Castings", "Chemicals", "Components", "Controls",
    "Elektronik", "Energy", "Fasteners", "Filters", "Fluidics", "Foundry", "Hydraulik", "Instruments",
    "Kunststoffe", "Lasertechnik", "Logistics", "Metals", "Optik", "Packaging", "Papier", "Pumpen", "Robotics",
    "Sensorik", "Services", "Software", "Stahl", "Systems", "Textil", "Tooling", "Transport", "Valves",
    "Werkzeuge",
)  # fmt: skip
_FORMS = {
    "DE": ("GmbH", "AG", "GmbH & Co. KG"),
    "US": ("Inc.", "LLC", "Corp."),
    "CH": ("AG", "GmbH", "SA"),
    "GB": ("Ltd", "PLC"),
    "JP": ("K.K.",),
    "FR": ("SAS",),
    "AT": ("GmbH",),
}
_PLACES = {
    "DE": (
        ("20095", "Hamburg"),
        ("70173", "Stuttgart"),
        ("80331", "Muenchen"),
        ("04109", "Leipzig"),
        ("44135", "Dortmund"),
    ),
    "US": (
        ("07102", "Newark"),
        ("60601", "Chicago"),
        ("44114", "Cleveland"),
        ("30303", "Atlanta"),
        ("97201", "Portland"),
    ),
    "CH": (("8001", "Zuerich"), ("4051", "Basel"), ("3011", "Bern"), ("9000", "St. Gallen")),
    "GB": (("M1 2AB", "Manchester"), ("B1 1HQ", "Birmingham")),
    "JP": (("103-0027", "Tokyo"), ("541-0041", "Osaka")),
    "FR": (("69002", "Lyon"),),
    "AT": (("4020", "Linz"),),
}
_STREETS = {
    "DE": "Industriestrasse",
    "US": "Commerce Street",
    "CH": "Bahnhofstrasse",
    "GB": "Mill Lane",
    "JP": "Chuo-dori",
    "FR": "Rue de l'Industrie",
    "AT": "Werkstrasse",
}
_BANK_CODES = {
    "DE": (
        ("37040044", "COBADEFFXXX"),
        ("20050550", "HASPDEHHXXX"),
        ("70150000", "SSKMDEMMXXX"),
        ("60050101", "SOLADEST600"),
    ),
    "US": (("021000021", "CHASUS33XXX"), ("026009593", "BOFAUS3NXXX"), ("121000248", "WFBIUS6SXXX")),
    "CH": (("00230", "UBSWCHZH80A"), ("00700", "ZKBKCHZZ80A"), ("00769", "BLKBCH22XXX")),
    "GB": (("NWBK601613", "NWBKGB2LXXX"), ("BARC200000", "BARCGB22XXX")),
    "JP": (("0005", "BOTKJPJTXXX"), ("0009", "SMBCJPJTXXX")),
    "FR": (("3000100794", "BDFEFRPPCCT"),),
    "AT": (("34000", "RZOOAT2LXXX"),),
}
CURRENCY_OF = {"DE": "EUR", "US": "USD", "CH": "CHF", "GB": "GBP", "JP": "JPY", "FR": "EUR", "AT": "EUR"}
_SUPPLIER_COUNTRIES = {
    "DE01": (("DE", 0.80), ("FR", 0.05), ("AT", 0.05), ("JP", 0.06), ("US", 0.04)),
    "US01": (("US", 0.97), ("DE", 0.03)),
    "CH01": (("CH", 0.74), ("GB", 0.22), ("DE", 0.04)),
}
_CUSTOMER_COUNTRIES = {
    "DE01": (("DE", 0.82), ("FR", 0.05), ("AT", 0.05), ("JP", 0.08)),
    "US01": (("US", 1.0),),
    "CH01": (("CH", 0.76), ("GB", 0.24)),
}
_FIRST_IDS = {
    ("DE01", "supplier"): 100200,
    ("DE01", "customer"): 300100,
    ("US01", "supplier"): 1204,
    ("US01", "customer"): 5102,
    ("CH01", "supplier"): 410,
    ("CH01", "customer"): 2310,
}


def build_parties(rng: np.random.Generator) -> list[Party]:
    """All parties, suppliers before customers, entity by entity."""
    names = _names(rng)
    parties: list[Party] = []
    for role, counts, countries in (
        ("supplier", SUPPLIERS, _SUPPLIER_COUNTRIES),
        ("customer", CUSTOMERS, _CUSTOMER_COUNTRIES),
    ):
        for entity in ENTITIES:
            choices, weights = zip(*countries[entity.id], strict=True)
            for i in range(counts[entity.id]):
                country = str(rng.choice(choices, p=weights))
                parties.append(_party(rng, entity, role, i, country, next(names)))
    _share(rng, parties)
    _set_habits(rng, parties)
    _change_accounts(rng, parties)
    return parties


def _names(rng: np.random.Generator) -> Iterator[str]:
    pairs = rng.permutation(len(_STEMS) * len(_TRADES))
    return (f"{_STEMS[i // len(_TRADES)]} {_TRADES[i % len(_TRADES)]}" for i in pairs)


def source_id(entity: Entity, role: str, ordinal: int) -> str:
    """The party number as its ERP writes it: with leading zeros, an internal id, or a prefix."""
    number = _FIRST_IDS[entity.id, role] + ordinal * (3 if entity.erp == "netsuite" else 1)
    if entity.erp == "sap":
        return f"{number:010d}"
    if entity.erp == "netsuite":
        return str(number)
    return f"{'V' if role == 'supplier' else 'C'}-{number:06d}"


def _party(rng: np.random.Generator, entity: Entity, role: str, ordinal: int, country: str, name: str) -> Party:
    postal_code, city = _PLACES[country][int(rng.integers(len(_PLACES[country])))]
    full_name = f"{name} {rng.choice(_FORMS[country])}"
    currency = CURRENCY_OF[country]
    slug = name.lower().replace(" ", "-")
    return Party(
        entity=entity.id,
        role=role,
        source_id=source_id(entity, role, ordinal),
        name=full_name,
        street=f"{_STREETS[country]} {rng.integers(1, 180)}",
        postal_code=postal_code,
        city=city,
        country=country,
        vat_id=_vat_id(rng, country),
        email=f"accounts@{slug}.example",
        currency=currency,
        terms=str(rng.choice(list(TERMS), p=(0.18, 0.37, 0.15, 0.2, 0.1))),
        accounts=[bank_account(rng, country, currency)],
    )


def _vat_id(rng: np.random.Generator, country: str) -> str:
    digits = int(rng.integers(10**8, 10**9))
    if country == "US":
        return f"{digits // 10**7:02d}-{digits % 10**7:07d}"
    return f"CHE{digits}MWST" if country == "CH" else f"{country}{digits}"


def bank_account(rng: np.random.Generator, country: str, currency: str, known_from: date | None = None) -> PartyAccount:
    """A new account of a party at one of the banks of its country."""
    bank_code, bic = _BANK_CODES[country][int(rng.integers(len(_BANK_CODES[country])))]
    number = int(rng.integers(10**9, 10**10))
    if country in ("US", "JP"):
        text = f"{number}" if country == "US" else f"{number % 10**7:07d}"
        return PartyAccount(currency, bic, bank_code, number=text, known_from=known_from)
    width = {"DE": 10, "CH": 12, "GB": 8, "FR": 13, "AT": 11}[country]
    return PartyAccount(
        currency,
        bic,
        bank_code,
        iban=iban(country, bank_code + f"{number % 10**width:0{width}d}"),
        known_from=known_from,
    )


def _share(rng: np.random.Generator, parties: list[Party]) -> None:
    """Some suppliers also supply the Swiss company: same VAT id and account, another number and spelling."""
    german = [p for p in parties if p.role == "supplier" and p.entity == "DE01" and p.country == "DE"]
    swiss = [p for p in parties if p.role == "supplier" and p.entity == "CH01"]
    for one, other in zip(
        rng.permutation(len(german))[:SHARED_SUPPLIERS], rng.permutation(len(swiss))[:SHARED_SUPPLIERS], strict=True
    ):
        origin, copy = german[int(one)], swiss[int(other)]
        copy.name = origin.name.upper() if int(one) % 2 else origin.name.replace("GmbH", "Gesellschaft mbH")
        copy.country, copy.currency, copy.vat_id = origin.country, origin.currency, origin.vat_id
        copy.street, copy.postal_code, copy.city, copy.email = (
            origin.street,
            origin.postal_code,
            origin.city,
            origin.email,
        )
        copy.accounts = [replace(origin.accounts[0])]
        copy.same_as = origin.key


def _set_habits(rng: np.random.Generator, parties: list[Party]) -> None:
    for party in parties:
        domestic = party.currency == ENTITY[party.entity].currency
        if party.role == "supplier":
            party.collective = bool(rng.random() < 0.3)
            if party.entity == "DE01" and party.currency == "EUR" and rng.random() < 0.18:
                party.pay_from = "sued_eur"
            if domestic and party.same_as is None and rng.random() < 0.05:
                party.direct_debit = True
                party.terms = "N014"
                party.mandate_id = f"MND-{party.source_id.lstrip('0')}-1"
            continue
        party.delay_days = float(np.clip(rng.normal(3.0, 6.0), -8, 25))
        structured = 0.45 if party.currency in ("EUR", "CHF") else 0.0
        share = (structured, 0.85 - structured, 0.09, 0.06)
        party.habit = str(rng.choice(("structured", "reference", "lump_listed", "lump_silent"), p=share))


def _change_accounts(rng: np.random.Generator, parties: list[Party]) -> None:
    """Ordinary changes of bank details, long before anything is paid there in a hurry."""
    suppliers = [p for p in parties if p.role == "supplier" and not p.direct_debit and p.same_as is None]
    for index in rng.permutation(len(suppliers))[:ACCOUNT_CHANGES]:
        party = suppliers[int(index)]
        day = LAST_DAY - timedelta(days=int(rng.integers(30, 80)))
        changed = bank_account(rng, party.country, party.currency, known_from=day)
        party.accounts.append(replace(changed, changed_by="A.BERGER"))
