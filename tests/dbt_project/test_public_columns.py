"""A public column changes only with a new version of its mart."""

from __future__ import annotations

import yaml
from public_columns import MARTS, breaks, declared, recorded


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


def test_every_public_mart_has_a_reader_that_is_named() -> None:
    exposures = yaml.safe_load(MARTS.with_name("_exposures.yml").read_text(encoding="utf-8"))["exposures"]
    read = {ref for exposure in exposures for ref in exposure["depends_on"]}
    unread = [model for model in declared() if f"ref('{model.partition('.')[0]}')" not in read]
    assert unread == []
    assert all(exposure["owner"]["name"] and exposure["description"] for exposure in exposures)
