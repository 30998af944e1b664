"""A statement of a camt message while it is being read: what it says of itself, its balances, and the row it
becomes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ingestion.balance_check import check_balance
from ingestion.readers import iso20022_values as values
from ingestion.readers.camt_rows import Money
from ingestion.readers.iso20022_fields import Picker, account_paths, agent, agent_paths
from ingestion.readers.xml_records import Fields
from ingestion.record_columns import Row, unscaled
from ingestion.references import account_id, is_iban

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


class Balance(NamedTuple):
    """A balance of the statement; `day` in days since 1970-01-01."""

    code: str
    sub_code: str | None
    money: Money
    day: int | None
    date_time: str | None = None


@dataclass(slots=True)
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
    incoming: int = 0  # credits among them
    outgoing: int = 0  # debits among them; an entry of nothing is counted with neither
    booked: int = 0  # booked ones among them
    net: dict[str, int] = field(default_factory=dict)  # signed sum of the booked entries by currency
    gross: int = 0  # their sum without signs

    @property
    def place(self) -> str:
        """How a reject names this statement."""
        return f"statement {self.number}"

    def book(self, currency: str, signed: int, status: str) -> None:
        """Count an entry of a (scaled) amount; only booked ones move the balance."""
        self.entries += 1
        self.incoming += signed > 0
        self.outgoing += signed < 0
        if status == "BOOK":
            self.booked += 1
            self.net[currency] = self.net.get(currency, 0) + signed
            self.gross += abs(signed)


_PAGINGS = ("StmtPgntn", "RptPgntn", "NtfctnPgntn")  # of the statement from version 08 on, of the message before
_SUMMARY = "TxsSummry/TtlNtries"
_SIDES = ("TxsSummry/TtlCdtNtries", "TxsSummry/TtlDbtNtries")


class Said(NamedTuple):
    """Texts a statement says of itself, where it says them."""

    identifier: str | None
    sequence: str | None
    legal_sequence: str | None
    page: str | None
    last_page: str | None
    copy_duplicate: str | None
    created: str | None
    from_date: str | None
    to_date: str | None
    account: str | None
    universal_account: str | None
    account_currency: str | None
    account_name: str | None
    account_owner: str | None
    servicer: str | None
    declared_entries: str | None
    declared_net: str | None
    declared_direction: str | None
    declared_sum: str | None
    declared_credits: str | None
    declared_credit_sum: str | None
    declared_debits: str | None
    declared_debit_sum: str | None


_pick = Picker(
    [
        ("Id",),
        ("ElctrncSeqNb",),
        ("LglSeqNb",),
        tuple(f"{name}/PgNb" for name in _PAGINGS),
        tuple(f"{name}/LastPgInd" for name in _PAGINGS),
        ("CpyDplctInd",),
        ("CreDtTm",),
        ("FrToDt/FrDtTm", "FrToDt/FrDt"),
        ("FrToDt/ToDtTm", "FrToDt/ToDt"),
        account_paths("Acct"),
        ("Acct/Id/UPIC",),
        ("Acct/Ccy",),
        ("Acct/Nm",),
        ("Acct/Ownr/Nm", "Acct/Ownr/Pty/Nm"),
        agent_paths("Acct/Svcr"),
        (f"{_SUMMARY}/NbOfNtries",),
        (f"{_SUMMARY}/TtlNetNtryAmt", f"{_SUMMARY}/TtlNetNtry/Amt"),
        (f"{_SUMMARY}/CdtDbtInd", f"{_SUMMARY}/TtlNetNtry/CdtDbtInd"),
        (f"{_SUMMARY}/Sum",),
        *((f"{side}/{part}",) for side in _SIDES for part in ("NbOfNtries", "Sum")),
    ]
)


def said_by(fields: Fields) -> Said:
    """What the fields of a statement's own container say."""
    return Said._make(_pick(fields))


class Account(NamedTuple):
    """Whose account the statement is of; a part is None where the message does not say it."""

    account_id: str | None
    scheme: str | None
    currency: str | None


def account_of(said: Said, configured: str | None) -> Account:
    """The account as the statement names it, else as the source is configured."""
    found = account_id(said.account) if said.account is not None else said.universal_account or configured
    scheme = None if found is None else "IBAN" if is_iban(found) else "OTHER"
    return Account(found, scheme, said.account_currency)


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


def ends(balances: Sequence[Balance], currency: str | None, kind: str) -> tuple[Balance | None, Balance | None]:
    """The balances the booked entries lie between, in the account's currency.

    Closing is CLBD (or CIBD), opening OPBD (or OIBD, or PRCD); of several days the first opening and the last closing.
    A page of a statement begins or ends with ITBD: the first of two, or the one beside a closing balance, opens; the
    last of two, or the one beside an opening balance, closes. On a report only a pair of ITBD says where its entries
    begin and end: beside the opening of the day, ITBD is the position now, and earlier reports hold the entries before.
    One ITBD alone says neither.
    """
    own: dict[str, list[Balance]] = {}
    if not balances:
        return None, None
    for balance in balances:
        if currency is None or balance.money.currency == currency:
            own.setdefault(balance.code, []).append(balance)
    opening = next((_by_day(own[code])[0] for code in _OPENING if code in own), None)
    closing = next((_by_day(own[code])[-1] for code in _CLOSING if code in own), None)
    interim = _by_day(own.get(_INTERIM, []))
    if opening is None and closing is None:
        return (interim[0], interim[-1]) if len(interim) > 1 else (None, None)
    if interim and kind == "statement":
        opening = opening or interim[0]
        closing = closing or interim[-1]
    return opening, closing


def _by_day(balances: list[Balance]) -> list[Balance]:
    """In order of their dates and times; those that say no more than another, as they stand in the file."""
    if len(balances) < 2:
        return balances
    return sorted(balances, key=lambda balance: (balance.day is not None, balance.day or 0, balance.date_time or ""))


class Check(NamedTuple):
    """A figure of a statement's own summary, and what the entries make; amounts are scaled by 100,000."""

    name: str
    declared: int
    computed: int
    is_amount: bool


class Closed(NamedTuple):
    """A finished statement: its row, and what of it is worth a warning."""

    row: Row
    identity: str
    content: tuple[object, ...]
    warnings: tuple[str, ...]
    checks: tuple[Check, ...]


def close(one: Statement, said: Said, fields: Fields, account: Account, end: int | None) -> Closed:
    """The row of a statement, its arithmetic checked, never repaired. Raises `BadField` for a date that is none."""
    warnings: list[str] = []
    currency = currency_of(one, account)
    opening, closing = ends(one.balances, currency, one.kind)
    net, others = one.net.get(currency or "", 0), [other for other in sorted(one.net) if other != currency]
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
    page = values.count(said.page or one.message.get("MsgPgntn/PgNb"))
    last_page = said.last_page or one.message.get("MsgPgntn/LastPgInd")
    created = said.created or one.message.get("CreDtTm")
    from_date, to_date = _day(said.from_date), _day(said.to_date)
    sequence, legal = values.count(said.sequence), values.count(said.legal_sequence)
    closing_day = closing.day if closing else None
    dated = closing_day if closing_day is not None else to_date if to_date is not None else _day(created)
    identity = "|".join(
        (
            account.account_id or "",
            currency or "",
            one.kind,
            said.identifier or "",
            _text(sequence if sequence is not None else legal),
            _text(page),
            values.iso_day(dated),
        )
    )
    if page is None and (_is_interim(opening) or (one.kind == "statement" and _is_interim(closing))):
        # pages that are not numbered: the balances tell them apart
        identity += f"|{_end(opening)}-{_end(closing)}"
    declared_net = _declared_net(said.declared_net, said.declared_direction)
    declared_entries = values.count(said.declared_entries)
    row: Row = (
        one.record,
        one.start,
        end,
        one.number,
        identity,
        one.kind,
        one.message.get("MsgId"),
        said.identifier,
        sequence,
        legal,
        page,
        values.flag(last_page),
        said.copy_duplicate,
        created,
        from_date,
        to_date,
        account.account_id,
        account.scheme,
        currency,
        said.account_name,
        said.account_owner,
        agent(fields, "Acct/Svcr") if said.servicer is not None else None,
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
    content = (one.entries, one.rejected, *sorted(one.net.items()), *map(_flat, one.balances))
    return Closed(
        row, identity, content, tuple(warnings), tuple(_checks(one, said, declared_entries, declared_net, net))
    )


def _checks(
    one: Statement, said: Said, declared_entries: int | None, declared_net: int | None, net: int
) -> Iterator[Check]:
    """What the summary declares against what was read. The sums of each side are compared where all entries are booked, in one
    currency: a summary may count those that wait, or not."""
    figures: list[tuple[str, int | None, int, bool]] = [
        ("NbOfNtries", declared_entries, one.entries + one.rejected, False)
    ]
    if len(one.net) == 1:
        figures.append(("TtlNetNtryAmt", declared_net, net, True))
    if len(one.net) < 2 and one.booked == one.entries and not one.rejected:
        total = sum(one.net.values())
        figures += [
            ("Sum", _sum(said.declared_sum), one.gross, True),
            ("Sum of TtlCdtNtries", _sum(said.declared_credit_sum), (one.gross + total) // 2, True),
            ("Sum of TtlDbtNtries", _sum(said.declared_debit_sum), (one.gross - total) // 2, True),
        ]
        if one.incoming + one.outgoing == one.entries:
            figures += [
                ("NbOfNtries of TtlCdtNtries", values.count(said.declared_credits), one.incoming, False),
                ("NbOfNtries of TtlDbtNtries", values.count(said.declared_debits), one.outgoing, False),
            ]
    for name, declared, computed, is_amount in figures:
        if declared is not None:
            yield Check(f"{name} of {one.place}", declared, computed, is_amount)


def _sum(text: str | None) -> int | None:
    """A sum of the summary, where it can be read."""
    try:
        return None if text is None else values.amount(text)
    except ValueError:
        return None


def _check(opening: Balance | None, net: int, closing: Balance | None) -> tuple[str, int | None]:
    return check_balance(
        opening.money.signed if opening else None,
        net,
        closing.money.signed if closing else None,
    )


def _declared_net(text: str | None, direction: str | None) -> int | None:
    """The net amount (signed) of the statement's summary, where it can be read."""
    if text is None:
        return None
    try:
        net = values.amount(text)
    except ValueError:
        return None
    return -net if direction == "DBIT" else net if direction == "CRDT" else None


def _day(text: str | None) -> int | None:
    """A day that only describes the statement: None where it is no date."""
    try:
        return None if text is None else values.day(text)
    except ValueError:
        return None


def _flat(balance: Balance) -> tuple[str | int | None, ...]:
    """A balance as a plain tuple: very many are kept, and the garbage collector does not look at such tuples again."""
    return (balance.code, balance.sub_code, *balance.money, balance.day, balance.date_time)


def _is_interim(balance: Balance | None) -> bool:
    return balance is not None and (balance.code in (_INTERIM, "OIBD", "CIBD") or balance.sub_code == "INTM")


def _end(balance: Balance | None) -> str:
    return "" if balance is None else f"{balance.code}{unscaled(balance.money.signed).normalize():f}"


def _text(number: int | None) -> str:
    return "" if number is None else str(number)
