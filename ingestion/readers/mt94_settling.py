"""What can be said of a statement's entries only when it is complete: their currency, and the sign of a doubtful amount."""

from __future__ import annotations

from decimal import Decimal

from ingestion.readers.mt94_findings import Findings
from ingestion.readers.mt94_statement import HELD_LIMIT, Held, Output, Statement
from ingestion.reading import ControlTotal, FileRejected, Reject
from ingestion.record_columns import unscaled


def hold(statement: Statement, held: Held) -> None:
    """Keep an entry back until its statement has said its currency; raises `FileRejected` where that never comes."""
    statement.held.append(held)
    if len(statement.held) > HELD_LIMIT:
        raise FileRejected(
            "the statement does not say its currency",
            place=statement.place,
            expected="a currency in :60F:, :34F: or :25: before the entries",
            advice="Name it in the source config: options: {currency: EUR}.",
        )


def set_currency(statement: Statement, output: Output, currency: str) -> None:
    """The statement's currency is known: the entries held back for it are complete."""
    statement.currency = currency
    for row, detail in statement.held:
        output.add_entry((*row[:-1], currency), detail)
    statement.held = []


def reject_without_currency(statement: Statement, findings: Findings) -> None:
    """The entries of a statement that never said its currency."""
    for row, _ in statement.held:
        record, line, start, end = (value if isinstance(value, int) else 0 for value in row[:4])
        amount, signed = row[9], row[11]
        statement.entries -= 1
        statement.rejected += 1
        statement.net -= signed if isinstance(signed, int) and row[8] == "BOOK" else 0
        findings.rejects.append(
            Reject(
                record,
                f"{statement.place}, entry {row[5]}, line {line}",
                "currency",
                "",
                "a currency in :60F:, :62F:, :34F: or :25: of the statement",
                "Name it in the source config: options: {currency: EUR}.",
                str(row[25] or ""),
                line,
                start,
                end,
                unscaled(amount) if isinstance(amount, int) else None,
            )
        )


def settle_doubtful(statement: Statement, output: Output, findings: Findings) -> None:
    """An entry like D-104,12 says its direction twice or cancels itself: only the balances can tell which."""
    total = sum(value for value, _ in statement.doubtful)
    opening, closing = statement.opening, statement.closing
    gap = closing.amount - opening.amount - statement.net if opening and closing else None
    factor = 0 if gap is None or total == 0 else 1 if gap == total else -1 if gap == -total else 0
    for value, (row, detail) in statement.doubtful:
        if factor:
            signed = value * factor
            statement.entries += 1
            statement.net += signed
            settled = (*row[:10], "CRDT" if signed > 0 else "DBIT", signed, *row[12:-1], statement.currency)
            if statement.currency:
                output.add_entry(settled, detail)
            else:
                statement.held.append(Held(settled, detail))
            continue
        record, line, start, end = row[0], row[1], row[2], row[3]
        statement.rejected += 1
        findings.rejects.append(
            Reject(
                record if isinstance(record, int) else 0,
                f"{statement.place}, entry {row[5]}, line {line}",
                ":61: amount",
                f"a minus sign after the mark, {unscaled(abs(value))}",
                "an amount without sign; the mark C or D gives the direction",
                "The balances of the statement do not prove either reading. Ask the bank what the sign means.",
                str(row[25] or ""),
                line if isinstance(line, int) else None,
                start if isinstance(start, int) else None,
                end if isinstance(end, int) else None,
                unscaled(abs(value)),
                statement.currency,
            )
        )
    statement.doubtful = []


def check_declared(statement: Statement, findings: Findings) -> None:
    """Compare the counts and sums of :90D: and :90C: with the entries; an MT941 has none to compare with."""
    if not statement.declared or statement.message_type == "941":
        return
    count = sum(number for number, _ in statement.declared.values())
    total = statement.declared.get("90C", (0, 0))[1] - statement.declared.get("90D", (0, 0))[1]
    for name, declared, computed in (
        ("entries", Decimal(count), Decimal(statement.entries)),
        ("net amount", unscaled(total), unscaled(statement.net + statement.expected)),
    ):
        control = ControlTotal(f"{name} of {statement.place} (:90D:, :90C:)", declared, computed)
        findings.totals.append(control)
        if not control.agrees:
            # entries under the floor limit :34F: are counted but not itemised: a warning, not a verdict
            findings.warn(f"{control.name}: declared {declared.normalize():f}, itemised {computed.normalize():f}")
