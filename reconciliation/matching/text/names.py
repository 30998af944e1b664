"""Counterparty names: one key for the spellings of one company, and a similarity for what remains different.

The key survives script, accents, umlaut habits, legal forms and punctuation. The similarity survives truncation to
a bank's field, abbreviation, word order and typing errors. It is meant for pairs a block (amount, date, account)
has brought together, and computes each distinct pair once.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler, LCSseq
from rapidfuzz.fuzz import partial_ratio, token_sort_ratio

from reconciliation.matching.text.distinct import of_each
from reconciliation.matching.text.folding import ascii_upper_series
from reconciliation.matching.text.kana import latin_kana
from reconciliation.matching.text.legal_forms import EAST_ASIAN_PATTERN, LEADING_PATTERN, TRAILING_PATTERN

_TITLES = r"\b(?:MR|MRS|MS|DR|HERR|FRAU|HERRN|MME|MLLE|SIG|SRA|PROF|DIPL|ING)\b"

_NAMING = r"[A-Z0-9]|\p{Lo}{4}"  # what a key has to hold; syllables of Hangul are two or three letters each
_TWO_WORDS = r"^([A-Z]{2,}) ([A-Z]{3,})$"
_SHOWN = 8  # letters of a name that a text has to show
_A_WORD = 0.95  # similarity of a name without Latin letters and a text that holds it as a word
_ROUNDING = 1e-3  # of a similarity in hundredths
_INITIAL_LETTERS = 3  # letters that an initial counts for: another one tells two people of a family apart


def name_key(names: pl.Series) -> pl.Series:
    """Each name in its comparable form: capitals, Latin letters, no accents, legal forms, titles or punctuation.

    AE, OE, UE and their accents become A, O, U (Mueller, Müller and Muller are one). What is nothing but a legal
    form keeps its words; null and empty stay null. Letters of scripts that have no one reading in Latin ones stay; a name of
    fewer than four of them and nothing else is null. Distinct names are worked on once.
    """
    if names.null_count() == len(names):
        return names.cast(pl.String)
    return of_each(names, _keys)


def _keys(names: pl.Series) -> pl.Series:
    spelled = ascii_upper_series(latin_kana(names)).alias("key").to_frame()
    words = (
        pl.col("key")
        .str.replace_all(r"[.]([A-Z0-9]{2,})", " $1")  # amazon.com is two words, S.A. is one
        .str.replace_all(r"[.'`´]", "")
        .str.replace_all(EAST_ASIAN_PATTERN, " ")
        .str.replace_all(r"[^A-Z0-9\p{Lo}]+", " ")
        .str.strip_chars()
    )
    bare = (
        pl.col("words")
        .str.replace_all(_TITLES, "")
        .str.replace(LEADING_PATTERN, "")
        .str.replace(TRAILING_PATTERN, "")
        .str.replace_all(r"\s+", " ")
        .str.strip_chars()
    )
    plain = pl.when(pl.col("key") == "").then("words").otherwise("key")
    keyed = (
        spelled.with_columns(words.alias("words"))
        .with_columns(bare.alias("key"))
        .select(plain.str.replace_many(["AE", "OE", "UE"], ["A", "O", "U"]).alias("key"))
        .select(pl.when(pl.col("key").str.contains(_NAMING if _foreign(names.to_frame()) else "[A-Z0-9]")).then("key"))
    )
    return keyed.to_series()


def _foreign(names: pl.DataFrame) -> bool:
    """Whether any of the names has other letters than ASCII's."""
    other = names.select((pl.all().str.len_bytes() != pl.all().str.len_chars()).any())
    return any(bool(of_column.item()) for of_column in other)


def name_similarity(left: pl.Series, right: pl.Series) -> pl.Series:
    """How alike two columns of name keys are, row by row: 0 to 1, null where a side is null.

    The best of: whole names by Jaro-Winkler, words in any order, the one a truncation of the other (at least eight
    characters), the family name with the initial of the given one, and word by word with each word whole, cut or
    abbreviated in the other name. A name without any Latin letter is another's where it is that letter for letter, or a
    word of it; else nothing is known, as it may be written in any way. Deterministic and symmetric.
    """
    frame = pl.DataFrame({"left": left, "right": right})
    differ = pl.col("left") != pl.col("right")
    pairs = frame.filter(differ).unique()
    if pairs.is_empty():
        return frame.select(pl.when(~differ).then(1.0).alias("similarity")).to_series()
    lefts, rights = pairs["left"].to_list(), pairs["right"].to_list()
    whole = process.cpdist(lefts, rights, scorer=JaroWinkler.normalized_similarity)
    ordered = process.cpdist(lefts, rights, scorer=token_sort_ratio) / 100.0
    scored = pairs.with_columns(
        pl.Series("whole", whole, dtype=pl.Float64),
        pl.Series("ordered", ordered, dtype=pl.Float64),
        _truncated("left", "right").alias("truncated"),
        (_with_initial("left", "right") | _with_initial("right", "left")).fill_null(False).alias("initial"),
        word_containment(pairs),
    )
    # Jaro-Winkler calls strangers 0.6 alike: below 0.85 it says nothing
    alike = pl.when(pl.col("whole") >= 0.85).then("whole").otherwise(pl.col("whole") * 0.5)
    cut, shortened = pl.col("truncated").cast(pl.Float64) * 0.95, pl.col("initial").cast(pl.Float64) * 0.9
    similarity = pl.max_horizontal(alike, "ordered", cut, shortened, "words")
    if _foreign(pairs):
        similarity = pl.when(~_unread()).then(similarity).when(_as_a_word()).then(_A_WORD)
    scored = scored.select("left", "right", similarity.alias("similarity"))
    joined = frame.join(scored, on=["left", "right"], how="left", maintain_order="left")
    return joined.select(pl.when(~differ).then(1.0).otherwise("similarity").alias("similarity")).to_series()


def _unread() -> pl.Expr:
    """One name has no Latin letter, and there are letters without a Latin form."""
    latin = pl.col("left").str.contains("[A-Z]") & pl.col("right").str.contains("[A-Z]")
    return ~latin & (pl.col("left") + pl.col("right")).str.contains(r"\p{Lo}")


def _as_a_word() -> pl.Expr:
    """One name is a word of the other, or several."""
    one, two = (pl.concat_str(pl.lit(" "), side, pl.lit(" ")) for side in ("left", "right"))
    return one.str.contains(two, literal=True) | two.str.contains(one, literal=True)


def _truncated(left: str, right: str) -> pl.Expr:
    """One name is the beginning of the other, spaces apart."""
    a, b = (pl.col(side).str.replace_all(" ", "") for side in (left, right))
    short = pl.min_horizontal(a.str.len_chars(), b.str.len_chars())
    return (short >= 8) & (a.str.starts_with(b) | b.str.starts_with(a))


def named_in(names: pl.Series, texts: pl.Series) -> pl.Series:
    """By place: whether a text shows a name, both keys without spaces: its first eight letters, or all of it but for one letter that
    is wrong, missing or too many, or two that have changed places. Names of fewer letters and nulls are shown nowhere."""
    if any(each.null_count() == len(each) for each in (names, texts)):
        return pl.repeat(False, len(names), eager=True).alias("told")
    frame = pl.DataFrame({"name": names, "text": texts})
    size = pl.col("name").str.len_chars()
    begun = pl.col("text").str.contains(pl.col("name").str.slice(0, _SHOWN), literal=True)
    shown = frame.select(
        begun=((size >= _SHOWN) & begun).fill_null(False),
        open=((size >= _SHOWN) & ~begun & (pl.col("name").str.len_bytes() == size)).fill_null(False),
    )
    told = shown["begun"].to_numpy().copy()
    rows = np.flatnonzero(shown["open"].to_numpy())
    if len(rows):
        others = frame[rows]
        # the name is to be the shorter of the two
        room = [f" {text} " for text in others["text"].to_list()]
        alike = process.cpdist(others["name"].to_list(), room, scorer=partial_ratio)
        sizes = others["name"].str.len_chars().to_numpy()
        told[rows] = alike >= 100.0 * (sizes - 1.0) / sizes - _ROUNDING
    return pl.Series("told", told)


def initial_forms(name: str) -> tuple[pl.Expr, pl.Expr]:
    """A name key of two words as people shorten it, with the initial of one of them: J SMITH, SMITH J; else null."""
    first, last = (pl.col(name).str.extract(_TWO_WORDS, group) for group in (1, 2))
    return first.str.slice(0, 1) + " " + last, last + " " + first.str.slice(0, 1)


def _with_initial(whole: str, shown: str) -> pl.Expr:
    """The one name stands in the other with the given name's initial, in either order."""
    padded = pl.lit(" ") + pl.col(shown) + " "
    spelled = (padded.str.contains(pl.lit(" ") + form + " ", literal=True) for form in initial_forms(whole))
    return pl.any_horizontal(spelled)


def word_containment(pairs: pl.DataFrame) -> pl.Series:
    """The share of the shorter name's letters whose words are found in the other: (`left`, `right`): `words`, 0 to 1.

    A word counts whole when equal, 0.9 when one is the beginning of the other (an initial, or three letters at least), 0.8
    when its letters stand in the other in order from the same first letter (AMZN in AMAZON), its Jaro-Winkler similarity where
    that is 0.88 or more. One short common word does not make two names alike: under five matched letters the score
    is halved. One value a pair, in their order.
    """
    names = pl.col("left"), pl.col("right")
    shorter = names[0].str.len_chars() <= names[1].str.len_chars()
    words = (
        pairs.select(
            pl.when(shorter).then(names[0]).otherwise(names[1]).str.split(" ").alias("short"),
            pl.when(shorter).then(names[1]).otherwise(names[0]).str.split(" ").alias("long"),
        )
        .with_row_index("pair")
        .explode("short", empty_as_null=False, keep_nulls=False)
        .explode("long", empty_as_null=False, keep_nulls=False)
    )
    alike = word_similarity(words.select(left="short", right="long").unique())
    letters = pl.col("short").str.len_chars()
    found = (
        words.join(alike, left_on=["short", "long"], right_on=["left", "right"], maintain_order="left")
        .group_by("pair", "short", maintain_order=True)
        .agg(pl.col("alike").max())
        .with_columns(pl.when(letters == 1).then(_INITIAL_LETTERS).otherwise(letters).alias("letters"))
        .group_by("pair", maintain_order=True)
        .agg((pl.col("alike") * pl.col("letters")).sum().alias("found"), pl.col("letters").sum())
    )
    share = pl.col("found") / pl.col("letters").clip(1)
    halved = pl.when(pl.col("found") >= 5).then(share).otherwise(share * 0.5)
    return found.select(halved.alias("words")).to_series()


def word_similarity(pairs: pl.DataFrame) -> pl.DataFrame:
    """How alike two words are (`left`, `right`, `alike` 0 to 1): equal, cut, abbreviated or mistyped; else 0."""
    jaro = pl.Series(
        "jaro",
        process.cpdist(pairs["left"].to_list(), pairs["right"].to_list(), scorer=JaroWinkler.normalized_similarity),
        dtype=pl.Float64,
    )
    common = pl.Series(
        "common",
        process.cpdist(pairs["left"].to_list(), pairs["right"].to_list(), scorer=LCSseq.similarity),
        dtype=pl.Float64,
    )
    a, b = pl.col("left"), pl.col("right")
    short = pl.when(a.str.len_chars() <= b.str.len_chars()).then(a).otherwise(b)
    long = pl.when(a.str.len_chars() <= b.str.len_chars()).then(b).otherwise(a)
    words = pairs.with_columns(jaro, common, short.alias("short"), long.alias("long"))
    same_start = pl.col("short").str.slice(0, 1) == pl.col("long").str.slice(0, 1)
    size = pl.col("short").str.len_chars()
    numeric = pl.col("short").str.contains("^[0-9]+$") | pl.col("long").str.contains("^[0-9]+$")
    # letters of scripts without vowels, and syllables, say more each: one more or another makes another name
    latin = pl.col("short").str.len_bytes() == size
    # AMZN, MKTP, SVCS: in order in the long word, from its first letter, and no vowel after it
    abbreviated = same_start & (size >= 3) & (pl.col("common") == size) & ~pl.col("short").str.contains("^.+[AEIOU]")
    alike = (
        pl.when(a == b)
        .then(1.0)
        .when(numeric)
        .then(0.0)
        .when((size != 2) & pl.col("long").str.starts_with(pl.col("short")))
        .then(0.9)
        .when(abbreviated & latin)
        .then(0.8)
        .when((pl.col("jaro") >= 0.88) & (size >= pl.when(latin).then(4).otherwise(6)))
        .then("jaro")
        .otherwise(0.0)
    )
    return words.select("left", "right", alike.alias("alike"))
