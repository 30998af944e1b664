"""The statement and balance rows of a BAI2 account, and the reject of an account that is only a test or a withdrawal."""

from __future__ import annotations

from ingestion.balance_check import check_balance
from ingestion.contracts import BANK_BALANCE, BANK_STATEMENT
from ingestion.readers.bai2_fields import BALANCE_CODES, GROUP_STATUS, iso_day
from ingestion.readers.bai2_structure import Account, Group
from ingestion.reading import RecordCounter, Reject
from ingestion.record_columns import RecordColumns
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
        date_time = f"{iso_day(group.as_of)}T{group.as_of_time}" if group.as_of_time else None
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
                    date_time,
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
        as_of = iso_day(group.as_of)
        statement_id = f"{as_of}T{group.as_of_time}" if group.kind == "report" and group.as_of_time else as_of
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
                self._identity("|".join((number, account.currency, group.kind, statement_id))),
                group.kind,
                file_id,
                statement_id,
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

    def _identity(self, identity: str) -> str:
        """The identity, numbered from the second time the bank reports the account for the day."""
        occurrence = self._identities[identity] = self._identities.get(identity, 0) + 1
        return identity if occurrence == 1 else f"{identity}|{occurrence}"


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
