"""How right is two-sided matching by free text: fresh worlds of several habits, the shipped preset, the truth
beside it.

python benchmarks/matching/two_sided_quality.py [--seed N] [--events N] [--level easy|medium|hard] [--habit NAME]

A pair is a left and a right item of one group (of a group on one side only, two of its items). Printed per world:
precision, recall and F1 of pairs and the share of whole groups that are exactly right, for `matched` alone and with
`suggested`; and a naive matcher (equal amount, nearest date, first come first served) to show how hard the world is.
Over all worlds: what became of the pairs of each kind of line, and how often each pass was right (`--verbose`: per world too).
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, replace

import polars as pl

from reconciliation.matching import match, preset
from simulation.two_sided import EASY, HARD, TwoSided, TwoSidedSettings, two_sided

LEVELS = {"easy": EASY, "medium": TwoSidedSettings(), "hard": HARD}
HABITS = {  # bank style, ledger style, country, currency
    "us_narrative": ("us_commercial", "narrative", "us", "USD"),
    "german_names": ("german_sepa", "name_column", "de", "EUR"),
    "us_small": ("us_pos", "small_business", "us", "USD"),
    "uk_erp": ("uk_high_street", "erp", "uk", "GBP"),
    "french_narrative": ("french", "narrative", "fr", "EUR"),
    "uk_names": ("uk_high_street", "name_column", "uk", "GBP"),
}
FATES = ("matched", "suggested", "ambiguous")


@dataclass(frozen=True)
class Score:
    precision: float
    recall: float
    exact_precision: float
    exact_recall: float

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / max(self.precision + self.recall, 1e-9)

    def __str__(self) -> str:
        return (
            f"P {self.precision:.4f} R {self.recall:.4f} F1 {self.f1:.4f}"
            f"  groups P {self.exact_precision:.4f} R {self.exact_recall:.4f}"
        )


def pairs(groups: pl.DataFrame) -> pl.DataFrame:
    """The pairs of groups (group, dataset, item_id): left with right, or within the one side a group has."""
    both = groups.filter(pl.col("dataset").n_unique().over("group") > 1)
    left, right = (both.filter(dataset=side).rename({"item_id": side}) for side in ("left", "right"))
    crossed = left.join(right, on="group").select("left", "right")
    single = groups.filter(pl.col("dataset").n_unique().over("group") == 1)
    within = single.join(single, on="group").filter(pl.col("item_id") < pl.col("item_id_right"))
    return pl.concat([crossed, within.select(left="item_id", right="item_id_right")]).unique()


def score(found: pl.DataFrame, truth: pl.DataFrame) -> Score:
    """Pairs and whole groups of `found` against `truth`, both (group, dataset, item_id)."""
    mine, right = pairs(found), pairs(truth)
    hits = mine.join(right, on=["left", "right"], how="semi").height
    whole, true_whole = (
        frame.group_by("group").agg(pl.col("item_id").sort().str.join(",")).get_column("item_id")
        for frame in (found, truth)
    )
    exact = int(whole.is_in(true_whole.implode()).sum()) if len(whole) else 0
    return Score(
        hits / max(1, mine.height),
        hits / max(1, right.height),
        exact / max(1, len(whole)),
        exact / max(1, len(true_whole)),
    )


def naive(world: TwoSided) -> pl.DataFrame:
    """Equal amount within five days, nearest date first."""
    joined = world.bank.join(world.ledger, on="amount", suffix="_ledger").with_columns(
        (pl.col("date") - pl.col("date_ledger")).dt.total_days().abs().alias("lag")
    )
    used: set[str] = set()
    rows: list[tuple[str, str, str]] = []
    for one, other in (
        joined.filter(pl.col("lag") <= 5)
        .sort("lag", "item_id", "item_id_ledger")
        .select("item_id", "item_id_ledger")
        .rows()
    ):
        if one not in used and other not in used:
            used |= {one, other}
            rows += [(one, "left", one), (one, "right", other)]
    return pl.DataFrame(rows, schema=["group", "dataset", "item_id"], orient="row")


def measure(level: str, habit: str, seed: int, events: int) -> tuple[tuple[Score, Score], pl.DataFrame, pl.DataFrame]:
    """The scores of one world, `matched` alone and with `suggested`; its tables by kind and by pass."""
    bank, ledger, country, currency = HABITS[habit]
    settings = replace(
        LEVELS[level], events=events, bank_style=bank, ledger_style=ledger, country=country, currency=currency
    )
    world = two_sided(seed, settings)
    started = time.process_time()
    result = match({"left": world.bank, "right": world.ledger}, preset("two_sided"))
    seconds = time.process_time() - started
    truth = world.truth.select("group", "dataset", "item_id")
    members = result.items.join(result.groups.select("group_id", "status", "pass"), on="group_id").rename(
        {"group_id": "group"}
    )
    scores = []
    for statuses in (["matched"], ["matched", "suggested"]):
        found = members.filter(pl.col("status").is_in(statuses)).select("group", "dataset", "item_id")
        scores.append(score(found, truth))
    size = f"{len(world.bank)}x{len(world.ledger)} lines {seconds:5.1f} s"
    print(f"{level:6} {habit:17} seed {seed} {size}  naive {score(naive(world), truth)}")
    for name, value in zip(("matched", "+suggested"), scores, strict=True):
        print(f"    {name:11} {value}", flush=True)
    return (scores[0], scores[1]), by_kind(members, world.truth), by_pass(members, truth)


def by_kind(members: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    """What became of the pairs of each kind of line: matched, else suggested, else named in a tie, else missed; and how many
    pairs were matched wrongly with an item of the kind (noise: with none that has a partner)."""
    kinds = truth.select("item_id", "kind").unique("item_id")
    expected = pairs(truth.select("group", "dataset", "item_id")).join(kinds, left_on="left", right_on="item_id")
    found = {
        status: pairs(members.filter(pl.col("status") == status).select("group", "dataset", "item_id"))
        for status in FATES
    }
    wrong = found["matched"].join(expected, on=["left", "right"], how="anti")
    for side in ("left", "right"):
        wrong = wrong.join(kinds.rename({"kind": f"kind_{side}"}), left_on=side, right_on="item_id", how="left")
    wrong = wrong.group_by(kind=pl.coalesce("kind_left", "kind_right", pl.lit("noise"))).agg(wrong=pl.len())
    rest, fates = expected, expected.group_by("kind").agg(pairs=pl.len())
    for status in FATES:
        met = rest.join(found[status], on=["left", "right"], how="semi")
        fates = fates.join(met.group_by("kind").len(status), on="kind", how="left")
        rest = rest.join(met, on=["left", "right"], how="anti")
    fates = fates.join(rest.group_by("kind").len("missed"), on="kind", how="left")
    return fates.join(wrong, on="kind", how="full", coalesce=True).fill_null(0).sort("kind")


def by_pass(members: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    """How many pairs each pass proposed by status, and how many of them are right."""
    expected = pairs(truth)
    rows = []
    for (name, status), own in members.group_by("pass", "status", maintain_order=True):
        found = pairs(own.select("group", "dataset", "item_id"))
        rows.append((name, status, found.height, found.join(expected, on=["left", "right"], how="semi").height))
    schema = {"pass": pl.String, "status": pl.String, "pairs": pl.Int64, "right": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def show(kinds: pl.DataFrame, passes: pl.DataFrame) -> None:
    """Print the tables by kind and by pass, summed up where they are of several worlds."""
    summed = (
        table.group_by(keys).agg(pl.exclude(keys).sum()).sort(keys)
        for table, keys in ((kinds, ["kind"]), (passes, ["pass", "status"]))
    )
    with pl.Config(tbl_rows=60, tbl_cols=12, tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True):
        for table in summed:
            print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--level", choices=LEVELS, action="append")
    parser.add_argument("--habit", choices=HABITS, action="append")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    totals = []
    for level in options.level or LEVELS:
        for number, habit in enumerate(options.habit or HABITS):
            totals.append(measure(level, habit, options.seed + 100 * number, options.events))
            if options.verbose:
                show(*totals[-1][1:])
    show(pl.concat([kinds for _, kinds, _ in totals]), pl.concat([passes for _, _, passes in totals]))
    for name, place in (("matched", 0), ("+suggested", 1)):
        own = [scores[place] for scores, _, _ in totals]
        mean = Score(
            *(
                sum(getattr(each, key) for each in own) / len(own)
                for key in ("precision", "recall", "exact_precision", "exact_recall")
            )
        )
        print(f"mean {name:11} {mean}")


if __name__ == "__main__":
    main()
