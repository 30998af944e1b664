"""The data dictionary page follows the YAML."""

from __future__ import annotations

from orchestration.data_dictionary import page, tables


def test_every_layer_and_contract_is_on_the_page() -> None:
    text = page()
    for heading in ("## marts", "## canonical", "## raw", "### marts.cash_position (v1)", "### raw.bank_entry"):
        assert f"\n{heading}\n" in text
    assert text == page()


def test_keys_and_references_are_told() -> None:
    line = next(table for table in tables() if table.name == "bank_statement_line")
    notes = {column.name: column.notes for column in line.columns}
    assert notes["bank_line_id"] == "never null, key"
    assert notes["statement_key"] == "refers to bank_statement"
