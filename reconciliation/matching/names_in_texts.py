"""Whose name a text holds: from a word's start, cut off, as a whole in another order, or a family name with an initial.

Texts are `row`, `entity` (code, 0: not known) and `text` (a name key), names `party` (code), `name` (key) and `entity`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from reconciliation.matching.text.names import initial_forms
from reconciliation.matching.text.token_filter import naming_texts

MIN_NAME = 8  # letters of a name, or of its beginning, that a text has to show
_MIN_WHOLE_NAME = 6  # letters, with the space, that a name of several words has more than to be looked for as a whole
MAX_PARTIES = 4  # a name that more counterparties share names none of them
_MOST_NAMES = 500  # names of an entity with one beginning, beyond which nobody is looked for among them
_WITH_INITIAL = (r"\b[A-Z] [A-Z]{3,}\b", r"\b[A-Z]{3,} [A-Z]\b")
_WORDS = 4  # words of a text that are tried together as the beginning of a name
#: Of an item and a counterparty beside it (`entity_right`): no two different entities.
OF_ONE_ENTITY = (pl.col("entity") == pl.col("entity_right")) | (pl.col("entity") == 0) | (pl.col("entity_right") == 0)


def one_party(met: pl.DataFrame) -> pl.DataFrame:
    """`row`, `party` of the items that met just one counterparty of their entity."""
    if met.is_empty():
        return pl.DataFrame(schema={"row": pl.UInt32, "party": pl.UInt64})
    of_entity = met.filter(OF_ONE_ENTITY).select("row", "party").unique()
    return of_entity.filter(pl.len().over("row") == 1)


def initials_in_texts(texts: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """`row`, `party` of texts that hold the family name of just one counterparty of the entity beside the initial of its given
    name: J SMITH, SMITH J."""
    if texts.is_empty() or names.is_empty():
        return pl.DataFrame(schema={"row": pl.UInt32, "party": pl.UInt64})
    told = (texts.select("row", "entity", form=pl.col("text").str.extract_all(pattern)) for pattern in _WITH_INITIAL)
    shown = pl.concat(told).explode("form", empty_as_null=False, keep_nulls=False)
    if shown.is_empty():
        return pl.DataFrame(schema={"row": pl.UInt32, "party": pl.UInt64})
    spelled = [names.select("entity", "party", form.alias("form")) for form in initial_forms("name")]
    met = shown.join(pl.concat(spelled).drop_nulls("form").unique(), on="form", suffix="_right")
    return one_party(met)


def whole_names(names: pl.DataFrame) -> pl.DataFrame:
    """The names of several words that are looked for as a whole, those of two words in either order."""
    words = names.with_columns(words=pl.col("name").str.split(" "))
    words = words.filter(
        pl.col("words").list.len().is_between(2, _WORDS), pl.col("name").str.len_chars() > _MIN_WHOLE_NAME
    )
    turned = words.filter(pl.col("words").list.len() == 2)
    turned = turned.with_columns(name=pl.col("words").list.reverse().list.join(" "))
    return pl.concat([words, turned]).select("name", "party", "entity").unique()


def whole_names_in_texts(texts: pl.DataFrame, whole: pl.DataFrame) -> pl.DataFrame:
    """`row`, `party` of texts that hold all words of the name (`whole_names`) of just one counterparty of the entity, one after the
    other."""
    if texts.is_empty() or whole.is_empty():
        return pl.DataFrame(schema={"row": pl.UInt32, "party": pl.UInt64})
    said = texts.select("row", "entity", pl.col("text").str.split(" ").alias("word")).explode("word")
    runs = [pl.col("word")]
    for count in range(1, _WORDS):
        following = pl.col("word").shift(-count)
        runs.append(runs[-1] + " " + pl.when(pl.col("row").shift(-count) == pl.col("row")).then(following))
    told = said.select("row", "entity", *(run.alias(f"of_{count}") for count, run in enumerate(runs[1:], start=2)))
    told = told.unpivot(index=["row", "entity"], value_name="name").drop_nulls("name")
    return one_party(told.join(whole, on="name", suffix="_right"))


def names_in_texts(texts: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """`row`, `party` of names whose beginning stands in the text (a name key too) from a word's start; the longest
    beginning decides."""
    if texts.is_empty() or names.is_empty():
        return pl.DataFrame(schema={"row": pl.UInt32, "party": pl.UInt64})
    unread = _unread_names_in_texts(texts, names)
    texts = texts if unread.is_empty() else texts.join(unread, on="row", how="anti")
    by = ["entity"] if (texts["entity"] != 0).all() and (names["entity"] != 0).all() else []
    whole = names.with_columns(pl.col("name").str.replace_all(" ", "").alias("whole")).filter(
        pl.col("whole").str.len_chars() >= MIN_NAME
    )
    whole = whole.with_columns(pl.col("whole").str.slice(0, MIN_NAME).alias("start"))
    told = texts.filter(pl.Series(naming_texts(texts, whole, by, MIN_NAME)))
    told = _beginnings(told, whole.select("start", *by).unique())
    told = told.filter(pl.col("beginning").str.len_chars() >= MIN_NAME).unique()
    if told.is_empty():
        return unread
    whole = whole.join(told.select("start", *by).unique(), on=["start", *by], how="semi")
    begun = _names_that_begin(told.select(*by, "beginning").unique(), whole, by)
    met = told.join(begun, on=["beginning", *by], suffix="_right")
    if not by:
        met = met.filter(OF_ONE_ENTITY | pl.col("entity_right").is_null())
    size = pl.col("beginning").str.len_chars()
    best = met.filter(size == size.max().over("row")).select("row", "party").unique()
    few = best.filter(pl.len().over("row") <= MAX_PARTIES, ~pl.col("party").is_null().any().over("row"))
    return pl.concat([few, unread])


def _unread_names_in_texts(texts: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """`row`, `party` of the one counterparty whose name has no Latin letter and is a word of the text."""
    none = pl.DataFrame(schema={"row": pl.UInt32, "party": pl.UInt64})
    foreign = names.filter(pl.col("name").str.len_bytes() != pl.col("name").str.len_chars())
    unread = foreign.filter(~pl.col("name").str.contains("[A-Z]"))
    if unread.is_empty():
        return none
    words = texts.select("row", "entity", name=pl.col("text").str.split(" "))
    words = words.explode("name", empty_as_null=False, keep_nulls=False)
    met = words.join(unread, on="name", suffix="_right")
    return one_party(met)


def _names_that_begin(beginnings: pl.DataFrame, names: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Each `beginning` with the `party` and `entity` of the names (`whole`, of the same `by`) that begin with it; a party of
    null where they are so many that it names none of them."""
    key = [pl.format("{}|", pl.col(name)) for name in by]
    ordered = names.with_columns(key=pl.concat_str(*key, "whole")).sort("key", "party", "entity")
    asked = beginnings.with_columns(key=pl.concat_str(*key, "beginning")).sort("key")
    # in alphabetical order all that begins with a word stands behind it, up to the word with the last character of all
    first = ordered["key"].search_sorted(asked["key"], side="left")
    behind = ordered["key"].search_sorted(asked["key"] + chr(0x10FFFF), side="right")
    asked = asked.with_columns(first=first, count=behind - first).filter(pl.col("count") > 0)
    few = asked.filter(pl.col("count") <= _MOST_NAMES)
    place = few.select(pl.int_ranges("first", pl.col("first") + pl.col("count"))).to_series().explode()
    which = np.repeat(np.arange(few.height), few["count"].to_numpy())
    found = few.select("beginning")[which].hstack(ordered.select("party", "entity")[place]).unique()
    named = found.group_by("beginning", "entity").agg("party")
    party = pl.when(pl.col("party").list.len() <= MAX_PARTIES).then("party").otherwise(pl.lit([None]))
    named = named.with_columns(party).explode("party")
    many = asked.filter(pl.col("count") > _MOST_NAMES).select("beginning", *by)
    return pl.concat([named, many], how="diagonal").select("beginning", "entity", "party")


def _beginnings(keyed: pl.DataFrame, starts: pl.DataFrame) -> pl.DataFrame:
    """`row`, `entity`, `start`, `beginning`: up to four words of a text in a row, joined, where they begin as a name
    does."""
    words = keyed.select("row", "entity", pl.col("text").str.split(" ").alias("word")).explode(
        "word", empty_as_null=False, keep_nulls=False
    )
    joined = [pl.when(~pl.col("word").str.contains("[0-9]")).then("word")]
    for count in range(1, _WORDS):
        following = joined[0].shift(-count)
        joined.append(pl.when(pl.col("row").shift(-count) == pl.col("row")).then(following))
    # few words of few texts begin a name: the others need not be joined
    parts = words.select("row", "entity", *(part.alias(f"word_{place}") for place, part in enumerate(joined)))
    longest = pl.concat_str(*(f"word_{place}" for place in range(_WORDS)), ignore_nulls=True)
    parts = parts.filter(pl.col("word_0").is_not_null())
    parts = parts.with_columns(longest.str.slice(0, MIN_NAME).alias("start")).join(
        starts, on=starts.columns, how="semi"
    )
    return pl.concat(
        [
            parts.select(
                "row", "entity", "start", pl.concat_str(*(f"word_{place}" for place in range(count))).alias("beginning")
            ).drop_nulls("beginning")
            for count in range(1, _WORDS + 1)
        ]
    )
