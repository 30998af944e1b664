"""The files of the world: which bytes arrive under which name at which moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from simulation import migration
from simulation.calendars import business_days
from simulation.extracts import Extract, extracts, visible
from simulation.group import ACCOUNT, BANK, ENTITIES, FIRST_DAY, GROUP_TIMEZONE, LAST_DAY, LAST_MOMENT, TERMS
from simulation.model import BankStatement, Document, HubEvent, Party
from simulation.world import World
from simulation.writers import dynamics, netsuite, sap
from simulation.writers.bai2 import bai2
from simulation.writers.bank_csv import bank_csv
from simulation.writers.camt import camt052, camt053
from simulation.writers.hub_log import hub_log
from simulation.writers.mt940 import mt940
from simulation.writers.pain001 import pain001
from simulation.writers.pain002 import pain002
from simulation.writers.rates import ecb_history

INTRADAY_ACCOUNT = "rhein_eur"
INTRADAY_AT = time(13, 5)


@dataclass(frozen=True)
class Delivery:
    """A file as it arrives: its path under landing/, its bytes, the moment it is complete."""

    path: str
    content: bytes
    at: datetime


def deliveries(world: World) -> list[Delivery]:
    """All files that arrive before the world ends, in order of arrival."""
    files = [*_statements(world), *_intraday(world), *_payments(world), *_hub_logs(world), *_erp(world)]
    files += [*_migration(world), *_rates(world)]
    return sorted((f for f in files if f.at <= LAST_MOMENT), key=lambda f: (f.at.timestamp(), f.path))


def statement_path(statement: BankStatement) -> str:
    """Where a statement lands."""
    account = ACCOUNT[statement.account]
    kind, _, _ = account.format.partition(".001")
    folder = {"camt.053": "camt053", "csv": "portal"}.get(kind, kind)
    ending = {"camt.053": "xml", "mt940": "sta", "bai2": "bai", "csv": "csv"}[kind]
    return f"{account.bank}/{folder}/{account.id}_{statement.day:%Y%m%d}.{ending}"


def _statements(world: World) -> Iterator[Delivery]:
    for statement in world.statements:
        if statement.delivered_at is None:
            continue
        format = ACCOUNT[statement.account].format
        created = statement.delivered_at - timedelta(minutes=35)
        if format.startswith("camt"):
            content = camt053(statement, created)
        elif format == "mt940":
            content = mt940(statement)
        elif format == "bai2":
            content = bai2(statement, created)
        else:
            content = bank_csv(statement)
        yield Delivery(statement_path(statement), content, statement.delivered_at)


def _intraday(world: World) -> Iterator[Delivery]:
    """What is booked by early afternoon: the first half of the day's lines."""
    account = ACCOUNT[INTRADAY_ACCOUNT]
    zone = ZoneInfo(BANK[account.bank].timezone)
    for statement in world.statements:
        if statement.account == account.id:
            at = datetime.combine(statement.day, INTRADAY_AT, zone)
            lines = statement.lines[: (len(statement.lines) + 1) // 2]
            content = camt052(account.id, statement.day, statement.opening, lines, at - timedelta(minutes=5))
            yield Delivery(f"{account.bank}/camt052/{account.id}_{statement.day:%Y%m%d}_1300.xml", content, at)


def _payments(world: World) -> Iterator[Delivery]:
    for message in world.messages:
        at = message.created_at + timedelta(minutes=1)
        yield Delivery(f"hub/pain001/{message.message_id}.xml", pain001(message), at)
    for report in world.reports:
        at = report.created_at + timedelta(minutes=2)
        yield Delivery(f"hub/pain002/{report.report_id}.xml", pain002(report), at)


def _hub_logs(world: World) -> Iterator[Delivery]:
    zone = ZoneInfo(GROUP_TIMEZONE)
    by_day: dict[date, list[HubEvent]] = defaultdict(list)
    for event in world.hub_events:
        by_day[event.at.astimezone(zone).date()].append(event)
    for day, events in sorted(by_day.items()):
        at = datetime.combine(day, time(23, 50), zone)
        # what happens in the last ten minutes of a day is in the next file; nothing of it falls there
        yield Delivery(f"hub/log/payments_{day:%Y%m%d}.jsonl", hub_log(events), at)


def _erp(world: World) -> Iterator[Delivery]:
    writers = {"sap": _sap, "netsuite": _netsuite, "dynamics": _dynamics}
    for entity in ENTITIES:
        documents = [d for d in world.documents if d.entity == entity.id]
        parties = [p for p in world.parties if p.entity == entity.id]
        before: dict[str, bytes] = {}
        for extract in extracts(entity.id):
            for name, content in writers[entity.erp](world, extract, documents, parties):
                if "bank" in name and before.get(name) == content:
                    continue  # master data is exported when it has changed
                before[name] = content
                folder, _, ending = name.partition(".")
                yield Delivery(f"{entity.erp}/{folder}/{folder}_{extract.day:%Y%m%d}.{ending}", content, extract.at)


Named = Iterable[tuple[str, bytes]]


def _roles(parties: list[Party]) -> tuple[list[Party], list[Party]]:
    return [p for p in parties if p.role == "supplier"], [p for p in parties if p.role == "customer"]


def _sap(world: World, extract: Extract, documents: list[Document], parties: list[Party]) -> Named:
    suppliers, customers = _roles(parties)
    for ledger, name in (("payable", "payables"), ("receivable", "receivables")):
        yield f"{name}.csv", sap.line_items(visible(documents, extract, ledger), ledger, world.rates)
    items = [d for d in documents if d.ledger == "payable" and d.kind != "payment"]
    yield "approvals.csv", sap.approvals(items, extract.since, extract.day)
    yield "supplier_banks.csv", sap.bank_details(suppliers, extract.day)
    orders = [o for o in world.purchasing.orders if _is_new(o.day, extract)]
    receipts = [r for r in world.purchasing.receipts if _is_new(r.day, extract)]
    yield "purchase_orders.csv", sap.purchase_orders(orders)
    yield "goods_receipts.csv", sap.goods_receipts(receipts)
    if extract.since is None:
        yield "suppliers.csv", sap.parties(suppliers, "supplier")
        yield "customers.csv", sap.parties(customers, "customer")
        yield "terms.csv", sap.payment_terms(TERMS.values())


def _is_new(day: date, extract: Extract) -> bool:
    return day <= extract.day and (extract.since is None or day > extract.since)


def _migration(world: World) -> Iterator[Delivery]:
    """The Swiss company's payables in the ERP it moves to: its suppliers at cut-over, its items every day from then on."""
    suppliers = {document.party.source_id: migration.new_supplier(document.party) for document in world.moved}
    moved = [suppliers[key] for key in sorted(suppliers)]
    for day in migration.load_days():
        at = migration.load_moment(day)
        items = [migration.new_state(document, day) for document in world.moved]
        files = {"payables_3000": sap.line_items(items, "payable", world.rates, migration.NEW_COMPANY_CODE)}
        if day == migration.CUTOVER:
            files["suppliers_3000"] = sap.parties(moved, "supplier", migration.NEW_COMPANY_CODE)
            files["supplier_banks_3000"] = sap.bank_details(moved, day)
        for folder, content in files.items():
            yield Delivery(f"sap/{folder}/{folder}_{day:%Y%m%d}.csv", content, at)


def _netsuite(world: World, extract: Extract, documents: list[Document], parties: list[Party]) -> Named:
    suppliers, customers = _roles(parties)
    states = [*visible(documents, extract, "payable"), *visible(documents, extract, "receivable")]
    yield "transactions.json", netsuite.transactions(states)
    yield "vendor_banks.json", netsuite.vendor_banks(suppliers, extract.day)
    if extract.since is None:
        yield "vendors.json", netsuite.parties(suppliers)
        yield "customers.json", netsuite.parties(customers)


def _dynamics(world: World, extract: Extract, documents: list[Document], parties: list[Party]) -> Named:
    suppliers, customers = _roles(parties)
    yield "vendor_transactions.json", dynamics.transactions(visible(documents, extract, "payable"), "payable")
    yield "customer_transactions.json", dynamics.transactions(visible(documents, extract, "receivable"), "receivable")
    yield "vendor_banks.json", dynamics.vendor_bank_accounts(suppliers, extract.day)
    if extract.since is None:
        yield "vendors.json", dynamics.vendors(suppliers)
        yield "customers.json", dynamics.customers(customers)


def _rates(world: World) -> Iterator[Delivery]:
    """The ECB publishes at 16:00; the file is fetched on Fridays and at the end of the world."""
    zone = ZoneInfo(GROUP_TIMEZONE)
    for day in business_days(FIRST_DAY, LAST_DAY, "TARGET2"):
        if day.weekday() == 4 or day in (FIRST_DAY, LAST_DAY):
            at = datetime.combine(day, time(16, 20), zone)
            yield Delivery(f"reference/fx/eurofxref_{day:%Y%m%d}.csv", ecb_history(world.rates, day), at)
