"""The files pass the rules of their formats, and the readers find in them what the world put there."""

from __future__ import annotations

import hashlib
import io
import re
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from ingestion.readers import reader, sniff
from ingestion.reading import FileFacts, FileRejected, Records, Reject
from ingestion.sources import SourceConfig
from orchestration.workspace import PROJECT_ROOT, Workspace
from simulation.deliveries import Delivery
from simulation.delivery import write_world
from simulation.extracts import extracts, visible
from simulation.group import ACCOUNTS, ENTITIES, LAST_MOMENT
from simulation.model import ZERO
from simulation.world import World, build_world

DEMO = Workspace(PROJECT_ROOT / "data" / "demo")
SOURCES = {source.name: source for source in DEMO.sources().sources}


def read(source: SourceConfig, content: bytes) -> tuple[dict[str, pl.DataFrame], list[Reject], FileFacts | None]:
    """All a reader makes of some bytes, by kind."""
    batches: dict[str, list[pl.DataFrame]] = defaultdict(list)
    rejects, facts = [], None
    for event in reader(source.format).read(io.BytesIO(content), source):
        if isinstance(event, Records):
            batches[event.kind].append(pl.DataFrame(pl.from_arrow(event.batch)))
        elif isinstance(event, Reject):
            rejects.append(event)
        else:
            facts = event
    return {kind: pl.concat(parts) for kind, parts in batches.items()}, rejects, facts


def of_source(source: SourceConfig, files: list[Delivery]) -> list[Delivery]:
    pattern = re.compile(re.escape(source.path).replace(r"\*", "[^/]*"))
    return [file for file in files if pattern.fullmatch(file.path)]


_READ: dict[str, dict[str, pl.DataFrame]] = {}


def read_all(name: str, files: list[Delivery]) -> dict[str, pl.DataFrame]:
    """Every file of a source, which must load whole; read once for all tests, as all have the same files."""
    if name not in _READ:
        _READ[name] = _read_all(name, files)
    return _READ[name]


def _read_all(name: str, files: list[Delivery]) -> dict[str, pl.DataFrame]:
    found: dict[str, list[pl.DataFrame]] = defaultdict(list)
    for file in of_source(SOURCES[name], files):
        frames, rejects, facts = read(SOURCES[name], file.content)
        assert not rejects, rejects[0]
        assert facts is not None and all(total.agrees for total in facts.control_totals)
        for kind, frame in frames.items():
            found[kind].append(frame.with_columns(pl.lit(file.path).alias("path")))
    return {kind: pl.concat(frames) for kind, frames in found.items()}


def test_every_file_belongs_to_exactly_one_source_of_the_demo(files: list[Delivery]) -> None:
    claimed = [file.path for source in SOURCES.values() for file in of_source(source, files)]
    assert sorted(claimed) == sorted(file.path for file in files)


def test_content_alone_tells_the_fixed_formats(files: list[Delivery]) -> None:
    for name in ("rheinbank_statements", "rheinbank_intraday", "suedbank_statements", "continental_prior_day",
                 "hub_payment_files", "hub_status_reports", "hub_log"):  # fmt: skip
        first = of_source(SOURCES[name], files)[0]
        assert sniff(first.content) == SOURCES[name].format


@pytest.mark.parametrize(
    "name, accounts",
    [
        ("rheinbank_statements", {"rhein_eur"}),
        ("suedbank_statements", {"sued_eur"}),
        ("suedbank_yen", {"sued_jpy"}),
        ("continental_prior_day", {"continental_usd"}),
        ("alpenbank_statements", {"alpen_chf", "alpen_gbp"}),
    ],
)
def test_statements_balance_and_give_the_lines_back(
    name: str, accounts: set[str], world: World, files: list[Delivery]
) -> None:
    found = read_all(name, files)
    statements, entries = found["bank_statement"], found["bank_entry"]
    assert set(statements["balance_check"]) == {"ok"}
    expected = {
        (line.bank_reference, line.amount, line.booking_date)
        for line in world.delivered_lines
        if line.account in accounts
    }
    # BAI2 gives the day once, on the statement
    placed = entries.join(
        statements.select("path", "statement_number", "closing_date"), on=["path", "statement_number"], how="left"
    )
    days = placed["booking_date"].fill_null(placed["closing_date"])
    rows = zip(entries["account_servicer_reference"], entries["signed_amount"], days, strict=True)
    assert {(reference, amount, day) for reference, amount, day in rows} == expected
    assert entries.height == len(expected)


def test_next_opening_is_the_closing_before_save_where_a_statement_is_missing(files: list[Delivery]) -> None:
    gaps = []
    for name in (
        "rheinbank_statements",
        "suedbank_statements",
        "suedbank_yen",
        "continental_prior_day",
        "alpenbank_statements",
    ):
        statements = read_all(name, files)["bank_statement"]
        order = statements.sort("account_id", "closing_date", "page", "path", nulls_last=True)
        previous: dict[str, Decimal] = {}
        for row in order.iter_rows(named=True):
            if row["account_id"] in previous and previous[row["account_id"]] != row["opening_balance"]:
                gaps.append((name, str(row["closing_date"])))
            previous[row["account_id"]] = row["closing_balance"]
    assert gaps == [("suedbank_statements", "2026-09-10")]


def test_busy_days_of_the_mt940_bank_have_pages(files: list[Delivery]) -> None:
    statements = read_all("suedbank_statements", files)["bank_statement"]
    assert statements["page"].max() > 1


def test_batch_details_add_up_where_the_bank_itemises(files: list[Delivery]) -> None:
    for name in ("rheinbank_statements", "alpenbank_statements"):
        found = read_all(name, files)
        batches = found["bank_entry"].filter((pl.col("batch_count") > 1) & (pl.col("detail_count") > 0))
        assert batches.height > 0
        keys = ["path", "statement_number", "entry_number"]
        amount = pl.coalesce("signed_amount", -pl.col("transaction_amount"))
        sums = found["bank_entry_detail"].group_by(keys).agg(amount.sum().alias("total"))
        joined = batches.join(sums, on=keys, how="left")
        assert joined.filter(pl.col("total") != pl.col("signed_amount")).height == 0
        bare = found["bank_entry"].filter(
            pl.col("batch_payment_information_id").is_not_null() & (pl.col("detail_count") == 0)
        )
        assert bare.height > 0, "some batches are booked without details"


def test_structured_references_survive(world: World, files: list[Delivery]) -> None:
    for name, kinds in (
        ("rheinbank_statements", {"SCOR"}),
        ("suedbank_statements", {"SCOR"}),
        ("alpenbank_statements", {"QRR"}),
    ):
        details = read_all(name, files)["bank_entry_detail"]
        assert kinds <= set(details["structured_reference_type"].drop_nulls())
        sent = {part.structured_reference for line in world.lines for part in line.parts}
        assert set(details["structured_reference"].drop_nulls()) <= sent


def test_payment_files_give_the_payments_back(world: World, files: list[Delivery]) -> None:
    found = read_all("hub_payment_files", files)
    read_back = set(
        found["payment_instruction"].select(
            "message_id", "payment_information_id", "transaction_number", "end_to_end_id", "amount", "currency",
            "counterparty_account",
        ).rows()
    )  # fmt: skip
    sent = set()
    for payment in world.payments:
        assert payment.batch is not None and payment.batch.message is not None
        if payment.batch.message.created_at <= LAST_MOMENT:
            sent.add(
                (payment.batch.message.message_id, payment.batch.payment_information_id, payment.transaction_number,
                 payment.end_to_end_id, payment.amount, payment.currency, payment.account.identifier)
            )  # fmt: skip
    assert read_back == sent
    batches = found["payment_batch"]
    assert (batches["declared_count"] == batches["computed_count"]).all()
    assert (batches["declared_sum"] == batches["computed_sum"]).all()
    assert set(batches["debtor_account"]) <= {account.identifier for account in ACCOUNTS}


def test_structured_remittance_adds_up_to_the_payment(files: list[Delivery]) -> None:
    found = read_all("hub_payment_files", files)
    keys = ["message_id", "payment_information_id", "transaction_number"]
    effect = pl.coalesce("remitted_amount", -pl.col("credit_note_amount")).sum().alias("remitted")
    sums = found["payment_remittance"].group_by(keys).agg(effect)
    joined = sums.join(found["payment_instruction"], on=keys, how="left")
    assert joined.height > 300
    assert joined.filter(pl.col("remitted") != pl.col("amount")).height == 0


def test_status_reports_name_the_rejects_and_only_them(world: World, files: list[Delivery]) -> None:
    statuses = read_all("hub_status_reports", files)["payment_status"]
    transactions = statuses.filter(pl.col("level") == "transaction")
    rejected = {p.end_to_end_id for p in world.payments if p.outcome == "rejected"}
    assert set(transactions["original_end_to_end_id"]) == rejected
    assert set(transactions["status"]) == {"RJCT"}
    acknowledged = {m.message_id for m in world.messages if m.is_acknowledged}
    assert set(statuses["original_message_id"]) <= acknowledged


def test_hub_events_are_read_back(world: World, files: list[Delivery]) -> None:
    events = read_all("hub_log", files)["payment_event"]
    assert events["event_id"].to_list() == [event.event_id for event in world.hub_events]
    assert set(events["event"]) == {"created", "approved", "released", "sent", "acknowledged", "rejected"}


def test_erp_extracts_give_the_items_back(world: World, files: list[Delivery]) -> None:
    sources = {"sap": ("sap_payables", "sap_receivables"), "netsuite": ("netsuite_transactions",),
               "dynamics": ("dynamics_vendor_transactions", "dynamics_customer_transactions")}  # fmt: skip
    for entity in ENTITIES:
        frames = [read_all(name, files)["open_item"] for name in sources[entity.erp]]
        items = pl.concat(frames)
        last = extracts(entity.id)[-1]
        assert set(items["company_code"]) == {entity.company_code}
        states = [s for ledger in ("payable", "receivable") for s in visible(world.documents, last, ledger)]
        assert states
        newest = items.filter(pl.col("path").str.contains(f"{last.day:%Y%m%d}"))
        found = {(row["document_number"], abs(row["amount"]), row["currency"], row["clearing_document"])
                 for row in newest.iter_rows(named=True)}  # fmt: skip
        assert found == {
            (s.document.number, s.document.amount, s.document.currency, s.clearing_document) for s in states
        }
        assert items["source_system"].unique().to_list() == [entity.erp]


def test_an_item_is_seen_open_and_later_cleared(files: list[Delivery]) -> None:
    items = read_all("sap_payables", files)["open_item"].filter(pl.col("document_type").is_in(["RE", "KR"]))
    is_open = pl.col("clearing_document").is_null()
    seen = (
        items.sort("path").group_by("document_number").agg(is_open.first().alias("first"), is_open.last().alias("last"))
    )
    assert seen.filter(pl.col("first") & ~pl.col("last")).height > 100


def test_master_data_and_rates_are_read(world: World, files: list[Delivery]) -> None:
    for name, entity, role in (
        ("sap_suppliers", "DE01", "supplier"), ("sap_customers", "DE01", "customer"),
        ("netsuite_vendors", "US01", "supplier"), ("netsuite_customers", "US01", "customer"),
        ("dynamics_vendors", "CH01", "supplier"), ("dynamics_customers", "CH01", "customer"),
    ):  # fmt: skip
        parties = read_all(name, files)["counterparty"]
        assert set(parties["source_id"]) == {p.source_id for p in world.parties if (p.entity, p.role) == (entity, role)}
        assert set(parties["role"]) == {role}
    approvals = read_all("sap_approvals", files)["approval"]
    assert set(approvals["status"]) == {"submitted", "approved"}
    assert read_all("sap_terms", files)["payment_terms"].height == 5
    rates = read_all("ecb_rates", files)["fx_rate"]
    assert set(rates["quote_currency"]) == {"USD", "JPY", "GBP", "CHF"}


def test_the_demo_config_names_the_same_group(world: World) -> None:
    company = DEMO.company()
    assert {(e.id, e.name, e.country, e.currency, e.erp, e.company_code) for e in company.entities} == {
        (e.id, e.name, e.country, e.currency, e.erp, e.company_code) for e in ENTITIES
    }
    assert {(a.id, a.entity, a.currency, a.iban, a.number, a.name) for a in company.accounts} == {
        (a.id, a.entity, a.currency, a.iban, a.number, a.name) for a in ACCOUNTS
    }


def test_problems_on_the_way_end_as_the_truth_says(written: Path) -> None:
    truth = pl.read_parquet(written / "truth" / "anomaly.parquet").filter(pl.col("object_type") == "delivery")
    assert sorted(truth["kind"]) == [
        "delivery_conflict", "delivery_duplicate", "delivery_quarantined", "delivery_quarantined", "record_rejected",
    ]  # fmt: skip
    by_source = {path: source for source in SOURCES.values() for path in (written / "landing").glob(source.path)}
    for row in truth.iter_rows(named=True):
        path = written / "landing" / row["object_id"]
        content, source = path.read_bytes(), by_source[path]
        if row["kind"] == "delivery_quarantined":
            with pytest.raises(FileRejected):
                read(source, content)
        elif row["kind"] == "record_rejected":
            _, rejects, _ = read(source, content)
            assert [reject.field for reject in rejects] == ["amount"]
            assert row["related_id"] in rejects[0].raw_text
        elif row["kind"] == "delivery_duplicate":
            others = [p for p in path.parent.iterdir() if p != path]
            assert hashlib.sha256(content).digest() in {hashlib.sha256(p.read_bytes()).digest() for p in others}
        else:
            frames, rejects, _ = read(source, content)
            original = written / "landing" / row["note"].split("statement of ")[1].split(" with")[0]
            before, _, _ = read(source, original.read_bytes())
            assert not rejects and frames["bank_statement"]["identity"].equals(before["bank_statement"]["identity"])
            assert not frames["bank_entry_detail"].equals(before["bank_entry_detail"])


def test_the_same_seed_writes_the_same_bytes_and_times(written: Path, tmp_path: Path) -> None:
    def snapshot(out: Path) -> dict[str, tuple[str, int]]:
        paths = [path for path in sorted(out.rglob("*")) if path.is_file()]
        times = [path.stat().st_mtime_ns if "landing" in path.parts else 0 for path in paths]
        digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
        return {str(p.relative_to(out)): (d, t) for p, d, t in zip(paths, digests, times, strict=True)}

    write_world(build_world(), tmp_path)
    assert snapshot(tmp_path) == snapshot(written)


def test_nothing_arrives_after_the_world_ends(written: Path) -> None:
    times = [path.stat().st_mtime for path in (written / "landing").rglob("*") if path.is_file()]
    assert max(times) <= LAST_MOMENT.timestamp()


def test_truth_speaks_of_existing_things(world: World, written: Path, files: list[Delivery]) -> None:
    def table(name: str) -> pl.DataFrame:
        return pl.read_parquet(written / "truth" / f"{name}.parquet")

    lines = table("bank_line")
    delivered = set(lines.filter("delivered")["bank_line"])
    payments = read_all("hub_payment_files", files)["payment_instruction"]
    payment_ids = set(
        payments.select(
            pl.concat_str("message_id", "payment_information_id", "transaction_number", separator="|")
        ).to_series()
    )
    items = set()
    for name in ("sap_payables", "sap_receivables", "netsuite_transactions", "dynamics_vendor_transactions",
                 "dynamics_customer_transactions", "sap_payables_3000"):  # fmt: skip
        frame = read_all(name, files)["open_item"]
        key = pl.concat_str(
            "source_system", "company_code", "document_number", pl.col("fiscal_year").fill_null(""),
            pl.col("line_item").fill_null(""), separator="|",
        )  # fmt: skip
        items |= set(frame.select(key).to_series())
    line_payments, payment_items, line_items = (
        table("bank_line_payment"),
        table("payment_open_item"),
        table("bank_line_open_item"),
    )
    assert set(line_payments["bank_line"]) | set(line_items["bank_line"]) <= delivered
    assert set(line_payments["payment"]) | set(payment_items["payment"]) <= payment_ids
    assert set(payment_items["open_item"]) | set(line_items["open_item"]) <= items
    origins = table("open_item_origin")
    assert origins.height > 20
    assert set(origins["open_item"]) | set(origins["origin"]) <= items
    objects = {"payment": payment_ids, "open_item": items, "bank_line": delivered}
    for row in table("anomaly").iter_rows(named=True):
        if row["object_type"] in objects:
            assert row["object_id"] in objects[row["object_type"]], row


def test_truth_explains_each_bank_line_to_the_minor_unit(written: Path) -> None:
    lines = pl.read_parquet(written / "truth" / "bank_line.parquet").filter("delivered")
    payments = pl.read_parquet(written / "truth" / "bank_line_payment.parquet")
    booked = payments.group_by("bank_line").agg(pl.col("booked_amount").sum(), pl.col("charges").max())
    joined = lines.filter(pl.col("kind").is_in(["payment", "batch", "fx_payment"])).join(
        booked, on="bank_line", how="left"
    )
    assert joined.height > 300
    assert joined.filter(pl.col("amount") + pl.col("booked_amount") + pl.col("charges") != ZERO).height == 0
    items = pl.read_parquet(written / "truth" / "bank_line_open_item.parquet")
    settled = items.group_by("bank_line").agg(
        (pl.col("applied_amount") - pl.col("discount")).sum().alias("cash"), pl.col("charges").max()
    )
    receipts = lines.filter(pl.col("kind") == "receipt").join(settled, on="bank_line", how="left")
    assert receipts.filter(pl.col("amount") + pl.col("charges") != pl.col("cash")).height == 0


def test_every_planted_kind_is_there(written: Path) -> None:
    kinds = set(pl.read_parquet(written / "truth" / "anomaly.parquet")["kind"])
    planted = """duplicate_payment stale_account missing_statement late_statement approved_not_scheduled never_approved
        late_approval sent_not_acknowledged unreconciled_line bank_detail_change return reject"""
    assert set(planted.split()) <= kinds


def test_orders_and_receipts_are_read_and_every_outcome_of_the_three_way_match_occurs(
    written: Path, files: list[Delivery]
) -> None:
    orders = read_all("sap_purchase_orders", files)["purchase_order"]
    receipts = read_all("sap_goods_receipts", files)["goods_receipt"]
    truth = pl.read_parquet(written / "truth" / "three_way_match.parquet")
    assert set(truth["purchase_order"]) == set(orders["number"])
    assert set(receipts["purchase_order"]) < set(orders["number"])
    assert set(truth["match_flow"]) == {
        "two_way", "three_way_before_receipt", "three_way_after_receipt", "consignment"
    }  # fmt: skip
    assert set(truth["match_result"]) == {
        "matched", "over_order", "over_receipt", "awaiting_receipt", "not_applicable"
    }  # fmt: skip
