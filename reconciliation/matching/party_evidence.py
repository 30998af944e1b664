"""How much the counterparties of two items say about whether the items belong together, learned from the data.

Fellegi-Sunter weights without labels: the true pairs are those that surer passes of the leg have accepted, strangers
are the same items with each other's partners. What most pairs show, true or not, weighs nothing; a counterparty that
few items have weighs much. The weights are drawn to a prior where there is little data, and bounded: the same
counterparty never proves a match, another never rules one out (a third party may pay).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from reconciliation.matching.amount_rules import AmountRule
from reconciliation.matching.checked_numbers import UNSEEN, shows_checked
from reconciliation.matching.context import LegContext, Rows, SideView
from reconciliation.matching.counterparty_keys import account_keys, name_keys, text_keys
from reconciliation.matching.encoding import Mask
from reconciliation.matching.joins import among, pair_keys
from reconciliation.matching.marginals import Floats
from reconciliation.matching.parties import names_somebody
from reconciliation.matching.taught_pairs import taught_pairs
from reconciliation.matching.text import name_similarity, named_in

Classes = npt.NDArray[np.int64]

#: What two items may show: the same account or id, like names, the name in the other's text, nothing, another; and the left one
#: nobody at all, which says as little of one item as of any other.
_SAME, LIKE, _TOLD, SILENT, OTHER, NOBODY = range(6)
NAMED = (_SAME, LIKE, _TOLD)
_UNTOLD = 6  # the weight of those that show nothing, whether the left one shows somebody else or nobody
_TRUE_PRIOR = np.array([0.3, 0.3, 0.15, 0.1, 0.05, 0.1])
_STRANGER_PRIOR = np.array([0.01, 0.01, 0.01, 0.1, 0.77, 0.1])
_PRIOR_WEIGHT = 30.0  # pairs that the priors count for
MOST_WEIGHT = 100.0  # a weight is between one over this and this
_SHIFTS = (1, 3, 7, 19)  # how far partners are moved to make strangers
_BEYOND_DOUBT = 10.0  # times the odds the leg asks for, from which counterparties are not looked at
_ELSEWHERE = 100.0  # how much less a difference in amount is believed where another item of the party agrees exactly
_BEFORE_DAYS = 10  # days an item may be paid before its date
_STRAY = 1000.0  # how much less the number of an item that was not there yet is believed
_ALIKE, _UNLIKE = 0.88, 0.6  # similarity of names that means one counterparty, and of those that means two
_MOST_EQUAL, _NEAR_DAYS = 200, 90  # equal amounts beyond which none is anyone's, and days in which one may be meant
_BEGINNING = 16  # letters of a name, at most, that a text has to show


def with_parties(context: LegContext, edges: pl.DataFrame, rule: AmountRule) -> pl.DataFrame:
    """Edges that this way of agreeing leaves in doubt, weighed by what their counterparties say as well; any that is
    paid long before its date by nobody it knows, whatever reference is named."""
    left, right, odds = (edges[name].to_numpy() for name in ("left", "right", "odds"))
    enough = _BEYOND_DOUBT * context.leg.sure_odds
    early = context.left.dataset.date[left] < context.right.dataset.date[right] - _BEFORE_DAYS
    parts = ~edges["whole"].to_numpy() if "whole" in edges.columns else np.zeros(edges.height, dtype=np.bool_)
    asked = early | parts | (odds * rule.factor < enough)
    if not asked.any():
        return edges
    classes = np.full(edges.height, _SAME, dtype=np.int64)
    classes[asked] = party_classes(context, left[asked], right[asked])
    # a slip of the keys may have made its number of that of an item that was not there yet
    odds = np.where(early & np.isin(classes, (SILENT, OTHER, NOBODY)), odds / _STRAY, odds)
    doubtful = parts | (odds * rule.factor < enough)
    if doubtful.any():
        if rule.rule == "partial":  # whose amount speaks for nothing: without a name there is the number alone
            classes = np.where(np.isin(classes, (SILENT, NOBODY)), _UNTOLD, classes)
        weight = class_weights(context)[classes]
        # a part of an identifier names its neighbours too, and those are of the same counterparty
        weight = np.where(parts, np.minimum(weight, 1.0), weight)
        if rule.differs:
            checked = doubtful & (classes == OTHER)
            checked[checked] = shows_checked(context, left[checked], right[checked])
            weight = np.where(checked, np.minimum(weight / UNSEEN, 1.0), weight)
            elsewhere = doubtful.copy()
            elsewhere[doubtful] = agrees_elsewhere(context, left[doubtful], right[doubtful])
            weight = np.where(elsewhere, np.minimum(weight, 1.0) / _ELSEWHERE, weight)
            weight = np.where(elsewhere & (classes == OTHER), weight / _ELSEWHERE, weight)  # whose own bill agrees
        odds = np.where(doubtful, odds * weight, odds)
    return edges.with_columns(odds=pl.Series(odds))


def class_weights(context: LegContext) -> Floats:
    """By what the counterparties of a pair show: how many times likelier that makes it that the two belong together."""
    name = f"party_weights_{len(context.taught[0])}"
    if name not in context.cache:
        context.cache[name] = pl.DataFrame({"weight": _learned(context)})
    return np.asarray(context.cache[name]["weight"].to_numpy(), dtype=np.float64)


def agrees_elsewhere(
    context: LegContext, left: Rows, right: Rows, sides: tuple[int, ...] = (0, 1)
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """By pair of rows: whether one of the two (those of `sides`) agrees in amount with another open item that is of its
    counterparty."""
    found = np.zeros(len(left), dtype=np.bool_)
    both = ((left, context.left, context.right), (right, context.right, context.left))
    for own, view, other in (both[side] for side in sides):
        asked = pl.DataFrame({"own": own, "amount": view.open[own], "currency": view.dataset.currency[own]}).unique()
        open_rows = other.rows()
        amounts = other.open[open_rows]
        wanted = among(amounts, asked["amount"].to_numpy())
        there = pl.DataFrame(
            {
                "there": open_rows[wanted],
                "amount": amounts[wanted],
                "currency": other.dataset.currency[open_rows[wanted]],
            }
        )
        there = there.filter(pl.len().over("amount", "currency") <= _MOST_EQUAL)
        met = asked.join(there, on=["amount", "currency"])
        pairs = (met["own"].to_numpy(), met["there"].to_numpy())
        ordered = pairs if view is context.left else pairs[::-1]
        days = context.left.dataset.date[ordered[0]].astype(np.int64) - context.right.dataset.date[ordered[1]]
        near = context.compatible(*ordered) & (np.abs(days) <= _NEAR_DAYS)
        near[near] = np.isin(party_classes(context, *(rows[near] for rows in ordered)), NAMED)
        found |= np.isin(own, pairs[0][near])
    return found


def _learned(context: LegContext) -> Floats:
    left, right = taught_pairs(context)
    # strangers of one entity and currency, as candidates are
    order = np.lexsort((np.arange(len(left)), context.left.dataset.currency[left], context.left.dataset.entity[left]))
    left, right = left[order], right[order]
    moved = [shift for shift in _SHIFTS if shift < len(left)]
    strange = party_classes(
        context,
        np.concatenate([left for _ in moved]) if moved else left[:0],
        np.concatenate([np.roll(right, shift) for shift in moved]) if moved else right[:0],
    )
    seen = np.bincount(party_classes(context, left, right), minlength=len(_TRUE_PRIOR)) + _PRIOR_WEIGHT * _TRUE_PRIOR
    chance = np.bincount(strange, minlength=len(_TRUE_PRIOR)) + _PRIOR_WEIGHT * _STRANGER_PRIOR
    seen, chance = (np.append(each, each[SILENT] + each[NOBODY]) / each.sum() for each in (seen, chance))
    weights: Floats = np.clip(seen / chance, 1 / MOST_WEIGHT, MOST_WEIGHT)
    weights[NOBODY] = 1.0
    weights[_UNTOLD] = min(weights[_UNTOLD], weights[SILENT])
    return weights


def party_classes(context: LegContext, left: Rows, right: Rows) -> Classes:
    """By pair of rows what their counterparties show; each pair of a leg is looked at once."""
    pairs = pair_keys(left, right)
    known, told = context.shown
    place = np.minimum(np.searchsorted(known, pairs), max(len(known) - 1, 0))
    strange = known[place] != pairs if len(known) else np.ones(len(pairs), dtype=np.bool_)
    if strange.any():
        new, first = np.unique(pairs[strange], return_index=True)
        at = np.searchsorted(known, new)
        classes = _shown_classes(context, left[strange][first], right[strange][first])
        known, told = context.shown = np.insert(known, at, new), np.insert(told, at, classes)
        place = np.searchsorted(known, pairs)
    return np.asarray(told[place], dtype=np.int64)


def _shown_classes(context: LegContext, left: Rows, right: Rows) -> Classes:
    """The same, looked at. Names and texts are compared only where accounts and ids are not equal."""
    sides = ((context.left, left), (context.right, right))
    accounts = [account_keys(view.dataset, rows) for view, rows in sides]
    ids = [view.dataset.take(["counterparty_id"], rows)["counterparty_id"] for view, rows in sides]
    keys = (accounts, ids)
    same = np.logical_or(*((one == two).fill_null(False).to_numpy() for one, two in keys))
    other = np.logical_or(*((one != two).fill_null(False).to_numpy() for one, two in keys))
    classes = np.full(len(left), _SAME, dtype=np.int64)
    unlike = ~same
    if unlike.any():
        classes[unlike] = _told_classes(context, left[unlike], right[unlike], other[unlike])
    silent = classes == SILENT
    silent[silent] = _shows_nobody(context, left[silent])
    classes[silent] = NOBODY
    return classes


def _shows_nobody(context: LegContext, left: Rows) -> Mask:
    """By left row: whether it has neither the id nor the name of a counterparty, and its text names none of the right side's."""
    rows, places = np.unique(left, return_inverse=True)
    data = context.left.dataset
    ids = data.take(["counterparty_id"], rows)["counterparty_id"]
    nobody = (ids.is_null() & name_keys(data, rows).is_null()).to_numpy().copy()
    if nobody.any():
        nobody[nobody] = ~names_somebody(context, rows[nobody])
    return np.asarray(nobody[places], dtype=np.bool_)


def _told_classes(context: LegContext, left: Rows, right: Rows, other: Mask) -> Classes:
    """The classes of pairs that only names and texts may bring together; `other`: their accounts or ids are not the same."""
    one, two = (_told(view, rows) for view, rows in ((context.left, left), (context.right, right)))
    alike = name_similarity(one["name"], two["name"])
    pairs = one.hstack(two.rename(lambda name: f"{name}_right"))
    told = [named_in(pairs["beginning_right"], pairs["text"]), named_in(pairs["beginning"], pairs["text_right"])]
    shown = (
        pl.when(pl.col("alike") >= _ALIKE)
        .then(LIKE)
        .when(told[0] | told[1])
        .then(_TOLD)
        .when(pl.col("other") | (pl.col("alike") < _UNLIKE))
        .then(OTHER)
        .otherwise(SILENT)
    )
    pairs = pairs.with_columns(alike.alias("alike"), pl.Series("other", other))
    return pairs.select(shown.cast(pl.Int64).alias("shown"))["shown"].to_numpy()


def _told(view: SideView, rows: Rows) -> pl.DataFrame:
    """By place in `rows`: `name`, `text` (without a name) and `beginning` (of the name), the last two without spaces."""
    rows, places = np.unique(rows, return_inverse=True)
    data = view.dataset
    nameless = np.flatnonzero(data.lacking("counterparty_name", rows))
    told = text_keys(data, rows[nameless])
    text = pl.Series([None], dtype=pl.String).new_from_index(0, len(rows)).scatter(nameless, told)
    frame = pl.DataFrame({"name": name_keys(data, rows), "text": text})
    whole = pl.col("name").str.replace_all(" ", "", literal=True)
    frame = frame.with_columns(
        pl.col("text").str.replace_all(" ", "", literal=True),
        whole.str.slice(0, _BEGINNING).alias("beginning"),
    )
    return frame[places]
