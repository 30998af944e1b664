"""A statement of a camt message while it is being read: what it says of itself, its balances, and the row it
becomes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ingestion.balance_check import check_balance
from ingestion.readers import iso20022_values as values
from ingestion.readers.camt_rows import Money
from ingestion.readers.iso20022_fields import agent
from ingestion.readers.xml_records import Fields
from ingestion.record_columns import Row, unscaled
from ingestion.references import is_iban

STATEMENT_COLUMNS = (
    "record_number byte_start byte_end statement_number identity kind message_id statement_id electronic_sequence "
    "legal_sequence page last_page copy_duplicate created_at from_date to_date account_id account_scheme "
    "account_currency account_name account_owner servicer_id opening_balance opening_date closing_balance "
    "closing_date entry_count net_amount balance_check difference declared_entries declared_net"
)
BALANCE_COLUMNS = (
    "record_number byte_start byte_end statement_number code sub_code native_code amount currency credit_debit "
    "signed_amount date date_time"
)

# Which balance opens and closes the booked entries, best first. PRCD is the closing balance of the day before.
_OPENING = ("OPBD", "OIBD", "PRCD")
_CLOSING = ("CLBD", "CIBD")
_INTERIM = "ITBD"  # on a page of a statement: where it begins or ends; on an interim report: the position now
_BOOKED = frozenset({*_OPENING, *_CLOSING, _INTERIM})


@dataclass(frozen=True)
class Balance:
    """A balance of the statement; `day` in days since 1970-01-01."""

    code: str
    sub_code: str | None
    money: Money
    day: int | None
    date_time: str | None = None


@dataclass
class Statement:
    """What is known of the statement being read; amounts are scaled by 100,000."""

    number: int
    record: int
    kind: str
    message: Fields
    start: int | None
    balances: list[Balance] = field(default_factory=list)
    balances_rejected: int = 0
    entries: int = 0  # that became records
    rejected: int = 0
    net: dict[str, int] = field(default_factory=dict)  # signed sum of the booked entries by currency

    @property
    def place(self) -> str:
        """How a reject names this statement."""
        return f"statement {self.number}"

    def book(self, amount: Money, status: str) -> None:
        """Count an entry; only booked ones move the balance."""
        self.entries += 1
        if status == "BOOK":
            self.net[amount.currency] = self.net.get(amount.currency, 0) + amount.signed


@dataclass(frozen=True)
class Account:
    """Whose account the statement is of; a part is None where the message does not say it."""

    account_id: str | None
    scheme: str | None
    currency: str | None


def account_of(fields: Fields, configured: str | None) -> Account:
    """The account as the statement names it, else as the source is configured."""
    found = values.account(fields, "Acct") or fields.get("Acct/Id/UPIC") or configured
    scheme = None if found is None else "IBAN" if is_iban(found) else "OTHER"
    return Account(found, scheme, fields.get("Acct/Ccy"))


def currency_of(one: Statement, account: Account) -> str | None:
    """The account's currency, else that of its booked balances, of its entries, of its balances, where they have but
    one."""
    if account.currency is not None:
        return account.currency
    booked = {balance.money.currency for balance in one.balances if balance.code in _BOOKED}
    for found in (booked, set(one.net), {balance.money.currency for balance in one.balances}):
        if len(found) == 1:
            return found.pop()
    return None


def ends(balances: Iterable[Balance], currency: str | None, kind: str) -> tuple[Balance | None, Balance | None]:
    """The balances the booked entries lie between, in the account's currency.

    Closing is CLBD (or CIBD), opening OPBD (or OIBD, or PRCD); of several days the first opening and the last closing.
    A page of a statement begins or ends with ITBD: the first of two, or the one beside a closing balance, opens; the
    last of two, or the one beside an opening balance, closes. On a report only a pair of ITBD says where its entries
    begin and end: beside the opening of the day, ITBD is the position now, and earlier reports hold the entries before.
    One ITBD alone says neither.
    """
    own = [balance for balance in balances if currency is None or balance.money.currency == currency]
    opening, closing = _pick(own, _OPENING, last=False), _pick(own, _CLOSING, last=True)
    interim = _by_day([balance for balance in own if balance.code == _INTERIM])
    if opening is None and closing is None:
        return (interim[0], interim[-1]) if len(interim) > 1 else (None, None)
    if interim and kind == "statement":
        opening = opening or interim[0]
        closing = closing or interim[-1]
    return opening, closing


def _pick(balances: list[Balance], codes: tuple[str, ...], *, last: bool) -> Balance | None:
    for code in codes:
        if found := _by_day([balance for balance in balances if balance.code == code]):
            return found[-1 if last else 0]
    return None


def _by_day(balances: list[Balance]) -> list[Balance]:
    """In order of their dates and times; those that say no more than another, as they stand in the file."""
    return sorted(balances, key=lambda balance: (balance.day is not None, balance.day or 0, balance.date_time or ""))


@dataclass(frozen=True)
class Closed:
    """A finished statement: its row, and what of it is worth a warning."""

    row: Row
    identity: str
    content: tuple[object, ...]
    warnings: tuple[str, ...]
    declared_entries: int | None
    declared_net: int | None
    net: int


def close(one: Statement, fields: Fields, account: Account, end: int | None) -> Closed:
    """The row of a statement, its arithmetic checked, never repaired. Raises `BadField` for a date that is none."""
    get = fields.get
    warnings: list[str] = []
    currency = currency_of(one, account)
    opening, closing = ends(one.balances, currency, one.kind)
    net, others = one.net.get(currency or "", 0), sorted(set(one.net) - {currency})
    verdict, difference = _check(opening, net, closing)
    if others:
        if verdict == "off" and _check(opening, sum(one.net.values()), closing)[0] == "ok":
            # the equation proves that these amounts are in the account's currency and only their label is another
            net, verdict, difference = sum(one.net.values()), "ok", 0
            warnings.append(f"{one.place}: entries labelled {', '.join(others)} add up only as {currency}")
        else:
            warnings.append(
                f"{one.place}: entries in {', '.join(others)} on an account in {currency or 'an unknown currency'}; "
                "net and balance check are without them"
            )
    if one.rejected:
        warnings.append(
            f"{one.place}: entries that could not be read: {one.rejected}; net and balance check are without them"
        )
    page = values.count(_paging(fields, one.message, "PgNb"))
    from_date, to_date = (
        _day(get("FrToDt/FrDtTm") or get("FrToDt/FrDt")),
        _day(get("FrToDt/ToDtTm") or get("FrToDt/ToDt")),
    )
    created = get("CreDtTm") or one.message.get("CreDtTm")
    sequence = values.count(get("ElctrncSeqNb"))
    legal = values.count(get("LglSeqNb"))
    closing_day = closing.day if closing else None
    dated = next((day for day in (closing_day, to_date, _day(created)) if day is not None), None)
    identity = "|".join(
        (
            account.account_id or "",
            currency or "",
            one.kind,
            get("Id") or "",
            _text(sequence if sequence is not None else legal),
            _text(page),
            values.iso_day(dated),
        )
    )
    if page is None and (_is_interim(opening) or (one.kind == "statement" and _is_interim(closing))):
        # pages that are not numbered: the balances tell them apart
        identity += f"|{_end(opening)}-{_end(closing)}"
    declared_net, declared_entries = _declared(fields)
    row: Row = (
        one.record,
        one.start,
        end,
        one.number,
        identity,
        one.kind,
        one.message.get("MsgId"),
        get("Id"),
        sequence,
        legal,
        page,
        values.flag(_paging(fields, one.message, "LastPgInd")),
        get("CpyDplctInd"),
        created,
        from_date,
        to_date,
        account.account_id,
        account.scheme,
        currency,
        get("Acct/Nm"),
        get("Acct/Ownr/Nm") or get("Acct/Ownr/Pty/Nm"),
        agent(fields, "Acct/Svcr"),
        opening.money.signed if opening else None,
        opening.day if opening else None,
        closing.money.signed if closing else None,
        closing_day,
        one.entries,
        net,
        verdict,
        difference,
        declared_entries,
        declared_net,
    )
    content = (one.entries, one.rejected, tuple(sorted(one.net.items())), tuple(one.balances))
    return Closed(row, identity, content, tuple(warnings), declared_entries, declared_net, net)


def _check(opening: Balance | None, net: int, closing: Balance | None) -> tuple[str, int | None]:
    return check_balance(
        opening.money.signed if opening else None,
        net,
        closing.money.signed if closing else None,
    )


def _paging(fields: Fields, message: Fields, leaf: str) -> str | None:
    """Paging is the statement's from version 08 on, the message's before."""
    for name in ("StmtPgntn", "RptPgntn", "NtfctnPgntn"):
        if found := fields.get(f"{name}/{leaf}"):
            return found
    return message.get(f"MsgPgntn/{leaf}")


def _declared(fields: Fields) -> tuple[int | None, int | None]:
    """Net amount (signed) and number of entries the statement's summary states, where they can be read."""
    summary = "TxsSummry/TtlNtries"
    number = values.count(fields.get(f"{summary}/NbOfNtries"))
    text = fields.get(f"{summary}/TtlNetNtryAmt") or fields.get(f"{summary}/TtlNetNtry/Amt")
    way = fields.get(f"{summary}/CdtDbtInd") or fields.get(f"{summary}/TtlNetNtry/CdtDbtInd")
    try:
        net = values.amount(text)
    except ValueError:
        return None, number
    return (-net if way == "DBIT" else net if way == "CRDT" else None), number


def _day(text: str | None) -> int | None:
    """A day that only describes the statement: None where it is no date."""
    try:
        return None if text is None else values.day(text)
    except ValueError:
        return None


def _is_interim(balance: Balance | None) -> bool:
    return balance is not None and (balance.code in (_INTERIM, "OIBD", "CIBD") or balance.sub_code == "INTM")


def _end(balance: Balance | None) -> str:
    return "" if balance is None else f"{balance.code}{unscaled(balance.money.signed).normalize():f}"


def _text(number: int | None) -> str:
    return "" if number is None else str(number)
