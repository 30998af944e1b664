"""What a bank line says: identifiers, remittance text and the other side's name, written as each bank writes it."""

from __future__ import annotations

import numpy as np
import polars as pl

from simulation.scale_documents import MANGLINGS, mangled, mistyped, wrapped
from simulation.scale_kind_numbers import Flags
from simulation.scale_kinds import KINDS, ScaleProfile
from simulation.scale_parties import HABITS, Ints, Masters, Parties
from simulation.scale_settlements import Settlements

_MODES = sorted({kind.reference for kind in KINDS} | {"end_to_end_text"})
_MODE = {name: number for number, name in enumerate(_MODES)}
_CUT = {"ach": 16, "uk": 18, "zengin": 20, "mt940_de": 27, "plain": 35}
_NOISE = (
    "ACCOUNT MAINTENANCE FEE", "INTEREST", "PAYROLL RUN", "TAX OFFICE VAT", "CARD SETTLEMENT", "CASH POOLING SWEEP",
    "LOAN REPAYMENT", "INSURANCE PREMIUM", "CUSTOMS DUTY", "ATM", "ADVANCE PAYMENT ORDER", "DEPOSIT",
)  # fmt: skip
_INTRO = ("", "", "Rechnung ", "INV ", "Invoice no. ", "RG-NR ", "FACT ", "payment of ", "Ref: ")


def line_frame(
    rng: np.random.Generator, profile: ScaleProfile, settled: Settlements, masters: Masters, parties: Parties,
    documents: pl.DataFrame, payments: pl.DataFrame,
) -> pl.DataFrame:  # fmt: skip
    """Return references, text, counterparty_account and counterparty_name of each bank line, in line order.

    documents: number and structured, in document order. payments: end_to_end, cheque and batch_id, in unit order (rows
    of units that are not payments hold nulls).
    """
    kind = settled.line_kind
    count = len(kind)
    event = settled.line_event
    unit, payment_unit, has_unit = _units_of_lines(settled)
    mode = _modes(rng, settled)
    entity_account = masters.account[settled.entity[event], settled.currency[event]]
    party = settled.party[event]
    third = np.array([k.party == "third" for k in KINDS])[kind]
    shown = np.where(third, rng.integers(len(parties.entity), size=count), party)
    phrase = _phrases(rng, settled, documents, np.where(has_unit, unit, 0), mode, has_unit)
    frame = pl.DataFrame(
        {
            "mode": mode,
            "habit": masters.account_habit[entity_account],
            "phrase": phrase["phrase"],
            "structured": phrase["structured"],
            "e2e": payments["end_to_end"].gather(payment_unit),
            "cheque": payments["cheque"].gather(payment_unit),
            "batch": payments["batch_id"].gather(payment_unit),
            "name": parties.text["name"].gather(shown),
            "account": parties.text["account"].gather(shown),
            "damage": np.where(
                np.array([k.party == "name" for k in KINDS])[kind],
                rng.integers(1, 4, size=count),
                np.where(rng.random(count) < profile.name_damaged, rng.integers(1, 4, size=count), 0),
            ),
            "account_shown": (rng.random(count) >= profile.account_missing)
            & ~np.array([k.party == "name" for k in KINDS])[kind],
            "is_return": _flag_return(settled),
            "is_noise": np.array([k.side == "noise" for k in KINDS])[kind],
            "is_offset": np.array([k.side == "offset" for k in KINDS])[kind],
            "own_noise": np.array([k.side == "noise" for k in KINDS])[kind] & (rng.random(count) < 0.6),
            "word": pl.Series(_NOISE).gather(rng.integers(len(_NOISE), size=count)),
            "digits": rng.integers(1000, 10_000_000, size=count),
            "choice": rng.random(count),
            "cut": rng.integers(0, 7, size=count),
            "credit": settled.line_amount > 0,
            "flat": rng.random(count) < (0.3 if profile.hard else 0.1),
        }
    )
    frame = frame.with_columns(shown_name=_written_name())
    frame = frame.with_columns(
        cut_e2e=pl.col("e2e").str.head((pl.col("e2e").str.len_chars().cast(pl.Int64) - 4 - pl.col("cut")).clip(8))
    )
    frame = frame.with_columns(told=_told())
    return frame.select(
        references=_references(), text=_text(), counterparty_account=_account(), counterparty_name=_name()
    )


def _units_of_lines(settled: Settlements) -> tuple[Ints, Ints, Flags]:
    """Return for each line the unit whose documents it names, the unit it pays, and whether there is one."""
    events = len(settled.kind)
    unit_count = np.bincount(settled.unit_event, minlength=events)
    first_unit = np.cumsum(unit_count) - unit_count
    twins = np.array([k.twins for k in KINDS])[settled.line_kind]
    returned = np.array([k.name == "returned" for k in KINDS])[settled.line_kind]
    has_unit = unit_count[settled.line_event] > 0
    base = np.where(has_unit, first_unit[settled.line_event], 0)
    named = base + np.where(twins, settled.line_number, 0)
    paid = named + np.where(returned, settled.line_number // 2, 0)
    return named, paid, has_unit


def _flag_return(settled: Settlements) -> Flags:
    returned = np.array([k.name == "returned" for k in KINDS])[settled.line_kind]
    return np.asarray(returned & (settled.line_number == 1))


def _modes(rng: np.random.Generator, settled: Settlements) -> Ints:
    """Return how each line names what it pays; mixed and batch kinds are settled by chance here."""
    mode = np.array([_MODE[k.reference] for k in KINDS])[settled.line_kind]
    draw = rng.random(len(mode))
    mode = np.where((mode == _MODE["end_to_end"]) & (draw < 0.12), _MODE["end_to_end_text"], mode)
    mixed = mode == _MODE["mixed"]
    mode = np.where(mixed, np.where(draw < 0.5, _MODE["end_to_end"], _MODE["number"]), mode)
    mode = np.where((mode == _MODE["batch"]) & (draw < 0.45), _MODE["none"], mode)
    return np.where(_flag_return(settled) & (draw > 0.85), _MODE["none"], mode)


def _phrases(
    rng: np.random.Generator, settled: Settlements, documents: pl.DataFrame, unit: Ints,
    mode: Ints, has_unit: Flags,
) -> pl.DataFrame:  # fmt: skip
    """Return for each line the document numbers it names, as one text, and the structured reference of its document."""
    unit_kind = settled.kind[settled.unit_event]
    unit_mode = np.array([_MODE[k.reference] for k in KINDS])[unit_kind]
    doc_mode = unit_mode[settled.doc_unit]
    count = len(doc_mode)
    docs = documents.select("number", "structured").with_columns(
        row=pl.Series(np.arange(count)),
        unit=pl.Series(settled.doc_unit),
        mode=pl.Series(doc_mode),
        choice=pl.Series(rng.integers(MANGLINGS, size=count)),
        at=pl.Series(rng.random(count)),
        memo=pl.Series(settled.doc_memo & (rng.random(count) < 0.4)),
    )
    number = pl.col("number")
    at = (pl.lit(2) + (number.str.len_chars().cast(pl.Int64) - 3) * pl.col("at")).cast(pl.Int64)
    written = (
        pl.when(pl.col("mode") == _MODE["mangled"])
        .then(mangled(number, pl.col("choice")))
        .when(pl.col("mode") == _MODE["wrapped"])
        .then(wrapped(number, at))
        .when(pl.col("mode") == _MODE["typo"])
        .then(mistyped(number))
        .otherwise(number)
    )
    damaged = pl.col("mode").is_in([_MODE["mangled"], _MODE["wrapped"], _MODE["typo"]])
    docs = pl.concat(  # the way to damage a number costs nine patterns: only where one is damaged
        [docs.filter(~damaged).with_columns(written=number), docs.filter(damaged).with_columns(written=written)]
    ).sort("row")
    joined = (
        docs.filter(~pl.col("memo"))
        .group_by("unit", maintain_order=True)
        .agg(
            pl.col("written").str.join(", ").alias("list"),
            pl.col("written").first().alias("first"),
            pl.col("written").last().alias("last"),
            pl.col("structured").first(),
            pl.col("mode").first(),
        )
        .with_columns(
            phrase=pl.when(pl.col("mode") == _MODE["range"])
            .then(pl.col("first") + pl.lit(" - ") + pl.col("last"))
            .otherwise("list")
        )
    )
    lines = pl.DataFrame(
        {
            "row": np.arange(len(unit)),
            "unit": np.where(has_unit, unit, -1),
            "intro": pl.Series(_INTRO).gather(rng.integers(len(_INTRO), size=len(unit))),
        }
    )
    found = lines.join(joined, on="unit", how="left").sort("row")
    return found.select(phrase=pl.col("intro") + pl.col("phrase"), structured="structured")


def _written_name() -> pl.Expr:
    """Return the name as the bank prints it: upper case without diacritics, cut to width, sometimes damaged."""
    plain = pl.col("name").str.to_uppercase()
    for letter, written in (
        ("Ü", "UE"),
        ("Ä", "AE"),
        ("Ö", "OE"),
        ("ß", "SS"),
        ("È", "E"),
        ("É", "E"),
        ("Ś", "S"),
        ("Ń", "N"),
    ):
        plain = plain.str.replace_all(letter, written, literal=True)
    plain = plain.str.replace_all(r"[^\x20-\x7E]", "?")
    width = pl.lit(70)
    for habit, cut in _CUT.items():
        width = pl.when(pl.col("habit") == HABITS.index(habit)).then(cut).otherwise(width)
    shown = pl.when(pl.col("habit") == HABITS.index("camt")).then(pl.col("name")).otherwise(plain)
    shown = (
        pl.when(pl.col("damage") == 1)
        .then(plain.str.replace(r" (GMBH & CO\. KG|SP\. Z O\.O\.|CO\., LTD\.|[^ ]+)$", ""))
        .when(pl.col("damage") == 2)
        .then(plain.str.head(3) + plain.str.slice(4))
        .when(pl.col("damage") == 3)
        .then(plain.str.head(14))
        .otherwise(shown)
    )
    return shown.str.head(width)


def _is(*modes: str) -> pl.Expr:
    return pl.col("mode").is_in([_MODE[mode] for mode in modes])


def _told() -> pl.Expr:
    """Return what the remittance text is about; null where the line says nothing."""
    chain = (
        pl.when(pl.col("own_noise") | pl.col("is_noise"))
        .then(pl.col("word") + pl.lit(" ") + pl.col("digits").cast(pl.String))
        .when("is_offset")
        .then(pl.when(pl.col("choice") < 0.5).then(pl.lit("CORRECTION OF BOOKING")).otherwise(pl.lit("REVERSAL")))
        .when(_is("number", "mangled", "wrapped", "several", "range", "typo"))
        .then("phrase")
        .when(_is("end_to_end_text"))
        .then("e2e")
        .when(_is("end_to_end_cut") & (pl.col("choice") < 0.5))
        .then("cut_e2e")
        .when(_is("cheque") & (pl.col("choice") < 0.4))
        .then(pl.lit("CHECK ") + pl.col("cheque"))
        .when(_is("batch") & (pl.col("choice") < 0.35))
        .then(pl.lit("COLLECTIVE ORDER ") + pl.col("batch"))
        .when(_is("structured") & (pl.col("choice") < 0.3))
        .then(pl.col("structured").str.replace_all(r"(.{4})", "${1} "))
        .when(_is("end_to_end") & (pl.col("choice") < 0.6))
        .then("phrase")
    )
    told = chain.otherwise(pl.when(pl.col("choice") < 0.7).then(None).otherwise(pl.lit("PAYMENT")))
    reason = pl.lit("RETURN AC04 ACCOUNT CLOSED ")
    return pl.when("is_return").then(reason + pl.coalesce(told, pl.lit(""))).otherwise(told)


def _references() -> pl.Expr:
    known = (
        pl.when(_is("end_to_end"))
        .then("e2e")
        .when(_is("end_to_end_cut") & (pl.col("choice") >= 0.5))
        .then("cut_e2e")
        .when(_is("cheque") & (pl.col("choice") >= 0.4))
        .then("cheque")
        .when(_is("batch") & (pl.col("choice") >= 0.35))
        .then("batch")
        .when(_is("structured") & (pl.col("choice") >= 0.3))
        .then("structured")
    )
    return pl.when(known.is_not_null()).then(pl.concat_list(known))


def _text() -> pl.Expr:
    told, name = pl.coalesce("told", pl.lit("")), pl.col("shown_name")
    known = pl.when(_is("end_to_end")).then(pl.col("e2e")).otherwise(pl.lit("NOTPROVIDED"))
    german = pl.lit("EREF+") + known + pl.lit(" SVWZ+") + told
    flat = pl.when("flat").then(german.str.replace_all(r"(.{27})", "${1} ")).otherwise(german)
    account = pl.when("account_shown").then(pl.lit("/IBAN/") + pl.col("account")).otherwise(pl.lit(""))
    dutch = pl.lit("/TRTP/SEPA OVERBOEKING") + account + pl.lit("/NAME/") + name + pl.lit("/REMI/") + told
    trace = pl.col("digits").cast(pl.String).str.zfill(15)
    ach = pl.lit("ORIG CO NAME:") + name + pl.lit(" CO ENTRY DESCR:VENDOR PMT SEC:CCD TRACE#:") + trace
    ach = ach + pl.lit(" IND ID:") + told
    side = pl.when("credit").then(pl.lit(" ORG:")).otherwise(pl.lit(" BNF:"))
    wire = pl.lit("WIRE TYPE:WIRE TRN:") + trace + side + name + pl.lit(" OBI:") + told
    told_and_name = (told + pl.lit(" ") + name).str.strip_chars()
    named = pl.col("own_noise") | pl.col("is_offset")
    by_habit = (
        pl.when(named)
        .then("told")
        .when(pl.col("habit") == HABITS.index("mt940_de"))
        .then(flat)
        .when(pl.col("habit") == HABITS.index("mt940_nl"))
        .then(dutch)
        .when(pl.col("habit") == HABITS.index("ach"))
        .then(ach)
        .when(pl.col("habit") == HABITS.index("wire"))
        .then(wire)
        .when(pl.col("habit") == HABITS.index("uk"))
        .then((name + pl.lit(" ") + told).str.strip_chars())
        .when(pl.col("habit") == HABITS.index("zengin"))
        .then(pl.lit("FURIKOMI ") + name + pl.lit(" ") + told)
        .when(pl.col("habit") == HABITS.index("plain"))
        .then(told_and_name)
    )
    return by_habit.otherwise(pl.col("told"))


def _structured_habit(*habits: str) -> pl.Expr:
    return (
        pl.col("habit").is_in([HABITS.index(habit) for habit in habits]) & ~pl.col("own_noise") & ~pl.col("is_offset")
    )


def _account() -> pl.Expr:
    shown = _structured_habit("camt", "mt940_de", "mt940_nl") & pl.col("account_shown") & ~_is("cheque", "batch")
    return pl.when(shown).then("account")


def _name() -> pl.Expr:
    shown = _structured_habit("camt", "mt940_de", "mt940_nl", "uk", "zengin") & ~_is("cheque", "batch")
    return pl.when(shown).then("shown_name")
