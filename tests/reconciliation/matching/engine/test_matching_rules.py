"""Rules are checked before they are used, and say what is wrong with them."""

from __future__ import annotations

import pytest

from reconciliation.matching import MatchingError, parse_rules, preset
from reconciliation.matching.passes import MODULES, pass_kind

LEG = """
legs:
  - name: one
    left: {dataset: a, pool: p}
    right: {dataset: b, pool: q}
    passes:
      - PASS
"""


@pytest.mark.parametrize("name", ["payables", "receivables", "two_sided"])
def test_shipped_presets_are_valid(name: str) -> None:
    assert preset(name).legs


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ("{kind: telepathy}", "unknown kind of pass 'telepathy'"),
        ("{kind: reference, colour: red}", "colour"),
        ("{kind: reference, amounts: [{rule: guess}]}", "guess"),
        ("{kind: amount_date, before: soon}", "before"),
    ],
)
def test_what_a_pass_does_not_know_is_an_error_with_file_and_key(declared: str, said: str) -> None:
    with pytest.raises(MatchingError, match=r"mine\.yml.*passes") as caught:
        parse_rules(LEG.replace("PASS", declared), "mine.yml")
    assert said in str(caught.value)


def test_the_version_follows_the_content_not_the_writing() -> None:
    one = parse_rules(LEG.replace("PASS", "reference"))
    same = parse_rules("# another comment\n" + LEG.replace("PASS", "{kind: reference}") + "author: somebody\n")
    other = parse_rules(LEG.replace("PASS", "{kind: reference, max_owners: 3}"))
    assert one.version == same.version != other.version


def test_an_unknown_leg_names_the_known_ones() -> None:
    with pytest.raises(MatchingError, match="bank_lines_payments"):
        preset("payables").leg("nonsense")


def test_two_passes_of_one_name_are_an_error() -> None:
    with pytest.raises(MatchingError, match="passes named twice: reference"):
        parse_rules(LEG.replace("PASS", "reference\n      - {kind: reference, find: left_text}"))


@pytest.mark.parametrize("kind", MODULES)
def test_a_pass_says_which_datasets_it_reads_beside_those_of_its_leg(kind: str) -> None:
    """A run of one leg is given no others."""
    for field in {"through", "unless"} & set(pass_kind(kind).model_fields):
        assert pass_kind(kind).model_validate({"kind": kind, field: "open_items"}).beside == ("open_items",)


def test_a_leg_looks_at_its_sides_and_at_what_its_passes_read() -> None:
    rules = preset("payables")
    assert rules.leg("bank_lines_payments").datasets(rules) == ("bank_lines", "payments", "open_items")
    assert rules.leg("returns").datasets(rules) == ("bank_lines", "payments", "open_items")
    assert rules.leg("own_transfers").datasets(rules) == ("bank_lines",)
