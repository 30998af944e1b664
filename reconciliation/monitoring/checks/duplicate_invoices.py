"""Invoices that look entered twice: one supplier over all systems, one amount, and the same number once typing is
forgiven.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from reconciliation.monitoring.config import DuplicateInvoice
from reconciliation.monitoring.earlier_documents import earlier_documents, kinds_of, with_kinds
from reconciliation.monitoring.findings import Value, findings, money
from reconciliation.monitoring.inputs import MonitoringInputs
from reconciliation.monitoring.instalments import are_turns_of_a_series, are_two_dates_of_one_bill
from reconciliation.monitoring.invoice_amounts import may_be_corrected, may_be_one_amount, may_be_one_value, with_value
from reconciliation.monitoring.invoice_numbers import (
    MINIMUM_DIGITS,
    lesser_numbers,
    mistyped,
    with_number_forms,
)

NEXT_STEP = "Compare both documents; block the second one before the next payment run"
TELLING_DIGITS = 5  # a number as long as this is one document's also where two supplier records have it
CONTRACT_DATES = 3  # a number that documents of as many dates carry names a contract or customer, not a document
RECORDS = 3  # of one supplier, at the most
PARTS = 2  # at the least of a bill that is entered in parts
DUE_DATES = 60  # of one bill, at the most, five years of months: more are not compared date by date


def find(inputs: MonitoringInputs, settings: DuplicateInvoice, as_of: date) -> pl.DataFrame:
    """One finding per later document of a pair, naming the earlier one. A pair has

    - one party, currency and amount, and one number but for case, separators, leading letters and zeros, O for 0, I or L for 1;
      the invoice dates may differ, unless the letters do too or documents of three dates and more carry the number, as a contract's;
      where documents of other amounts carry the number on the date, they are the lines of one invoice, unless each comes again;
    - one party, currency, amount and invoice date, and one number but for the year, a suffix, letters that a scan took digits for
      or, where the party has no third document of that amount on the date, one typing error, or no number at all on one side.
      Consecutive numbers are two invoices;
    - one party, number and invoice date, and nearly the same amount, the same digits, the amounts with and without tax, or the
      same figure or nearly the same value in another currency; entered on another day, under a number of that date alone, also with
      some freight or discount more or less;
    - one number of some length, currency, amount and invoice date, and two supplier records;
    - one party, number and invoice date, where the one is over the sum of all others.

    Where the later one is paid and the first one is still open, it is the first that can be stopped, and that is doubted.

    A document that is cancelled is no duplicate, nor is one for which a credit memo came, nor what is entered with the first one to be
    paid at another date, nor the next of a series, whole months later. One that is still open stays doubted however old it is. Age: days
    since the later document was posted.
    """
    invoices = with_value(_invoices(inputs), inputs.rates)
    kinds = kinds_of(invoices)
    pairs = (
        pl.concat(
            [
                _same_number(kinds),
                _lesser_number(kinds),
                _mistyped_number(kinds),
                _mistyped_amount(kinds),
                _other_record(kinds),
                _whole_and_parts(kinds),
            ]
        )
        .group_by("kind", "first_kind")
        .agg(pl.col("rank").min())
        .join(kinds.select("kind", "document_date"), on="kind")
        .join(
            kinds.select(
                first_kind="kind", first_document_date="document_date", first_typed=_TELLING, other_amount="amount"
            ),
            on="first_kind",
        )
        .filter(
            (
                (pl.col("document_date") - pl.col("first_document_date")).dt.total_days().abs() <= settings.within_days
            ).fill_null(value=True)
            | _is_turned(pl.col("document_date"), pl.col("first_document_date"))
        )
        .drop("document_date")
    )
    found = _not_credited(_without_instalments(earlier_documents(invoices, invoices, pairs), invoices), inputs)
    recent = pl.col("entered") >= as_of - timedelta(days=settings.within_days)
    is_open, first_is_open = pl.col("status") == "open", pl.col("first_status") == "open"
    rows = (
        found.with_columns(pl.col("earlier").sum().over("place"))
        .sort("place", "rank", "first_place")
        .unique("place", keep="first", maintain_order=True)
        .join(invoices.select(pl.col("place", *_SAID).name.prefix("first_")), on="first_place")
        .filter((recent | is_open | first_is_open).fill_null(value=False))
        .with_columns(
            pl.min_horizontal("entered", pl.lit(as_of)).alias("since"),
            (first_is_open & ~is_open).fill_null(value=False).alias("is_paid_first"),
        )
        .with_columns(
            pl.when("is_paid_first").then(theirs).otherwise(own).alias(name)
            for one in _SAID
            for name, own, theirs in ((one, one, f"first_{one}"), (f"first_{one}", f"first_{one}", one))
        )
        .sort("open_item_id", "is_paid_first", "place")
        .unique("open_item_id", keep="first", maintain_order=True)
    )
    return findings(
        rows,
        object_type="open_item",
        object_id="open_item_id",
        related="first_open_item_id",
        message=_message,
        next_step=NEXT_STEP,
        account=None,
    )


def _without_instalments(rows: pl.DataFrame, invoices: pl.DataFrame) -> pl.DataFrame:
    """The rows but for those whose first document is another date of one bill, or an earlier turn of a series."""
    said = ("entered", "due_date", "source_system", "entity_id")
    first = invoices.select(pl.col("place", *said).name.prefix("first_"))
    is_turned = _is_turned(pl.col("document_date"), pl.col("first_document_date"))
    other_date = (pl.col("rank").is_in([0, 1, 3]) & are_two_dates_of_one_bill() & ~is_turned) | (
        (pl.col("rank") == 0) & are_turns_of_a_series()
    )
    return (
        rows.join(first, on="first_place", maintain_order="left")
        .filter(~other_date)
        .drop(f"first_{name}" for name in said)
    )


def _is_turned(day: pl.Expr, other: pl.Expr) -> pl.Expr:
    """Whether day and month changed places: 12 February for 2 December."""
    turned = (
        (day.dt.year() == other.dt.year())
        & (day.dt.month() == other.dt.day().cast(pl.Int8))
        & (day.dt.day() == other.dt.month())
    )
    return turned.fill_null(value=False)


_SAID = (
    "open_item_id", "entity_id", "entered", "source_system", "document_number", "reference", "counterparty_id", "currency", "amount",
    "status",
)  # fmt: skip
_TELLING = pl.when(pl.col("digits") >= MINIMUM_DIGITS).then("typed")
_MONEY = ["party", "currency", "amount"]


def _invoices(inputs: MonitoringInputs) -> pl.DataFrame:
    """The invoices that stand, one row a document, with the forms of their numbers."""
    rows = (
        inputs.open_items.filter(
            (pl.col("ledger") == "payable")
            & (pl.col("kind") == "invoice")
            & (pl.col("status") != "cancelled")
            & (pl.col("amount") < 0)
        )
        .with_columns(
            entered=pl.coalesce("posting_date", "document_date"), party=pl.coalesce("golden_id", "counterparty_id")
        )
        .filter(pl.col("party").is_not_null() & pl.col("entered").is_not_null())
        .sort("entered", "open_item_id")
        .with_row_index("place")
    )
    is_line = (
        pl.col("document_number").is_not_null()
        & ~pl.struct(
            "source_system", "entity_id", "document_number", "entered", "reference", *_MONEY
        ).is_first_distinct()
    )
    found = with_number_forms(rows.filter(~is_line)).with_columns(
        pl.col("typed").n_unique().over(_MONEY).alias("numbers"),
        pl.len().over(_MONEY).alias("of_amount"),
        pl.len().over(*_MONEY, "document_date").alias("of_day"),
        pl.len().over("party", "typed").alias("of_typed"),
        pl.len().over("party", "written", "document_date").alias("of_number"),
        (pl.col("document_date").n_unique().over("party", "written") == 1).alias("is_of_one_date"),
        pl.when(pl.col("document_number").is_not_null())
        .then(pl.struct("source_system", "entity_id", "document_number", "entered").rank("dense"))
        .alias("document"),
    )
    for name, of in (
        ("repeated_typed", ("party", "typed")),
        ("repeated_parted", ("party", "parted")),
        ("repeated_by_all", ("typed",)),
    ):
        found = _with_least_repeated(found, name, *of)
    same = [*_MONEY, "reference", "document_date"]
    due_dates = pl.col("due_date").n_unique().over(same)
    return with_kinds(
        found.with_columns(pl.when(due_dates <= DUE_DATES).then("due_date").alias("instalment")), [*same, "instalment"]
    )


def _with_least_repeated(invoices: pl.DataFrame, name: str, *of: str) -> pl.DataFrame:
    """The invoices with how often the least frequent amount under the number and date of each comes: once for the lines of an
    invoice that are documents of their own, and for what one run's number is on.
    """
    same = [*of, "currency", "document_date"]
    least = invoices.group_by(*same, "amount").len().group_by(same).agg(pl.col("len").min().alias(name))
    return invoices.join(least, on=same, how="left", nulls_equal=True, maintain_order="left")


def _pairs(kinds: pl.DataFrame, others: pl.DataFrame, on: list[str], holds: pl.Expr, rank: int) -> pl.DataFrame:
    """The kinds that agree in the columns and of which `holds` is true; the other's columns are named `other_...`. A kind of
    several documents is paired with itself too.
    """
    held = [name for name in others.columns if name not in on]
    return (
        kinds.join(others.rename({name: f"other_{name}" for name in held}), on=on)
        .filter(((pl.col("kind") != pl.col("other_kind")) | (pl.col("members") > 1)) & holds.fill_null(value=False))
        .select("kind", pl.col("other_kind").alias("first_kind"), pl.lit(rank).alias("rank"))
    )


def _both_ways(pairs: pl.DataFrame) -> pl.DataFrame:
    turned = pairs.select(pl.col("first_kind").alias("kind"), pl.col("kind").alias("first_kind"), "rank")
    return pl.concat([pairs, turned])


def _same_number(kinds: pl.DataFrame) -> pl.DataFrame:
    same_letters = (
        (pl.col("letters") == pl.col("other_letters")) | (pl.col("letters") == "") | (pl.col("other_letters") == "")
    )
    same_date = pl.col("document_date") == pl.col("other_document_date")
    told = kinds.filter(pl.col("typed").is_not_null())
    whole = told.filter(pl.col("repeated_typed") > 1)
    is_long = pl.col("digits") >= MINIMUM_DIGITS
    found = [_pairs(whole, whole, [*_MONEY, "typed", "document_date"], same_letters | is_long, 0)]
    for form in ("typed", "parted"):
        telling = told.filter(
            (pl.col("digits") >= MINIMUM_DIGITS)
            & (pl.col("document_date").n_unique().over("party", form) < CONTRACT_DATES)
        )
        holds = pl.when(same_date).then(pl.col(f"repeated_{form}") > 1).otherwise(same_letters)
        found.append(_pairs(telling, telling, [*_MONEY, form], holds, 0))
    return pl.concat(found)


def _lesser_number(kinds: pl.DataFrame) -> pl.DataFrame:
    """One number is the other's with the year or with a suffix; of two with a suffix each is a part of the whole."""
    keys = [*_MONEY, "document_date"]
    several = kinds.filter((pl.len().over(keys) > 1) & pl.col("typed").is_not_null())
    lesser = lesser_numbers(several).select("kind", *keys, pl.col("lesser").alias("typed"))
    return _both_ways(_pairs(several, lesser, [*keys, "typed"], pl.lit(value=True), 1))


def _mistyped_number(kinds: pl.DataFrame) -> pl.DataFrame:
    """Two documents of a party, an amount and a date alone, whose numbers differ by one typing error, or of which one has none.

    Where the party has more documents of the amount, on other days, the numbers are long and each is on one document alone, or
    the one without a number is the party's only one.
    """
    two = kinds.filter((pl.col("of_amount") == 2) | (pl.col("of_day") == 2))
    pairs = two.join(two, on=[*_MONEY, "document_date"], suffix="_other").filter(
        (pl.col("kind") < pl.col("kind_other")) | ((pl.col("kind") == pl.col("kind_other")) & (pl.col("members") == 2))
    )
    is_own = (pl.col("of_typed") == 1) & (pl.col("of_typed_other") == 1)
    long = pl.col("digits") >= TELLING_DIGITS
    pairs = pairs.filter(
        (pl.col("of_amount") == 2) | (is_own & (long | pl.col("typed").is_null() | pl.col("typed_other").is_null()))
    )
    # two documents a party, amount and day at most
    forms = pairs.select("typed", "typed_other", "parted", "parted_other", pl.col("of_amount") > 2)
    alike = [mistyped(*numbers) for numbers in forms.iter_rows()]
    other_words = (
        pl.col("typed").is_null() & pl.col("typed_other").is_null() & (pl.col("written") != pl.col("written_other"))
    )
    found = pairs.filter(pl.Series(alike, dtype=pl.Boolean) & ~other_words.fill_null(value=False)).select(
        "kind", pl.col("kind_other").alias("first_kind"), pl.lit(2).alias("rank")
    )
    return _both_ways(found)


def _mistyped_amount(kinds: pl.DataFrame) -> pl.DataFrame:
    """The only two documents of a party, number and date, with nearly one amount, the amounts with and without tax, or the same
    figure in two currencies; entered at different days, with an amount that may be corrected.
    """
    two = kinds.filter((pl.col("of_number") == 2) & (pl.col("digits") >= MINIMUM_DIGITS))
    amount, other, currency = pl.col("amount"), pl.col("other_amount"), pl.col("currency")
    came_again = pl.col("is_of_one_date") & (pl.col("entered") != pl.col("other_entered"))
    holds = (
        pl.when(currency == pl.col("other_currency"))
        .then(
            (amount != other)
            & (may_be_one_amount(amount, other, currency) | (came_again & may_be_corrected(amount, other)))
        )
        .otherwise((amount == other) | may_be_one_value(pl.col("value"), pl.col("other_value")))
    )
    return _pairs(two, two, ["party", "written", "document_date"], holds, 3)


def _other_record(kinds: pl.DataFrame) -> pl.DataFrame:
    """One number, amount and date of two supplier records that nothing else joins; a number that is a date or a month is no
    document's own, and one that many suppliers have is a run's.
    """
    keys = ["typed", "currency", "amount", "document_date"]
    several = kinds.filter(
        (pl.col("digits") >= TELLING_DIGITS)
        & (pl.col("repeated_by_all") > 1)
        & pl.col("party").n_unique().over(keys).is_between(2, RECORDS)
    )
    short = lesser_numbers(several).filter(pl.col("lesser").str.len_chars() < TELLING_DIGITS)
    telling = several.join(short, on="kind", how="anti")
    return _pairs(telling, telling, keys, pl.col("party") != pl.col("other_party"), 4)


def _whole_and_parts(kinds: pl.DataFrame) -> pl.DataFrame:
    """A document over the sum of all others of its party, number and date: a bill entered in parts, by cost centre, and whole."""
    keys = ["party", "currency", "typed", "document_date"]
    several = kinds.filter((pl.col("digits") >= MINIMUM_DIGITS) & (pl.col("members").sum().over(keys) > PARTS))
    whole = several.filter(pl.col("amount") * 2 == (pl.col("amount") * pl.col("members")).sum().over(keys))
    return _both_ways(_pairs(whole, several, keys, pl.lit(value=True), 5))


def _not_credited(rows: pl.DataFrame, inputs: MonitoringInputs) -> pl.DataFrame:
    """The rows of documents with more earlier ones than a credit memo each over the amount, or that of the first, of the same party
    and not older than the first, takes back.

    The credit memo names the number of either, or the party has no other number with that amount. Credit memos of one name and day are
    counted, not gone through one by one for every document.
    """
    credits = (
        inputs.open_items.filter(
            (pl.col("ledger") == "payable")
            & (pl.col("status") != "cancelled")
            & (pl.col("amount") > 0)
            & (pl.col("kind") != "payment")
        )
        .with_columns(party=pl.coalesce("golden_id", "counterparty_id"), amount=-pl.col("amount"))
        .group_by(*_MONEY, pl.col("document_date").alias("credited_on"), pl.col("reference").alias("names"))
        .agg(pl.col("open_item_id").n_unique().alias("credits"))
        .with_row_index("credit")
    )
    first, only_number = pl.col("first_document_date"), pl.col("numbers") <= 1 + (pl.col("rank") > 0)
    both = pl.concat(
        [rows, rows.filter(pl.col("other_amount") != pl.col("amount")).with_columns(amount="other_amount")]
    )
    of_document = both.group_by("place", *_MONEY).agg(
        first.min().alias("from"),
        first.filter(only_number).min().alias("from_whichever"),
        pl.concat_list(_TELLING, "first_typed").explode().drop_nulls().unique().sort().str.join(" ").alias("numbers"),
    )
    asked = [*_MONEY, "from", "from_whichever", "numbers"]
    said = pl.col("names").str.to_uppercase().str.replace_all(r"[^A-Z0-9]", "")
    is_named = said.str.contains(pl.col("number"), literal=True) & (pl.col("credited_on") >= pl.col("from"))
    counted = (
        of_document.select(asked)
        .unique()
        .join(credits, on=_MONEY)
        .with_columns(pl.col("numbers").str.split(" ").alias("number"))
        .explode("number")
        .filter(
            is_named.fill_null(value=False) | (pl.col("credited_on") >= pl.col("from_whichever")).fill_null(value=False)
        )
        .unique([*asked, "credit"])
        .group_by(asked)
        .agg(pl.col("credits").sum())
    )
    taken_back = of_document.join(counted, on=asked, nulls_equal=True).group_by("place").agg(pl.col("credits").sum())
    return rows.join(taken_back, on="place", how="left").filter(
        pl.col("earlier").sum().over("place") > pl.col("credits").fill_null(0)
    )


def _message(row: Mapping[str, Value]) -> str:
    systems = (
        f" in {row['source_system']} and {row['first_source_system']}"
        if row["source_system"] != row["first_source_system"]
        else ""
    )
    other = f" over {money(row, 'first_amount', 'first_currency')}" if row["rank"] in (3, 5) else ""
    more = f"; {row['earlier']} earlier ones are alike" if row["earlier"] != 1 else ""
    paid = ", which is paid" if row["is_paid_first"] else ""
    record = f", under {row['counterparty_id']} and {row['first_counterparty_id']}" if row["rank"] == 4 else ""
    return (
        f"Invoice {row['reference'] or '(no number)'} over {money(row)}, entered on {row['entered']} as {row['document_number']}, "
        f"looks like {row['first_reference'] or 'one without a number'}{other} of {row['first_entered']} "
        f"({row['first_document_number']}){systems}{record}{paid}{more}"
    )
