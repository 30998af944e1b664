"""A text that shows nothing but a document's number within its series, beside an equal amount."""

from __future__ import annotations

import polars as pl
import pytest
from example_items import items, members

from reconciliation.matching import match, preset
from reconciliation.matching.text.serial_numbers import numbers_in, serial_number

Row = dict[str, object]
PLACES = ("Nord", "Alpen", "Hanse", "Rhein", "Elbe", "Costa")
TRADES = ("Metall", "Papier", "Glas", "Textil", "Motoren")


def _customers() -> tuple[list[Row], list[Row]]:
    """Lines and bills of customers who write their names and no numbers."""
    lines: list[Row] = []
    bills: list[Row] = []
    for number, name in enumerate(f"{place} {trade} GmbH" for place in PLACES for trade in TRADES):
        amount = f"{1300 + 217 * number}.{17 + number}"
        bills.append(
            {"item_id": f"bill {number}", "amount": amount, "on": number, "counterparty_name": name}
            | {"references": [f"FV2026/{51000 + 7 * number:06}"]}
        )
        lines.append({"item_id": f"paid {number}", "amount": amount, "on": number + 9, "text": f"UEBERWEISUNG {name}"})
    return lines, bills


@pytest.mark.parametrize(
    ("said", "sure"),
    [
        ("ABONO CONCEPTO: FACT. 52241", True),
        ("TRANSFERENCIA A SU FAVOR FV052241/26", True),
        ("UPI/CR/764990159043/52241", True),
        ("REMESA 052241 DEL 12/03/2026", True),
        ("ABONO CONCEPTO: FACT. 52242", False),  # another bill's
        ("TRANSFERENCIA 2026", False),  # a year
        ("TRANSFERENCIA A SU FAVOR", False),
    ],
)
def test_of_a_payer_who_writes_no_name_the_serial_number_makes_an_equal_amount_sure(said: str, sure: bool) -> None:
    lines, bills = _customers()
    bills.append({"item_id": "bill", "amount": "2271.83", "on": 4, "counterparty_name": "Delta Logistik SA"})
    bills[-1] |= {"references": ["FV2026/052241"]}
    lines.append({"item_id": "line", "amount": "2271.83", "on": 13, "text": said})
    found = match({"bank_lines": items(*lines), "open_items": items(*bills)}, preset("receivables"))
    assert (("bill", "line") in members(found, "matched")) == sure


@pytest.mark.parametrize(
    ("reference", "serial"),
    [
        ("FV2026/052363", "52363"),
        ("51659/2026", "51659"),
        ("FV/123/03/2026", "123"),
        ("SI/25-26/6583", "6583"),
        ("NF-E 000050839", "50839"),
        ("2026", None),
        ("A-7", None),
    ],
)
def test_the_serial_number_is_the_longest_that_is_no_year(reference: str, serial: str | None) -> None:
    assert pl.DataFrame({"said": [reference]}).select(serial_number(pl.col("said"))).item() == serial


def test_numbers_of_a_text_stand_without_zeros_in_front() -> None:
    told = pl.DataFrame({"said": ["FV052363/26 AND 0071 OF 12"]}).select(numbers_in(pl.col("said")))
    assert told.item().to_list() == ["52363"]
