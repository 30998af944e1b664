"""Invoices by the names that texts may give them, and whether a text names one."""

from __future__ import annotations

import polars as pl

from reconciliation.monitoring.inputs import MonitoringInputs

MINIMUM_DIGITS = 3  # of a number that names a document
BARE_DIGITS = 4  # of a number that names a document without the letters before it
YEAR = r"^(?:19|20)\d\d$"  # says when, not which
LONG_NAME = 6  # characters of a document's name that are looked for within words too


def named_items(inputs: MonitoringInputs) -> pl.DataFrame:
    """Items by each of their names that names one item alone of its party: a customer's number names them all. The number alone is a
    name too where letters stand before it, unless it is a year.
    """
    items = (
        inputs.open_items.with_columns(party=pl.coalesce("golden_id", "counterparty_id"))
        .unpivot(
            ["reference", "document_number"],
            index=["open_item_id", "entity_id", "currency", "amount", "party"],
            value_name="name",
        )
        .drop("variable")
        .with_columns(pl.col("name").str.to_uppercase().str.replace_all(r"[^\pL\pN]+", " ").str.strip_chars())
        .filter(pl.col("name").str.count_matches(r"\d") >= MINIMUM_DIGITS)
    )
    bare = items.with_columns(pl.col("name").str.extract(rf"^[\pL ]+(\d{{{BARE_DIGITS},}})$")).filter(
        ~pl.col("name").str.contains(YEAR)
    )
    return pl.concat([items, bare]).unique().filter(pl.col("open_item_id").n_unique().over("party", "name") == 1)


def is_named(text: str) -> pl.Expr:
    """Whether the text has the row's `name` as words of its own or, where it is long, with the spaces between elsewhere."""
    words = pl.format(" {} ", pl.col(text).str.to_uppercase().str.replace_all(r"[^\pL\pN]+", " "))
    joined = pl.col("name").str.replace_all(" ", "", literal=True)
    inside = words.str.replace_all(" ", "", literal=True)
    # no digit may follow, nor stand before a number alone: 47110 does not name 4711
    parts = inside.str.split_exact(joined, 1)
    goes_on = parts.struct.field("field_1").str.contains(r"^\d") | (
        joined.str.contains(r"^\d") & parts.struct.field("field_0").str.contains(r"\d$")
    )
    return words.str.contains(pl.format(" {} ", "name"), literal=True) | (
        (joined.str.len_chars() >= LONG_NAME)
        & inside.str.contains(joined, literal=True)
        & ~goes_on.fill_null(value=False)
    )


def last_digits(name: str) -> pl.Expr:
    """The end of the last number in a name, three digits at most: what a text that gives the name has at the end of a number."""
    return pl.col(name).str.extract(r"(\d+)\D*$").str.tail(3)


def ends_of_numbers(text: str) -> pl.Expr:
    """The last digits of all numbers in a text, one to three of each."""
    numbers = pl.col(text).str.extract_all(r"\d+")
    return pl.concat_list(*(numbers.list.eval(pl.element().str.tail(count)) for count in (1, 2, 3))).list.unique()
