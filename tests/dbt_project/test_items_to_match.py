"""Bank lines and payments as matching sees them: own accounts in texts, and payments that the clearing house has returned."""

from __future__ import annotations

import pytest
from small_warehouse import SmallWarehouse, Value, group
from week import AS_OF, IBAN, KNOWN_AT, entry, payment, statement

from orchestration.warehouse import connect

TEXTS = {
    "TRANSFER TO CHECKING 00123456": "US-USD",
    "Transfer 123456, own": None,  # six digits may be any number
    "Overfoering 00123456.": "US-USD",
    f"Deposit on {IBAN}": None,  # the line's own account
    "Invoice 00123456X": None,  # another number
    "Invoice 4711": None,
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> SmallWarehouse:
    warehouse = SmallWarehouse(tmp_path_factory.mktemp("told"))
    group(warehouse)
    kind, record = statement(1, "2026-09-24", "100", "40")
    lines = [entry(place, "2026-09-24", "-10", text=text) for place, text in enumerate(TEXTS, 1)]
    warehouse.deliver("s1", "camt", "bank", "2026-09-25 06:00:00+00", [(kind, record), *lines])
    _deliver_payments(warehouse)
    warehouse.dbt("run", AS_OF, KNOWN_AT, "--select", "+bank_lines", "+payments")
    return warehouse


def _deliver_payments(warehouse: SmallWarehouse) -> None:
    """A file of three payments, of which the clearing house returns one, and the hub's bank refuses another before it is booked."""
    message: dict[str, Value] = {
        "identity": "M1", "message_id": "M1", "direction": "credit_transfer", "created_at": "2026-09-21T11:00:00",
    }  # fmt: skip
    batch: dict[str, Value] = {
        "message_id": "M1", "payment_information_id": "P1", "debtor_account": IBAN, "requested_execution_date": "2026-09-22",
    }  # fmt: skip
    names = ("paid", "came back", "refused")
    payments = [payment(number, name, "100", payment_information_id="P1") for number, name in enumerate(names, 1)]
    warehouse.deliver(
        "p1",
        "hub",
        "hub",
        "2026-09-21 10:00:00+00",
        [("payment_message", message), ("payment_batch", batch), *payments],
    )
    for delivery, format, name in (("ach", "nacha", "came back"), ("iso", "pain.002.001.10", "refused")):
        refusal: dict[str, Value] = {
            "report_id": delivery, "level": "transaction", "status": "RJCT", "original_message_id": "M1",
            "original_payment_information_id": "P1", "original_end_to_end_id": name, "reported_at": "2026-09-24T13:00:00+02:00",
        }  # fmt: skip
        warehouse.deliver(delivery, "hub", "hub", "2026-09-24 12:00:00+00", [("payment_status", refusal)])
        with connect(warehouse.path) as connection:
            connection.execute("UPDATE raw.delivery SET format = ? WHERE delivery_id = ?", [format, delivery])


def test_a_text_names_another_own_account(told: SmallWarehouse) -> None:
    assert dict(told.rows("SELECT text, counterparty_account FROM matching_input.bank_lines")) == TEXTS  # type: ignore[arg-type]


def test_what_the_clearing_house_returns_was_debited_with_its_batch(told: SmallWarehouse) -> None:
    """Refused before it is booked, a payment explains no bank line; returned, it does, and settles no item."""
    assert told.rows("SELECT \"references\"[1], kind FROM matching_input.payments ORDER BY 1") == [
        ("came back", "returned_payment"), ("paid", "payment"),
    ]  # fmt: skip
    assert told.rows("SELECT end_to_end_id, status FROM canonical.payment_instruction ORDER BY 1") == [
        ("came back", "rejected"), ("paid", "created"), ("refused", "rejected"),
    ]  # fmt: skip
