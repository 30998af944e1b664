"""Rows that say a thing twice or by leaving it out: journals beside ledgers, full lists, company data beside general data."""

from __future__ import annotations

from small_warehouse import SmallWarehouse
from week import item


def deliver_repetitions(warehouse: SmallWarehouse) -> None:
    """A Dynamics invoice from two entities and one that was pending; three full lists of one source; an item drawn by its supplier."""
    posted = {"document_type": "Purch", "counterparty_id": "W7"}
    warehouse.deliver(
        "dy3",
        "dynamics",
        "dynamics",
        "2026-09-20 10:00:00+00",
        [
            item("dynamics", "CHCO", "APIN-1", "75", debit_credit="C", reference="R-1", counterparty_id="W7"),
            item("dynamics", "CHCO", "APIN-1", "-75", line_item="5637", reference="R-1", **posted),
            item("dynamics", "CHCO", "DRAFT-2", "60", debit_credit="C", reference="R-2", status="pending", counterparty_id="W7"),
            item("dynamics", "CHCO", "APIN-2", "-60", line_item="5638", reference="R-2", **posted),
            item("dynamics", "CHCO", "DRAFT-3", "61", debit_credit="C", reference="R-3", status="pending", counterparty_id="W7"),
        ],
    )  # fmt: skip
    warehouse.insert(
        "config.source",
        {
            "source": "lists", "title": "lists", "system": "mono", "format": "x", "owner": "ap", "source_group": "erp",
            "entity_id": "DE", "timezone": "UTC", "is_snapshot": True,
        },
    )  # fmt: skip
    for day, documents in (("21", "ABC"), ("22", "AB"), ("23", "A")):
        warehouse.deliver(
            f"list{day}",
            "lists",
            "mono",
            f"2026-09-{day} 10:00:00+00",
            [item("mono", "M", document, "9", document_type="Invoice") for document in documents],
        )
    # a full list of which a record was rejected, and the same bytes on the day after
    warehouse.insert(
        "config.source",
        {
            "source": "torn", "title": "torn lists", "system": "mono", "format": "x", "owner": "ap", "source_group": "erp",
            "entity_id": "DE", "timezone": "UTC", "is_snapshot": True,
        },
    )  # fmt: skip
    torn = {"source": "torn", "system": "mono", "file_name": "torn", "sha256": "torn", "bytes": 1, "run_id": "test",
            "records_read": 2, "records_loaded": 1, "records_rejected": 1, "records_duplicate": 0}  # fmt: skip
    warehouse.deliver(
        "torn20", "torn", "mono", "2026-09-20 10:00:00+00", [item("mono", "T", "E", "8", document_type="Invoice")]
    )
    warehouse.insert(
        "raw.delivery",
        torn | {"delivery_id": "torn21", "received_at": "2026-09-21 10:00:00+00", "status": "partly"},
        torn | {"delivery_id": "torn22", "received_at": "2026-09-22 10:00:00+00", "status": "duplicate",
                "records_loaded": 0, "records_rejected": 0, "records_duplicate": 2},
    )  # fmt: skip
    for delivery in ("list22", "torn21"):
        warehouse.insert(
            "raw.reject",
            {"delivery_id": delivery, "record_number": 9, "place": "line 10", "field": "amount", "found": "x"},
        )
    # an ERP whose words for open and paid no rule knows
    warehouse.insert(
        "config.source",
        {"source": "words", "title": "words", "system": "mono", "format": "x", "owner": "ap", "source_group": "erp",
         "entity_id": "DE", "timezone": "UTC", "is_snapshot": False},
    )  # fmt: skip
    warehouse.deliver(
        "words", "words", "mono", "2026-09-21 10:00:00+00",
        [
            item("mono", "W", "1", "50", document_type="Invoice", status="Betald", open_amount="0"),
            item("mono", "W", "2", "60", document_type="Invoice", status="Öppen", open_amount="60"),
        ],
    )  # fmt: skip
    warehouse.insert("config.direct_debit", {"system": "sap", "payment_method": "L"})
    warehouse.deliver(
        "sap5",
        "sap",
        "sap",
        "2026-09-30 10:00:00+00",
        [
            item("sap", "1000", "68", "33", reference="A8", debit_credit="H", document_type="KR", payment_method="l"),
            # the same supplier's data in a company code, newer than its general data, without its name
            ("counterparty", {"source_system": "sap", "source_id": "V1", "role": "supplier", "company_code": "1000",
                              "payment_terms": "Z2", "currency": "USD"}),
        ],
    )  # fmt: skip
    warehouse.deliver(
        "hub3",
        "hub",
        "hub",
        "2026-09-25 10:00:00+00",
        [("payment_batch", {"message_id": "M9", "payment_information_id": "P9", "debtor_account": "US-USD"})],
    )
