"""The further lines of many fields :61:, and the foreign amounts in texts, as columns: the same reading as in `mt94_entry`.

Supplementary details are the account of the other party where they are an IBAN, else text beside that of :86:.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import AMOUNT, TEXT
from ingestion.currencies import CURRENCIES
from ingestion.readers.byte_slices import Block, Flags, Ints, joined_by
from ingestion.readers.mt94_fields import foreign_amounts
from ingestion.readers.mt94_sepa_columns import TextColumns
from ingestion.readers.mt94_text_columns import free_columns
from ingestion.record_columns import Column, amount_array, positions
from ingestion.references import account_id, is_iban

_LIKE_IBAN = r"^[A-Za-z]\s*[A-Za-z]\s*[0-9]\s*[0-9][A-Za-z0-9\s]+$"
FOREIGN_WORDS = (b"/OCMT/", b"/CHGS/")
_FOREIGN = {"OCMT": "instructed", "CHGS": "charges"}
_PLAIN_FIGURE = "^[0-9]{1,13}(,[0-9]{1,5})?$"
_CURRENCIES = pa.array(sorted(CURRENCIES), TEXT)
_SAYS_MORE = ("transaction_code", "name", "end_to_end_id")


def with_supplements(
    said: TextColumns, has_text: Flags, text: Column, supplements: Block, own: Sequence[str | None], statement: Ints
) -> tuple[TextColumns, Flags, Column]:
    """What entries say with their supplementary details: the columns of `EntryText`, which entries say anything, all text.

    `said` is what the entries that have a text say in it. `own` are the accounts of statements, `statement` the number of each
    entry's in it.
    """
    added = supplements.column()
    has_added = supplements.end > supplements.start
    detailed = has_text | has_added
    rows = np.flatnonzero(detailed)
    of_text = positions(np.cumsum(has_text)[rows] - 1, ~has_text[rows])
    columns = {name: column.take(of_text) for name, column in said.items()}
    given = added.take(positions(rows))
    account = _accounts(given, own, statement[rows])
    is_account = np.asarray(account.is_valid())
    coded = np.zeros(len(rows), dtype=bool)
    for name in _SAYS_MORE:
        if name in columns:
            coded |= np.asarray(columns[name].is_valid())
    beside = has_added[rows] & has_text[rows] & ~is_account
    _put(columns, "additional", given, beside & coded)
    _put(columns, "remittance", given, beside & ~coded)
    alone = np.flatnonzero(has_added[rows] & ~has_text[rows] & ~is_account)
    found = free_columns(supplements.chosen(rows[alone])) if len(alone) else {}
    found = {name: _spread(column, alone, len(rows)) for name, column in found.items()}
    for name, column in ({"account": account} | found).items():
        columns[name] = pc.coalesce(columns[name], column) if name in columns else column
    return columns, detailed, joined_by(added, text)


def _accounts(given: Column, own: Sequence[str | None], statement: Ints) -> Column:
    """The accounts among supplementary details, null where they are none, or the statement's own."""
    rows = _matching(given, _LIKE_IBAN)
    encoded = given.take(positions(rows)).dictionary_encode()
    distinct = [account_id(one) if is_iban(one) else None for one in map(str, encoded.dictionary.to_pylist())]
    accounts = pa.array(distinct, TEXT).take(encoded.indices)
    of_statement = pa.array([one or "" for one in own], TEXT).take(positions(statement[rows]))
    is_own = pc.equal(accounts, of_statement)
    others: Column = pc.if_else(is_own, pa.scalar(None, TEXT), accounts)
    return _spread(others, rows, len(given))


def _matching(texts: Column, pattern: str) -> Ints:
    found = pc.match_substring_regex(texts, pattern)  # type: ignore[arg-type]  # the stubs list no open type
    rows: Ints = np.flatnonzero(np.asarray(found.fill_null(False)))
    return rows


def _spread(column: Column, rows: Ints, count: int) -> Column:
    """The values at these of so many rows, null elsewhere."""
    at = np.full(count, -1, dtype=np.int64)
    at[rows] = np.arange(len(rows))
    return column.take(positions(at, at < 0))


def _put(columns: TextColumns, name: str, given: Column, where: Flags) -> None:
    """Join what is given before what a column says."""
    if where.any():
        chosen: Column = pc.if_else(pa.array(where), given, pa.scalar(None, TEXT))
        columns[name] = joined_by(chosen, columns[name]) if name in columns else chosen


def foreign_columns(texts: Column) -> dict[str, Column]:
    """The original amounts (/OCMT/) and the charges (/CHGS/) texts name, with their currencies."""
    rows = _matching(texts, "/(OCMT|CHGS)/")
    if not len(rows):
        return {}
    some: pa.StringArray = texts.take(positions(rows))  # type: ignore[assignment]
    odd = np.asarray(pc.invert(pc.string_is_ascii(some)))
    columns: dict[str, Column] = {}
    for word, name in _FOREIGN.items():
        found = pc.extract_regex(some, f"/{word}/(?P<currency>[A-Z]{{3}})(?P<figure>[0-9,.]+)")
        currency, figure = pc.struct_field(found, "currency"), pc.utf8_rtrim(pc.struct_field(found, "figure"), ",.")
        is_plain = pc.and_(pc.match_substring_regex(figure, _PLAIN_FIGURE), pc.is_in(currency, _CURRENCIES))
        odd |= np.asarray(pc.invert(is_plain).fill_null(False))
        figure = pc.if_else(is_plain, pc.replace_substring(figure, ",", "."), None)
        columns[f"{name}_amount"] = figure.cast(AMOUNT)
        columns[f"{name}_currency"] = pc.if_else(is_plain, currency, None)
    alone = np.flatnonzero(odd)
    if len(alone):
        read = [foreign_amounts(str(text)) for text in some.take(positions(alone)).to_pylist()]
        for number, name in enumerate(_FOREIGN.values()):
            amounts, currencies = [one[number][0] for one in read], [one[number][1] for one in read]
            for part, careful in (("amount", amount_array(amounts)), ("currency", pa.array(currencies, TEXT))):
                given = columns[f"{name}_{part}"]
                columns[f"{name}_{part}"] = pc.if_else(pa.array(odd), _spread(careful, alone, len(rows)), given)
    return {name: _spread(column, rows, len(texts)) for name, column in columns.items()}
