"""Which numbers in a text are of the shape of a document's number, and not its own."""

from __future__ import annotations

import polars as pl
import pytest

from reconciliation.matching.text.document_numbers import names_another
from reconciliation.matching.text.purposes import given_back, on_account


def another(text: str, reference: str) -> bool:
    pair = {"pair": [0]}
    return not names_another(
        pl.DataFrame(pair | {"text": text}), pl.DataFrame(pair | {"reference": reference})
    ).is_empty()


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("NEFT-N752-IYER TRADERS-SI/24-25/0147", "SI/25-26/0254"),
        ("RECHNUNG RE-2024-00812", "RE-2025-00415"),
        ("INVOICE NO. 10234", "10871"),
        ("BILL 38", "BILL-00013"),
        ("RG 31212", "RE26-31259"),  # its serial number alone
    ],
)
def test_last_years_number_and_another_serial_are_another_document(text: str, reference: str) -> None:
    assert another(text, reference)


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("RE 2025/00415", "RE-2025-00415"),
        ("RE-2025-00425 AND OTHERS", "RE-2025-00415"),  # one digit wrong
        ("RE 415", "RE-2025-00415"),
        ("RG 31258", "RE26-31259"),
        ("RG 32159", "RE26-31259"),  # two digits swapped
        ("RECHNUNG 2025", "RE-2025-1415"),
        ("SI 25-26 48", "SI/25-26/0048"),
        ("RE-2024-00812, RE-2025-00415", "RE-2025-00415"),  # it is named too
        ("CUSTOMER 10234", "10871"),
        ("EUR 119.00 ON 12.03.2025", "RE-2025-00415"),
        ("THANK YOU", "RE-2025-00415"),
    ],
)
def test_a_number_that_may_be_the_documents_own_or_is_of_another_kind_says_nothing(text: str, reference: str) -> None:
    assert not another(text, reference)


def test_what_is_paid_on_account_or_given_back_is_told_in_many_languages() -> None:
    advance = [
        "AKONTOZAHLUNG",
        "PAYMENT ON ACCOUNT",
        "ACOMPTE 30%",
        "ZALOHA",
        "FOERSKOTT",
        "ACCOUNT 12",
        "ADVANCE AUTO PARTS",
    ]
    back = ["RUECKERSTATTUNG", "TAX REFUND", "RIMBORSO SPESE", "DEPOSIT", "SEPA-GUTSCHRIFT"]
    text = pl.col("text")
    assert pl.DataFrame({"text": advance}).select(on_account(text)).to_series().to_list() == [True] * 5 + [False] * 2
    assert pl.DataFrame({"text": back}).select(given_back(text)).to_series().to_list() == [True] * 3 + [False] * 2
