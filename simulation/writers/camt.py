"""camt.053 statements and camt.052 intraday reports, in the shapes of versions 001.02 and 001.08.

Version 08 wraps parties in `Pty`, codes the status in `Sts/Cd`, names the bank by `BICFI` and gives each transaction
its own amount; version 02 gives the amount of a transaction in `AmtDtls/TxAmt` only.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from simulation.bank_codes import BANK_CODES
from simulation.group import ACCOUNT, BANK, ENTITY, OwnAccount
from simulation.model import ZERO, BankLine, BankStatement, LinePart
from simulation.writers.xml import amount, document, element, text


def camt053(statement: BankStatement, created_at: datetime) -> bytes:
    """A day's statement of an account."""
    account = ACCOUNT[statement.account]
    version = account.format.removeprefix("camt.053.")
    header = element(
        "GrpHdr",
        text("MsgId", f"53{statement.statement_id}"),
        text("CreDtTm", created_at.isoformat(timespec="seconds")),
    )
    balances = (
        _balance(
            "OPBD" if version != "001.02" else "PRCD",
            statement.opening,
            account.currency,
            _opening_day(statement, version),
        ),
        _balance("CLBD", statement.closing, account.currency, statement.day),
        _balance("CLAV", statement.closing, account.currency, statement.day),
    )
    body = element(
        "Stmt",
        text("Id", statement.statement_id),
        text("ElctrncSeqNb", statement.sequence),
        text("LglSeqNb", statement.sequence) if version != "001.02" else None,
        text("CreDtTm", created_at.isoformat(timespec="seconds")),
        element("FrToDt", text("FrDtTm", f"{statement.day}T00:00:00"), text("ToDtTm", f"{statement.day}T23:59:59")),
        _account(account, version),
        *balances,
        *(_entry(line, version, "BOOK") for line in statement.lines),
    )
    return document(f"camt.053.{version}", element("BkToCstmrStmt", header, body))


def camt052(account_id: str, day: date, opening: Decimal, lines: list[BankLine], created_at: datetime) -> bytes:
    """What is booked on an account so far today."""
    account = ACCOUNT[account_id]
    version = account.format.removeprefix("camt.053.")
    identity = f"52{account.id.upper().replace('_', '')}{created_at:%y%m%d%H%M}"
    header = element("GrpHdr", text("MsgId", identity), text("CreDtTm", created_at.isoformat(timespec="seconds")))
    interim = opening + sum((line.amount for line in lines), ZERO)
    body = element(
        "Rpt",
        text("Id", identity),
        text("ElctrncSeqNb", day.timetuple().tm_yday),
        text("CreDtTm", created_at.isoformat(timespec="seconds")),
        element(
            "FrToDt", text("FrDtTm", f"{day}T00:00:00"), text("ToDtTm", created_at.replace(tzinfo=None).isoformat())
        ),
        _account(account, version),
        _balance("OPBD", opening, account.currency, day),
        _balance("ITBD", interim, account.currency, day),
        *(_entry(line, version, "BOOK") for line in lines),
    )
    return document(f"camt.052.{version}", element("BkToCstmrAcctRpt", header, body))


def _opening_day(statement: BankStatement, version: str) -> date:
    """PRCD carries the date of the day before, OPBD that of the day itself."""
    if version != "001.02":
        return statement.day
    day = statement.day - timedelta(days=1)
    while day.weekday() > 4:
        day -= timedelta(days=1)
    return day


def _account(account: OwnAccount, version: str) -> str:
    bank, entity = BANK[account.bank], ENTITY[account.entity]
    return element(
        "Acct",
        element("Id", text("IBAN", account.iban) if account.iban else element("Othr", text("Id", account.number))),
        text("Ccy", account.currency),
        text("Nm", account.name),
        element("Ownr", text("Nm", entity.name)),
        element("Svcr", element("FinInstnId", text(_bic(version), bank.bic), text("Nm", bank.name))),
    )


def _bic(version: str) -> str:
    return "BIC" if version == "001.02" else "BICFI"


def _balance(code: str, value: Decimal, currency: str, day: date) -> str:
    return element(
        "Bal",
        element("Tp", element("CdOrPrtry", text("Cd", code))),
        amount("Amt", abs(value), currency),
        text("CdtDbtInd", "CRDT" if value >= 0 else "DBIT"),
        element("Dt", text("Dt", day)),
    )


def _entry(line: BankLine, version: str, status: str) -> str:
    account = ACCOUNT[line.account]
    code = BANK_CODES[line.code]
    shown = line.parts if line.itemised else []
    batch = line.batch if line.kind == "batch" else None
    reference = line.bank_reference if version == "001.08" else None
    return element(
        "Ntry",
        text("NtryRef", line.entry_number if reference else None),
        amount("Amt", abs(line.amount), account.currency),
        text("CdtDbtInd", "CRDT" if line.amount > 0 else "DBIT"),
        text("RvslInd", "true" if line.kind == "return" and version == "001.08" else None),
        text("Sts", status) if version == "001.02" else element("Sts", text("Cd", status)),
        element("BookgDt", text("Dt", line.booking_date)),
        element("ValDt", text("Dt", line.value_date)),
        text("AcctSvcrRef", line.bank_reference),
        element(
            "BkTxCd",
            element(
                "Domn",
                text("Cd", code.domain),
                element("Fmly", text("Cd", code.family), text("SubFmlyCd", code.subfamily)),
            ),
            element("Prtry", text("Cd", f"{code.swift}+{code.gvc}"), text("Issr", "DK"))
            if version == "001.02"
            else None,
        ),
        _foreign_amounts(line, account.currency),
        _charges(line, version, account.currency),
        element(
            "NtryDtls",
            None
            if batch is None or batch.message is None
            else element(
                "Btch",
                text("MsgId", batch.message.message_id),
                text("PmtInfId", batch.payment_information_id),
                text("NbOfTxs", len(line.parts)),
                amount("TtlAmt", abs(line.amount), account.currency) if version == "001.08" else None,
                text("CdtDbtInd", "DBIT") if version == "001.08" else None,
            ),
            *(_transaction(line, part, version, account) for part in shown),
        ),
        text("AddtlNtryInf", line.text or code.text),
    )


def _foreign_amounts(line: BankLine, currency: str) -> str | None:
    if line.instructed_amount is None or line.instructed_currency is None:
        return None
    return element(
        "AmtDtls",
        element("InstdAmt", amount("Amt", line.instructed_amount, line.instructed_currency)),
        element("TxAmt", amount("Amt", line.parts[0].amount, currency), _exchange(line, currency)),
    )


def _exchange(line: BankLine, currency: str) -> str:
    return element(
        "CcyXchg",
        text("SrcCcy", line.instructed_currency),
        text("TrgtCcy", currency),
        text("UnitCcy", line.instructed_currency),
        text("XchgRate", line.exchange_rate),
    )


def _charges(line: BankLine, version: str, currency: str) -> str | None:
    if not line.charges:
        return None
    if version == "001.02":
        return element("Chrgs", amount("Amt", line.charges, currency), text("CdtDbtInd", "DBIT"))
    record = element(
        "Rcrd", amount("Amt", line.charges, currency), text("CdtDbtInd", "DBIT"), text("ChrgInclInd", "true")
    )
    return element("Chrgs", amount("TtlChrgsAndTaxAmt", line.charges, currency), record)


def _transaction(line: BankLine, part: LinePart, version: str, account: OwnAccount) -> str:
    indicator = "CRDT" if line.amount > 0 else "DBIT"
    batch = part.payment.batch if part.payment is not None else None
    foreign = line.instructed_amount is not None and line.instructed_currency is not None
    return element(
        "TxDtls",
        element(
            "Refs",
            text("MsgId", batch.message.message_id if batch is not None and batch.message is not None else None),
            text("PmtInfId", batch.payment_information_id if batch is not None else None),
            text("InstrId", part.instruction_id),
            text("EndToEndId", part.end_to_end_id or "NOTPROVIDED"),
            text("MndtId", part.mandate_id),
        ),
        amount("Amt", part.amount, account.currency) if version == "001.08" else None,
        text("CdtDbtInd", indicator) if version == "001.08" else None,
        element(
            "AmtDtls",
            element("InstdAmt", amount("Amt", line.instructed_amount, line.instructed_currency))
            if foreign and line.instructed_amount is not None and line.instructed_currency is not None
            else None,
            element(
                "TxAmt",
                amount("Amt", part.amount, account.currency),
                _exchange(line, account.currency) if foreign else None,
            ),
        ),
        _parties(line, part, version, account),
        _agents(line, part, version),
        _remittance(part),
        element("RtrInf", element("Rsn", text("Cd", line.return_reason)), text("AddtlInf", line.text))
        if line.return_reason
        else None,
    )


def _parties(line: BankLine, part: LinePart, version: str, account: OwnAccount) -> str:
    """Own party on its side, the other on the other; a returned payment keeps the parties of the payment."""
    outgoing = line.amount < 0 or line.kind == "return"
    own = (ENTITY[account.entity].name, account.identifier)
    other = (part.name, part.account)
    debtor, creditor = (own, other) if outgoing else (other, own)
    return element(
        "RltdPties",
        _party("Dbtr", debtor[0], version),
        _party_account("DbtrAcct", debtor[1]),
        _party("Cdtr", creditor[0], version),
        _party_account("CdtrAcct", creditor[1]),
    )


def _party(name: str, value: str | None, version: str) -> str:
    inner = text("Nm", value)
    return element(name, inner if version == "001.02" else element("Pty", inner))


def _party_account(name: str, value: str | None) -> str:
    if not value:
        return ""
    is_iban = len(value) > 14 and value[:2].isalpha()
    return element(name, element("Id", text("IBAN", value) if is_iban else element("Othr", text("Id", value))))


def _agents(line: BankLine, part: LinePart, version: str) -> str | None:
    if part.agent is None:
        return None
    outgoing = line.amount < 0 or line.kind == "return"
    return element(
        "RltdAgts",
        element("CdtrAgt" if outgoing else "DbtrAgt", element("FinInstnId", text(_bic(version), part.agent))),
    )


def _remittance(part: LinePart) -> str:
    if part.structured_reference is None:
        return element("RmtInf", text("Ustrd", part.remittance))
    kind = "Cd" if part.reference_type == "SCOR" else "Prtry"
    return element(
        "RmtInf",
        element(
            "Strd",
            element(
                "CdtrRefInf",
                element("Tp", element("CdOrPrtry", text(kind, part.reference_type))),
                text("Ref", part.structured_reference),
            ),
        ),
    )
