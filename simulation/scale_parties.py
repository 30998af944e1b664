"""The masters of a scale data set: legal entities with their accounts, and the parties they deal with.

Entities and accounts are shared by the whole data set; parties are made chunk by chunk, so memory does not grow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from simulation.scale_kinds import ScaleProfile

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Country:
    """What a country contributes: its currency, its share, how its banks write statements, how its firms are called."""

    code: str
    currency: str
    weight: float
    habits: tuple[str, ...]
    legal_forms: tuple[str, ...]
    bank: str  # letters of the BBAN, part of the IBAN's check sum
    digits: int  # digits of the BBAN after them; 0 means no IBAN


COUNTRIES: tuple[Country, ...] = (
    Country("DE", "EUR", 0.28, ("mt940_de", "camt", "camt"), ("GmbH", "AG", "GmbH & Co. KG", "e.K.", "KG"), "", 18),
    Country("NL", "EUR", 0.10, ("mt940_nl", "camt"), ("B.V.", "N.V.", "V.O.F."), "INGB", 10),
    Country("FR", "EUR", 0.10, ("camt", "plain"), ("SARL", "SA", "SAS"), "", 23),
    Country("US", "USD", 0.20, ("ach", "wire"), ("Inc.", "LLC", "Corp.", "Co."), "", 0),
    Country("GB", "GBP", 0.10, ("uk",), ("Ltd", "PLC", "LLP"), "NWBK", 14),
    Country("CH", "CHF", 0.05, ("camt",), ("AG", "GmbH", "SA"), "", 17),
    Country("PL", "PLN", 0.05, ("camt", "plain"), ("Sp. z o.o.", "S.A."), "", 24),
    Country("SE", "SEK", 0.04, ("plain",), ("AB", "HB"), "", 20),
    Country("JP", "JPY", 0.06, ("zengin",), ("K.K.", "Co., Ltd."), "", 0),
    Country("KW", "KWD", 0.02, ("plain",), ("W.L.L.", "K.S.C."), "NBOK", 22),
)
HABITS = ("camt", "mt940_de", "mt940_nl", "ach", "wire", "uk", "zengin", "plain")
CURRENCIES = ("EUR", "USD", "GBP", "CHF", "PLN", "SEK", "JPY", "KWD")
DECIMALS = np.array([2, 2, 2, 2, 2, 2, 0, 3], dtype=np.int64)
PRICE_LEVEL = np.array([1, 1.1, 0.85, 0.95, 4.3, 11, 160, 0.33])
NUMBER_STYLES = 12

_STEMS = (
    "Müller", "Schmidt", "Weber", "Jäger", "Krüger", "Hoffmann", "Nordwind", "Alpen", "Rhein", "Hansa", "Berger",
    "Lindner", "Groß", "Weiß", "Vogel", "Kaiser", "Jansen", "Bakker", "Visser", "Smit", "Dekker", "Dubois",
    "Lefèvre", "Moreau", "Girard", "Étoile", "Smith", "Johnson", "Baker", "Carter", "Summit", "Pioneer", "Blue",
    "Ridge", "Liberty", "Evergreen", "Harbour", "Kingsway", "Oxford", "Thames", "Kowalski", "Nowak", "Wiśniewski",
    "Andersson", "Lindström", "Tanaka", "Sakura", "Yamato", "Fuji", "Al-Rashid", "Gulf", "Marina", "Delta",
    "Orion", "Vega", "Atlas", "Polaris", "Quantum", "Nova", "Apex", "Vertex",
)  # fmt: skip
_TRADES = (
    "Logistik", "Technik", "Bau", "Elektro", "Metall", "Druck", "Verpackung", "Chemie", "Maschinenbau",
    "Software", "Consulting", "Transport", "Foods", "Office", "Supplies", "Steel", "Plastics", "Energy",
    "Security", "Cleaning", "Catering", "Media", "Systems", "Industries", "Trading", "Components", "Tools",
    "Electronics", "Textiles", "Paper", "Glass", "Automation", "Facility", "Leasing", "Medical", "Optics",
    "Pharma", "Agrar", "Fruit", "Wine", "Print",
)  # fmt: skip


@dataclass(frozen=True)
class Masters:
    """Legal entities and accounts: `account[entity, currency]` numbers an account, `account_habit` is its bank's."""

    entity_country: Ints
    entity_currency: Ints
    account: npt.NDArray[np.int64]
    account_habit: Ints
    account_names: pl.Series
    entity_names: pl.Series


@dataclass(frozen=True)
class Parties:
    """Suppliers (first `suppliers` rows) and customers of one chunk, as columns of equal length."""

    suppliers: int
    entity: Ints
    second_entity: Ints
    currency: Ints
    weight: Floats
    level: Floats  # natural log of the usual document, in whole euros
    price: Ints  # the fixed price in minor units, 0 where there is none
    style: Ints
    base_serial: Ints
    terms: Ints
    discount_permille: Ints
    lateness: Floats
    text: pl.DataFrame  # id, name, account, initials


def make_masters(seed: int, profile: ScaleProfile, bank_lines: int) -> Masters:
    """Return the entities and accounts of a data set; their number follows its size."""
    rng = np.random.default_rng([seed, 1])
    entities = int(np.clip(bank_lines // profile.lines_per_entity, 3, 400))
    weights = np.array([profile.countries.get(c.code, 0.0) if profile.countries else c.weight for c in COUNTRIES])
    if weights.sum() <= 0:
        raise ValueError(f"no known country has a weight; known are {[c.code for c in COUNTRIES]}")
    country = rng.choice(len(COUNTRIES), size=entities, p=weights / weights.sum())
    home = np.array([CURRENCIES.index(COUNTRIES[c].currency) for c in country], dtype=np.int64)
    account = np.full((entities, len(CURRENCIES)), -1, dtype=np.int64)
    habits: list[int] = []
    names: list[str] = []
    for entity in range(entities):  # a few hundred at most
        where = COUNTRIES[country[entity]]
        for currency in sorted({home[entity], 0, 1}):
            account[entity, currency] = len(habits)
            habits.append(HABITS.index(where.habits[int(rng.integers(len(where.habits)))]))
            names.append(f"{where.code}{entity + 1:03d}-{CURRENCIES[currency]}")
    return Masters(
        entity_country=country.astype(np.int64),
        entity_currency=home,
        account=account,
        account_habit=np.array(habits, dtype=np.int64),
        account_names=pl.Series(names),
        entity_names=pl.Series([f"{COUNTRIES[c].code}{n + 1:03d}" for n, c in enumerate(country)]),
    )


def make_parties(rng: np.random.Generator, profile: ScaleProfile, masters: Masters, lines: int, chunk: int) -> Parties:
    """Return the suppliers and customers of one chunk; activity is spread as in life, few large and many small."""
    count = max(60, lines // profile.lines_per_party)
    suppliers = count // 2
    entities = len(masters.entity_currency)
    entity = rng.integers(entities, size=count)
    home = masters.entity_currency[entity]
    foreign = rng.random(count) < 0.12
    currency = np.where(foreign, rng.integers(0, 2, size=count), home)
    other = rng.integers(entities, size=count)
    second = np.where(masters.account[other, currency] >= 0, other, entity)
    fixed = rng.random(count) < 0.5
    fixed[[0, suppliers]] = True  # each side has at least one party of either sort
    fixed[[1, suppliers + 1]] = False
    euros = rng.choice([9.99, 19.9, 29.0, 49.0, 99.0, 149.5, 450.0, 850.0, 1200.0, 1850.0], size=count)
    scale = 10.0 ** DECIMALS[currency]
    price = np.where(fixed, np.maximum(1, np.rint(euros * PRICE_LEVEL[currency] * scale)), 0).astype(np.int64)
    return Parties(
        suppliers=suppliers,
        entity=entity,
        second_entity=second,
        currency=currency,
        weight=rng.lognormal(0.0, 0.9, size=count),
        level=rng.normal(6.3, 1.1, size=count),
        price=price,
        style=rng.integers(NUMBER_STYLES, size=count),
        base_serial=rng.integers(1, 60_000, size=count),
        terms=rng.choice([7, 14, 30, 30, 45, 60], size=count),
        discount_permille=rng.choice([0, 0, 0, 20, 30], size=count),
        lateness=rng.normal(2.0, profile.lateness_days, size=count).clip(-4, 12),
        text=_party_text(rng, masters.entity_country[entity], suppliers, chunk),
    )


def _party_text(rng: np.random.Generator, country: Ints, suppliers: int, chunk: int) -> pl.DataFrame:
    count = len(country)
    stems, trades = pl.Series(_STEMS), pl.Series(_TRADES)
    number = np.arange(count) + chunk * 1_000_000
    form_picks = rng.integers(1 << 30, size=count)
    forms = np.array(
        [
            COUNTRIES[c].legal_forms[pick % len(COUNTRIES[c].legal_forms)]
            for c, pick in zip(country, form_picks, strict=True)
        ]
    )
    first, second = rng.integers(len(stems), size=count), rng.integers(len(stems), size=count)
    frame = pl.DataFrame(
        {
            "id": number,
            "supplier": np.arange(count) < suppliers,
            "first": stems.gather(first),
            "second": stems.gather(second),
            "trade": trades.gather(rng.integers(len(trades), size=count)),
            "form": forms,
            "pair": rng.random(count) < 0.5,
            "account": _accounts(rng, country),
        }
    )
    return frame.select(
        id=pl.when("supplier").then(pl.lit("V")).otherwise(pl.lit("C")) + pl.col("id").cast(pl.String).str.zfill(9),
        name=pl.concat_str(
            pl.col("first"),
            pl.when("pair").then(pl.lit(" & ") + pl.col("second")).otherwise(pl.lit("")),
            pl.lit(" ") + pl.col("trade") + pl.lit(" "),
            pl.col("form"),
        ),
        account="account",
        initials=(pl.col("first").str.head(1) + pl.col("trade").str.head(2)).str.to_uppercase(),
    )


def _accounts(rng: np.random.Generator, country: Ints) -> list[str]:
    """Return account numbers: IBANs with right check digits (ISO 13616), elsewhere national numbers."""
    digits = rng.integers(10**8, 10**9, size=(len(country), 3))
    result: list[str] = []
    for where, parts in zip(country, digits, strict=True):  # parties, not rows: a fortieth of the lines
        land = COUNTRIES[where]
        body = "".join(str(part) for part in parts)
        if land.code == "US":
            result.append(f"{body[:9]}-{body[9:18]}")
        elif land.code == "JP":
            result.append(f"{body[:4]}-{body[4:7]}-{body[7:14]}")
        else:
            bban = land.bank + body[: land.digits]
            check = 98 - int("".join(str(int(c, 36)) for c in bban + land.code) + "00") % 97
            result.append(f"{land.code}{check:02d}{bban}")
    return result
