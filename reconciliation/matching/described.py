"""What the passes that compare free texts share: a leg's words, pairs of items that speak of the same party, what
was learned.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching.coincidence import Floats, lag_shares
from reconciliation.matching.context import LegContext, SideView
from reconciliation.matching.text.words import SideWords, shared_information, side_words
from reconciliation.matching.text_odds import TextOdds

_RARE = 1.2  # nats of a word by which items are brought together
_MAX_PAIRS = 4_000_000  # pairs compared word by word; the commonest words are left out until no more are made


def leg_words(context: LegContext) -> tuple[SideWords, SideWords]:
    """The words of all items of the leg's two sides, found once per leg."""
    return _words(context, context.left), _words(context, context.right)


def _words(context: LegContext, view: SideView) -> SideWords:
    names = [f"{part} of side {view.index}" for part in ("rows", "words", "numbers")]
    if names[0] not in context.cache:
        said = pl.concat_str(
            "counterparty_name", "text", pl.col("references").list.join(" "), separator=" ", ignore_nulls=True
        )
        frame = view.dataset.read([said.alias("said")])
        spoken = pl.when(pl.col("said").str.contains("[A-Za-z0-9]|[^\x00-\x7f]")).then("said")
        found = side_words(frame.select("row", spoken.alias("text")))
        context.cache.update(zip(names, (found.rows, found.words, found.numbers), strict=True))
    return SideWords(*(context.cache[name] for name in names))


def ordered(context: LegContext, pairs: pl.DataFrame) -> pl.DataFrame:
    """Pairs in the order of the left items' ids, whatever the order of rows."""
    return (
        pairs.with_columns(pl.Series("order", context.left.order(pairs["left"].to_numpy()))).sort("order").drop("order")
    )


def accepted_pairs(context: LegContext) -> pl.DataFrame:
    """The pairs that earlier passes accepted (`left`, `right`, `lag` in days), in the order of the left items' ids."""
    left, right = context.accepted
    lags = context.left.dataset.date[left].astype(np.int64) - context.right.dataset.date[right]
    return ordered(context, pl.DataFrame({"left": left, "right": right, "lag": lags}))


def learned_lags(context: LegContext, window: int) -> Floats:
    """The shares of date distances from -window to window, as accepted pairs teach them."""
    return lag_shares(accepted_pairs(context)["lag"].to_numpy(), window)


def learned_texts(context: LegContext) -> TextOdds:
    """The odds of texts, as accepted pairs teach them."""
    return TextOdds(*leg_words(context), accepted_pairs(context))


def related_pairs(context: LegContext, window: int, min_nats: float) -> pl.DataFrame:
    """Open items of the two sides within `window` days whose texts have `min_nats` in common, whatever their
    amounts.

    Gives `left`, `right`, `mine`, `other` (open amounts), `lag`, `nats`. Items are brought together by the
    beginnings of their rarer words (first letter and next two consonants, which survives cutting, abbreviation and
    most typing errors) and by numbers.
    """
    sides = []
    skeleton = pl.col("word").str.slice(0, 1) + pl.col("word").str.slice(1).str.replace_all("[AEIOUY]", "").str.slice(
        0, 2
    )
    for words, view, name in zip(leg_words(context), context.sides, ("left", "right"), strict=True):
        spoken = words.words.filter(pl.col("weight") >= _RARE).select("document", skeleton.alias("key"))
        by_word = words.rows.join(spoken.unique(), on="document").select("row", "key")
        by_number = words.numbers.filter(pl.col("weight") >= _RARE).select("row", pl.col("number").alias("key"))
        keys = pl.concat([by_word, by_number]).join(view.frame(), on="row")
        sides.append(keys.select(pl.col("row").alias(name), "key", "currency", "date", "open"))
    left, right = sides
    sizes = left.group_by("key").len("lefts").join(right.group_by("key").len("rights"), on="key")
    sizes = sizes.with_columns(pairs=pl.col("lefts").cast(pl.Int64) * pl.col("rights").cast(pl.Int64)).sort(
        "pairs", "key"
    )
    kept = sizes.filter(pl.col("pairs").cum_sum() <= _MAX_PAIRS).select("key")
    lag = (pl.col("date") - pl.col("date_right")).cast(pl.Int64)
    pairs = (
        left.join(kept, on="key", how="semi")
        .join(right, on=["key", "currency"])
        .select("left", "right", lag.alias("lag"), mine="open", other="open_right")
        .filter(pl.col("lag").is_between(-window, window))
        .unique()
        .sort("left", "right")
    )
    fits = context.compatible(pairs["left"].to_numpy(), pairs["right"].to_numpy())
    pairs = pairs.filter(pl.Series(fits, dtype=pl.Boolean))
    pairs = pairs.with_columns(shared_information(*leg_words(context), pairs).alias("nats"))
    return pairs.filter(pl.col("nats") >= min_nats)
