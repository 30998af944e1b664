"""Labelled two-sided worlds: a bank account's lines and the ledger's entries, with no identifier in common but
text.

Both sides are signed by their effect on cash. What really happened is drawn first; each side then words, dates,
sums up, splits, mistypes or forgets it in its own habit. The truth is the list of groups that belong together, with
the kind of each.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl

from simulation.two_sided_wording import BANK_STYLES, LEDGER_STYLES, Happening, Party, parties, people

AMOUNT = pl.Decimal(23, 5)


@dataclass(frozen=True)
class TwoSidedSettings:
    """What a world is like. Shares are of `events`; the rest are plain payments and receipts, one line on each side."""

    events: int = 2000
    days: int = 180
    start: date = date(2026, 1, 5)
    country: str = "us"
    bank_style: str = "us_commercial"
    ledger_style: str = "narrative"
    currency: str = "USD"
    parties: int = 120
    max_lag: int = 5
    recurring: float = 0.15
    equal_price: float = 0.08  # small purchases at a handful of prices
    cheque: float = 0.06
    deposit: float = 0.05  # one bank line, several ledger receipts of several parties
    split: float = 0.04  # one payment, several ledger lines of one party
    payroll: float = 0.02
    netted_fee: float = 0.02
    separate_fee: float = 0.02
    typing_error: float = 0.01
    void: float = 0.02
    returned: float = 0.01
    combined: float = 0.01  # two bank lines, three ledger entries of one party
    bank_noise: float = 0.05
    ledger_noise: float = 0.05
    damage: float = 0.3
    cites: float = 0.2
    silent_ledger: float = 0.03  # ledger entries without any text


EASY = TwoSidedSettings(damage=0.1, cites=0.4, bank_noise=0.02, ledger_noise=0.02, max_lag=3, equal_price=0.03)
HARD = TwoSidedSettings(
    damage=0.6, cites=0.05, bank_noise=0.08, ledger_noise=0.08, max_lag=9, equal_price=0.12, deposit=0.06,
    netted_fee=0.03, typing_error=0.02, void=0.03, combined=0.02, silent_ledger=0.1, days=120,
)  # fmt: skip


@dataclass(frozen=True)
class TwoSided:
    """A world: `bank` and `ledger` in the item shape, `truth` (group, dataset, item_id, kind); noise has no truth
    row.
    """

    bank: pl.DataFrame
    ledger: pl.DataFrame
    truth: pl.DataFrame


@dataclass
class _Books:
    settings: TwoSidedSettings
    rng: random.Random
    suppliers: list[Party]
    staff: list[Party]
    lines: dict[str, list[dict[str, object]]] = field(default_factory=lambda: {"left": [], "right": []})
    truth: list[tuple[str, str, str, str]] = field(default_factory=list)
    groups: int = 0
    documents: int = 0

    def day(self) -> date:
        """A working day of the period."""
        day = self.settings.start + timedelta(days=self.rng.randrange(self.settings.days))
        return _working(day)

    def amount(self, party: Party) -> int:
        """Cents; each party has its own size, and some like round figures."""
        size = 10 ** (1.5 + (party.number % 97) / 30)
        cents = max(100, int(size * self.rng.lognormvariate(0, 0.8) * 100))
        return cents // 1000 * 1000 if self.rng.random() < 0.08 and cents > 5000 else cents

    def reference(self) -> str:
        """The next document number."""
        self.documents += self.rng.randint(1, 3)
        return str(10_000 + self.documents)

    def lag(self) -> int:
        """Days from the ledger's date to the bank's."""
        if self.rng.random() < 0.35:
            return 0
        lag = min(int(self.rng.expovariate(0.55)) + 1, self.settings.max_lag)
        return -1 if self.rng.random() < 0.05 else lag

    def bank(
        self, cents: int, day: date, event: Happening | None = None, text: str | None = None, kind: str = "bank_line"
    ) -> str:
        """One bank line."""
        if text is None and event is not None:
            text = BANK_STYLES[self.settings.bank_style](event, self.rng)
        return self._line("left", cents, day, text, None, kind)

    def ledger(self, cents: int, day: date, event: Happening | None = None, text: str | None = None) -> str:
        """One ledger entry."""
        name = None
        if text is None and event is not None and self.rng.random() >= self.settings.silent_ledger:
            text, name = LEDGER_STYLES[self.settings.ledger_style](event, self.rng)
        return self._line("right", cents, day, text, name, "ledger_entry")

    def _line(self, side: str, cents: int, day: date, text: str | None, name: str | None, kind: str) -> str:
        item_id = f"{'B' if side == 'left' else 'L'}{self.rng.randrange(10**12):012d}"
        self.lines[side].append(
            {
                "item_id": item_id,
                "amount": Decimal(cents).scaleb(-2),
                "currency": self.settings.currency,
                "date": day,
                "text": text,
                "counterparty_name": name,
                "kind": kind,
            }
        )
        return item_id

    def belong(self, kind: str, left: Sequence[str], right: Sequence[str]) -> None:
        """The items of one group."""
        self.groups += 1
        for dataset, items in (("left", left), ("right", right)):
            self.truth.extend((f"G{self.groups:06d}", dataset, item, kind) for item in items)

    def event(self, party: Party, day: date, kind: str = "plain") -> Happening:
        """What a line speaks of, with a document number of its own."""
        return Happening(
            kind, party, day, self.reference(), self.rng.random() < self.settings.cites, self.settings.damage
        )

    def sign(self) -> int:
        """Three payments in four lines go out."""
        return -1 if self.rng.random() < 0.75 else 1


def _working(day: date) -> date:
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)


def _plain(
    books: _Books, kind: str = "plain", cents: int | None = None, party: Party | None = None, day: date | None = None
) -> None:
    party = party or books.rng.choice(books.suppliers)
    day = day or books.day()
    signed = (cents or books.amount(party)) * (-1 if cents else books.sign())
    booked = _working(
        day + timedelta(days=books.lag() if kind != "cheque" else books.rng.randint(2, 5 + books.settings.max_lag))
    )
    event = books.event(party, booked, kind)
    books.belong(kind, [books.bank(signed, booked, event)], [books.ledger(signed, day, event)])


def _recurring(books: _Books) -> None:
    """A rent, a subscription: one party, one amount, every month or week."""
    party = books.rng.choice(books.suppliers)
    cents = max(500, books.amount(party) // 100 * 100 - books.rng.choice((0, 1, 5)))
    step = books.rng.choice((7, 14, 30, 30, 30))
    day = books.settings.start + timedelta(days=books.rng.randrange(min(step, books.settings.days)))
    while day < books.settings.start + timedelta(days=books.settings.days):
        _plain(books, "recurring", cents, party, _working(day))
        day += timedelta(days=step)


def _equal_price(books: _Books) -> None:
    party = books.suppliers[books.rng.randrange(min(25, len(books.suppliers)))]
    _plain(books, "equal_price", books.rng.choice((999, 1499, 1999, 2500, 4900, 5000, 10000)), party)


def _deposit(books: _Books) -> None:
    day = books.day()
    chosen = books.rng.sample(books.suppliers, books.rng.randint(2, 7))
    cents = [books.amount(party) for party in chosen]
    booked = _working(day + timedelta(days=min(books.lag(), 3)))
    text = books.rng.choice(
        (
            "DEPOSIT",
            "MERCHANT BANKCD DEPOSIT",
            "CARD SETTLEMENT 004417",
            "SAMMELGUTSCHRIFT",
            "REMISE CB",
            "BRANCH CREDIT",
        )
    )
    left = books.bank(sum(cents), booked, text=f"{text} {books.rng.randrange(10**6)}")
    right = [books.ledger(part, day, books.event(party, day)) for part, party in zip(cents, chosen, strict=True)]
    books.belong("deposit", [left], right)


def _split(books: _Books) -> None:
    party, day = books.rng.choice(books.suppliers), books.day()
    cents = [-books.amount(party) for _ in range(books.rng.randint(2, 4))]
    booked = _working(day + timedelta(days=books.lag()))
    left = books.bank(sum(cents), booked, books.event(party, booked))
    books.belong("split", [left], [books.ledger(part, day, books.event(party, day)) for part in cents])


def _combined(books: _Books) -> None:
    party, day = books.rng.choice(books.suppliers), books.day()
    cents = [-books.amount(party) - 10_000 for _ in range(3)]
    cut = books.rng.randint(3000, 9000)
    booked = _working(day + timedelta(days=books.lag()))
    halves = [cents[0] - cut, cents[1] + cents[2] + cut]
    left = [books.bank(half, booked, books.event(party, booked)) for half in halves]
    books.belong("combined", left, [books.ledger(part, day, books.event(party, day)) for part in cents])


def _payroll(books: _Books) -> None:
    day = books.day()
    cents = [-books.rng.choice((210_000, 245_050, 260_000, 310_025, 333_000)) for _ in books.staff]
    booked = _working(day + timedelta(days=books.rng.randint(0, 1)))
    if books.rng.random() < 0.5:
        left = [books.bank(sum(cents), booked, text=f"PAYROLL {books.rng.randrange(10**6)} TAX & NET PAY")]
        right = [
            books.ledger(part, day, books.event(person, day)) for part, person in zip(cents, books.staff, strict=True)
        ]
        books.belong("payroll_batch", left, right)
        return
    for part, person in zip(cents, books.staff, strict=True):
        event = books.event(person, booked)
        books.belong("payroll", [books.bank(part, booked, event)], [books.ledger(part, day, event)])


def _netted_fee(books: _Books) -> None:
    party, day = books.rng.choice(books.suppliers), books.day()
    cents = books.amount(party) + 5000
    fee = max(30, int(cents * 0.029) + 30) if books.rng.random() < 0.5 else books.rng.choice((250, 500, 1500, 2500))
    booked = _working(day + timedelta(days=books.lag()))
    event = books.event(party, booked)
    sign = books.sign()
    moved = sign * cents - min(fee, cents // 10)
    books.belong("netted_fee", [books.bank(moved, booked, event)], [books.ledger(sign * cents, day, event)])


def _separate_fee(books: _Books) -> None:
    day = books.day()
    fee = books.rng.choice((250, 500, 750, 1500, 1995, 3500))
    wording = books.rng.choice(
        ("MONTHLY SERVICE FEE", "WIRE FEE", "KONTOFUEHRUNG", "FRAIS DE TENUE DE COMPTE", "BANK CHARGES")
    )
    left = books.bank(-fee, day, text=wording, kind="fee" if books.rng.random() < 0.3 else "bank_line")
    right = books.ledger(
        -fee,
        _working(day + timedelta(days=books.rng.randint(0, 3))),
        text=books.rng.choice(("Bank fee", "Bank charges", "bank service fee", "Nebenkosten des Geldverkehrs")),
    )
    books.belong("separate_fee", [left], [right])


def _typing_error(books: _Books) -> None:
    party, day = books.rng.choice(books.suppliers), books.day()
    cents = books.amount(party) + 1000
    digits = list(str(cents))
    places = [i for i in range(len(digits) - 1) if digits[i] != digits[i + 1] and not (i == 0 and digits[1] == "0")]
    if not places:
        return
    place = books.rng.choice(places)
    digits[place], digits[place + 1] = digits[place + 1], digits[place]
    booked = _working(day + timedelta(days=books.lag()))
    event = books.event(party, booked)
    books.belong("typing_error", [books.bank(-cents, booked, event)], [books.ledger(-int("".join(digits)), day, event)])


def _void(books: _Books) -> None:
    """An entry and its reversal, in the ledger only."""
    party, day = books.rng.choice(books.suppliers), books.day()
    cents, event = books.amount(party), books.event(party, day)
    later = _working(day + timedelta(days=books.rng.randint(0, 12)))
    first = books.ledger(-cents, day, event)
    texts = LEDGER_STYLES[books.settings.ledger_style](event, books.rng)[0] or ""
    second = books.ledger(cents, later, text=f"{books.rng.choice(('VOID', 'Reversal', 'Storno', 'Void:'))} {texts}")
    books.belong("void", [], [first, second])


def _returned(books: _Books) -> None:
    """A payment that came back, on the bank's side only."""
    party, day = books.rng.choice(books.suppliers), books.day()
    cents, event = books.amount(party), books.event(party, day)
    later = _working(day + timedelta(days=books.rng.randint(1, 6)))
    first = books.bank(-cents, day, event)
    text = BANK_STYLES[books.settings.bank_style](event, books.rng)
    second = books.bank(
        cents, later, text=f"{books.rng.choice(('RETURN', 'REVERSAL', 'RUECKLASTSCHRIFT', 'REJET'))} {text}"
    )
    books.belong("returned", [first, second], [])


def _noise(books: _Books, side: str) -> None:
    party, day = books.rng.choice(books.suppliers), books.day()
    cents = books.amount(party) * books.sign()
    event = books.event(party, day)
    if side == "left":
        books.bank(cents, day, event)
    else:
        books.ledger(cents, day, event)


def two_sided(seed: int, settings: TwoSidedSettings | None = None) -> TwoSided:
    """The world of a seed. The same seed and settings give the same world."""
    settings = settings or TwoSidedSettings()
    rng = random.Random(f"{seed}/{settings}")
    books = _Books(
        settings,
        rng,
        parties(rng, settings.country, settings.parties),
        people(rng.randint(4, 12), rng, settings.country),
    )
    makers: list[tuple[float, Callable[[_Books], None], float]] = [
        (settings.recurring, _recurring, settings.days / 25),
        (settings.equal_price, _equal_price, 1),
        (settings.cheque, lambda own: _plain(own, "cheque"), 1),
        (settings.deposit, _deposit, 1),
        (settings.split, _split, 1),
        (settings.payroll, _payroll, 4),
        (settings.netted_fee, _netted_fee, 1),
        (settings.separate_fee, _separate_fee, 1),
        (settings.typing_error, _typing_error, 1),
        (settings.void, _void, 1),
        (settings.returned, _returned, 1),
        (settings.combined, _combined, 1),
        (settings.bank_noise, lambda own: _noise(own, "left"), 1),
        (settings.ledger_noise, lambda own: _noise(own, "right"), 1),
    ]
    for share, make, lines in makers:
        for _ in range(round(settings.events * share / lines)):
            make(books)
    rest = 1 - sum(share for share, _, _ in makers)
    for _ in range(max(0, round(settings.events * rest))):
        _plain(books)
    return TwoSided(_frame(books, "left"), _frame(books, "right"), _truth(books))


def _frame(books: _Books, side: str) -> pl.DataFrame:
    text = dict.fromkeys(("item_id", "currency", "text", "counterparty_name", "kind"), pl.String())
    frame = pl.DataFrame(books.lines[side], schema_overrides={**text, "amount": AMOUNT, "date": pl.Date()})
    frame = frame.sort("date", "item_id")
    return frame if frame["counterparty_name"].null_count() < len(frame) else frame.drop("counterparty_name")


def _truth(books: _Books) -> pl.DataFrame:
    schema = {"group": pl.String, "dataset": pl.String, "item_id": pl.String, "kind": pl.String}
    return pl.DataFrame(books.truth, schema=schema, orient="row").sort("group", "dataset", "item_id")


def write_two_sided(out: Path, seed: int, settings: TwoSidedSettings | None = None) -> TwoSided:
    """Write `left.parquet` (bank), `right.parquet` (ledger) and `truth.parquet` into `out`."""
    world = two_sided(seed, settings)
    out.mkdir(parents=True, exist_ok=True)
    world.bank.write_parquet(out / "left.parquet")
    world.ledger.write_parquet(out / "right.parquet")
    world.truth.write_parquet(out / "truth.parquet")
    return world
