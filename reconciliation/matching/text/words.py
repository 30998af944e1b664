"""What two free texts have in common, in nats: rare words and numbers say much, a bank's standing phrases say
nothing.

A word's weight is the log of how rarely it occurs among the texts of its side, so that no list of noise words is
needed: what every line says (`ACH DEBIT`, `Payment to`) weighs nothing in any language. Words are alike when equal,
cut, abbreviated or mistyped (`names.word_similarity`); numbers only when equal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import polars as pl

from reconciliation.matching.text.folding import ascii_upper_series, canonical_identifier
from reconciliation.matching.text.kana import latin_kana
from reconciliation.matching.text.names import word_similarity
from reconciliation.matching.text.periods import MONTH, WORDS, months

MAX_WORDS = 14  # the rarest words of a text; a longer one is a letter, not a booking text
_SHORT_NUMBER = r"\b(?:[0-9]{1,2}[A-Z]|[A-Z][0-9]{1,2})\b"  # a flat, a table, a quarter: 12B, Q3
_IN_PARTS = (r"[0-9]+(?:[-/][0-9]+)+", r"[0-9]+(?: [0-9]+)+")  # a number written in parts
_JOINED = 6  # digits from which the parts of a number are read as one
_UNSEEN = 8.0  # texts without the word that are added to those there are
_UNSPACED = r"[\p{Han}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"  # scripts that leave no space between words
_OTHER_WORD = r"[\p{L}&&[^A-Z\p{Han}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]]{2,}"
_DATE = r"^(?:(?:19|20)[0-9]{2}[01][0-9][0-3][0-9]|[0-3][0-9][01][0-9](?:19|20)[0-9]{2})$"
_USUAL_DIGITS, _MOST_DIGITS, _A_DIGIT = 5, 5, 0.6  # digits beyond which each of so many more tells so many nats
_MONTH = 1.0  # nats for a month: a file of few months makes each of them common
_SPEAKING = 2.0  # nats that a text has at least, to be compared
_MIN_ALIKE = 0.75  # a lesser likeness of two words counts for nothing
AT_ONCE = 100_000  # pairs of texts compared at once: bounds the memory


@dataclass(frozen=True)
class SideWords:
    """The texts of one side.

    `rows` (row, document) names each row's set of words; rows of equal words share one. `words` (document, word,
    weight) and `numbers` (row, number, weight) are their distinct words and numbers, weights in nats.
    """

    rows: pl.DataFrame
    words: pl.DataFrame
    numbers: pl.DataFrame


def with_joined(side: SideWords, texts: pl.DataFrame, other: SideWords) -> SideWords:
    """The same and the numbers that its texts (`row`, `text`) write in parts and the other side's in one: `73-8180-4` and `7381804`."""
    said = ascii_upper_series(texts["text"].drop_nulls())
    parts = texts.select("row", "text").drop_nulls("text").with_columns(said)
    runs = pl.concat([parts.select("row", run=pl.col("text").str.extract_all(each)) for each in _IN_PARTS])
    runs = runs.explode("run", empty_as_null=False, keep_nulls=False)
    joined = runs.select("row", number=canonical_identifier(pl.col("run").str.replace_all("[^0-9]", "")))
    joined = joined.filter(pl.col("number").str.len_bytes() >= _JOINED).unique()
    joined = joined.join(other.numbers, on="number", how="semi").join(side.numbers, on=["row", "number"], how="anti")
    if joined.is_empty():
        return side
    numbers = pl.concat([side.numbers.select("row", "number"), joined])
    return replace(side, numbers=_weighed(numbers, max(1, side.rows.height)).sort("row", "number"))


def side_words(texts: pl.DataFrame) -> SideWords:
    """The words of one side's texts (`row` unique, `text`, nulls allowed)."""
    present = texts.select("row", "text").drop_nulls("text")
    spelled = present.with_columns(ascii_upper_series(latin_kana(present["text"])))
    spelled = spelled.with_columns(
        pl.col("text").str.replace_all(r"[.'`´]", "").str.replace_many(["AE", "OE", "UE"], ["A", "O", "U"])
    )
    total = max(1, present.height)
    keyed = (
        _with_words(spelled)
        .select(
            "row",
            pl.col("words").list.set_difference(pl.lit(WORDS, pl.List(pl.String))).list.unique().list.sort(),
            pl.col("text").str.extract_all("[A-Z]*[0-9]{3,}").alias("numbers"),
            pl.col("text").str.extract_all(_SHORT_NUMBER).alias("short"),
            months(pl.col("text")).alias("months"),
        )
        .with_columns(pl.col("words").list.join(" ").alias("key"))
    )
    documents = keyed.group_by("key").agg(pl.len().alias("times"), pl.col("words").first()).sort("key")
    documents = documents.with_row_index("document")
    words = documents.select("document", "times", "words").explode("words", empty_as_null=False, keep_nulls=False)
    rarity = _rarity(pl.col("times").sum().over("words"), total)
    words = (
        words.select("document", pl.col("words").alias("word"), rarity.alias("weight"))
        .sort("document", pl.col("weight"), "word", descending=[False, True, False])
        .group_by("document", maintain_order=True)
        .head(MAX_WORDS)
    )
    numbers = (
        keyed.select("row", pl.col("numbers"))
        .explode("numbers", empty_as_null=False, keep_nulls=False)
        .select("row", canonical_identifier(pl.col("numbers").str.extract("([0-9]+)$", 1)).alias("number"))
        .filter(pl.col("number").str.len_bytes() >= 3)
    )
    short = keyed.select("row", number="short").explode("number", empty_as_null=False, keep_nulls=False)
    named = keyed.select("row", number="months").explode("number", empty_as_null=False, keep_nulls=False)
    numbers = pl.concat([numbers, short, named]).unique()
    numbers = _weighed(numbers, total)
    rows = keyed.join(documents.select("key", "document"), on="key").select("row", "document").sort("row")
    return SideWords(rows, words, numbers.sort("row", "number"))


def _weighed(numbers: pl.DataFrame, total: int) -> pl.DataFrame:
    """Numbers (`row`, `number`) of so many texts with their `weight`."""
    rare = _rarity(pl.len().over("number"), total)
    return numbers.with_columns(weight=pl.when(rare > 0).then(rare + _length(pl.col("number"))).otherwise(0.0))


def _with_words(texts: pl.DataFrame) -> pl.DataFrame:
    """Texts (`text` in capitals) with the list of their `words`.

    Letters without a Latin form make words too; of a script that leaves no space between words, any two letters in a row do.
    """
    text = pl.col("text")
    latin = text.str.extract_all("[A-Z]{2,}")
    foreign = texts.select(text.str.len_bytes() != text.str.len_chars()).to_series()
    if not foreign.any():
        return texts.with_columns(latin.alias("words"))
    composed = text.str.normalize("NFC")  # a Korean letter is a syllable
    unspaced = composed.str.replace_all(rf"\s+({_UNSPACED})", "$1")
    words = pl.concat_list(
        latin,
        composed.str.extract_all(_OTHER_WORD),
        unspaced.str.extract_all(rf"{_UNSPACED}{{2}}"),
        unspaced.str.replace_all(rf"{_UNSPACED}({_UNSPACED}*)", "$1 ").str.extract_all(rf"{_UNSPACED}{{2}}"),
    )
    return pl.concat(
        [
            texts.filter(~foreign).with_columns(latin.alias("words")),
            texts.filter(foreign).with_columns(words.alias("words")),
        ]
    )


def _rarity(texts: pl.Expr, total: int) -> pl.Expr:
    """Nats of a word that stands in so many of `total` texts; nothing for one that most texts have.

    The text itself is left out by half, and a few texts are added that do not have the word: one of two is not common.
    """
    nats = ((total + _UNSEEN) / (texts - 0.5)).log()
    return pl.when((texts * 2 > total) & (texts > 1)).then(0.0).otherwise(nats)


def _length(number: pl.Expr) -> pl.Expr:
    """Nats for the length of a number: few rows say little of how rare it is, but nobody writes ten equal digits by chance. A
    date has none."""
    longer = (number.str.len_bytes().cast(pl.Float64) - _USUAL_DIGITS).clip(0.0, _MOST_DIGITS)
    length = pl.when(number.str.contains(_DATE)).then(0.0).otherwise(longer * _A_DIGIT)
    return pl.when(is_month(number)).then(_MONTH).otherwise(length)


def is_month(number: pl.Expr) -> pl.Expr:
    """Whether a number is a month (`periods.months`)."""
    return number.str.starts_with(MONTH)


def silent_rows(side: SideWords) -> pl.DataFrame:
    """Rows whose words and numbers say too little to be compared."""
    spoken = side.words.group_by("document").agg(pl.col("weight").sum().alias("nats"))
    counted = side.numbers.group_by("row").agg(pl.col("weight").sum().alias("number_nats"))
    rows = side.rows.join(spoken, on="document", how="left").join(counted, on="row", how="left")
    total = pl.col("nats").fill_null(0.0) + pl.col("number_nats").fill_null(0.0)
    return rows.filter(total < _SPEAKING).select("row")


def speaking_rows(side: SideWords) -> pl.DataFrame:
    """Rows whose text says enough to be compared."""
    return side.rows.join(silent_rows(side), on="row", how="anti").select("row")


def spoken_pairs(left: SideWords, right: SideWords, pairs: pl.DataFrame) -> pl.DataFrame:
    """`pairs` (`left`, `right` rows, in their order) with the documents `one` and `two` of their texts; null where a
    text says too little to be compared."""
    located = pairs.select("left", "right")
    for side, name, document in ((left, "left", "one"), (right, "right", "two")):
        spoken = side.rows.join(silent_rows(side), on="row", how="anti").rename({"row": name, "document": document})
        located = located.join(spoken, on=name, how="left", maintain_order="left")
    return located


def shared_information(left: SideWords, right: SideWords, pairs: pl.DataFrame) -> pl.Series:
    """The nats that each pair's texts have in common, in the order of `pairs` (`left`, `right` rows).

    Null where a side has no text, or none that says anything. Each word of the left text counts once, with the most
    alike word of the right: the square of their likeness times the lesser weight.
    """
    located = spoken_pairs(left, right, pairs)
    information = _of_documents(left, right, located.select("one", "two").drop_nulls().unique().sort("one", "two"))
    found = located.join(information, on=["one", "two"], how="left", maintain_order="left")
    total = found["nats"].fill_null(0.0) + numbers_in_common(left, right, pairs)
    spoken = pl.col("one").is_not_null() & pl.col("two").is_not_null()
    return found.select(pl.when(spoken).then(total).alias("nats"))["nats"]


def numbers_in_common(left: SideWords, right: SideWords, pairs: pl.DataFrame) -> pl.Series:
    """The nats of the numbers that both texts of each pair show, in the order of `pairs`."""
    by_number = (
        pairs.select("left", "right")
        .unique()
        .join(left.numbers, left_on="left", right_on="row")
        .join(right.numbers, left_on=["right", "number"], right_on=["row", "number"], suffix="_two")
        .with_columns(pl.min_horizontal("weight", "weight_two").alias("nats"))
        .sort("left", "right", "number")
        .group_by("left", "right", maintain_order=True)
        .agg(pl.col("nats").sum())
    )
    found = pairs.select("left", "right").join(by_number, on=["left", "right"], how="left", maintain_order="left")
    return found["nats"].fill_null(0.0)


def without_dates(side: SideWords) -> SideWords:
    """The same but for numbers that are written as dates are: many documents have one."""
    return replace(side, numbers=side.numbers.filter(~pl.col("number").str.contains(_DATE)))


def numbers_apart(left: SideWords, right: SideWords, pairs: pl.DataFrame) -> pl.Series:
    """Whether both texts of each pair show a rare number of one form (as many digits), in the order of `pairs`: two cheques, two
    invoices, unless it is one number in common."""
    forms = [
        side.numbers.filter(pl.col("weight") >= _SPEAKING)
        .select("row", pl.col("number").str.replace_all("[0-9]", "9").str.replace_all("[A-Z]", "A").alias("form"))
        .unique()
        for side in (left, right)
    ]
    alike = (
        pairs.select("left", "right")
        .unique()
        .join(forms[0], left_on="left", right_on="row")
        .join(forms[1], left_on=["right", "form"], right_on=["row", "form"])
        .select("left", "right", apart=pl.lit(True))
        .unique()
    )
    found = pairs.select("left", "right").join(alike, on=["left", "right"], how="left", maintain_order="left")
    return found["apart"].fill_null(False)


def rows_with_numbers(side: SideWords, other: SideWords | None = None) -> pl.Series:
    """The rows of texts that show a rare number: any, or one that some text of the other side shows too."""
    numbers = side.numbers.filter(pl.col("weight") >= _SPEAKING)
    if other is not None:
        numbers = numbers.join(other.numbers.select("number").unique(), on="number", how="semi")
    return numbers["row"].unique()


def _of_documents(left: SideWords, right: SideWords, known: pl.DataFrame) -> pl.DataFrame:
    """`one`, `two`, `nats` of pairs of sets of words; those without a word in common are left out."""
    parts = [
        alike.with_columns((pl.col("alike") ** 2 * pl.min_horizontal("weight", "weight_two")).alias("nats"))
        .group_by("one", "two", "word")
        .agg(pl.col("nats").max())
        .sort("one", "two", "word")
        .group_by("one", "two", maintain_order=True)
        .agg(pl.col("nats").sum())
        for alike in _alike(left, right, known)
    ]
    if not parts:
        return pl.DataFrame(schema={"one": known.schema["one"], "two": known.schema["two"], "nats": pl.Float64})
    return pl.concat(parts)


def alike_words(left: SideWords, right: SideWords, known: pl.DataFrame) -> pl.DataFrame:
    """The words that pairs of documents (`one`, `two`, distinct) have in common.

    Gives `one`, `two`, `word` of the left, `word_two` of the right, and how `alike` they are (0.75 to 1).
    """
    parts = [part.select("one", "two", "word", "word_two", "alike") for part in _alike(left, right, known)]
    if not parts:
        words = {"word": pl.String, "word_two": pl.String, "alike": pl.Float64}
        return pl.DataFrame(schema={"one": known.schema["one"], "two": known.schema["two"], **words})
    return pl.concat(parts)


def _alike(left: SideWords, right: SideWords, known: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Of some pairs of documents at a time: their alike words that are not everywhere, and the weights of both."""
    spoken = [
        side.words.filter(pl.col("weight") > 0).join(known.select(document=name).unique(), on="document", how="semi")
        for side, name in ((left, "one"), (right, "two"))
    ]
    # words are compared as numbers: of the many pairs of words of many pairs of texts, few are different ones
    names = pl.concat([side["word"] for side in spoken]).unique().sort().to_frame().with_row_index("number")
    numbered = [
        side.join(names, on="word").select("document", "number", "weight").sort("document", "number") for side in spoken
    ]
    words = names["word"]
    for place in range(0, known.height, AT_ONCE):
        crossed = (
            known.slice(place, AT_ONCE)
            .join(numbered[0], left_on="one", right_on="document")
            .join(numbered[1], left_on="two", right_on="document", suffix="_two")
        )
        distinct = crossed.select("number", "number_two").unique().sort("number", "number_two")
        alike = word_similarity(
            distinct.select(left=words.gather(distinct["number"]), right=words.gather(distinct["number_two"]))
        )
        # names are numbered in their order: the similarities come in the order of `distinct`
        similar = distinct.with_columns(alike["alike"]).filter(pl.col("alike") >= _MIN_ALIKE)
        matched = crossed.join(similar, on=["number", "number_two"])
        named = (
            words.gather(matched[number]).alias(word)
            for number, word in (("number", "word"), ("number_two", "word_two"))
        )
        yield matched.select("one", "two", *named, "alike", "weight", "weight_two")
