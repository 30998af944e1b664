"""Whose item is it: the counterparty of each item as one code, also where a bank line only names it in its text, or
cut off.

The right side's items say who there is: a counterparty has an id, accounts, names. A left item is brought to it by
the surest thing it carries: id, then a number of the counterparty's (`customer_numbers`), then account (also one that a surer
pass has seen pay for it), then name, then a name found in its text, then a name that a slip of the keys tells from it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.context import LegContext, Rows, SideView
from reconciliation.matching.counterparty_keys import account_keys, name_keys, text_keys
from reconciliation.matching.customer_numbers import naming_numbers, numbers_of
from reconciliation.matching.encoding import Dataset, Mask
from reconciliation.matching.namesakes import with_namesakes
from reconciliation.matching.party_codes import parties_of, party_codes, right_parties
from reconciliation.matching.party_short_words import naming_short_words
from reconciliation.matching.party_words import naming_words
from reconciliation.matching.standing_words import learned_from, told_words, without_standing_words
from reconciliation.matching.text import name_key, name_similarity
from reconciliation.matching.text.names import initial_forms
from reconciliation.matching.text.token_filter import naming_texts

_IDENTITY = ("counterparty_id", "counterparty_account", "counterparty_name")
_MIN_NAME = 8  # letters of a name, or of its beginning, that a text has to show
_MIN_WHOLE_NAME = 6  # letters, with the space, that a name of several words has more than to be looked for as a whole
_MAX_PARTIES = 4  # a name that more counterparties share names none of them
_MOST_ALIKE = 50  # names of an entity that may share a beginning by which one of them is known, mistyped
_MOST_NAMES = 500  # names of an entity with one beginning, beyond which nobody is looked for among them
_LIKE = 0.85  # similarity of two names of one counterparty, one of them mistyped
_USUAL = 2  # bills of one counterparty from which an account that pays them is its payer's, whoever that is
_SHORT_TEXT = 8  # words of a text that may be nothing but a name
_WITH_INITIAL = (r"\b[A-Z] [A-Z]{3,}\b", r"\b[A-Z]{3,} [A-Z]\b")
_WORDS = 4  # words of a text that are tried together as the beginning of a name
_PARTIES, _ASKED = "counterparties", "counterparties_asked"
#: Of an item and a counterparty beside it (`entity_right`): no two different entities.
_OF_ONE_ENTITY = (pl.col("entity") == pl.col("entity_right")) | (pl.col("entity") == 0) | (pl.col("entity_right") == 0)


def left_parties(context: LegContext) -> pl.DataFrame:
    """The open left items' counterparties among those of the right side: `row`, `party`; up to four where names are
    alike."""
    if "left_parties" not in context.cache:
        context.cache["left_parties"] = parties_named(context, np.flatnonzero(context.meeting(context.left)))
    known = f"bare_names_{len(learned_from(context)[0])}"  # what standing words are is learned on the way
    if known not in context.cache:
        context.cache[known] = _bare_names(context, context.cache["left_parties"])
    frame = pl.concat([context.cache["left_parties"], context.cache[known]])
    return frame.filter(pl.Series(context.left.open[frame["row"].to_numpy()] != 0))


def _bare_names(context: LegContext, found: pl.DataFrame) -> pl.DataFrame:
    """`row`, `party` of the open left items not `found` yet whose text is, its standing words aside, the name of one counterparty of
    the entity, however short."""
    data = context.left.dataset
    rows = np.setdiff1d(np.flatnonzero(context.meeting(context.left)).astype(np.uint32), found["row"].to_numpy())
    rows = rows[data.lacking("counterparty_name", rows)]
    bare = without_standing_words(context, context.left, told_words(data.take(["text"], rows)["text"]))
    texts = pl.DataFrame({"row": rows, "entity": data.entity[rows], "name": bare}).drop_nulls()
    met = texts.join(_names(counterparties(context)), on="name", suffix="_right")
    return _one_party(met)


def _one_party(met: pl.DataFrame) -> pl.DataFrame:
    """`row`, `party` of the items that met just one counterparty of their entity."""
    of_entity = met.filter(_OF_ONE_ENTITY).select("row", "party").unique()
    return of_entity.filter(pl.len().over("row") == 1)


def parties_in(context: LegContext, texts: pl.DataFrame) -> pl.DataFrame:
    """`row`, `party` of texts (`row` of the left side, `text`) that hold the name of one of the right side's counterparties."""
    names = _names(counterparties(context))
    entity = pl.Series("entity", context.left.dataset.entity[texts["row"].to_numpy()])
    told = texts.select("row", entity, text=name_key(texts["text"]))
    return _names_in_texts(told.drop_nulls("text"), names)


def whole_names_in(context: LegContext, texts: pl.DataFrame) -> pl.DataFrame:
    """`row`, `name` (key) of the one counterparty of the right side whose whole name texts (`row` of the left side, `text`) hold."""
    names = _names(counterparties(context))
    entity = pl.Series("entity", context.left.dataset.entity[texts["row"].to_numpy()])
    told = texts.select("row", entity, text=name_key(texts["text"])).drop_nulls("text")
    found = _whole_names_in_texts(told, names)
    return found.join(names.select("party", "name").unique(), on="party").select("row", "name").unique()


def names_somebody(context: LegContext, rows: Rows) -> Mask:
    """By left row: whether its text holds the name of any of the right side's counterparties, whether anything of them is open or
    not."""
    data = context.right.dataset
    if "names" not in data.derived:
        some = _shown_otherwise(data, np.arange(data.height, dtype=np.uint32), ["counterparty_name"])
        names = pl.DataFrame({"name": name_keys(data, some), "entity": data.entity[some]}).drop_nulls().unique()
        data.derived["names"] = names.with_columns(party=pl.col("name").hash(3))
    left = context.left.dataset
    told = pl.DataFrame({"row": rows, "entity": left.entity[rows], "text": text_keys(left, rows)})
    named = _names_in_texts(told.drop_nulls("text"), data.derived["names"])
    return np.isin(rows, named["row"].to_numpy())


def counterparties(context: LegContext) -> pl.DataFrame:
    """What the open right items show of their counterparties, each as often as it is shown otherwise: `party` (code), `entity`, `id`,
    `iban` (account) and `name` (keys). Asked again while nothing was taken it is the same."""
    open_rows = right_parties(context)
    asked = context.cache.get(_ASKED)
    if asked is None or not asked.equals(open_rows):
        rows = _shown_otherwise(context.right.dataset, open_rows["row"].to_numpy(), _IDENTITY)
        codes = party_codes(context.right.dataset)
        context.cache[_PARTIES] = _identity(context.right, rows).with_columns(codes.gather(rows))
        context.cache[_ASKED] = open_rows
    return context.cache[_PARTIES]


def _shown_otherwise(data: Dataset, rows: Rows, columns: Sequence[str]) -> Rows:
    """Of these rows one for each entity and counterparty as these columns show it; all that may be named in their texts."""
    in_texts = data.lacking("counterparty_name", rows)
    named = rows[~in_texts]
    shown = {name: data.columns.coded(name)[0][named] for name in columns}
    distinct = pl.DataFrame({"row": named, "entity": data.entity[named], **shown}).unique(["entity", *shown])
    return np.sort(np.concatenate([rows[in_texts], distinct["row"].to_numpy()]))


def _names(parties: pl.DataFrame) -> pl.DataFrame:
    return parties.select("name", "party", "entity").drop_nulls().unique()


def _identity(view: SideView, rows: Rows) -> pl.DataFrame:
    data = view.dataset
    ids = data.take([pl.col("counterparty_id").alias("id")], rows)
    return ids.select(
        pl.Series("row", rows),
        pl.Series("entity", data.entity[rows]),
        "id",
        account_keys(data, rows).alias("iban"),
        name_keys(data, rows).alias("name"),
    )


def parties_named(context: LegContext, rows: npt.NDArray[np.integer]) -> pl.DataFrame:
    """The counterparties of these rows of the left side, open or settled, as `left_parties` tells those of the open ones."""
    right = counterparties(context)
    left = _identity(context.left, rows.astype(np.uint32))
    found: list[pl.DataFrame] = []
    for key in ("id", "iban", "name"):
        known = right.select(key, "party").drop_nulls().unique()
        shared = known.group_by(key).len().filter(pl.col("len") > _MAX_PARTIES)
        known = known.join(shared, on=key, how="anti")
        hits = left.select("row", key).drop_nulls().join(known, on=key).select("row", "party").unique()
        found.append(hits)
        left = left.join(hits, on="row", how="anti")
        more = []
        if key == "id":
            more.append(naming_numbers(context, left["row"].to_numpy(), _numbers(context, right)))
            for naming in (naming_words, naming_short_words):
                asked = np.setdiff1d(left["row"].to_numpy(), pl.concat(more)["row"].to_numpy())
                more.append(naming(context, asked).join(right.select("party").unique(), on="party", how="semi"))
        if key == "iban":
            more.append(_by_paying_account(context, left))
        for hits in more:
            found.append(hits)
            left = left.join(hits, on="row", how="anti")
    names = _names(right)
    # who is known by his own name pays for himself, whomever the text names beside
    nobody = left.join(names.select("name").unique(), on="name", how="anti")
    told = nobody.with_columns(text_keys(context.left.dataset, nobody["row"].to_numpy()).alias("told"))
    hits = _whole_names_in_texts(told.select("row", "entity", text="told").drop_nulls("text"), names)
    found.append(hits)
    left = left.join(hits, on="row", how="anti")
    for of_text in (False, True):
        keys = text_keys(context.left.dataset, left["row"].to_numpy()) if of_text else name_key(left["name"])
        left = left.with_columns(keys.alias("told"))
        for of_told in (_names_in_texts, _initials_in_texts):  # KELKANUL SYSTEMS P is no P SYSTEMS
            hits = of_told(left.select("row", "entity", text="told").drop_nulls("text"), names)
            found.append(hits)
            left = left.join(hits, on="row", how="anti")
    # the name of many is theirs, and not the mistyped one of somebody else
    left = left.join(names.select("name").unique(), on="name", how="anti")
    told = pl.concat([left.select("row", "entity", "name").drop_nulls("name"), _texts_as_names(left)])
    found.append(_mistyped_names(told, names))
    return with_namesakes(pl.concat(found), right)


def _by_paying_account(context: LegContext, left: pl.DataFrame) -> pl.DataFrame:
    """`row`, `party` of items whose account a pair accepted so far has seen pay for one counterparty, and no other.

    Where both show a name, the names have to be like, or it has paid several times: a third party may have paid once.
    """
    none = pl.DataFrame(schema={"row": pl.UInt32, "party": pl.UInt64})
    asked = left.drop_nulls("iban").select("row", "iban", "name")
    if asked.is_empty() or not len(context.accepted[0]):
        return none
    pairs = pl.DataFrame({"left": context.accepted[0], "right": context.accepted[1]})
    payers = pairs["left"].unique().sort()
    paying = pl.DataFrame({"row": payers, "iban": account_keys(context.left.dataset, payers.to_numpy())})
    paying = paying.join(asked.select("iban").unique(), on="iban", how="semi")
    pairs = pairs.join(paying, left_on="left", right_on="row")
    if pairs.is_empty():
        return none
    paid = parties_of(context.right, pairs["right"].unique().sort().to_numpy())
    paid = paid.with_columns(name_keys(context.right.dataset, paid["row"].to_numpy()).alias("name"))
    known = pairs.join(paid, left_on="right", right_on="row")
    known = known.group_by("iban").agg(
        pl.col("party").n_unique().alias("parties"),
        pl.col("party", "name").min(),
        bills=pl.col("right").n_unique(),
    )
    met = asked.join(known.filter(pl.col("parties") == 1), on="iban", suffix="_paid")
    like = name_similarity(met["name"], met["name_paid"]).fill_null(1.0) >= _LIKE
    return met.filter(like | (met["bills"] >= _USUAL)).select("row", "party")


def _numbers(context: LegContext, right: pl.DataFrame) -> pl.DataFrame:
    """`key`, `check`, `party` of the numbers of the open right items' counterparties; made once a leg."""
    if "customer_numbers" not in context.cache:
        ids = right.select("party", "id").drop_nulls().unique()
        context.cache["customer_numbers"] = numbers_of(context.right.dataset, ids, right_parties(context))
    return context.cache["customer_numbers"]


def _texts_as_names(left: pl.DataFrame) -> pl.DataFrame:
    """`row`, `entity`, `name` of short texts (`told`, a name key) without a name field: such a text may be a name after a
    word or two."""
    texts = left.filter(pl.col("name").is_null()).select("row", "entity", pl.col("told").str.split(" ").alias("words"))
    words = texts.filter(pl.col("words").list.len().is_between(1, _SHORT_TEXT))
    starts = [
        words.select("row", "entity", pl.col("words").list.slice(start).list.join(" ").alias("name"))
        for start in range(3)
    ]
    return pl.concat(starts).filter(pl.col("name") != "")


def _mistyped_names(told: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """`row`, `party` of names that begin like the name of one counterparty of the entity but for one slip.

    Two beginnings that one letter left out, doubled, changed or swapped tells apart share a beginning with one letter
    taken out of each. One that so many names share (CUSTOMER 1 to 9999) tells none of them apart, and is left out.
    """
    none = pl.DataFrame(schema={"row": pl.UInt32, "party": pl.UInt64})
    if told.is_empty() or names.is_empty():
        return none
    left, right = (_without_a_letter(frame) for frame in (told.select("entity", "name").unique(), names))
    by = ["entity"] if (left["entity"] != 0).all() and (right["entity"] != 0).all() else []
    right = right.join(left.select("rest", *by).unique(), on=["rest", *by], how="semi")
    right = right.filter(pl.len().over("rest", *by) <= _MOST_ALIKE)
    met = left.join(right, on=["rest", *by], suffix="_right")
    if not by:
        met = met.filter(_OF_ONE_ENTITY)
    met = met.select("entity", "name", "name_right", "party").unique()
    alike = met.filter(name_similarity(met["name"], met["name_right"]) >= _LIKE)
    hits = told.join(alike.select("entity", "name", "party").unique(), on=["entity", "name"]).select("row", "party")
    return hits.unique().filter(pl.len().over("row") == 1)


def _without_a_letter(names: pl.DataFrame) -> pl.DataFrame:
    """Each name (a name key) with the beginnings (`rest`) that are left when one of its first letters is taken out: eight
    plain letters, which are a word of 64 bits. Names that begin with other than Latin letters have none."""
    first = pl.col("name").str.replace_all(" ", "", literal=True).str.slice(0, _MIN_NAME + 1)
    whole = names.with_columns(first.alias("whole")).filter(
        (pl.col("whole").str.len_chars() > _MIN_NAME)
        & (pl.col("whole").str.len_bytes() == pl.col("whole").str.len_chars())
    )
    whole = whole.filter(pl.len().over("entity", "name") <= _MAX_PARTIES)
    plain = whole["whole"].cast(pl.Binary)
    letters = plain.bin.reinterpret(dtype=pl.Array(pl.UInt8, _MIN_NAME + 1), endianness="little").to_numpy()
    rests = [np.delete(letters, place, axis=1).view(np.uint64).ravel() for place in range(_MIN_NAME + 1)]
    repeated = [np.zeros(whole.height, dtype=np.bool_)]  # of a double letter either may be taken out
    repeated.extend(letters[:, place] == letters[:, place - 1] for place in range(1, _MIN_NAME + 1))
    whole = whole.drop("whole")
    return pl.concat(
        whole.with_columns(pl.Series("rest", rest)).filter(pl.Series(~again))
        for rest, again in zip(rests, repeated, strict=True)
    )


def _initials_in_texts(texts: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """`row`, `party` of texts that hold the family name of just one counterparty of the entity beside the initial of its given
    name: J SMITH, SMITH J."""
    told = (texts.select("row", "entity", form=pl.col("text").str.extract_all(pattern)) for pattern in _WITH_INITIAL)
    shown = pl.concat(told).explode("form", empty_as_null=False, keep_nulls=False)
    if shown.is_empty():
        return pl.DataFrame(schema={"row": pl.UInt32, "party": pl.UInt64})
    spelled = [names.select("entity", "party", form.alias("form")) for form in initial_forms("name")]
    met = shown.join(pl.concat(spelled).drop_nulls("form").unique(), on="form", suffix="_right")
    return _one_party(met)


def _whole_names_in_texts(texts: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """`row`, `party` of texts that hold all words of the name of just one counterparty of the entity, one after the other, of a name of
    two words in either order."""
    words = names.with_columns(words=pl.col("name").str.split(" "))
    words = words.filter(
        pl.col("words").list.len().is_between(2, _WORDS), pl.col("name").str.len_chars() > _MIN_WHOLE_NAME
    )
    turned = words.filter(pl.col("words").list.len() == 2)
    turned = turned.with_columns(name=pl.col("words").list.reverse().list.join(" "))
    whole = pl.concat([words, turned]).select("name", "party", "entity").unique()
    said = texts.select("row", "entity", pl.col("text").str.split(" ").alias("word")).explode("word")
    runs = [pl.col("word")]
    for count in range(1, _WORDS):
        following = pl.col("word").shift(-count)
        runs.append(runs[-1] + " " + pl.when(pl.col("row").shift(-count) == pl.col("row")).then(following))
    told = [said.select("row", "entity", run.alias("name")).drop_nulls("name") for run in runs[1:]]
    return _one_party(pl.concat(told).join(whole, on="name", suffix="_right"))


def _names_in_texts(texts: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """`row`, `party` of names whose beginning stands in the text (a name key too) from a word's start; the longest
    beginning decides."""
    if texts.is_empty() or names.is_empty():
        return pl.DataFrame(schema={"row": pl.UInt32, "party": pl.UInt64})
    unread = _unread_names_in_texts(texts, names)
    texts = texts if unread.is_empty() else texts.join(unread, on="row", how="anti")
    by = ["entity"] if (texts["entity"] != 0).all() and (names["entity"] != 0).all() else []
    whole = names.with_columns(pl.col("name").str.replace_all(" ", "").alias("whole")).filter(
        pl.col("whole").str.len_chars() >= _MIN_NAME
    )
    whole = whole.with_columns(pl.col("whole").str.slice(0, _MIN_NAME).alias("start"))
    told = texts.filter(pl.Series(naming_texts(texts, whole, by, _MIN_NAME)))
    told = _beginnings(told, whole.select("start", *by).unique())
    told = told.filter(pl.col("beginning").str.len_chars() >= _MIN_NAME).unique()
    if told.is_empty():
        return unread
    whole = whole.join(told.select("start", *by).unique(), on=["start", *by], how="semi")
    begun = _names_that_begin(told.select(*by, "beginning").unique(), whole, by)
    met = told.join(begun, on=["beginning", *by], suffix="_right")
    if not by:
        met = met.filter(_OF_ONE_ENTITY | pl.col("entity_right").is_null())
    size = pl.col("beginning").str.len_chars()
    best = met.filter(size == size.max().over("row")).select("row", "party").unique()
    few = best.filter(pl.len().over("row") <= _MAX_PARTIES, ~pl.col("party").is_null().any().over("row"))
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
    return _one_party(met)


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
    party = pl.when(pl.col("party").list.len() <= _MAX_PARTIES).then("party").otherwise(pl.lit([None]))
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
    parts = parts.with_columns(longest.str.slice(0, _MIN_NAME).alias("start")).join(
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
