"""What is so of many kinds of bank line at once: kinds are numbers here, their positions in KINDS."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simulation.scale_kinds import DIRECT, KINDS, NOISE, OFFSET, PAYMENT, RECEIPT
from simulation.scale_parties import Ints

Flags = npt.NDArray[np.bool_]
SIDES = (PAYMENT, DIRECT, RECEIPT, NOISE, OFFSET)
_SIDE = np.array([SIDES.index(kind.side) for kind in KINDS], dtype=np.int64)


def side_of(kind: Ints) -> Ints:
    """Return the side of each kind number, as a position in SIDES."""
    return _SIDE[kind]


def named(kind: Ints, *names: str) -> Flags:
    """Whether each is one of the kinds of these names."""
    wanted = np.array([k.name in names for k in KINDS])
    return wanted[kind]


def flagged(kind: Ints, attribute: str) -> Flags:
    """Whether an attribute of each kind is set."""
    return np.array([bool(getattr(k, attribute)) for k in KINDS])[kind]


def has_effect(kind: Ints, effect: str) -> Flags:
    """Whether that happens to the amount of each kind."""
    return np.array([k.effect == effect for k in KINDS])[kind]
