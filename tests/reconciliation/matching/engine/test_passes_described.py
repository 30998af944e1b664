"""The reference page of passes names every kind of pass and every rule of amount, and none that is not there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from reconciliation.matching.amount_rules import RuleName
from reconciliation.matching.passes import MODULES

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "matching-passes.md"


def test_every_kind_of_pass_and_rule_of_amount_has_its_line() -> None:
    passes, rules = PAGE.read_text(encoding="utf-8").split("| `rule` of `amounts`")
    assert set(_named(passes)) - {"kind"} == set(MODULES)
    assert set(_named(rules)) == set(get_args(RuleName))


def _named(table: str) -> list[str]:
    return re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
