"""Identifiers as 64-bit keys with a second hash to verify them, from lists of references and from words of texts."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.context import LegContext, Rows, SideView
from reconciliation.matching.encoding import Dataset
from reconciliation.matching.joins import has_repeats, pair_keys, places_of_runs, without_frequent
from reconciliation.matching.text import identifier_words
from reconciliation.matching.text.check_digits import self_identifying
from reconciliation.matching.text.folding import ascii_upper, ascii_upper_series, canonical_identifier, compact

# What systems write where an identifier is missing (ISO 20022 usage, SWIFT MT usage, habits of ERPs).
NO_REFERENCE = (
    "",
    "NOTPROVIDED",
    "NOT PROVIDED",
    "NOT-PROVIDED",
    "NONREF",
    "NOREF",
    "NONE",
    "N/A",
    "NA",
    "NULL",
    "UNKNOWN",
    "0",
    "-",
)
Places = npt.NDArray[np.int64]

_LEAST = 4  # characters of the words that are kept for all passes of a leg; what asks for shorter ones has its own
_KEY = ("key", "check", "length")
_SEEDS = (1, 2)
_DAY, _MONTH = "(?:0?[1-9]|[12][0-9]|3[01])", "(?:0?[1-9]|1[0-2])"
DATE = f"^(?:(?:{_DAY}[./-]{_MONTH}|{_MONTH}[./-]{_DAY})[./-](?:20)?[0-9]{{2}}|20[0-9]{{2}}[./-]{_MONTH}[./-]{_DAY})$"
_GROUPED = r"^(?:[+* ]*[0-9]{3} ?/ ?[0-9]{4} ?/ ?[0-9]{5}[+* ]*|(?i:RF)[0-9]{2}(?: [A-Za-z0-9]{1,4})+|[0-9]{2}(?: [0-9]{5}){5})$"
_PADDED = f"^0+[1-9][0-9]{{{_LEAST - 1},}}$"
_SIGNS = "#*+/.:- "
_SIGNED = f"^[{re.escape(_SIGNS)}]+[A-Za-z0-9]"
_REFERENCES_PER_ROW = 8
_COUNTED = 100_000  # references or texts of a dataset, about, of which it is counted how many are alike


def written(name: str) -> pl.Expr:
    """Text and references of an item in one, as `name`: a bank may put a mangled identifier in either place."""
    references = pl.col("references").list.join(" | ")
    return pl.concat_str(references, pl.col("text"), separator="\n", ignore_nulls=True).alias(name)


def hashed(column: str) -> list[pl.Expr]:
    """A text column as `key` (64 bits) and `check` (32 bits of a second hash)."""
    return [
        pl.col(column).hash(_SEEDS[0]).alias("key"),
        pl.col(column).hash(_SEEDS[1]).cast(pl.UInt32, wrap_numerical=True).alias("check"),
    ]


def dataset_references(data: Dataset) -> pl.DataFrame:
    """`row`, `reference`, `key`, `check`, `length` of a dataset's identifiers in row order, made once; what only says that
    there is none is left out. A number with zeros or signs in front is there without them too (#4711 as 4711), a structured reference in
    groups without what parts them."""
    if "references" not in data.derived:
        listed = data.read(["references"]).explode("references", empty_as_null=False, keep_nulls=False)
        named = _with_plain_form(listed.drop_nulls("references").rename({"references": "reference"}))
        signed = named.filter(pl.col("reference").str.contains(_SIGNED))
        if not signed.is_empty():
            bare = signed.with_columns(pl.col("reference").str.strip_chars_start(_SIGNS))
            named = pl.concat([named, bare]).sort("row", maintain_order=True)
        given = with_bare_numbers(named, "reference")
        length = pl.col("reference").str.len_bytes().cast(pl.UInt16).alias("length")
        given = given.with_columns(*hashed("reference"), length)
        none = pl.Series(NO_REFERENCE).hash(_SEEDS[0])
        data.derived["references"] = given.filter(~pl.col("key").is_in(none.implode()))
    return data.derived["references"]


def _with_plain_form(named: pl.DataFrame) -> pl.DataFrame:
    """References (`row`, `reference`) in row order, with structured ones that are printed in groups (`+++090/9337/55493+++`) without
    their separators as well."""
    grouped = named.filter(pl.col("reference").str.contains(_GROUPED))
    if grouped.is_empty():
        return named
    plain = grouped.with_columns(compact(ascii_upper(pl.col("reference"))))
    return pl.concat([named, plain.filter(self_identifying(plain["reference"]))]).sort("row", maintain_order=True)


def with_bare_numbers(named: pl.DataFrame, column: str) -> pl.DataFrame:
    """A frame of `row` and identifiers in row order, with those that are nothing but digits without zeros in front as well: a
    bank prints cheque 2202 as 002202."""
    begun = named.filter(pl.col(column).str.starts_with("0"))
    padded = begun.filter(pl.col(column).str.contains(_PADDED)) if not begun.is_empty() else begun
    if padded.is_empty():
        return named
    bare = padded.with_columns(pl.col(column).str.strip_chars_start("0"))
    return pl.concat([named, bare]).sort("row", maintain_order=True)


def side_references(context: LegContext, view: SideView, *columns: str) -> pl.DataFrame:
    """`row` and some columns of the references of a side's open items."""
    name = f"references_{view.index}_{columns}"
    if name not in context.cache:
        context.cache[name] = dataset_references(view.dataset).select("row", *columns)
    given = context.cache[name]
    still = view.open[given["row"].to_numpy()] != 0
    if not still.all():  # what is settled is not opened again in a leg
        given = context.cache[name] = given.filter(pl.Series(still))
    return given


def linked_references(context: LegContext, view: SideView, through: str, *columns: str) -> pl.DataFrame:
    """The same of the items of another dataset that a side's open items are linked to, as references of the side's rows."""
    links = context.links(view.dataset.name, through)
    links = links.filter(pl.Series(view.is_open[links["left"].to_numpy()]))
    given = dataset_references(context.datasets[through])
    link, place = _each_of(links["right"].to_numpy(), given["row"].to_numpy(), context.datasets[through].height)
    return given.select(columns)[place].select(links["left"][link].alias("row"), *columns)


def side_keys(context: LegContext, view: SideView) -> pl.DataFrame:
    """`row`, `key`, `check`, `length` of the identifiers of a side's open items."""
    return side_references(context, view, *_KEY)


def linked_keys(context: LegContext, view: SideView, through: str) -> pl.DataFrame:
    """The identifiers of the items of another dataset that a side's open items are linked to, as keys of the side's
    rows."""
    return linked_references(context, view, through, *_KEY)


def _each_of(wanted: Rows, rows: Rows, height: int) -> tuple[Places, Places]:
    """For every place in `wanted` all places in `rows` (ascending, below `height`) that have its row: pairs of places."""
    counts = np.bincount(rows, minlength=height)
    first = np.cumsum(counts) - counts
    return places_of_runs(first[wanted], counts[wanted])


def shared_words(context: LegContext, view: SideView, min_length: int, limit: int) -> pl.DataFrame:
    """`row`, `word` and its keys of the texts of a side's open items, for what both sides' texts say: no dates, and no number that more
    than `limit` texts show, of settled items too, as a part of them lets expect."""
    words = _words(context, view, min_length).filter(pl.col("length") >= min_length)
    words = words.filter(pl.Series(view.open[words["row"].to_numpy()] != 0), ~pl.col("word").str.contains(DATE))
    return words.join(_everyday_words(view.dataset, limit), on="word", how="anti")


def _everyday_words(data: Dataset, limit: int) -> pl.DataFrame:
    """`word` of the numbers that more than `limit` texts of a dataset show."""
    name = f"everyday_words_{limit}"
    if name not in data.derived:
        every = _every(data.height)
        rows = np.arange(data.height, dtype=np.uint32)
        if every > 1:  # the same ones in any order of rows
            rows = rows[data.read([pl.col("item_id").hash()])["item_id"].to_numpy() % np.uint64(every) == 0]
        texts = data.take(["text"], rows).with_columns(pl.Series("row", rows))
        counts = identifier_words(texts, _LEAST).unique().group_by("word").len()
        data.derived[name] = counts.filter((pl.col("len") - 1) * every >= limit).select("word")
    return data.derived[name]


def _every(height: int) -> int:
    """One in how many is counted of so many."""
    return 1 << max(height // _COUNTED, 1).bit_length() - 1


def shared_keys(context: LegContext, view: SideView, min_length: int, limit: int) -> pl.DataFrame:
    """The keys of `shared_words`, and of a side's references."""
    words = shared_words(context, view, min_length, limit).select("row", *_KEY)
    return pl.concat([words, side_keys(context, view)])


def word_keys(context: LegContext, view: SideView, min_length: int) -> pl.DataFrame:
    """`row`, `key`, `check`, `length` of the words with a digit in a side's texts, and of its references."""
    words = _words(context, view, min_length).select("row", *_KEY)
    words = words.filter(pl.Series(view.open[words["row"].to_numpy()] != 0), pl.col("length") >= min_length)
    return pl.concat([words, side_keys(context, view)])


def _words(context: LegContext, view: SideView, min_length: int) -> pl.DataFrame:
    """`row`, `word`, `key`, `check`, `length` of such words, also of what was open when they were first asked for, and shorter
    ones."""
    least = min(min_length, _LEAST)
    name = f"words_{view.index}_{least}"
    if name not in context.cache:
        words = with_bare_numbers(identifier_words(view.dataset.read(["text"], view.is_open), least), "word")
        length = pl.col("word").str.len_bytes().cast(pl.UInt16).alias("length")
        context.cache[name] = words.with_columns(*hashed("word"), length)
    return context.cache[name]


def cut_edges(context: LegContext, min_length: int, max_owners: int) -> pl.DataFrame:
    """Pairs (left, right, length, owners: how many references begin so) where a word or reference of the left item is the
    beginning of a right item's reference."""
    view = context.left
    asked = context.meeting(view)
    given = side_references(context, view, "reference", "length").filter(pl.col("reference").str.contains("[0-9]"))
    words = pl.concat(
        [_words(context, view, min_length).select("row", "word", "length"), given.rename({"reference": "word"})]
    )
    words = words.filter(pl.Series(asked[words["row"].to_numpy()]), pl.col("length") >= min_length)
    words = words.unique(["row", "word"])
    edges = _beginnings(words, side_references(context, context.right, "reference"), max_owners)
    edges = edges.filter(pl.Series(context.compatible(edges["left"].to_numpy(), edges["right"].to_numpy())))
    # what the ids of settled items begin with as well names none of them
    edges = edges.with_columns(owners=beginning_alike(context.right.dataset, edges["word"]))
    edges = edges.filter(pl.col("owners") <= max_owners)
    return edges.group_by("left", "right").agg(pl.col("length").max(), pl.col("owners").min())


def beginning_alike(data: Dataset, words: pl.Series, *, canonical: bool = False) -> pl.Series:
    """By word: how many references of a dataset are longer and begin with it, those of settled items among them, as a part of them
    lets expect; at least 1. `canonical`: words and references as a text search reads them (`canonical_identifier`)."""
    name = f"ordered_references_{canonical}"
    if name not in data.derived:
        given = dataset_references(data)
        every = _every(given.height)
        some = given.filter(pl.col("key") % every == 0).select("reference").unique()
        if canonical:
            upper = some.with_columns(ascii_upper_series(some["reference"]))
            some = upper.select(canonical_identifier(compact(pl.col("reference")))).unique()
        data.derived[name] = some.sort("reference").with_columns(pl.lit(every).alias("times"))
    ordered = data.derived[name]
    first, behind = _places(ordered["reference"], words)
    times = 1 if ordered.is_empty() else ordered["times"][0]
    return (behind.cast(pl.Int64) - first - 1).clip(lower_bound=0) * times + 1  # one of them is the one looked for


def _places(ordered: pl.Series, words: pl.Series) -> tuple[pl.Series, pl.Series]:
    """By word: where in alphabetical order what begins with it, and is longer, starts and ends."""
    # all that begins with a word stands behind it, up to the word with the last character of all
    return ordered.search_sorted(words, side="right"), ordered.search_sorted(words + chr(0x10FFFF), side="right")


def _beginnings(words: pl.DataFrame, whole: pl.DataFrame, max_owners: int) -> pl.DataFrame:
    """`left`, `right`, `word`, `length` of words (`row`, `word`, `length`) and longer references (`row`, `reference`) that begin
    with them. A word that begins the references of more than `max_owners` rows names nobody."""
    ordered = whole.unique().sort("reference", "row")
    distinct = words.select("word", "length").unique("word")
    first, behind = _places(ordered["reference"], distinct["word"])
    found = distinct.with_columns(first.alias("first"), (behind - first).alias("count")).filter(pl.col("count") > 0)
    # a row may have several such references: counted exactly only where there are not many more
    crowded = found.filter(pl.col("count") > _REFERENCES_PER_ROW * max_owners).select("word")
    found = found.join(crowded, on="word", how="anti")
    place = np.repeat(found["first"].to_numpy() - _starts(found["count"].to_numpy()), found["count"].to_numpy())
    owners = pl.DataFrame(
        {
            "word": found["word"].gather(np.repeat(np.arange(found.height), found["count"].to_numpy())),
            "right": ordered["row"].gather(place + np.arange(len(place))),
        }
    ).unique()
    owners = owners.filter(pl.len().over("word") <= max_owners)
    return words.join(owners, on="word").select("word", "length", "right", left="row")


def _starts(
    counts: np.ndarray[tuple[int, ...], np.dtype[np.uint32]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.cumsum(counts, dtype=np.int64) - counts


def joined(context: LegContext, left: pl.DataFrame, right: pl.DataFrame, max_owners: int) -> pl.DataFrame:
    """Distinct compatible pairs (left, right, length of the longest identifier they share) of rows with an equal key.

    A key with more than `max_owners` owners on a side names nobody.
    """
    left, right = without_frequent(left, max_owners), without_frequent(right, max_owners)
    met = left.join(right, on="key", how="inner", suffix="_right")
    one, two = met["row"].to_numpy(), met["row_right"].to_numpy()
    fits = (met["check"].to_numpy() == met["check_right"].to_numpy()) & context.compatible(one, two)
    one, two = one[fits], two[fits]
    edges = pl.DataFrame({"left": one, "right": two, "length": met["length"].to_numpy()[fits]})
    return edges.group_by("left", "right").agg(pl.col("length").max()) if has_repeats(pair_keys(one, two)) else edges
