"""What is inconsistent in NACHA entries and batches but moves no total, and codes by which no money moves."""

from __future__ import annotations

from collections.abc import Iterator

from ingestion.readers import nacha_addenda as addenda
from ingestion.readers import nacha_records as layout
from ingestion.readers.nacha_records import Record
from ingestion.readers.nacha_rows import Batch, Entry

_RESERVED = frozenset({"20", "30", "40", "50", "25", "35", "45"})
_ONE_WAY = {"220": True, "225": False}
_IN_BOTH = {
    "service class": ((1, 4), (1, 4)),
    "company": ((40, 50), (44, 54)),
    "originating bank": ((79, 87), (79, 87)),
}


def doubts(batch: Batch, entry: Entry) -> Iterator[str]:
    """What an entry says of itself that is not so."""
    fields, place = entry.fields, batch.place
    one_way = _ONE_WAY.get(batch.fields["service"])
    if one_way is not None and one_way != entry.credit:
        said = "credits" if one_way else "debits"
        yield f"{place} declares {said} only (service class {batch.fields['service']}); it holds others"
    if not layout.routing_number_is_valid(fields["rdfi"] + fields["check"]):
        yield f"{place}: the check digit of a routing number is wrong"
    declared = layout.number(fields.get("addenda", ""))
    if declared is not None and declared != len(entry.addenda):
        yield f"{place}: an entry declares {declared} addenda and has {len(entry.addenda)}"
    told = {addenda.entry_number(one) for one in entry.addenda}
    if told - {None, "", "0000000", fields["trace"][-7:]}:
        yield f"{place}: addenda name another entry than the one they follow"
    if batch.sec == "IAT" and not any(addenda.kind(one) == "10" for one in entry.addenda):
        yield f"{place}: an international entry lacks the addenda (10) that name its receiver"


def control_doubts(batch: Batch, control: Record) -> Iterator[str]:
    """What a batch control repeats of its header, and repeats otherwise."""
    for name, (in_header, in_control) in _IN_BOTH.items():
        if batch.sec == "ADV" and name == "company":
            continue  # an advice's control has the operator's data there
        if batch.record.field(in_header) != control.field(in_control):
            yield f"{batch.place}: header and control name another {name}"


def no_payment(entry: Entry) -> str | None:
    """Why a transaction code is not that of a payment, although nothing else says so; None where it is."""
    code = entry.fields["code"]
    if code in _RESERVED:
        return "a code without a meaning"
    if code[1] in "16":
        return "a return or notification of change without its addenda (99, 98)"
    if entry.cents and code[1] in "3489":
        return "a prenotification or remittance alone, with an amount"
    return None
