"""ISO 20022 messages through the models that `pyiso20022` generates from the schemas: what stands in a file by its XSD.

An oracle for tests. The models say only where a value stands in a version of a message; the few choices that versions make
differently (a party with or without `Pty`, a status as text or as a code) are taken here. The package has camt up to version 12;
13 and 14 keep everything compared here where 12 has it (they change securities and allocations), so 12 stands for them.
"""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

NAMESPACE = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:((camt|pain)\.\d{3}\.001\.\d\d)\}Document")
NOT_GIVEN = ("NOTPROVIDED", "NOT PROVIDED", "NONREF", "NOTAVAILABLE")
Row = dict[str, Any]
Model = Any  # a generated class of one of the versions


def message(data: bytes) -> Model | None:
    """The message of a file as its schema has it; None where no schema of the package is for it."""
    from xsdata.formats.dataclass.parsers import XmlParser
    from xsdata.formats.dataclass.parsers.config import ParserConfig
    from xsdata.formats.dataclass.parsers.handlers import XmlEventHandler

    for later in (b"13", b"14"):
        data = re.sub(rb"(iso:20022:tech:xsd:camt\.05[234]\.001\.)" + later, rb"\g<1>12", data)
    for element in ElementTree.fromstring(data).iter():  # noqa: S314  (files of tests)
        if found := NAMESPACE.fullmatch(element.tag):
            name = found[1].replace(".", "_")
            try:
                model = importlib.import_module(f"pyiso20022.{found[2]}.{name}")
            except ModuleNotFoundError:
                return None
            lenient = ParserConfig(fail_on_unknown_properties=False, fail_on_unknown_attributes=False)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a value that is not of its type stays text
                document = XmlParser(config=lenient, handler=XmlEventHandler).parse(element, model.Document)
            return next(iter(vars(document).values()))
    return None


def at(node: Model, *paths: str) -> Any:
    """The value at the first of the paths that leads to one, the first of a list on the way."""
    for path in paths:
        found = node
        for step in path.split("."):
            found = found[0] if isinstance(found, list) and found else found
            found = getattr(found, step, None)
        found = found[0] if isinstance(found, list) and found else found
        found = getattr(found, "value", found)
        if isinstance(found, str):
            found = found.strip(" \t\r\n") or None
        if found is not None and found != []:
            return found
    return None


def day(node: Model, path: str) -> str | None:
    found = at(node, f"{path}.dt", f"{path}.dt_tm", path)
    return None if found is None else str(found)[:10]


def given(text: str | None) -> str | None:
    return None if text is None or text.upper() in NOT_GIVEN else text


def account(node: Model, path: str) -> str | None:
    found = at(node, *(f"{path}.id.{one}" for one in ("iban", "othr.id", "bban", "prtry_acct.id")))
    return found and found.replace(" ", "")


def name(node: Model, path: str) -> str | None:
    return at(node, f"{path}.pty.nm", f"{path}.nm", f"{path}.agt.fin_instn_id.nm")


def agent(node: Model, path: str) -> str | None:
    """The bank: its BIC, else its number in a clearing system, else another identifier."""
    bank = f"{path}.fin_instn_id"
    ways = ("bicfi", "bic", "clr_sys_mmb_id.mmb_id", "othr.id")
    return next((found for one in ways if (found := given(at(node, f"{bank}.{one}")))), None)


def lines(node: Model) -> str | None:
    texts = [text.strip(" \t\r\n") for text in getattr(at(node, "rmt_inf"), "ustrd", None) or []]
    return "\n".join(text for text in texts if text) or None


def signed(node: Model) -> Decimal:
    amount = node.amt.value
    return -amount if at(node, "cdt_dbt_ind") == "DBIT" else amount


def statements(root: Model) -> Iterator[Row]:
    """The statements of a camt message, in the names of the contracts; what has no amount that is a number is left out."""
    for one in next(getattr(root, kind) for kind in ("stmt", "rpt", "ntfctn") if hasattr(root, kind)):
        entries = [entry for entry in one.ntry if isinstance(entry.amt.value, Decimal)]
        yield {
            "statement_id": at(one, "id"),
            "account_id": account(one, "acct"),
            "balances": [(at(balance, "tp.cd_or_prtry.cd", "tp.cd_or_prtry.prtry", "tp.cd"), signed(balance))
                         for balance in getattr(one, "bal", []) if isinstance(balance.amt.value, Decimal)],
            "entries": [_entry(entry) for entry in entries],
        }  # fmt: skip


def _entry(entry: Model) -> Row:
    groups = getattr(entry, "ntry_dtls", None) or [entry]  # version 01 has no NtryDtls
    return {
        "signed_amount": signed(entry),
        "currency": at(entry, "amt.ccy"),
        "status": at(entry, "sts.cd", "sts.prtry", "sts"),
        "reversal": at(entry, "rvsl_ind"),
        "booking_date": day(entry, "bookg_dt"),
        "value_date": day(entry, "val_dt"),
        "account_servicer_reference": given(at(entry, "acct_svcr_ref")),
        "family_code": at(entry, "bk_tx_cd.domn.fmly.cd"),
        "details": [_detail(one) for group in groups for one in getattr(group, "tx_dtls", [])],
    }


def _detail(one: Model) -> Row:
    return {
        "end_to_end_id": given(at(one, "refs.end_to_end_id")),
        "payment_information_id": given(at(one, "refs.pmt_inf_id")),
        "instructed_amount": at(one, "amt_dtls.instd_amt.amt"),
        "transaction_amount": at(one, "amt_dtls.tx_amt.amt"),
        "debtor_name": name(one, "rltd_pties.dbtr"),
        "debtor_account": account(one, "rltd_pties.dbtr_acct"),
        "creditor_name": name(one, "rltd_pties.cdtr"),
        "creditor_account": account(one, "rltd_pties.cdtr_acct"),
        "remittance_unstructured": lines(one),
    }


def batches(root: Model) -> Iterator[Row]:
    """The batches of a pain.001 or pain.008 with their payments, in the names of the contracts: the own side is the
    creditor's in a direct debit."""
    for batch in root.pmt_inf:
        debits = hasattr(batch, "drct_dbt_tx_inf")
        own, other = ("cdtr", "dbtr") if debits else ("dbtr", "cdtr")
        yield {
            "payment_information_id": at(batch, "pmt_inf_id"),
            "requested_execution_date": day(batch, "reqd_colltn_dt" if debits else "reqd_exctn_dt"),
            "debtor_name": at(batch, f"{own}.nm"),
            "debtor_account": account(batch, f"{own}_acct"),
            "payments": [_payment(one, other) for one in (batch.drct_dbt_tx_inf if debits else batch.cdt_trf_tx_inf)],
        }


def _payment(one: Model, other: str) -> Row:
    return {
        "instruction_id": given(at(one, "pmt_id.instr_id")),
        "end_to_end_id": given(at(one, "pmt_id.end_to_end_id")),
        "amount": at(one, "amt.instd_amt", "amt.eqvt_amt.amt", "instd_amt"),
        "currency": at(one, "amt.instd_amt.ccy", "amt.eqvt_amt.amt.ccy", "instd_amt.ccy"),
        "counterparty_name": at(one, f"{other}.nm"),
        "counterparty_account": account(one, f"{other}_acct"),
        "counterparty_agent": agent(one, f"{other}_agt"),
        "mandate_id": at(one, "drct_dbt_tx.mndt_rltd_inf.mndt_id", "mndt_rltd_inf.mndt_id"),
        "remittance_unstructured": lines(one),
    }


def statuses(root: Model) -> Iterator[Row]:
    """The statuses of a pain.002 in the names of the contracts: of the message, of payments, of the batch around them."""
    groups = root.orgnl_grp_inf_and_sts
    group = groups[0] if isinstance(groups, list) else groups
    original = {"original_message_id": at(group, "orgnl_msg_id"), "original_message_name": at(group, "orgnl_msg_nm_id")}
    blocks = [("message", group, None, "grp_sts")]
    for batch in root.orgnl_pmt_inf_and_sts:
        blocks += [("transaction", one, batch, "tx_sts") for one in batch.tx_inf_and_sts]
        blocks.append(("batch", batch, batch, "pmt_inf_sts"))
    for level, one, batch, status in blocks:
        if at(one, status) is None:
            continue
        reasons = [(at(why, "rsn.cd", "rsn.prtry"), why.addtl_inf) for why in one.sts_rsn_inf]
        count, amount = at(one, "orgnl_nb_of_txs"), "orgnl_tx_ref.amt.instd_amt"
        yield {
            "level": level,
            **original,
            "original_payment_information_id": at(batch, "orgnl_pmt_inf_id"),
            "original_instruction_id": given(at(one, "orgnl_instr_id")),
            "original_end_to_end_id": given(at(one, "orgnl_end_to_end_id")),
            "status": at(one, status),
            "reason_code": "\n".join(dict.fromkeys(code for code, _ in reasons if code)) or None,
            "reason_text": "\n".join(text.strip() for _, texts in reasons for text in texts if text.strip()) or None,
            "original_amount": at(one, amount, "orgnl_tx_ref.amt.eqvt_amt.amt", "orgnl_tx_ref.instd_amt"),
            "original_currency": at(one, f"{amount}.ccy", "orgnl_tx_ref.amt.eqvt_amt.amt.ccy"),
            "original_count": int(count) if count else None,
            "original_sum": at(one, "orgnl_ctrl_sum"),
        }
