"""The entry rows of a chunk of BAI2 transactions, all at once, and the reject of each transaction that cannot be loaded."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from ingestion.bank_transaction_codes import from_bai2
from ingestion.contracts import BANK_ENTRY, INT, TEXT
from ingestion.readers.bai2_details import Details, slices, texts
from ingestion.readers.bai2_fields import NATIVE_CODES, NON_MONETARY
from ingestion.readers.bai2_lines import Lines
from ingestion.readers.bai2_structure import Segments
from ingestion.readers.byte_slices import Flags, Ints, chosen
from ingestion.reading import Records, Reject
from ingestion.record_columns import (
    Column,
    amount_array,
    contract_batch,
    day_array,
    int_amount_array,
    positions,
    unscaled,
)


class _Codes(NamedTuple):
    """Text columns by type code, 000 to 999."""

    domain: Column
    family: Column
    subfamily: Column


@lru_cache(maxsize=1)
def _codes() -> _Codes:
    iso = [from_bai2(code) for code in NATIVE_CODES]
    return _Codes(
        pa.array([one.domain if one else None for one in iso], TEXT),
        pa.array([one.family if one else None for one in iso], TEXT),
        pa.array([one.subfamily if one else None for one in iso], TEXT),
    )


def entry_records(
    lines: Lines, found: Details, segments: Segments, place: Callable[[int], str]
) -> tuple[Records | None, list[Reject]]:
    """The batch of a chunk's entries (None where there are none) and the rejects beside it; `place` names an account."""
    if not len(segments.first):
        return None, []
    sizes = segments.last - segments.first
    which = np.repeat(np.arange(len(sizes)), sizes)
    # a transaction's distance from its run's first is the same in the chunk, in record numbers and in entry numbers
    step = np.arange(len(which)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    rows = segments.first[which] + step
    record = segments.first_record[which] + step
    entry = segments.first_entry[which] + step
    good = found.good[rows]
    rejects = [
        _reject(lines, found, segments, int(which[at]), int(rows[at]), (int(record[at]), int(entry[at])), place)
        for at in np.flatnonzero(~good).tolist()
    ]
    if rejects:
        which, rows, record, entry = which[good], rows[good], record[good], entry[good]
    count = len(rows)
    if not count:
        return None, rejects
    # most often they stand one after the other, and nothing has to be picked out
    taken: Ints | slice = slice(int(rows[0]), int(rows[0]) + count) if rows[-1] - rows[0] + 1 == count else rows
    amount, signed, negative = _amounts(found, rows, taken, segments.factor[which])
    as_of = segments.as_of[which]
    immediate = found.immediate[taken]
    value_day = np.where(immediate, as_of, found.value_day[taken])
    index, code = found.index[taken], positions(found.type_code[taken])
    codes = _codes()
    columns: dict[str, Column] = {
        "record_number": pa.array(record, INT),
        "file_line": pa.array(lines.line[index], INT),
        "byte_start": pa.array(lines.byte_start[index], INT),
        "byte_end": pa.array(lines.byte_end[index], INT),
        "statement_number": pa.array(segments.number[which], INT),
        "entry_number": pa.array(entry, INT),
        "account_servicer_reference": slices(lines, found.bank_start[taken], found.bank_end[taken]),
        "customer_reference": slices(lines, found.customer_start[taken], found.customer_end[taken]),
        "status": pa.repeat(pa.scalar("BOOK", TEXT), count),
        "amount": amount,
        "currency": chosen(segments.currencies, segments.currency[which]),
        "credit_debit": chosen(("CRDT", "DBIT"), negative.view(np.int8)),
        "signed_amount": signed,
        "reversal": pa.array(negative != (found.sign[taken] < 0)),
        "booking_date": day_array(as_of),
        "value_date": day_array(value_day, ~(immediate | found.dated[taken])),
        "domain_code": codes.domain.take(code),
        "family_code": codes.family.take(code),
        "subfamily_code": codes.subfamily.take(code),
        "native_code": chosen(NATIVE_CODES, found.type_code[taken]),
        "native_issuer": pa.repeat(pa.scalar("BAI2", TEXT), count),
        "detail_count": pa.array(np.zeros(count, dtype=np.int64)),
        "text": texts(lines, found.text_start[taken], found.text_end[taken]),
    }
    return Records(BANK_ENTRY.kind, contract_batch(BANK_ENTRY, columns, count)), rejects


def _amounts(found: Details, rows: Ints, taken: Ints | slice, factor: Ints) -> tuple[Column, Column, Flags]:
    """Amount, signed amount and whether it is a debit. A negative amount turns the direction of its type code round."""
    sign = found.sign[taken]
    signed = found.amount[taken] * factor * sign
    large = [at for at, row in enumerate(rows.tolist()) if row in found.large] if found.large else []
    if not large:
        return int_amount_array(np.abs(signed)), int_amount_array(signed), (sign < 0)
    exact: list[int] = signed.tolist()
    debit = sign < 0
    for at in large:
        exact[at] = found.large[int(rows[at])] * int(factor[at]) * int(sign[at])
        debit[at] = exact[at] < 0
    return amount_array([abs(value) for value in exact]), amount_array(exact), debit


def _reject(
    lines: Lines, found: Details, segments: Segments, segment: int, row: int, numbers: tuple[int, int],
    place: Callable[[int], str],
) -> Reject:  # fmt: skip
    """A transaction that cannot be loaded, and why; `numbers` are its record and entry number."""
    record, entry = numbers
    index = int(found.index[row])
    code = int(found.type_code[row])
    unreadable = found.unreadable.get(row)
    value: Decimal | None = unscaled(abs(found.exact(row)) * int(segments.factor[segment]))
    expected = "a three-digit type code, an amount in digits, a funds type 0, 1, 2, S, V, D or Z"
    if unreadable is not None:
        what, text = unreadable
        value = None if what == "amount" else value
    elif code == NON_MONETARY:
        what, text, expected = "type code", "890 (non-monetary information)", "a transaction with an amount"
    elif found.sign[row] == 0:
        what, text = "type code", f"{code:03d}"
        expected = "a code of a credit (100-399, 920-959) or a debit (400-699, 960-999)"
    else:
        what, text, expected = "value date", found.bad_dates.get(row, ""), "a date YYMMDD of the calendar"
    raw = lines.text[lines.start[index] : lines.end[index]].replace(lines.separator, b"\n88,")
    return Reject(
        record,
        f"{place(int(segments.number[segment]))}: entry {entry}, line {lines.line[index]}",
        what,
        text,
        expected,
        "The entry was not loaded; the account's balances will differ by it. Ask the bank what it means.",
        raw.decode("utf-8", "replace")[:2000],
        int(lines.line[index]),
        int(lines.byte_start[index]),
        int(lines.byte_end[index]),
        value,
        segments.currencies[segments.currency[segment]],
    )
