"""The statement and balance rows of a BAI2 account, and the reject of an account that is only a test or a withdrawal."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from ingestion.balance_check import check_balance
from ingestion.contracts import BANK_BALANCE, BANK_STATEMENT, TEXT
from ingestion.readers.bai2_fields import BALANCE_CODES, GROUP_STATUS, iso_day
from ingestion.readers.bai2_structure import Account, Group
from ingestion.reading import RecordCounter, Records, Reject
from ingestion.record_columns import RecordColumns, merged_records
from ingestion.references import account_id, is_iban

_STATEMENT_COLUMNS = (
    "record_number file_line byte_start byte_end statement_number identity kind message_id statement_id created_at to_date "
    "account_id account_scheme account_currency servicer_id opening_balance opening_date closing_balance closing_date "
    "entry_count net_amount balance_check difference declared_entries declared_net"
)
_BALANCE_COLUMNS = (
    "record_number file_line byte_start byte_end statement_number code native_code amount currency credit_debit "
    "signed_amount date date_time"
)


class AccountRows:
    """The statements and balances of a file, in file order, until they are flushed."""

    def __init__(self) -> None:
        self.statements = RecordColumns(BANK_STATEMENT, tuple(_STATEMENT_COLUMNS.split()))
        self.balances = RecordColumns(BANK_BALANCE, tuple(_BALANCE_COLUMNS.split()))
        self._identities: dict[str, int] = {}

    def add_balances(self, account: Account, group: Group, end: int, counter: RecordCounter) -> None:
        """The balances of record 03, which ends at byte `end`; totals of activity (100 and over) are none."""
        factor = account.factor
        for one in account.summaries:
            if int(one.code) >= 100 and not 900 <= int(one.code) <= 919:
                continue
            value = one.amount * factor
            self.balances.rows.append(
                (
                    counter.next(),
                    account.line,
                    account.byte_start,
                    end,
                    account.number,
                    BALANCE_CODES.get(one.code, one.code),
                    one.code,
                    abs(value),
                    account.currency,
                    "DBIT" if value < 0 else "CRDT",
                    value,
                    group.as_of,
                    group.as_of_text,
                )
            )

    def add_statement(
        self, account: Account, group: Group, end: int, file_id: str | None, created_at: str | None
    ) -> None:
        """The statement row of a complete account, its arithmetic checked."""
        factor = account.factor
        by_code = {one.code: one for one in reversed(account.summaries)}
        opening, closing = by_code.get("010"), by_code.get("015")
        verdict, difference = check_balance(
            opening.amount * factor if opening else None,
            account.net * factor,
            closing.amount * factor if closing else None,
        )
        number = account_id(account.identifier)
        credits, debits = by_code.get("100"), by_code.get("400")
        counted = [one.count for one in (credits, debits) if one is not None and one.count is not None]
        self.statements.rows.append(
            (
                account.record,
                account.line,
                account.byte_start,
                end,
                account.number,
                "|".join((number, account.currency, group.kind, group.statement_id)),
                group.kind,
                file_id,
                group.statement_id,
                created_at,
                group.as_of,
                number,
                "IBAN" if is_iban(number) else "OTHER",
                account.currency,
                group.originator or None,
                opening.amount * factor if opening else None,
                group.as_of if opening else None,
                closing.amount * factor if closing else None,
                group.as_of if closing else None,
                account.entries,
                account.net * factor,
                verdict,
                difference,
                sum(counted) if len(counted) == 2 else None,
                (credits.amount - debits.amount) * factor if credits and debits else None,
            )
        )

    def flush(self, statements: Records | None, balances: Records | None) -> Iterator[Records]:
        """The rows so far and those of accounts taken at once, in file order; forgets them."""
        for records in merged_records(statements, self.statements):
            yield self._numbered(records)
        yield from merged_records(balances, self.balances)

    def _numbered(self, records: Records) -> Records:
        """Statements whose identities are numbered from the second time the bank reports the account for the day."""
        names: list[str] = records.batch.column("identity").to_pylist()  # type: ignore[assignment]  # never null
        new = dict.fromkeys(names, 1)
        if len(new) == len(names) and self._identities.keys().isdisjoint(new):
            self._identities |= new
            return records
        for place, name in enumerate(names):
            occurrence = self._identities[name] = self._identities.get(name, 0) + 1
            if occurrence > 1:
                names[place] = f"{name}|{occurrence}"
        at = records.batch.schema.get_field_index("identity")
        return Records(
            records.kind, records.batch.set_column(at, records.batch.schema.field(at), pa.array(names, TEXT))
        )


def set_aside(account: Account, group: Group, end: int) -> Reject:
    """An account of a deletion or test group: its place in the record is a reject that says so."""
    status = GROUP_STATUS[group.status]
    advice = (
        "Nothing of it was loaded. Find the report it withdraws and decide whether it has to be taken back."
        if group.status == "2"
        else "Nothing of it was loaded, as it is a test."
    )
    return Reject(
        account.record,
        account.totals.place,
        "group status (02)",
        f"{group.status} ({status}), {account.seen} transactions as of {iso_day(group.as_of)}",
        "1 (update) or 3 (correction)",
        advice,
        line=account.line,
        byte_start=account.byte_start,
        byte_end=end,
        currency=account.currency,
    )
