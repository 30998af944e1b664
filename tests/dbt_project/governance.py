"""Rows about who may say what: rules of ownership, an ERP that is being left, orders and receipts, a match."""

from __future__ import annotations

from datetime import date

from small_warehouse import SmallWarehouse, Value
from week import item

from orchestration.ownership import Cutover, Ownership
from orchestration.warehouse import CONFIG_TABLES

RULES = Ownership(
    attributes={"counterparty": {"name": ("sap", "netsuite"), "bank_account": ("sap",)}},
    cutover=(
        Cutover(entity="US", from_system="oracle", to_system="netsuite", cutover_date=date(2026, 9, 15)),
        Cutover(entity="CH", from_system="legacy", to_system="dynamics", cutover_date=date(2026, 10, 15)),
    ),
)


def supplier(system: str, source_id: str, name: str, **more: Value) -> tuple[str, dict[str, Value]]:
    return "counterparty", {"source_system": system, "source_id": source_id, "role": "supplier", "name": name} | more


def deliver_governed(warehouse: SmallWarehouse) -> None:
    for table, rows in RULES.rows().items():
        warehouse.insert(f"config.{table}", *(dict(zip(CONFIG_TABLES[table], row, strict=True)) for row in rows))
    for source, entity in (("oracle", "US"), ("legacy", "CH")):
        warehouse.insert(
            "config.source",
            {
                "source": source,
                "title": source,
                "system": source,
                "format": "x",
                "owner": "ap",
                "source_group": "erp",
                "entity_id": entity,
                "timezone": "UTC",
            },
        )
    # the hub says "executed", which only a bank may say
    warehouse.deliver(
        "hub2",
        "hub",
        "hub",
        "2026-09-29 09:00:00+00",
        [
            (
                "payment_event",
                {"event": "executed", "event_at": "2026-09-29T08:00:00Z", "message_id": "M1", "end_to_end_id": "E1"},
            )
        ],
    )
    # the same invoice in the ERP that is being left and in the one that takes over; and one where the date has not come
    moved = {"reference": "INV-77", "currency": "USD", "document_type": "Standard"}
    warehouse.deliver(
        "or1",
        "oracle",
        "oracle",
        "2026-09-10 10:00:00+00",
        [
            item(
                "oracle",
                "20",
                "OR-9",
                "500",
                counterparty_id="O77",
                approval_status="approved",
                approved_at="2026-09-09",
                approved_by="eve",
                **moved,
            ),
            supplier("oracle", "O77", "Muster Limited", tax_id="12345", country="DE"),
            item("oracle", "20", "OR-10", "10", counterparty_id="O77", reference="INV-78", currency="USD"),
        ],
    )
    warehouse.deliver(
        "ns2",
        "netsuite",
        "netsuite",
        "2026-09-16 10:00:00+00",
        [item("netsuite", "2", "NS-9", "500", counterparty_id="77", document_type="VendBill", reference="INV 77")],
    )
    warehouse.deliver(
        "le1",
        "legacy",
        "legacy",
        "2026-09-10 10:00:00+00",
        [
            item("legacy", "CHCO", "L1", "42.42", counterparty_id="L", document_type="Invoice", currency="CHF"),
            supplier("legacy", "L", "Uhr AG", vat_id="CHE-123.456.789"),
        ],
    )
    warehouse.deliver(
        "dy2",
        "dynamics",
        "dynamics",
        "2026-09-16 10:00:00+00",
        [
            item("dynamics", "CHCO", "D-L1", "-42.42", counterparty_id="L9", document_type="Invoice", reference="L1"),
            supplier("dynamics", "L9", "Uhr AG", vat_id="CHE123456789"),
        ],
    )
    po = {"source_system": "sap", "company_code": "1000", "currency": "EUR"}
    kr = {"debit_credit": "H", "document_type": "KR", "counterparty_id": "V2"}
    warehouse.deliver(
        "sap4",
        "sap",
        "sap",
        "2026-09-20 10:00:00+00",
        [
            ("purchase_order", {**po, "number": "4500", "line_number": "10", "quantity": "10", "amount": "100"}),
            ("purchase_order", {**po, "number": "4501", "line_number": "10", "quantity": "1", "amount": "70"}),
            (
                "purchase_order",
                {**po, "number": "4502", "line_number": "10", "amount": "50", "extra": '{"WEPOS": "X"}'},
            ),
            (
                "goods_receipt",
                {
                    **po,
                    "number": "5000",
                    "line_number": "1",
                    "purchase_order": "4500",
                    "purchase_order_line": "10",
                    "quantity": "5",
                },
            ),
            item("sap", "1000", "61", "90", purchase_order="4500", reference="A1", **kr),
            item("sap", "1000", "62", "70", purchase_order="4501", reference="A2", **kr),
            item("sap", "1000", "63", "50", purchase_order="4502", reference="A2", **kr),
            item("sap", "1000", "64", "25", reference="RE-2026/0815", created_at="20260901", **kr),
            item("sap", "1000", "65", "25", reference="re 2026 0815", created_at="20260905", **kr),
            item("sap", "1000", "58", "25", reference="RE2O26O8I5", created_at="20260907", **kr),
            item("sap", "1000", "59", "26", reference="A59", **kr),
            item("sap", "1000", "66", "1000", reference="A6", discount_percent="3", discount_date="2026-10-03", **kr),
            item("sap", "1000", "60", "700", reference="A5", discount_amount="7", discount_date="2026-10-15", **kr),
            item("sap", "1000", "67", "8", reference="A7", created_by="KELLER", approved_by="keller", **kr),
            supplier("sap", "V2", "Zweite GmbH", tax_id="99999", country="DE"),
            supplier("sap", "V3", "Dritte GmbH", tax_id="0000000", country="DE"),
            supplier("netsuite", "78", "Vierte Inc", tax_id="0000000", country="DE"),
        ],
    )
    warehouse.insert(
        "monitoring.alert",
        {
            "alert_id": "a65",
            "check": "duplicate_invoice",
            "object_id": "sap|1000|65||",
            "status": "open",
            "related_id": "sap|1000|64||",
        },
        {
            "alert_id": "a58",
            "check": "duplicate_invoice",
            "object_id": "sap|1000|58||",
            "status": "ignored",
            "related_id": "sap|1000|64||",
        },
    )
    warehouse.insert(
        "matching.match_group",
        {
            "group_id": "G1",
            "leg": "open_items_to_payments",
            "pass": "remittance",
            "rules_version": "1",
            "status": "matched",
            "currency": "EUR",
            "left_total": "-98",
            "right_total": "-98",
            "difference": "0",
            "difference_kind": "none",
            "run_id": "r",
            "as_of": "2026-09-29",
        },
    )
    warehouse.insert(
        "matching.match_item",
        {"group_id": "G1", "dataset": "payments", "item_id": "M1|P1|1", "applied_amount": "-98", "run_id": "r"},
        {
            "group_id": "G1",
            "dataset": "open_items",
            "item_id": "sap|1000|51|2026|",
            "applied_amount": "-98",
            "run_id": "r",
        },
    )
