"""Which bank lines are decidable: could a person who sees all the data, and only the data, tell what they pay?

A line that names what it pays is. A line that does not is decidable by account, amount, date and party, unless
something else that nothing names either looks just the same: then an honest engine says `ambiguous`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simulation.scale_kind_numbers import SIDES, side_of
from simulation.scale_kinds import KINDS
from simulation.scale_parties import Ints
from simulation.scale_settlements import Settlements

_NEAR_DAYS = 14  # two settlements alike in everything else are told apart by dates further apart than this
_WINDOW_DAYS = 30  # open items of a customer due this close compete for a lump sum
_CANDIDATES = 14  # up to so many, a sum of a few of them is practically never also the sum of others

Flags = npt.NDArray[np.bool_]


def decidable_lines(settled: Settlements) -> Flags:
    """Return for each line whether its counterpart can be told. Noise lines are decidable: they have none."""
    unit_clear = _distinct_units(settled) & _lump_sums_distinct(settled)
    batch_clear = _rejections_distinct(settled)
    clear = np.ones(len(settled.line_event), dtype=bool)
    events = np.ones(len(settled.kind), dtype=bool)
    events[settled.unit_event[~unit_clear]] = False
    events[settled.unit_event[~batch_clear]] = False
    clear &= events[settled.line_event]
    twins = np.array([kind.twins for kind in KINDS])
    return np.asarray(clear & ~twins[settled.line_kind])


def _unnamed(settled: Settlements) -> Flags:
    """Return which units nothing on the bank's side names: their line says nothing, or they have no line."""
    silent = np.array([kind.reference == "none" or kind.lines[1] == 0 for kind in KINDS])
    return silent[settled.kind[settled.unit_event]] | settled.unit_rejected


def _keys_near(keys: tuple[Ints, ...], day: Ints) -> Flags:
    """Return which rows have another row with equal keys within _NEAR_DAYS."""
    order = np.lexsort((day, *keys))
    same = np.ones(len(day) - 1, dtype=bool) if len(day) else np.zeros(0, dtype=bool)
    for key in keys:
        ordered = key[order]
        same &= ordered[1:] == ordered[:-1]
    ordered_day = day[order]
    close = same & (ordered_day[1:] - ordered_day[:-1] <= _NEAR_DAYS)
    near = np.zeros(len(day), dtype=bool)
    near[order[1:]] |= close
    near[order[:-1]] |= close
    return near


def _distinct_units(settled: Settlements) -> Flags:
    side = side_of(settled.kind)[settled.unit_event]
    event = settled.unit_event
    unnamed = np.flatnonzero(_unnamed(settled))
    keys = (
        settled.unit_party[unnamed],
        settled.unit_amount[unnamed],
        settled.entity[event][unnamed],
        side[unnamed] == SIDES.index("payment"),
    )
    day = settled.unit_day.copy()  # what a payment's date is to its line, the due date is to a receipt
    own = np.flatnonzero(side[settled.doc_unit] != SIDES.index("payment"))
    day[settled.doc_unit[own]] = settled.doc_due[own]
    near = _keys_near(tuple(np.asarray(key, dtype=np.int64) for key in keys), day[unnamed])
    clear = np.ones(len(event), dtype=bool)
    clear[unnamed[near]] = False
    return clear


def _lump_sums_distinct(settled: Settlements) -> Flags:
    """Return False for unnamed lump sums among so many open items, or such equal ones, that other sums fit as well.

    What a line names is not open any more for a lump sum that names nothing.
    """
    event = settled.unit_event
    lump = np.array([kind.name in ("lump_no_reference", "lump_debit") for kind in KINDS])[settled.kind[event]]
    silent = np.array([kind.side in ("receipt", "direct") for kind in KINDS])[settled.kind[event]]
    open_after_names = silent & _unnamed(settled)
    docs = np.flatnonzero(open_after_names[settled.doc_unit])
    party, due = settled.doc_party[docs], settled.doc_due[docs]
    entity = settled.entity[event[settled.doc_unit[docs]]]
    code = (party * 1000 + entity) * 100_000 + due
    order = np.argsort(code, kind="stable")
    low = np.searchsorted(code[order], code - _WINDOW_DAYS // 2)
    high = np.searchsorted(code[order], code + _WINDOW_DAYS // 2, side="right")
    crowded = high - low > _CANDIDATES
    equal = _keys_near((party, entity, settled.doc_amount[docs]), due)
    clear = np.ones(len(event), dtype=bool)
    clear[settled.doc_unit[docs[crowded | equal]]] = False
    return np.asarray(clear | ~lump)


def _rejections_distinct(settled: Settlements) -> Flags:
    """Return False for batches in which the rejected member's amount is that of another member."""
    clear = np.ones(len(settled.unit_event), dtype=bool)
    batch = np.array([kind.name == "batch_rejected" for kind in KINDS])[settled.kind[settled.unit_event]]
    units = np.flatnonzero(batch)
    order = units[np.lexsort((settled.unit_amount[units], settled.unit_event[units]))]
    same = (settled.unit_event[order][1:] == settled.unit_event[order][:-1]) & (
        settled.unit_amount[order][1:] == settled.unit_amount[order][:-1]
    )
    mixed = same & (settled.unit_rejected[order][1:] != settled.unit_rejected[order][:-1])
    clear[order[1:][mixed]] = False
    return clear
