"""The numbers of one chunk: settlements with their lines, payments and documents, before any text exists.

A *settlement* is one way money moved: some documents, paid by some payments, booked as some bank lines. A *unit* is
what one payment (or, for receipts and direct debits, one act of the other side) covers. Amounts are Int64 minor units
signed by their effect on cash; days are days since 1970-01-01.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.scale_kind_numbers import SIDES, Flags, flagged, has_effect, named, side_of
from simulation.scale_kinds import DIRECT, KINDS, NOISE, OFFSET, PAYMENT, RECEIPT, ScaleProfile
from simulation.scale_line_amounts import line_amounts
from simulation.scale_parties import DECIMALS, PRICE_LEVEL, Ints, Masters, Parties

_FIRST_DAY = np.datetime64("2026-01-01")
_UNPAID = {"outstanding_payment": "outstanding", "unpaid_bill": "unpaid_bills", "unpaid_invoice": "unpaid_invoices"}


@dataclass(frozen=True)
class Settlements:
    """One chunk as four tables of arrays; `unit_line` and `doc_unit` are row numbers, -1 for none."""

    kind: Ints
    party: Ints
    entity: Ints
    currency: Ints
    line_event: Ints
    line_number: Ints
    line_amount: Ints
    line_day: Ints
    line_difference: Ints
    unit_event: Ints
    unit_number: Ints
    unit_party: Ints
    unit_amount: Ints
    unit_day: Ints
    unit_line: Ints
    unit_rejected: Flags
    doc_unit: Ints
    doc_number: Ints
    doc_party: Ints
    doc_amount: Ints
    doc_net: Ints
    doc_discount: Ints
    doc_discount_day: Ints
    doc_day: Ints
    doc_due: Ints
    doc_memo: Flags

    @property
    def line_kind(self) -> Ints:
        """The kind number of each line."""
        return self.kind[self.line_event]

    @property
    def unit_side(self) -> Ints:
        """The side of each unit, as a position in SIDES."""
        return side_of(self.kind[self.unit_event])


def make_settlements(
    rng: np.random.Generator, profile: ScaleProfile, masters: Masters, parties: Parties, lines: int
) -> Settlements:
    """Return one chunk with exactly `lines` bank lines. Raises ValueError when the shares leave no room for them."""
    kind, line_count = _plan(rng, profile, lines)
    side = side_of(kind)
    party = _pick_parties(rng, parties, kind, side)
    home = rng.random(len(kind)) < 0.85
    entity = np.where(home, parties.entity[party], parties.second_entity[party])
    entity = np.where(masters.account[entity, parties.currency[party]] >= 0, entity, parties.entity[party])
    currency = parties.currency[party]
    business = _business_days(profile.days)
    slot = rng.integers(25, len(business) - 12, size=len(kind))
    slot = _monthly(rng, kind, party, slot, len(business))

    line_event = np.repeat(np.arange(len(kind)), line_count)
    line_number = _number_within(line_count)
    step = _gaps(rng, kind, line_event, line_number)
    line_slot = slot[line_event] + step
    line_day = business[line_slot]
    first_line = np.cumsum(line_count) - line_count

    unit_count = _unit_counts(rng, kind, side, line_count)
    unit_event = np.repeat(np.arange(len(kind)), unit_count)
    unit_number = _number_within(unit_count)
    unit_party = _member_parties(rng, parties, party, unit_event, unit_number)
    unit_kind = kind[unit_event]
    unit_line = _unit_lines(unit_kind, unit_number, unit_event, first_line, line_count)
    rejected = _rejected(rng, unit_kind, unit_number)
    has_line = unit_line >= 0
    booked_slot = np.where(has_line, line_slot[np.where(has_line, unit_line, 0)], slot[unit_event])
    lag = rng.choice([0, 1, 2, 3], p=[0.45, 0.35, 0.15, 0.05], size=len(kind))[unit_event]
    lag = np.where(named(unit_kind, "cheque"), rng.integers(2, 19, size=len(lag)), lag)
    unit_day = business[np.maximum(booked_slot - lag, 0)]

    doc_count = _doc_counts(rng, unit_kind, unit_number)
    doc_unit = np.repeat(np.arange(len(unit_event)), doc_count)
    doc_number = _number_within(doc_count)
    docs = _documents(rng, parties, unit_kind, unit_party, unit_number, doc_unit, doc_number)
    doc_amount, doc_memo = docs
    days = _document_days(rng, parties, unit_kind, unit_party, unit_day, business[booked_slot], doc_unit)
    doc_day, doc_due, discount, discount_day = days
    discount = np.where(doc_memo, 0, np.rint(doc_amount * discount / 1000).astype(np.int64))
    taken = _discount_taken(unit_kind[doc_unit], unit_day[doc_unit], discount_day, discount)
    doc_net = doc_amount - taken

    unit_amount = np.zeros(len(unit_event), dtype=np.int64)
    np.add.at(unit_amount, doc_unit, doc_net)
    second = named(unit_kind, "returned") & (unit_number == 1)  # the repeated payment covers the same documents
    unit_amount[second] = unit_amount[np.flatnonzero(second) - 1]
    line_amount, difference = line_amounts(
        rng, kind, currency, line_event, line_number, line_count, unit_line, unit_amount, rejected, party, parties
    )
    return Settlements(
        kind, party, entity, currency, line_event, line_number, line_amount, line_day, difference,
        unit_event, unit_number, unit_party, unit_amount, unit_day, unit_line, rejected,
        doc_unit, doc_number, unit_party[doc_unit], doc_amount, doc_net, discount, discount_day, doc_day, doc_due,
        doc_memo,
    )  # fmt: skip


def _plan(rng: np.random.Generator, profile: ScaleProfile, lines: int) -> tuple[Ints, Ints]:
    kinds: list[Ints] = []
    counts: list[Ints] = []
    shares = profile.shares()
    for number, kind in enumerate(KINDS[1:], start=1):
        low, high = kind.lines
        if high == 0:
            events = int(getattr(profile, _UNPAID[kind.name]) * lines)
            drawn = np.zeros(events, dtype=np.int64)
        else:
            events = int(shares[kind.name] * lines / ((low + high) / 2))
            drawn = rng.integers(low, high + 1, size=events)
        kinds.append(np.full(events, number, dtype=np.int64))
        counts.append(drawn)
    rest = lines - int(sum(int(drawn.sum()) for drawn in counts))
    if rest < 0:
        raise ValueError(f"the kinds ask for {lines - rest} bank lines of {lines}: leave more room for exact lines")
    kinds.insert(0, np.zeros(rest, dtype=np.int64))
    counts.insert(0, np.ones(rest, dtype=np.int64))
    return np.concatenate(kinds), np.concatenate(counts)


def _business_days(days: int) -> Ints:
    every = _FIRST_DAY + np.arange(days + 40)
    return every[np.is_busday(every)].astype("datetime64[D]").astype(np.int64)


def _number_within(counts: Ints) -> Ints:
    total = int(counts.sum())
    return np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)


def _pick_parties(rng: np.random.Generator, parties: Parties, kind: Ints, side: Ints) -> Ints:
    count, suppliers = len(parties.entity), parties.suppliers
    fixed = flagged(kind, "fixed_price")
    customer = (side == SIDES.index(RECEIPT)) | named(kind, "noise_credit")
    party = np.zeros(len(kind), dtype=np.int64)
    for wants_customer in (False, True):
        for wants_fixed in (False, True):
            chosen = (customer == wants_customer) & (fixed == wants_fixed)
            pool = np.arange(suppliers, count) if wants_customer else np.arange(suppliers)
            if wants_fixed:
                pool = pool[parties.price[pool] > 0]
            weight = np.cumsum(np.ones(len(pool)) if wants_fixed else parties.weight[pool])
            draw = rng.random(int(chosen.sum())) * weight[-1]
            party[chosen] = pool[np.minimum(np.searchsorted(weight, draw), len(pool) - 1)]
    return party


def _monthly(rng: np.random.Generator, kind: Ints, party: Ints, slot: Ints, business_days: int) -> Ints:
    """Let rents and subscriptions of one party come a month apart, until the days are used up."""
    chosen = np.flatnonzero(flagged(kind, "fixed_price"))
    order = chosen[np.argsort(party[chosen], kind="stable")]
    starts = np.flatnonzero(np.append(True, party[order][1:] != party[order][:-1])) if len(order) else order
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    span = max(business_days - 37, 1)
    result = slot.copy()
    result[order] = 25 + (party[order] * 7 + rank * 21 + rng.integers(0, 3, size=len(order))) % span
    return result


def _member_parties(
    rng: np.random.Generator, parties: Parties, party: Ints, unit_event: Ints, unit_number: Ints
) -> Ints:
    """Let the further members of a batch be other suppliers of the same entity and currency."""
    home = parties.entity[: parties.suppliers] * len(DECIMALS) + parties.currency[: parties.suppliers]
    order = np.argsort(home, kind="stable")
    of_event = parties.entity[party] * len(DECIMALS) + parties.currency[party]
    low = np.searchsorted(home[order], of_event, side="left")
    high = np.searchsorted(home[order], of_event, side="right")
    size = np.maximum(high - low, 1)[unit_event]
    pick = low[unit_event] + (rng.random(len(unit_event)) * size).astype(np.int64)
    batches = size > 1
    result: Ints = party[unit_event].copy()
    several = np.bincount(unit_event, minlength=len(party))[unit_event] > 2
    other = several & batches & (unit_number > 0)
    result[other] = order[np.minimum(pick, len(order) - 1)][other]
    return result


def _gaps(rng: np.random.Generator, kind: Ints, line_event: Ints, line_number: Ints) -> Ints:
    """Business days between the lines of one settlement: returns and corrections within days, instalments weekly."""
    of_line = kind[line_event]
    gap = np.where(
        flagged(of_line, "twins"), rng.integers(0, 2, size=len(of_line)), rng.integers(1, 4, size=len(of_line))
    )
    return np.where(line_number == 0, 0, gap + (line_number - 1) * 3)


def _unit_counts(rng: np.random.Generator, kind: Ints, side: Ints, line_count: Ints) -> Ints:
    low = np.array([k.payments[0] for k in KINDS])[kind]
    high = np.array([k.payments[1] for k in KINDS])[kind]
    count = low + np.floor((high - low + 1) * rng.random(len(kind)) ** 2).astype(np.int64)
    count = np.where(named(kind, "returned"), line_count - 1, count)
    return np.where((side == SIDES.index(NOISE)) | (side == SIDES.index(OFFSET)), 0, np.minimum(count, high.clip(2)))


def _unit_lines(unit_kind: Ints, unit_number: Ints, unit_event: Ints, first_line: Ints, line_count: Ints) -> Ints:
    step = np.where(flagged(unit_kind, "twins"), 1, np.where(named(unit_kind, "returned"), 2, 0))
    return np.where(line_count[unit_event] == 0, -1, first_line[unit_event] + unit_number * step)


def _rejected(rng: np.random.Generator, unit_kind: Ints, unit_number: Ints) -> Flags:
    second = rng.random(len(unit_kind)) < 0.15
    chosen: Flags = named(unit_kind, "batch_rejected") & ((unit_number == 0) | ((unit_number == 1) & second))
    return chosen


def _doc_counts(rng: np.random.Generator, unit_kind: Ints, unit_number: Ints) -> Ints:
    low = np.array([k.documents[0] for k in KINDS])[unit_kind]
    high = np.array([k.documents[1] for k in KINDS])[unit_kind]
    more = np.floor(rng.exponential(0.7 + (high - low) / 7, size=len(low))).astype(np.int64)
    again = named(unit_kind, "returned") & (unit_number == 1)
    return np.where(again, 0, np.minimum(low + more, high))


def _documents(
    rng: np.random.Generator, parties: Parties, unit_kind: Ints, unit_party: Ints, unit_number: Ints, doc_unit: Ints,
    doc_number: Ints,
) -> tuple[Ints, Flags]:  # fmt: skip
    """Return the signed gross amounts of the documents, and which of them are credit memos."""
    party, kind = unit_party[doc_unit], unit_kind[doc_unit]
    count = len(party)
    scale = 10.0 ** DECIMALS[parties.currency[party]]
    euros = np.exp(parties.level[party] + rng.normal(0, 0.8, size=count))
    exact = np.maximum(1, np.rint(euros * PRICE_LEVEL[parties.currency[party]] * scale))
    rounding = rng.random(count)
    step = np.where(rounding < 0.15, scale, np.where(rounding < 0.2, scale * 10, 1.0))
    amount = np.maximum(step, np.rint(exact / step) * step).astype(np.int64)
    at_price = flagged(kind, "fixed_price") | (
        named(kind, "unpaid_bill", "unpaid_invoice") & (rng.random(count) < 0.15)
    )
    amount = np.where(at_price & (parties.price[party] > 0), parties.price[party], amount)
    twin = flagged(kind, "twins") & (unit_number[doc_unit] == 1)
    amount[twin] = amount[np.flatnonzero(twin) - 1]
    memo = has_effect(kind, "credit_memo") & (doc_number > 0) & (np.append(doc_unit[1:], -1) != doc_unit)
    totals = np.zeros(len(unit_kind), dtype=np.int64)
    np.add.at(totals, doc_unit[~memo], amount[~memo])
    share = rng.uniform(0.05, 0.4, size=count)
    amount = np.where(memo, -np.maximum(1, np.rint(totals[doc_unit] * share)), amount).astype(np.int64)
    payable = (side_of(kind) == SIDES.index(PAYMENT)) | (side_of(kind) == SIDES.index(DIRECT))
    return np.where(payable, -amount, amount), memo


def _document_days(
    rng: np.random.Generator, parties: Parties, unit_kind: Ints, unit_party: Ints, unit_day: Ints, booked: Ints,
    doc_unit: Ints,
) -> tuple[Ints, Ints, Ints, Ints]:  # fmt: skip
    """Return document date, due date, cash discount in permille and its last day.

    Bills are paid by a run around their due date; customers pay by their own habit, a few days early to late.
    """
    kind, party = unit_kind[doc_unit], unit_party[doc_unit]
    count = len(kind)
    run = unit_day[doc_unit] + rng.integers(-3, 8, size=count)
    late = np.rint(rng.normal(parties.lateness[unit_party], 2.0)).astype(np.int64).clip(-5, 14)
    spread = rng.integers(0, 8, size=count)
    receipt = (
        booked[doc_unit] - late[doc_unit] - np.where(named(kind, "lump_no_reference", "lump_referenced"), spread, 0)
    )
    due = np.where(side_of(kind) == SIDES.index(RECEIPT), receipt, run)
    due = np.where(side_of(kind) == SIDES.index(DIRECT), booked[doc_unit] + rng.integers(-2, 3, size=count), due)
    due = np.where(named(kind, "lump_debit"), booked[doc_unit] - spread, due)
    due = np.where(flagged(kind, "late"), booked[doc_unit] - rng.integers(90, 160, size=count), due)
    due = np.where(
        named(kind, "unpaid_bill", "unpaid_invoice"), booked[doc_unit] + rng.integers(-40, 60, size=count), due
    )
    day = due - parties.terms[party]
    permille = parties.discount_permille[party]
    window = 14
    in_time, too_late = has_effect(kind, "discount"), has_effect(kind, "discount_late")
    day = np.where(in_time, booked[doc_unit] - rng.integers(4, 13, size=count), day)
    day = np.where(too_late, booked[doc_unit] - rng.integers(16, 24, size=count), day)
    due = np.where(in_time | too_late, day + 30, due)
    permille = np.where((in_time | too_late) & (permille == 0), 20, permille)
    return day, due, permille, day + window


def _discount_taken(doc_kind: Ints, paid: Ints, until: Ints, discount: Ints) -> Ints:
    ours = (side_of(doc_kind) == SIDES.index(PAYMENT)) & (paid <= until)
    theirs = has_effect(doc_kind, "discount") | has_effect(doc_kind, "discount_late")
    return np.where(ours | theirs, discount, 0)
