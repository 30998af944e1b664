"""The rules that always hold, tried on worlds made to break them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciliation.contracts import ITEM, MATCH_GROUP, MATCH_ITEM, UNMATCHED
from reconciliation.matching import Ledger, MatchResult, Rules, match, match_leg, preset

RULES = preset("payables")
DATASETS = ("bank_lines", "payments", "open_items")
AMOUNTS = st.sampled_from(
    [
        "0",
        "-0.01",
        "0.01",
        "-1",
        "1",
        "-10",
        "10",
        "-10.00001",
        "-100",
        "-100",
        "100",
        "-70",
        "-30",
        "-999999999999999.99",
    ]
)
REFERENCES = st.lists(st.sampled_from(["E2E-0001", "E2E-0002", "INV-4711", "INV-4712", "NOTPROVIDED"]), max_size=2)


@st.composite
def _rows(draw: st.DrawFn, prefix: str) -> list[dict[str, object]]:
    count = draw(st.integers(0, 7))
    return [
        {
            "item_id": f"{prefix}{number}",
            "amount": Decimal(draw(AMOUNTS)),
            "currency": draw(st.sampled_from(["EUR", "EUR", "JPY", "KWD"])),
            "date": date(2024, 1, 31) + timedelta(days=draw(st.integers(0, 5))),
            "due_date": draw(st.sampled_from([None, date(2024, 2, 2)])),
            "entity": draw(st.sampled_from(["E1", "E1", "E2", None])),
            "account": draw(st.sampled_from(["A1", None])),
            "references": draw(REFERENCES),
            "text": draw(st.sampled_from([None, "paid INV-4711", "INV 4712 INV-4711", "ACME GMBH", "RUN-77123"])),
            "counterparty_id": draw(st.sampled_from(["C1", "C1", None])),
            "counterparty_account": draw(st.sampled_from(["DE1", "DE1", None])),
            "counterparty_name": draw(st.sampled_from(["Acme GmbH", None])),
            "batch_id": draw(st.sampled_from(["RUN-77123", None, None])),
            "discount_amount": draw(st.sampled_from([None, Decimal("0.30")])),
            "discount_until": draw(st.sampled_from([None, date(2024, 2, 1)])),
        }
        for number in range(count)
    ]


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, pl.DataFrame]:
    """Three datasets full of equal amounts, shared references and gaps."""
    rows = {name: draw(_rows(name[0].upper())) for name in DATASETS}
    return {
        name: pl.DataFrame([{column: row.get(column) for column in ITEM} for row in of], schema=ITEM)
        for name, of in rows.items()
    }


@st.composite
def linked_worlds(draw: st.DrawFn) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    """A world and known links, some of which point nowhere."""
    world = draw(worlds())
    pairs = draw(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=5, unique=True))
    links = pl.DataFrame(
        {
            "left_dataset": ["payments"] * len(pairs),
            "left_id": [f"P{left}" for left, _ in pairs],
            "right_dataset": ["open_items"] * len(pairs),
            "right_id": [f"O{right}" for _, right in pairs],
            "amount": draw(st.lists(st.sampled_from([None, Decimal(-10)]), min_size=len(pairs), max_size=len(pairs))),
        },
        schema_overrides={"amount": pl.Decimal(23, 5)},
    )
    return world, links


EXAMPLES = settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def assert_sound(result: MatchResult, world: dict[str, pl.DataFrame], rules: Rules = RULES) -> None:
    """Rules 1 and 3 and the shapes, whatever was matched."""
    assert dict(result.groups.schema) == dict(MATCH_GROUP)
    assert dict(result.items.schema) == dict(MATCH_ITEM)
    assert dict(result.unmatched.schema) == dict(UNMATCHED)
    assert result.groups["group_id"].is_unique().all()
    amounts = pl.concat(
        frame.select(pl.lit(name).alias("dataset"), "item_id", "amount", "entity", "account", "currency")
        for name, frame in world.items()
    )
    held = result.items.join(amounts, on=["dataset", "item_id"], how="inner").join(
        result.groups.select("group_id", "leg", "status", "left_total", "right_total", "difference", "difference_kind"),
        on="group_id",
    )
    assert held.height == result.items.height, "a group names an item that is not there"
    assert held.filter(pl.col("applied_amount").abs() > pl.col("amount").abs()).is_empty()
    assert held.filter(
        (pl.col("applied_amount") > 0) != (pl.col("amount") > 0), pl.col("applied_amount") != 0
    ).is_empty()
    # no item is used beyond its amount in a pool
    pools = pl.DataFrame(
        [(leg.name, side.dataset, side.pool) for leg in rules.legs for side in leg.sides],
        schema=["leg", "dataset", "pool"],
        orient="row",
    ).unique()
    used = (
        held.join(pools, on=["leg", "dataset"])
        .group_by("dataset", "pool", "item_id")
        .agg(pl.col("applied_amount").sum().abs(), pl.col("amount").first().abs())
    )
    assert used.filter(pl.col("applied_amount") > pl.col("amount")).is_empty()
    lefts = {leg.name: leg.left.dataset for leg in rules.legs}
    for group_id, part in held.group_by("group_id"):
        first = part.row(0, named=True)
        at_left = part["dataset"] == lefts[first["leg"]]
        assert part.filter(at_left)["applied_amount"].sum() == first["left_total"], group_id
        assert part.filter(~at_left)["applied_amount"].sum() == first["right_total"], group_id
        assert first["left_total"] - first["right_total"] == first["difference"]
        assert (first["difference"] == 0) == (first["difference_kind"] == "none")
        assert part["currency"].n_unique() == 1
        if first["status"] == "ambiguous":
            assert part.height >= 3
            assert part["applied_amount"].sum() == 0
        else:
            assert part.height >= 2
            for column in ("entity", "account"):
                if part.height == 2:
                    assert part[column].drop_nulls().n_unique() <= 1


def assert_all_accounted_for(result: MatchResult, world: dict[str, pl.DataFrame]) -> None:
    """Each item of a leg ends in a group or among the unmatched, with its rest where it is partly applied."""
    of_leg = result.groups.filter(pl.col("leg") == "bank_lines_payments")
    for dataset in ("bank_lines", "payments"):
        grouped = (
            result.items.join(of_leg.select("group_id", "status"), on="group_id")
            .filter(pl.col("dataset") == dataset)
            .group_by("item_id")
            .agg(pl.col("applied_amount").sum(), (pl.col("status") == "ambiguous").any().alias("tied"))
        )
        rest = result.unmatched.filter(pl.col("leg") == "bank_lines_payments", pl.col("dataset") == dataset)
        both = (
            world[dataset]
            .filter(pl.col("amount") != 0)
            .join(grouped, on="item_id", how="left")
            .join(rest, on="item_id", how="left")
        )
        for row in both.iter_rows(named=True):
            applied, open_amount = row["applied_amount"] or Decimal(0), row["open_amount"] or Decimal(0)
            if row["tied"]:
                assert row["reason"] is None
            else:
                assert applied + open_amount == row["amount"], row


@EXAMPLES
@given(linked_worlds())
def test_groups_balance_and_no_item_is_applied_beyond_its_amount(
    made: tuple[dict[str, pl.DataFrame], pl.DataFrame],
) -> None:
    world, links = made
    result = match(world, RULES, links=links)
    assert_sound(result, world)
    assert_all_accounted_for(result, world)


@EXAMPLES
@given(linked_worlds(), st.integers(0, 99))
def test_the_order_of_rows_changes_nothing(made: tuple[dict[str, pl.DataFrame], pl.DataFrame], seed: int) -> None:
    world, links = made
    shuffled = {name: frame.sample(fraction=1, shuffle=True, seed=seed) for name, frame in world.items()}
    one = match(world, RULES, links=links)
    two = match(shuffled, RULES, links=links.reverse())
    for name in ("groups", "items", "unmatched"):
        first, second = getattr(one, name), getattr(two, name)
        if name == "groups":
            first, second = (frame.with_columns(pl.col("confidence", "margin").round(9)) for frame in (first, second))
        assert first.equals(second), name


@EXAMPLES
@given(worlds())
def test_a_second_run_on_its_own_ledger_takes_nothing_away_and_nothing_twice(world: dict[str, pl.DataFrame]) -> None:
    first = match(world, RULES)
    sure = first.groups.filter(pl.col("status") == "matched")
    ledger = Ledger(sure, first.items.join(sure.select("group_id"), on="group_id"))
    second = match(world, RULES, ledger=ledger)
    both = MatchResult(
        pl.concat([sure, second.groups]), pl.concat([ledger.items, second.items]), second.unmatched, second.summary
    )
    assert_sound(both, world)


@EXAMPLES
@given(worlds())
def test_legs_one_by_one_give_what_all_legs_give(world: dict[str, pl.DataFrame]) -> None:
    together = match(world, RULES)
    ledger = Ledger.empty()
    for leg in RULES.legs:
        result = match_leg(leg.name, world, RULES, ledger=ledger)
        ledger = Ledger(pl.concat([ledger.groups, result.groups]), pl.concat([ledger.items, result.items]))
    assert sorted(ledger.groups["group_id"]) == sorted(together.groups["group_id"])


@pytest.mark.parametrize(
    ("currency", "amount"),
    [("EUR", "9999999999999999.99"), ("JPY", "999999999999999999"), ("KWD", "999999999999999.999"), ("EUR", "0.00001")],
)
def test_amounts_of_any_size_and_currency_stay_exact(currency: str, amount: str) -> None:
    row = dict.fromkeys(ITEM) | {
        "amount": Decimal(amount),
        "currency": currency,
        "date": date(2024, 1, 1),
    }
    line = pl.DataFrame([row | {"item_id": "B1", "references": ["R-1001"]}], schema=ITEM)
    payment = pl.DataFrame([row | {"item_id": "P1", "references": ["R-1001"]}], schema=ITEM)
    nothing = pl.DataFrame(schema=ITEM)
    result = match({"bank_lines": line, "payments": payment, "open_items": nothing}, RULES)
    assert result.groups["left_total"].to_list() == [Decimal(amount)]


def test_an_amount_too_large_for_exact_sums_is_set_aside_not_rounded() -> None:
    base = dict.fromkeys(ITEM) | {"currency": "EUR", "date": date(2024, 1, 1), "references": ["R-1001"]}
    lines = pl.DataFrame(
        [
            base | {"item_id": "B1", "amount": Decimal("999999999999999999")},
            base | {"item_id": "B2", "amount": Decimal("0.01")},
        ],
        schema=ITEM,
    )
    result = match({"bank_lines": lines, "payments": lines.clear(), "open_items": lines.clear()}, RULES)
    first = result.unmatched.filter(pl.col("leg") == "bank_lines_payments", pl.col("item_id") == "B1").row(
        0, named=True
    )
    assert (first["reason"], first["open_amount"]) == ("amount_out_of_range", Decimal("999999999999999999"))


def test_many_equal_amounts_are_left_open_without_a_guess_and_without_a_cross_product() -> None:
    count = 3000
    base = {"amount": Decimal(-100), "currency": "EUR", "date": date(2024, 1, 1), "entity": "E1", "account": "A1"}
    rows = [dict.fromkeys(ITEM) | base | {"item_id": f"X{number}"} for number in range(count)]
    frame = pl.DataFrame(rows, schema=ITEM)
    result = match({"bank_lines": frame, "payments": frame, "open_items": frame.clear()}, RULES)
    assert result.groups.filter(pl.col("status") == "matched").is_empty()
    assert result.unmatched.filter(pl.col("leg") == "bank_lines_payments").height == 2 * count
