"""What happens to files on their way, for the fuzz tests: `make fuzz` (TIEOUT_FUZZ=long) tries far more than CI does."""

from __future__ import annotations

import os
import random

from hypothesis import settings


def examples(few: int) -> settings:
    """So many examples, always the same ones; with TIEOUT_FUZZ=long three hundred times as many."""
    many = 300 if os.environ.get("TIEOUT_FUZZ") == "long" else 1
    return settings(max_examples=few * many, derandomize=True, deadline=None)


def damaged(data: bytes, seed: int) -> bytes:
    """The file after one to four accidents: bytes lost, changed, inserted, repeated, moved."""
    chance = random.Random(seed)  # noqa: S311  (accidents, not secrets)
    raw = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at, size = chance.randrange(len(raw) + 1), chance.choice((1, 1, 2, 5, 40))
        piece = raw[at : at + size]
        match chance.randrange(6):
            case 0:
                del raw[at : at + size]
            case 1:
                raw[at : at + size] = bytes(chance.randrange(256) for _ in piece)
            case 2:
                raw[at:at] = chance.choice(
                    (b"\n", b",", b"/", b"<", b">", b":61:", b"88,", b"\xff", b"-", b"9" * 30, b"\0")
                )
            case 3:
                raw[at:at] = piece * chance.randint(1, 3)
            case 4:
                del raw[at:]
            case _:
                raw[at : at + size] = piece[::-1]
    return bytes(raw)
