"""NACHA files: payments, returns, corrections, and control totals that have to be right (format-trap 19)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from bank_file_writers import nacha, nacha_addendum, nacha_entry
from iso20022_files import Reading, outcome, read

from ingestion.readers import bai2_lines, mt94_cut, nacha_records, ofx_text
from ingestion.reading import FileRejected


def only(reading: Reading, kind: str = "payment_instruction") -> dict[str, object]:
    (row,) = reading[kind]
    return row


def test_a_credit_file() -> None:
    reading = read(nacha([nacha_entry(123456, 1), nacha_entry(1, 2, "Other", id="INV-8")]), "nacha", "4711")
    message, batch = only(reading, "payment_message"), only(reading, "payment_batch")
    assert (message["direction"], message["created_at"]) == ("credit_transfer", "2026-03-31T06:00:00")
    assert (message["computed_count"], message["computed_sum"], message["declared_sum"]) == (
        2, Decimal("1234.57"), Decimal("1234.57"),
    )  # fmt: skip
    assert (batch["payment_method"], batch["local_instrument"], batch["category_purpose"]) == ("TRF", "PPD", "PAYROLL")
    assert (batch["debtor_name"], batch["debtor_account"]) == ("Our Company", "4711")
    first, second = reading["payment_instruction"]
    assert (first["amount"], first["currency"], first["end_to_end_id"]) == (Decimal("1234.56"), "USD", "INV-7")
    assert (first["counterparty_name"], first["counterparty_account"]) == ("Receiver", "12345678")
    assert (first["counterparty_agent"], first["instruction_id"]) == ("231380104", "121042880000001")
    assert first["requested_execution_date"] == date(2026, 4, 2)
    assert {first["message_id"], second["message_id"]} == {message["message_id"]}
    assert first["payment_information_id"] == batch["payment_information_id"]
    assert reading.facts is not None and len(reading.facts.control_totals) == 6


def test_both_directions_in_one_batch_are_two_messages() -> None:
    reading = read(nacha([nacha_entry(500, 1), nacha_entry(-300, 2)]), "nacha")
    assert [(row["direction"], row["computed_sum"]) for row in reading["payment_message"]] == [
        ("credit_transfer", 5), ("direct_debit", 3),
    ]  # fmt: skip
    assert len({row["payment_information_id"] for row in reading["payment_batch"]}) == 2
    directions = {row["message_id"]: row["direction"] for row in reading["payment_message"]}
    assert [directions[row["message_id"]] for row in reading["payment_instruction"]] == [
        "credit_transfer", "direct_debit",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "direction"),
    [("22", "credit_transfer"), ("32", "credit_transfer"), ("27", "direct_debit"), ("37", "direct_debit"),
     ("52", "credit_transfer"), ("55", "direct_debit")],
)  # fmt: skip
def test_the_transaction_code_gives_the_direction(code: str, direction: str) -> None:
    assert only(read(nacha([nacha_entry(100, 1, code=code)]), "nacha"), "payment_message")["direction"] == direction


def test_remittance_in_addenda() -> None:
    text = "RMR*IV*INV-7**100.50*101*0.5\\RMR*CM*CN-1**-2\\"
    reading = read(nacha([nacha_entry(9850, 1, addenda=1), nacha_addendum(text)], sec="CCD"), "nacha")
    assert only(reading)["remittance_unstructured"] == text
    invoice, note = reading["payment_remittance"]
    assert (invoice["document_type"], invoice["document_number"], invoice["remitted_amount"]) == (
        "CINV", "INV-7", Decimal("100.5"),
    )  # fmt: skip
    assert (invoice["due_amount"], invoice["discount_amount"]) == (101, Decimal("0.5"))
    assert (note["document_type"], note["remitted_amount"]) == ("CREN", -2)


def test_a_corporate_entry_counts_its_addenda_before_the_name() -> None:
    message = "ST*820*0001\\RMR*IV*" + "A" * 70 + "**7\\"
    lines = [
        nacha_entry(700, 1, "0002Receiver Company", addenda=2),
        nacha_addendum(message[:80]), nacha_addendum(message[80:], 2),
    ]  # fmt: skip
    reading = read(nacha(lines, sec="CTX"), "nacha")
    assert only(reading)["counterparty_name"] == "Receiver Company"
    assert only(reading, "payment_remittance")["document_number"] == "A" * 70, "the message runs on over addenda"
    assert reading.facts is not None and not reading.facts.warnings


def returned(code: str = "R01", kind: str = "99", text: str = "") -> str:
    trace = "121042880000007"
    return f"7{kind}{code}{trace}{'':<6}23138010{text:<44}121042880000001"


def test_a_return_is_a_status_of_the_original_payment() -> None:
    data = nacha([nacha_entry(5000, 1, code="26", addenda=1), returned(text="NSF")])
    reading = read(data, "nacha")
    status = only(reading, "payment_status")
    assert (status["level"], status["status"], status["reason_code"]) == ("transaction", "RJCT", "R01")
    assert status["reason_text"] == "insufficient funds: NSF"
    assert (status["original_instruction_id"], status["original_end_to_end_id"]) == ("121042880000007", "INV-7")
    assert (status["original_amount"], status["original_currency"]) == (Decimal(50), "USD")
    assert set(reading.records) == {"payment_status"}, "a return is no payment"


def test_a_notification_of_change_and_an_acknowledgement() -> None:
    change = nacha([nacha_entry(0, 1, code="21", addenda=1), returned("C01", "98", "1918171614")], sec="COR")
    status = only(read(change, "nacha"), "payment_status")
    assert (status["status"], status["reason_code"], status["reason_text"]) == ("ACWC", "C01", "1918171614")
    receipt = nacha([nacha_entry(0, 1, code="24", id="121042880000007")], sec="ACK")
    status = only(read(receipt, "nacha"), "payment_status")
    assert (status["status"], status["original_instruction_id"]) == ("RCVD", "121042880000007")


def test_check_entries_carry_a_check_number() -> None:
    row = only(read(nacha([nacha_entry(-2500, 1, id="123879654")], sec="ARC"), "nacha"))
    assert (row["cheque_number"], row["end_to_end_id"]) == ("123879654", None)


def test_accounting_advices_are_rejected_by_name() -> None:
    lines = [
        "101 231380104 1210428822603310600A094101Federal Reserve Bank   My Bank Name                   ",
        "5280Our Company                         121042882 ADVAccounting      260402   0121042880000001",
        "681231380104744-5678-99    00000005000012104288211131 Name                    0011000010500001",
        f"8280{1:06d}{23138010:010d}{0:020d}{50000:020d}{'Our Company':<19}12104288{1:07d}",
        f"9{1:06d}{1:06d}{1:08d}{23138010:010d}{0:020d}{50000:020d}",
    ]
    reading = read("\n".join(lines), "nacha")
    (reject,) = reading.rejects
    assert (reject.found, reject.amount) == ("ADV", Decimal(500)) and not reading.records


def test_warnings_for_what_moves_no_total() -> None:
    entries = [nacha_entry(100, 1, routing="231380105"), nacha_entry(0, 2, code="23")]
    reading = read(nacha(entries, service="225"), "nacha")
    assert reading.facts is not None
    warnings = " ".join(reading.facts.warnings)
    assert all(word in warnings for word in ("check digit", "debits only", "no amount"))


GOOD = nacha([nacha_entry(1234, 1)], [nacha_entry(-99, 2)])


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"0000001234INV", b"0000001235INV", "total of credits"),
        (b"0000000099INV", b"0000000098INV", "total of debits"),
        (b"62223138010", b"62223138011", "entry hash"),
        (b"8200000001", b"8200000002", "number of entries"),
        (b"\n9000002", b"\n9000003", "number of batches"),
        (b"\n9000002000001", b"\n9000002000002", "number of blocks"),
        (b"\n900000200000100000002", b"\n900000200000100000003", "number of entries"),
        (b"121042880000001\n5", b"121042880000009\n5", "batch number"),
        (b"0000001234INV", b"00000012X4INV", "cannot be read"),
        (b"\n622", b"\n699", "cannot be read"),
        (b"101 ", b"102 ", "file header"),
        (b"094101", b"080101", "file header"),
        (b"\n8200", b"\n4200", "out of order"),
    ],
)
def test_wrong_totals_and_order_are_refused(old: bytes, new: bytes, reason: str) -> None:
    changed = GOOD.replace(old, new, 1)
    assert changed != GOOD
    verdict = outcome(changed, "nacha")
    assert isinstance(verdict, FileRejected)
    assert reason in verdict.reason and verdict.place and verdict.found and verdict.advice


@pytest.mark.parametrize(
    "data",
    [
        GOOD.replace(b"\n", b"\r\n"),
        GOOD.replace(b"\n", b""),
        GOOD.replace(b"\n", b"") + b"\n",
        GOOD.replace(b"\n", b"").rstrip(b"9").rstrip() + b"\r\n",
        b"\n".join(GOOD.replace(b"\n", b"")[at : at + 94 * 4] for at in range(0, 940, 94 * 4)),
        GOOD.replace(b" \n", b"\n"),
        GOOD.rstrip(b"9\n") + b"\n",
        b"\xef\xbb\xbf" + GOOD,
        GOOD + b"\n\n",
    ],
)
def test_line_ends_padding_and_fillers_change_nothing(data: bytes) -> None:
    assert read(data, "nacha").content() == read(GOOD, "nacha").content()


def test_files_one_after_another_are_read_as_two() -> None:
    twice = read(GOOD + nacha([nacha_entry(1, 1)], modifier="B"), "nacha")
    assert len({row["message_id"] for row in twice["payment_message"]}) == 3
    numbers = [row["transaction_number"] for row in twice["payment_instruction"]]
    assert numbers == [1, 2, 3]


def test_byte_ranges_hold_the_entry_and_its_addenda() -> None:
    data = nacha([nacha_entry(1, 1, addenda=1), nacha_addendum("one")], [nacha_entry(2, 2)])
    for row in read(data, "nacha")["payment_instruction"]:
        piece = data[row["byte_start"] : row["byte_end"]].split(b"\n")
        assert piece[0][:1] == b"6" and all(line[:1] == b"7" for line in piece[1:])
        assert data[: row["byte_start"]].count(b"\n") + 1 == row["file_line"]


@pytest.mark.parametrize(("data", "reason"), [(b"", "empty"), (b"\0", "NUL"), (b"hello", "header"), (b"1" * 5000, "")])
def test_files_that_are_none_are_refused(data: bytes, reason: str) -> None:
    verdict = outcome(data, "nacha")
    assert isinstance(verdict, FileRejected) and reason in verdict.reason and verdict.expected


@pytest.mark.parametrize("size", [7, 61, 500])
def test_where_a_file_is_cut_into_chunks_changes_nothing(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from test_bank_file_properties import FILES

    whole = {format: read(data, format).content() for format, data in FILES.items()}
    for module, name in ((mt94_cut, "CHUNK"), (ofx_text, "_CHUNK"), (nacha_records, "_CHUNK"), (bai2_lines, "CHUNK")):
        monkeypatch.setattr(module, name, size)
    assert {format: read(data, format).content() for format, data in FILES.items()} == whole


def international_entry(cents: int, code: str = "22") -> str:
    """An IAT entry: what others say in the entry itself stands in its addenda."""
    return f"6{code}2313801040007{'':<13}{cents:010d}{'DE89370400440532013000':<35}{'':<4}1121042880000001"


def international_addenda() -> list[str]:
    said = {
        "10": f"ANN{10000:018d}{'':<22}{'Receiver GmbH':<35}", "11": f"{'Our Company':<35}{'1 Main St':<35}",
        "12": f"{'Boston*MA':<35}{'US*02110':<35}", "13": f"{'My Bank':<35}01{'121042882':<34}US",
        "14": f"{'Their Bank':<35}01{'COBADEFFXXX':<34}DE", "15": f"{'CUST-5':<15}{'Hauptstr. 1':<35}",
        "16": f"{'Berlin':<35}{'DE*10115':<35}", "17": "Invoice 7",
    }  # fmt: skip
    return [f"{'7' + kind + text:<83}{number:04d}0000001" for number, (kind, text) in enumerate(said.items(), 1)]


def test_an_international_entry_names_its_receiver_in_addenda() -> None:
    lines = [international_entry(10000), *international_addenda()]
    payment = only(read(nacha(lines, sec="IAT"), "nacha"))
    assert (payment["amount"], payment["counterparty_name"], payment["counterparty_country"]) == (
        100, "Receiver GmbH", "DE",
    )  # fmt: skip
    assert (payment["counterparty_account"], payment["end_to_end_id"]) == ("DE89370400440532013000", "CUST-5")
    assert payment["remittance_unstructured"] == "Invoice 7"


def test_an_international_return_is_a_status() -> None:
    lines = [international_entry(10000, "21"), *international_addenda(), returned("R03")]
    status = only(read(nacha(lines, sec="IAT"), "nacha"), "payment_status")
    assert (status["status"], status["reason_code"], status["original_amount"]) == ("RJCT", "R03", 100)


def test_a_dishonored_return_is_no_end_of_the_payment() -> None:
    lines = [
        nacha_entry(5000, 1, code="26", addenda=1),
        "799R68121042880000007      23138010   23138010000000117901Untimely Return      121042880000001",
    ]
    reading = read(nacha(lines), "nacha")
    assert reading["payment_status"] == []
    (reject,) = reading.rejects
    assert (reject.field, reject.found) == (
        "return reason", "R68 untimely return: Untimely Return of 121042880000007",
    )  # fmt: skip
    assert (reject.amount, reject.currency) == (Decimal(50), "USD") and "may stand" in reject.advice


def test_a_contested_dishonored_return_says_that_the_return_stands() -> None:
    lines = [
        nacha_entry(5000, 1, code="26", addenda=1),
        "799R72121042880000007140503345130931793451309300000011790134513093000009917968 121042880000001",
    ]
    status = only(read(nacha(lines), "nacha"), "payment_status")
    assert (status["status"], status["reason_code"]) == ("RJCT", "R72")
    assert status["reason_text"] == "return stands: the dishonored return was untimely"


@pytest.mark.parametrize(
    ("cents", "code", "found"),
    [(5000, "26", "26: a return"), (5000, "21", "21: a return"), (500, "23", "23: a prenotification"),
     (-500, "38", "38: a prenotification"), (500, "24", "24: a prenotification"), (100, "20", "20: a code without")],
)  # fmt: skip
def test_a_code_by_which_no_money_moves_makes_no_payment(cents: int, code: str, found: str) -> None:
    reading = read(nacha([nacha_entry(cents, 1, code=code), nacha_entry(7, 2)]), "nacha")
    (reject,) = reading.rejects
    assert reject.found.startswith(found) and reject.amount == Decimal(abs(cents)) / 100 and reject.line == 3
    assert only(reading)["amount"] == Decimal("0.07")
    assert only(reading, "payment_message")["declared_sum"] is None, "the file's total is not that of its payments"


def test_a_refused_change_changes_nothing() -> None:
    change = nacha([nacha_entry(0, 1, code="21", addenda=1), returned("C61", "98", "1918171614")], sec="COR")
    reading = read(change, "nacha")
    (reject,) = reading.rejects
    assert (reject.field, reject.found) == ("change code", "C61 of 121042880000007") and not reading.records


def test_the_class_decides_where_fields_lie() -> None:
    entry = nacha_entry(700, 1, "0002Receiver Company", addenda=2)
    lines = [entry, nacha_addendum("a"), nacha_addendum("b", 2)]
    assert only(read(nacha(lines, sec="ctx"), "nacha"))["counterparty_name"] == "Receiver Company"
    for sec in ("CBR", "XYZ", "   "):
        verdict = outcome(nacha(lines, sec=sec), "nacha")
        assert isinstance(verdict, FileRejected) and "class" in verdict.reason and verdict.place == "batch 1, line 2"
    card = only(read(nacha([nacha_entry(-100, 1, "4111111111111111", id="1226DOC-7")], sec="SHR"), "nacha"))
    assert (card["counterparty_name"], card["end_to_end_id"]) == (None, "DOC-7")
    cheque = only(read(nacha([nacha_entry(-100, 1, "123456item research", id="987")], sec="TRC"), "nacha"))
    assert (cheque["counterparty_name"], cheque["cheque_number"]) == (None, "987")
    assert cheque["remittance_unstructured"] == "123456item research"


def test_addenda_and_controls_of_others_are_told() -> None:
    def warnings(data: bytes) -> str:
        reading = read(data, "nacha")
        assert reading.facts is not None
        return " ".join(reading.facts.warnings)

    good = nacha([nacha_entry(1, 1, addenda=1), nacha_addendum("one")], sec="CCD")
    assert "another" not in warnings(good)
    lines = good.split(b"\n")
    addendum = next(at for at, line in enumerate(lines) if line.startswith(b"7"))
    other = [*lines[:addendum], lines[addendum][:87] + b"0000009", *lines[addendum + 1 :]]
    assert "addenda name another entry" in warnings(b"\n".join(other))
    control = next(at for at, line in enumerate(lines) if line.startswith(b"8"))
    for place, size, word in ((1, 3, "service class"), (44, 10, "company"), (79, 8, "originating bank")):
        changed = lines[control][:place] + b"9" * size + lines[control][place + size :]
        assert word in warnings(b"\n".join([*lines[:control], changed, *lines[control + 1 :]]))
    assert "lacks the addenda (10)" in warnings(nacha([international_entry(100)], sec="IAT"))


def test_a_long_file_with_the_line_ends_of_old_macs() -> None:
    data = nacha([nacha_entry(1, number) for number in range(1, 12_001)])
    assert len(data) > 1 << 20
    assert read(data.replace(b"\n", b"\r"), "nacha").content() == read(data, "nacha").content()


def test_the_largest_totals_are_exact() -> None:
    reading = read(nacha([nacha_entry(9_999_999_999, number) for number in range(1, 101)]), "nacha")
    assert only(reading, "payment_message")["computed_sum"] == Decimal("9999999999.00")


OWN_BANK = "121042882"  # the originating bank of the batches, 12104288


@pytest.mark.parametrize("first", [True, False])
def test_what_balances_a_batch_on_the_own_account_is_no_payment(first: bool) -> None:
    """Payroll with the debit of its sum on the employer's account, which was taken for money expected from somebody."""
    paid = [nacha_entry(500, 1, "Ada"), nacha_entry(300, 2, "Ben")]
    own = nacha_entry(-800, 3, "Our Company", id="OFFSET", routing=OWN_BANK)
    reading = read(nacha([own, *paid] if first else [*paid, own]), "nacha")
    assert [row["counterparty_name"] for row in reading["payment_instruction"]] == ["Ada", "Ben"]
    message, batch = only(reading, "payment_message"), only(reading, "payment_batch")
    assert (message["direction"], message["declared_sum"], message["computed_sum"]) == ("credit_transfer", 8, 8)
    assert (batch["declared_sum"], batch["computed_sum"]) == (8, 8)
    assert reading.facts is not None and any("the debit of 8.00 on account" in one for one in reading.facts.warnings)


@pytest.mark.parametrize(
    "entries",
    [
        [nacha_entry(800, 1), nacha_entry(-800, 2)],  # neither is with the originating bank
        [nacha_entry(800, 1, routing=OWN_BANK), nacha_entry(-800, 2, routing=OWN_BANK)],  # both are
        [nacha_entry(500, 1), nacha_entry(-300, 2, routing=OWN_BANK)],  # nothing is balanced
        [nacha_entry(800, 1), nacha_entry(-500, 2, routing=OWN_BANK), nacha_entry(-300, 3, routing=OWN_BANK)],
    ],
)
def test_what_only_might_balance_a_batch_is_a_payment(entries: list[str]) -> None:
    reading = read(nacha(entries), "nacha")
    assert len(reading["payment_instruction"]) == len(entries)
    numbers = sorted((row["transaction_number"], row["record_number"]) for row in reading["payment_instruction"])
    assert numbers == [(place, place) for place in range(1, len(entries) + 1)]


def test_a_batch_that_is_balanced_has_payments_in_the_next() -> None:
    balanced = [nacha_entry(800, 1), nacha_entry(-800, 2, routing=OWN_BANK)]
    reading = read(nacha(balanced, [nacha_entry(-300, 3)]), "nacha")
    messages = {row["direction"]: row["declared_sum"] for row in reading["payment_message"]}
    assert messages == {"credit_transfer": 8, "direct_debit": 3}


def test_all_that_balances_batches_is_told_however_many_there_are() -> None:
    """Warnings end at fifty; what is left out as no payment must be told in full."""
    batches = [[nacha_entry(800, 1), nacha_entry(-800, 2, routing=OWN_BANK)] for _ in range(60)]
    reading = read(nacha([nacha_entry(0, 1)], *batches), "nacha")
    assert len(reading["payment_instruction"]) == 61 and reading.facts is not None
    (told,) = [one for one in reading.facts.warnings if "balances the batch" in one]
    assert told.endswith("balances the batch, here and in 59 more; 480.00 in all are no payment")
