"""A week of deliveries from banks, hub and ERPs: the rows the dbt tests read."""

from __future__ import annotations

from decimal import Decimal

from small_warehouse import SmallWarehouse, Value

AS_OF, KNOWN_AT = "2026-09-30", "2026-09-30 21:59:59+00"
IBAN = "DE89370400440532013000"


def statement(number: int, day: str, opening: str, closing: str, **more: Value) -> tuple[str, dict[str, Value]]:
    return "bank_statement", {
        "statement_number": number,
        "identity": f"{IBAN}|EUR|statement|{day}",
        "kind": "statement",
        "account_id": IBAN,
        "account_scheme": "IBAN",
        "account_currency": "EUR",
        "from_date": day,
        "to_date": day,
        "opening_balance": opening,
        "closing_balance": closing,
        "closing_date": day,
        "entry_count": 0,
        "balance_check": "ok",
        "statement_id": day,
    } | more


def entry(number: int, day: str, amount: str, **more: Value) -> tuple[str, dict[str, Value]]:
    signed = Decimal(amount)
    return "bank_entry", {
        "statement_number": 1,
        "entry_number": number,
        "amount": abs(signed),
        "currency": "EUR",
        "signed_amount": signed,
        "credit_debit": "DBIT" if signed < 0 else "CRDT",
        "status": "BOOK",
        "booking_date": day,
        "value_date": day,
    } | more


def detail(entry_number: int, number: int, **more: Value) -> tuple[str, dict[str, Value]]:
    return "bank_entry_detail", {"statement_number": 1, "entry_number": entry_number, "detail_number": number} | more


def item(system: str, company: str, document: str, amount: str, **more: Value) -> tuple[str, dict[str, Value]]:
    currency = {"sap": "EUR", "netsuite": "USD", "dynamics": "CHF"}.get(system, "EUR")
    return "open_item", {
        "source_system": system,
        "company_code": company,
        "document_number": document,
        "ledger": "payable",
        "counterparty_id": "V1",
        "amount": amount,
        "currency": currency,
        "document_date": "2026-09-01",
        "due_date": "2026-10-15",
    } | more


def payment(number: int, end_to_end_id: str, amount: str, **more: Value) -> tuple[str, dict[str, Value]]:
    return "payment_instruction", {
        "message_id": "M1",
        "payment_information_id": "P1",
        "transaction_number": number,
        "end_to_end_id": end_to_end_id,
        "amount": amount,
        "currency": "EUR",
        "requested_execution_date": "2026-09-29",
        "counterparty_name": "Muster GmbH",
        "counterparty_account": "DE02120300000000202051",
    } | more


def deliver_everything(empty_group: SmallWarehouse) -> None:
    """The deliveries of one week, from every system, with the oddities the tests are about."""
    deliver = empty_group.deliver
    deliver(
        "s1",
        "bank_de",
        "bank",
        "2026-09-29 06:00:00+00",
        [
            statement(1, "2026-09-28", "1000", "780"),
            entry(1, "2026-09-28", "-10", text="CARD FEE", subfamily_code="CHRG"),
            entry(2, "2026-09-28", "-100", account_servicer_reference="B7", detail_count=0),
            entry(3, "2026-09-28", "-50", text="TWIN"),
            entry(4, "2026-09-28", "-50", text="TWIN"),
            entry(5, "2026-09-28", "-10", status="PDNG", text="pending"),
        ],
    )
    deliver(
        "s2",
        "bank_de",
        "bank",
        "2026-09-30 06:00:00+00",
        [
            statement(1, "2026-09-29", "790", "690"),
            entry(1, "2026-09-29", "-300", batch_payment_information_id="P1", batch_count=2, detail_count=2),
            detail(1, 1, end_to_end_id="E1", signed_amount="-100", creditor_name="Muster GmbH"),
            detail(1, 2, end_to_end_id="E2", signed_amount="-200", creditor_name="Other AG"),
            entry(2, "2026-09-29", "200", reversal=True, detail_count=1),
            detail(
                2,
                1,
                end_to_end_id="E9",
                debtor_name="Group",
                debtor_account=IBAN,
                creditor_name="Returned Ltd",
                creditor_account="GB33BUKB20201555555555",
            ),
        ],
    )
    report = {"kind": "report", "closing_balance": None}
    for delivery, at in (("i1", "2026-09-30 09:00:00+00"), ("i2", "2026-09-30 12:00:00+00")):
        records = [
            statement(1, "2026-09-30", "690", "0", identity=f"report {delivery}", **report),
            entry(1, "2026-09-30", "-40", account_servicer_reference="I1"),
        ]
        if delivery == "i2":
            records.append(entry(2, "2026-09-30", "15", account_servicer_reference="I2"))
        deliver(delivery, "bank_de", "bank", at, records)
    deliver(
        "n1",
        "bank_de",
        "bank",
        "2026-09-29 07:00:00+00",
        [
            statement(
                1,
                "2026-09-28",
                "0",
                "0",
                identity="notification",
                kind="notification",
                opening_balance=None,
                closing_balance=None,
            ),
            entry(1, "2026-09-28", "-100", account_servicer_reference="B7", detail_count=1),
            detail(1, 1, end_to_end_id="E7", signed_amount="-100", creditor_name="Late Details SA"),
        ],
    )
    deliver(
        "x1",
        "bank_de",
        "bank",
        "2026-09-29 07:00:00+00",
        [statement(1, "2026-09-28", "5", "5", identity="other", account_id="FR7630006000011234567890189")],
    )
    deliver(
        "p1",
        "hub",
        "hub",
        "2026-09-28 10:00:00+00",
        [
            (
                "payment_message",
                {
                    "identity": "M1",
                    "message_id": "M1",
                    "direction": "credit_transfer",
                    "created_at": "2026-09-28T11:00:00",
                },
            ),
            (
                "payment_batch",
                {
                    "message_id": "M1",
                    "payment_information_id": "P1",
                    "debtor_account": IBAN,
                    "requested_execution_date": "2026-09-29",
                },
            ),
            payment(1, "E1", "100"),
            payment(2, "E2", "200"),
            payment(3, "E3", "70"),
            (
                "payment_remittance",
                {
                    "message_id": "M1",
                    "payment_information_id": "P1",
                    "transaction_number": 1,
                    "document_number": "R-1",
                    "document_type": "CINV",
                    "remitted_amount": "98",
                },
            ),
            (
                "payment_remittance",
                {
                    "message_id": "M1",
                    "payment_information_id": "P1",
                    "transaction_number": 2,
                    "document_number": "NOWHERE",
                    "document_type": "CINV",
                    "remitted_amount": "200",
                },
            ),
        ],
    )
    deliver(
        "st1",
        "hub",
        "hub",
        "2026-09-28 12:00:00+00",
        [
            (
                "payment_status",
                {
                    "report_id": "RP1",
                    "level": "batch",
                    "status": "PART",
                    "original_message_id": "M1",
                    "original_payment_information_id": "P1",
                    "reported_at": "2026-09-28T13:00:00+02:00",
                },
            ),
            (
                "payment_status",
                {
                    "report_id": "RP1",
                    "level": "transaction",
                    "status": "RJCT",
                    "original_message_id": "M1",
                    "original_payment_information_id": "P1",
                    "original_end_to_end_id": "E3",
                    "reason_code": "AC04",
                    "reported_at": "2026-09-28T13:00:00+02:00",
                },
            ),
            (
                "payment_status",
                {
                    "report_id": "RP2",
                    "level": "message",
                    "status": "ACTC",
                    "original_message_id": "GHOST",
                    "reported_at": "2026-09-28T13:00:00+02:00",
                },
            ),
        ],
    )
    deliver(
        "sap1",
        "sap",
        "sap",
        "2026-09-27 10:00:00+00",
        [
            item(
                "sap",
                "1000",
                "51",
                "100",
                debit_credit="H",
                document_type="KR",
                fiscal_year="2026",
                reference="R-1",
                discount_amount="2",
                discount_date="2026-10-01",
                payment_terms="Z1",
            ),
            item("sap", "1000", "52", "30", debit_credit="S", document_type="KG", fiscal_year="2026"),
            item(
                "sap", "1000", "53", "40", debit_credit="H", document_type="DG", fiscal_year="2026", ledger="receivable"
            ),
            item("sap", "1000", "54", "7", debit_credit=None, document_type="KR", fiscal_year="2026"),
            item(
                "sap", "1000", "55", "60", debit_credit="H", document_type="KR", fiscal_year="2026", payment_block="A"
            ),
            item(
                "sap",
                "1000",
                "56",
                "33.33",
                debit_credit="H",
                document_type="KR",
                due_date=None,
                discount_percent="2",
                discount_amount="0",
                extra='{"ZFBDT": "20260901", "ZBD1T": "014", "ZBD2T": "0", "ZBD3T": "30"}',
            ),
            item(
                "sap",
                "1000",
                "57",
                "5",
                debit_credit="S",
                document_type="KG",
                due_date=None,
                extra='{"ZFBDT": "2026-09-04", "ZBD3T": "30"}',
            ),
            (
                "counterparty",
                {
                    "source_system": "sap",
                    "source_id": "V1",
                    "role": "supplier",
                    "company_code": "1000",
                    "payment_terms": "Z1",
                },
            ),
            (
                "counterparty",
                {
                    "source_system": "sap",
                    "source_id": "V1",
                    "role": "supplier",
                    "name": "Muster GmbH",
                    "tax_id": "12345",
                    "country": "DE",
                    "postal_code": "10115",
                },
            ),
            (
                "counterparty_bank_account",
                {"source_system": "sap", "source_id": "V1", "role": "supplier", "iban": "DE02120300000000202051"},
            ),
            (
                "approval",
                {
                    "source_system": "sap",
                    "company_code": "1000",
                    "document_number": "52",
                    "fiscal_year": "2026",
                    "status": "submitted",
                    "at": "2026-09-02T10:00:00",
                    "actor": "ap.clerk.1",
                },
            ),
            (
                "approval",
                {
                    "source_system": "sap",
                    "company_code": "1000",
                    "document_number": "52",
                    "fiscal_year": "2026",
                    "status": "approved",
                    "at": "2026-09-03T10:00:00",
                    "actor": "ap.manager.1",
                },
            ),
        ],
    )
    deliver(
        "sap2",
        "sap",
        "sap",
        "2026-09-30 10:00:00+00",
        [
            item(
                "sap",
                "1000",
                "52",
                "30",
                debit_credit="S",
                document_type="KG",
                fiscal_year="2026",
                clearing_document="99",
                clearing_date="2026-09-29",
            ),
            (
                "counterparty_bank_account",
                {"source_system": "sap", "source_id": "V1", "role": "supplier", "iban": "GB33BUKB20201555555555"},
            ),
        ],
    )
    deliver(
        "ns1",
        "netsuite",
        "netsuite",
        "2026-09-27 10:00:00+00",
        [
            item("netsuite", "2", "B1", "-500", document_type="VendBill", status="VendBill:D"),
            item("netsuite", "2", "B2", "500", document_type="VendBill", status="VendBill:B", approval_status="2"),
            item("netsuite", "2", "C1", "20", document_type="VendCred", status="Open"),
            item("netsuite", "2", "P1", "80", document_type="CustPymt", ledger="receivable", status="CustPymt:C"),
            item("netsuite", "2", "I1", "80", document_type="CustInvc", ledger="receivable", open_amount="30"),
            (
                "counterparty",
                {
                    "source_system": "netsuite",
                    "source_id": "77",
                    "role": "supplier",
                    "name": "Muster",
                    "tax_id": "1-2-345",
                    "country": "DE",
                    "postal_code": "99999",
                },
            ),
        ],
    )
    deliver(
        "dy1",
        "dynamics",
        "dynamics",
        "2026-09-27 10:00:00+00",
        [
            item("dynamics", "CHCO", "D1", "-42", document_type="Invoice", approval_status="Approved"),
            item("dynamics", "CHCO", "D2", "12", document_type="Credit note"),
            item("dynamics", "CHCO", "D3", "-9", document_type="Mystery"),
        ],
    )
    deliver(
        "co1",
        "coupa",
        "coupa",
        "2026-09-27 10:00:00+00",
        [
            item("coupa", "1000", "K1", "15", document_type="Credit Note"),
            item("coupa", "1000", "K2", "15", document_type="Invoice"),
        ],
    )
    rate = {"provider": "ECB", "rate_type": "reference", "base_currency": "EUR", "valid_from": "2026-09-29"}
    deliver(
        "fx1",
        "rates",
        "bank",
        "2026-09-29 16:00:00+00",
        [
            ("fx_rate", rate | {"quote_currency": "USD", "rate": "1.2"}),
            ("fx_rate", rate | {"quote_currency": "CHF", "rate": "0.9"}),
        ],
    )
    empty_group.insert(
        "raw.reject",
        {
            "delivery_id": "s1",
            "record_number": 99,
            "place": "line 9",
            "field": "amount",
            "found": "1,2,3",
            "expected": "a number",
            "amount": "5",
            "currency": "EUR",
        },
    )
