"""What the passes that compare free texts share: a leg's words, pairs of items that speak of the same party, what
was learned.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.coincidence import Floats, expected_equals, lag_shares
from reconciliation.matching.context import LegContext, Rows, SideView
from reconciliation.matching.encoding import Ints, Mask
from reconciliation.matching.nearby import within_days
from reconciliation.matching.taught_pairs import taught_pairs
from reconciliation.matching.text.words import SideWords, shared_information, side_words, with_joined
from reconciliation.matching.text_odds import TextOdds

#: All that an item says.
_SAID = pl.concat_str(
    "counterparty_name", "text", pl.col("references").list.join(" "), separator=" ", ignore_nulls=True
)
_RARE = 1.2  # nats of a word by which items are brought together
_TURNS, _MOST = 20, 0.9  # steps in which a share is learned, and the largest it may be
_WINDOW = 10  # days within which pairs are brought together by a word before those that are farther apart
_SHORTEST = 14  # days that a side is taken to cover at least
_LEAST = 3.0  # nats in common below which no pass speaks of related texts, but in small files
_LEAST_ROOM, _ROOM = 300_000, 40  # pairs brought together by a word: so many, and so many an open item; rarest first


def leg_words(context: LegContext) -> tuple[SideWords, SideWords]:
    """The words of all items of the leg's two sides, found once per leg."""
    sides = _words(context, context.left), _words(context, context.right)
    name = "numbers in parts"
    if name not in context.cache:
        context.cache[name] = pl.DataFrame()
        for number, view in enumerate(context.sides):
            texts = view.dataset.read([_SAID.alias("text")])
            numbers = with_joined(sides[number], texts, sides[1 - number]).numbers
            context.cache[f"numbers of all of side {number}"] = numbers
        sides = _words(context, context.left), _words(context, context.right)
    return sides


def open_words(context: LegContext) -> tuple[SideWords, SideWords]:
    """The words of the items that were open when first asked for, and on the left of some that are settled."""
    left = np.unique(np.concatenate([context.left.rows(), taught_pairs(context)[0]]))
    return _words(context, context.left, left), _words(context, context.right, context.right.rows())


def _words(context: LegContext, view: SideView, of: Rows | None = None) -> SideWords:
    """The words of a side's items, or `of` some of them."""
    whose = "all" if of is None else "some"
    names = [f"{part} of {whose} of side {view.index}" for part in ("rows", "words", "numbers")]
    if names[0] not in context.cache:
        if of is None:
            frame = view.dataset.read([_SAID.alias("said")])
        else:
            frame = view.dataset.take([_SAID.alias("said")], of).with_columns(row=pl.Series(of))
        spoken = pl.when(pl.col("said").str.contains("[A-Za-z0-9]|[^\x00-\x7f]")).then("said")
        found = side_words(frame.select("row", spoken.alias("text")))
        context.cache.update(zip(names, (found.rows, found.words, found.numbers), strict=True))
    return SideWords(*(context.cache[name] for name in names))


def ordered(context: LegContext, pairs: pl.DataFrame) -> pl.DataFrame:
    """Pairs in the order of the left items' ids, and of the right ones' where a left item is in several, whatever the order
    of rows."""
    orders = [
        pl.Series(f"{name} order", view.order(pairs[name].to_numpy()))
        for view, name in zip(context.sides, ("left", "right"), strict=True)
    ]
    names = [each.name for each in orders]
    return pairs.with_columns(orders).sort(names).drop(names)


def accepted_pairs(context: LegContext) -> pl.DataFrame:
    """The pairs that earlier passes accepted (`left`, `right`, `lag` in days), in the order of the left items' ids."""
    left, right = context.accepted
    lags = context.left.dataset.date[left].astype(np.int64) - context.right.dataset.date[right]
    return ordered(context, pl.DataFrame({"left": left, "right": right, "lag": lags}))


def learned_lags(context: LegContext, window: int) -> Floats:
    """The shares of date distances from -window to window, as accepted pairs teach them."""
    return lag_shares(accepted_pairs(context)["lag"].to_numpy(), window)


def days_of_parts(context: LegContext, one: str, before: int, after: int) -> tuple[int, int]:
    """The days that parts of an item of the side `one` may be later than it, and earlier: `before` and `after`, or the other
    way round where the pairs accepted so far show that this side is booked first."""
    lag = accepted_pairs(context)["lag"].cast(pl.Float64).sum()
    return (after, before) if (lag if one == "left" else -lag) < 0 else (before, after)


def learned_texts(context: LegContext) -> TextOdds:
    """The odds of texts, as accepted pairs teach them; learned once as long as no more are accepted."""
    known = len(context.accepted[0])
    if known not in context.texts:
        context.texts.clear()
        context.texts[known] = TextOdds(*leg_words(context), accepted_pairs(context))
    return context.texts[known]


def related_pairs(context: LegContext, window: int, min_nats: float) -> pl.DataFrame:
    """Open items of the two sides within `window` days whose texts have `min_nats` in common, whatever their
    amounts.

    Gives `left`, `right`, `mine`, `other` (open amounts), `lag`, `nats`. Items are brought together by the
    beginnings of their rarer words (first letter and next two consonants, which survives cutting, abbreviation and
    most typing errors) and by numbers. Texts are compared once for all passes of the leg that ask for no wider
    window: what is open only ever becomes less.
    """
    min_nats = min_nats * _enough(context) / _LEAST
    name = f"related within {window}"
    if name not in context.cache:
        far = _related(context, window)
        if window > _WINDOW:  # what is near is looked at as if nothing far were
            near = related_pairs(context, _WINDOW, 0.0).select(far.columns)
            far = pl.concat([near, far.filter(pl.col("lag").abs() > _WINDOW)]).sort("left", "right")
        context.cache[name] = far
    pairs = context.cache[name]
    left, right = pairs["left"].to_numpy(), pairs["right"].to_numpy()
    mine, other = context.left.open[left], context.right.open[right]
    pairs = pairs.with_columns(pl.Series("mine", mine), pl.Series("other", other))
    return pairs.filter(pl.Series((mine != 0) & (other != 0)), pl.col("nats") >= min_nats)


def _related(context: LegContext, window: int) -> pl.DataFrame:
    """Pairs of open items (`left`, `right`, `lag`, `nats`) within `window` days that have enough nats in common."""
    least = _enough(context)
    keys = spoken_keys(context)
    counts = [side.group_by("key", "currency").len(name) for side, name in zip(keys, ("lefts", "rights"), strict=True)]
    sizes = counts[0].join(counts[1], on=["key", "currency"])
    # dates spread evenly: of all pairs of a key, so many lie within the window
    days = [1, *(int(np.ptp(view.dataset.date[view.rows()])) + 1 for view in context.sides if len(view.rows()))]
    near = min(1.0, (2 * window + 1) / max(days))
    room = _LEAST_ROOM + _ROOM * sum(len(view.rows()) for view in context.sides)
    met = (pl.col("lefts").cast(pl.Float64) * pl.col("rights") * near).alias("met")
    sizes = sizes.with_columns(met).sort("met", "key", "currency").filter(pl.col("met").cum_sum() <= room)
    left, right = (
        side.join(sizes.select("key", "currency"), on=["key", "currency"], how="semi").rename({"row": name})
        for side, name in zip(keys, ("left", "right"), strict=True)
    )
    pairs = within_days((left, right), ["key", "currency"], window)
    likely = (
        pairs.group_by("left", "right")
        .agg(pl.col("lag").first(), pl.min_horizontal("weight", "weight_right").sum().alias("told"))
        .filter(pl.col("told") >= least / 2)
        .select("left", "right", "lag")
        .sort("left", "right")
    )
    fits = context.compatible(likely["left"].to_numpy(), likely["right"].to_numpy())
    likely = likely.filter(pl.Series(fits, dtype=pl.Boolean))
    nats = shared_information(*leg_words(context), likely)
    return likely.with_columns(nats.alias("nats")).filter(pl.col("nats") >= least)


def _enough(context: LegContext) -> float:
    """The nats in common from which texts are related: in a file of some dozen rows no name can be as rare as in a large one."""
    texts = min(side.rows.height for side in leg_words(context))
    return min(_LEAST, float(np.log(max(texts, 2))) / 2)


def shown_alone(many: SideView, one: SideView, rows: Rows, window: int) -> Mask:
    """By row of the one side: whether an open item of the other has its amount by itself within `window` days."""
    keys = ["open", "currency"]
    asked = many.frame().select("row", "date", *keys).join(pl.DataFrame({"row": rows}).unique(), on="row", how="semi")
    met = within_days((asked, one.frame().select("date", *keys)), keys, window)
    return np.isin(rows, met["row"].to_numpy())


def meant_elsewhere(context: LegContext, groups: pl.DataFrame, members: pl.DataFrame, one: int) -> pl.DataFrame:
    """Groups of one item of the side `one` and several of the other, their odds less where both show numbers and the one item's
    are only those of others: who names another document settles none of these."""
    own = members.filter(pl.col("side") == one).select("proposal", one="row")
    pairs = members.filter(pl.col("side") != one).join(own, on="proposal").select("proposal", "one", many="row")
    sides = ("one", "many") if one == 0 else ("many", "one")
    named = pairs.select("proposal", left=sides[0], right=sides[1])
    told = named.with_columns(pl.Series("told", learned_texts(context).meant_elsewhere(named)))
    best = groups.select("proposal").join(
        told.group_by("proposal").agg(pl.col("told").max()), on="proposal", how="left", maintain_order="left"
    )
    return groups.with_columns(pl.col("odds") * best["told"].fill_null(1.0))


def days_covered(items: pl.DataFrame) -> int:
    """The days from the first to the last `date`; a side is taken to cover two weeks at least."""
    return max(_SHORTEST, int(np.ptp(items["date"].to_numpy())) + 1)


def equals_a_day(view: SideView, rows: Rows) -> Floats:
    """By open row: how many other open items of exactly its amount the side has a day, or its amounts let expect."""
    items = view.frame().select("row", "open", "currency", "date", others=pl.len().over("open", "currency") - 1)
    days = days_covered(items)
    own = pl.DataFrame({"row": rows}).join(items, on="row", how="left", maintain_order="left")
    amounts, currency = (items[name].to_numpy() for name in ("open", "currency"))
    expected = expected_equals(own["open"].to_numpy(), own["currency"].to_numpy(), amounts, currency, own=1)
    rates: Floats = (own["others"].to_numpy() + expected) / days
    return rates


def spoken_keys(context: LegContext) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Of each side's open items: `row`, `date`, `currency`, `key`, `weight` of the rarer words and the numbers."""
    words = leg_words(context)
    return _spoken_keys(context, context.left, words[0]), _spoken_keys(context, context.right, words[1])


def learned_share(ratios: Floats, items: Ints, count: int, start: float, weight: float) -> float:
    """The share of `count` open items that have a partner of some kind, by expectation and maximisation.

    `ratios` are the likelihood ratios of the candidates, `items` the item of each. `start` is the share before the
    data has spoken, and counts for `weight` items.
    """
    total = np.bincount(np.unique(items, return_inverse=True)[1], weights=np.minimum(ratios, 1e12))
    share = start
    for _ in range(_TURNS):
        found = float((share * total / (1 - share + share * total)).sum())
        share = min(_MOST, (found + start * weight) / (count + weight))
    return share


def _spoken_keys(context: LegContext, view: SideView, words: SideWords) -> pl.DataFrame:
    """`row`, `date`, `currency`, `key`, `weight` of the open items' rarer words and numbers."""
    consonants = pl.col("word").str.slice(1).str.replace_all("[AEIOUY]", "").str.slice(0, 2)
    spoken = words.words.filter(pl.col("weight") >= _RARE).with_columns(
        (pl.col("word").str.slice(0, 1) + consonants).alias("key")
    )
    spoken = spoken.group_by("document", "key").agg(pl.col("weight").max())
    by_word = words.rows.join(spoken, on="document").select("row", "key", "weight")
    by_number = words.numbers.filter(pl.col("weight") >= _RARE).select("row", pl.col("number").alias("key"), "weight")
    core = view.frame().select("row", "date", "currency")
    return core.join(pl.concat([by_word, by_number]), on="row").select("row", "date", "currency", "key", "weight")
