"""What goes wrong on the way, as it does in every house: copies, torn and refused files, a mistyped amount.

Each problem has its expected outcome, which the truth keeps.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from simulation.deliveries import Delivery, statement_path
from simulation.model import Anomaly
from simulation.world import World
from simulation.writers.pain001 import pain001

COPIED = ("suedbank/mt940/sued_eur_20260716.sta", "suedbank/mt940/sued_eur_20260716 (1).sta")
TORN = ("rheinbank", date(2026, 8, 5))
REISSUED = "alpenbank/camt053/alpen_chf_20260722.xml"
REFUSED = ("DE01", date(2026, 8, 18))
MISTYPED = "sap/receivables/receivables_20260814.csv"


def with_problems(world: World, files: list[Delivery]) -> tuple[list[Delivery], list[Anomaly]]:
    """The files as they really arrive, in order of arrival, and what is to become of each that is not good."""
    by_path = {file.path: file for file in files}
    outcomes: list[Anomaly] = []

    def expect(outcome: str, file: Delivery, note: str) -> None:
        outcomes.append(Anomaly(outcome, "delivery", file.path, file.at.date(), note=note))

    copy = replace(by_path[COPIED[0]], path=COPIED[1], at=by_path[COPIED[0]].at + timedelta(hours=3))
    by_path[copy.path] = copy
    expect("delivery_duplicate", copy, f"the same bytes as {COPIED[0]}")

    first = by_path[REISSUED]
    changed = first.content.replace(b"<Ustrd>", b"<Ustrd>KORR ", 1)
    reissue = Delivery(first.path.replace(".xml", "_2.xml"), changed, first.at + timedelta(days=1))
    by_path[reissue.path] = reissue
    expect("delivery_conflict", reissue, f"the statement of {first.path} with another text on one entry")

    statement = next(s for s in world.statements if s.account == "rhein_eur" and s.day == TORN[1])
    whole = by_path.pop(statement_path(statement))
    torn = replace(whole, content=whole.content[: len(whole.content) * 3 // 5])
    again = replace(whole, path=whole.path.replace(".xml", "_resent.xml"), at=whole.at + timedelta(hours=5))
    by_path[torn.path], by_path[again.path] = torn, again
    expect("delivery_quarantined", torn, f"the transfer broke off; whole again as {again.path}")

    message = next(m for m in world.messages if m.entity == REFUSED[0] and m.created_at.date() == REFUSED[1])
    right = by_path[f"hub/pain001/{message.message_id}.xml"]
    wrong = Delivery(
        right.path.replace(".xml", "_draft.xml"), pain001(message, Decimal("0.10")), right.at - timedelta(minutes=40)
    )
    by_path[wrong.path] = wrong
    expect("delivery_quarantined", wrong, f"control sum off by 0.10; right again as {right.path}")

    extract = by_path[MISTYPED]
    by_path[extract.path], document = _mistype(extract)
    outcomes.append(
        Anomaly(
            "record_rejected",
            "delivery",
            extract.path,
            extract.at.date(),
            related_id=document,
            note="WRBTR holds a letter",
        )
    )
    return sorted(by_path.values(), key=lambda f: (f.at.timestamp(), f.path)), outcomes


def _mistype(extract: Delivery) -> tuple[Delivery, str]:
    """The letter O for the last zero of the first open item's amount that has one."""
    rows = extract.content.decode().split("\r\n")
    names = rows[0].split(";")
    amount, cleared, number, kind = (names.index(name) for name in ("WRBTR", "AUGBL", "BELNR", "BLART"))
    for index, row in enumerate(rows[1:], start=1):
        cells = row.split(";")
        if (
            len(cells) == len(names)
            and "0" in cells[amount]
            and not cells[cleared]
            and cells[kind] == "RV"
            and '"' not in row
        ):
            head, _, tail = cells[amount].rpartition("0")
            cells[amount] = f"{head}O{tail}"
            rows[index] = ";".join(cells)
            return replace(extract, content="\r\n".join(rows).encode()), cells[number]
    raise AssertionError(f"{extract.path} has no open item whose amount holds a zero")
