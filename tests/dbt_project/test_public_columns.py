"""A public column changes only with a new version of its mart."""

from __future__ import annotations

from public_columns import breaks, declared, recorded


def test_no_public_column_changes_without_a_new_version() -> None:
    assert breaks(recorded(), declared()) == []


def test_the_snapshot_knows_every_public_column() -> None:
    assert recorded() == declared(), "run: python tests/dbt_project/public_columns.py"


def test_a_column_that_goes_or_changes_is_a_break_and_a_new_one_is_not() -> None:
    before = {"mart.v1": {"a": "varchar", "b": "date"}}
    assert breaks(before, {"mart.v1": {"a": "varchar", "b": "date", "c": "bigint"}}) == []
    assert breaks(before, {"mart.v1": {"a": "bigint"}, "mart.v2": {}}) == [
        "mart.v1.a was varchar, is bigint; a new version has to carry the change",
        "mart.v1.b is gone; a new version has to carry the change",
    ]
    assert breaks(before, {"mart.v2": {}})[0].startswith("mart.v1 is gone")
