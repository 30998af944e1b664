"""Whose item is it: the counterparty of each item as one code, also where a bank line only names it in its text, or
cut off.

The right side's items say who there is: a counterparty has an id, accounts, names. A left item is brought to it by
the surest thing it carries: id, then a number of the counterparty's (`customer_numbers`), then account (also one that a surer
pass has seen pay for it), then name, then a name found in its text, then a name that a slip of the keys tells from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.context import LegContext, Rows, SideView
from reconciliation.matching.counterparty_keys import account_keys, name_keys, text_keys
from reconciliation.matching.customer_numbers import naming_numbers, numbers_of
from reconciliation.matching.encoding import Dataset, Mask
from reconciliation.matching.mistyped_names import LIKE, mistyped_names, texts_as_names
from reconciliation.matching.names_in_texts import (
    MAX_PARTIES,
    initials_in_texts,
    names_in_texts,
    one_party,
    whole_names,
    whole_names_in_texts,
)
from reconciliation.matching.namesakes import with_namesakes
from reconciliation.matching.party_codes import parties_of, party_codes, right_parties
from reconciliation.matching.party_short_words import naming_short_words
from reconciliation.matching.party_words import naming_words
from reconciliation.matching.standing_words import learned_from, told_words, without_standing_words
from reconciliation.matching.text import name_key, name_similarity

_IDENTITY = ("counterparty_id", "counterparty_account", "counterparty_name")
_USUAL = 2  # bills of one counterparty from which an account that pays them is its payer's, whoever that is
_PARTIES, _NAMES, _WHOLE = "counterparties", "counterparty_names", "whole_names"
_ASKED = "counterparties_asked"
_NOBODY = pl.DataFrame(schema={"row": pl.UInt32, "party": pl.UInt64})
#: `row`, `party` of the left items (`row`, and what `_identity` shows) that one way tells, among the counterparties of the right side.
_Told = Callable[[LegContext, pl.DataFrame, pl.DataFrame], pl.DataFrame]


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
    met = texts.join(_names(context), on="name", suffix="_right")
    return one_party(met)


def parties_in(context: LegContext, texts: pl.DataFrame) -> pl.DataFrame:
    """`row`, `party` of texts (`row` of the left side, `text`) that hold the name of one of the right side's counterparties."""
    names = _names(context)
    entity = pl.Series("entity", context.left.dataset.entity[texts["row"].to_numpy()])
    told = texts.select("row", entity, text=name_key(texts["text"]))
    return names_in_texts(told.drop_nulls("text"), names)


def whole_names_in(context: LegContext, texts: pl.DataFrame) -> pl.DataFrame:
    """`row`, `name` (key) of the one counterparty of the right side whose whole name texts (`row` of the left side, `text`) hold."""
    names = _names(context)
    entity = pl.Series("entity", context.left.dataset.entity[texts["row"].to_numpy()])
    told = texts.select("row", entity, text=name_key(texts["text"])).drop_nulls("text")
    found = whole_names_in_texts(told, _whole_names(context))
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
    named = names_in_texts(told.drop_nulls("text"), data.derived["names"])
    return np.isin(rows, named["row"].to_numpy())


def counterparties(context: LegContext) -> pl.DataFrame:
    """What the open right items show of their counterparties, each as often as it is shown otherwise: `party` (code), `entity`, `id`,
    `iban` (account) and `name` (keys). Asked again while nothing was taken it is the same."""
    open_rows = right_parties(context)
    asked = context.cache.get(_ASKED)
    if asked is None or not asked.equals(open_rows):
        rows = _shown_otherwise(context.right.dataset, open_rows["row"].to_numpy(), _IDENTITY)
        codes = party_codes(context.right.dataset)
        parties = _identity(context.right, rows).with_columns(codes.gather(rows))
        context.cache[_PARTIES] = parties
        context.cache[_NAMES] = parties.select("name", "party", "entity").drop_nulls().unique()
        context.cache[_ASKED] = open_rows
        context.cache.pop(_WHOLE, None)
    return context.cache[_PARTIES]


def _whole_names(context: LegContext) -> pl.DataFrame:
    """`whole_names` of the right side's counterparties; made once for the same open items."""
    names = _names(context)
    if _WHOLE not in context.cache:
        context.cache[_WHOLE] = whole_names(names)
    return context.cache[_WHOLE]


def _shown_otherwise(data: Dataset, rows: Rows, columns: Sequence[str]) -> Rows:
    """Of these rows one for each entity and counterparty as these columns show it; all that may be named in their texts."""
    in_texts = data.lacking("counterparty_name", rows)
    named = rows[~in_texts]
    shown = _shown_as(data, columns)
    row_of = np.full(data.height + 1, data.height, dtype=np.uint32)  # of each way of showing one row
    row_of[shown[named]] = named
    return np.sort(np.concatenate([rows[in_texts], row_of[row_of < data.height]]))


def _shown_as(data: Dataset, columns: Sequence[str]) -> npt.NDArray[np.integer]:
    """By row a number for its entity and what these columns show of its counterparty; made once."""
    name = f"shown_as_{'_'.join(columns)}"
    if name not in data.derived:
        each = {column: data.columns.coded(column)[0] for column in columns}
        frame = pl.DataFrame({"entity": data.entity, **each})
        ways = frame.unique().with_row_index("way")
        data.derived[name] = frame.join(ways, on=frame.columns, how="left", maintain_order="left").select("way")
    return data.derived[name]["way"].to_numpy()


def _names(context: LegContext) -> pl.DataFrame:
    """`name`, `party`, `entity` of the counterparties."""
    counterparties(context)
    return context.cache[_NAMES]


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
    _numbers(context, right)  # those of what is open when they are first asked for
    found = [_NOBODY]
    for told_by in _SUREST_FIRST:
        if left.is_empty():
            break
        hits = told_by(context, left, right)
        if not hits.is_empty():
            found.append(hits)
            left = left.join(hits, on="row", how="anti")
    return with_namesakes(pl.concat(found), right)


def _by_equal(key: str) -> _Told:
    """By an id, an account or a name that few counterparties have."""

    def told_by(context: LegContext, left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
        given = left.select("row", key).drop_nulls()
        if given.is_empty():
            return _NOBODY
        known = right.select(key, "party").drop_nulls().unique().filter(pl.len().over(key) <= MAX_PARTIES)
        return given.join(known, on=key).select("row", "party").unique()

    return told_by


def _by_number(context: LegContext, left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    return naming_numbers(context, left["row"].to_numpy(), _numbers(context, right))


def _by_words(naming: Callable[[LegContext, Rows], pl.DataFrame]) -> _Told:
    def told_by(context: LegContext, left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
        hits = naming(context, left["row"].to_numpy())
        return hits if hits.is_empty() else hits.join(right.select("party").unique(), on="party", how="semi")

    return told_by


def _by_whole_name(context: LegContext, left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    names = _names(context)
    # who is known by his own name pays for himself, whomever the text names beside
    nobody = left.join(names.select("name").unique(), on="name", how="anti")
    told = nobody.select("row", "entity", text=text_keys(context.left.dataset, nobody["row"].to_numpy()))
    return whole_names_in_texts(told.drop_nulls("text"), _whole_names(context))


def _by_name_in(of_told: Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame], *, of_text: bool) -> _Told:
    """By a name that stands in the name field, or in the text."""

    def told_by(context: LegContext, left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
        keys = text_keys(context.left.dataset, left["row"].to_numpy()) if of_text else name_key(left["name"])
        return of_told(left.select("row", "entity", text=keys).drop_nulls("text"), _names(context))

    return told_by


def _by_mistyped_name(context: LegContext, left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    names = _names(context)
    # the name of many is theirs, and not the mistyped one of somebody else
    left = left.join(names.select("name").unique(), on="name", how="anti")
    texts = texts_as_names(left.with_columns(told=text_keys(context.left.dataset, left["row"].to_numpy())))
    return mistyped_names(pl.concat([left.select("row", "entity", "name").drop_nulls("name"), texts]), names)


def _by_paying_account(context: LegContext, left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """`row`, `party` of items whose account a pair accepted so far has seen pay for one counterparty, and no other.

    Where both show a name, the names have to be like, or it has paid several times: a third party may have paid once.
    """
    if not len(context.accepted[0]):
        return _NOBODY
    asked = left.drop_nulls("iban").select("row", "iban", "name")
    if asked.is_empty():
        return _NOBODY
    pairs = pl.DataFrame({"left": context.accepted[0], "right": context.accepted[1]})
    payers = pairs["left"].unique().sort()
    paying = pl.DataFrame({"row": payers, "iban": account_keys(context.left.dataset, payers.to_numpy())})
    paying = paying.join(asked.select("iban").unique(), on="iban", how="semi")
    pairs = pairs.join(paying, left_on="left", right_on="row")
    if pairs.is_empty():
        return _NOBODY
    paid = parties_of(context.right, pairs["right"].unique().sort().to_numpy())
    paid = paid.with_columns(name_keys(context.right.dataset, paid["row"].to_numpy()).alias("name"))
    known = pairs.join(paid, left_on="right", right_on="row")
    known = known.group_by("iban").agg(
        pl.col("party").n_unique().alias("parties"),
        pl.col("party", "name").min(),
        bills=pl.col("right").n_unique(),
    )
    met = asked.join(known.filter(pl.col("parties") == 1), on="iban", suffix="_paid")
    like = name_similarity(met["name"], met["name_paid"]).fill_null(1.0) >= LIKE
    return met.filter(like | (met["bills"] >= _USUAL)).select("row", "party")


def _numbers(context: LegContext, right: pl.DataFrame) -> pl.DataFrame:
    """`key`, `check`, `party` of the numbers of the open right items' counterparties; made once a leg."""
    if "customer_numbers" not in context.cache:
        ids = right.select("party", "id").drop_nulls().unique()
        context.cache["customer_numbers"] = numbers_of(context.right.dataset, ids, right_parties(context))
    return context.cache["customer_numbers"]


#: What tells whose an item is, the surest first.
_SUREST_FIRST: tuple[_Told, ...] = (
    _by_equal("id"),
    _by_number,
    _by_words(naming_words),
    _by_words(naming_short_words),
    _by_equal("iban"),
    _by_paying_account,
    _by_equal("name"),
    _by_whole_name,
    *(
        _by_name_in(of_told, of_text=of_text)
        for of_text in (False, True)
        for of_told in (names_in_texts, initials_in_texts)  # KELKANUL SYSTEMS P is no P SYSTEMS
    ),
    _by_mistyped_name,
)
