"""A probabilistic linker with a sensible model and greedy 1:1: `python peer_splink.py DIR OUT.parquet`.

Needs splink 5 (which brings duckdb), nothing of this project. Bank lines are linked with payments and open items; a
payment also carries the numbers of the documents it pays. Evidence: identifiers in common, amount, the counterparty's
account, its name, days between. The model learns its weights from the data; pairs are taken best first, each item once.
"""

from __future__ import annotations

import sys

import duckdb
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

THRESHOLD = 0.95
_PREPARE = """
create macro plain(s) as translate(upper(s), 'OI', '01');
create macro keys(refs) as list_distinct(list_transform(refs,
    lambda x: regexp_replace(plain(x), '[^A-Z0-9]', '', 'g')));
create table words as
select *, list_filter(
    string_split_regex(plain(concat_ws(' ', text, array_to_string("references", ' '))), '[^A-Z0-9]+'),
    lambda x: x <> '') w from read_parquet('$DIR/bank_lines.parquet');
create table lines as
select item_id unique_id, entity, currency, account, (amount * 100000)::bigint amount, date as day,
    counterparty_account party, upper(coalesce(counterparty_name, text)) as name,
    list_filter(list_distinct(list_concat(w,
        list_transform(range(1, len(w)), lambda i: w[i] || w[i + 1]),
        list_transform(range(1, len(w) - 1), lambda i: w[i] || w[i + 1] || w[i + 2]))),
        lambda x: len(x) between 5 and 40) as ids
from words;
create table items as select * from read_parquet('$DIR/open_items.parquet');
create table links as select * from read_parquet('$DIR/links.parquet');
create table paid as
select k.left_id item_id, flatten(list(i."references")) refs
from links k join items i on i.item_id = k.right_id group by 1;
create table others as
select item_id unique_id, entity, currency, account, (amount * 100000)::bigint amount, date as day,
    counterparty_account party, upper(counterparty_name) as name,
    keys(list_concat("references", coalesce(refs, []))) ids
from read_parquet('$DIR/payments.parquet') left join paid using (item_id)
union all
select item_id, entity, currency, null, (amount * 100000)::bigint, due_date, counterparty_account,
    upper(counterparty_name), keys("references") from items where item_id not in (select right_id from links);
"""


def run(directory: str, out: str) -> None:
    """Train, predict, take greedily, write line, dataset, other."""
    connection = duckdb.connect()
    connection.execute(_PREPARE.replace("$DIR", directory))
    api = DuckDBAPI(connection=connection)
    same_amount = block_on("entity", "currency", "amount")
    same_identifier = block_on("entity", "ids", arrays_to_explode=["ids"])
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[
            cl.ArrayIntersectAtSizes("ids", [1]),
            cl.ExactMatch("amount"),
            cl.ExactMatch("account"),
            cl.ExactMatch("party"),
            cl.JaroWinklerAtThresholds("name", [0.92, 0.8]),
            cl.AbsoluteDateDifferenceAtThresholds(
                "day", input_is_string=False, metrics=["day", "day", "day"], thresholds=[1, 5, 20]
            ),
        ],
        blocking_rules_to_generate_predictions=[same_amount, same_identifier],
        retain_matching_columns=False,
    )
    frames = [api.register(name, dataset_display_name=name) for name in ("lines", "others")]
    linker = Linker(frames, settings, log_level=40)
    linker.training.estimate_probability_two_random_records_match([block_on("entity", "amount", "party")], recall=0.4)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("entity", "amount", "account"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("entity", "party"))
    predicted = linker.inference.predict(threshold_match_probability=THRESHOLD)
    rows = connection.execute(
        f"select unique_id_l, unique_id_r from {predicted.physical_name}"
        " order by match_weight desc, unique_id_l, unique_id_r"
    ).fetchall()
    lines: set[str] = set()
    others: set[str] = set()
    taken: list[tuple[str, str, str]] = []
    for line, other in rows:
        left, right = (line, other) if line.startswith("BL") else (other, line)
        if left not in lines and right not in others:
            lines.add(left)
            others.add(right)
            taken.append((left, "payments" if right.startswith("PY") else "open_items", right))
    connection.execute("create table found (line varchar, dataset varchar, other varchar)")
    for start in range(0, len(taken), 10_000):
        columns = [list(column) for column in zip(*taken[start : start + 10_000], strict=True)]
        connection.execute("insert into found select unnest(?), unnest(?), unnest(?)", columns)
    connection.execute(f"copy found to '{out}' (format parquet)")


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2])
