"""One chunk of a scale data set: settlements and their texts put together into items, links and truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from simulation.scale_documents import STRIDE, document_frame, is_payment_side
from simulation.scale_kind_numbers import SIDES, side_of
from simulation.scale_kinds import DIRECT, KINDS, RECEIPT, ScaleProfile
from simulation.scale_parties import CURRENCIES, DECIMALS, Ints, Masters, Parties, make_parties
from simulation.scale_settlements import Settlements, make_settlements
from simulation.scale_texts import line_frame
from simulation.scale_truth import decidable_lines

_KIND_NAMES = pl.Series([kind.name for kind in KINDS])
_DIFFERENCE = {"fee": "fee", "fx": "fx", "typing_error": "typing_error", "over_pay": "over_pay"}
_DISCOUNTS = ("discount", "discount_late")


@dataclass(frozen=True)
class ChunkFrames:
    """The tables one chunk adds to each file of the data set."""

    bank_lines: pl.DataFrame
    payments: pl.DataFrame
    open_items: pl.DataFrame
    links: pl.DataFrame
    edges: pl.DataFrame
    line_truth: pl.DataFrame
    payment_truth: pl.DataFrame


def make_chunk(seed: int, chunk: int, lines: int, profile: ScaleProfile, masters: Masters) -> ChunkFrames:
    """Return one chunk of `lines` bank lines. The same arguments give the same frames, in the same row order."""
    rng = np.random.default_rng([seed, 2, chunk])
    parties = make_parties(rng, profile, masters, lines, chunk)
    settled = make_settlements(rng, profile, masters, parties, lines)
    documents = document_frame(rng, settled, parties, masters, chunk)
    orders = _payment_identifiers(rng, settled, masters, chunk)
    told = line_frame(rng, profile, settled, masters, parties, documents, orders)
    line_ids = _ids(rng, "BL", chunk, len(settled.line_event))
    unit_ids = _ids(rng, "PY", chunk, len(settled.unit_event))
    doc_ids = _ids(rng, "OI", chunk, len(settled.doc_unit))
    paid = is_payment_side(settled)
    edges = _edges(settled, paid, line_ids, unit_ids, doc_ids)
    linked = rng.random(len(settled.unit_event)) < profile.linked
    return ChunkFrames(
        bank_lines=_shuffled(rng, _bank_lines(rng, settled, masters, told, line_ids)),
        payments=_shuffled(rng, _payments(settled, masters, parties, documents, orders, unit_ids, linked).filter(paid)),
        open_items=_shuffled(rng, _open_items(rng, settled, masters, parties, documents, doc_ids)),
        links=_shuffled(rng, _links(edges, unit_ids.filter(pl.Series(linked)))),
        edges=edges,
        line_truth=_line_truth(settled, line_ids),
        payment_truth=_payment_truth(settled, unit_ids).filter(paid),
    )


def money(minor: Ints, currency: Ints) -> pl.Series:
    """Return Int64 minor units as DECIMAL(23,5), exactly: the 128-bit values are built from their two halves."""
    value = minor * 10 ** (5 - DECIMALS[currency])
    halves = np.empty((len(value), 2), dtype=np.int64)
    halves[:, 0], halves[:, 1] = value, value >> 63
    buffers = [None, pa.py_buffer(halves.tobytes())]
    return pl.Series(pl.from_arrow(pa.Array.from_buffers(pa.decimal128(23, 5), len(value), buffers)))


def _days(days: Ints) -> pl.Series:
    return pl.Series(days.astype(np.int32)).cast(pl.Date)


def _ids(rng: np.random.Generator, prefix: str, chunk: int, count: int) -> pl.Series:
    """Return ids in an order that tells nothing about what belongs together."""
    return prefix + pl.Series(rng.permutation(count) + chunk * STRIDE).cast(pl.String).str.zfill(10)


def _shuffled(rng: np.random.Generator, frame: pl.DataFrame) -> pl.DataFrame:
    return frame[rng.permutation(frame.height)]


def _payment_identifiers(rng: np.random.Generator, settled: Settlements, masters: Masters, chunk: int) -> pl.DataFrame:
    """Return end_to_end, cheque and batch_id per unit, in the style of the entity's payment system."""
    event = settled.unit_event
    count = len(event)
    entity = settled.entity[event]
    names = [kind.name for kind in KINDS]
    kind = settled.kind[event]
    cheque = kind == names.index("cheque")
    batch = np.isin(kind, [names.index("batch"), names.index("batch_rejected")])
    hexadecimal = rng.bytes(count * 12).hex()
    width = np.frombuffer(hexadecimal.encode(), dtype="S24").astype("U24")
    frame = pl.DataFrame(
        {
            "style": entity % 4,
            "number": rng.permutation(count) + chunk * STRIDE,
            "event": rng.permutation(len(settled.kind))[event] + chunk * STRIDE,
            "entity": masters.entity_names.gather(entity),
            "date": _days(settled.unit_day),
            "hex": width,
            "cheque": cheque,
            "batch": batch,
            "in_run": rng.random(count) < 0.3,
        }
    )
    number = pl.col("number").cast(pl.String)
    day = pl.col("date").dt.to_string("%Y%m%d")
    end_to_end = (
        pl.when(pl.col("style") == 0)
        .then(pl.lit("E2E") + day + number.str.zfill(9))
        .when(pl.col("style") == 1)
        .then((pl.col("number") + 2_000_000_000).cast(pl.String) + pl.col("entity") + pl.col("date").dt.to_string("%Y"))
        .when(pl.col("style") == 2)
        .then("hex")
        .otherwise(pl.lit("PAY-") + number.str.zfill(9) + pl.lit("/") + pl.col("date").dt.to_string("%y"))
    )
    run = pl.col("entity") + pl.lit("-RUN-") + day
    batch_id = pl.lit("PMT") + day + pl.col("event").cast(pl.String).str.zfill(9)
    return frame.select(
        end_to_end=end_to_end,
        cheque=pl.when("cheque").then((pl.col("number") + 100_000).cast(pl.String)),
        batch_id=pl.when("batch").then(batch_id).when("in_run").then(run),
    )


def _bank_lines(
    rng: np.random.Generator, settled: Settlements, masters: Masters, told: pl.DataFrame, ids: pl.Series
) -> pl.DataFrame:
    event = settled.line_event
    entity, currency = settled.entity[event], settled.currency[event]
    value = settled.line_day + rng.choice([-1, 0, 0, 0, 0, 1], size=len(event))
    return pl.DataFrame(
        {
            "item_id": ids,
            "amount": money(settled.line_amount, currency),
            "currency": pl.Series(CURRENCIES).gather(currency),
            "date": _days(settled.line_day),
            "value_date": _days(value),
            "entity": masters.entity_names.gather(entity),
            "account": masters.account_names.gather(masters.account[entity, currency]),
            "references": told["references"],
            "text": told["text"],
            "counterparty_account": told["counterparty_account"],
            "counterparty_name": told["counterparty_name"],
            "kind": pl.repeat("bank_line", len(event), eager=True),
        }
    )


def _payments(
    settled: Settlements, masters: Masters, parties: Parties, documents: pl.DataFrame, orders: pl.DataFrame,
    ids: pl.Series, linked: npt.NDArray[np.bool_],
) -> pl.DataFrame:  # fmt: skip
    event = settled.unit_event
    entity, currency = settled.entity[event], settled.currency[event]
    numbers = (
        pl.DataFrame({"unit": settled.doc_unit, "number": documents["number"]})
        .group_by("unit", maintain_order=True)
        .agg(pl.col("number").str.join(", "))
    )
    text = pl.DataFrame({"unit": np.arange(len(event))}).join(numbers, on="unit", how="left").sort("unit")["number"]
    party = parties.text[settled.unit_party]
    cheque = orders["cheque"].is_not_null()
    frame = pl.DataFrame(
        {
            "item_id": ids,
            "amount": money(settled.unit_amount, currency),
            "currency": pl.Series(CURRENCIES).gather(currency),
            "date": _days(settled.unit_day),
            "entity": masters.entity_names.gather(entity),
            "account": masters.account_names.gather(masters.account[entity, currency]),
            "end_to_end": orders["end_to_end"],
            "cheque": orders["cheque"],
            "text": text,
            "counterparty_id": party["id"],
            "counterparty_account": party["account"],
            "counterparty_name": party["name"],
            "batch_id": orders["batch_id"],
            "is_cheque": cheque,
            "kind": pl.repeat("payment", len(event), eager=True),
        }
    )
    return frame.with_columns(
        references=pl.when("is_cheque")
        .then(pl.concat_list("end_to_end", "cheque"))
        .otherwise(pl.concat_list("end_to_end")),
        counterparty_account=pl.when(~pl.col("is_cheque")).then("counterparty_account"),
        text=pl.when(pl.Series(linked) | (pl.Series(settled.unit_event) % 3 > 0)).then("text"),
    ).drop("end_to_end", "cheque", "is_cheque")


def _open_items(
    rng: np.random.Generator,
    settled: Settlements,
    masters: Masters,
    parties: Parties,
    documents: pl.DataFrame,
    ids: pl.Series,
) -> pl.DataFrame:
    event = settled.unit_event[settled.doc_unit]
    entity, currency = settled.entity[event], settled.currency[event]
    party = parties.text[settled.doc_party]
    known_account = settled.doc_party % 4 > 0
    has_discount = settled.doc_discount != 0
    return pl.DataFrame(
        {
            "item_id": ids,
            "amount": money(settled.doc_amount, currency),
            "currency": pl.Series(CURRENCIES).gather(currency),
            "date": _days(settled.doc_day),
            "due_date": _days(settled.doc_due),
            "entity": masters.entity_names.gather(entity),
            "number": documents["number"],
            "own_number": documents["own_number"],
            "structured": documents["structured"],
            "counterparty_id": party["id"],
            "counterparty_account": party["account"],
            "counterparty_name": party["name"],
            "discount_amount": money(settled.doc_discount, currency),
            "discount_until": _days(settled.doc_discount_day),
            "kind": np.where(settled.doc_memo, "credit_memo", "invoice"),
        }
    ).select(
        "item_id", "amount", "currency", "date", "due_date", "entity",
        pl.concat_list("number", "own_number", "structured").list.drop_nulls().alias("references"),
        "counterparty_id",
        pl.when(pl.Series(known_account)).then("counterparty_account"),
        "counterparty_name",
        pl.when(pl.Series(has_discount)).then("discount_amount"),
        pl.when(pl.Series(has_discount)).then("discount_until"),
        "kind",
    )  # fmt: skip


def _edges(
    settled: Settlements, paid: npt.NDArray[np.bool_], line_ids: pl.Series, unit_ids: pl.Series, doc_ids: pl.Series
) -> pl.DataFrame:
    """Return who belongs to whom: payments to lines, documents to payments, documents to lines, lines to lines."""
    kind = settled.line_kind
    parts: list[pl.DataFrame] = []

    def add(
        left: str, left_ids: pl.Series, right: str, right_ids: pl.Series, amount: Ints, event: Ints, what: str
    ) -> None:
        parts.append(
            pl.DataFrame(
                {
                    "left_dataset": pl.repeat(left, len(left_ids), eager=True),
                    "left_id": left_ids,
                    "right_dataset": pl.repeat(right, len(left_ids), eager=True),
                    "right_id": right_ids,
                    "amount": money(amount, settled.currency[event]),
                    "kind": pl.repeat(what, len(left_ids), eager=True),
                }
            )
        )

    cash = np.flatnonzero(paid & (settled.unit_line >= 0) & ~settled.unit_rejected)
    line = settled.unit_line[cash]
    event = settled.unit_event[cash]
    add(
        "bank_lines", line_ids.gather(line), "payments", unit_ids.gather(cash), settled.unit_amount[cash], event, "cash"
    )

    docs = np.flatnonzero(paid[settled.doc_unit])
    unit = settled.doc_unit[docs]
    event = settled.unit_event[unit]
    add("payments", unit_ids.gather(unit), "open_items", doc_ids.gather(docs), settled.doc_net[docs], event, "ledger")
    again = _repeated_payments(settled)
    docs = np.flatnonzero(np.isin(settled.doc_unit, again - 1))
    unit = settled.doc_unit[docs] + 1
    event = settled.unit_event[unit]
    add("payments", unit_ids.gather(unit), "open_items", doc_ids.gather(docs), settled.doc_net[docs], event, "ledger")

    line, docs, amount = _direct_edges(settled)
    event = settled.line_event[line]
    add("bank_lines", line_ids.gather(line), "open_items", doc_ids.gather(docs), amount, event, "direct")

    names = _KIND_NAMES.to_list()
    paired = np.isin(kind, [names.index("returned"), names.index("offset")]) & (settled.line_number == 1)
    back = np.flatnonzero(paired)
    event = settled.line_event[back]
    add(
        "bank_lines", line_ids.gather(back), "bank_lines", line_ids.gather(back - 1),
        settled.line_amount[back], event, "reversal",
    )  # fmt: skip
    return pl.concat(parts)


def _repeated_payments(settled: Settlements) -> Ints:
    returned = [kind.name for kind in KINDS].index("returned")
    return np.flatnonzero((settled.kind[settled.unit_event] == returned) & (settled.unit_number == 1))


def _direct_edges(settled: Settlements) -> tuple[Ints, Ints, Ints]:
    """Return line, document and applied amount where no payment of ours stands between the two."""
    side = side_of(settled.kind)[settled.unit_event]
    direct = np.isin(side, [SIDES.index(DIRECT), SIDES.index(RECEIPT)]) & (settled.unit_line >= 0)
    docs = np.flatnonzero(direct[settled.doc_unit])
    unit = settled.doc_unit[docs]
    effect = np.array([kind.effect for kind in KINDS])[settled.kind[settled.unit_event[unit]]]
    line = settled.unit_line[unit]
    amount = np.where(effect == "short_pay", settled.line_amount[line], settled.doc_amount[docs])
    parts = np.array([kind.effect == "instalments" for kind in KINDS])[settled.line_kind]
    lines_of_parts = np.flatnonzero(parts)
    doc_of_event = np.full(len(settled.kind), -1, dtype=np.int64)
    split = effect == "instalments"
    doc_of_event[settled.unit_event[unit[split]]] = docs[split]
    whole = ~split
    return (
        np.concatenate([line[whole], lines_of_parts]),
        np.concatenate([docs[whole], doc_of_event[settled.line_event[lines_of_parts]]]),
        np.concatenate([amount[whole], settled.line_amount[lines_of_parts]]),
    )


def _links(edges: pl.DataFrame, linked: pl.Series) -> pl.DataFrame:
    """Return the remittance advices: what most payments say they settle."""
    known = edges.filter((pl.col("kind") == "ledger") & pl.col("left_id").is_in(linked.implode()))
    return known.select("left_dataset", "left_id", "right_dataset", "right_id", "amount")


def _line_truth(settled: Settlements, ids: pl.Series) -> pl.DataFrame:
    """Return kind, expectation and difference of each line; difference = amount of the line - what it settles."""
    kind = settled.line_kind
    effect = pl.Series([k.effect for k in KINDS]).gather(kind)
    discount = np.zeros(len(kind), dtype=np.int64)
    receipts = side_of(settled.kind)[settled.unit_event] == SIDES.index(RECEIPT)
    docs = np.flatnonzero((receipts & (settled.unit_line >= 0))[settled.doc_unit])
    np.add.at(discount, settled.unit_line[settled.doc_unit[docs]], settled.doc_net[docs] - settled.doc_amount[docs])
    difference = settled.line_difference + discount
    event = settled.line_event
    noise = pl.Series([k.side == "noise" for k in KINDS]).gather(kind)
    typed = effect.replace_strict({**_DIFFERENCE, **dict.fromkeys(_DISCOUNTS, "discount")}, default="none")
    return pl.DataFrame(
        {
            "item_id": ids,
            "kind": _KIND_NAMES.gather(kind),
            "expected": pl.select(pl.when(noise).then(pl.lit("unmatched")).otherwise(pl.lit("matched"))).to_series(),
            "decidable": decidable_lines(settled),
            "difference": money(difference, settled.currency[event]),
            "difference_kind": typed.zip_with(pl.Series(difference != 0), pl.Series(["none"])),
        }
    )


def _payment_truth(settled: Settlements, ids: pl.Series) -> pl.DataFrame:
    """Return kind and whether the payment's documents are decidable; a returned payment settles them for a while."""
    kind = _KIND_NAMES.gather(settled.kind[settled.unit_event])
    return pl.DataFrame(
        {"item_id": ids, "kind": kind, "decidable": kind != "returned", "rejected": settled.unit_rejected}
    )
