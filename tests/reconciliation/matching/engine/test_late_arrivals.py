"""What arrives late: a leg that comes first in the rules comes first whenever its items are there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import polars as pl
import pytest
from example_items import day, items

from reconciliation.contracts import DECISION, DECISION_ITEM, LINK
from reconciliation.matching import Ledger, Rules, match_leg, parse_rules, preset
from reconciliation.matching.decided_groups import applied_in_pools
from reconciliation.matching.decisions import apply_decisions
from reconciliation.matching.ledger import carry_forward, new_ledger
from simulation.scale import write_scale

Frames = dict[str, pl.DataFrame]
Together = set[tuple[str, frozenset[str]]]
RULES = parse_rules("""\
legs:
  - name: bank_lines_payments
    left: {dataset: bank_lines, pool: cash}
    right: {dataset: payments, pool: cash}
    passes:
      - {kind: reference, amounts: [equal]}
      - {kind: reference, name: shared_word, find: texts, odds: 10, amounts: [equal]}  # for a suggestion
  - name: payments_open_items
    left: {dataset: payments, pool: ledger}
    right: {dataset: open_items, pool: ledger}
    passes: [{kind: links}, {kind: reference, find: left_text, amounts: [equal, sum]}]
  - name: returns
    left: {dataset: bank_lines, pool: reversal, blocked_by: [cash]}
    right: {dataset: bank_lines, pool: reversal, report_unmatched: false}
    passes: [{kind: offset, by: reference}]
  - name: bank_lines_open_items
    left: {dataset: bank_lines, pool: cash, blocked_by: [reversal]}
    right: {dataset: open_items, pool: ledger}
    passes: [{kind: reference_text, amounts: [equal, sum, partial]}]
""")
BILLS = items(
    {"item_id": "I1", "amount": -70, "references": ["INV-4001"]},
    {"item_id": "I2", "amount": -30, "references": ["INV-4002"]},
)
LINES = items(
    {"item_id": "B1", "amount": -100, "on": 5, "references": ["PAY-1"], "text": "ACCT-77881 INV-4001 INV-4002"},
    {"item_id": "B2", "amount": -55, "on": 5},
)
PAYMENTS = items(
    {"item_id": "P1", "amount": -100, "on": 4, "references": ["PAY-1"], "text": "INV-4001 INV-4002"},
)  # fmt: skip
NONE = items()


class Books:
    """A ledger, with all that was ever superseded in it and why."""

    def __init__(self) -> None:
        self.ledger, self.superseded, self.unmatched = Ledger.empty(), dict[str, str](), dict[str, pl.DataFrame]()

    def run(self, world: Frames, rules: Rules = RULES, links: pl.DataFrame | None = None, confirmed: str = "") -> Books:
        """One run: every leg in order, until nothing changes any more."""
        for _ in range(4):
            changed = [self._leg(leg.name, world, rules, links, confirmed) for leg in rules.legs]
            if not any(changed):
                return self
        raise AssertionError("legs take matches from each other in turn")

    def groups(self, *statuses: str) -> Together:
        """The items of groups in force, by leg; groups that share an item are one, as they are in one run over all."""
        held = self.ledger.groups.filter(pl.col("status").is_in(statuses)).join(self.ledger.items, on="group_id")
        found: Together = set()
        for (leg,), own in held.sort("group_id").group_by(["leg"]):
            parts: list[set[str]] = []
            for ids in own.group_by("group_id").agg("item_id")["item_id"].to_list():
                joined = [part for part in parts if not part.isdisjoint(ids)]
                parts = [part for part in parts if part.isdisjoint(ids)] + [set(ids).union(*joined)]
            found |= {(str(leg), frozenset(part)) for part in parts}
        return found

    def _leg(self, leg: str, world: Frames, rules: Rules, links: pl.DataFrame | None, confirmed: str) -> bool:
        kept, released = carry_forward(self.ledger, world, rules)
        decided = apply_decisions(kept, *_confirming(kept, confirmed), world, rules, date(2024, 4, 1))
        own = {
            name: world[name] for name in rules.leg(leg).datasets(rules)
        }  # as a run does: what no leg asks for is not read
        result = match_leg(leg, own, rules, links=links, ledger=decided.ledger, holds=decided.holds)
        change = new_ledger(self.ledger, released, result)
        gone = [name for name in change.superseded if name in set(self.ledger.groups["group_id"])]
        self.superseded |= {name: change.superseded[name] for name in gone}
        groups = pl.concat([self.ledger.groups.filter(~pl.col("group_id").is_in(gone)), change.groups])
        members = pl.concat([self.ledger.items, change.items]).join(groups, on="group_id", how="semi")
        self.ledger, self.unmatched[leg] = Ledger(groups, members), result.unmatched
        return bool(gone or change.groups.height)


def _confirming(ledger: Ledger, group_id: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The decision of a person to keep a match."""
    held = ledger.items.filter(pl.col("group_id") == group_id)
    made = {
        "decision_id": "D1", "kind": "confirm", "actor": "Ada", "decided_at": datetime(2024, 3, 9, tzinfo=UTC),
        "reason": "seen", "leg": dict(ledger.groups.select("group_id", "leg").rows()).get(group_id),
    }  # fmt: skip
    rows = [
        {"decision_id": "D1"} | row for row in held.select("dataset", "item_id", amount="applied_amount").to_dicts()
    ]
    return pl.DataFrame([made] if rows else [], schema=DECISION), pl.DataFrame(rows, schema=DECISION_ITEM)


def _world(payments: pl.DataFrame) -> Frames:
    return {"bank_lines": LINES, "payments": payments, "open_items": BILLS}


def test_a_match_of_a_later_leg_gives_way_to_a_payment_that_arrives_late() -> None:
    books = Books().run(_world(NONE))
    assert books.groups("matched") == {("bank_lines_open_items", frozenset({"B1", "I1", "I2"}))}
    (straight,) = books.ledger.groups["group_id"]
    books.run(_world(PAYMENTS))
    assert books.groups("matched") == {
        ("bank_lines_payments", frozenset({"B1", "P1"})),
        ("payments_open_items", frozenset({"P1", "I1", "I2"})),
    }
    heir = books.ledger.groups.filter(pl.col("leg") == "bank_lines_payments")["group_id"][0]
    assert books.superseded == {straight: f"{heir} of the earlier leg bank_lines_payments"}
    once = Books().run(_world(PAYMENTS))
    assert sorted(books.ledger.groups["group_id"]) == sorted(once.ledger.groups["group_id"])
    assert all(books.unmatched[leg].equals(once.unmatched[leg]) for leg in once.unmatched)


def test_a_match_that_a_person_has_confirmed_gives_way_to_none() -> None:
    books = Books().run(_world(NONE))
    (straight,) = books.ledger.groups["group_id"]
    books.run(_world(PAYMENTS), confirmed=straight)
    assert books.groups("matched") == {("bank_lines_open_items", frozenset({"B1", "I1", "I2"}))}
    assert books.superseded == {}


def test_a_suggestion_does_not_take_what_a_later_leg_has_matched() -> None:
    """A number that line and payment share says that the payment may be meant; the bills that the line names are surer."""
    unnamed = items({"item_id": "P1", "amount": -100, "on": 4, "text": "ACCT-77881"})
    assert ("bank_lines_payments", frozenset({"B1", "P1"})) in Books().run(_world(unnamed)).groups("suggested")
    books = Books().run(_world(NONE)).run(_world(unnamed))
    assert books.groups("matched") == {("bank_lines_open_items", frozenset({"B1", "I1", "I2"}))}
    assert (books.groups("suggested"), books.superseded) == (set(), {})
    assert books.unmatched["bank_lines_payments"]["item_id"].to_list() == ["B2", "P1"]


def test_a_bill_is_open_again_when_its_payment_comes_back_days_later() -> None:
    back = items({"item_id": "B3", "amount": 100, "on": 8, "references": ["PAY-1"], "kind": "return"})
    books = Books().run(_world(NONE)).run(_world(NONE) | {"bank_lines": pl.concat([LINES, back])})
    assert books.groups("matched") == {("returns", frozenset({"B1", "B3"}))}
    assert books.unmatched["bank_lines_open_items"].filter(pl.col("dataset") == "open_items")["item_id"].to_list() == [
        "I1",
        "I2",
    ]


def test_what_is_left_of_an_item_is_no_reason_to_give_way() -> None:
    """A payment of seventy of a bill of which a line has paid thirty."""
    bill = items({"item_id": "I1", "amount": -100, "references": ["INV-4001"]})
    part = items({"item_id": "B1", "amount": -30, "on": 5, "text": "INV-4001"})
    link = pl.DataFrame([("payments", "P1", "open_items", "I1", -70, None)], schema=LINK, orient="row")
    world = {"bank_lines": part, "payments": NONE, "open_items": bill}
    books = Books().run(world)
    rest = items({"item_id": "P1", "amount": -70, "on": 6})
    books.run(world | {"payments": rest}, links=link)
    assert books.groups("matched") == {
        ("bank_lines_open_items", frozenset({"B1", "I1"})),
        ("payments_open_items", frozenset({"P1", "I1"})),
    }
    assert books.superseded == {}


def _arrivals(
    world: Frames, links: pl.DataFrame, late: tuple[str, ...], seed: int
) -> Iterator[tuple[Frames, pl.DataFrame]]:
    """What is known after each of two runs: half of the rows of the datasets `late` come with the second."""
    draw = Random(seed)  # noqa: S311 - a test world, no secret
    come = {
        name: pl.Series([draw.choice((0, 1)) if name in late else 0 for _ in range(frame.height)])
        for name, frame in world.items()
    }
    for number in range(2):
        known = {name: frame.filter(come[name] <= number) for name, frame in world.items()}
        ids = pl.concat([frame.select("item_id") for frame in known.values()])["item_id"]
        yield known, links.filter(pl.col("left_id").is_in(ids.implode()), pl.col("right_id").is_in(ids.implode()))


def test_payment_files_that_arrive_late_leave_what_one_run_would_have_found(tmp_path: Path) -> None:
    """All rules of payables, on days that bring payments and the advices of what they pay long after the bank lines."""
    write_scale(tmp_path, 60, 0, hard=True)
    world = {name: pl.read_parquet(tmp_path / f"{name}.parquet") for name in ("bank_lines", "payments", "open_items")}
    links, rules = pl.read_parquet(tmp_path / "links.parquet"), preset("payables")
    once, late = Books().run(world, rules, links), Books()
    for known, advices in _arrivals(world, links, ("payments",), 0):
        late.run(known, rules, advices)
        _assert_nothing_is_used_twice(late, known, rules)
    assert len(late.superseded) > 10
    assert late.groups("matched") == once.groups("matched")
    told = [{leg: set(rows["item_id"]) for leg, rows in books.unmatched.items()} for books in (once, late)]
    assert told[0] == told[1]


def _assert_nothing_is_used_twice(books: Books, world: Frames, rules: Rules) -> None:
    matched = books.ledger.groups.filter(pl.col("status") == "matched").select("group_id", "leg")
    used = applied_in_pools(books.ledger.items.join(matched, on="group_id"), rules)
    amounts = pl.concat(
        [frame.select(pl.lit(name).alias("dataset"), "item_id", "amount") for name, frame in world.items()]
    )
    sums = used.group_by("dataset", "item_id", "pool").agg(pl.col("applied_amount").sum())
    met = sums.join(amounts, on=["dataset", "item_id"], how="left")
    assert (
        met.filter(
            (pl.col("applied_amount").abs() <= pl.col("amount").abs())
            & (pl.col("applied_amount") * pl.col("amount") > 0)
        ).height
        == met.height
    )


def test_a_payment_that_named_a_bill_not_known_yet_is_told_whole_when_the_bill_comes() -> None:
    """With the second bill the discount shows: the part that the first one had in full was not what was paid."""
    discount: dict[str, object] = {"discount_until": day(20), "due_date": day(40)}
    bills = [
        {"item_id": "I1", "amount": -100, "references": ["INV-4001"], "discount_amount": -2} | discount,
        {"item_id": "I2", "amount": -50, "references": ["INV-4002"], "discount_amount": -1} | discount,
    ]
    rules = parse_rules("""\
legs:
  - name: payments_open_items
    left: {dataset: payments, pool: ledger}
    right: {dataset: open_items, pool: ledger}
    passes: [{kind: reference, find: left_text, amounts: [equal, sum, {rule: discount, days: 5}, partial]}]
""")
    paid = items({"item_id": "P1", "amount": -147, "on": 5, "text": "INV-4001 INV-4002"})
    books = Books().run({"payments": paid, "open_items": items(bills[0])}, rules)
    ((part, applied),) = (
        books.ledger.items.filter(pl.col("item_id") == "I1").select("group_id", "applied_amount").rows()
    )
    assert applied == -100
    books.run({"payments": paid, "open_items": items(*bills)}, rules)
    assert books.groups("matched") == {("payments_open_items", frozenset({"P1", "I1", "I2"}))}
    assert books.superseded == {part: books.ledger.groups["group_id"][0]}


def test_an_instalment_stands_when_the_next_one_comes() -> None:
    rules = parse_rules("""\
legs:
  - name: bank_lines_open_items
    left: {dataset: bank_lines, pool: cash}
    right: {dataset: open_items, pool: ledger}
    passes: [{kind: reference_text, amounts: [equal, sum, partial]}]
""")
    bill = items({"item_id": "I1", "amount": 100, "references": ["INV-4001"]})
    paid = [
        {"item_id": f"B{n}", "amount": amount, "on": 5 * n, "text": "INV-4001"}
        for n, amount in ((1, 30), (2, 45), (3, 25))
    ]
    books, made = Books(), list[str]()
    for known in (paid[:1], paid[:2], paid):
        books.run({"bank_lines": items(*known), "open_items": bill}, rules)
        made += [name for name in books.ledger.groups["group_id"] if name not in made]
    assert (books.superseded, sorted(books.ledger.groups["group_id"])) == ({}, sorted(made))
    assert len(made) == 3 and books.groups("matched") == {
        ("bank_lines_open_items", frozenset({"B1", "B2", "B3", "I1"}))
    }


@pytest.mark.parametrize("seed", range(2))
def test_whatever_arrives_late_the_same_items_are_brought_together(tmp_path: Path, seed: int) -> None:
    """Half of the lines, payments and bills, and what names them, come later: but for what is near the threshold it ends alike."""
    write_scale(tmp_path, 60, seed, hard=True)
    world = {name: pl.read_parquet(tmp_path / f"{name}.parquet") for name in ("bank_lines", "payments", "open_items")}
    links, rules = pl.read_parquet(tmp_path / "links.parquet"), preset("payables")
    once, late = Books().run(world, rules, links), Books()
    for known, advices in _arrivals(world, links, tuple(world), seed):
        late.run(known, rules, advices)
        _assert_nothing_is_used_twice(late, known, rules)
    both = once.groups("matched") & late.groups("matched")
    assert len(both) > 60
    assert once.groups("matched") - both <= late.groups("suggested")
    assert late.groups("matched") - both <= once.groups("suggested")
