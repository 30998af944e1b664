"""The same thirty days in thirty runs and in one: the same items are brought together, whatever day they came on."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from reconciliation.matching import Ledger, match, parse_rules
from reconciliation.matching.ledger import carry_forward, new_ledger
from simulation.scale import write_scale

DAYS, BANK_LINES, SEED = 30, 120, 4
RULES = parse_rules("""\
legs:
  - name: bank_lines_payments
    left: {dataset: bank_lines, pool: cash}
    right: {dataset: payments, pool: cash}
    passes:
      - {kind: reference, amounts: [equal]}
      - {kind: batch}
      - {kind: reference, name: word, find: left_text, amounts: [equal, {rule: fee, up_to: 50}]}
      - {kind: amount_date, before: 2, after: 8}
  - name: payments_open_items
    left: {dataset: payments, pool: ledger}
    right: {dataset: open_items, pool: ledger}
    passes:
      - {kind: links}
  - name: bank_lines_open_items
    left: {dataset: bank_lines, pool: cash}
    right: {dataset: open_items, pool: ledger}
    passes:
      - kind: reference
        find: left_text
        first_pays: true
        amounts: [equal, sum, subset, {rule: discount, days: 5}, {rule: fee, up_to: 50}, partial]
""")
Frames = dict[str, pl.DataFrame]
Together = set[tuple[str, frozenset[str]]]


def run(ledger: Ledger, items: Frames, links: pl.DataFrame) -> Ledger:
    """The ledger after a run on these items."""
    kept, released = carry_forward(ledger, items)
    change = new_ledger(ledger, released, match(items, RULES, links=links, ledger=kept))
    groups = pl.concat([ledger.groups.filter(~pl.col("group_id").is_in(list(change.superseded))), change.groups])
    members = pl.concat([ledger.items, change.items]).join(groups.select("group_id"), on="group_id", how="semi")
    return Ledger(groups, members)


def so_far(items: Frames, links: pl.DataFrame, day: date) -> tuple[Frames, pl.DataFrame]:
    """What is dated up to a day, and the links of what is there."""
    known = {name: frame.filter(pl.col("date") <= day) for name, frame in items.items()}
    ids = pl.concat([frame.select("item_id") for frame in known.values()])
    for side in ("left_id", "right_id"):
        links = links.join(ids, left_on=side, right_on="item_id", how="semi")
    return known, links


def together(ledger: Ledger, *statuses: str) -> Together:
    """The items that groups of these statuses bring together in a leg: groups of one item, as of an invoice that is paid by
    instalments, are one, because in one run they are."""
    groups = ledger.groups.filter(pl.col("status").is_in(statuses))
    found: Together = set()
    for (leg,), held in groups.join(ledger.items, on="group_id").group_by(["leg"]):
        parts: list[set[str]] = []
        for ids in held.group_by("group_id").agg("item_id")["item_id"].to_list():
            joined = [part for part in parts if not part.isdisjoint(ids)]
            parts = [part for part in parts if part.isdisjoint(ids)] + [set(ids).union(*joined)]
        found |= {(str(leg), frozenset(part)) for part in parts}
    return found


def test_thirty_runs_bring_together_what_one_run_does(tmp_path: Path) -> None:
    """What is sure enough on its day stands, also where later days make it likely only: each match of the one is a match or a
    suggestion of the other, and nearly all are matches of both."""
    write_scale(tmp_path, BANK_LINES, SEED, hard=True)
    items = {name: pl.read_parquet(tmp_path / f"{name}.parquet") for name in ("bank_lines", "payments", "open_items")}
    links = pl.read_parquet(tmp_path / "links.parquet")
    dates = pl.concat([frame.select("date") for frame in items.values()])["date"].sort()
    daily = Ledger.empty()
    for number in range(1, DAYS + 1):
        daily = run(daily, *so_far(items, links, dates[len(dates) * number // DAYS - 1]))
    once = run(Ledger.empty(), items, links)
    both = together(once, "matched") & together(daily, "matched")
    assert len(both) > 100
    assert together(once, "matched") - both <= together(daily, "suggested")
    assert together(daily, "matched") - both <= together(once, "suggested")
    assert len(together(once, "matched") ^ together(daily, "matched")) <= 1
