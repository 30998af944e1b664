"""What an OFX statement, its balances and its transactions become: rows of the bank contracts, or a reason why not.

What belongs here: the meaning of single aggregates (STMTTRN, LEDGERBAL, STMTRS) once their fields are known. Which
fields belong to which aggregate is decided in `ingestion.readers.ofx`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ingestion.balance_check import check_balance
from ingestion.bank_transaction_codes import from_ofx
from ingestion.contracts import BANK_BALANCE, BANK_ENTRY, BANK_ENTRY_DETAIL, BANK_STATEMENT
from ingestion.currencies import CURRENCIES
from ingestion.readers import ofx_values as values
from ingestion.reading import RecordCounter
from ingestion.record_columns import RecordColumns, unscaled
from ingestion.references import account_id, is_iban, self_identifying_reference

_PLACE = "record_number file_line byte_start byte_end statement_number "
_STATEMENT_COLUMNS = (
    _PLACE
    + "identity kind message_id statement_id created_at from_date to_date account_id account_scheme account_currency "
    "servicer_id closing_balance closing_date entry_count net_amount balance_check"
)
_BALANCE_COLUMNS = _PLACE + "code native_code amount currency credit_debit signed_amount date date_time"
_ENTRY_COLUMNS = (
    _PLACE
    + "entry_number entry_reference account_servicer_reference status amount currency credit_debit signed_amount "
    "booking_date booking_time value_date domain_code family_code subfamily_code native_code native_issuer "
    "instructed_currency detail_count text"
)
_DETAIL_COLUMNS = (
    _PLACE + "entry_number detail_number transaction_id cheque_number exchange_rate source_currency target_currency "
    "debtor_name debtor_account debtor_agent creditor_name creditor_account creditor_agent remittance_unstructured "
    "structured_reference structured_reference_type"
)
# LEDGERBAL is the booked balance at DTASOF, AVAILBAL what can be drawn; balances of BALLIST keep the bank's own name.
_BALANCES = {"LEDGERBAL": "CLBD", "AVAILBAL": "CLAV"}
Fields = dict[str, str]


class Place(NamedTuple):
    """Where an aggregate lies in the file; offsets are null where the file was transcoded."""

    line: int
    start: int | None
    end: int | None


class Unreadable(Exception):  # noqa: N818  (a verdict on one aggregate)
    """An aggregate that cannot be loaded: the field, what was found and what was expected."""

    def __init__(self, field_name: str, found: str, expected: str, amount: int | None = None) -> None:
        super().__init__(f"{field_name}: {found}")
        self.field = field_name
        self.found = found
        self.expected = expected
        self.amount = amount


@dataclass
class Statement:
    """A statement while it is being read; amounts are scaled by 100,000."""

    number: int
    record: int
    place: Place
    fields: Fields
    transaction: Fields  # of the response around it: TRNUID
    currency: str = ""
    entries: int = 0
    seen: int = 0
    net: int = 0
    closing: tuple[int, values.Stamp] | None = None
    foreign: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """How a reject names this statement."""
        account = self.account
        return f"statement {self.number}" + (f" ({account})" if account else "")

    @property
    def account(self) -> str | None:
        """The account as delivered, None where the statement names none."""
        return self.fields.get("BANKACCTFROM/ACCTID") or self.fields.get("CCACCTFROM/ACCTID")


class Output:
    """The rows of all statements of a file, by contract."""

    def __init__(self, counter: RecordCounter) -> None:
        self.counter = counter
        self.statements = RecordColumns(BANK_STATEMENT, tuple(_STATEMENT_COLUMNS.split()))
        self.balances = RecordColumns(BANK_BALANCE, tuple(_BALANCE_COLUMNS.split()))
        self.entries = RecordColumns(BANK_ENTRY, tuple(_ENTRY_COLUMNS.split()))
        self.details = RecordColumns(BANK_ENTRY_DETAIL, tuple(_DETAIL_COLUMNS.split()))
        self.identities: dict[str, int] = {}

    @property
    def all(self) -> tuple[RecordColumns, ...]:
        """The four kinds."""
        return (self.statements, self.balances, self.entries, self.details)

    def add_balance(self, one: Statement, name: str, fields: Fields, place: Place) -> bool:
        """A balance; False where the bank left its amount empty. Raises `Unreadable`."""
        text = fields.get("BALAMT") or fields.get("VALUE") or ""
        if not text:
            return False
        currency = fields.get("CURRENCY/CURSYM", one.currency)
        value = values.amount(text, currency) if currency in CURRENCIES else None
        if value is None:
            raise Unreadable(f"{name}/BALAMT", text, f"an amount in {currency}")
        when = values.stamp(fields.get("DTASOF", ""))
        if when is None and fields.get("DTASOF"):
            raise Unreadable(f"{name}/DTASOF", fields["DTASOF"], "a date YYYYMMDD of the calendar", value)
        if name == "LEDGERBAL" and when is not None and currency == one.currency:
            one.closing = (value, when)
        self.balances.rows.append(
            (
                self.counter.next(),
                *place,
                one.number,
                _BALANCES.get(name, fields.get("NAME") or name),
                name,
                abs(value),
                currency,
                "DBIT" if value < 0 else "CRDT",
                value,
                when.day if when else None,
                when.text if when else None,
            )
        )
        return True

    def add_entry(self, one: Statement, fields: Fields, place: Place, *, pending: bool) -> None:
        """A transaction and its one detail. Raises `Unreadable`, and then adds nothing."""
        currency = fields.get("CURRENCY/CURSYM") or one.currency
        if currency not in CURRENCIES:
            raise Unreadable("CURRENCY/CURSYM", currency, "an ISO 4217 currency")
        text = fields.get("TRNAMT", "")
        value = values.amount(text, currency)
        if value is None:
            raise Unreadable(
                "TRNAMT", text, "a signed amount with one decimal sign and at most five decimals, e.g. -1234.56"
            )
        dated = "DTTRAN" if pending else "DTPOSTED"
        posted = values.stamp(fields.get(dated, ""))
        if posted is None:
            raise Unreadable(dated, fields.get(dated, ""), "a date YYYYMMDD of the calendar", value)
        available = values.stamp(fields.get("DTAVAIL", ""))
        if available is None and fields.get("DTAVAIL"):
            raise Unreadable("DTAVAIL", fields["DTAVAIL"], "a date YYYYMMDD of the calendar", value)
        if "CORRECTFITID" in fields:
            raise Unreadable(
                "CORRECTFITID", f"{fields.get('CORRECTACTION', '')} of {fields['CORRECTFITID']}".strip(),
                "a new transaction, not one that replaces or deletes an earlier one", value,
            )  # fmt: skip
        credit = value >= 0
        kind = fields.get("TRNTYPE", "").upper() or None
        domain, family, subfamily = (from_ofx(kind, credit) if kind else None) or (None, None, None)
        foreign = fields.get("ORIGCURRENCY/CURSYM")
        name = fields.get("EXTDNAME") or fields.get("PAYEE/NAME") or fields.get("NAME")
        memo = fields.get("MEMO")
        one.entries += 1
        if currency != one.currency:
            one.foreign.add(currency)
        elif not pending:
            one.net += value
        self.entries.rows.append(
            (
                self.counter.next(),
                *place,
                one.number,
                one.seen,
                fields.get("REFNUM"),
                fields.get("FITID"),
                "PDNG" if pending else "BOOK",
                abs(value),
                currency,
                "CRDT" if credit else "DBIT",
                value,
                None if pending else posted.day,
                None if pending else posted.text,
                available.day if available else None,
                domain,
                family,
                subfamily,
                kind,
                "OFX" if kind else None,
                foreign,
                1,
                "\n".join(part for part in (name, memo) if part) or None,
            )
        )
        account = next((fields[path] for path in ("BANKACCTTO/ACCTID", "CCACCTTO/ACCTID") if fields.get(path)), None)
        party = (name, account_id(account) if account else None, fields.get("BANKACCTTO/BANKID"))
        nobody = (None, None, None)
        rate = values.rate(fields.get("ORIGCURRENCY/CURRATE", "")) if foreign else None
        self.details.rows.append(
            (
                self.counter.next(),
                *place,
                one.number,
                one.seen,
                1,
                fields.get("SRVRTID"),
                fields.get("CHECKNUM"),
                rate,
                foreign if rate is not None else None,
                currency if rate is not None else None,
                *(party if credit else nobody),
                *(nobody if credit else party),
                memo,
                *((self_identifying_reference(memo) if memo else None) or (None, None)),
            )
        )

    def add_statement(self, one: Statement, place: Place, account: str | None, created_at: str | None) -> None:
        """The statement row. OFX gives no opening balance, so that the balance equation cannot be checked."""
        first, last = (values.stamp(one.fields.get(f"BANKTRANLIST/{name}", "")) for name in ("DTSTART", "DTEND"))
        period = "/".join(when.iso[:10] for when in (first, last) if when is not None)
        number = account_id(account) if account else None
        as_of = one.closing[1].iso if one.closing else ""
        identity = "|".join((number or "", one.currency, "statement", period, "", "", as_of))
        occurrence = self.identities[identity] = self.identities.get(identity, 0) + 1
        if occurrence > 1:
            identity = f"{identity}|{occurrence}"  # the file reports the account twice for the period
        verdict, _ = check_balance(None, unscaled(one.net), unscaled(one.closing[0]) if one.closing else None)
        self.statements.rows.append(
            (
                one.record,
                *place,
                one.number,
                identity,
                "statement",
                one.transaction.get("TRNUID"),
                period or None,
                created_at,
                first.day if first else None,
                last.day if last else None,
                number,
                None if number is None else "IBAN" if is_iban(number) else "OTHER",
                one.currency,
                one.fields.get("BANKACCTFROM/BANKID"),
                one.closing[0] if one.closing else None,
                one.closing[1].day if one.closing else None,
                one.entries,
                one.net,
                verdict,
            )
        )
