"""What people decided shows in the models: golden parties follow a person's word, the queue says what was decided by whom."""

from __future__ import annotations

from datetime import date

from decided import IGNORED_ROW
from small_warehouse import SmallWarehouse


def test_a_person_joins_parties_that_no_evidence_joins(built: SmallWarehouse) -> None:
    assert built.one(
        "SELECT members, confidence FROM canonical.golden_counterparty "
        "WHERE counterparty_ids = 'netsuite|supplier|Q2, sap|supplier|Q1'"
    ) == (2, 1.0)


def test_parties_told_apart_are_not_joined_through_a_third(built: SmallWarehouse) -> None:
    assert built.rows(
        "SELECT golden_id, members FROM canonical.golden_counterparty WHERE name LIKE '%ieme SA' OR name = 'Premier SA' ORDER BY 1"
    ) == [("netsuite|supplier|P2", 1), ("oracle|supplier|P3", 1), ("sap|supplier|P1", 1)]
    assert built.rows(
        "SELECT counterparty_link_id, objection, decided_by FROM canonical.counterparty_link "
        "WHERE objection IS NOT NULL ORDER BY 1"
    ) == [
        ("netsuite|supplier|P2 = oracle|supplier|P3", "would join parties that a person has told apart", None),
        ("netsuite|supplier|P2 = sap|supplier|P1", "a person has told them apart", "ada"),
        ("oracle|supplier|P3 = sap|supplier|P1", "would join parties that a person has told apart", None),
    ]


def test_what_such_a_word_leaves_open_is_asked(built: SmallWarehouse) -> None:
    assert built.rows(
        "SELECT object_id FROM marts.exception_queue WHERE cause = 'possible_same_party' AND decision_id IS NULL ORDER BY 1"
    ) == [("netsuite|supplier|P2 = oracle|supplier|P3",), ("oracle|supplier|P3 = sap|supplier|P1",)]


def test_a_row_set_aside_says_so_until_its_day(built: SmallWarehouse) -> None:
    assert built.rows(
        "SELECT exception_id, next_step, decided, ignored_until FROM marts.exception_queue WHERE ignored_until IS NOT NULL"
    ) == [(IGNORED_ROW, "Nothing before 2026-10-15", "ignore by ada: seen", date(2026, 10, 15))]


def test_a_decision_that_waits_or_has_lapsed_is_told(built: SmallWarehouse) -> None:
    assert built.rows(
        "SELECT object_id, decision_state, next_step FROM marts.exception_queue "
        "WHERE decision_state = 'waiting' OR cause = 'decision_lapsed' ORDER BY 1"
    ) == [
        ("D000007", None, "Decide anew about the items as they are now, or undo the decision"),
        ("dynamics|CHCO|D3||", "waiting", "A second person approves or declines decision D000006"),
    ]


def test_the_log_says_what_holds(built: SmallWarehouse) -> None:
    assert built.rows("SELECT decision_id, state, items FROM marts.decision_log ORDER BY 1") == [
        ("D000004", "holds", 0),
        ("D000005", "holds", 0),
        ("D000006", "waiting", 1),
        ("D000007", "lapsed", 1),
        ("D000008", "holds", 0),
        ("D000009", "undone", 0),
    ]
    assert built.one("SELECT about_decision FROM marts.decision_log WHERE kind = 'undo'") == ("D000009",)
