"""Bank statements out of declared rows: a bank CSV has lines, and its statement is made from what the file says around
them.

Signs, entries, the parties of each entry, opening and closing balance (from the lines above the header or from a
running balance column) and the balance equation. A balance is derived from delivered balances only; where there are
none, the statement has none, and `balance_check` says `none`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import numpy as np
import polars as pl
import pyarrow as pa

from ingestion.balance_check import check_balance
from ingestion.contracts import BANK_BALANCE, BANK_ENTRY, BANK_ENTRY_DETAIL, BANK_STATEMENT
from ingestion.currencies import CURRENCIES
from ingestion.declaration import PLACE_COLUMNS, FileDeclaration
from ingestion.declaration_cells import small_units
from ingestion.readers.byte_slices import chosen
from ingestion.readers.record_batches import Aside, frame_records, row_records
from ingestion.readers.text_table import BYTE_END, BYTE_START, LINE, ROW
from ingestion.reading import ControlTotal, RecordCounter, Records
from ingestion.record_columns import unscaled
from ingestion.references import account_id, is_iban, reference_type

DAY = "#day"
SEEN = ("booking_date", "value_date", "signed_amount", "running_balance", "status", LINE)
KEY = ("account_id", "currency", "statement_id", DAY)  # what makes a statement of its own
DETAIL_NAMES = tuple(
    name
    for name in BANK_ENTRY_DETAIL.names
    if name not in PLACE_COLUMNS and name not in BANK_ENTRY.names and name != "detail_number"
)
PARTY = {"counterparty_name": "name", "counterparty_account": "account", "counterparty_agent": "agent"}
ZERO = Decimal(0)


@dataclass
class _Statement:
    """One statement while its entries stream by."""

    number: int
    account: str | None
    currency: str
    statement_id: str | None
    day: date | None
    facts: dict[str, object]
    entries: int = 0
    net: Decimal = ZERO
    first: date | None = None
    last: date | None = None
    runs: list[pl.DataFrame] = field(default_factory=list)

    def see(self, rows: pl.DataFrame) -> None:
        """Take in some entries, in file order."""
        days = rows.get_column("booking_date") if "booking_date" in rows.columns else rows.get_column("value_date")
        balance = ["running_balance"] if "running_balance" in rows.columns else []
        booked = rows.select(days.name, "signed_amount", *balance, LINE)
        if "status" in rows.columns:
            is_booked = rows.get_column("status") == "BOOK"
            booked = booked if is_booked.all(ignore_nulls=False) else booked.filter(is_booked)
        self.entries += rows.height
        self.net += _total(booked)
        for day in (days.min(), days.max()):
            if isinstance(day, date):
                self.first = min(day, self.first or day)
                self.last = max(day, self.last or day)
        if balance:
            self.runs.append(booked)


class StatementBuilder:
    """Entries in, records out; `finish` gives the statements and their balances once all rows were seen."""

    def __init__(self, declaration: FileDeclaration, facts: dict[str, object], default_account: str | None) -> None:
        self.declaration = declaration
        self.facts = facts
        self.default_account = default_account
        self.statements: dict[tuple[object, ...], _Statement] = {}
        self.warnings: list[str] = []
        self.control_totals: list[ControlTotal] = []
        self.stated: dict[str, Decimal] = {}  # balances in rows of the list that are no entries

    def add(self, rows: pl.DataFrame, aside: Mapping[str, Aside], counter: RecordCounter) -> Iterator[Records]:
        """Good rows with `record_number`, in file order, as bank_entry and bank_entry_detail records. `aside` has the columns
        that are only handed on."""
        if rows.is_empty():
            return
        rows, same = self._completed(rows, aside)
        varying = [name for name in KEY if name in rows.columns and not _is_constant(rows.get_column(name))]
        seen = rows.select(name for name in (*SEEN, *KEY) if name in rows.columns)
        parts = seen.with_row_index(ROW).partition_by(varying, maintain_order=True) if varying else [seen]
        statements, entries = np.empty(rows.height, np.int64), np.empty(rows.height, np.int64)
        for part in parts:  # one step a statement, not a row
            statement = self._statement(tuple(same[name] if name in same else part.item(0, name) for name in KEY))
            at = part.get_column(ROW).to_numpy() if varying else slice(None)
            statements[at] = statement.number
            entries[at] = np.arange(statement.entries + 1, statement.entries + part.height + 1)
            statement.see(part)
        rows = rows.with_columns(pl.Series("statement_number", statements), pl.Series("entry_number", entries))
        signed = rows.get_column("signed_amount")
        marks = chosen(("DBIT", "CRDT"), (signed >= 0).cast(pl.UInt8).to_numpy())
        handed: dict[str, Aside] = {**aside, **same, "credit_debit": pa.chunked_array([marks])}
        booked = rows.drop("credit_debit", strict=False).with_columns(signed.abs().alias("amount"))
        yield from frame_records(BANK_ENTRY, booked, handed)
        yield from self._details(rows, counter)

    def _completed(self, rows: pl.DataFrame, aside: Mapping[str, Aside]) -> tuple[pl.DataFrame, dict[str, str | None]]:
        """Entries with what a statement adds: account, day, the parties, and beside them what is the same in each."""
        present = set(rows.columns)
        fixed: dict[str, object] = {
            "status": "BOOK",
            "currency": aside.get("currency", self.facts.get("currency")),
            "statement_id": self.facts.get("statement_id"),
            DAY: None,
        }
        incoming = pl.col("signed_amount") >= 0
        added = [
            pl.when(incoming if role == "debtor" else ~incoming).then(pl.col(name)).alias(f"{role}_{suffix}")
            for name, suffix in PARTY.items()
            if name in present
            for role in ("debtor", "creditor")
        ]
        if self.declaration.statement == "per_date":  # else the file is one statement
            added.append(pl.col("booking_date").alias(DAY))
            del fixed[DAY]
        if "account_id" in present:
            distinct = rows.get_column("account_id").drop_nulls().unique().to_list()
            written = {text: account_id(text) for text in distinct}
            if any(text != account for text, account in written.items()):
                added.append(pl.col("account_id").replace(written))
        else:
            account = self.facts.get("account_id")
            fixed["account_id"] = account_id(str(account)) if account else self.default_account
        if "structured_reference" in present:
            given = rows.get_column("structured_reference").drop_nulls().unique().to_list()
            kinds = {text: kind for text in given if (kind := reference_type(text)) is not None}
            known = pl.col("structured_reference").replace_strict(kinds, default=None, return_dtype=pl.String)
            added.append(known.alias("structured_reference_type"))
        rows = rows.with_columns(added)
        details = [name for name in DETAIL_NAMES if name in rows.columns]
        has_detail = pl.any_horizontal(pl.col(name).is_not_null() for name in details) if details else pl.lit(False)
        same = {name: None if value is None else str(value) for name, value in fixed.items() if name not in present}
        return rows.with_columns(has_detail.cast(pl.Int64).alias("detail_count")), same

    def _statement(self, key: tuple[object, ...]) -> _Statement:
        if key not in self.statements:
            account, currency, statement_id, day = key
            self.statements[key] = _Statement(
                len(self.statements) + 1,
                None if account is None else str(account),
                str(currency),
                None if statement_id is None else str(statement_id),
                day if isinstance(day, date) else None,
                self.facts,
            )
        return self.statements[key]

    def _details(self, rows: pl.DataFrame, counter: RecordCounter) -> Iterator[Records]:
        details = rows.filter(pl.col("detail_count") > 0)
        if details.is_empty():
            return
        first = counter.last + 1
        counter.last += details.height
        shared = [LINE, BYTE_START, BYTE_END, "statement_number", "entry_number", *DETAIL_NAMES]
        own = details.select(
            *(name for name in shared if name in details.columns),
            pl.int_range(first, first + pl.len()).alias("record_number"),
            pl.lit(1, pl.Int64).alias("detail_number"),
        )
        yield from frame_records(BANK_ENTRY_DETAIL, own)

    def finish(self, counter: RecordCounter) -> Iterator[Records]:
        """The statements in order of appearance, and their balances."""
        statements, balances = [], []
        self.facts = {**self.stated, **self.facts}
        if not self.statements and self.facts.get("currency"):
            account = self.facts.get("account_id")  # a statement without entries is still a statement
            self._statement(
                (account and account_id(str(account)), self.facts["currency"], self.facts.get("statement_id"), None)
            )
        single = len(self.statements) == 1
        if not single and {"opening_balance", "closing_balance", "declared_entries"} & set(self.facts):
            self.warnings.append("the balances that the file states are not used: it has several statements")
        for statement in self.statements.values():
            if statement.currency not in CURRENCIES and statement.currency != "XXX":  # which stands for none
                self.warnings.append(
                    f"statement {statement.number}: its currency {statement.currency!r} is no ISO 4217 code"
                )
            facts = self.facts if single else {}
            opening, closing, origin = self._balances(statement, facts)
            verdict, difference = check_balance(opening, statement.net, closing)
            start, end = facts.get("from_date") or statement.first, facts.get("to_date") or statement.last
            declared = facts.get("declared_entries")
            if isinstance(declared, int):
                self.control_totals.append(
                    ControlTotal("entries named above the header", Decimal(declared), Decimal(statement.entries))
                )
            row: dict[str, object] = {
                "statement_number": statement.number,
                "identity": "|".join(
                    str(part or "")
                    for part in (statement.account, statement.currency, "statement", statement.statement_id, "", "",
                                 f"{start or ''}..{end or ''}")
                ),
                "kind": "statement",
                "statement_id": statement.statement_id,
                "created_at": self.facts.get("created_at"),
                "from_date": start,
                "to_date": end,
                "account_id": statement.account,
                "account_scheme": _scheme(statement.account),
                "account_currency": statement.currency,
                "account_name": self.facts.get("account_name"),
                "account_owner": self.facts.get("account_owner"),
                "servicer_id": self.facts.get("servicer_id"),
                "opening_balance": opening,
                "opening_date": None if opening is None else start,
                "closing_balance": closing,
                "closing_date": None if closing is None else end,
                "entry_count": statement.entries,
                "net_amount": statement.net,
                "balance_check": verdict,
                "difference": difference,
                "declared_entries": declared,
            }  # fmt: skip
            statements.append({**row, "record_number": counter.next()})
            for code, amount, day in (("OPBD", opening, start), ("CLBD", closing, end)):
                if amount is not None:
                    balances.append(
                        {
                            "record_number": counter.next(),
                            "statement_number": statement.number,
                            "code": code,
                            "native_code": origin,
                            "amount": abs(amount),
                            "currency": statement.currency,
                            "credit_debit": "DBIT" if amount < 0 else "CRDT",
                            "signed_amount": amount,
                            "date": day,
                        }
                    )
        yield from row_records(BANK_STATEMENT, statements)
        yield from row_records(BANK_BALANCE, balances)

    def _balances(self, statement: _Statement, facts: dict[str, object]) -> tuple[Decimal | None, Decimal | None, str]:
        """(opening, closing, where they come from): the lines above the header first, else the running balance
        column."""
        opening, closing = facts.get("opening_balance"), facts.get("closing_balance")
        run_opening, run_closing = self._running(statement)
        return (
            opening if isinstance(opening, Decimal) else run_opening,
            closing if isinstance(closing, Decimal) else run_closing,
            "stated" if isinstance(opening, Decimal) or isinstance(closing, Decimal) else "running balance",
        )

    def _running(self, statement: _Statement) -> tuple[Decimal | None, Decimal | None]:
        """Opening and closing by the first and the last running balance in the order of time."""
        if not statement.runs:
            return None, None
        run = pl.concat(statement.runs)
        if run.get_column("running_balance").null_count() == run.height:
            return None, None
        order = self._order(run)
        if order is None:
            self.warnings.append(
                f"statement {statement.number}: the order of entries is not known, so no balance is taken from "
                "the running balance; declare `order`"
            )
            return None, None
        in_time = run if order == "oldest_first" else run.reverse()
        opening = _proven_opening(in_time)
        if opening is not None:
            return opening, opening + statement.net
        implied = _implied_openings(in_time)
        openings = implied.get_column("opening")
        if (openings != openings[0]).any():
            broken = implied.filter(pl.col("opening") != pl.col("opening").shift(1))
            places = ", ".join(str(line) for line in broken.get_column(LINE).head(5).to_list())
            self.warnings.append(
                f"statement {statement.number}: the running balance does not follow from the entries at "
                f"{broken.height} places (line {places})"
            )
        return openings[0], openings[-1] + statement.net

    def _order(self, run: pl.DataFrame) -> str | None:
        if self.declaration.order != "by_date":
            return self.declaration.order
        days = run.to_series(0).drop_nulls()
        if not days.is_empty() and days[0] != days[-1]:
            return "oldest_first" if days[0] < days[-1] else "newest_first"
        if _implied_openings(run).get_column("opening").n_unique() == 1:
            return "oldest_first"
        return "newest_first" if _implied_openings(run.reverse()).get_column("opening").n_unique() == 1 else None


def _proven_opening(run: pl.DataFrame) -> Decimal | None:
    """The opening balance where each balance follows from the one before and its entry, in the order of time."""
    balances, amounts = small_units(run.get_column("running_balance")), small_units(run.get_column("signed_amount"))
    if balances is None or amounts is None or (balances[1:] - balances[:-1] != amounts[1:]).any():
        return None
    return unscaled(int(balances[0] - amounts[0]))


def _implied_openings(run: pl.DataFrame) -> pl.DataFrame:
    """Per row with a balance, in the order of time: the opening balance it implies (balance less all entries so
    far)."""
    implied = (pl.col("running_balance") - pl.col("signed_amount").cum_sum()).alias("opening")
    found = run.select(LINE, "running_balance", implied)
    return found.drop_nulls("running_balance") if run.get_column("running_balance").null_count() else found


def _is_constant(values: pl.Series) -> bool:
    return values.null_count() == len(values) or not values.ne_missing(values.head(1)).any()


def _total(rows: pl.DataFrame) -> Decimal:
    total: object = rows.get_column("signed_amount").sum()
    return total if isinstance(total, Decimal) else ZERO


def _scheme(account: str | None) -> str | None:
    return None if account is None else ("IBAN" if is_iban(account) else "OTHER")
