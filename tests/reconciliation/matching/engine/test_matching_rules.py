"""Rules are checked before they are used, and say what is wrong with them."""

from __future__ import annotations

import pytest

from reconciliation.matching import MatchingError, parse_rules, preset

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
